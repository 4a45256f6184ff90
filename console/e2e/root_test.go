package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// toRoot makes the root of the tree the working directory: tests name files as people do. In a virtual machine, where only
// the test binary is, it stays where it is.
func toRoot() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for at := dir; at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return os.Chdir(at)
		}
	}
	return nil
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
