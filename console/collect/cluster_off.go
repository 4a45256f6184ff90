//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube"
)

// followCluster says that this build cannot.
func (c *Collector) followCluster(_ context.Context, _ kube.Options) error {
	var state kube.State
	state.Health.Gone(boottime.Now(), "left out of this build")
	c.kube.Store(&state)
	return nil
}
