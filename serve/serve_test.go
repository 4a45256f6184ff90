package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
)

func TestMain(m *testing.M) {
	await.Together()
	os.Exit(m.Run())
}

// running is a server that runs until the test ends.
type running struct {
	*Server
	tcp  string // its address on loopback
	unix string // the path of its Unix socket
	end  func() // ends it, and waits for Run

	mu  sync.Mutex
	log []string
}

// shortDir is for sockets, whose paths have to be short.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// page answers with who asks, with the body, and at /wait with a line now and the rest when the server ends.
func page(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/panic" {
		panic("the handler is broken\nin a second line")
	}
	if r.URL.Path == "/wait" {
		fmt.Fprintln(w, "begun")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		fmt.Fprintln(w, "ended")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%s %s %s", r.URL.Path, Who(r.Context()), body)
}

// start runs a server of o on loopback and on a Unix socket. Its handlers are page where o has none; the page itself is on
// where there is authentication, and no handler for peers.
func start(t testing.TB, o Options) *running {
	t.Helper()
	r := &running{unix: filepath.Join(shortDir(t), "http.sock")}
	o.Log = func(format string, args ...any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log = append(r.log, fmt.Sprintf(format, args...))
	}
	if o.Metrics == nil {
		o.Metrics = http.HandlerFunc(page)
	}
	if o.Web == nil && o.Peers == nil {
		o.Web = http.HandlerFunc(page)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.tcp = l.Addr().String()
	o.Sockets, o.Listen = append(o.Sockets, l), append(o.Listen, r.unix)
	if r.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(r.end)
	await.Until(t, "the server answers on its Unix socket", func() bool { return r.said("answers on "+r.unix) == 1 })
	return r
}

// said counts the lines of the log that have text.
func (r *running) said(text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.log {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// client asks over TCP, and of the host unix over the Unix socket. Each request has a connection of its own.
func (r *running) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "unix:80" {
				return new(net.Dialer).DialContext(ctx, "unix", r.unix)
			}
			return new(net.Dialer).DialContext(ctx, "tcp", r.tcp)
		},
	}}
}

// ask sends a request and returns the answer, its body read.
func ask(t testing.TB, c *http.Client, method, url string, edit func(*http.Request)) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(q)
	}
	a, err := c.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

// raw sends text as it is over a connection of its own, and returns all that comes until the server closes that.
func raw(t testing.TB, network, address, text string) string {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(await.Limit))
	go func() { _, _ = io.WriteString(c, text) }() // the server may not want all of it
	answer, err := io.ReadAll(c)                   // a reset ends it as well
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%.60q: the connection stays open", text)
	}
	return string(answer)
}

func TestUnixSocketIsKnownByItsPeer(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	info, err := os.Stat(r.unix)
	if err != nil || info.Mode() != os.ModeSocket|0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	a, text := ask(t, r.client(), "GET", "http://unix/x", nil)
	if want := fmt.Sprintf("/x unix uid %d ", os.Getuid()); a.StatusCode != 200 || text != want {
		t.Errorf("%d %q, want %q", a.StatusCode, text, want)
	}
}

// TestLoopbackHasFiguresOnly: whoever is on this host may scrape, and not look at the page.
func TestLoopbackHasFiguresOnly(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	a, text := ask(t, r.client(), "GET", "http://"+r.tcp+"/metrics", nil)
	if a.StatusCode != 200 || text != "/metrics 127.0.0.1 " {
		t.Errorf("/metrics: %d %q", a.StatusCode, text)
	}
	for _, path := range []string{"/", "/metrics/", "/metrics/x", "//metrics", "/keys", "/%6detrics/x"} {
		if a, text = ask(t, r.client(), "GET", "http://"+r.tcp+path, nil); a.StatusCode != 401 {
			t.Errorf("%s: %d %q", path, a.StatusCode, text)
		}
	}
}

func TestWhatIsOffIsNotThere(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.options.Sockets = []net.Listener{l}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/debug/vars"} {
		if a, text := ask(t, http.DefaultClient, "GET", "http://"+l.Addr().String()+path, nil); a.StatusCode != 404 {
			t.Errorf("%s: %d %q", path, a.StatusCode, text)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestEndEndsAll: a handler that still answers sees the end, and may say so.
func TestEndEndsAll(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	a, err := r.client().Get("http://unix/wait")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b := bufio.NewReader(a.Body)
	if line, err := b.ReadString('\n'); line != "begun\n" {
		t.Fatalf("%q, %v", line, err)
	}
	r.end()
	if rest, err := io.ReadAll(b); string(rest) != "ended\n" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if _, err := os.Lstat(r.unix); !os.IsNotExist(err) {
		t.Errorf("the socket stays: %v", err)
	}
}

// TestTakenPortIsTriedAgain: the others are served meanwhile, and it is said once.
func TestTakenPortIsTriedAgain(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := other.Addr().String()
	r := start(t, Options{Listen: []string{address}})
	await.Until(t, "it says that the port is taken", func() bool { return r.said("does not answer on "+address) == 1 })
	if a, _ := ask(t, r.client(), "GET", "http://unix/", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
	other.Close()
	await.Until(t, "it answers on the port", func() bool { return r.said("answers on "+address) == 1 })
	if a, _ := ask(t, http.DefaultClient, "GET", "http://"+address+"/metrics", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
}

// TestTakenPortIsSaidOnce: however often it is tried.
func TestTakenPortIsSaidOnce(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	synctest.Test(t, func(t *testing.T) {
		var said []string // by one goroutine
		s, err := New(Options{Listen: []string{other.Addr().String()}, Log: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*retryTime)
		defer cancel()
		if err := s.Run(ctx); err != nil || len(said) != 1 || !strings.Contains(said[0], "tries again: ") {
			t.Errorf("%q, %v", said, err)
		}
	})
}

// TestAddressIsOfItsFamily: 0.0.0.0 is not open to IPv6.
func TestAddressIsOfItsFamily(t *testing.T) {
	t.Parallel()
	l, err := bind(t.Context(), "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a := l.Addr().(*net.TCPAddr).AddrPort().Addr(); !a.Is4() {
		t.Errorf("listens on %v", a)
	}
}

// TestOutsideNeedsTLSAndAuth: also of what systemd and --listen name, which no reader of the configuration has seen.
func TestOutsideNeedsTLSAndAuth(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, Options{Sockets: []net.Listener{l}, Listen: []string{"0.0.0.0:0"}})
	for _, start := range []string{"nothing is served on " + l.Addr().String(), "nothing is served on 0.0.0.0:0: "} {
		await.Until(t, "it says "+start, func() bool { return r.said(start) == 1 })
	}
	if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Addr().(*net.TCPAddr).Port)); err == nil {
		c.Close()
		t.Error("it listens")
	}
}

// TestPageOnLoopbackNeedsAuth: of a socket of systemd's.
func TestPageOnLoopbackNeedsAuth(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: config.Serve{Web: config.ServeWeb{Enable: true}}})
	await.Until(t, "it says why nothing is served", func() bool { return r.said("nothing is served on "+r.tcp) == 1 })
}

// TestBrokenHandlerEndsItsRequestOnly: and leaves one line.
func TestBrokenHandlerEndsItsRequestOnly(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	if _, err := r.client().Get("http://unix/panic"); err == nil {
		t.Error("answered")
	}
	if a, _ := ask(t, r.client(), "GET", "http://unix/", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
	if r.said("the handler is broken") != 1 || r.said("second line") != 0 {
		t.Errorf("%q", r.log)
	}
}
