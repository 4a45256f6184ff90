// Package policy has the rules that the whole tree keeps, as tests: who may import whom, how files look, what the documents
// say of the code.
package policy

import (
	"fmt"
	"os"
	"testing"
)

// TestMain makes the root of the tree the working directory.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
