package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
)

// withPeers is a configuration with users, a token and certificates of clients, and the authority of these.
func withPeers(t testing.TB, allow ...string) (config.Serve, *authority) {
	t.Helper()
	a, dir := newAuthority(t), t.TempDir()
	c := config.Serve{TLS: a.pair(t, dir, "hv1"), Auth: config.ServeAuth{TokenFile: write(t, dir, "token", []byte("0123456789abcdef"))}, Peers: config.ServePeers{Enable: true}}
	c.TLS.ClientCAFile, c.TLS.AllowNames = write(t, dir, "ca.pem", a.PEM), allow
	return c, a
}

// TestPeersAreKnownByCertificatesOnly: what opens the page does not make a peer.
func TestPeersAreKnownByCertificatesOnly(t *testing.T) {
	t.Parallel()
	c, a := withPeers(t, "hv2")
	r := start(t, Options{Config: c, Peers: http.HandlerFunc(page)})
	token := func(q *http.Request) { q.Header.Set("Authorization", "Bearer 0123456789abcdef") }
	for _, at := range []string{"/v1/summary", "/v1/", "/v1/other"} {
		for _, test := range []struct {
			what, name string
			edit       func(*http.Request)
			want       int
		}{
			{"a peer", "hv2", nil, 200},
			{"no certificate", "", nil, 403},
			{"a token alone", "", token, 403},
			{"another name", "hv3", nil, 403},
			{"another name with a token", "hv3", token, 403},
			{"a page of another site", "hv2", func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			{"another host's name", "hv2", func(q *http.Request) { q.Host = "evil.test" }, 421},
		} {
			answer, text := ask(t, r.trusting(t, a, test.name), "GET", "https://127.0.0.1"+at, test.edit)
			if answer.StatusCode != test.want || (test.want == 200) != (text == at+" CN=hv2 ") {
				t.Errorf("%s: %s: %d %q, want %d", at, test.what, answer.StatusCode, text, test.want)
			}
		}
		if answer, text := ask(t, r.client(), "GET", "http://unix"+at, nil); answer.StatusCode != 403 {
			t.Errorf("%s by the Unix socket: %d %q", at, answer.StatusCode, text)
		}
	}
	if n := r.said("refused 127.0.0.1: its certificate is not among those of allowNames"); n != 1 {
		t.Errorf("%d lines say why a certificate is not good enough", n)
	}
	cert, key := newAuthority(t).issue(t, "hv2", -1e12, 1e12)
	stranger, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	client := r.trusting(t, a, "")
	client.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &stranger, nil }
	if answer, err := client.Get("https://127.0.0.1/v1/summary"); err == nil {
		answer.Body.Close()
		t.Errorf("somebody else's authority: %s", answer.Status)
	}
	// There is no page.
	for at, want := range map[string]int{"/": 404, "/events": 404, "/v1": 404, "/v2/summary": 404} {
		if answer, text := ask(t, r.trusting(t, a, "hv2"), "GET", "https://127.0.0.1"+at, nil); answer.StatusCode != want {
			t.Errorf("%s: %d %q, want %d", at, answer.StatusCode, text, want)
		}
	}
}

// TestPeersOff: for whoever may come there is no such thing.
func TestPeersOff(t *testing.T) {
	t.Parallel()
	c, a := withPeers(t)
	c.Peers.Enable = false
	r := start(t, Options{Config: c, Web: http.NotFoundHandler()})
	for name, want := range map[string]int{"hv2": 404, "": 401} {
		if answer, text := ask(t, r.trusting(t, a, name), "GET", "https://127.0.0.1/v1/summary", nil); answer.StatusCode != want {
			t.Errorf("%q: %d %q, want %d", name, answer.StatusCode, text, want)
		}
	}
}

// TestPeersNeedAnAuthority: without one nobody could come, and a reload does not take it away.
func TestPeersNeedAnAuthority(t *testing.T) {
	t.Parallel()
	c, _ := withPeers(t)
	s, err := New(Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	var said string
	s.options.Log = func(format string, args ...any) { said += format }
	before := s.secrets.Load()
	s.options.Config.TLS.ClientCAFile = ""
	if s.readAgain(); s.secrets.Load() != before || !strings.Contains(said, "not reloaded") {
		t.Errorf("reloaded: %s", said)
	}
	if _, err := New(Options{Config: s.options.Config}); err == nil || !strings.Contains(err.Error(), "serve.tls.clientCAFile") {
		t.Error(err)
	}
}

// TestCheckSaysWhichPeersMayCome.
func TestCheckSaysWhichPeersMayCome(t *testing.T) {
	t.Parallel()
	last := func(c config.Serve) Finding {
		found := Check(t.Context(), Options{Config: c})
		return found[len(found)-1]
	}
	c, _ := withPeers(t, "hv2", "hv3")
	if got, want := last(c), (Finding{"serve", "ok", "consoles of other nodes may come: those of hv2, hv3"}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	c.TLS.AllowNames = nil
	if got, want := last(c), (Finding{"serve", "ok", "consoles of other nodes may come: each with a certificate of serve.tls.clientCAFile"}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	c.TLS.ClientCAFile = ""
	if got := last(c); got.State != "failed" || !strings.Contains(got.Text, "set serve.tls.clientCAFile") {
		t.Errorf("without an authority: %v", got)
	}
	c.Peers.Enable = false
	if got := last(c); got.State != "ok" || strings.Contains(got.Text, "nodes") {
		t.Errorf("while it is off: %v", got)
	}
}

// TestSummary: one line, for whoever asks in the right way, and for many at once.
func TestSummary(t *testing.T) {
	t.Parallel()
	const line = `{"node":"hv1"}` + "\n"
	known := true
	mux := http.NewServeMux()
	mux.Handle("GET /v1/summary", NewSummary(func(context.Context) ([]byte, error) {
		if !known {
			return nil, errors.New("nothing is known")
		}
		return []byte(line), nil
	}))
	c, a := withPeers(t)
	r := start(t, Options{Config: c, Peers: mux})
	client := r.trusting(t, a, "hv2")
	for _, test := range []struct {
		method, body string
		code         int
		want         string
	}{
		{"GET", "", 200, line}, {"HEAD", "", 200, ""}, {"POST", "", 405, "Method Not Allowed\n"}, {"DELETE", "", 405, "Method Not Allowed\n"}, {"GET", "x", 400, "Bad Request\n"},
		{"POST", strings.Repeat("x", maxBody+1), 413, "Request Entity Too Large\n"},
	} {
		answer, text := ask(t, client, test.method, "https://127.0.0.1/v1/summary", func(q *http.Request) {
			if test.body != "" {
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader(test.body)), int64(len(test.body))
			}
		})
		if answer.StatusCode != test.code || text != test.want {
			t.Errorf("%s with %d bytes: %d %q, want %d", test.method, len(test.body), answer.StatusCode, text, test.code)
		}
		if kind := answer.Header.Get("Content-Type"); test.code == 200 && kind != "application/json" {
			t.Errorf("%s is %s", test.method, kind)
		}
	}
	var all sync.WaitGroup
	for range 20 {
		client := r.trusting(t, a, "hv3")
		all.Go(func() {
			if answer, err := client.Get("https://127.0.0.1/v1/summary"); err != nil {
				t.Error(err)
			} else if answer.Body.Close(); answer.StatusCode != 200 {
				t.Errorf("one of twenty: %s", answer.Status)
			}
		})
	}
	all.Wait()
	known = false
	if answer, text := ask(t, client, "GET", "https://127.0.0.1/v1/summary", nil); answer.StatusCode != 503 || text != "nothing is known\n" || answer.Header.Get("Retry-After") == "" {
		t.Errorf("before the first frame: %d %q", answer.StatusCode, text)
	}
}

// TestPeersOfAnAuthorityThatIsGone: after a reload with another authority the connections of before, and TLS sessions that are
// resumed, open nothing any more.
func TestPeersOfAnAuthorityThatIsGone(t *testing.T) {
	t.Parallel()
	c, a := withPeers(t)
	r := start(t, Options{Config: c, Peers: http.HandlerFunc(page)})
	client := r.trusting(t, a, "hv2")
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.ClientSessionCache, transport.DisableKeepAlives = tls.NewLRUClientSessionCache(8), false
	for resumed := range 2 {
		answer, text := ask(t, client, "GET", "https://127.0.0.1/v1/summary", nil)
		if answer.StatusCode != 200 || answer.TLS.DidResume != (resumed == 1) {
			t.Fatalf("%s %q, resumed: %v", answer.Status, text, answer.TLS.DidResume)
		}
		transport.CloseIdleConnections()
	}
	if answer, _ := ask(t, client, "GET", "https://127.0.0.1/v1/summary", nil); answer.StatusCode != 200 { // its connection stays
		t.Fatal(answer.Status)
	}
	if err := os.WriteFile(c.TLS.ClientCAFile, newAuthority(t).PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Reload()
	await.Until(t, "it says that it is reloaded", func() bool { return r.said("are read again") == 1 })
	for _, what := range []string{"a connection of before", "a resumed session"} {
		ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
		q, _ := http.NewRequestWithContext(ctx, "GET", "https://127.0.0.1/v1/summary", nil)
		if answer, err := client.Do(q); err == nil {
			if answer.Body.Close(); answer.StatusCode == 200 {
				t.Errorf("%s still opens it", what)
			}
		}
		cancel()
		transport.CloseIdleConnections()
	}
}
