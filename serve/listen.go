package serve

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/serve/socket"
)

const (
	maxClients = 64             // connections at a time
	maxOutside = maxClients - 8 // of which from other hosts: whoever sits in front of this one still gets in
	maxOneHost = 32             // of which from one address; behind a proxy all come from one
)

// peer is the other end of a connection. The zero peer is somebody of whom nothing is known.
type peer struct {
	unix    bool       // it comes by a Unix socket, whose mode says who can
	uid     uint32     // of the process there
	address netip.Addr // of any other
	local   bool       // it is a process of this host
}

func (p peer) String() string {
	if p.unix {
		return fmt.Sprintf("unix uid %d", p.uid)
	}
	return p.address.String()
}

// host is what is counted as one: an IPv4 address, or the network that one IPv6 host chooses its addresses from.
func (p peer) host() netip.Prefix {
	bits := 32
	if p.address.Is6() {
		bits = 64
	}
	host, _ := p.address.Prefix(bits)
	return host
}

// peerOf says who is at the other end of c.
func peerOf(c net.Conn) (peer, error) {
	if c, ok := c.(*net.UnixConn); ok {
		return unixPeer(c)
	}
	far, farOK := c.RemoteAddr().(*net.TCPAddr)
	near, nearOK := c.LocalAddr().(*net.TCPAddr)
	if !farOK || !nearOK {
		return peer{}, fmt.Errorf("from %v to %v: neither TCP nor a Unix socket", c.RemoteAddr(), c.LocalAddr())
	}
	return tcpPeer(far.AddrPort().Addr(), near.AddrPort().Addr()), nil
}

// tcpPeer is who has connected from far to near. What comes to a loopback address from another host is not local: a network
// plugin's route_localnet makes that possible.
//
// Kernel: Documentation/networking/ip-sysctl.rst on route_localnet
func tcpPeer(far, near netip.Addr) peer {
	far = far.Unmap()
	return peer{address: far, local: far.IsLoopback() && near.Unmap().IsLoopback()}
}

// unixPeer is the process that has connected, as it was then.
//
// Kernel: unix(7) on SO_PEERCRED
func unixPeer(c *net.UnixConn) (peer, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) { cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = cmp.Or(err, credErr); err != nil {
		return peer{}, err
	}
	return peer{unix: true, local: true, uid: cred.Uid}, nil
}

// clients counts the connections that there are.
type clients struct {
	mu      sync.Mutex
	all     int
	outside int
	hosts   map[netip.Prefix]int // of Unix sockets none
}

// enter reports whether there is room for one more; leave must then be called once.
func (c *clients) enter(p peer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := p.host()
	if c.all == maxClients || !p.local && c.outside == maxOutside || host.IsValid() && c.hosts[host] == maxOneHost {
		return false
	}
	c.all++
	if !p.local {
		c.outside++
	}
	if host.IsValid() {
		if c.hosts == nil {
			c.hosts = map[netip.Prefix]int{}
		}
		c.hosts[host]++
	}
	return true
}

// crowded reports whether half of the room is taken that there is for connections such as p's: then none stays that waits
// for its client's next request.
func (c *clients) crowded(p peer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all > maxClients/2 || c.hosts[p.host()] > maxOneHost/2
}

func (c *clients) leave(p peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if !p.local {
		c.outside--
	}
	if host := p.host(); host.IsValid() {
		if c.hosts[host]--; c.hosts[host] == 0 {
			delete(c.hosts, host)
		}
	}
}

// counted is a socket whose connections are counted, and closed at once where there are too many.
type counted struct {
	net.Listener
	server *Server
}

// Accept returns the next connection that there is room for.
func (l counted) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p, err := peerOf(c)
		switch {
		case err != nil:
			l.server.notes.say("a connection could not be taken: %v", err)
		case !l.server.clients.enter(p):
			l.server.notes.say("refused %v: too many connections", p)
		default:
			if c, ok := c.(*net.TCPConn); ok { // who vanished without a word is gone after a minute
				_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3})
				unsentAtMost(c, maxUnsent)
			}
			return &connection{Conn: c, peer: p, leave: sync.OnceFunc(func() { l.server.clients.leave(p) })}, nil
		}
		_ = c.Close()
	}
}

// maxUnsent is how much the kernel keeps for a line that is busy. By itself it would keep megabytes: on a slow one a page would
// show what was an hour ago.
const maxUnsent = 16 << 10

// unsentAtMost makes writes to c wait while so many bytes wait to be sent. An error changes nothing.
//
// Linux: tcp(7), TCP_NOTSENT_LOWAT
func unsentAtMost(c *net.TCPConn, bytes int) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, bytes) })
	}
}

// connection is one that counts.
type connection struct {
	net.Conn
	peer  peer
	leave func()
}

// Close closes it, and makes room for another.
func (c *connection) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// peerKey is the key of a connection's peer in the context of its requests.
type peerKey struct{}

func withPeer(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	return context.WithValue(ctx, peerKey{}, c.(*connection).peer)
}

// handedOver answers on a socket of systemd's until ctx ends.
func (s *Server) handedOver(ctx context.Context, h *http.Server, l net.Listener) {
	if missing := s.missing(l.Addr().String()); missing != "" {
		_ = l.Close()
		s.options.Log("serve: nothing is served on %v, which systemd has handed over: %s", l.Addr(), missing)
		return
	}
	if err := s.serve(h, l); ctx.Err() == nil {
		s.options.Log("serve: nothing is served on %v any more: %v", l.Addr(), err)
	}
}

// listen answers on address until ctx ends. It says once why it does not get it, and tries again.
func (s *Server) listen(ctx context.Context, h *http.Server, address string) {
	if missing := s.missing(address); missing != "" {
		s.options.Log("serve: nothing is served on %s: %s", address, missing)
		return
	}
	for said := ""; ctx.Err() == nil; {
		l, err := bind(ctx, address)
		if err == nil {
			said = ""
			s.options.Log("serve: answers on %v", l.Addr())
			err = s.serve(h, l)
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			s.options.Log("serve: does not answer on %s, tries again: %v", address, err)
		}
		select {
		case <-time.After(retryTime):
		case <-ctx.Done():
		}
	}
}

func (s *Server) missing(address string) string {
	secrets := s.secrets.Load()
	return s.options.Config.Missing(address, secrets.tls != nil, secrets.authenticates())
}

// serve answers on l until that is closed: encrypted where there is a certificate, but on a Unix socket.
func (s *Server) serve(h *http.Server, l net.Listener) error {
	l = counted{l, s}
	if s.secrets.Load().tls != nil && l.Addr().Network() != "unix" {
		l = tls.NewListener(l, &tls.Config{
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.secrets.Load().tls, nil },
		})
	}
	return h.Serve(l)
}

// bind opens a listening socket at address.
func bind(ctx context.Context, address string) (net.Listener, error) {
	if path.IsAbs(address) {
		return socket.Listen("unix", address)
	}
	network := "tcp" // of [::], IPv4 as well
	if a, err := netip.ParseAddrPort(address); err == nil && a.Addr().Is4() {
		network = "tcp4" // of 0.0.0.0, no IPv6
	}
	return new(net.ListenConfig).Listen(ctx, network, address)
}
