package link

import (
	"cmp"
	"context"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/order"
	"hypervisor-tui/sample"
)

// kubePorts are the TCP ports that Kubernetes and its distributions listen on.
var kubePorts = [...]sample.Listener{
	{Port: 6443, Service: "API server"}, {Port: 9345, Service: "RKE2 supervisor"}, {Port: 10250, Service: "kubelet"},
	{Port: 2379, Service: "etcd"}, {Port: 2380, Service: "etcd peers"}, {Port: 10257, Service: "controller manager"},
	{Port: 10259, Service: "scheduler"}, {Port: 10256, Service: "kube-proxy health"},
}

// SOCK_DIAG_BY_FAMILY and TCP_LISTEN of the kernel's headers.
const (
	sockDiagByFamily = 20
	tcpListen        = 10
	sizeofDiagReq    = 56 // struct inet_diag_req_v2
	sizeofDiagMsg    = 72 // struct inet_diag_msg
)

func dialDiag() (*netlink.Conn, error) {
	return netlink.Dial(unix.NETLINK_SOCK_DIAG, &netlink.Config{MessageBufferSize: bufferSize})
}

// listeners asks the kernel who listens on Kubernetes' ports in this namespace. Nobody is connected to.
func (w *Watcher) listeners(ctx context.Context) (list []sample.Listener, why string) {
	if w.dialDiag == nil {
		return nil, "sockets are not asked for"
	}
	s, err := open(ctx, w.dialDiag)
	if err != nil {
		return nil, "sock_diag: " + cause(plain(err))
	}
	defer s.close()
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		err := s.sockets(diagRequest(family), func(b []byte) {
			if l, ok := decodeListener(b); ok {
				list = append(list, l)
			}
		})
		// A kernel without IPv6 or without the module says so.
		if err != nil && family == unix.AF_INET {
			return nil, "sock_diag: " + cause(plain(err))
		}
	}
	return settleListeners(list), ""
}

// sockets is dump for a netlink family whose answers are of the question's own type.
func (s *session) sockets(payload []byte, take func([]byte)) error {
	header := netlink.Header{Type: sockDiagByFamily, Flags: netlink.Request | netlink.Dump}
	if _, err := s.Send(netlink.Message{Header: header, Data: payload}); err != nil {
		return err
	}
	for m, err := range s.ReceiveIter() {
		if err != nil {
			return err
		}
		if m.Header.Type == sockDiagByFamily {
			take(m.Data)
		}
	}
	return nil
}

// diagRequest asks for TCP sockets of a family that listen.
//
// Kernel: include/uapi/linux/inet_diag.h
func diagRequest(family byte) []byte {
	b := make([]byte, sizeofDiagReq)
	b[0], b[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], 1<<tcpListen)
	return b
}

// decodeListener decodes a struct inet_diag_msg; false: it listens on no port of Kubernetes.
func decodeListener(b []byte) (l sample.Listener, ok bool) {
	if len(b) < sizeofDiagMsg || b[1] != tcpListen {
		return l, false
	}
	port := int(binary.BigEndian.Uint16(b[4:]))
	i := slices.IndexFunc(kubePorts[:], func(k sample.Listener) bool { return k.Port == port })
	if i < 0 {
		return l, false
	}
	l = kubePorts[i]
	size := 4
	if b[0] == unix.AF_INET6 {
		size = 16
	}
	address, _ := netip.AddrFromSlice(b[8 : 8+size])
	switch address = address.Unmap(); {
	case address.IsUnspecified():
		l.Address = "all"
	case address.IsLoopback():
		l.Address = "loopback"
	default:
		l.Address = address.String()
	}
	return l, true
}

// settleListeners sorts by port and lists each port and address once.
func settleListeners(list []sample.Listener) []sample.Listener {
	order.By(list, func(a, b *sample.Listener) int {
		return cmp.Or(a.Port-b.Port, cmp.Compare(a.Address, b.Address))
	})
	return slices.Compact(list)
}
