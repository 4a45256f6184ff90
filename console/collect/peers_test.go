//go:build !nokube

package collect

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/internal/health"
)

// peersOf are the settings that ask one node, hv2, which counts how often it is asked.
func peersOf(t *testing.T) (config.Peers, *atomic.Int32) {
	t.Helper()
	dir, a, asked := t.TempDir(), certtest.New(t), new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		io.WriteString(w, fmt.Sprintf(`{"node":"hv2","time":%q,"problems":0}`, time.Now().UTC().Format(time.RFC3339Nano)))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Node(t, "hv2").TLS(t)}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	cert, key := a.Node(t, "hv1").Write(t, dir)
	return config.Peers{
		Enable: true, Port: 9101, Interval: 15 * time.Second, CAFile: a.Write(t, dir), CertFile: cert, KeyFile: key, Path: filepath.Join(dir, "peers.json"),
		Nodes: []config.PeerNode{{Name: "hv2", Address: netip.MustParseAddrPort(server.Listener.Addr().String())}},
	}, asked
}

// TestPeersAreAskedWhileSomebodyLooks, and by the configuration in force: off there is nothing of them, not even a goroutine.
func TestPeersAreAskedWhileSomebodyLooks(t *testing.T) {
	peers, asked := peersOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	off := config.Default()
	off.Logs = nil // their files are followed by goroutines that come and go
	c := New(off, new(guard.Guard))
	s := subscribe(t, c)
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	fill := func() { f.Now = time.Now(); s.Fill(&f) }
	c.FollowPeers(ctx, c.Config().Peers)
	await.Until(t, "nothing goes on where peers are off", func() bool { <-c.asksPeers.ended; return true })
	if fill(); f.Peers != nil || !s.PeersSettled() {
		t.Fatalf("off: %+v", f.Peers)
	}
	on := *c.Config()
	on.Peers = peers
	c.Reconfigure(ctx, on)
	if s.PeersSettled() {
		t.Error("settled before anybody was asked")
	}
	await.Until(t, "hv2 is known", func() bool { fill(); return f.Peers != nil && f.Peers.Find("hv2") != nil })
	if p := f.Peers.Find("hv2"); asked.Load() != 0 || f.Peers.Viewed || p.Health.State != health.Init {
		t.Fatalf("asked %d times with nobody who looks: %+v", asked.Load(), f.Peers)
	}
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	s.ViewNodes(true)
	await.Until(t, "hv2 answers", func() bool { fill(); return f.Peers.Find("hv2").Health.State == health.OK })
	if !f.Peers.Viewed || !s.PeersSettled() || !sourceSays(&f, "1 of 1 answer") {
		t.Errorf("%+v, %+v", f.Peers, f.Sources)
	}
	s.ViewNodes(false)
	await.Until(t, "nobody looks any more", func() bool { fill(); return !f.Peers.Viewed })
	await.Until(t, "nothing of it goes on", func() bool { return runtime.NumGoroutine() <= goroutines && openFiles(t) <= files })
	c.Reconfigure(ctx, off)
	await.Until(t, "it is off again", func() bool { fill(); return f.Peers == nil })
	<-c.asksPeers.ended
	s.ViewNodes(true)
	before := asked.Load()
	c.Reconfigure(ctx, on)
	await.Until(t, "who looks already is told, too", func() bool { fill(); return asked.Load() > before && f.Peers != nil && f.Peers.Viewed })
	cancel()
	await.Until(t, "it ends with its context", func() bool { <-c.asksPeers.ended; return true })
}

// openFiles is how many descriptors this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(all)
}

func sourceSays(f *frame.Snapshot, text string) bool {
	for i := range f.Sources {
		if f.Sources[i].Name == "peers" {
			return strings.Contains(f.Sources[i].Detail, text)
		}
	}
	return false
}
