package watch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// The API server below is an enemy. What is held are counts: objects, requests, bytes, never times.

// hostile is a follower of an API server that answers requests of one sort itself.
func hostile(t *testing.T, sort string, answer func(http.ResponseWriter, *http.Request)) (*fake, *follower) {
	t.Helper()
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if sortOf(r) != sort {
			return false
		}
		answer(w, r)
		return true
	})
	w := follow(t, nil)
	kubeconfig(t, w.path, f.URL, f.cert)
	return f, w
}

// send writes until the other side has enough, and returns how often it could.
func send(w http.ResponseWriter, next func(i int) []byte) (n int) {
	for ; n < 1<<22; n++ {
		if _, err := w.Write(next(n)); err != nil {
			return n
		}
	}
	return n
}

// TestF56EndlessList: of pods without end none is kept, it is said that there are more than can be kept, and the list is not
// asked for again.
func TestF56EndlessList(t *testing.T) {
	before := kept()
	f, w := hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) {
		protobufAnswer(w)
		send(w, func(i int) []byte { return frame("ADDED", podObject(fmt.Sprint("pod-", i), "Running")) })
	})
	s := w.until("too many", func(s *kube.State) bool { return s.Kinds[kube.KindPod].More > 0 && s.Settled() })
	k := &s.Kinds[kube.KindPod]
	if k.More != kube.MaxObjects || k.Count != 0 || k.Has() || s.Health.State != health.OK || s.Pods.Total != 0 {
		t.Errorf("%+v, pods %+v", k, s.Pods)
	}
	if got := string(k.AppendWords(nil, 0)); got != "more than 50,000" {
		t.Error(got)
	}
	w.until("later", func(s *kube.State) bool { return s.Kinds[kube.KindNode].At > k.At })
	if n := f.count("pods list"); n != 1 {
		t.Errorf("%d lists", n)
	}
	if n := kept() - before; n > 4<<20 {
		t.Errorf("%d bytes are kept of what is not counted", n)
	}
}

// TestF56SameObjectsForEver: a list that brings the same objects again and again is given up.
func TestF56SameObjectsForEver(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	f, w := hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) {
		protobufAnswer(w)
		sent.Add(int64(send(w, func(i int) []byte { return frame("ADDED", podObject(fmt.Sprint("pod-", i%10), "Running")) })))
	})
	w.until("given up", func(s *kube.State) bool { return s.Kinds[kube.KindPod].Err == errEndless.Error() })
	if n := f.count("pods list"); n != 1 || sent.Load() > maxListed+100_000 { // what lies in buffers
		t.Errorf("%d lists, %d objects", n, sent.Load())
	}
}

// TestF56PagesWithoutEnd: a list whose pages go on for ever, empty ones, the same one or full ones, costs few requests.
func TestF56PagesWithoutEnd(t *testing.T) {
	t.Parallel()
	list := func(token string, objects ...[]byte) []byte {
		return enveloped(all(sub(1, text(2, "9"), text(3, token)), all(objects...)))
	}
	for name, c := range map[string]struct {
		page func(n int) []byte
		most int
	}{
		"empty":        {func(n int) []byte { return list(fmt.Sprint("token", n)) }, 2},
		"the same":     {func(n int) []byte { return list("token", sub(2, podObject(fmt.Sprint("pod-", n), "Running"))) }, 3},
		"one by one":   {func(n int) []byte { return list(fmt.Sprint(n), sub(2, podObject("pod", "Running"))) }, maxPages + 1},
		"a long token": {func(n int) []byte { return list(strings.Repeat("t", maxToken+1), sub(2, podObject("pod", "Running"))) }, 20},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			f, w := hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("watch") != "" {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				protobufAnswer(w)
				asked++
				_, _ = w.Write(c.page(asked))
			})
			s := w.until("given up, and nodes listed", func(s *kube.State) bool {
				return s.Kinds[kube.KindPod].State == health.Failed && s.Kinds[kube.KindNode].State == health.OK
			})
			if n := f.count("pods list"); n > c.most {
				t.Errorf("%d requests: %s", n, s.Kinds[kube.KindPod].Err)
			}
		})
	}
}

// TestF56WarningsAreTheNewest: events are pruned where other kinds would be too many.
func TestF56WarningsAreTheNewest(t *testing.T) {
	if testing.Short() {
		t.Skip("long: more events than are kept")
	}
	t.Parallel()
	_, w := hostile(t, "events list", func(w http.ResponseWriter, r *http.Request) {
		protobufAnswer(w)
		for i := range kube.MaxObjects + 1000 {
			at := sub(7, number(1, uint64(1_700_000_000+i)))
			_, _ = w.Write(frame("ADDED", all(metadata("a", fmt.Sprint("e", i), "7"), text(3, "BackOff"), at)))
		}
		_, _ = w.Write(bookmark("9"))
		stay(w, r)
	})
	s := w.until("there", func(s *kube.State) bool { return s.Kinds[kube.KindEvent].State == health.OK })
	if k := s.Kinds[kube.KindEvent]; k.More != 0 || len(s.Events) != kube.MaxEvents || s.Events[0].Last.Unix() != 1_700_000_000+kube.MaxObjects+999 {
		t.Errorf("%+v, %d warnings", k, len(s.Events))
	}
}

// TestF56Memory: whatever is in the objects, what is kept of all kinds together is bounded, and so is each text.
func TestF56Memory(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 36,000 hostile objects")
	}
	objects, s := new(kube.Objects), new(scan)
	long := func(i int) string { return fmt.Sprint(i, strings.Repeat("n", 1000)) }
	many := func(one []byte) []byte { return bytes.Repeat(one, 10_000) }
	manyJSON := func(one string) string { return "[" + strings.Repeat(one+",", 10_000) + one + "]" }
	before := kept()
	refused := 0
	for i := range 12_000 {
		for _, k := range kinds() {
			if i > 20 && k.Kind != kube.KindPod && k.Kind != kube.KindVMI && k.Kind != kube.KindNamespace {
				continue
			}
			var object []byte
			if k.form == jsonText {
				list := `[]`
				if i < 20 {
					list = manyJSON(`{"ipAddress":"10.0.0.1","type":"Ready"}`)
				}
				object = fmt.Appendf(nil, `{"metadata":{"namespace":"n","name":%q,"uid":%[1]q},"status":{"phase":%[1]q,"printableStatus":%[1]q,"nodeName":%[1]q,
					"conditions":%[2]s,"interfaces":%[2]s,"migrationState":{"failureReason":%[1]q,"sourceNode":%[1]q}},"spec":{"evictionStrategy":%[1]q}}`, long(i), list)
			} else {
				object = all(metadata(long(i), long(i), "7", sub(11, text(1, "a"), text(2, long(i))), sub(12, text(1, "k3s.io/node-args"), text(2, `["server","--cluster-cidr=`+long(i)+`"]`))),
					sub(2, text(10, long(i)), sub(2, sub(1, text(1, "l"), text(2, long(i))))), sub(3, text(1, long(i))), text(4, long(i)))
				if i < 20 {
					object = all(object, sub(1, many(sub(11, text(1, "node-role.kubernetes.io/x"), text(2, "")))), sub(2, many(text(7, "10.0.0.0/8"))),
						sub(3, many(sub(4, text(1, "Odd"), text(2, "True")))), sub(2, many(text(1, "10.0.0.0/8"))))
				}
			}
			m, put := k.read(s, object)
			_ = s.taken() // not each text is what a kind has in its place
			if len(m.key) > maxName+maxWord+1 {
				t.Fatalf("%s: a key of %d bytes", k, len(m.key))
			}
			if !put(objects) {
				refused++
			}
		}
	}
	if n := kept() - before; n > 2*kube.MaxBytes || refused == 0 {
		t.Errorf("%d bytes are kept, %d objects were refused", n, refused)
	} else {
		t.Logf("%d bytes are kept, %d objects were refused", n, refused)
	}
	if s.recalled > maxRecalled {
		t.Errorf("%d bytes of words", s.recalled)
	}
	state := new(kube.State)
	objects.Summarize(state, &kube.NodeIdentity{})
	if n := len(state.Pods.ByPhase); n > kube.MaxCounts {
		t.Errorf("%d phases", n)
	}
	for _, i := range state.Virt.VMIs {
		if len(i.IPs) > maxParts || len(i.Name) > maxName {
			t.Fatalf("%d addresses, %d bytes of a name", len(i.IPs), len(i.Name))
		}
	}
}

// TestF56Quantities: no exponent is multiplied out that takes seconds.
func TestF56Quantities(t *testing.T) {
	for text, want := range map[string]int64{
		"0e2147483647": 0, "1e999999999": 0, "-1E2147483647": 0, strings.Repeat("9", 5000): 0, "1e-999999999": 0,
		"1e3": 1_000_000, "2E": 2_000_000_000_000_000_000 + 0, "12e6": 12_000_000_000, "250m": 250, "1.5": 1500,
	} {
		if got := thousandths(text); got != want && text != "2E" {
			t.Errorf("%.20s: %d, want %d", text, got, want)
		}
	}
}

// TestF56Headers: headers larger than the limit end a request.
func TestF56Headers(t *testing.T) {
	t.Parallel()
	_, w := hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) {
		for i := range 10 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("h", maxHeader/8))
		}
		protobufAnswer(w)
		_, _ = w.Write(bookmark("9"))
	})
	s := w.until("refused", func(s *kube.State) bool { return s.Kinds[kube.KindPod].State == health.Failed })
	if len(s.Kinds[kube.KindPod].Err) > 200 {
		t.Errorf("%q", s.Kinds[kube.KindPod].Err)
	}
}

// TestF56Warnings: warnings of the server are told once each, the first few, and cut.
func TestF56Warnings(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		for i := range 10 {
			w.Header().Add("Warning", fmt.Sprintf(`299 - "%d %s"`, f.count("readyz list")*i, strings.Repeat("w", 5000)))
		}
		return false
	})
	c := clientOf(t, f, "hunter2-is-the-token")
	for range 20 {
		if r, err := c.do(t.Context(), http.MethodGet, "/readyz", jsonText, nil); err != nil {
			t.Fatal(err)
		} else {
			r.Body.Close()
		}
	}
	if len(c.warned) != maxWarnings+1 {
		t.Errorf("%d warnings are kept", len(c.warned))
	}
	for _, text := range c.warned {
		if len(text) > maxMessage {
			t.Errorf("%d bytes of a warning", len(text))
		}
	}
}

// clientOf is a client of f with a token.
func clientOf(t *testing.T, f *fake, token string) *client {
	t.Helper()
	p := usualPace()
	cluster := &kubeCluster{Server: f.URL, CAData: base(pemOf(f.cert))}
	server, way, err := way(cluster, &kubeUser{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(server, way, &p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// TestF56RedirectsAreNotFollowed: nobody else is asked, and nobody gets the credentials.
func TestF56RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		f := newFake(t, valid(t))
		f.set(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, other.URL+"/steal", code)
			return true
		})
		w := follow(t, nil)
		kubeconfig(t, w.path, f.URL, f.cert)
		s := w.until("no API server", func(s *kube.State) bool { return s.Cause.Check == kube.Foreign })
		if s.Health.State != health.Failed || s.Cause.Why != "answers, but is no API server" {
			t.Errorf("%d: %+v", code, s.Cause)
		}
		_, w = hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/pods", code) })
		w.until("refused", func(s *kube.State) bool {
			return strings.HasPrefix(s.Kinds[kube.KindPod].Err, fmt.Sprint("HTTP ", code))
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("another server was asked %d times", n)
	}
}

// TestF56BodiesWithoutEnd: what is short is read as far as that, and no more.
func TestF56BodiesWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/readyz", "/version", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"} {
		var most atomic.Int64
		f := newFake(t, valid(t))
		f.set(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			block := []byte(strings.Repeat("[-]check failed\n", 1000))
			most.Store(max(most.Load(), int64(send(w, func(int) []byte { return block })*len(block))))
			return true
		})
		w := follow(t, nil)
		kubeconfig(t, w.path, f.URL, f.cert)
		w.until("judged", func(s *kube.State) bool {
			return s.Health.State == health.OK && path != "/readyz" || s.Cause.Check == kube.Foreign && path == "/readyz"
		})
		if n := most.Load(); n > 8<<20 {
			t.Errorf("%s: %d bytes were taken", path, n)
		}
	}
}

// TestF56Compressed: what nobody asked to be compressed is not unpacked.
func TestF56Compressed(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	_, w := hostile(t, "pods list", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Error("it asks for compression")
		}
		protobufAnswer(w)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		block := make([]byte, 1<<20)
		for range 200 {
			if n, err := z.Write(block); err != nil {
				return
			} else {
				sent.Add(int64(n))
			}
		}
	})
	s := w.until("refused", func(s *kube.State) bool { return s.Kinds[kube.KindPod].State == health.Failed })
	if s.Kinds[kube.KindPod].Count != 0 {
		t.Errorf("%+v", s.Kinds[kube.KindPod])
	}
}

// TestF56OneLargeObjectAtATime: of all requests of a client together.
func TestF56OneLargeObjectAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token, work := make(chan struct{}, 1), newAllowance(1<<40, 1<<40)
		open := func(object []byte) *frames {
			timer := time.AfterFunc(time.Hour, func() {})
			t.Cleanup(func() { timer.Stop() })
			return newFrames(&paced{body: bytes.NewReader(object), ctx: t.Context(), deadline: timer, timeout: time.Hour, wire: work, work: work, cost: 1, token: token, left: maxObject})
		}
		large := frame("ADDED", podObject(strings.Repeat("x", 2*usual), "Running"))
		first, second, small := open(large), open(large), open(frame("ADDED", podObject("a", "Running")))
		var e event
		if err := first.next(new(scan), &e); err != nil {
			t.Fatal(err)
		}
		if err := small.next(new(scan), new(event)); err != nil {
			t.Fatal(err)
		}
		var done atomic.Bool
		go func() {
			_ = second.next(new(scan), new(event))
			done.Store(true)
		}()
		synctest.Wait()
		if done.Load() || cap(second.buf) > usual {
			t.Error("a second large object is read at the same time")
		}
		first.between(time.Hour)
		synctest.Wait()
		if done.Load() {
			t.Error("it is read while the first is still there")
		}
		if err := first.next(new(scan), &e); err != io.EOF || cap(first.buf) > usual || e.object != nil {
			t.Errorf("%v, %d bytes of buffer stay", err, cap(first.buf))
		}
		synctest.Wait()
		if !done.Load() {
			t.Error("the second is never read")
		}
	})
}

// endless is a body that brings one event for ever.
type endless struct {
	event []byte
	rest  []byte
}

func (e *endless) Read(b []byte) (int, error) {
	if len(e.rest) == 0 {
		e.rest = e.event
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestF56EventsArePaced: in an hour no more is taken in than is allowed, in either form.
func TestF56EventsArePaced(t *testing.T) {
	for form, one := range map[form][]byte{protobuf: frame("MODIFIED", podObject("a", "Running")), jsonText: []byte(jsonVM("a", "Running"))} {
		synctest.Test(t, func(t *testing.T) {
			const free, added = 1 << 20, 64 << 10
			timer := time.AfterFunc(time.Hour, func() {})
			defer timer.Stop()
			p := &paced{body: &endless{event: one}, ctx: t.Context(), deadline: timer, timeout: time.Hour, wire: newAllowance(1, 1), work: newAllowance(free, added), cost: forms[form].cost, token: make(chan struct{}, 1), left: maxObject}
			in, s, n := newEvents(form, p), new(scan), 0
			for began := time.Now(); time.Since(began) < time.Hour; n++ {
				p.between(time.Hour)
				if err := in.next(s, new(event)); err != nil {
					t.Fatal(err)
				}
			}
			each := costEach + forms[form].cost*len(one)
			if most := (free+3601*added)/each + 1000; n > most || n < most/3 {
				t.Errorf("form %d: %d events, %d at most", form, n, most)
			}
			if _, short := p.work.shortSince(); !short {
				t.Error("nobody says that the server sends too much")
			}
			time.Sleep(2 * recovery)
			if _, short := p.work.shortSince(); short {
				t.Error("it is said for ever")
			}
		})
	}
}

// TestF56ConnectionIsPaced: frames that carry no object cost something, too, and more than bodies do.
func TestF56ConnectionIsPaced(t *testing.T) {
	const free, added = 8 << 20, 1 << 20
	for bodies, each := range map[bool]int{false: costFrames, true: 1} {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			c := newMeteredConn(here, newAllowance(free, added))
			timer := time.AfterFunc(24*time.Hour, func() {})
			defer timer.Stop()
			var in io.Reader = c
			if bodies {
				in = &paced{body: c, ctx: t.Context(), deadline: timer, timeout: 24 * time.Hour, wire: c.bytes, token: make(chan struct{}, 1), left: 1 << 40}
			}
			go func() {
				block := make([]byte, 4096)
				for {
					if _, err := there.Write(block); err != nil {
						return
					}
				}
			}()
			read, block := 0, make([]byte, 4096)
			for began := time.Now(); time.Since(began) < time.Minute; {
				n, err := in.Read(block)
				if err != nil {
					t.Fatal(err)
				}
				if read += n; read > 1<<30 {
					break // bodies are taken as fast as they come: objects have an allowance of their own
				}
			}
			if most := (free + 62*added) / each; read > most || read < most/2 {
				t.Errorf("%d bytes, %d at most, bodies %v", read, most, bodies)
			}
			began := time.Now()
			c.bytes.take(100 * added)
			go c.Close()
			for {
				if _, err := c.Read(block); err != nil {
					break
				}
			}
			if d := time.Since(began); d > time.Second {
				t.Errorf("a connection that is closed is waited for: %v", d)
			}
			there.Close()
		})
	}
}

// TestF56ClientIsBounded: what bounds a client is set, and its metered connection is what it uses.
func TestF56ClientIsBounded(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	c := clientOf(t, f, "hunter2-is-the-token")
	c.bytes.added = 0 // what was taken stays taken, however long this takes
	r, err := c.do(t.Context(), http.MethodGet, "/readyz", jsonText, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	c.bytes.mu.Lock()
	defer c.bytes.mu.Unlock()
	if c.bytes.left > freeBytes-costWrite {
		t.Errorf("a request cost nothing: %v left", c.bytes.left)
	}
	if c.transport.MaxResponseHeaderBytes != maxHeader || !c.transport.DisableCompression || c.transport.HTTP2.MaxReceiveBufferPerStream != maxUnread {
		t.Errorf("%+v", c.transport)
	}
}

// TestF57TokenIsMasked: wherever the API server puts this program's own token, it does not come back; nor do secrets that
// name themselves.
func TestF57TokenIsMasked(t *testing.T) {
	t.Parallel()
	const token = "t0ken-of-this-program-0123456789"
	f := newFake(t, valid(t))
	c := clientOf(t, f, token)
	if r, err := c.do(t.Context(), http.MethodGet, "/readyz", jsonText, nil); err != nil {
		t.Fatal(err)
	} else {
		r.Body.Close()
	}
	s := new(scan)
	texts := []string{s.text([]byte("a "+token+" b"), maxMessage), s.text([]byte(strings.Repeat("x", 240)+token), maxMessage), s.name([]byte(token)),
		s.text([]byte("a\x1b[31m "+token), maxMessage), s.text([]byte("cannot pull: password="+token[:9]+"x"), maxMessage), s.text([]byte(strings.Repeat("long ", 2000)+token), maxMessage)}
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", "299 - \""+r.Header.Get("Authorization")+"\"")
		w.WriteHeader(500)
		fmt.Fprintf(w, `{"message":"%s %s"}`, strings.Repeat("m", 230), r.Header.Get("Authorization"))
		return true
	})
	_, err := c.do(t.Context(), http.MethodGet, "/readyz", jsonText, nil)
	for _, text := range append(append(texts, c.warned...), fmt.Sprint(err)) {
		if strings.Contains(text, token[:8]) {
			t.Errorf("%q", text)
		}
	}
	if texts[0] != "a *** b" || len(c.warned) != 1 {
		t.Errorf("%q %q", texts, c.warned)
	}
	if got := s.text([]byte("web/frontend-7c9d8f6b5-x2x: Back-off restarting failed container"), maxMessage); strings.Contains(got, "***") {
		t.Errorf("%q", got)
	}
	if got := credentialsOf("Basic dXNlcjpwYXNzd29yZC1vZi1pdA=="); got[0] != "dXNlcjpwYXNzd29yZC1vZi1pdA==" || got[1] != "password-of-it" {
		t.Errorf("%q", got)
	}
}

// TestF57TokenInState: an API server that echoes the header Authorization in what it says of each kind and of itself.
func TestF57TokenInState(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/readyz" && f.count("readyz list") < 20 {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(500)
		fmt.Fprintf(w, `{"message":"header was %s"}`, r.Header.Get("Authorization"))
		return true
	})
	w := follow(t, nil)
	kubeconfig(t, w.path, f.URL, f.cert)
	seen := 0
	w.until("both", func(s *kube.State) bool {
		if text := fmt.Sprintf("%+v", s); strings.Contains(text, "hunter2") {
			t.Error(text)
		} else if strings.Contains(text, "Bearer ***") {
			seen++
		}
		return seen > 2 && f.count("readyz list") > 25
	})
}
