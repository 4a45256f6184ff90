//go:build nokube

package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/frame"
)

// leftOut is what a small build says of what it has not.
const leftOut = "left out of this build: take one without the tag nokube"

// Serve says that this build cannot.
func Serve(Options) error { return errors.New("--serve is " + leftOut) }

// Act says that this build cannot.
func Act(Options) error { return errors.New("--act is " + leftOut) }

// Undo says that this build cannot.
func Undo(Options) error { return errors.New("--undo is " + leftOut) }

// Plugin says that this build cannot.
func Plugin(io.Writer, Options) error { return errors.New("--plugin is " + leftOut) }

// writeMetrics says that this build cannot.
func writeMetrics(io.Writer, *frame.Frame, config.ServeExporter) error {
	return errors.New("--metrics is " + leftOut)
}

func followExported(context.Context, *collect.Collector) {}

// checkServing says so, where the configuration has something for it.
func checkServing(_ context.Context, out io.Writer, c config.Serve) {
	if c.Any() {
		fmt.Fprintf(out, "%-20s %-7s %s\n", "serve", "absent", leftOut)
	}
}

// checkPlugins has nothing to say: the row of the source says that none is read.
func checkPlugins(context.Context, io.Writer, config.Config, string, *frame.Frame) {}
