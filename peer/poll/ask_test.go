package poll

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/peer"
	"hypervisor-tui/peer/mtls"
)

// place has the certificates of a cluster of its own: of this host, and of the nodes that a test makes.
type place struct {
	t *testing.T
	a *certtest.Authority
	p *Poller
}

func newPlace(t *testing.T) *place {
	dir := t.TempDir()
	l := &place{t: t, a: certtest.New(t)}
	cert, key := l.a.Node(t, "hv1").Write(t, dir)
	l.p = New(Options{Config: config.Peers{CAFile: l.a.Write(t, dir), CertFile: cert, KeyFile: key}, Viewers: viewers.New()})
	if _, err := l.p.creds.Read(); err != nil {
		t.Fatal(err)
	}
	return l
}

// node is hv2, which hands each connection over once a client with a certificate is there.
func (l *place) node(address string, serve func(net.Conn)) netip.AddrPort {
	l.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		l.t.Skip("this address cannot be had here: ", err)
	}
	l.t.Cleanup(func() { listener.Close() })
	c := &tls.Config{Certificates: []tls.Certificate{l.a.Node(l.t, "hv2").TLS(l.t)}, ClientCAs: l.a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	go func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer raw.Close()
				conn := tls.Server(raw, c)
				if conn.Handshake() == nil {
					serve(conn)
				}
			}()
		}
	}()
	return netip.MustParseAddrPort(listener.Addr().String())
}

// says is a node that answers each request with a text.
func (l *place) says(text string) netip.AddrPort {
	return l.node("127.0.0.1:0", func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, text)
	})
}

func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func summary(clock time.Time) string {
	return fmt.Sprintf(`{"node":"hv2","time":%q,"problems":0}`, clock.UTC().Format(time.RFC3339Nano))
}

// TestAnswers: what nodes, and what only looks like one, can answer, and in what words it is told.
func TestAnswers(t *testing.T) {
	l := newPlace(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(make([]byte, 10<<20))
	z.Close()
	for _, test := range []struct{ what, text, want string }{
		{"a summary", ok(summary(time.Now())), ""},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + summary(time.Now()), ""},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(summary(time.Unix(0, 0))), summary(time.Unix(0, 0))), ""},
		{"100 MB", "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + strings.Repeat("x", 1<<20), "it answers more than 4 kB"},
		{"100 MB without a length", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1<<20), "it answers more than 4 kB"},
		{"a header of 1 MB", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), "it answers more than 4 kB"},
		{"packed", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n" + packed.String(), "it answers compressed, which nobody asked for"},
		{"packed, and does not say so", ok(packed.String()[:2000]), "its answer is no summary"},
		{"sent elsewhere", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "it sends us elsewhere (302), where nobody goes"},
		{"not a peer", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "serve.peers.enable is false there (404)"},
		{"not ours", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "it does not let us in (403): see serve.tls.allowNames there"},
		{"busy", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "it is busy, or knows nothing yet (503)"},
		{"broken", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "it answers HTTP 500"},
		{"a web page", ok("<html><body>it works"), "its answer is no summary"},
		{"nothing", ok(""), "its answer is no summary"},
		{"half of it", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "it closes the connection without an answer"},
		{"no HTTP", "220 mail.example.org ESMTP\r\n", "it does not answer as HTTP does"},
		{"nothing at all", "", "it closes the connection without an answer"},
	} {
		t.Run(test.what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
			defer cancel()
			s, err := l.p.exchange(ctx, "hv2", l.says(test.text))
			if test.want == "" {
				if err != nil || s.summary.Node != "hv2" || s.heard.IsZero() {
					t.Errorf("%+v, %v", s, err)
				}
				return
			}
			if err == nil {
				t.Fatal("that is a summary")
			}
			if words, reached := mtls.Why(err); words != test.want || !reached {
				t.Errorf("%q, reached %v, want %q", words, reached, test.want)
			}
		})
	}
}

// TestTrickle: who sends a byte now and then has as long as all others, wherever in the answer that is.
func TestTrickle(t *testing.T) {
	l := newPlace(t)
	for _, head := range []string{"H", "HTTP/1.1 200 OK\r\nX", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"} {
		at := l.node("127.0.0.1:0", func(c net.Conn) {
			for _, err := c.Write([]byte(head)); err == nil; _, err = c.Write([]byte("x")) {
				time.Sleep(time.Millisecond)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := l.p.exchange(ctx, "hv2", at)
		cancel()
		if err == nil {
			t.Fatal("that is a summary")
		}
		if words, reached := mtls.Why(err); words != "no answer in 2 s, though the connection is taken" || reached {
			t.Errorf("%q: %q, %v", head, words, reached)
		}
	}
}

// TestAskedByAddress: what is asked is the path, at the address, with nothing that a proxy or a browser would add; IPv6 as IPv4.
func TestAskedByAddress(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	l := newPlace(t)
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			l := &place{t, l.a, l.p}
			got := make(chan *http.Request, 1)
			at := l.node(address, func(c net.Conn) {
				if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					got <- q
				}
				io.WriteString(c, ok(summary(time.Now())))
			})
			if _, err := l.p.exchange(t.Context(), "hv2", at); err != nil {
				t.Fatal(err)
			}
			q := <-got
			if q.Method != "GET" || q.RequestURI != "/v1/summary" || q.Host != at.String() || !q.Close || q.Header.Get("Accept-Encoding") != "identity" || len(q.Header) != 4 {
				t.Errorf("%s %s of %s, %v", q.Method, q.RequestURI, q.Host, q.Header)
			}
		})
	}
}

// TestClockOfAPeer: a clock that is off is seen, and the time that an exchange takes is nobody's fault.
func TestClockOfAPeer(t *testing.T) {
	for _, test := range []struct{ seen, took, want time.Duration }{
		{0, 0, 0}, {time.Second, 0, 0}, {1500 * time.Millisecond, time.Second, 0}, {-1500 * time.Millisecond, time.Second, 0},
		{10*time.Minute - time.Millisecond, 2 * time.Second, 10 * time.Minute}, {-10*time.Minute - time.Millisecond, 0, -10 * time.Minute},
	} {
		if got := offset(test.seen, test.took); got != test.want {
			t.Errorf("seen %v off in %v: %v, want %v", test.seen, test.took, got, test.want)
		}
	}
	l := newPlace(t)
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	s, err := l.p.exchange(ctx, "hv2", l.says(ok(summary(time.Now().Add(time.Hour)))))
	if err != nil || s.offset > time.Hour || s.offset < time.Hour-await.Limit-time.Second {
		t.Errorf("an hour ahead: %v, %v", s.offset, err)
	}
}

// TestNothingIsLeft: after many questions, of which some failed, no descriptor is open and no goroutine runs that did not before.
func TestNothingIsLeft(t *testing.T) {
	l := newPlace(t)
	good, hangs := l.says(ok(summary(time.Now()))), l.node("127.0.0.1:0", func(c net.Conn) { io.Copy(io.Discard, c) })
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would close what nobody has closed
	began := descriptors(t)
	for i := range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
		at := good
		if i%4 == 0 {
			at = hangs
			ctx, cancel = context.WithTimeout(t.Context(), 5*time.Millisecond)
		}
		l.p.exchange(ctx, "hv2", at)
		cancel()
	}
	await.Until(t, "the descriptors of the questions are closed", func() bool { return descriptors(t) <= began })
}

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(all)
}

// TestNoGoroutinePerPeer: in a bubble all goroutines must have ended, or the test fails.
func TestNoGoroutinePerPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2", "hv3"), silent)
		r.start()
		r.look(true)
		r.newest(time.Second)
		r.end()
		if r.done().open != 0 {
			t.Errorf("%d questions after the end", r.done().open)
		}
	})
}

// TestSummaryFits: what peer.ParseSummary takes at most comes through.
func TestSummaryFits(t *testing.T) {
	l := newPlace(t)
	body := summary(time.Now())
	body += strings.Repeat(" ", peer.MaxSummary-len(body))
	if _, err := l.p.exchange(t.Context(), "hv2", l.says(ok(body))); err != nil {
		t.Error(err)
	}
	if _, err := l.p.exchange(t.Context(), "hv2", l.says(ok(body+" "))); err != peer.ErrTooLong {
		t.Error(err)
	}
}
