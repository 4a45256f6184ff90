//go:build nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/plugin"
)

// FollowPlugins says that this build cannot.
func (c *Collector) FollowPlugins(_ context.Context, conf config.Config) {
	if len(conf.Plugins.List) == 0 || conf.Profile == config.Rescue {
		c.plugins.Store(nil)
		return
	}
	off := &plugin.State{Directory: conf.Plugins.Path}
	off.Health.Gone(boottime.Now(), "left out of this build")
	c.plugins.Store(off)
}

// PluginsSettled reports that nobody is to be waited for.
func (s *Subscription) PluginsSettled() bool { return true }
