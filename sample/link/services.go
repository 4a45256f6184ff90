package link

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/order"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/cni"
	"hypervisor-tui/sample/procfile"
)

const (
	resolvConf = "/etc/resolv.conf"
	subnetEnv  = "/run/flannel/subnet.env"
)

// hostFiles is what the host's files say of its network.
type hostFiles struct {
	services *sample.NetServices
	dns      []string
	crash    string // a panic and its trace
}

// filesTimeout is how long a look waits for the host's files.
const filesTimeout = time.Second

// unanswered is a reading of the host's files that has not come back yet: they may lie on a disk that does not answer. The
// links are known meanwhile, so that it has a goroutine of its own, and never a second one beside it.
type unanswered struct {
	reading <-chan hostFiles // nil: none is under way
	file    atomic.Pointer[string]
	since   time.Duration

	why      string        // the last reading's WhyFiles
	whySince time.Duration // since when it is the same
}

// files reads what the host's files say of its network. What does not come in time or cannot be read is unknown, and WhyFiles says why. One
// goroutine may call it at a time.
func (w *Watcher) files() hostFiles {
	u := &w.unanswered
	if u.reading != nil { // what was waited for once is not again
		select {
		case f := <-u.reading:
			return u.take(f)
		default:
			return u.late()
		}
	}
	answer := make(chan hostFiles, 1)
	u.reading, u.since = answer, w.now()
	u.at(resolvConf)
	go func() {
		var f hostFiles
		defer func() {
			if p := recover(); p != nil {
				f.crash = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			answer <- f
		}()
		f = w.services()
	}()
	select {
	case f := <-u.reading:
		return u.take(f)
	case <-time.After(filesTimeout):
		return u.late()
	}
}

func (u *unanswered) late() hostFiles {
	why := "not answering: " + *u.file.Load()
	return hostFiles{services: &sample.NetServices{WhyFiles: why, FilesSince: u.since, WhyCNI: why}}
}

func (u *unanswered) take(f hostFiles) hostFiles {
	u.reading = nil
	if f.crash != "" {
		panic(f.crash)
	}
	if why := f.services.WhyFiles; why != u.why {
		u.why, u.whySince = why, u.since
	}
	if u.why != "" {
		f.services.FilesSince = u.whySince
	}
	return f
}

// services reads what the host's files say of its network.
func (w *Watcher) services() (f hostFiles) {
	n := &sample.NetServices{}
	resolv := w.small(resolvConf, n)
	f.services, f.dns, n.Search = n, parseResolv(resolv), parseSearch(resolv)
	if len(f.dns) == 1 && strings.HasPrefix(f.dns[0], "127.0.0.5") {
		n.Upstream = parseResolv(w.small("/run/systemd/resolve/resolv.conf", n))
	}
	n.PodCIDR, n.NodeCIDR = parseSubnet(w.small(subnetEnv, n))
	w.unanswered.at("the network plugin's configuration")
	n.CNI, n.CNISource, n.WhyCNI = cni.Read(w.root)
	return f
}

// small reads one of the host's files. The first that is there and cannot be read is named in n.
func (w *Watcher) small(path string, n *sample.NetServices) []byte {
	w.unanswered.at(path)
	if w.hangs != nil {
		w.hangs(path)
	}
	text, err := procfile.ReadSmall(w.root, path)
	if err != nil && !procfile.Missing(err) && n.WhyFiles == "" {
		n.WhyFiles = err.Error()
	}
	return text
}

func (u *unanswered) at(file string) { u.file.Store(&file) }

// pluginLinks are the links that network plugins make on each node.
var pluginLinks = [...]struct{ prefix, plugin string }{
	{"flannel", "flannel"}, {"cilium_", "cilium"}, {"cali", "calico"}, {"vxlan.calico", "calico"}, {"antrea-", "antrea"},
	{"ovn-k8s-", "ovn-kubernetes"}, {"weave", "weave"}, {"kube-bridge", "kube-router"},
}

// pluginOf is the network plugin that a link's name gives away, empty when it does not.
func pluginOf(name string) string {
	for _, p := range pluginLinks {
		if strings.HasPrefix(name, p.prefix) {
			return p.plugin
		}
	}
	return ""
}

// parseSubnet takes the cluster's and this node's addresses of pods from flannel's subnet.env: of IPv4, of IPv6, or of both
// with a comma between.
//
// flannel: pkg/subnet/subnet.go, WriteSubnetFile.
func parseSubnet(text []byte) (network, subnet string) {
	var networks, subnets [2]string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "FLANNEL_NETWORK":
			networks[0] = clean.String(value)
		case "FLANNEL_IPV6_NETWORK":
			networks[1] = clean.String(value)
		case "FLANNEL_SUBNET":
			subnets[0] = clean.String(value)
		case "FLANNEL_IPV6_SUBNET":
			subnets[1] = clean.String(value)
		}
	}
	return strings.Trim(strings.Join(networks[:], ","), ","), strings.Trim(strings.Join(subnets[:], ","), ",")
}

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
		return nil, "sock_diag: " + procfile.Cause(plain(err)).Error()
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
			return nil, "sock_diag: " + procfile.Cause(plain(err)).Error()
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
