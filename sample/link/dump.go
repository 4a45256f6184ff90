package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// attempts is how often a dump is asked for that the kernel could not give in one piece.
const attempts = 5

// errInterrupted stands for NLM_F_DUMP_INTR: links came or went between two parts of a dump, so that some may be
// missing from it.
var errInterrupted = errors.New("interrupted by changes")

// dialer opens a netlink socket. Each dump has its own: what a broken one leaves behind is never taken for the next.
type dialer func() (*netlink.Conn, error)

func dialRoute() (*netlink.Conn, error) {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return nil, err
	}
	// With strict checking the kernel leaves the routes of other tables out. One older than 4.20 refuses the option
	// and sends all of them: appendHops sorts them out in any case.
	_ = c.SetOption(netlink.GetStrictCheck, true)
	return c, nil
}

// request is one dump: what it asks for, and with which message type.
type request struct {
	what    string
	kind    netlink.HeaderType // RTM_GET...; the answers are RTM_NEW..., two less
	payload []byte
}

// read asks for links, addresses and routes, in this order: what belongs to a link that came later finds no link and
// waits for the next dump.
func (w *Watcher) read(ctx context.Context) (f findings, err error) {
	links := request{"links", unix.RTM_GETLINK, linkPayload()}
	if f.links, err = collect(ctx, w.dial, links, appendLink); err != nil {
		return f, err
	}
	addresses := request{"addresses", unix.RTM_GETADDR, make([]byte, unix.SizeofIfAddrmsg)}
	if f.addresses, err = collect(ctx, w.dial, addresses, appendAddress); err != nil {
		return f, err
	}
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		routes := request{"routes", unix.RTM_GETROUTE, routePayload(family)}
		hops, err := collect(ctx, w.dial, routes, func(list []hop, b []byte) []hop { return appendHops(list, b, family) })
		// Under strict checking a table that nobody has put a route in does not exist.
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return f, err
		}
		f.hops = append(f.hops, hops...)
	}
	return f, nil
}

// linkPayload asks for links without their counters, which are most of a link's message and come from /proc/net/dev.
func linkPayload() []byte {
	b := make([]byte, unix.SizeofIfInfomsg, unix.SizeofIfInfomsg+8)
	const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h
	return appendUint32(b, unix.IFLA_EXT_MASK, skipStats)
}

// routePayload asks for the main table of one family.
func routePayload(family byte) []byte {
	b := make([]byte, unix.SizeofRtMsg, unix.SizeofRtMsg+8)
	b[0] = family
	return appendUint32(b, unix.RTA_TABLE, unix.RT_TABLE_MAIN)
}

// appendUint32 adds a netlink attribute of four bytes.
func appendUint32(b []byte, kind uint16, value uint32) []byte {
	b = binary.NativeEndian.AppendUint16(b, 8)
	b = binary.NativeEndian.AppendUint16(b, kind)
	return binary.NativeEndian.AppendUint32(b, value)
}

// collect dumps r into a list, which decode appends each answer to. A dump that the kernel says is not of one piece is
// dumped again.
func collect[T any](ctx context.Context, dial dialer, r request, decode func([]T, []byte) []T) ([]T, error) {
	var err error
	for range attempts {
		var list []T
		err = dump(ctx, dial, r, func(b []byte) { list = decode(list, b) })
		if err == nil {
			return list, nil
		}
		if !errors.Is(err, errInterrupted) && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	// The library's own prefix names neither what was asked nor why it matters.
	if op, ok := errors.AsType[*netlink.OpError](err); ok {
		err = op.Err
	}
	return nil, fmt.Errorf("rtnetlink %s: %w", r.what, err)
}

// dump asks r once and hands the payload of each answer to take; it is take's until it returns.
//
// Kernel: Documentation/userspace-api/netlink/intro.rst, "Dump consistency"
func dump(ctx context.Context, dial dialer, r request, take func([]byte)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := dial()
	if err != nil {
		return err
	}
	defer c.Close()
	// A deadline in the past ends a read that waits; it cannot end a call that waits for rtnl within the kernel.
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	header := netlink.Header{Type: r.kind, Flags: netlink.Request | netlink.Dump}
	asked, err := c.Send(netlink.Message{Header: header, Data: r.payload})
	if err != nil {
		return err
	}
	whole := true
	for m, err := range c.ReceiveIter() {
		if err != nil {
			return err
		}
		if m.Header.Sequence != asked.Header.Sequence || m.Header.Type != r.kind-2 {
			continue
		}
		whole = whole && m.Header.Flags&netlink.DumpInterrupted == 0
		take(m.Data)
	}
	if !whole {
		return errInterrupted
	}
	return nil
}
