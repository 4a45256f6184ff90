package watch

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"

	"hypervisor-tui/internal/clean/secret"
)

// learning is a transport that sees the credentials as they are sent, since a token may come from a file that changes, and
// makes them secrets of this program: they must not come back onto a screen, whoever says them.
type learning struct {
	next  http.RoundTripper
	known atomic.Pointer[string] // the header Authorization that was sent last
}

func (l *learning) RoundTrip(r *http.Request) (*http.Response, error) {
	header := r.Header.Get("Authorization")
	if known := l.known.Load(); header != "" && (known == nil || *known != header) {
		secret.Own(credentialsOf(header)...)
		l.known.Store(&header)
	}
	return l.next.RoundTrip(r)
}

// credentialsOf returns what is secret in a header Authorization.
//
// RFC 6750, section 2.1, and RFC 7617, section 2.
func credentialsOf(header string) []string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return []string{token}
	}
	pair, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return []string{token}
	}
	_, password, _ := strings.Cut(string(pair), ":")
	return []string{token, password}
}
