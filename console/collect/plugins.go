//go:build !nokube

package collect

import (
	"context"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/plugin/read"
)

// FollowPlugins reads what the plugins of a configuration report, until ctx ends; where it has none, or is that of a rescue system,
// nothing is read from now on. What is known of those before stays until the first reading. Only the goroutine that calls Reconfigure
// may call it.
func (c *Collector) FollowPlugins(ctx context.Context, conf config.Config) {
	none := len(conf.Plugins.List) == 0 || conf.Profile == config.Rescue
	if none && c.readPlugins.stop == nil {
		return
	}
	o := read.Options{Directory: conf.Plugins.Path, Plugins: conf.Plugins.List}
	c.readPlugins.start(ctx, func(ctx context.Context) {
		if none { // not nil: then nobody would know whether what they said last is over
			off := &plugin.State{Directory: o.Directory}
			off.Health.Gone(boottime.Now(), "off")
			c.plugins.Store(off)
			return
		}
		r := read.New(o)
		if before := c.plugins.Load(); before == nil || before.Health.State == health.Absent {
			c.plugins.Store(r.State())
		}
		<-c.guard.Supervise(ctx, "plugins", func(ctx context.Context) error { return r.Run(ctx, c.plugins.Store) })
	})
}

// PluginsSettled reports whether nobody is to be waited for: what plugins have left has been read once, or is not read.
func (s *Subscription) PluginsSettled() bool {
	c := s.collector
	state := c.plugins.Load()
	return c.readPlugins.stop == nil || state != nil && state.Health.State != health.Init
}
