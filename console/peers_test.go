//go:build !nokube

package console

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
	"hypervisor-tui/serve"
)

// servePeers runs a host of c whose peers have certificates of the authority, and returns where it answers them.
func servePeers(t *testing.T, c config.Config, a *certtest.Authority) (h *host, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.Serve.Peers.Enable, c.Serve.TLS.ClientCAFile = true, a.Write(t, t.TempDir())
	c.Serve.TLS.CertFile, c.Serve.TLS.KeyFile = a.Node(t, "hv1", "127.0.0.1").Write(t, t.TempDir())
	h, err := newHost(ctx, new(guard.Guard), loaded{config: c}, Options{Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Options{Config: c.Serve, Sockets: []net.Listener{l}, Peers: h.peers(), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	h.collector.StartSampler(ctx)
	owner, server := make(chan struct{}), make(chan struct{})
	go func() { defer close(owner); _ = h.run(ctx) }()
	go func() { defer close(server); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-server; <-owner; h.news.Close() })
	return h, l.Addr().String()
}

// peerOf is a console of another node, as a client of servePeers.
func peerOf(t *testing.T, a *certtest.Authority, name string) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool(), Certificates: []tls.Certificate{a.Node(t, name).TLS(t)}}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestPeerSeesTheConsole with the messages of its log, which a page in a browser may be refused; it takes one of the places of
// viewers, and gives it back. It does not lead on to other nodes.
func TestPeerSeesTheConsole(t *testing.T) {
	a, c := certtest.New(t), config.Default()
	c.Serve.MaxViewers, c.Serve.Web.Logs = 1, false
	h, address := servePeers(t, c, a)
	client := peerOf(t, a, "hv2")
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	send := func(method, path, id, body string) *http.Response {
		t.Helper()
		q, err := http.NewRequestWithContext(ctx, method, "https://"+address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Console-Viewer", id)
		answer, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	stream := send("GET", "/v1/stream?w=200&h=60&screen=logs", "new", "")
	if stream.StatusCode != http.StatusOK {
		t.Fatal(stream.Status)
	}
	lines := bufio.NewReader(stream.Body)
	until := func(text string) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			switch {
			case err != nil:
				t.Fatalf("%s does not come: %v", text, err)
			case strings.Contains(line, "serve.web.logs"):
				t.Fatalf("messages are hidden: %s", line)
			case strings.Contains(line, text):
				return
			}
		}
	}
	id := stream.Header.Get("Console-Viewer")
	until("following") // the log's page
	send("POST", "/v1/keys", id, "F2")
	until("── Memory")
	send("POST", "/v1/keys", id, "i")
	until("the console of another node, CN=hv2")
	full := send("GET", "/v1/stream", "new", "")
	if text, _ := bufio.NewReader(full.Body).ReadString('\n'); full.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "1 look already") {
		t.Errorf("a second viewer: %s %s", full.Status, text)
	}
	await.Until(t, "a summary", func() bool { return send("GET", "/v1/summary", "", "").StatusCode == http.StatusOK }) // it takes no place
	if n := h.viewers.number(); n != 1 {
		t.Errorf("%d viewers", n)
	}
	stream.Body.Close()
	await.Until(t, "its place is free", func() bool { return h.viewers.number() == 0 })
}

// TestSummaryIsMadeOncePerFrame, but its time is that of the question: others judge this host's clock by it. Before the first sample
// there is none, since no problem is seen before anything is.
func TestSummaryIsMadeOncePerFrame(t *testing.T) {
	h := newTestHost(t)
	go func() { // as run does, of what it is asked
		for {
			select {
			case f := <-h.asked:
				f()
			case <-h.ended:
				return
			}
		}
	}()
	h.do(t.Context(), func() { h.fill(time.Now()) })
	if text, err := h.summary(t.Context()); err != errNoFrame {
		t.Errorf("before the first sample: %s, %v", text, err)
	}
	h.do(t.Context(), func() {
		h.frame.Host = &sample.Host{Machine: sample.Machine{Hostname: "hv1"}}
		h.frame.Now = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	})
	of := func() (s peer.Summary) {
		t.Helper()
		text, err := h.summary(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := of()
	if first.Node != "hv1" || first.Version != "1.0.0" || first.Time.Year() == 2020 {
		t.Errorf("%+v", first)
	}
	h.do(t.Context(), func() { h.frame.Host.Machine.Hostname = "another" })
	await.Until(t, "its time goes on", func() bool { return of().Time.After(first.Time) })
	if s := of(); s.Node != "hv1" {
		t.Errorf("it is made anew for a frame that it was made of: %+v", s)
	}
	h.do(t.Context(), func() { h.filled++ })
	if s := of(); s.Node != "another" {
		t.Errorf("it is not of the newest frame: %+v", s)
	}
}
