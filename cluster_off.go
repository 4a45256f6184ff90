//go:build nokube

package main

import (
	"context"

	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// followCluster says that this build cannot.
func (f *feeds) followCluster(_ context.Context, _ kube.Options) error {
	var state kube.State
	state.Health.Gone(sample.Boottime(), "left out of this build")
	f.kube.Store(&state)
	return nil
}
