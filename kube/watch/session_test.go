package watch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// TestF9KubeconfigComes: each state of the file is said in words, nothing of its content, and the next look is enough.
func TestF9KubeconfigComes(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	w := follow(t, nil)
	s := w.until("absent", func(s *kube.State) bool { return s.Health.State == health.Absent })
	if s.Cause.Check != kube.Kubeconfig || s.Cause.Why != "no kubeconfig" {
		t.Errorf("%+v", s.Cause)
	}
	kubeconfig(t, w.path+".good", f.URL, f.cert)
	good, err := os.ReadFile(w.path + ".good")
	if err != nil {
		t.Fatal(err)
	}
	user := "users: [{name: u, user: "
	for want, text := range map[string]string{
		"has no cluster in it: empty or half-written":                                         "apiVersion: v1\n",
		"is no kubeconfig, or half-written":                                                   string(good[:len(good)/2]) + "\n hunter2: [",
		"has no current context: half-written?":                                               strings.Replace(string(good), "current-context: x", "", 1),
		"has no user for its context: half-written?":                                          strings.Replace(string(good), "user: u}", "user: hunter2}", 1),
		"has no server for its context: half-written?":                                        strings.Replace(string(good), "cluster: c,", "cluster: d,", 1),
		"wants a program run for its credentials (exec), which this console does not do":      strings.Replace(string(good), user+"{", user+"{exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/hunter2, interactiveMode: Never}, ", 1),
		"wants an auth-provider plugin, which this console does not have":                     strings.Replace(string(good), user+"{", user+"{auth-provider: {name: gcp}, ", 1),
		"has a server that is no address such as https://127.0.0.1:6443":                      strings.Replace(string(good), "server: \"https://", "server: \"", 1),
		"has a proxy that is no address such as http://10.0.0.1:3128":                         strings.Replace(string(good), "cluster: {", "cluster: {proxy-url: hunter2, ", 1),
		"has a client certificate and a key that are not a pair":                              strings.Replace(string(good), user+"{", user+"{client-certificate-data: aHVudGVyMg==, client-key-data: aHVudGVyMg==, ", 1),
		"points to a client key that cannot be read: /nowhere/key: no such file or directory": strings.Replace(string(good), user+"{", user+"{client-key: /nowhere/key, ", 1),
	} {
		replace(t, w.path, text)
		s := w.until(want, func(s *kube.State) bool {
			return s.Health.State == health.Failed && strings.HasSuffix(s.Health.Err, want)
		})
		if s.Cause.Check != kube.Kubeconfig || strings.Contains(fmt.Sprintf("%+v", s), "hunter2") {
			t.Errorf("%q: %+v", want, s)
		}
	}
	replace(t, w.path, string(good))
	w.until("well", well)
	if err := os.Remove(w.path); err != nil { // the credentials in use go on being good
		t.Fatal(err)
	}
	s = w.until("missing", func(s *kube.State) bool { return s.Candidates[0].Result == "does not exist" })
	if !well(s) {
		t.Errorf("%+v", s)
	}
}

// TestF9FilesBesideIt: certificates in files of their own are followed like the kubeconfig.
func TestF9FilesBesideIt(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	w := follow(t, nil)
	kubeconfig(t, w.path+".whole", f.URL, valid(t))
	text, err := os.ReadFile(w.path + ".whole")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	at := strings.Index(whole, "certificate-authority-data: ")
	data := whole[at+len("certificate-authority-data: ") : at+strings.Index(whole[at:], "}")]
	authority := filepath.Join(filepath.Dir(w.path), "ca.crt")
	replace(t, authority, "not yet")
	replace(t, w.path, strings.Replace(whole, "certificate-authority-data: "+data, "certificate-authority: ca.crt", 1))
	w.until("no certificate", func(s *kube.State) bool {
		return strings.HasSuffix(s.Health.Err, "has a certificate authority that is no certificate")
	})
	replace(t, authority, pemOf(valid(t)))
	s := w.until("unknown authority", func(s *kube.State) bool { return s.Cause.Check == kube.TLS })
	if s.Health.Err != "certificate of an unknown authority" {
		t.Errorf("%+v", s.Health)
	}
	replace(t, authority, pemOf(f.cert))
	w.until("well", well)
}

// TestWithoutKubeconfigNothingRuns counts what it costs to have no cluster: one goroutine and what it looks at.
func TestWithoutKubeconfigNothingRuns(t *testing.T) {
	before := runtime.NumGoroutine()
	w := follow(t, nil)
	for range 10 {
		w.until("absent", func(s *kube.State) bool { return s.Health.State == health.Absent })
	}
	await.Until(t, "no goroutine but its own between two looks", func() bool { return runtime.NumGoroutine()-before <= 1 })
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc:", err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, "socket:") && !slices.Contains([]string{"0", "1", "2"}, fd.Name()) {
			t.Errorf("descriptor %s is a %s", fd.Name(), to)
		}
	}
	began := time.Hour
	look := New(Options{Find: kube.Options{Path: "/nowhere/kubeconfig"}, Now: func() time.Duration { return began }})
	find := look.o.Find
	find.At = nobody
	if n := testing.AllocsPerRun(50, func() { look.inspect(find, nil) }); n > 20 {
		t.Errorf("%v allocations a look", n)
	}
}

// TestF10Restart: the API server goes away and comes back; what was known stays, with its age, and is followed again.
func TestF10Restart(t *testing.T) {
	f, w := started(t, nil)
	before := runtime.NumGoroutine()
	w.until("well", well)
	address := f.Listener.Addr().String()
	f.CloseClientConnections()
	f.Close()
	s := w.until("refused", func(s *kube.State) bool {
		return s.Cause.Check == kube.Dial && s.Kinds[kube.KindPod].State == health.Stale
	})
	if s.Health.State != health.Stale || s.Pods.Total != 2 || s.Pods.Running != 1 || s.Version == "" || s.Kinds[kube.KindPod].At == 0 {
		t.Errorf("%+v", s)
	}
	again := newFakeAt(t, f.cert, address)
	w.until("well again", well)
	if n := again.count("pods list"); n != 0 {
		t.Errorf("%d lists where going on was enough", n)
	}
	again.CloseClientConnections()
	again.Close()
	w.until("refused again", func(s *kube.State) bool {
		return s.Cause.Check == kube.Dial && s.Kinds[kube.KindPod].State == health.Stale
	})
	await.Until(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before+10 })
}

func TestF12TooManyRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("long: waits as long as a server asks")
	}
	t.Parallel()
	f, w := started(t, func(p *pace) { p.longest = time.Millisecond })
	var mu sync.Mutex
	var asked []time.Time
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/pods") {
			return false
		}
		mu.Lock()
		asked = append(asked, time.Now())
		mu.Unlock()
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	w.until("asked again twice", func(*kube.State) bool {
		mu.Lock()
		defer mu.Unlock()
		return len(asked) >= 3
	})
	mu.Lock()
	for i := range asked[1:] {
		if waited := asked[i+1].Sub(asked[i]); waited < time.Second {
			t.Errorf("asked again after %v", waited)
		}
	}
	mu.Unlock()
	f.set(nil)
	w.until("well", well)
}

func TestF12WrongClockAndOtherCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		cert tls.Certificate
		want string
	}{
		"not yet valid": {certificate(t, now.Add(time.Hour), now.Add(2*time.Hour)), "certificate not yet valid: is this host's clock right?"},
		"expired":       {certificate(t, now.Add(-48*time.Hour), now.Add(-24*time.Hour)), "certificate expired on " + now.Add(-24*time.Hour).UTC().Format(time.DateOnly)},
	} {
		f := newFake(t, c.cert)
		w := follow(t, nil)
		kubeconfig(t, w.path, f.URL, f.cert)
		s := w.until(name, func(s *kube.State) bool { return s.Cause.Check == kube.TLS })
		if s.Health.Err != c.want {
			t.Errorf("%s: %q, want %q", name, s.Health.Err, c.want)
		}
	}
	for want, c := range map[string]kube.Certificate{
		"client certificate not yet valid: is this host's clock right?": {NotBefore: now.Add(time.Hour), NotAfter: now.Add(2 * time.Hour)},
		"client certificate expired on 2020-01-01":                      {NotAfter: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		got := cause(&statusError{code: 401}, now, c)
		if got.Check != kube.Unauthorized || got.Why != "unauthorized: "+want {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

func TestNotReadyNamesItsChecks(t *testing.T) {
	t.Parallel()
	f, w := started(t, nil)
	w.until("well", well)
	f.set(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/readyz" {
			return false
		}
		rw.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(rw, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed\n")
		return true
	})
	s := w.until("not ready", func(s *kube.State) bool { return s.Cause.Check == kube.NotReady })
	if !slices.Equal(s.Cause.Checks, []string{"etcd", "poststarthook/rbac/bootstrap-roles"}) || s.Health.State != health.Stale || s.Kinds[kube.KindPod].State != health.OK {
		t.Errorf("%+v %+v", s.Cause, s.Health)
	}
	f.set(nil)
	w.until("well", well)
}

// TestAnotherClusterIsNotMixed: figures of the cluster before are not shown as those of the new one.
func TestAnotherClusterIsNotMixed(t *testing.T) {
	t.Parallel()
	_, w := started(t, nil)
	w.until("well", well)
	other := newFake(t, valid(t))
	other.set(func(rw http.ResponseWriter, r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/pods") })
	kubeconfig(t, w.path, other.URL, other.cert)
	s := w.until("the other", func(s *kube.State) bool { return s.Server == other.URL })
	if s.Pods.Total != 0 || s.Kinds[kube.KindPod].Has() {
		t.Errorf("%+v", s)
	}
}

// TestF55KubeconfigHangs: a kubeconfig on a disk that does not answer is said to be just that, by its name, however often
// it is looked for, and is used when it answers.
func TestF55KubeconfigHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	began := time.Now()
	answer, states := make(chan struct{}), make(chan *kube.State, 1000)
	w := New(Options{Find: kube.Options{Path: path}, Now: func() time.Duration { return time.Hour + time.Since(began) }, Keep: keepPlain, Hostname: os.Hostname})
	w.pace.rescans, w.pace.files, w.pace.publish = 2*time.Millisecond, 10*time.Millisecond, time.Millisecond
	w.find = func(o kube.Options) kube.State {
		o.At(o.Path)
		<-answer
		return kube.Find(o)
	}
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx, func(s *kube.State) { states <- s }) // ends with ctx
	}()
	defer func() { cancel(); <-ended }()
	next := func(what string) *kube.State {
		t.Helper()
		select {
		case s := <-states:
			return s
		case <-time.After(await.Limit):
			t.Fatal("nothing is said of ", what)
			return nil
		}
	}
	s := next("a kubeconfig that hangs")
	for s.Health.State == health.Init {
		s = next("a kubeconfig that hangs")
	}
	if why := path + " not answering"; s.Health.State != health.Failed || s.Health.Err != why || s.Cause.Check != kube.Kubeconfig || s.Cause.Why != why {
		t.Errorf("%+v %+v", s.Health, s.Cause)
	}
	for range 10 {
		next("later looks")
	}
	if n := runtime.NumGoroutine() - before; n > 2 {
		t.Errorf("%d goroutines for one hung look", n)
	}
	close(answer)
	for s.Health.State != health.Absent {
		s = next("a kubeconfig that has answered")
	}
}

// TestF55CredentialsHang: what a kubeconfig in use points to may not answer any more. That is told by its name; the cluster
// is followed with what was read before, and a token that is written anew is used when the file answers.
func TestF55CredentialsHang(t *testing.T) {
	f := newFake(t, valid(t))
	path := filepath.Join(t.TempDir(), "kubeconfig")
	kubeconfig(t, path, f.URL, f.cert)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(filepath.Dir(path), "token")
	replace(t, token, "first-token-1\n")
	replace(t, path, strings.Replace(string(text), "token: hunter2", "tokenFile: token", 1))
	var sent atomic.Value
	sent.Store("")
	f.set(func(_ http.ResponseWriter, r *http.Request) bool {
		sent.Store(r.Header.Get("Authorization"))
		return false
	})
	began, hung := time.Now(), atomic.Bool{}
	w := New(Options{Find: kube.Options{Path: path}, Now: func() time.Duration { return time.Hour + time.Since(began) }, Keep: keepPlain, Hostname: os.Hostname})
	for _, d := range []*time.Duration{&w.pace.rescans, &w.pace.files, &w.pace.publish, &w.pace.probes, &w.pace.betweenLists, &w.pace.shortest} {
		*d /= 50
	}
	answer := make(chan struct{})
	w.find = func(o kube.Options) kube.State {
		s, at := kube.Find(o), o.At
		at(token)
		if hung.Load() {
			<-answer
		}
		return s
	}
	states := make(chan *kube.State, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx, func(s *kube.State) { // ends with ctx
			select {
			case <-states:
			default:
			}
			states <- s
		})
	}()
	defer func() { cancel(); <-ended }()
	u := &follower{t: t, states: states}
	u.until("well", func(s *kube.State) bool { return well(s) && sent.Load() == "Bearer first-token-1" })
	hung.Store(true)
	s := u.until("told", func(s *kube.State) bool { return s.Hung.Why != "" })
	if s.Hung.Why != token+" not answering" || s.Hung.Since == 0 || s.Health.State != health.OK {
		t.Errorf("%+v %+v", s.Hung, s.Health)
	}
	at := s.Health.At
	u.until("asked again meanwhile", func(s *kube.State) bool { return s.Health.At > at && well(s) })
	replace(t, token, "second-token-2\n")
	hung.Store(false)
	close(answer)
	u.until("well with the new token", func(s *kube.State) bool {
		return well(s) && s.Hung.Why == "" && sent.Load() == "Bearer second-token-2"
	})
}

// TestF9InUseStaysInUse: another kubeconfig that is of no use changes nothing of the one in use.
func TestF9InUseStaysInUse(t *testing.T) {
	var w Watcher
	w.o.Now = func() time.Duration { return time.Second }
	w.session = new(session)
	if w.unusable("/k3s.yaml", "is half-written"); w.state.Health != (health.Health{}) || w.state.Kubeconfig != "" || w.state.Cause.Why != "" {
		t.Errorf("%+v of %s: %+v", w.state.Health, w.state.Kubeconfig, w.state.Cause)
	}
	w.session = nil
	if w.unusable("/k3s.yaml", "is half-written"); w.state.Health.State != health.Failed || w.state.Cause.Why != "/k3s.yaml is half-written" {
		t.Errorf("%+v: %+v", w.state.Health, w.state.Cause)
	}
}
