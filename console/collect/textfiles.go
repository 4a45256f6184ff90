package collect

import (
	"context"
	"sync/atomic"

	"hypervisor-tui/sample/textfile"
)

// FollowTextfiles reads what other programs leave for the exporter, where the configuration names a directory for that, now or
// after a Reconfigure, until ctx ends. serves reports whether the exporter has a metric of that name itself. Only the goroutine that calls
// Reconfigure may call it.
func (c *Collector) FollowTextfiles(ctx context.Context, serves func(name string) bool) {
	ctx, stop := context.WithCancel(ctx)
	c.stopTextfiles, c.serves = stop, serves
	figures := new(atomic.Pointer[textfile.Figures]) // its own, since a reading that was under way comes back when another directory is in force
	c.textfiles.Store(figures)
	e := c.config.Load().Serve.Exporter
	if !e.Enable || e.Textfiles == "" {
		return
	}
	r := textfile.New(textfile.Options{Directory: e.Textfiles, Reserved: serves})
	c.guard.Supervise(ctx, "textfiles", func(ctx context.Context) error { return r.Run(ctx, figures.Store) })
}
