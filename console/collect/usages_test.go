//go:build !nokube

package collect

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// TestUsagesAreAskedForViewers, of the Prometheus that the configuration in force names, by the addresses that are known: off
// there is nothing of it, not even a goroutine.
func TestUsagesAreAskedForViewers(t *testing.T) {
	var query atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query().Get("query")
		query.Store(&q)
		io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c := New(config.Default(), new(guard.Guard))
	c.kube.Store(&kube.State{Fleet: &kube.Fleet{Rows: []kube.NodeRow{{Node: kube.Node{Name: "a", InternalIP: "10.0.0.1"}}, {Node: kube.Node{Name: "b", InternalIP: "10.0.0.2"}}}}})
	s := subscribe(t, c)
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	fill := func() { f.Now = time.Now(); s.Fill(&f) }
	s.ViewNode("b")
	c.FollowUsages(ctx, c.Config().Prometheus)
	await.Until(t, "nothing goes on where it is off", func() bool { <-c.asksUsages.ended; return true })
	if fill(); f.Usages != nil {
		t.Fatalf("off: %+v", f.Usages)
	}
	on := *c.Config()
	on.Prometheus.URL = server.URL
	c.Reconfigure(ctx, on)
	await.Until(t, "an answer", func() bool {
		fill()
		return f.Usages != nil && f.Usages.Of("b") != nil && f.Usages.Of("b").Health.State == health.Failed
	})
	if q := *query.Load(); !strings.Contains(q, `(b|10\\.0\\.0\\.2)`) || f.Usages.Of("a") != nil {
		t.Error(q, f.Usages)
	}
	c.peers.Store(&peer.State{Peers: []peer.Peer{{Name: "b", Address: netip.MustParseAddrPort("10.0.0.3:9101")}}})
	if got := c.addresses("b"); !slices.Equal(got, []string{"10.0.0.2", "10.0.0.3"}) {
		t.Error(got)
	}
	c.Reconfigure(ctx, config.Default())
	<-c.asksUsages.ended
	if fill(); f.Usages != nil {
		t.Errorf("off again: %+v", f.Usages)
	}
	c.Reconfigure(ctx, on)
	cancel()
	await.Until(t, "it ends with its context", func() bool { <-c.asksUsages.ended; return true })
}
