//go:build !nokube

package collect

import (
	"context"
	"os"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube"
	"hypervisor-tui/kube/watch"
)

// nodeViewers counts who looks at the nodes one by one.
type nodeViewers = watch.Viewers

func newNodeViewers() *nodeViewers { return watch.NewViewers() }

// followCluster looks for a kubeconfig and follows the cluster until ctx ends.
func (c *Collector) followCluster(ctx context.Context, find kube.Options) error {
	w := watch.New(watch.Options{Find: find, Now: boottime.Now, Keep: c.guard.Supervise, Hostname: os.Hostname, Nodes: c.nodes})
	return w.Run(ctx, c.kube.Store)
}
