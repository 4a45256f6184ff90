package link

import (
	"encoding/binary"
	"math/bits"
	"net"
	"net/netip"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// neighbour is what the kernel knows of another host on a link.
type neighbour struct {
	state, mac string
	silent     time.Duration // CLOCK_BOOTTIME from which it has not answered; 0: nobody can say that it does not
}

// neighbours asks for the entry of each gateway at the time now. Nothing is sent to it: what is known comes of the host's
// own traffic.
//
// Kernel: Documentation/netlink/specs/rt-neigh.yaml
func (s *session) neighbours(hops []nextHop, now time.Duration) map[hopKey]neighbour {
	known := make(map[hopKey]neighbour, len(hops))
	for _, h := range hops {
		key := hopKey{h.index, h.gateway}
		if _, asked := known[key]; asked || !h.gateway.IsValid() || h.gateway.IsUnspecified() {
			continue
		}
		b := make([]byte, unix.SizeofNdMsg)
		b[0] = unix.AF_INET
		if h.gateway.Is6() {
			b[0] = unix.AF_INET6
		}
		binary.NativeEndian.PutUint32(b[4:], uint32(h.index))
		b = appendAttribute(b, unix.NDA_DST, h.gateway.AsSlice())
		answers, err := s.question(unix.RTM_GETNEIGH, b)
		switch {
		case err == unix.ENOENT:
			known[key] = neighbour{state: "none"}
		case err == nil && len(answers) > 0:
			if n, ok := decodeNeighbour(answers[0].Data); ok {
				n.date(now)
				known[key] = n.neighbour
			}
		}
	}
	return known
}

// outlast carries on what old says of gateways that were silent: while the kernel asks one again its entry is incomplete,
// and an entry that is made anew knows of no answer before it.
func outlast(old, found map[hopKey]neighbour) {
	for key, n := range found {
		since := old[key].silent
		if since != 0 && (n.state == "incomplete" || since < n.silent) {
			n.silent = since
			found[key] = n
		}
	}
}

// date says since when one that was asked in vain lately has been silent.
func (n *neighbourMessage) date(now time.Duration) {
	if n.state == "failed" && n.updated < lately {
		n.silent = max(now-n.confirmed, 1)
	}
}

// neighbourMessage is what an RTM_NEWNEIGH says: of a gateway, or of an address that a bridge has learned.
type neighbourMessage struct {
	neighbour
	index, master int
	address       netip.Addr
	confirmed     time.Duration // ago that it last answered; the kernel gives one that never has a minute at the start
	updated       time.Duration // ago that its state changed; each time that it is asked in vain it does
}

// lately is how old a vain question may be to say that nobody answers now: a failed entry stays until somebody asks again.
const lately = 5 * time.Minute

// ticks is a number of clock ticks, of which the kernel tells a hundred a second whatever its own are.
func ticks(v []byte) time.Duration { return time.Duration(number(v)) * (time.Second / 100) }

// isStatic reports whether an RTM_NEWNEIGH payload is of an address that was not learned.
func isStatic(b []byte) bool {
	return len(b) >= unix.SizeofNdMsg && binary.NativeEndian.Uint16(b[8:])&(unix.NUD_PERMANENT|unix.NUD_NOARP) != 0
}

// decodeNeighbour decodes an RTM_NEWNEIGH payload.
func decodeNeighbour(b []byte) (n neighbourMessage, ok bool) {
	if len(b) < unix.SizeofNdMsg {
		return n, false
	}
	n.index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	n.state = neighbourState(binary.NativeEndian.Uint16(b[8:]))
	for kind, v := range attributes(b[unix.SizeofNdMsg:]) {
		switch kind {
		case unix.NDA_LLADDR:
			n.mac = net.HardwareAddr(v).String()
		case unix.NDA_DST:
			n.address, _ = netip.AddrFromSlice(v)
		case unix.NDA_MASTER:
			n.master = int(number(v))
		case unix.NDA_CACHEINFO: // struct nda_cacheinfo: confirmed, used and updated, in clock ticks ago
			n.confirmed = ticks(v)
			n.updated = ticks(v[min(8, len(v)):])
		}
	}
	return n, n.index > 0
}

// neighbourState names a state as ip(8) does, in small letters.
func neighbourState(state uint16) string {
	// In the order of their bits, of which one is set.
	names := [...]string{"incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent"}
	if at := bits.Len16(state) - 1; at >= 0 && at < len(names) {
		return names[at]
	}
	return "none"
}

// fdb is what bridges have learned: addresses by the bridge and by the port that they are behind.
type fdb struct {
	known   bool
	entries int         // in all, those that were not learned too
	learned map[int]int // by the index of the bridge or port
	port    map[string]int
}

// forwarding dumps the bridges' forwarding databases, where there are bridges.
func (s *session) forwarding(links []linkMessage) fdb {
	bridges := false
	for i := range links {
		bridges = bridges || links[i].kind == "bridge"
	}
	if !bridges {
		return fdb{}
	}
	f := fdb{known: true, learned: map[int]int{}, port: map[string]int{}}
	b := make([]byte, unix.SizeofNdMsg)
	b[0] = unix.AF_BRIDGE
	err := s.dump(request{"forwarding databases", unix.RTM_GETNEIGH, b}, func(b []byte) {
		f.entries++
		if isStatic(b) { // each port has one at least
			return
		}
		if n, ok := decodeNeighbour(b); ok && n.master != 0 && b[0] == unix.AF_BRIDGE {
			f.learned[n.master]++
			f.learned[n.index]++
			f.port[n.mac] = n.index
		}
	})
	if err != nil {
		return fdb{} // interrupted by changes, too: the next look counts again
	}
	return f
}

// question asks for one thing, not for a dump; the kernel's error comes as it is.
func (s *session) question(kind netlink.HeaderType, payload []byte) ([]netlink.Message, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	answers, err := s.Execute(netlink.Message{Header: netlink.Header{Type: kind, Flags: netlink.Request}, Data: payload})
	return answers, errnoOf(err)
}
