package link

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// twoLinks is a small host: two links, one address, one default route.
func twoLinks() *fake {
	ip := []byte{10, 0, 0, 1}
	return &fake{
		links:     [][]byte{newLink(1, "br0", linkKind("bridge")), newLink(2, "eth0", attribute(unix.IFLA_MASTER, word(1)))},
		addresses: [][]byte{newAddress(1, 24, attribute(unix.IFA_LOCAL, ip))},
		routes:    [][]byte{newRoute(unix.AF_INET, attribute(unix.RTA_GATEWAY, ip), attribute(unix.RTA_OIF, word(1)))},
	}
}

func TestDumpAsksForEverything(t *testing.T) {
	table, err := twoLinks().watcher(t).Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	check(t, table)
	if len(table.Links) != 2 || len(table.Addresses) != 1 || len(table.Gateways) != 1 {
		t.Fatalf("got %+v", table)
	}
	if n := table.Links[1]; n.Name != "eth0" || n.Master != "br0" || n.State != "up" || !n.AdminUp || !n.Carrier || n.MTU != 1500 {
		t.Errorf("got %+v", n)
	}
}

func TestDumpOfNothing(t *testing.T) {
	table, err := (&fake{}).watcher(t).Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Links)+len(table.Addresses)+len(table.Gateways)+len(table.DNS) != 0 {
		t.Errorf("got %+v", table)
	}
}

func TestF22InterruptedDumpIsDumpedAgain(t *testing.T) {
	k := twoLinks()
	k.answer = func(n int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if n <= 2 {
			msgs = append(msgs[:1], msgs[2:]...) // a link is missing from it
			msgs[0].Header.Flags |= netlink.DumpInterrupted
		}
		return msgs, nil
	}
	table, err := k.watcher(t).Dump(context.Background())
	if err != nil || len(table.Links) != 2 {
		t.Fatalf("got %+v, %v", table, err)
	}
	// Then the gateway's neighbour and the bridge's forwarding database are asked for.
	if got := k.questions.Load(); got != 2+4+2 {
		t.Errorf("%d questions, want 8", got)
	}
}

func TestF22InterruptedForEverGivesUp(t *testing.T) {
	k := twoLinks()
	k.answer = func(_ int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		msgs[0].Header.Flags |= netlink.DumpInterrupted
		return msgs, nil
	}
	_, err := k.watcher(t).Dump(context.Background())
	if !errors.Is(err, errInterrupted) || err.Error() != "rtnetlink links: interrupted by changes" {
		t.Errorf("got %v", err)
	}
	if got := k.questions.Load(); got != tries {
		t.Errorf("%d questions, want %d", got, tries)
	}
}

func TestF22NoBufferSpace(t *testing.T) {
	k := twoLinks()
	k.answer = func(n int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if n == 1 {
			return nil, unix.ENOBUFS
		}
		return msgs, nil
	}
	if table, err := k.watcher(t).Dump(context.Background()); err != nil || len(table.Links) != 2 {
		t.Errorf("once: got %+v, %v", table, err)
	}
	k.answer = func(int64, netlink.HeaderType, []netlink.Message) ([]netlink.Message, error) {
		return nil, unix.ENOBUFS
	}
	k.questions.Store(0)
	if _, err := k.watcher(t).Dump(context.Background()); !errors.Is(err, unix.ENOBUFS) || k.questions.Load() != tries {
		t.Errorf("for ever: got %v after %d questions", err, k.questions.Load())
	}
}

func TestF22NotPermitted(t *testing.T) {
	k := twoLinks()
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if ask == unix.RTM_GETADDR {
			return errno(syscall.EPERM, msgs), nil
		}
		return msgs, nil
	}
	_, err := k.watcher(t).Dump(context.Background())
	if !errors.Is(err, unix.EPERM) || err.Error() != "rtnetlink addresses: operation not permitted" {
		t.Errorf("got %v", err)
	}
	if got := k.questions.Load(); got != 2 {
		t.Errorf("%d questions, want 2: asking again does not help", got)
	}
	w := k.watcher(t)
	w.dial = func() (*netlink.Conn, error) { return nil, syscall.EAFNOSUPPORT }
	if _, err := w.Dump(context.Background()); !errors.Is(err, syscall.EAFNOSUPPORT) || !strings.HasPrefix(err.Error(), "open rtnetlink: ") {
		t.Errorf("no socket: got %v", err)
	}
}

func TestNoRouteTableIsNoRoute(t *testing.T) {
	k := twoLinks()
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if ask == unix.RTM_GETROUTE {
			return errno(syscall.ENOENT, msgs[len(msgs)-1:]), nil
		}
		return msgs, nil
	}
	table, err := k.watcher(t).Dump(context.Background())
	if err != nil || len(table.Gateways) != 0 || len(table.Links) != 2 {
		t.Errorf("got %+v, %v", table, err)
	}
}

func TestForeignMessagesAreNoAnswer(t *testing.T) {
	k := twoLinks()
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if ask == unix.RTM_GETLINK {
			late, other := msgs[0], msgs[1]
			late.Header.Sequence--
			late.Header.Flags |= netlink.DumpInterrupted
			other.Header.Type = unix.RTM_NEWADDR
			other.Data = newLink(77, "foreign")
			msgs = append([]netlink.Message{late, other}, msgs...)
		}
		return msgs, nil
	}
	table, err := k.watcher(t).Dump(context.Background())
	if err != nil || len(table.Links) != 2 || k.questions.Load() != 6 {
		t.Errorf("got %+v, %v after %d questions", table, err, k.questions.Load())
	}
}

func TestDumpEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k := twoLinks()
	if _, err := k.watcher(t).Dump(ctx); !errors.Is(err, context.Canceled) || k.questions.Load() != 0 {
		t.Errorf("got %v after %d questions", err, k.questions.Load())
	}
}

// many is a host with n links: half of them ports of one of 16 bridges, each tenth with an address.
func many(n int) *fake {
	k := &fake{}
	for i := n; i > 0; i-- {
		switch {
		case i <= 16:
			k.links = append(k.links, newLink(i, fmt.Sprintf("br%d", i), linkKind("bridge")))
		case i%2 == 0:
			k.links = append(k.links, newLink(i, fmt.Sprintf("veth%d", i), linkKind("veth"), attribute(unix.IFLA_MASTER, word(uint32(1+i%16)))))
		default:
			k.links = append(k.links, newLink(i, fmt.Sprintf("tap%d", i), linkKind("tun")))
		}
		if i%10 == 0 {
			k.addresses = append(k.addresses, newAddress(i, 16, attribute(unix.IFA_LOCAL, []byte{10, byte(i >> 16), byte(i >> 8), byte(i)})))
		}
	}
	return k
}

func TestF15FiveThousandLinks(t *testing.T) {
	table, err := many(5000).watcher(t).Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	check(t, table)
	if len(table.Links) != 5000 || len(table.Addresses) != 500 {
		t.Errorf("%d links, %d addresses", len(table.Links), len(table.Addresses))
	}
	if n := table.Links[4999]; n.Name != "veth5000" || n.Master != "br9" || n.AddressCount != 1 {
		t.Errorf("the last is %+v", n)
	}
}

// BenchmarkDump is one beat: this host, and decoding and joining 5,000 links (which the fake kernel makes, too).
func BenchmarkDump(b *testing.B) {
	for name, w := range map[string]*Watcher{"host": New(Options{}), "5000": many(5000).watcher(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Dump(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
