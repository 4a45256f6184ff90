package serve

import (
	"context"
	"errors"
	"net"
	"syscall"
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
	for _, address := range s.addresses() {
		f := Finding{"serve", "ok", "nobody listens on " + address + " yet"}
		l, err := net.Listener(nil), error(nil)
		if missing := s.missing(address); missing != "" {
			err = errors.New(missing)
		} else if l, err = bind(ctx, address); err == nil {
			err = l.Close()
		}
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			f.State, f.Text = "taken", "somebody listens on "+address+": --serve, if it runs"
		case err != nil:
			f.State, f.Text = "failed", address+": "+err.Error()
		}
		found = append(found, f)
	}
	return found
}
