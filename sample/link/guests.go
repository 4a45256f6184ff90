package link

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

// guestLinks says which guest is behind a link.
type guestLinks struct {
	why       string            // nobody knows, and why
	guests    []qemu.Guest      // those that were asked for
	namespace map[int][]int     // guests by the id of their network namespace
	names     map[farKey]string // of the interfaces there
	macs      map[string]int    // guests without a namespace of their own, by hardware address
	devices   map[string]int    // guests by the PCI address of a device that they were given
}

type farKey struct{ namespace, index int }

// guestLinks asks the kernel which network namespace each guest is in. It has to come after the dump of the links: that
// gives their namespaces the ids which are asked for here. An id is this namespace's own, and used again when its
// namespace has gone; a guest whose process has another start by now is left out.
//
// Kernel: Documentation/netlink/specs, RTM_GETNSID of net/core/net_namespace.c
func (w *Watcher) guestLinks(s *session, now guestList) guestLinks {
	guests := now.guests
	o := guestLinks{guests: guests, why: now.why}
	if len(guests) == 0 {
		return o
	}
	o.namespace, o.names = map[int][]int{}, map[farKey]string{}
	o.macs, o.devices = map[string]int{}, map[string]int{}
	for i := range guests {
		g := &guests[i]
		for _, address := range strings.Fields(g.Devices) {
			o.devices[address] = i
		}
		if !g.OwnNetwork {
			for _, mac := range strings.Fields(g.MACs) {
				if _, twice := o.macs[mac]; twice {
					o.macs[mac] = -1 // two guests with one address: nobody can tell which is meant
					continue
				}
				o.macs[mac] = i
			}
			continue
		}
		id, err := s.namespaceOf(g.PID)
		if err != nil || id < 0 || !w.alive(g) {
			continue // -1: no link leads there
		}
		o.namespace[id] = append(o.namespace[id], i)
		w.farNames(o.names, id, g.PID)
	}
	return o
}

// namespaceOf is the id of the network namespace that a process is in, -1 when that has none: when no link of this
// namespace leads there, or it is this namespace itself.
func (s *session) namespaceOf(pid int) (int, error) {
	b := make([]byte, 4, 12) // struct rtgenmsg, padded
	b = appendUint32(b, unix.NETNSA_PID, uint32(pid))
	answers, err := s.question(unix.RTM_GETNSID, b)
	if err != nil {
		return -1, err
	}
	for _, m := range answers {
		if id, ok := decodeNSID(m.Data); ok {
			return id, nil
		}
	}
	return -1, nil
}

// decodeNSID decodes an RTM_NEWNSID payload.
func decodeNSID(b []byte) (id int, ok bool) {
	if len(b) < 4 {
		return -1, false
	}
	if v := firstOf(b[4:], unix.NETNSA_NSID); len(v) >= 4 {
		return int(int32(number(v))), true
	}
	return -1, false
}

// alive reports whether the guest's process is the one that was found.
func (w *Watcher) alive(g *qemu.Guest) bool {
	stat, _, err := procfile.ParseProcessStat(procfile.Small(filepath.Join(w.root, "/proc", strconv.Itoa(g.PID), "stat")))
	return err == nil && stat.Start == g.Start
}

// farNames takes the names of a process's interfaces from the one place that goes with their index.
func (w *Watcher) farNames(names map[farKey]string, id, pid int) {
	const most = 64
	dir := filepath.Join(w.root, "/proc", strconv.Itoa(pid), "net/dev_snmp6")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries[:min(len(entries), most)] {
		word, figure, _ := strings.Cut(line(filepath.Join(dir, e.Name())), "\t")
		index, err := strconv.Atoi(strings.TrimSpace(figure))
		if strings.TrimSpace(word) == "ifIndex" && err == nil {
			names[farKey{id, index}] = clean.String(e.Name())
		}
	}
}

// of says which guest is behind l. Without one it says why, where that is worth knowing.
func (o *guestLinks) of(l *linkMessage, learned *fdb) (vm *sample.AttachedVM, why string) {
	tap := l.kind == "tun" && l.mode() == "tap"
	switch {
	case l.netns < 0 && l.kind != "macvtap" && !tap:
		return nil, ""
	case o.why != "":
		return nil, o.why
	case l.netns >= 0:
		switch inside := o.namespace[l.netns]; len(inside) {
		case 0:
			return nil, "no QEMU process in the namespace that it leads to"
		case 1:
			return o.attached(inside[0]), ""
		default:
			return nil, "several QEMU processes in the namespace that it leads to"
		}
	}
	if l.kind == "macvtap" {
		if i, ok := o.macs[l.mac]; ok && i >= 0 {
			return o.attached(i), ""
		}
		return nil, "no QEMU process has its address"
	}
	return o.behind(l, learned)
}

// behind is the guest that a tap in this namespace belongs to: a bridge has learned its address there. libvirt gives a
// tap the guest's address but for the first byte.
func (o *guestLinks) behind(l *linkMessage, learned *fdb) (*sample.AttachedVM, string) {
	for mac, i := range o.macs {
		if port, ok := learned.port[mac]; ok && port == l.index && i >= 0 {
			return o.attached(i), ""
		}
	}
	if i, ok := o.libvirtTap(l.mac); ok {
		return o.attached(i), ""
	}
	return nil, "no bridge has seen a guest's address behind it"
}

// libvirtTap is the guest whose address is that of a tap but for the first byte, which libvirt makes fe.
func (o *guestLinks) libvirtTap(mac string) (int, bool) {
	rest, ok := strings.CutPrefix(mac, "fe:")
	if !ok {
		return 0, false
	}
	for guest, i := range o.macs {
		if _, its, _ := strings.Cut(guest, ":"); its == rest {
			return i, i >= 0
		}
	}
	return 0, false
}

func (o *guestLinks) attached(i int) *sample.AttachedVM {
	g := &o.guests[i]
	return &sample.AttachedVM{Namespace: g.Namespace, Name: g.Name, PID: g.PID}
}

// errnoOf is the kernel's number of an error, else the error itself.
func errnoOf(err error) error {
	if no, ok := errors.AsType[unix.Errno](err); ok {
		return no
	}
	return err
}
