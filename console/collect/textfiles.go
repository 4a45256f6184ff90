package collect

import (
	"context"

	"hypervisor-tui/sample/textfile"
)

// FollowTextfiles reads what other programs leave for the exporter until ctx ends, where the configuration of the start names a
// directory for that. serves reports whether the exporter has a metric of that name itself.
func (c *Collector) FollowTextfiles(ctx context.Context, serves func(name string) bool) {
	e := c.Config().Serve.Exporter
	if !e.Enable || e.Textfiles == "" {
		return
	}
	r := textfile.New(textfile.Options{Directory: e.Textfiles, Reserved: serves})
	c.guard.Supervise(ctx, "textfiles", func(ctx context.Context) error { return r.Run(ctx, c.textfiles.Store) })
}
