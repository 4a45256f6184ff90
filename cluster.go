//go:build !nokube

package main

import (
	"context"
	"os"

	"hypervisor-tui/kube"
	"hypervisor-tui/kube/watch"
	"hypervisor-tui/sample"
)

// followCluster looks for a kubeconfig and follows the cluster until ctx ends.
func (f *feeds) followCluster(ctx context.Context, find kube.Options) error {
	w := watch.New(watch.Options{Find: find, Now: sample.Boottime, Keep: f.guard.keep, Hostname: os.Hostname})
	return w.Run(ctx, f.kube.Store)
}
