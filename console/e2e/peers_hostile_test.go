//go:build !nokube

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/internal/certtest"
)

// stranger is what answers where a node's --serve should. Its zero value answers with a summary that is good.
type stranger struct {
	name   string // of the node that it is taken for
	answer func(w http.ResponseWriter, r *http.Request)
	stream func(w http.ResponseWriter, r *http.Request)                    // all else below /v1/; nil: that is not found
	wire   func(c net.Conn)                                                // in place of answer: what it does with an encrypted connection
	bare   func(c net.Conn)                                                // in place of both: with one that is not encrypted
	pair   func(t testing.TB, a *certtest.Authority, n node) certtest.Pair // its certificate; nil: a good one
	tls    func(c *tls.Config)
	says   string // among the words of the console for it
}

// node is a name and the IP address where it is asked.
type node struct{ name, ip string }

// text answers with a status and a body.
func text(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = io.WriteString(w, body) }
}

// lines writes text to a connection whatever was asked, and waits until the other end goes.
func lines(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text); _, _ = io.Copy(io.Discard, c) }
}

// summaryAt is the least that a node says of itself.
func summaryAt(name string, at time.Time) string {
	return fmt.Sprintf(`{"node":%q,"time":%q,"problems":0}`, name, at.Format(time.RFC3339Nano))
}

// flood writes text again and again, 100 MB of it or until the other end goes.
func flood(w io.Writer, text string) {
	chunk := []byte(strings.Repeat(text, 1+(64<<10)/len(text)))
	for sent := 0; sent < 100<<20; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// trickle writes text a byte at a time, and never its end.
func trickle(w io.Writer, text string) {
	for i := 0; ; i++ {
		if _, err := w.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		time.Sleep(100 * time.Millisecond) // not a wait: that is how slow it is
	}
}

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// strangers are all that a console may meet, each under a name that says which one it is.
func strangers(elsewhere string, bomb []byte) []stranger {
	return []stranger{
		{name: "of-another", says: "its certificate is for hv9", pair: func(t testing.TB, a *certtest.Authority, _ node) certtest.Pair {
			return a.Node(t, "hv9", "127.0.9.9")
		}},
		{name: "of-nobody", says: "certificate is for evil", pair: func(t testing.TB, a *certtest.Authority, _ node) certtest.Pair {
			return a.Node(t, "evil\x1b[2J\x1b]0;x\a")
		}},
		{name: "other-ca", says: "authority", pair: func(t testing.TB, _ *certtest.Authority, n node) certtest.Pair {
			return certtest.New(t).Node(t, n.name, n.ip)
		}},
		{name: "expired", says: "expired on", pair: func(t testing.TB, a *certtest.Authority, n node) certtest.Pair {
			return a.Between(t, -2*time.Hour, -time.Hour, n.name, n.ip)
		}},
		{name: "too-early", says: "not valid before", pair: func(t testing.TB, a *certtest.Authority, n node) certtest.Pair {
			return a.Between(t, time.Hour, 2*time.Hour, n.name, n.ip)
		}},
		{name: "refuses-us", says: "does not take our certificate", tls: func(c *tls.Config) { c.ClientCAs = nil }},
		{name: "old-tls", says: "speaks no TLS 1.3", tls: func(c *tls.Config) { c.MinVersion, c.MaxVersion = 0, tls.VersionTLS12 }},
		{name: "only-http2", says: "does not answer as HTTP does", wire: func(c net.Conn) {
			_, _ = io.ReadFull(c, make([]byte, 24)) // of whoever speaks it by a preface of 24 bytes
			_, _ = io.WriteString(c, "\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		}},
		{name: "plain", says: "does not speak TLS", bare: lines("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")},
		{name: "never-speaks", says: "no answer in 2 s", bare: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
		{name: "hangs-up", says: "closes the connection", bare: func(net.Conn) {}},
		{name: "resets", says: "closes the connection", bare: func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }},
		{name: "hangs-up-late", says: "closes the connection", wire: func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }},
		{name: "huge", says: "more than 4 kB", answer: func(w http.ResponseWriter, _ *http.Request) { flood(w, summaryAt("huge", time.Now())) }},
		{name: "huge-string", says: "more than 4 kB", answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"node":"`); flood(w, "x") }},
		{name: "huge-head", says: "more than 4 kB", wire: func(c net.Conn) { _, _ = io.WriteString(c, head); flood(c, "X-More: x\r\n") }},
		{name: "huge-line", says: "more than 4 kB", wire: func(c net.Conn) { _, _ = io.WriteString(c, head+"X-Long: "); flood(c, "x") }},
		{name: "informs", says: "HTTP 103", wire: func(c net.Conn) { flood(c, "HTTP/1.1 103 Early Hints\r\nX-More: x\r\n\r\n") }},
		{name: "too-long", says: "more than 4 kB", wire: func(c net.Conn) { _, _ = io.WriteString(c, head+"Content-Length: 100000000000\r\n\r\n"); flood(c, "{") }},
		{name: "trickles", says: "no answer in 2 s", answer: func(w http.ResponseWriter, _ *http.Request) { trickle(w, " ") }},
		{name: "trickles-head", says: "no answer in 2 s", wire: func(c net.Conn) { trickle(c, head+"X: ") }},
		{name: "trickles-tls", says: "no answer in 2 s", bare: func(c net.Conn) { trickle(c, "\x16\x03\x03\x40\x00") }},
		{name: "never-ends", says: "no answer in 2 s", answer: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.TrimSuffix(summaryAt("never-ends", time.Now()), "}"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{name: "html", says: "no summary", answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><script>alert(1)</script>")
		}},
		{name: "redirects", says: "elsewhere (302)", answer: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) }},
		{name: "bomb", says: "compressed", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}},
		{name: "other-json", says: "no summary", answer: text(http.StatusOK, `{"node":["x"],"time":7}`)},
		{name: "list", says: "no summary", answer: text(http.StatusOK, `[]`)},
		{name: "null", says: "no summary", answer: text(http.StatusOK, `null`)},
		{name: "nothing", says: "no summary", answer: text(http.StatusOK, ``)},
		{name: "half", says: "no summary", answer: text(http.StatusOK, `{"node":"half","time":"2026-0`)},
		{name: "deep", says: "no summary", answer: text(http.StatusOK, strings.Repeat("[", 4000))},
		{name: "no-name", says: "no summary", answer: text(http.StatusOK, `{}`)},
		{name: "another-node", says: "", answer: text(http.StatusOK, summaryAt("hv7", time.Now()))},
		{name: "off", says: "serve.peers.enable is false there", answer: text(http.StatusNotFound, "404 page not found\n")},
		{name: "forbids", says: "403", answer: text(http.StatusForbidden, "no\n")},
		{name: "breaks", says: "500", answer: text(http.StatusInternalServerError, summaryAt("breaks", time.Now()))},
		{name: "speaks-on", says: "says that nothing is wrong", wire: func(c net.Conn) {
			body := summaryAt("speaks-on", time.Now())
			lines(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s\x1b[2J\x1b]0;unsolicited\a", head, len(body), body))(c)
		}},
		{name: "paints", says: "hello", answer: text(http.StatusOK, `{"node":"paints","time":"2026-11-28T12:00:00Z","version":"\u001b[2J\u001b]0;x\u0007","problems":-5,`+
			`"severity":"\u001b[31m","worst":"\u202e\u001b[2Jhello\r\nroot@host:~# ","cpu_pct":1e308,"fs_pct":-1,"mem_used":18446744073709551615,"mem_total":1,"vms":-3,"uptime_s":-1e300,"generation":-1,"ready":"\u001b","api":"\u0000"}`)},
		{name: "long-ago", says: "behind this host's", answer: text(http.StatusOK, summaryAt("long-ago", time.Unix(0, 0)))},
		{name: "far-ahead", says: "no summary", answer: text(http.StatusOK, `{"node":"far-ahead","time":"9999-12-31T23:59:59Z","problems":0}`)},
	}
}

// gzipBomb is 100 MB of blanks before a summary, compressed.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	flood(w, " ")
	_, _ = io.WriteString(w, summaryAt("bomb", time.Now()))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// start starts the stranger on an IP address, until the test ends. It returns where it listens, and a count of who came.
func (s *stranger) start(t *testing.T, a *certtest.Authority, ip string) (address string, came *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Skip(err)
	}
	came = new(atomic.Int64)
	address, n := l.Addr().String(), node{s.name, ip}
	counted := &counting{Listener: l, n: came}
	if s.bare != nil {
		acceptAll(t, counted, s.bare)
		return address, came
	}
	pair := a.Node(t, n.name, n.ip)
	if s.pair != nil {
		pair = s.pair(t, a, n)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair.TLS(t)}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
	if s.tls != nil {
		s.tls(config)
		if config.ClientCAs == nil {
			config.ClientCAs = certtest.New(t).Pool()
		}
	}
	encrypted := tls.NewListener(counted, config)
	if s.wire != nil {
		acceptAll(t, encrypted, s.wire)
		return address, came
	}
	answer := s.answer
	if answer == nil {
		answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, summaryAt(s.name, time.Now())) }
	}
	h := http.NewServeMux()
	h.HandleFunc("GET /v1/summary", answer)
	if s.stream != nil {
		h.HandleFunc("/v1/", s.stream)
	}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	t.Cleanup(func() { server.Close() })
	go func() { _ = server.Serve(encrypted) }() // it is closed
	return address, came
}

// acceptAll lets serve have each connection, which is closed when that returns or the test ends.
func acceptAll(t *testing.T, l net.Listener, serve func(net.Conn)) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go func() { defer c.Close(); serve(c) }()
		}
	}()
}

// counting counts the connections that it accepts.
type counting struct {
	net.Listener
	n *atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return c, err
}

// TestPeersHostile: whatever answers in the place of a node, F4 says what it is in words, asks nobody else, sends the terminal
// nothing of it, and stays small; those that are peers stay fresh beside it.
func TestPeersHostile(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	other := stranger{name: "elsewhere"}
	elsewhere, came := other.start(t, m.ca, "127.0.1.1")
	all := strangers("https://"+elsewhere+"/v1/summary", gzipBomb(t))
	for i := range all {
		m.meet(all[i], fmt.Sprint("127.0.2.", 1+i))
	}
	for _, name := range []string{"good-1", "good-2", "good-3"} {
		m.meet(stranger{name: name}, "127.0.1.2")
	}
	s := m.look("")
	held := s.bounded(maxAsked)
	s.answer("good-1", "good-2", "good-3")
	for _, w := range all {
		t.Log(w.name + ": " + s.why(w.name, w.says, func(words string) bool { return words != "" && strings.Contains(words, w.says) }))
	}
	s.fresh("good-1", "good-2", "good-3")
	held()
	t.Log("\n" + s.text())
	if n := came.Load(); n != 0 {
		t.Errorf("who was redirected to was asked %d times", n)
	}
	s.keys("q")
	if code, _ := s.exit(); code != 0 || s.stderr() != "" {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestPeersMany: of 200 nodes half are hostile, and the others stay fresh.
func TestPeersMany(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 200 nodes are asked four times")
	}
	t.Parallel()
	m := newMesh(t)
	all := strangers("https://127.0.0.1:1/", gzipBomb(t))
	var good []string
	for i := range 100 {
		s := all[i%len(all)]
		s.name = fmt.Sprint("bad-", i)
		m.meet(s, fmt.Sprint("127.0.4.", 1+i))
		good = append(good, fmt.Sprintf("good-%d", i))
		m.meet(stranger{name: good[i]}, fmt.Sprint("127.0.5.", 1+i))
	}
	s := m.look("")
	held := s.bounded(maxAsked)
	s.keys("/good\r")
	s.answer(good...)
	s.fresh(good...)
	held()
	t.Log("\n" + s.text())
}

// TestVisitHostile: o leads to a console that is none. What it is stands there in words, Esc comes back, and nothing of it stays.
func TestVisitHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("long: some are silent for six seconds until that is said")
	}
	t.Parallel()
	other := stranger{name: "elsewhere"}
	m := newMesh(t)
	elsewhere, came := other.start(t, m.ca, "127.0.1.1")
	stream := func(send func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Console-Viewer", "1")
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			send(w)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	all := []stranger{
		{name: "one-line", says: "it sends lines of more than", stream: stream(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "data: 1 "); flood(w, "x") })},
		{name: "comments", says: "nothing has come for 6 s", stream: stream(func(w http.ResponseWriter) { flood(w, ": x\n") })},
		{name: "says-nothing", says: "nothing has come for 6 s", stream: stream(func(http.ResponseWriter) {})},
		{name: "is-garbage", says: "it sends what is no picture", stream: stream(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "data: \x1b[2J\x1b]0;x\a\n\n") })},
		{name: "no-rows", says: "it sends what is no picture", stream: stream(func(w http.ResponseWriter) { flood(w, "data: 7\n\n") })},
		{name: "no-head", says: "nothing has come for 6 s", stream: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "sends-away", says: "302", stream: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+elsewhere+"/v1/stream", http.StatusFound)
		}},
		{name: "refuses", says: "403", stream: text(http.StatusForbidden, "\x1b[2Jno\n")},
		{name: "not-there", says: "404"},
	}
	var names []string
	for i := range all {
		m.meet(all[i], fmt.Sprint("127.0.6.", 1+i))
		names = append(names, all[i].name)
	}
	s := m.look("")
	s.answer(names...)
	held := s.bounded(0)
	for _, w := range all {
		s.why(w.name, "an answer", func(words string) bool { return words != "" })
		s.keys("/" + w.name + "\r")
		s.await("filter " + w.name + " ")
		s.keys("o")
		s.await(w.name, "Esc comes back", w.says)
		s.keys("\x1b")
		s.until("this console is back", func(text string) bool {
			return strings.Contains(text, "filter "+w.name+" ") && !strings.Contains(text, "comes back")
		})
		s.keys("\x1b")
		s.until("the filter is gone", func(text string) bool { return !strings.Contains(text, "filter ") })
	}
	held()
	if n := came.Load(); n != 0 {
		t.Errorf("who was redirected to was asked %d times", n)
	}
	s.keys("q")
	if code, _ := s.exit(); code != 0 || s.stderr() != "" {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}
