//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/peer"
)

// FollowPeers says that this build cannot.
func (c *Collector) FollowPeers(_ context.Context, p config.Peers) {
	c.asksPeers.stop = func() {}
	if !p.Enable {
		c.peers.Store(nil)
		return
	}
	state := new(peer.State)
	state.Health.Gone(boottime.Now(), "left out of this build")
	c.peers.Store(state)
}
