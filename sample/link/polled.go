package link

import (
	"context"
	"net/netip"

	"hypervisor-tui/sample"
)

// polled is what has no events, or too many: what a job found when it looked. It is immutable.
type polled struct {
	neighbours map[hopKey]neighbour
	fdb        fdb
	owners     guestLinks
	functions  map[int][]sample.VF // by the index of the SR-IOV device
	services   *sample.NetServices
	dns        []string
}

// hopKey names a gateway on a link.
type hopKey struct {
	index   int
	address netip.Addr
}

// look asks for what a job wants of what is around links and hops. What cannot be had is unknown, and no error: the links themselves are
// known all the same.
func (w *Watcher) look(ctx context.Context, j *pollRequest, links []linkMessage, hops []nextHop) polled {
	files := w.files()
	a := polled{services: files.services, dns: files.dns}
	w.asks("rtnetlink")
	if j.listeners {
		a.services.Listen, a.services.WhyListen = w.listeners(ctx)
	}
	s, err := open(ctx, w.dial)
	if err != nil {
		a.owners.why = plain(err).Error()
		return a
	}
	defer s.close()
	a.neighbours = s.neighbours(hops, w.now())
	if j.learned {
		a.fdb = s.forwarding(links)
	}
	a.owners = w.guestLinks(s, j.census)
	a.functions = s.functions(w.root, links)
	return a
}
