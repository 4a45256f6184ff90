package serve

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/internal/credential"
)

// authority signs certificates.
type authority struct{ *certtest.Authority }

func newAuthority(t testing.TB) *authority {
	t.Helper()
	return &authority{certtest.New(t)}
}

// issue makes a certificate of the name, good from and until so long from now, and its key.
func (a *authority) issue(t testing.TB, name string, from, until time.Duration) (cert, key []byte) {
	t.Helper()
	p := a.Between(t, from, until, name, name+".test", "127.0.0.1")
	return p.Cert, p.Key
}

// write puts text into a file of mode 0600.
func write(t testing.TB, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pair writes a certificate and its key.
func (a *authority) pair(t testing.TB, dir, name string) config.ServeTLS {
	t.Helper()
	cert, key := a.issue(t, name, -time.Hour, time.Hour)
	return config.ServeTLS{CertFile: write(t, dir, "cert.pem", cert), KeyFile: write(t, dir, "key.pem", key)}
}

// trusting makes a client that trusts a, and shows a certificate of the name where there is one.
func (r *running) trusting(t testing.TB, a *authority, name string) *http.Client {
	t.Helper()
	c := r.client()
	own := &tls.Config{RootCAs: a.Pool()}
	if name != "" {
		cert, key := a.issue(t, name, -time.Hour, time.Hour)
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		own.Certificates = []tls.Certificate{pair}
	}
	c.Transport.(*http.Transport).TLSClientConfig = own
	return c
}

// TestTLSIs13AndHTTP1: no older TLS, no HTTP/2, and what is not encrypted gets a 400. A client without SNI is served.
func TestTLSIs13AndHTTP1(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	r := start(t, Options{Config: config.Serve{TLS: a.pair(t, t.TempDir(), "server")}})
	if answer, _ := ask(t, r.trusting(t, a, ""), "GET", "https://127.0.0.1/metrics", nil); answer.StatusCode != 200 || answer.TLS.Version != tls.VersionTLS13 || answer.Proto != "HTTP/1.1" {
		t.Errorf("%v %v %v", answer.Status, answer.TLS.Version, answer.Proto)
	}
	for _, c := range []struct {
		config *tls.Config
		ok     bool
	}{
		{&tls.Config{MaxVersion: tls.VersionTLS12}, false},
		{&tls.Config{NextProtos: []string{"h2"}}, false},
		{&tls.Config{NextProtos: []string{"h2", "http/1.1"}}, true},
	} {
		c.config.InsecureSkipVerify = true // what is asked here is the protocol
		conn, err := tls.Dial("tcp", r.tcp, c.config)
		if (err == nil) != c.ok {
			t.Errorf("%v %v: %v", c.config.MaxVersion, c.config.NextProtos, err)
		}
		if err == nil {
			if p := conn.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
				t.Errorf("negotiated %q", p)
			}
			conn.Close()
		}
	}
	if answer, _ := ask(t, http.DefaultClient, "GET", "http://"+r.tcp+"/metrics", nil); answer.StatusCode != 400 {
		t.Errorf("plain: %v", answer.Status)
	}
	if answer, _ := ask(t, r.client(), "GET", "http://unix/", nil); answer.StatusCode != 200 {
		t.Errorf("unix: %v", answer.Status)
	}
}

// TestReloadDropsNobody: a new certificate is there for the next connection, and one that is bad changes nothing.
func TestReloadDropsNobody(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	c := config.Serve{TLS: a.pair(t, dir, "first"), Auth: config.ServeAuth{TokenFile: write(t, dir, "token", []byte("0123456789abcdef\n"))}}
	r := start(t, Options{Config: c})
	token := func(token string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+token) }
	}
	seen := func() string {
		answer, _ := ask(t, r.trusting(t, a, ""), "GET", "https://127.0.0.1/metrics", nil)
		return answer.TLS.PeerCertificates[0].Subject.CommonName
	}
	if name := seen(); name != "first" {
		t.Fatal(name)
	}
	waits, err := r.trusting(t, a, "").Do(func() *http.Request {
		q, _ := http.NewRequest("GET", "https://127.0.0.1/wait", nil)
		token("0123456789abcdef")(q)
		return q
	}())
	if err != nil || waits.StatusCode != 200 {
		t.Fatal(waits, err)
	}
	defer waits.Body.Close()
	body := bufio.NewReader(waits.Body)
	if line, err := body.ReadString('\n'); line != "begun\n" {
		t.Fatal(line, err)
	}
	for i, bad := range []func(){
		func() { os.WriteFile(c.TLS.CertFile, nil, 0o600) },
		func() { cert, _ := a.issue(t, "other", 0, time.Hour); os.WriteFile(c.TLS.CertFile, cert, 0o600) },
		func() { os.Remove(c.TLS.KeyFile) },
		func() { a.pair(t, dir, "second"); os.Chmod(c.Auth.TokenFile, 0o644) },
	} {
		bad()
		r.Reload()
		await.Until(t, "it says that it is not reloaded", func() bool { return r.said("not reloaded") == i+1 })
		if name := seen(); name != "first" {
			t.Errorf("after bad reload %d: %s", i, name)
		}
	}
	write(t, dir, "token", []byte("another-token-of-us"))
	os.Chmod(c.Auth.TokenFile, 0o600)
	r.Reload()
	await.Until(t, "it says that it is reloaded", func() bool { return r.said("are read again") == 1 })
	if name := seen(); name != "second" {
		t.Errorf("after reload: %s", name)
	}
	for token, want := range map[string]string{"0123456789abcdef": "401 Unauthorized", "another-token-of-us": "200 OK"} {
		if answer, _ := ask(t, r.trusting(t, a, ""), "GET", "https://127.0.0.1/", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+token) }); answer.Status != want {
			t.Errorf("%s: %s", token, answer.Status)
		}
	}
	r.end()
	if line, err := body.ReadString('\n'); line != "ended\n" {
		t.Errorf("who waited got %q, %v", line, err)
	}
}

// TestReloadSwitchesNothingOnOrOff: sockets were opened by what there was, and would be open to more than the files say.
func TestReloadSwitchesNothingOnOrOff(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.pair(t, dir, "server")
	const encrypted = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
	login := "basic_auth_users: {alice: '" + hashOf(t, "wonder") + "'}\n"
	for before, after := range map[string]string{encrypted + login: login, login: encrypted + login, encrypted: encrypted + login, login + encrypted: encrypted} {
		c := config.Serve{Auth: config.ServeAuth{WebConfigFile: write(t, dir, "web.yml", []byte(before))}}
		var said string
		s, err := New(Options{Config: c, Log: func(format string, args ...any) { said += fmt.Sprintf(format, args...) }})
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "web.yml", []byte(after))
		was := s.secrets.Load()
		if s.readAgain(); s.secrets.Load() != was || !strings.Contains(said, "takes a restart") {
			t.Errorf("%s to %s: %s", before, after, said)
		}
	}
}

// TestClientCertificates: signed by the authority, and of a name that is allowed.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	a, other, dir := newAuthority(t), newAuthority(t), t.TempDir()
	c := a.pair(t, dir, "server")
	c.ClientCAFile, c.AllowNames = write(t, dir, "ca.pem", a.PEM), []string{"prometheus", "grafana.test"}
	r := start(t, Options{Config: config.Serve{TLS: c}})
	for name, want := range map[string]string{
		"prometheus": "200 CN=prometheus", "Prometheus": "200 CN=Prometheus", "grafana": "200 CN=grafana", "": "401 ", "stranger": "401 ",
	} {
		answer, text := ask(t, r.trusting(t, a, name), "GET", "https://127.0.0.1/", nil)
		_, who, _ := strings.Cut(strings.TrimSuffix(text, " "), " ")
		if answer.StatusCode != 200 {
			who = ""
		}
		if got := fmt.Sprintf("%d %s", answer.StatusCode, who); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	client := r.trusting(t, a, "")
	cert, key := other.issue(t, "prometheus", -time.Hour, time.Hour)
	stranger, _ := tls.X509KeyPair(cert, key)
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{stranger}
	if answer, err := client.Get("https://127.0.0.1/"); err == nil && answer.StatusCode == 200 {
		t.Error("somebody else's authority is good enough")
	}
	old, oldKey := a.issue(t, "prometheus", -2*time.Hour, -time.Hour)
	expired, _ := tls.X509KeyPair(old, oldKey)
	client.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &expired, nil }
	if answer, err := client.Get("https://127.0.0.1/"); err == nil && answer.StatusCode == 200 {
		t.Error("an expired certificate is good enough")
	}
}

// TestBadCertificatesAreNamed: what is wrong is said by file, and those that clients would refuse are served and said.
func TestBadCertificatesAreNamed(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	cert, key := a.issue(t, "server", -time.Hour, time.Hour)
	_, otherKey := a.issue(t, "server", -time.Hour, time.Hour)
	good, goodKey, ca := write(t, dir, "good", cert), write(t, dir, "goodkey", key), write(t, dir, "ca", a.PEM)
	empty := write(t, dir, "empty", nil)
	for want, c := range map[string]config.ServeTLS{
		"/missing: no such file":      {CertFile: dir + "/missing", KeyFile: goodKey},
		"/missing2: no such file":     {CertFile: good, KeyFile: dir + "/missing2"},
		"/otherkey: tls: private key": {CertFile: good, KeyFile: write(t, dir, "otherkey", otherKey)},
		"/empty with ":                {CertFile: empty, KeyFile: goodKey},
		"is not a regular file":       {CertFile: "/dev/null", KeyFile: goodKey},
		"/empty has no certificate":   {CertFile: good, KeyFile: goodKey, ClientCAFile: empty},
		"/goodkey has no certificate": {CertFile: good, KeyFile: goodKey, ClientCAFile: goodKey},
		"/noca: no such file":         {CertFile: good, KeyFile: goodKey, ClientCAFile: dir + "/noca"},
		"larger than 256 KiB":         {CertFile: write(t, dir, "huge", make([]byte, credential.Max+1)), KeyFile: goodKey},
	} {
		if _, err := readSecrets(config.Serve{TLS: c}); err == nil || !strings.HasPrefix(err.Error(), "serve.tls: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	for want, when := range map[string][2]time.Duration{"expired on": {-2 * time.Hour, -time.Hour}, "not valid before": {time.Hour, 2 * time.Hour}} {
		cert, key := a.issue(t, "server", when[0], when[1])
		c := config.ServeTLS{CertFile: write(t, dir, "late", cert), KeyFile: write(t, dir, "latekey", key), ClientCAFile: ca}
		if s, err := readSecrets(config.Serve{TLS: c}); err != nil || len(s.warnings) != 1 || !strings.Contains(s.warnings[0], want) {
			t.Errorf("%s: %v, %v", want, s, err)
		}
	}
	if os.Getuid() != 0 { // root may read all
		if err := os.Chmod(goodKey, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := readSecrets(config.Serve{TLS: config.ServeTLS{CertFile: good, KeyFile: goodKey}}); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("an unreadable key: %v", err)
		}
	}
}
