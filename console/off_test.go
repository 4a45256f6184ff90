//go:build nokube

package console

import (
	"io"
	"os"
	"path/filepath"
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

// TestCheckWithoutPlugins: where plugins are configured --check of a small build says that it reads none, and how to try none.
func TestCheckWithoutPlugins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("plugins:\n  list:\n  - {name: disk, command: [/bin/true]}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Check(&b, Options{Config: path}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "\nplugins              absent  left out of this build\n") || strings.Contains(got, "--plugin") {
		t.Error(got)
	}
}
