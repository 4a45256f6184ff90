package link

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nltest"
	"golang.org/x/sys/unix"
)

// fake is a kernel that answers dumps with the payloads it is given. Its questions are counted, and answer may change
// each answer before it goes out.
type fake struct {
	links, addresses, routes [][]byte
	questions                atomic.Int64
	// answer gets the number of the question, counted from 1, the request and the payloads; nil: unchanged.
	answer func(n int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error)
}

// watcher returns a Watcher that asks k and sees an empty tree.
func (k *fake) watcher(t testing.TB) *Watcher {
	began := time.Now()
	return &Watcher{root: t.TempDir(), dial: k.dial, now: func() time.Duration { return time.Since(began) + time.Hour }}
}

func (k *fake) dial() (*netlink.Conn, error) {
	return nltest.Dial(func(asked []netlink.Message) ([]netlink.Message, error) {
		if len(asked) != 1 {
			return nil, fmt.Errorf("%d questions at once", len(asked))
		}
		q := asked[0].Header
		var payloads [][]byte
		switch q.Type {
		case unix.RTM_GETLINK:
			payloads = k.links
		case unix.RTM_GETADDR:
			payloads = k.addresses
		case unix.RTM_GETROUTE:
			payloads = k.routes
		}
		msgs := make([]netlink.Message, 0, len(payloads)+1)
		for _, p := range payloads {
			h := netlink.Header{Type: q.Type - 2, Sequence: q.Sequence, PID: nltest.PID}
			msgs = append(msgs, netlink.Message{Header: h, Data: p})
		}
		msgs = append(msgs, netlink.Message{Header: netlink.Header{Sequence: q.Sequence, PID: nltest.PID}})
		n := k.questions.Add(1)
		if k.answer != nil {
			var err error
			if msgs, err = k.answer(n, q.Type, msgs); err != nil {
				return nil, err
			}
		}
		msgs, err := nltest.Multipart(msgs)
		if len(msgs) == 1 { // an empty dump, which Multipart takes for no dump
			msgs[0].Header.Type, msgs[0].Header.Flags = netlink.Done, netlink.Multi
		}
		return msgs, err
	}), nil
}

// attribute is one netlink attribute, padded.
func attribute(kind uint16, payload []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(payload)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, payload...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func word(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// newLink is an RTM_NEWLINK payload of an Ethernet device that is up.
func newLink(index int, name string, more ...[]byte) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint16(b[2:], unix.ARPHRD_ETHER)
	binary.NativeEndian.PutUint32(b[4:], uint32(index))
	binary.NativeEndian.PutUint32(b[8:], unix.IFF_UP|unix.IFF_LOWER_UP)
	b = append(b, attribute(unix.IFLA_IFNAME, append([]byte(name), 0))...)
	b = append(b, attribute(unix.IFLA_MTU, word(1500))...)
	b = append(b, attribute(unix.IFLA_OPERSTATE, []byte{6})...)
	b = append(b, attribute(unix.IFLA_ADDRESS, []byte{2, 0, 0, 0, byte(index >> 8), byte(index)})...)
	return append(b, join(more...)...)
}

func linkKind(kind string) []byte {
	return attribute(unix.IFLA_LINKINFO|netlink.Nested, attribute(unix.IFLA_INFO_KIND, append([]byte(kind), 0)))
}

// newAddress is an RTM_NEWADDR payload of global scope.
func newAddress(index int, bits byte, attributes ...[]byte) []byte {
	b := []byte{unix.AF_INET, bits, 0, unix.RT_SCOPE_UNIVERSE}
	return join(b, word(uint32(index)), join(attributes...))
}

// newRoute is an RTM_NEWROUTE payload of a default route in the main table.
func newRoute(family byte, attributes ...[]byte) []byte {
	return join([]byte{family, 0, 0, 0, unix.RT_TABLE_MAIN, 0, 0, unix.RTN_UNICAST, 0, 0, 0, 0}, join(attributes...))
}

// encodedHop is one struct rtnexthop.
func encodedHop(index int, attributes ...[]byte) []byte {
	more := join(attributes...)
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtNexthop+len(more)))
	return join(b, []byte{0, 0}, word(uint32(index)), more)
}

// errno is the answer of a kernel that refuses a dump.
func errno(no syscall.Errno, msgs []netlink.Message) []netlink.Message {
	last := &msgs[len(msgs)-1]
	last.Data = word(uint32(-int32(no)))
	return msgs
}
