// Package serve is the HTTP side of --serve: sockets, encryption, who may come, and the limits that keep many clients, slow
// ones and hostile ones from harming the rest. What is shown are handlers that others make.
package serve

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/console/config"
)

// Options say what is served, and to whom.
type Options struct {
	Config  config.Serve
	Listen  []string                         // of --listen, beside those of Config; config.ListenAddress takes each
	Sockets []net.Listener                   // what systemd has handed over for HTTP; Run closes them
	Metrics http.Handler                     // at /metrics; nil: off
	Web     http.Handler                     // at / and below; nil: off
	Peers   http.Handler                     // at /v1/ and below, for clients with a certificate; nil: off
	Log     func(format string, args ...any) // a clean line for the operator; any goroutine may call it
}

const (
	maxHeader = 8 << 10 // bytes of a request's line and headers together; beyond: 431
	maxBody   = 1 << 10 // bytes; beyond: 413

	headTime  = 5 * time.Second  // for a TLS handshake, and for the head of a request
	bodyTime  = 5 * time.Second  // for its body
	writeTime = 10 * time.Second // for an answer; a handler whose answer takes longer sets a deadline for each part of it
	idleTime  = 2 * time.Minute  // between two requests: a scrape a minute finds its connection
	retryTime = 5 * time.Second  // between two tries to get an address
)

// Server answers HTTP on all its sockets.
type Server struct {
	options  Options
	names    map[string]bool // host names that requests may be for, lower case
	secrets  atomic.Pointer[secrets]
	reload   chan struct{}
	clients  clients
	attempts attempts
	known    logins
	notes    notes
}

// New reads the files that the configuration names and says what is wrong with them. It opens no socket.
func New(o Options) (*Server, error) {
	s := &Server{options: o, names: hostNames(o.Config.Names), reload: make(chan struct{}, 1), notes: notes{log: o.Log}}
	read, err := readSecrets(o.Config)
	if err != nil {
		return nil, err
	}
	s.secrets.Store(read)
	return s, nil
}

// Run answers on the sockets that systemd has handed over and on the addresses of the options until ctx ends, then ends all
// connections: handlers see it in their request's context and have a second. An address that is taken is said once and
// tried again; the others are served meanwhile.
func (s *Server) Run(ctx context.Context) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	h := &http.Server{
		Handler:                      s.handler(),
		DisableGeneralOptionsHandler: true,
		Protocols:                    protocols, // HTTP/2 gains nothing here, and each of its kind has had its floods
		ReadHeaderTimeout:            headTime,
		WriteTimeout:                 writeTime,
		IdleTimeout:                  idleTime,
		MaxHeaderBytes:               maxHeader - 4096, // net/http adds as much
		ErrorLog:                     log.New(lines{&s.notes}, "", 0),
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		ConnContext:                  withPeer,
	}
	s.warn()
	var sockets sync.WaitGroup
	for _, l := range s.options.Sockets {
		sockets.Go(func() { s.handedOver(ctx, h, l) })
	}
	for _, address := range s.addresses() {
		sockets.Go(func() { s.listen(ctx, h, address) })
	}
	for ctx.Err() == nil {
		select {
		case <-s.reload:
			s.readAgain()
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := h.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = h.Close()
	}
	sockets.Wait()
	return err
}

// Reload reads certificates, tokens and users again. What is wrong with them goes to the log, and what was read before
// stays in force. Nobody is dropped. It does not wait.
func (s *Server) Reload() {
	select {
	case s.reload <- struct{}{}:
	default:
	}
}

// readAgain does what Reload says. Whether there are encryption and authentication at all stays as it was: sockets were
// opened by it.
func (s *Server) readAgain() {
	before := s.secrets.Load()
	read, err := readSecrets(s.options.Config)
	if err == nil && ((read.tls == nil) != (before.tls == nil) || read.authenticates() != before.authenticates()) {
		err = errors.New("encryption or authentication would be switched on or off: that takes a restart")
	}
	if err != nil {
		s.options.Log("serve: not reloaded, what was read before stays in force: %v", err)
		return
	}
	s.secrets.Store(read)
	s.options.Log("serve: certificates, tokens and users are read again")
	s.warn()
}

func (s *Server) warn() {
	for _, w := range s.secrets.Load().warnings {
		s.options.Log("serve: %s", w)
	}
}

func (s *Server) addresses() []string {
	return append(s.options.Config.Listen[:len(s.options.Config.Listen):len(s.options.Config.Listen)], s.options.Listen...)
}

// lines makes lines of a server's own complaints.
type lines struct{ notes *notes }

func (l lines) Write(text []byte) (int, error) {
	first, _, _ := bytes.Cut(text, []byte("\n")) // of a panic what it says, not where
	l.notes.say("%s", first)
	return len(text), nil
}
