package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages a package may import beyond the standard library: ours by their folder, others by their
// module. Pure packages stay pure by it: screens can be tested without a terminal, a kernel or a cluster. main wires
// everything and has no row. Tests may import what they like.
var arrows = map[string][]string{
	".ci/gotest":     {},
	"internal/await": {},
	"draw":           {"draw/clean", "github.com/gdamore/tcell/v2", "github.com/rivo/uniseg", "golang.org/x/sys"},
	"draw/clean":     {},
	"draw/vtscreen":  {"draw/clean"},
	"screens":        {"draw", "screens/frame", "sample", "sample/box", "journal", "kube"},
	"screens/frame":  {"sample", "sample/box", "journal", "kube"},
	"screens/report": {"draw", "screens/frame", "sample", "sample/box", "journal", "kube"},
	"sample":         {"sample/box", "sample/wakeup", "draw/clean", "draw/clean/secret", "golang.org/x/sys", "github.com/prometheus/procfs"},
	"sample/box":     {},
	"sample/wakeup":  {},
	"sample/link":    {"sample", "sample/box", "sample/cni", "sample/wakeup", "draw/clean", "draw/clean/secret", "golang.org/x/sys", "github.com/mdlayher/netlink", "github.com/jsimonetti/rtnetlink/v2", "github.com/safchain/ethtool"},
	"sample/unit":    {"sample", "sample/box", "sample/wakeup", "draw/clean", "draw/clean/secret", "golang.org/x/sys", "github.com/godbus/dbus/v5"},
	"sample/cni":     {"draw/clean", "golang.org/x/sys"},
	"sample/nixos":   {"sample", "sample/box", "sample/wakeup", "draw/clean", "draw/clean/secret", "golang.org/x/sys"},
	"journal":        {"sample/box", "draw/clean", "draw/clean/secret"},
	"journal/file":   {"golang.org/x/sys", "github.com/klauspost/compress", "github.com/ulikunitz/xz"},
	"journal/source": {"journal", "journal/file", "sample/box", "sample/wakeup", "draw/clean", "draw/clean/secret", "golang.org/x/sys"},
	"draw/clean/secret": {
		"draw/clean"},
	"sample/link/linktest": {
		"golang.org/x/sys"},
	"journal/file/jwrite": {"golang.org/x/sys", "github.com/klauspost/compress", "github.com/ulikunitz/xz",
		"github.com/pierrec/lz4/v4"},
	"kube":                {"sample/box", "draw/clean", "draw/clean/secret"},
	"kube/watch":          {"kube", "sample/box", "sample/cni", "sample/wakeup", "draw/clean", "draw/clean/secret", "k8s.io/client-go", "k8s.io/apimachinery", "google.golang.org/protobuf", "gopkg.in/yaml.v3"},
	"kube/apitest":        {"internal/await"},
	"kube/apitest/server": {"go.etcd.io/etcd/server/v3", "k8s.io/component-base", "k8s.io/kubernetes"}, // a module of its own
}

// testOnly are packages for tests; the program does not link them.
var testOnly = []string{"draw/vtscreen", "internal/await", "journal/file/jwrite", "kube/apitest", "sample/link/linktest"}

func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		seen[f.dir] = true
		allowed, known := arrows[f.dir]
		if !known && f.dir != "." {
			t.Errorf("%s: package %s has no row in arrows", f.path, f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(path, module+"/")
			switch {
			case slices.Contains(testOnly, ours) && !slices.Contains(testOnly, f.dir):
				t.Errorf("%s: %s is for tests only", f.at(spec), path)
			case f.dir != "." && (isOurs && !slices.Contains(allowed, ours) || !isOurs && !allowedModule(path, allowed)):
				t.Errorf("%s: %s must not import %s", f.at(spec), f.dir, path)
			}
		}
	}
	for dir := range arrows {
		if !seen[dir] {
			t.Errorf("arrows has a row for %s, which is not there", dir)
		}
	}
}

// allowedModule says whether path is of the standard library or of one of the modules.
func allowedModule(path string, modules []string) bool {
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true
	}
	return slices.ContainsFunc(modules, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
}
