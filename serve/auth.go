package serve

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/binary"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"hypervisor-tui/internal/clean"
)

const (
	failuresOneHost = 5  // logins a minute, then it must wait
	failuresOfAll   = 60 // logins a minute, so that many hosts together do not keep this one busy with bcrypt
	maxLogins       = 64 // that are remembered
)

// whoKey is the key of a request's sender in its context.
type whoKey struct{}

// Who says who sent the request of ctx: "unix uid 1000", "alice", "token", "CN=prometheus", "10.0.0.5".
func Who(ctx context.Context) string {
	name, _ := ctx.Value(whoKey{}).(string)
	return name
}

// verdict is what the credentials of a request are worth.
type verdict int

const (
	nobody  verdict = iota // it has none
	wrong                  // it has some that are not right
	tooMany                // they were not looked at, after many wrong ones
	known
)

// identify says who sent r, which p is the sender of, by the first means that is right: the Unix socket, the certificate,
// a bearer token, a password. why says in the log what is wrong.
func (s *Server) identify(r *http.Request, p peer) (name string, v verdict, why string) {
	secrets := s.secrets.Load()
	if p.unix {
		return p.String(), known, ""
	}
	if name, v, why = s.certified(r); v == known {
		return name, v, why
	}
	authorization := r.Header.Get("Authorization")
	switch {
	case authorization == "":
		return "", v, why
	case secrets.token != nil && bearer(authorization) != "":
		sum := sha256.Sum256([]byte(bearer(authorization)))
		if subtle.ConstantTimeCompare(sum[:], secrets.token) == 1 {
			return "token", known, ""
		}
		if !s.attempts.take(p.host(), time.Now()) {
			return "", tooMany, "too many wrong logins"
		}
		return "", wrong, "wrong token"
	}
	user, password, ok := r.BasicAuth()
	if !ok || len(secrets.users) == 0 {
		return "", wrong, "it logs in by a means that is not set up"
	}
	return s.password(secrets, p, user, password)
}

// certified says who sent r by the certificate that the connection has; without one it is nobody. That was good when the
// connection began: since then it may have expired, and a reload may have brought other authorities.
func (s *Server) certified(r *http.Request) (name string, v verdict, why string) {
	secrets := s.secrets.Load()
	if !secrets.clients || r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return "", nobody, ""
	}
	above := x509.NewCertPool()
	for _, c := range r.TLS.PeerCertificates[1:] {
		above.AddCert(c)
	}
	own := r.TLS.PeerCertificates[0]
	if _, err := own.Verify(x509.VerifyOptions{Roots: secrets.tls.ClientCAs, Intermediates: above, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return "", wrong, "its certificate is not good any more: " + err.Error()
	}
	if name, ok := secrets.allowed(own); ok {
		return name, known, ""
	}
	return "", wrong, "its certificate is not among those of allowNames"
}

// bearer is the token in an Authorization header, empty where that has none.
func bearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// allowed reports whether a client with certificate c, which is verified, is let in, and its name.
func (s *secrets) allowed(c *x509.Certificate) (string, bool) {
	name := c.Subject.CommonName
	if name == "" && len(c.DNSNames) > 0 {
		name = c.DNSNames[0]
	}
	named := func(n string) bool { return n != "" && slices.Contains(s.allow, strings.ToLower(n)) }
	if len(s.allow) > 0 && !named(c.Subject.CommonName) && !slices.ContainsFunc(c.DNSNames, named) && !slices.ContainsFunc(c.EmailAddresses, named) {
		return "", false
	}
	return "CN=" + clean.String(name), true
}

// password checks a login. One that was right before is known without bcrypt, also while others must wait.
func (s *Server) password(secrets *secrets, p peer, user, password string) (string, verdict, string) {
	hash, exists := secrets.users[user]
	if !exists { // the time tells nothing of who there is
		for _, hash = range secrets.users {
			break
		}
	}
	id := s.known.id(user, string(hash), password)
	if exists && s.known.has(id) {
		return clean.String(user), known, ""
	}
	if !s.attempts.take(p.host(), time.Now()) {
		return "", tooMany, "too many wrong logins"
	}
	s.known.hashing.Lock()
	err := bcrypt.CompareHashAndPassword(hash, []byte(password))
	s.known.hashing.Unlock()
	switch {
	case !exists:
		return "", wrong, "no such user" // whose name may be a password that went into the wrong field
	case err != nil:
		return "", wrong, "wrong password of " + user
	}
	s.attempts.giveBack(p.host())
	s.known.put(id)
	return clean.String(user), known, ""
}

// logins remembers which logins were right: bcrypt costs a tenth of a second each time. Each is a MAC of all that made it
// right, under a key of this process, of parts whose length is in it: nothing else has the same (CVE-2022-46146).
type logins struct {
	hashing sync.Mutex // one bcrypt at a time
	mu      sync.Mutex
	key     []byte
	right   map[[sha256.Size]byte]bool
	greeted map[string]time.Time // who, and from where: when it was last here
}

func (l *logins) id(parts ...string) (id [sha256.Size]byte) {
	l.mu.Lock()
	if l.key == nil {
		l.key = make([]byte, 32)
		_, _ = rand.Read(l.key) // it never fails
	}
	mac := hmac.New(sha256.New, l.key)
	l.mu.Unlock()
	for _, p := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		mac.Write([]byte(p))
	}
	mac.Sum(id[:0])
	return id
}

func (l *logins) has(id [sha256.Size]byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.right[id]
}

func (l *logins) put(id [sha256.Size]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.right == nil || len(l.right) >= maxLogins {
		l.right = map[[sha256.Size]byte]bool{}
	}
	l.right[id] = true
}

// arrives reports whether who has not been here for an hour, or so many others have been since that it is forgotten.
func (l *logins) arrives(who string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, seen := l.greeted[who]
	if !seen && (l.greeted == nil || len(l.greeted) >= maxLogins) {
		l.greeted = map[string]time.Time{}
	}
	l.greeted[who] = now
	return !seen || now.Sub(last) > time.Hour
}

// attempts counts logins that were not right, in the minute that is now.
type attempts struct {
	mu     sync.Mutex
	minute time.Time // when it began
	failed map[netip.Prefix]int
	all    int // at most failuresOfAll: so many hosts are in failed at most
}

// take reports whether host may try to log in at now, and counts that as failed until giveBack says otherwise: who tries
// many at once has no more tries than who tries one by one.
func (a *attempts) take(host netip.Prefix, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.minute) >= time.Minute {
		a.minute, a.failed, a.all = now, map[netip.Prefix]int{}, 0
	}
	if a.failed[host] >= failuresOneHost || a.all >= failuresOfAll {
		return false
	}
	a.failed[host]++
	a.all++
	return true
}

func (a *attempts) giveBack(host netip.Prefix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed[host] > 0 { // else a new minute has begun
		a.failed[host]--
		a.all--
	}
}
