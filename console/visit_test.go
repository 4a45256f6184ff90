//go:build !nokube

package console

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/peer"
	"hypervisor-tui/serve/web"
)

// otherNode serves the console of a node, as --serve does, to those with a certificate of a. Its sessions are the sum of running.
func otherNode(t *testing.T, a *certtest.Authority, running *atomic.Int32) netip.AddrPort {
	t.Helper()
	c := config.Default()
	collector := collect.New(c, new(guard.Guard))
	ctx, cancel := context.WithCancel(context.Background())
	collector.StartSampler(ctx)
	server := httptest.NewUnstartedServer(web.NewPeers(func(ctx context.Context, p *web.Page) error {
		running.Add(1)
		defer running.Add(-1)
		news, err := collector.Subscribe()
		if err != nil {
			return err
		}
		defer news.Close()
		return View(ctx, p, news, SessionOptions{Collector: collector, Guard: new(guard.Guard), Viewer: "CN=hv1", Peer: true, Screen: p.Screen, first: loaded{config: c}})
	}))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.PEM)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Node(t, "hv2").TLS(t)}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); cancel() })
	return server.Listener.Addr().(*net.TCPAddr).AddrPort()
}

// newVisitor returns a session by c that shows F4 of hv1, whose certificate is of a.
func newVisitor(t *testing.T, a *certtest.Authority, c config.Config) (*session, *sheet) {
	t.Helper()
	dir := t.TempDir()
	c.Peers.CAFile = a.Write(t, dir)
	c.Peers.CertFile, c.Peers.KeyFile = a.Node(t, "hv1").Write(t, dir)
	collector := collect.New(c, new(guard.Guard))
	news, err := collector.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	d := newSheet()
	l := newSession(d, viewed, news, SessionOptions{Collector: collector, Guard: new(guard.Guard), Screen: frame.Nodes, first: loaded{config: c}})
	l.frame.Now = time.Now().UTC()
	return l, d
}

// TestVisit: o shows the other node's console, whose F-keys and Esc are its own until nothing is open there; Esc comes back, and
// nothing is left of it, ten times over.
func TestVisit(t *testing.T) {
	a := certtest.New(t)
	var running atomic.Int32
	address := otherNode(t, a, &running)
	l, d := newVisitor(t, a, config.Default())
	l.w, l.h = d.Size()
	ctx := t.Context()
	// awaits is one turn of the loop after the other, until the picture has a text.
	awaits := func(text string) {
		t.Helper()
		await.Until(t, text, func() bool {
			select {
			case <-l.visiting.changed:
				l.visited(time.Now())
			default:
			}
			if l.behind {
				l.draw(time.Now())
			}
			return d.shows(text)()
		})
	}
	press := func(k draw.Key) {
		t.Helper()
		if quit, err := l.key(ctx, k); quit || err != nil {
			t.Fatalf("key %d: quit %v, %v", k, quit, err)
		}
	}
	same := await.Goroutines(t)
	for range 10 {
		l.frame.Peers = &peer.State{Peers: []peer.Peer{{Name: "hv2", Address: address}}}
		l.visit(ctx, "hv2")
		awaits(" hv2 live  " + address.String())
		press(draw.KeyF3)
		awaits("── Interfaces")
		press('i')
		awaits("Ctrl-C comes back")
		press(draw.KeyEsc) // closes there what i opened
		awaits("Esc comes back")
		if connections(t, address.Port()) == 0 {
			t.Fatal("no connection is seen while there is one")
		}
		press(draw.KeyEsc)
		if l.visiting.other != nil || !d.shows("F4 Nodes")() || d.shows("hv2 live")() {
			t.Fatalf("it does not come back:\n%s", d.picture)
		}
		await.Until(t, "the session there ends", func() bool { return running.Load() == 0 })
	}
	await.Until(t, "the connections are closed", func() bool { return connections(t, address.Port()) == 0 })
	same()
}

// connections is how many this machine has open to a port of its own, or from it.
//
// Linux: proc_pid_net(5), the states of tcp
func connections(t *testing.T, port uint16) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Skipf("no connections are listed here: %v", err)
	}
	end := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		const timeWait, listen = "06", "0A"
		if len(f) > 3 && (strings.HasSuffix(f[1], end) || strings.HasSuffix(f[2], end)) && f[3] != timeWait && f[3] != listen {
			n++
		}
	}
	return n
}

// TestVisitIsLeft: q there ends the visit and not this program; a node that cannot be reached says why and lets go; ten minutes
// without a key, and this host's console is back.
func TestVisitIsLeft(t *testing.T) {
	a := certtest.New(t)
	var running atomic.Int32
	address := otherNode(t, a, &running)
	c := config.Default()
	c.Quit = true
	l, d := newVisitor(t, a, c)
	turn := func(done func() bool) func() bool {
		return func() bool { l.draw(time.Now()); return done() }
	}
	here := func() bool { return l.visiting.other == nil && d.shows("F4 Nodes")() }
	visit := func(name string, at netip.AddrPort) {
		l.frame.Peers = &peer.State{Peers: []peer.Peer{{Name: name, Address: at}}}
		l.visit(t.Context(), name)
	}
	visit("hv2", address)
	await.Until(t, "hv2", turn(d.shows("hv2 live")))
	if quit, _ := l.key(t.Context(), 'q'); quit {
		t.Fatal("this console has ended")
	}
	await.Until(t, "q there ends the visit", turn(here))

	visit("hv3", address)
	await.Until(t, "another's certificate", turn(d.shows("its certificate is for hv2, not for hv3")))
	if quit, _ := l.key(t.Context(), 'q'); quit || !here() {
		t.Error("q does not come back from where nobody answers")
	}

	visit("hv2", address)
	await.Until(t, "hv2", turn(d.shows("hv2 live")))
	l.past.keyed = time.Now().Add(-backAfter)
	if l.tick(time.Now()); !here() {
		t.Error("another node's console stays when nobody types")
	}
	await.Until(t, "the session there ends", func() bool { return running.Load() == 0 })
	if strings.Contains(d.picture, "hv2") {
		t.Error("there is something left of it")
	}
}
