package watch

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/transport"

	"hypervisor-tui/kube"
)

const (
	maxError    = 64 << 10         // bytes of an answer that is an error, or short
	maxHeader   = 64 << 10         // bytes of the headers of an answer
	maxUnread   = 64 << 10         // bytes of one answer that wait here to be read; the usual 4 MB are 4 MB of memory at each start
	maxMessage  = 256              // bytes of what a server says of an error
	maxWarnings = 16               // of one connection that are logged
	maxAsked    = 30 * time.Second // that a server may ask to be left alone for
)

// client asks one API server with one set of credentials, over one connection. Its methods may be called by several
// goroutines.
type client struct {
	server    string
	http      http.RoundTripper // adds the credentials; it follows no redirect, so nobody else gets them
	transport *http.Transport
	shown     atomic.Pointer[kube.Certificate] // the server's certificate, nil: none seen yet
	bytes     *allowance                       // of the connection
	work      *allowance                       // of the objects that come over it
	large     chan struct{}                    // holds the one that reads a large object
	mu        sync.Mutex
	warned    []string // warnings of the server that have been told
}

// newClient makes a client; nothing is sent yet. The connection is our own and not of client-go's cache, so that it ends
// with the client; TLS and what goes into the headers of a request are client-go's.
func newClient(server string, c *transport.Config, p *pace) (*client, error) {
	secure, err := transport.TLSConfigFor(c)
	if err != nil {
		return nil, err
	}
	if secure == nil {
		secure = new(tls.Config)
	}
	cl := &client{
		server: strings.TrimSuffix(server, "/"), large: make(chan struct{}, 1),
		bytes: newAllowance(freeBytes, addedBytes), work: newAllowance(freeWork, addedWork),
	}
	secure.VerifyConnection = cl.remember
	dialer := &net.Dialer{Timeout: p.connect, KeepAlive: 15 * time.Second}
	cl.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newMeteredConn(conn, cl.bytes), nil
		},
		TLSClientConfig:        secure,
		TLSHandshakeTimeout:    p.connect,
		ResponseHeaderTimeout:  p.timeout,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // it costs more CPU than the loopback costs time
		ForceAttemptHTTP2:      true,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: 15 * time.Second, PingTimeout: p.timeout,
			MaxReceiveBufferPerStream: maxUnread, MaxReceiveBufferPerConnection: 16 * maxUnread,
		},
	}
	if c.Proxy != nil {
		cl.transport.Proxy = c.Proxy
	}
	cl.http, err = transport.HTTPWrappersForConfig(c, &learning{next: cl.transport})
	return cl, err
}

// remember keeps the validity of the server's certificate once it was verified.
func (c *client) remember(s tls.ConnectionState) error {
	if len(s.PeerCertificates) > 0 {
		leaf := s.PeerCertificates[0]
		c.shown.Store(&kube.Certificate{NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter})
	}
	return nil
}

// close ends the connection.
func (c *client) close() { c.transport.CloseIdleConnections() }

// statusError is an answer other than 200.
type statusError struct {
	code    int
	after   time.Duration // when to ask again, 0: not said
	html    bool          // a web server's words
	message string        // the API server's words, clean, one line
	body    []byte
}

func (e *statusError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("HTTP %d %s", e.code, strings.ToLower(http.StatusText(e.code)))
	}
	return fmt.Sprintf("HTTP %d: %s", e.code, e.message)
}

// get asks for objects in a form. The caller closes the body.
func (c *client) get(ctx context.Context, path string, f form) (io.ReadCloser, error) {
	r, err := c.do(ctx, http.MethodGet, path, f, nil)
	if err != nil {
		return nil, err
	}
	if got := r.Header.Get("Content-Type"); !strings.Contains(got, forms[f].answer) {
		r.Body.Close()
		return nil, foreign{new(scan).text([]byte(got), 64)}
	}
	return r.Body, nil
}

// foreign is an answer that no API server gives: its content type. A web server or a proxy stands in the API server's place.
type foreign struct{ contentType string }

func (f foreign) Error() string {
	what := "answers, but is no API server"
	if f.contentType != "" {
		what += " (" + f.contentType + ")"
	}
	return what
}

// do sends a request. The caller closes the body of the answer, whose status is good.
func (c *client) do(ctx context.Context, method, path string, f form, body io.Reader) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, c.server+path, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept", forms[f].accept)
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	r, err := c.http.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	c.warn(r.Header)
	if r.StatusCode/100 != 2 {
		defer r.Body.Close()
		return nil, readStatus(r)
	}
	return r, nil
}

// readStatus makes an error of an answer. What the API server says comes in the form that was asked for.
func readStatus(r *http.Response) *statusError {
	e := &statusError{code: r.StatusCode}
	if s, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && s > 0 {
		e.after = min(time.Duration(s)*time.Second, maxAsked)
	}
	e.body, _ = io.ReadAll(io.LimitReader(r.Body, maxError)) // what can be read of it is enough
	switch got, s := r.Header.Get("Content-Type"), new(scan); {
	case strings.Contains(got, "html"):
		e.html = true
	case strings.Contains(got, "protobuf"):
		e.message, _ = s.status(s.unwrap(e.body))
	case strings.Contains(got, "json"):
		var v struct {
			Message string `json:"message"`
		}
		s.readJSON(e.body, &v)
		e.message = s.text([]byte(v.Message), maxMessage)
	}
	return e
}

// status reads a Status.
func (s *scan) status(b []byte) (message string, code int) {
	return s.text(s.field(b, 3), maxMessage), int(int32(s.varint(b, 6)))
}

// warn tells of each warning of the server once, as long as they are few. RFC 7234, section 5.5: warnings of code 299.
func (c *client) warn(h http.Header) {
	if h["Warning"] == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, raw := range h["Warning"] {
		text := new(scan).text([]byte(raw), maxMessage)
		if len(c.warned) > maxWarnings || slices.Contains(c.warned, text) {
			continue
		}
		if len(c.warned) == maxWarnings {
			text = "more often; what else it says is left out"
		}
		c.warned = append(c.warned, text)
		logf("warning", "the API server warns: %s", text)
	}
}
