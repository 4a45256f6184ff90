package watch

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/transport"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/kube"
)

const (
	mostError  = 64 << 10         // bytes of an answer that is an error
	mostUnread = 64 << 10         // bytes of one answer that wait here to be read; the usual 4 MB are 4 MB of memory at each start
	mostAsked  = 30 * time.Second // that a server may ask to be left alone for
)

// client asks one API server with one set of credentials, over one connection. Its methods may be called by several
// goroutines.
type client struct {
	server    string
	http      *http.Client
	transport *http.Transport
	shown     atomic.Pointer[kube.Certificate] // the server's certificate, nil: none seen yet
	warned    sync.Map                         // warnings of the server that have been told
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
	cl := &client{server: strings.TrimSuffix(server, "/")}
	secure.VerifyConnection = cl.remember
	dialer := &net.Dialer{Timeout: p.connect, KeepAlive: 15 * time.Second}
	cl.transport = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       secure,
		TLSHandshakeTimeout:   p.connect,
		ResponseHeaderTimeout: p.patience,
		IdleConnTimeout:       90 * time.Second,
		DisableCompression:    true, // it costs more CPU than the loopback costs time
		ForceAttemptHTTP2:     true,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: 15 * time.Second, PingTimeout: p.patience,
			MaxReceiveBufferPerStream: mostUnread, MaxReceiveBufferPerConnection: 16 * mostUnread,
		},
	}
	if c.Proxy != nil {
		cl.transport.Proxy = c.Proxy
	}
	wrapped, err := transport.HTTPWrappersForConfig(c, cl.transport)
	if err != nil {
		return nil, err
	}
	// An API server does not redirect; whoever does gets no credentials from here.
	cl.http = &http.Client{Transport: wrapped, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return cl, nil
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
	message string        // the API server's words, clean, one line
	body    []byte
}

func (e *statusError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("HTTP %d %s", e.code, strings.ToLower(http.StatusText(e.code)))
	}
	return fmt.Sprintf("HTTP %d: %s", e.code, e.message)
}

// get asks for path in a form. The caller closes the body.
func (c *client) get(ctx context.Context, path string, f form) (io.ReadCloser, error) {
	return c.do(ctx, http.MethodGet, path, f, nil)
}

func (c *client) do(ctx context.Context, method, path string, f form, body io.Reader) (io.ReadCloser, error) {
	q, err := http.NewRequestWithContext(ctx, method, c.server+path, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept", f.accept())
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	r, err := c.http.Do(q)
	if err != nil {
		return nil, err
	}
	c.warn(r.Header)
	if r.StatusCode/100 != 2 {
		defer r.Body.Close()
		return nil, readStatus(r)
	}
	if got := r.Header.Get("Content-Type"); f != jsonText && !strings.Contains(got, "protobuf") {
		r.Body.Close()
		return nil, fmt.Errorf("answered in another format: %s", clean.String(got))
	}
	return r.Body, nil
}

// readStatus makes an error of an answer. What the API server says comes in the form that was asked for.
func readStatus(r *http.Response) *statusError {
	e := &statusError{code: r.StatusCode}
	if s, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && s > 0 {
		e.after = min(time.Duration(s)*time.Second, mostAsked)
	}
	e.body, _ = io.ReadAll(io.LimitReader(r.Body, mostError)) // what can be read of it is enough
	switch got, s := r.Header.Get("Content-Type"), new(scan); {
	case strings.Contains(got, "protobuf"):
		e.message, _ = s.status(s.unwrap(e.body))
	case strings.Contains(got, "json"):
		var v struct {
			Message string `json:"message"`
		}
		s.readJSON(e.body, &v)
		e.message = s.text([]byte(v.Message), 256)
	}
	return e
}

// status reads a Status.
func (s *scan) status(b []byte) (message string, code int) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 3:
			message = s.text(f.data, 256)
		case 6:
			code = int(int32(f.n))
		}
	}
	return message, code
}

// warn tells of each warning of the server once. RFC 7234, section 5.5: warnings of code 299.
func (c *client) warn(h http.Header) {
	for _, text := range h.Values("Warning") {
		if _, told := c.warned.LoadOrStore(text, true); !told {
			logf("warning", "the API server warns: %s", clean.String(text))
		}
	}
}
