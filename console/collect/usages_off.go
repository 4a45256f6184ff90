//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/peer"
)

// FollowUsages does nothing: this build knows no nodes.
func (c *Collector) FollowUsages(context.Context, config.Prometheus) {}

// UsageOf says that this build cannot.
func UsageOf(_ context.Context, _ config.Prometheus, node string, _ ...string) peer.Usage {
	u := peer.Usage{Node: node}
	u.Health.Gone(boottime.Now(), "left out of this build")
	return u
}
