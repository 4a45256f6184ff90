package serve

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"

	"hypervisor-tui/serve/socket"
)

// Finding is what Check says of one thing.
type Finding struct {
	Name, State, Text string // State is ok, taken or failed
}

// Check says what serving by o would find: certificates, tokens and users, and each address, which it opens and closes
// again. A server that runs keeps its own addresses taken. It may wait for a disk.
func Check(ctx context.Context, o Options) []Finding {
	s, err := New(o)
	if err != nil {
		return []Finding{{"serve", "failed", err.Error()}}
	}
	secrets := s.secrets.Load()
	var found []Finding
	switch {
	case len(secrets.warnings) > 0:
		for _, w := range secrets.warnings {
			found = append(found, Finding{"serve", "failed", w})
		}
	case secrets.tls != nil:
		found = append(found, Finding{"serve", "ok", "encrypted; the certificate is valid until " + day(secrets.until)})
	}
	if o.Config.Peers.Enable {
		whom := "each with a certificate of serve.tls.clientCAFile"
		if len(secrets.allow) > 0 {
			whom = "those of " + strings.Join(secrets.allow, ", ")
		}
		found = append(found, Finding{"serve", "ok", "consoles of other nodes may come: " + whom})
	}
	for _, address := range s.addresses() {
		found = append(found, tried(address, func() (net.Listener, error) {
			if missing := s.missing(address); missing != "" {
				return nil, errors.New(missing)
			}
			return bind(ctx, address)
		}))
	}
	if path := o.Config.Socket; o.Config.Attach.Enable && path != "" {
		found = append(found, tried(path, func() (net.Listener, error) { return socket.Listen("unixpacket", path) }))
	}
	return found
}

// tried says what came of listening on an address.
func tried(address string, listen func() (net.Listener, error)) Finding {
	l, err := listen()
	if err == nil {
		err = l.Close()
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return Finding{"serve", "taken", "somebody listens on " + address + ": --serve, if it runs"}
	case err != nil:
		return Finding{"serve", "failed", address + ": " + err.Error()}
	}
	return Finding{"serve", "ok", "nobody listens on " + address + " yet"}
}
