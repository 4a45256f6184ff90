package watch

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

func valid(t *testing.T) tls.Certificate {
	return certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

// started is a fake that a follower follows from the first until on: by then the fake is as the test has set it.
func started(t *testing.T, change func(*pace)) (*fake, *follower) {
	t.Helper()
	f := newFake(t, valid(t))
	w := follow(t, change)
	w.begin = func() { kubeconfig(t, w.path, f.URL, f.cert) }
	return f, w
}

// well reports whether all is followed.
func well(s *kube.State) bool {
	for i := range s.Kinds {
		if s.Kinds[i].State != health.OK {
			return false
		}
	}
	return s.Health.State == health.OK && s.Pods.Total == 2
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	_, w := started(t, nil)
	s := w.until("well", well)
	if s.Version != "v1.37.2+k3s1" || s.Admin || s.ServerCert.NotAfter.IsZero() || !s.ClientCert.NotAfter.IsZero() || !s.Settled() {
		t.Errorf("%+v", s)
	}
	if s.Pods.Running != 1 || s.Kinds[kube.KindPod].Count != 2 || s.Cause.Check != kube.Answers {
		t.Errorf("%+v", s)
	}
}

func TestF1Refused(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	closed.Close()
	w := follow(t, func(p *pace) { p.shortest, p.longest = time.Hour, time.Hour }) // whatever the machine is slow at is over by the next try
	kubeconfig(t, w.path, "https://"+address, valid(t))
	s := w.until("refused", func(s *kube.State) bool { return s.Cause.Check == kube.Dial })
	if s.Health.State != health.Failed || s.Health.Err != "refused" || s.Cause.Retry <= s.Health.Since || s.Server != "https://"+address {
		t.Errorf("%+v", s)
	}
}

// TestPollsOfManyAreFewer: what nodes use is listed each half minute, of many nodes each minute.
func TestPollsOfManyAreFewer(t *testing.T) {
	p := usualPace()
	if few, many := p.untilPoll(10), p.untilPoll(1000); few != 30*time.Second || many != time.Minute {
		t.Errorf("few each %v, many each %v", few, many)
	}
}

func TestF1BackOff(t *testing.T) {
	p := usualPace()
	var b backoff
	last := time.Duration(0)
	for i := range 20 {
		d := p.wait(&b)
		if d < time.Second || d > 30*time.Second || i > 0 && i < 5 && d <= last*3/4 {
			t.Errorf("wait %d is %v after %v", i, d, last)
		}
		last = d
	}
	if last < 20*time.Second {
		t.Errorf("the last wait is %v", last)
	}
}

// TestF2NeverAnswers: the port is open and nothing comes out of it, a hundred times.
func TestF2NeverAnswers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	tries := make(chan struct{}, 200)
	go func() {
		for {
			if _, err := silent.Accept(); err != nil { // never read, never closed
				return
			}
			select {
			case tries <- struct{}{}:
			default:
			}
		}
	}()
	w := follow(t, func(p *pace) {
		p.timeout, p.connect, p.shortest, p.longest = 30*time.Millisecond, 20*time.Millisecond, time.Millisecond, time.Millisecond
	})
	kubeconfig(t, w.path, "https://"+silent.Addr().String(), valid(t))
	for range 10 {
		<-tries
	}
	before := runtime.NumGoroutine()
	for range 100 {
		<-tries
	}
	s := w.until("no answer", func(s *kube.State) bool { return s.Health.State == health.Failed })
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("%d goroutines became %d", before, after)
	}
	if s.Cause.Check != kube.Silent || s.Health.Err != "no answer in time" {
		t.Errorf("%+v", s.Cause)
	}
}

// TestF3Trickle: a body that comes byte by byte is given up like one that never comes.
func TestF3Trickle(t *testing.T) {
	t.Parallel()
	f, w := started(t, func(p *pace) { p.timeout = 300 * time.Millisecond })
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/pods") {
			return false
		}
		protobufAnswer(rw)
		for _, c := range frame("ADDED", podObject("a", "Running")) {
			rw.Write([]byte{c})
			rw.(http.Flusher).Flush()
			select {
			case <-time.After(100 * time.Millisecond):
			case <-r.Context().Done():
				return true
			}
		}
		return true
	})
	w.until("pods alone given up", func(s *kube.State) bool {
		k := s.Kinds[kube.KindPod]
		return k.State == health.Failed && k.Err == "no answer in time" && s.Health.State == health.OK
	})
	f.set(nil)
	w.until("well", well)
}

// TestF4Rotation: the credentials stop being accepted, and new ones are put into the file.
func TestF4Rotation(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	w.until("well", well)
	token := "hunter3"
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Bearer "+token {
			return false
		}
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	s := w.until("unauthorized", func(s *kube.State) bool { return s.Cause.Check == kube.Unauthorized })
	if s.Health.State != health.Stale || s.Kinds[kube.KindPod].State != health.Stale || s.Pods.Total != 2 {
		t.Errorf("the last figures are gone: %+v", s)
	}
	old, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, w.path, strings.Replace(string(old), "hunter2", token, 1))
	w.until("well again", well)
}

func TestF5Forbidden(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/virtualmachines") {
			return false
		}
		rw.WriteHeader(http.StatusForbidden)
		return true
	})
	s := w.until("settled", func(s *kube.State) bool { return s.Settled() && s.Kinds[kube.KindVM].State == health.Failed })
	if s.Kinds[kube.KindVM].Err != "forbidden: list virtualmachines" || s.Health.State != health.OK || s.Pods.Total != 2 {
		t.Errorf("%+v", s)
	}
	f.set(nil)
	w.until("allowed", well)
}

func TestF5NothingAllowed(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		rw.WriteHeader(http.StatusForbidden)
		return true
	})
	s := w.until("forbidden", func(s *kube.State) bool { return s.Cause.Check == kube.Forbidden })
	if s.Health.State != health.Failed || !s.Settled() {
		t.Errorf("%+v", s)
	}
	since := s.Health.Since
	for range 5 { // it is asked again and again, and that changes nothing
		s = w.until("another state", func(*kube.State) bool { return true })
	}
	if s.Health.Since != since {
		t.Errorf("since %v, was %v", s.Health.Since, since)
	}
}

func TestF6KubeVirtArrives(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/apis/kubevirt.io/") {
			return false
		}
		rw.WriteHeader(http.StatusNotFound)
		return true
	})
	s := w.until("not installed", func(s *kube.State) bool {
		return s.Settled() && s.Kinds[kube.KindVM].State == health.Absent && s.Kinds[kube.KindKubeVirt].State == health.Absent
	})
	if s.Kinds[kube.KindVM].Err != "not installed" || s.Health.State != health.OK {
		t.Errorf("%+v", s)
	}
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if sortOf(r) != "virtualmachines list" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, jsonVM("a", "Running"), jsonVM("b", "Stopped"), jsonBookmark)
		stay(rw, r)
		return true
	})
	w.until("there", func(s *kube.State) bool {
		return s.Kinds[kube.KindVM].State == health.OK && s.Virt.Tally.Total == 2 && s.Virt.Tally.Running == 1
	})
}

// TestF7Nonsense: each is one line of error for its kind, and the others are well.
func TestF7Nonsense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		send func(rw http.ResponseWriter)
		want string
	}{
		"malformed JSON":     {"/virtualmachines", func(rw http.ResponseWriter) { fmt.Fprint(rw, `{"type":"ADDED","object":}`) }, "malformed JSON"},
		"null":               {"/virtualmachines", func(rw http.ResponseWriter) { fmt.Fprint(rw, `null`) }, "an event of no known type"},
		"a null object":      {"/virtualmachines", func(rw http.ResponseWriter) { fmt.Fprint(rw, `{"type":"ADDED","object":null}`) }, "an object without a name"},
		"wrong types":        {"/virtualmachines", func(rw http.ResponseWriter) { fmt.Fprint(rw, `{"type":7}`) }, "malformed JSON"},
		"malformed protobuf": {"/pods", func(rw http.ResponseWriter) { protobufAnswer(rw); rw.Write([]byte("\x00\x00\x00\x02\xff\xff")) }, "malformed protobuf"},
		"a large frame":      {"/pods", func(rw http.ResponseWriter) { protobufAnswer(rw); rw.Write([]byte("\xff\xff\xff\xff")) }, "an object of more than 3 MB"},
		"100 MB of JSON": {"/virtualmachines", func(rw http.ResponseWriter) {
			fmt.Fprint(rw, `{"type":"ADDED","object":{"metadata":{"name":"`)
			block := []byte(strings.Repeat("x", 1<<20))
			for range 100 {
				if _, err := rw.Write(block); err != nil {
					return
				}
			}
		}, "an object of more than 3 MB"},
		"HTML": {"/pods", func(rw http.ResponseWriter) {
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, "<html>login\x1b[31m")
		}, "answers, but is no API server (text/html)"},
	} {
		t.Run(name, func(t *testing.T) {
			f, w := started(t, nil)
			f.set(func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, c.path) || sortOf(r) == "pods watch" {
					return false
				}
				if c.path == "/virtualmachines" {
					rw.Header().Set("Content-Type", "application/json")
				}
				c.send(rw)
				return true
			})
			bad := func(s *kube.State) *kube.KindStatus {
				if c.path == "/pods" {
					return &s.Kinds[kube.KindPod]
				}
				return &s.Kinds[kube.KindVM]
			}
			w.until(c.want, func(s *kube.State) bool { return bad(s).State == health.Failed && bad(s).Err == c.want })
			f.set(nil)
			w.until("well", well)
		})
	}
}

// TestF7WrongTypesInside: a field that is not as KubeVirt has it is not known; the rest of the object is.
func TestF7WrongTypesInside(t *testing.T) {
	s := new(scan)
	m, i := readInstance(s, []byte(`{"metadata":{"namespace":"vms","name":"a","resourceVersion":"3","creationTimestamp":7},
		"spec":{"domain":{"cpu":"many","memory":{"guest":[]}}},"status":{"phase":"Running","nodeName":4,"conditions":"none","interfaces":[{"ipAddress":"10.0.0.1"}]}}`))
	if err := s.taken(); err != nil {
		t.Fatal(err)
	}
	if m.key != "vms/a" || i.Phase != "Running" || i.Node != "" || i.VCPUs != 0 || i.Memory != 0 || i.Paused != kube.Unknown || len(i.IPs) != 1 {
		t.Errorf("%+v %+v", m, i)
	}
}

// TestF8Gone: the place to go on from is no longer kept by the server.
func TestF8Gone(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		switch sortOf(r) {
		case "pods list":
			protobufAnswer(rw)
			rw.Write(frame("ADDED", podObject("a", "Running")))
			rw.Write(frame("ADDED", podObject("b", "Running")))
			rw.Write(bookmark("9"))
			if f.count("pods list") == 1 {
				rw.Write(frame("ERROR", all(text(3, "too old resource version"), number(6, 410))))
				return true
			}
			stay(rw, r)
			return true
		}
		return false
	})
	w.until("listed again", func(s *kube.State) bool { return f.count("pods list") == 2 && well(s) })
}

// TestF8ClosesAtOnce: a server that ends every watch at once is asked to go on, slower and slower, and not for a list.
func TestF8ClosesAtOnce(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if sortOf(r) == "pods watch" {
			protobufAnswer(rw)
			rw.WriteHeader(http.StatusOK)
			return true
		}
		if sortOf(r) == "pods list" {
			protobufAnswer(rw)
			rw.Write(bookmark("9"))
			return true
		}
		return false
	})
	w.until("asked often", func(*kube.State) bool { return f.count("pods watch") > 5 })
	if n := f.count("pods list"); n != 1 {
		t.Errorf("%d lists", n)
	}
}

// TestF8ListsAreRare: however a list fails, the next one waits.
func TestF8ListsAreRare(t *testing.T) {
	p := usualPace()
	s := &stream{pace: &p, listed: time.Now()}
	if d := s.untilList(); d < 5*time.Second || d > p.betweenLists {
		t.Errorf("the next list may come in %v", d)
	}
	s.version = []byte("7")
	if d := s.untilList(); d > 0 {
		t.Errorf("going on must wait %v", d)
	}
}

// TestF8Silent: a watch on which nothing comes, not even a bookmark, is opened anew from where it was.
func TestF8Silent(t *testing.T) {
	t.Parallel()
	f, w := started(t, func(p *pace) { p.idle = 20 * time.Millisecond })
	w.until("opened anew", func(*kube.State) bool { return f.count("pods watch") > 2 })
	if n := f.count("pods list"); n != 1 {
		t.Errorf("%d lists", n)
	}
}

// TestF8Pages: a server that does not stream lists, or breaks off, is asked for pages.
func TestF8Pages(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]func(rw http.ResponseWriter){
		"does not know how": func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusUnprocessableEntity) },
		"breaks off":        func(rw http.ResponseWriter) { protobufAnswer(rw); rw.Write(frame("ADDED", podObject("z", "Failed"))) },
	} {
		t.Run(name, func(t *testing.T) {
			f, w := started(t, nil)
			f.set(func(rw http.ResponseWriter, r *http.Request) bool {
				q := r.URL.Query()
				switch {
				case !strings.HasSuffix(r.URL.Path, "/pods") || sortOf(r) == "pods watch":
					return false
				case q.Get("sendInitialEvents") != "":
					stream(rw)
				case q.Get("continue") == "":
					protobufAnswer(rw)
					rw.Write(enveloped(all(sub(1, text(2, "5"), text(3, "more/pages")), sub(2, podObject("a", "Running")))))
				case q.Get("continue") == "more/pages":
					protobufAnswer(rw)
					rw.Write(enveloped(all(sub(1, text(2, "5")), sub(2, podObject("b", "Running")))))
				}
				return true
			})
			s := w.until("well", well)
			if s.Pods.Running != 2 || f.count("pods list") != 3 {
				t.Errorf("%+v after %d requests", s.Pods, f.count("pods list"))
			}
		})
	}
}
