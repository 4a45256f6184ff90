//go:build nokube

package console

import (
	"io"
	"strings"
	"testing"
)

// TestLeftOut: what a small build has not, it says, by the name of the flag.
func TestLeftOut(t *testing.T) {
	for flag, err := range map[string]error{
		"--serve":   Serve(Options{}),
		"--act":     Act(Options{}),
		"--undo":    Undo(Options{Undo: "hv1"}),
		"--plugin":  Plugin(io.Discard, Options{Plugin: "disk"}),
		"--metrics": Once(io.Discard, Options{Metrics: true}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), flag+" is left out of this build: ") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
