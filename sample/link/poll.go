package link

import (
	"context"
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"hypervisor-tui/sample"
)

// pollRequest is what is to be asked for; the zero job is nothing. Its lists are as of its start.
type pollRequest struct {
	everything bool  // dump links, addresses and routes, and look at all hardware
	routes     bool  // dump routes
	around     bool  // what has no events
	learned    bool  // with that, what bridges have learned
	listeners  bool  // with that, who listens
	changed    bool  // events have changed something that is not published yet
	settings   []int // links whose hardware is to be looked at

	links  []linkMessage // those of settings, and those that an inquiry around needs
	hops   []nextHop
	census guestList
}

func (j *pollRequest) idle() bool {
	return !j.everything && !j.routes && !j.around && len(j.settings) == 0
}

// add wants what changes ask for.
func (j *pollRequest) add(c *changes) {
	j.changed = j.changed || c.any
	j.routes, j.around = j.routes || c.routes, j.around || c.guests
	for _, index := range c.settings {
		if !slices.Contains(j.settings, index) {
			j.settings = append(j.settings, index)
		}
	}
}

// fill gives the job what it has to know, as its own copy.
func (j *pollRequest) fill(w *linkState, now guestList) {
	j.census = now
	if j.everything {
		j.around, j.settings = true, nil
		return
	}
	j.hops = slices.Clone(w.hops)
	for i := range w.links {
		if j.around && mayHave(&w.links[i]) {
			j.links = append(j.links, w.links[i])
		}
	}
	for _, index := range j.settings {
		if at, ok := w.find(index); ok && !(j.around && mayHave(&w.links[at])) {
			j.links = append(j.links, w.links[at])
		}
	}
}

// mayHave reports whether there may be something around a link to be asked for: what it has learned, virtual functions.
func mayHave(l *linkMessage) bool { return l.kind == "bridge" || l.kind == "" }

// findings is what one job found, not yet joined.
type findings struct {
	links     []linkMessage
	addresses []addressMessage
	hops      []nextHop
	devices   map[int]device // by index
	around    polled
}

// find does a job.
func (w *Watcher) find(ctx context.Context, j *pollRequest) (f findings, err error) {
	w.asks("rtnetlink")
	if f, err = w.read(ctx, j); err != nil {
		return f, err
	}
	links, hops := f.links, f.hops
	if !j.everything {
		links = j.links
		if !j.routes {
			hops = j.hops
		}
	}
	w.asks("link settings")
	f.devices = devices(w.root, concerned(links, j))
	if j.around {
		f.around = w.look(ctx, j, links, hops)
	}
	return f, nil
}

// concerned are those of links whose hardware a job looks at.
func concerned(links []linkMessage, j *pollRequest) []linkMessage {
	if j.everything {
		return links
	}
	var some []linkMessage
	for i := range links {
		if slices.Contains(j.settings, links[i].index) {
			some = append(some, links[i])
		}
	}
	return some
}

// merge takes what a job has found and reports whether it is anything new. On a host with thousands of links nearly all jobs
// find what is known already, and a table of them is long.
func (w *linkState) merge(j *pollRequest, f *findings) (changed bool) {
	switch {
	case j.everything:
		changed = w.replace(f) || !maps.Equal(w.devices, f.devices)
		w.devices = f.devices
	case w.devices == nil:
		changed, w.devices = true, f.devices
	default:
		changed = len(j.settings) > 0
		for _, index := range j.settings {
			delete(w.devices, index)
		}
		maps.Copy(w.devices, f.devices)
	}
	if j.everything || j.routes {
		changed = changed || !slices.Equal(w.hops, f.hops)
		w.hops = f.hops
	}
	if j.around {
		if !j.learned {
			f.around.fdb = w.around.fdb
		}
		if !j.listeners {
			f.around.services.Listen, f.around.services.WhyListen = w.around.services.Listen, w.around.services.WhyListen
		}
		outlast(w.around.neighbours, f.around.neighbours)
		changed = changed || !reflect.DeepEqual(w.around, f.around)
		w.around = f.around
	}
	return changed
}

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

// look asks for what a job wants of what is around links and hops. What cannot be had is unknown, and no error: the links
// themselves are known.
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
