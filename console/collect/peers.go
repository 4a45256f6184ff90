//go:build !nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/peer/poll"
)

// FollowPeers asks the other nodes what they say of themselves, while a subscriber shows the nodes, until ctx ends; where p
// does not want it, nobody is asked from now on. Only the goroutine that calls Reconfigure may call it.
func (c *Collector) FollowPeers(ctx context.Context, p config.Peers) {
	c.asksPeers.start(ctx, func(ctx context.Context) {
		c.peers.Store(nil)
		if !p.Enable {
			return
		}
		<-c.guard.Supervise(ctx, "peers", func(ctx context.Context) error {
			return poll.New(poll.Options{
				Config: p, Now: boottime.Now, Cluster: c.kube.Load, Viewers: c.peerViewers, Nodes: c.nodes, Run: c.guard.Run,
			}).Run(ctx, c.peers.Store)
		})
	})
}
