//go:build !nokube

package console

import (
	"context"
	"fmt"
	"io"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/frame"
	"hypervisor-tui/report/metrics"
)

// writeMetrics prints the figures for Prometheus.
func writeMetrics(out io.Writer, f *frame.Frame, e config.ServeExporter) error {
	text := new(metrics.Writer).Append(nil, f, metrics.Text, metrics.Options{KubevirtNames: e.KubevirtNames, Deny: e.Deny, MaxSeries: e.MaxSeries})
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

// followExported has read what only the figures for Prometheus have.
func followExported(ctx context.Context, c *collect.Collector) {
	c.FollowTextfiles(ctx, metrics.Serves)
}
