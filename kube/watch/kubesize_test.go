package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDKubeconfigSize: a kubeconfig of the largest size is read, one a byte larger is not.
func TestDKubeconfigSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	kubeconfig(t, path, "https://127.0.0.1:6443", valid(t))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	padded := string(text) + "#" + strings.Repeat("x", maxConfig-len(text)-1)
	replace(t, path, padded)
	if c, err := load(path, nobody); err != nil || c.server != "https://127.0.0.1:6443" {
		t.Errorf("%v", err)
	}
	replace(t, path, padded+"x")
	if _, err := load(path, nobody); err == nil || err.Error() != "is too large to be one" {
		t.Errorf("one more byte: %v", err)
	}
}
