//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube"
)

// nodeViewers counts who looks at the nodes one by one: nobody does.
type nodeViewers struct{}

func newNodeViewers() *nodeViewers { return nil }

// Come implements nothing.
func (*nodeViewers) Come() {}

// Leave implements nothing.
func (*nodeViewers) Leave() {}

// Turn implements nothing.
func (*nodeViewers) Turn(_, _ string) {}

// followCluster says that this build cannot.
func (c *Collector) followCluster(_ context.Context, _ kube.Options) error {
	var state kube.State
	state.Health.Gone(boottime.Now(), "left out of this build")
	c.kube.Store(&state)
	return nil
}
