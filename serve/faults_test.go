package serve

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
)

// closes reads c until the server ends the connection, and returns what came.
func closes(t testing.TB, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(await.Limit))
	answer, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection stays open")
	}
	return string(answer)
}

// dial connects until the server takes it: one that is full closes a connection at once.
func dial(t testing.TB, network, address string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestSlowRequestsAreEnded: a head, a body and a handshake that do not come end the connection.
func TestSlowRequestsAreEnded(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	plain := start(t, Options{})
	encrypted := start(t, Options{Config: config.Serve{TLS: a.pair(t, t.TempDir(), "server")}})
	var all sync.WaitGroup
	for _, c := range []struct{ name, address, sent, want string }{
		{"nothing", plain.tcp, "", ""},
		{"head", plain.tcp, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", ""},
		{"body", plain.tcp, "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx", "HTTP/1.1 400 "},
		{"chunk", plain.tcp, "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx", "HTTP/1.1 400 "},
		{"body of what has none", plain.tcp, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx", "HTTP/1.1 400 "},
		{"body that is refused", plain.tcp, "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n\r\nx", "HTTP/1.1 413 "},
		{"body of who is refused", plain.tcp, "POST /metrics HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\nx", "HTTP/1.1 421 "},
		{"handshake", encrypted.tcp, "\x16\x03\x01", ""},
		{"no handshake", encrypted.tcp, "", ""},
	} {
		conn := dial(t, "tcp", c.address)
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if got := closes(t, conn); c.want == "" && got != "" && !strings.HasPrefix(got, "HTTP/1.1 408") || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: %.60q", c.name, got)
			}
		})
	}
	all.Wait()
	await.Until(t, "all have left", func() bool { return plain.connections()+encrypted.connections() == 0 })
}

func (r *running) connections() int {
	r.clients.mu.Lock()
	defer r.clients.mu.Unlock()
	return r.clients.all
}

// TestThousandHalfOpen: those beyond the limit are closed at once, the others soon, and who comes by the Unix socket is
// served all the time.
func TestThousandHalfOpen(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	conns := make([]net.Conn, 1000)
	for i := range conns {
		conns[i] = dial(t, "tcp", r.tcp)
		_, _ = io.WriteString(conns[i], "GET / HTTP/1.1\r\n") // one that is refused may be closed by now
	}
	if n := r.connections(); n > maxOneHost {
		t.Errorf("%d connections of one host", n)
	}
	if a, _ := ask(t, r.client(), "GET", "http://unix/", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
	for _, c := range conns {
		closes(t, c)
	}
	await.Until(t, "all have left", func() bool { return r.connections() == 0 })
	if a, _ := ask(t, r.client(), "GET", "http://127.0.0.1/metrics", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
	if n := r.said("too many connections"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestLocalIsOfThisHost: a packet for a loopback address may come from another host, where a network plugin lets it.
func TestLocalIsOfThisHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		far, near string
		want      bool
	}{
		{"127.0.0.1", "127.0.0.1", true}, {"::ffff:127.0.0.1", "::ffff:127.0.0.1", true}, {"::1", "::1", true},
		{"10.0.0.7", "127.0.0.1", false}, {"127.0.0.1", "10.0.0.5", false}, {"10.0.0.5", "10.0.0.5", false},
	} {
		if got := tcpPeer(netip.MustParseAddr(c.far), netip.MustParseAddr(c.near)); got.local != c.want || got.unix {
			t.Errorf("%s to %s: %+v", c.far, c.near, got)
		}
	}
}

func TestClientsAreCountedByHost(t *testing.T) {
	t.Parallel()
	var c clients
	enter := func(n int, p peer) (in int) {
		for range n {
			if c.enter(p) {
				in++
			}
		}
		return in
	}
	v6 := func(host byte) peer {
		return peer{address: netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, host})}
	}
	local, outside := peer{address: netip.AddrFrom4([4]byte{127, 0, 0, 1}), local: true}, peer{address: netip.AddrFrom4([4]byte{10, 0, 0, 1})}
	if n := enter(20, v6(1)) + enter(20, v6(2)); n != maxOneHost {
		t.Errorf("%d of one IPv6 network", n)
	}
	if n := enter(100, outside); n != maxOutside-maxOneHost {
		t.Errorf("%d more from outside", n)
	}
	if n := enter(3, local) + enter(100, peer{unix: true, local: true}); n != maxClients-maxOutside {
		t.Errorf("%d of this host", n)
	}
	c.leave(outside)
	if n := enter(2, outside); n != 1 {
		t.Errorf("%d took the place of one", n)
	}
	for range maxOneHost {
		c.leave(v6(3))
	}
	if _, kept := c.hosts[v6(1).host()]; kept || c.all != maxClients-maxOneHost {
		t.Errorf("%d stay: %v", c.all, c.hosts)
	}
}

// TestIdleConnectionsLeaveRoom: of one host's connections that wait for their next request no more than half stay.
func TestIdleConnectionsLeaveRoom(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	for range 4 * maxOneHost {
		c := dial(t, "tcp", r.tcp)
		_, _ = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || a.StatusCode != 200 {
			t.Fatal(a, err)
		}
		await.Until(t, "there is room for the next", func() bool { return r.connections() <= maxOneHost/2 })
	}
}

// TestHugeHeads: 8 KiB are taken, more is not read.
func TestHugeHeads(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	for head, want := range map[string]string{
		"GET /metrics?" + strings.Repeat("x", 6000) + " HTTP/1.1\r\nHost: 127.0.0.1":      "200",
		"GET /metrics?" + strings.Repeat("x", 1_000_000) + " HTTP/1.1\r\nHost: 127.0.0.1": "431",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + strings.Repeat("x", 6000):   "200",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + strings.Repeat("x", 9000):   "431",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1" + strings.Repeat("\r\nX-A: y", 20_000): "431",
	} {
		c := dial(t, "tcp", r.tcp)
		go func() { _, _ = io.WriteString(c, head+"\r\nConnection: close\r\n\r\n") }()
		if got := closes(t, c); !strings.HasPrefix(got, "HTTP/1.1 "+want+" ") {
			t.Errorf("%d bytes: %.40q, want %s", len(head), got, want)
		}
	}
}

// TestPipelinedRequestsComeInOrder: each is answered when the one before it has been.
func TestPipelinedRequestsComeInOrder(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	c := dial(t, "unix", r.unix)
	var sent strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&sent, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
	}
	go func() { _, _ = io.WriteString(c, sent.String()) }()
	b := bufio.NewReader(c)
	for i := range 1000 {
		a, err := http.ReadResponse(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(a.Body); err != nil || !strings.HasPrefix(string(text), fmt.Sprintf("/%d ", i)) {
			t.Fatalf("%d: %q, %v", i, text, err)
		}
	}
}

// TestHTTP2IsNotSpoken: not by its preface, and not by an upgrade.
func TestHTTP2IsNotSpoken(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	c := dial(t, "tcp", r.tcp)
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		t.Fatal(err)
	}
	if got := closes(t, c); !strings.HasPrefix(got, "HTTP/1.1 ") || strings.HasPrefix(got, "HTTP/1.1 2") {
		t.Errorf("%.60q", got)
	}
	got := raw(t, "tcp", r.tcp, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("%.60q", got)
	}
}

// large answers with more than a socket's buffers take.
var large = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 16<<20)) })

// TestFiftyThatNeverRead: nobody else notices, and they are gone after a while.
func TestFiftyThatNeverRead(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Web: large})
	conns := make([]net.Conn, 50)
	for i := range conns {
		conns[i] = dial(t, "unix", r.unix)
		if _, err := io.WriteString(conns[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	await.Until(t, "all fifty are there", func() bool { return r.connections() == len(conns) })
	for range 20 {
		if a, _ := ask(t, r.client(), "GET", "http://127.0.0.1/metrics", nil); a.StatusCode != 200 {
			t.Error(a.Status)
		}
	}
	await.Until(t, "the fifty are gone", func() bool { return r.connections() == 0 })
}

// TestNothingIsLeftBehind: a server with all kinds of clients, each some dozen times, leaves no goroutine and no descriptor.
func TestNothingIsLeftBehind(t *testing.T) {
	a := newAuthority(t)
	c := users(t, "alice", "wonder")
	c.TLS = a.pair(t, t.TempDir(), "server")
	ask(t, start(t, Options{}).client(), "GET", "http://unix/", nil) // what the runtime opens once
	descriptors := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("needs /proc/self/fd: ", err)
		}
		return len(names)
	}
	before, goroutines := descriptors(), runtime.NumGoroutine()
	r := start(t, Options{Config: c})
	var conns []net.Conn
	for range 12 {
		half, silent, wait := dial(t, "tcp", r.tcp), dial(t, "unix", r.unix), dial(t, "unix", r.unix)
		encrypted := tls.Client(dial(t, "tcp", r.tcp), &tls.Config{InsecureSkipVerify: true}) // whose it is does not matter here
		if err := encrypted.Handshake(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(half, "\x16\x03\x01")
		_, _ = io.WriteString(wait, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
		_, _ = io.WriteString(encrypted, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		conns = append(conns, half, silent, wait, encrypted)
		ask(t, r.trusting(t, a, ""), "GET", "https://127.0.0.1/", login("alice", "wonder"))
		ask(t, r.trusting(t, a, ""), "GET", "https://127.0.0.1/", nil)
		r.Reload()
	}
	for _, c := range conns[:len(conns)/2] {
		c.Close()
	}
	r.end()
	for _, c := range conns {
		c.Close()
	}
	await.Until(t, "as many descriptors as before", func() bool { return descriptors() <= before })
	await.Until(t, "hardly more goroutines than before", func() bool { return runtime.NumGoroutine() < goroutines+len(conns)/4 })
}

// TestNoDescriptorLeft: the server goes on when there is one again.
func TestNoDescriptorLeft(t *testing.T) {
	const mark = "SERVE_TEST_SOCKET"
	if path := os.Getenv(mark); path != "" {
		serveWithFewDescriptors(path)
		return
	}
	t.Parallel()
	path := shortDir(t) + "/http.sock"
	child := exec.Command(os.Args[0], "-test.run=^TestNoDescriptorLeft$")
	child.Env = append(os.Environ(), mark+"="+path)
	child.Stderr = os.Stderr
	said, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Signal(syscall.SIGTERM)
		_ = child.Wait() // it ends by the signal
	}()
	lines := make(chan string, 1000)
	go func() {
		for s := bufio.NewScanner(said); s.Scan(); {
			lines <- s.Text()
		}
		close(lines)
	}()
	expect := func(text string) {
		t.Helper()
		limit := time.After(await.Limit)
		for {
			select {
			case line, more := <-lines:
				if strings.Contains(line, text) {
					return
				}
				if !more {
					t.Fatalf("it ended before it said %q", text)
				}
			case <-limit:
				t.Fatalf("it did not say %q", text)
			}
		}
	}
	expect("answers on " + path)
	var conns []net.Conn
	for range 40 {
		conns = append(conns, dial(t, "unix", path))
	}
	expect("too many open files")
	for _, c := range conns {
		c.Close()
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	if a, _ := ask(t, client, "GET", "http://unix/", nil); a.StatusCode != 200 {
		t.Error(a.Status)
	}
}

// serveWithFewDescriptors is the child of TestNoDescriptorLeft.
func serveWithFewDescriptors(path string) {
	s, err := New(Options{Listen: []string{path}, Web: http.HandlerFunc(page), Log: func(format string, args ...any) {
		fmt.Fprintln(os.Stdout, fmt.Sprintf(format, args...))
	}})
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 24, Max: 24})
	}
	if err == nil {
		err = s.Run(context.Background())
	}
	fmt.Fprintln(os.Stdout, err)
	os.Exit(1)
}

// TestLittleWaitsToBeSent holds that a client which does not read has no more than some seconds' events waiting for it.
func TestLittleWaitsToBeSent(t *testing.T) {
	t.Parallel()
	taken := make(chan int, 1)
	r := start(t, Options{Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out, n := http.NewResponseController(w), 0
		part := make([]byte, 1<<10)
		for out.SetWriteDeadline(time.Now().Add(time.Second)) == nil { // it ends when nothing more is taken
			if _, err := w.Write(part); err != nil || out.Flush() != nil {
				break
			}
			n += len(part)
		}
		taken <- n
	})})
	client := &net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10) })
		return errors.Join(failed, err)
	}}
	c, err := client.Dial("tcp", r.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-taken:
		if limit := 4 * maxUnsent; n > limit {
			t.Errorf("%d bytes wait, at most %d", n, limit)
		}
	case <-time.After(await.Limit):
		t.Fatal("the server still writes")
	}
}
