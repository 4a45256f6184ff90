//go:build !nokube

package collect

import (
	"context"
	"os"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube"
	"hypervisor-tui/kube/watch"
)

// followCluster looks for a kubeconfig and follows the cluster until ctx ends.
func (c *Collector) followCluster(ctx context.Context, find kube.Options) error {
	w := watch.New(watch.Options{Find: find, Now: boottime.Now, Keep: c.guard.Supervise, Hostname: os.Hostname, Nodes: c.nodes, Whole: c.whole})
	return w.Run(ctx, c.kube.Store)
}
