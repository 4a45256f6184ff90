package serve

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/clean/secret"
)

// hashOf is cheap, so that tests are.
func hashOf(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// users writes a web config file with users and their passwords.
func users(t testing.TB, passwords ...string) config.Serve {
	t.Helper()
	text := "basic_auth_users:\n"
	for i := 0; i < len(passwords); i += 2 {
		text += fmt.Sprintf("  %s: %s\n", passwords[i], hashOf(t, passwords[i+1]))
	}
	return config.Serve{Auth: config.ServeAuth{WebConfigFile: write(t, t.TempDir(), "web.yml", []byte(text))}}
}

func login(user, password string) func(*http.Request) {
	return func(q *http.Request) { q.SetBasicAuth(user, password) }
}

// status asks for the page and returns the answer's code.
func (r *running) status(t testing.TB, edit func(*http.Request)) int {
	t.Helper()
	a, _ := ask(t, r.client(), "GET", "http://127.0.0.1/", edit)
	return a.StatusCode
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: config.Serve{Auth: config.ServeAuth{TokenFile: write(t, t.TempDir(), "token", []byte("0123456789abcdef\n"))}}})
	for header, want := range map[string]int{
		"":                         401,
		"Bearer 0123456789abcdef":  200,
		"bearer 0123456789abcdef":  200,
		"Bearer 0123456789abcde":   401,
		"Bearer  0123456789abcdef": 401,
		"Bearer":                   401,
		"0123456789abcdef":         401,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("a:0123456789abcdef")): 401,
	} {
		if got := r.status(t, func(q *http.Request) { q.Header.Set("Authorization", header) }); got != want {
			t.Errorf("%q: %d, want %d", header, got, want)
		}
	}
	_, text := ask(t, r.client(), "GET", "http://127.0.0.1/", func(q *http.Request) { q.Header.Set("Authorization", "Bearer 0123456789abcdef") })
	if text != "/ token " {
		t.Errorf("%q", text)
	}
	a, _ := ask(t, r.client(), "GET", "http://127.0.0.1/", nil)
	if got := a.Header.Values("WWW-Authenticate"); len(got) != 1 || got[0] != "Bearer" {
		t.Errorf("%q", got)
	}
	if a, _ := ask(t, r.client(), "GET", "http://127.0.0.1/metrics", func(q *http.Request) { q.Header.Set("Authorization", "Bearer wrong") }); a.StatusCode != 401 {
		t.Errorf("a wrong token at /metrics of loopback: %v", a.Status)
	}
	if r.said("token from 127.0.0.1 comes") != 1 || r.said("wrong token") == 0 || r.said("0123456789abcde") != 0 {
		t.Errorf("%q", r.log)
	}
}

func TestTokenFileIsKeptClose(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "token", []byte("0123456789abcdef"))
	c := config.Serve{Auth: config.ServeAuth{TokenFile: file}}
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: os.Getuid() == 0, 0o644: false, 0o602: false} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		_, err := readSecrets(c)
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), fmt.Sprintf("mode %04o", mode)) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	if text := secret.String("it was 0123456789abcdef again"); strings.Contains(text, "0123456789abcdef") {
		t.Errorf("this program's own token is no secret in %q", text)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if _, err := readSecrets(c); err != nil {
		t.Errorf("a credential of systemd's: %v", err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir+"/other")
	if _, err := readSecrets(c); err == nil {
		t.Error("not a credential of this unit, and taken")
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	for _, text := range []string{"", "short", "0123456789 abcdef", "0123456789abcdef\nfedcba9876543210", strings.Repeat(" ", 20)} {
		write(t, dir, "other", []byte(text))
		if _, err := readSecrets(config.Serve{Auth: config.ServeAuth{TokenFile: dir + "/other"}}); err == nil || strings.Contains(err.Error(), "0123") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestUsersAndPasswords(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: users(t, "alice", "wonder", "bob", "builder")})
	a, text := ask(t, r.client(), "GET", "http://127.0.0.1/", login("alice", "wonder"))
	if a.StatusCode != 200 || text != "/ alice " {
		t.Errorf("%d %q", a.StatusCode, text)
	}
	for _, wrong := range []string{"alice:builder", "carol:wonder", "alice:", ":"} {
		user, password, _ := strings.Cut(wrong, ":")
		if got := r.status(t, login(user, password)); got != 401 {
			t.Errorf("%s: %d", wrong, got)
		}
	}
	a, _ = ask(t, r.client(), "GET", "http://127.0.0.1/", nil)
	if got := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("%q", got)
	}
	if r.said("alice from 127.0.0.1 comes") != 1 || r.said("wrong password of alice") == 0 || r.said("carol") != 0 || r.said("wonder") != 0 {
		t.Errorf("%q", r.log)
	}
}

// TestManyWrongLoginsMustWait: the sixth of a minute is not looked at, and who logged in before goes on.
func TestManyWrongLoginsMustWait(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: users(t, "alice", "wonder", "bob", "builder")})
	if got := r.status(t, login("alice", "wonder")); got != 200 {
		t.Fatal(got)
	}
	r.attempts.mu.Lock() // a minute that does not end while this runs
	r.attempts.minute = time.Now().Add(time.Hour)
	r.attempts.mu.Unlock()
	for i := range 2 * failuresOneHost {
		want := 401
		if i >= failuresOneHost {
			want = 429
		}
		if got := r.status(t, login("bob", fmt.Sprint(i))); got != want {
			t.Errorf("wrong login %d: %d", i, got)
		}
	}
	if got := r.status(t, login("bob", "builder")); got != 429 {
		t.Errorf("the right password: %d", got)
	}
	if got := r.status(t, login("alice", "wonder")); got != 200 {
		t.Errorf("who was there before: %d", got)
	}
}

// TestAttemptsAtOnceAreCounted: trying many passwords at a time gives no more tries than one by one.
func TestAttemptsAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	var a attempts
	var taken atomic.Int32
	var all sync.WaitGroup
	now, host := time.Now(), netip.MustParsePrefix("10.0.0.5/32")
	for range 100 {
		all.Go(func() {
			if a.take(host, now) {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != failuresOneHost {
		t.Errorf("%d tries", taken.Load())
	}
	a.giveBack(host)
	if !a.take(host, now) || a.take(host, now) {
		t.Error("a login that was right counts as wrong")
	}
	if !a.take(host, now.Add(time.Minute)) {
		t.Error("a minute later it must wait")
	}
	many := 0
	for i := range 1000 {
		if a.take(peer{address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})}.host(), now.Add(2*time.Minute)) {
			many++
		}
	}
	if many != failuresOfAll || len(a.failed) > failuresOfAll {
		t.Errorf("%d tries of many hosts, %d remembered", many, len(a.failed))
	}
}

// TestRememberedLoginsAreTheSameInAllParts: no other user, hash or password has the same mark (CVE-2022-46146), and only
// so many are kept.
func TestRememberedLoginsAreTheSameInAllParts(t *testing.T) {
	t.Parallel()
	var l, other logins
	id := l.id("ab", "c", "d")
	for _, parts := range [][]string{{"a", "bc", "d"}, {"ab", "cd", ""}, {"", "abc", "d"}, {"abcd"}, {"ab", "c", "d", ""}} {
		if l.id(parts...) == id {
			t.Errorf("%q has the same", parts)
		}
	}
	if l.id("ab", "c", "d") != id || other.id("ab", "c", "d") == id {
		t.Error("the key is not one of this process")
	}
	for i := range 10 * maxLogins {
		l.put(l.id(fmt.Sprint(i)))
		l.arrives(fmt.Sprint(i), time.Now())
	}
	if len(l.right) > maxLogins || len(l.greeted) > maxLogins {
		t.Errorf("%d and %d are kept", len(l.right), len(l.greeted))
	}
}

func TestArrivalIsOnceAnHour(t *testing.T) {
	t.Parallel()
	var l logins
	now := time.Now()
	for i, want := range []bool{true, false, false} {
		if got := l.arrives("alice", now.Add(time.Duration(i)*50*time.Minute)); got != want {
			t.Errorf("%d: %v", i, got)
		}
	}
	if !l.arrives("alice", now.Add(3*time.Hour)) || !l.arrives("bob", now) {
		t.Error("an arrival is not one")
	}
}

// TestWebConfigFile: what exporter-toolkit reads is read, and what is not done here is refused by name.
func TestWebConfigFile(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.pair(t, dir, "server")
	write(t, dir, "ca.pem", a.PEM)
	hash := hashOf(t, "wonder")
	costly := strings.Replace(hash, "$04$", "$15$", 1)
	const certs = "tls_server_config: {cert_file: cert.pem, key_file: key.pem"
	read := func(text string, t config.ServeTLS) (*secrets, error) {
		c := config.Serve{TLS: t, Auth: config.ServeAuth{WebConfigFile: dir + "/web.yml"}}
		if err := os.WriteFile(c.Auth.WebConfigFile, []byte(text), 0o644); err != nil {
			return nil, err
		}
		return readSecrets(c)
	}
	for text, want := range map[string]string{
		"": "",
		"basic_auth_users: {alice: '" + hash + "'}": "users",
		certs + "}": "tls",
		certs + ", min_version: TLS13, client_auth_type: NoClientCert}\nbasic_auth_users: {alice: '" + hash + "'}":       "tls users",
		certs + ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [A.test]}": "tls clients",
	} {
		s, err := read(text, config.ServeTLS{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for name, has := range map[string]bool{"tls": s.tls != nil} {
			if has {
				got = append(got, name)
			}
		}
		if len(s.users) > 0 {
			got = append(got, "users")
		}
		if s.clients {
			got = append(got, "clients")
			if len(s.allow) != 1 || s.allow[0] != "a.test" {
				t.Errorf("%s: %q", text, s.allow)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"rate_limit: {interval: 1s}":                              "rate_limit is not done here",
		"http_server_config: {http2: true}":                       "http_server_config is not done here",
		certs + ", cipher_suites: [x]}":                           "tls_server_config.cipher_suites is not done here",
		certs + ", min_version: TLS12}":                           "min_version must be TLS13",
		certs + ", client_ca_file: ca.pem}":                       "go together",
		certs + ", client_auth_type: RequireAndVerifyClientCert}": "go together",
		certs + ", client_auth_type: VerifyClientCertIfGiven}":    "can be NoClientCert or",
		certs + ", client_allowed_sans: [a]}":                     "needs client_ca_file",
		"tls_server_config: {cert_file: cert.pem}":                "needs cert_file and key_file",
		"tls_server_config: {}":                                   "needs cert_file and key_file",
		"basic_auth_users: {alice: plainpassword}":                "user alice must have",
		"basic_auth_users: {'a:b': '" + hash + "'}":               "must have a name without colon",
		"basic_auth_users: {alice: '" + costly + "'}":             "has cost 15",
		"basic_auth_users: [" + hash + "]":                        "is not what exporter-toolkit reads",
		"basic_auth_users: {":                                     "is not what exporter-toolkit reads",
		certs + ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}\nbasic_auth_users: {alice: '" + hash + "'}": "either is enough",
	} {
		_, err := read(text, config.ServeTLS{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), hash) || strings.Contains(err.Error(), "plainpassword") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := read(certs+"}", config.ServeTLS{CertFile: dir + "/cert.pem", KeyFile: dir + "/key.pem"}); err == nil {
		t.Error("two certificates were taken")
	}
}
