package policy

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsWorkflows: what the workflows use of others is pinned to a commit, what they make is a target of the Makefile,
// and CI runs what the README says. make lint holds their form.
func TestDocsWorkflows(t *testing.T) {
	files, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("only %q: %v", files, err)
	}
	targets := readText(t, "Makefile")
	for _, file := range files {
		text := readText(t, file)
		for _, m := range regexp.MustCompile(`uses: (\S+)(.*)`).FindAllStringSubmatch(text, -1) {
			pinned := regexp.MustCompile(`@[0-9a-f]{40} # v\d+\.\d+\.\d+$`).MatchString(m[1] + m[2])
			if !pinned && !strings.HasPrefix(m[1], "./.github/workflows/") {
				t.Errorf("%s uses %s, which is no commit with its version behind it", file, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`\bmake (\w+)`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(targets, "\n"+m[1]+":") {
				t.Errorf("%s makes %s, which is no target of the Makefile", file, m[1])
			}
		}
	}
	if !regexp.MustCompile(`run: .*\bmake test\n`).MatchString(readText(t, ".github/workflows/ci.yml")) {
		t.Error("ci.yml does not run make test")
	}
}
