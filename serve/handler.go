package serve

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// peersPath is below which all is for the consoles of other nodes.
const peersPath = "/v1/"

// handler is what all requests go through: the limits, the checks against pages of others, who it is, then the handlers of
// the options.
func (s *Server) handler() http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.Context().Value(peerKey{}).(peer)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") // a page has its own
		if s.clients.crowded(p) {
			h.Set("Connection", "close")
		}
		switch {
		case !limitBody(w, r):
		case !p.unix && !s.ours(r.Host):
			s.refuse(w, p, http.StatusMisdirectedRequest, "it asks for another name: add the right one to serve.names")
		case !sameSite(r) || crossOrigin.Check(r) != nil:
			s.refuse(w, p, http.StatusForbidden, "the request comes from a page of another site")
		case r.URL.Path == "/metrics" && s.options.Metrics != nil:
			s.authenticate(w, r, p, s.options.Metrics, p.local)
		case strings.HasPrefix(r.URL.Path, peersPath) && s.options.Peers != nil:
			s.peers(w, r, p)
		case s.options.Web != nil:
			s.authenticate(w, r, p, s.options.Web, false)
		default:
			s.authenticate(w, r, p, http.NotFoundHandler(), p.local)
		}
	})
}

// refuse answers with why, ends the connection, and says so in the log.
func (s *Server) refuse(w http.ResponseWriter, p peer, code int, why string) {
	w.Header().Set("Connection", "close")
	http.Error(w, why, code)
	s.notes.say("refused %v: %s", p, why)
}

// limitBody reports whether the body of r is small. What only asks has none. It comes soon, or the connection ends: also that
// of a request that is refused, whose body net/http reads to its end.
func limitBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	code := 0
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		code = http.StatusBadRequest
	case r.ContentLength > maxBody:
		code = http.StatusRequestEntityTooLarge
	default:
		return true
	}
	w.Header().Set("Connection", "close")
	http.Error(w, http.StatusText(code), code)
	return false
}

// hostNames are the names that requests may be for: those of the configuration, localhost and this host's own.
func hostNames(configured []string) map[string]bool {
	names := map[string]bool{"localhost": true}
	if own, err := os.Hostname(); err == nil {
		names[strings.ToLower(own)] = true
	}
	for _, n := range configured {
		names[n] = true
	}
	return names
}

// ours reports whether host, of a request, is an address or a name of this server: a page of somebody whose name leads
// here (DNS rebinding) asks for that name.
func (s *Server) ours(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return s.names[strings.TrimSuffix(strings.ToLower(host), ".")]
}

// sameSite reports whether r comes from this server's own page, from no page, or is a link that somebody followed. A form
// that somebody sent is CrossOriginProtection's to refuse.
//
// W3C: Fetch Metadata Request Headers
func sameSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// authenticate lets next answer whoever is known, and where open is true also whoever does not say who it is.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, p peer, next http.Handler, open bool) {
	name, v, why := s.identify(r, p)
	switch {
	case v == known:
	case v == nobody && open:
		name = p.String()
	case v == tooMany:
		w.Header().Set("Retry-After", "60")
		s.refuse(w, p, http.StatusTooManyRequests, why)
		return
	default:
		if len(s.secrets.Load().users) > 0 {
			w.Header().Add("WWW-Authenticate", `Basic realm="hypervisor-tui", charset="UTF-8"`)
		}
		if s.secrets.Load().token != nil {
			w.Header().Add("WWW-Authenticate", "Bearer")
		}
		w.Header().Set("Connection", "close")
		http.Error(w, "say who you are", http.StatusUnauthorized)
		if v == wrong {
			s.notes.say("refused %v: %s", p, why)
		}
		return
	}
	s.serveTo(next, w, r, p, name, v == known)
}

// peers lets the handler for other nodes answer whoever has a certificate of theirs: nothing else is enough.
func (s *Server) peers(w http.ResponseWriter, r *http.Request, p peer) {
	name, v, why := s.certified(r)
	if v != known {
		s.refuse(w, p, http.StatusForbidden, cmp.Or(why, "only a client with a certificate may ask for that"))
		return
	}
	s.serveTo(s.options.Peers, w, r, p, name, true)
}

// serveTo lets next answer to who has that name, where he is known; else it is only his address.
func (s *Server) serveTo(next http.Handler, w http.ResponseWriter, r *http.Request, p peer, name string, isKnown bool) {
	if isKnown {
		from := name
		if !p.unix {
			from += " from " + p.String()
		}
		if s.known.arrives(from, time.Now()) {
			s.options.Log("serve: %s comes", from) // only who is known makes such lines
		}
	}
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, name)))
}
