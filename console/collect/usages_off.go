//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
)

// FollowUsages does nothing: this build knows no nodes.
func (c *Collector) FollowUsages(context.Context, config.Prometheus) {}
