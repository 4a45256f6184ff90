//go:build nokube

package collect

import (
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// TestPluginsLeftOut: a small build says that it reads no plugins where there are some, and nothing where there are none.
func TestPluginsLeftOut(t *testing.T) {
	conf := config.Default()
	c := New(conf, new(guard.Guard))
	if c.FollowPlugins(t.Context(), conf); c.plugins.Load() != nil {
		t.Errorf("%+v", c.plugins.Load())
	}
	conf.Plugins.List = []plugin.Spec{{Name: "disk"}}
	c.FollowPlugins(t.Context(), conf)
	if s := c.plugins.Load(); s == nil || s.Health.State != health.Absent || s.Health.Err != "left out of this build" || s.Directory != plugin.Directory {
		t.Errorf("%+v", s)
	}
	conf.Profile = config.Rescue
	if c.FollowPlugins(t.Context(), conf); c.plugins.Load() != nil {
		t.Errorf("%+v", c.plugins.Load())
	}
}
