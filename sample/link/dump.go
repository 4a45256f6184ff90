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

// tries is how often everything is asked for when the kernel could not give it in one piece.
const tries = 5

// bufferSize is the most that the kernel puts into one datagram of a dump. It fills what it is offered: with less, a dump
// of many links takes several times as many datagrams, and may be interrupted between any two.
const bufferSize = 32 << 10

// errInterrupted stands for NLM_F_DUMP_INTR: links came or went between two parts of a dump, so that some may be
// missing from it.
var errInterrupted = errors.New("interrupted by changes")

// dialer opens a netlink socket. Each try has its own: what a broken dump leaves behind is never taken for the next.
type dialer func() (*netlink.Conn, error)

func dialRoute() (*netlink.Conn, error) {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{MessageBufferSize: bufferSize})
	if err != nil {
		return nil, err
	}
	// With strict checking the kernel does what the questions say, and no more. One older than 4.20 refuses the option
	// and sends more; the decoders sort it out in any case.
	_ = c.SetOption(netlink.GetStrictCheck, true)
	return c, nil
}

// request is one dump: what it asks for, and with which message type.
type request struct {
	what    string
	kind    netlink.HeaderType // RTM_GET...; the answers are RTM_NEW..., two less
	payload []byte
}

// read dumps what j wants until the kernel gives it in one piece, a few times at most.
func (w *Watcher) read(ctx context.Context, j *pollRequest) (f findings, err error) {
	if !j.everything && !j.routes {
		return f, nil
	}
	for range tries {
		f, err = w.ask(ctx, j)
		if !errors.Is(err, errInterrupted) && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return f, err
}

// session is an open socket and the context that its questions end with.
type session struct {
	ctx context.Context
	*netlink.Conn
	stop func() bool
}

func open(ctx context.Context, dial dialer) (*session, error) {
	c, err := dial()
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", plain(err))
	}
	// A deadline in the past ends a read that waits; it cannot end a call that waits for rtnl within the kernel.
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return &session{ctx, c, stop}, nil
}

func (s *session) close() {
	s.stop()
	s.Close()
}

// ask dumps links, addresses and routes, in this order: what belongs to a link that came later finds no link and waits
// for its event.
func (w *Watcher) ask(ctx context.Context, j *pollRequest) (f findings, err error) {
	s, err := open(ctx, w.dial)
	if err != nil {
		return f, err
	}
	defer s.close()
	if j.everything {
		links := request{"links", unix.RTM_GETLINK, linkPayload()}
		err = s.collect(links, func(b []byte) {
			if l, ok := decodeLink(b); ok {
				f.links = append(f.links, l)
			}
		})
		if err != nil {
			return f, err
		}
		addresses := request{"addresses", unix.RTM_GETADDR, make([]byte, unix.SizeofIfAddrmsg)}
		err = s.collect(addresses, func(b []byte) {
			if a, ok := decodeAddress(b); ok {
				f.addresses = append(f.addresses, a)
			}
		})
		if err != nil {
			return f, err
		}
	}
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		routes := request{"routes", unix.RTM_GETROUTE, routePayload(family)}
		err := s.collect(routes, func(b []byte) { f.hops = appendNextHops(f.hops, b, family) })
		// Under strict checking a table that nobody has put a route in does not exist.
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return f, err
		}
	}
	f.hops = s.resolve(f.hops)
	return f, nil
}

// linkPayload asks for links without their counters, which are most of a link's message and come from /proc/net/dev.
func linkPayload() []byte {
	b := make([]byte, unix.SizeofIfInfomsg, unix.SizeofIfInfomsg+8)
	const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h
	return appendUint32(b, unix.IFLA_EXT_MASK, skipStats)
}

// routePayload asks for all tables of one family.
func routePayload(family byte) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[0] = family
	return b
}

// appendUint32 adds a netlink attribute of four bytes.
func appendUint32(b []byte, kind uint16, value uint32) []byte {
	return appendAttribute(b, kind, binary.NativeEndian.AppendUint32(nil, value))
}

// appendAttribute adds a netlink attribute whose payload is a multiple of four bytes long.
func appendAttribute(b []byte, kind uint16, payload []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofNlAttr+len(payload)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(b, payload...)
}

// collect dumps r and hands each answer to take, whose the payload is until it returns.
func (s *session) collect(r request, take func([]byte)) error {
	if err := s.dump(r, take); err != nil {
		return fmt.Errorf("rtnetlink %s: %w", r.what, plain(err))
	}
	return nil
}

// plain takes the library's words off an error: they name neither what was asked for nor what is wrong.
func plain(err error) error {
	if op, ok := errors.AsType[*netlink.OpError](err); ok {
		return op.Err
	}
	return err
}

// dump asks r once and hands the payload of each answer to take.
//
// Kernel: Documentation/userspace-api/netlink/intro.rst, "Dump consistency"
func (s *session) dump(r request, take func([]byte)) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	header := netlink.Header{Type: r.kind, Flags: netlink.Request | netlink.Dump}
	asked, err := s.Send(netlink.Message{Header: header, Data: r.payload})
	if err != nil {
		return err
	}
	whole := true
	for m, err := range s.ReceiveIter() {
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
