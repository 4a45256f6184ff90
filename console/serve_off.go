//go:build nokube

package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hypervisor-tui/console/config"
)

// withoutServe is what a small build says of it.
const withoutServe = "left out of this build: take one without the tag nokube"

// Serve says that this build cannot.
func Serve(Options) error { return errors.New("--serve is " + withoutServe) }

// checkServing says so, where the configuration has something for it.
func checkServing(_ context.Context, out io.Writer, c config.Serve) {
	if c.Any() {
		fmt.Fprintf(out, "%-20s %-7s %s\n", "serve", "absent", withoutServe)
	}
}
