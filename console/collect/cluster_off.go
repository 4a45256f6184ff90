//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube"
)

// followCluster says that this build cannot.
func (f *Collector) followCluster(_ context.Context, _ kube.Options) error {
	var state kube.State
	state.Health.Gone(boottime.Now(), "left out of this build")
	f.Kube.Store(&state)
	return nil
}
