package watch

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"
)

// secrets is what this program shows the API server to be let in: it must not come back onto a screen, whoever says it.
// Its methods may be called by several goroutines.
type secrets struct{ now atomic.Pointer[shownSecrets] }

type shownSecrets struct {
	header string // Authorization, as it was sent last
	texts  []string
}

// leastSecret is the length from which a secret, or the beginning of one at the end of a text that was cut, is masked: less
// could be any word.
const leastSecret = 4

// learn takes the header Authorization of a request.
//
// RFC 6750, section 2.1, and RFC 7617, section 2.
func (s *secrets) learn(header string) {
	if known := s.now.Load(); header == "" || known != nil && known.header == header {
		return
	}
	shown := &shownSecrets{header: header}
	scheme, secret, _ := strings.Cut(header, " ")
	shown.texts = append(shown.texts, secret)
	if strings.EqualFold(scheme, "Basic") {
		if pair, err := base64.StdEncoding.DecodeString(secret); err == nil {
			_, password, _ := strings.Cut(string(pair), ":")
			shown.texts = append(shown.texts, password)
		}
	}
	s.now.Store(shown)
}

// mask puts *** in the place of each secret in text, and of the beginning of one where text ends with it.
func (s *secrets) mask(text string) string {
	if s == nil {
		return text
	}
	shown := s.now.Load()
	if shown == nil {
		return text
	}
	for _, secret := range shown.texts {
		if len(secret) < leastSecret {
			continue
		}
		text = strings.ReplaceAll(text, secret, "***")
		for n := min(len(secret)-1, len(text)); n >= leastSecret; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				text = text[:len(text)-n] + "***"
				break
			}
		}
	}
	return text
}

// longest is the length of the longest secret.
func (s *secrets) longest() (n int) {
	if s != nil {
		if shown := s.now.Load(); shown != nil {
			for _, secret := range shown.texts {
				n = max(n, len(secret))
			}
		}
	}
	return n
}

// learning is a transport that sees the credentials as they are sent: a token may come from a file that changes.
type learning struct {
	next    http.RoundTripper
	secrets *secrets
}

func (l *learning) RoundTrip(r *http.Request) (*http.Response, error) {
	l.secrets.learn(r.Header.Get("Authorization"))
	return l.next.RoundTrip(r)
}
