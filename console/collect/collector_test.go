package collect

import (
	"context"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
)

// TestF48ReloadStartsTheSamplerAnew when what it goes by has changed, and only then.
func TestF48ReloadStartsTheSamplerAnew(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	if _, err := c.Subscribe(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.StartSampler(ctx)
	for name, change := range map[string]func(*config.Config){
		"interval":   func(n *config.Config) { n.RefreshInterval += time.Second },
		"mounts":     func(n *config.Config) { n.Filesystems.Deny = append(slices.Clone(n.Filesystems.Deny), "/srv/*") },
		"kubeconfig": func(n *config.Config) { n.KubeconfigPath += "/k" },
		"profile":    func(n *config.Config) { n.Profile = config.Rescue },
	} {
		next := c.Config()
		next.LogBufferSize++
		before := c.sampler.Load()
		if c.Reconfigure(ctx, next); c.sampler.Load() != before {
			t.Error("another log buffer starts it anew")
		}
		change(&next)
		if c.Reconfigure(ctx, next); c.sampler.Load() == before {
			t.Errorf("another %s does not", name)
		}
	}
}
