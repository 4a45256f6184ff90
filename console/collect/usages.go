//go:build !nokube

package collect

import (
	"context"
	"slices"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/peer"
	"hypervisor-tui/peer/prometheus"
)

// FollowUsages asks Prometheus what the nodes used that subscribers show whole, until ctx ends; where p does not want it,
// nobody is asked from now on. Only the goroutine that calls Reconfigure may call it.
func (c *Collector) FollowUsages(ctx context.Context, p config.Prometheus) {
	c.asksUsages.start(ctx, func(ctx context.Context) {
		c.usages.Store(nil)
		if p.URL == "" {
			return
		}
		<-c.guard.Supervise(ctx, "prometheus", func(ctx context.Context) error {
			return prometheus.New(prometheus.Options{Config: p, Now: boottime.Now, Whole: c.measured, Addresses: c.addresses}).Run(ctx, c.usages.Store)
		})
	})
}

// UsageOf asks Prometheus once about a node with these addresses. It may wait for a disk.
func UsageOf(ctx context.Context, p config.Prometheus, node string, addresses ...string) peer.Usage {
	return prometheus.Once(ctx, prometheus.Options{Config: p, Now: boottime.Now, Addresses: func(string) []string { return addresses }}, node)
}

// addresses returns the addresses of a node, as the API server and the configuration tell them.
func (c *Collector) addresses(node string) (list []string) {
	if state := c.kube.Load(); state != nil && state.Fleet != nil {
		for i := range state.Fleet.Rows {
			if r := &state.Fleet.Rows[i]; r.Name == node && r.InternalIP != "" {
				list = append(list, r.InternalIP)
			}
		}
	}
	if state := c.peers.Load(); state != nil {
		if p := state.Find(node); p != nil && p.Address.IsValid() {
			list = append(list, p.Address.Addr().String())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
