package policy

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages a package may import beyond the standard library: ours by their folder, others by their
// module. It goes from the cellar to the roof: no room imports a higher one. Pure packages stay pure by it: screens can
// be tested without a terminal, a kernel or a cluster. Tests may import what they like.
var arrows = []struct {
	room    string
	imports []string
}{
	{".ci/gotest", nil},
	{"docs/pictures", []string{"golang.org/x/image"}}, // a module of its own
	{"internal/apart", nil},
	{"internal/await", nil},
	{"internal/boottime", []string{"golang.org/x/sys"}},
	{"internal/box", nil},
	{"internal/certtest", nil},
	{"internal/clean", nil},
	{"internal/clean/secret", []string{"internal/clean"}},
	{"internal/credential", []string{"internal/clean/secret"}},
	{"internal/exposition", []string{"internal/clean"}},
	{"internal/exposition/oracle", []string{"github.com/prometheus/client_model", "github.com/prometheus/common", "internal/clean"}},
	{"internal/health", nil},
	{"internal/order", nil},
	{"internal/policy", nil},
	{"internal/viewers", nil},
	{"internal/wakeup", nil},
	{"internal/reading", []string{"internal/wakeup"}},
	{"internal/when", nil},

	{"sample/sampletest", nil},
	{"sample/textfile", []string{"internal/boottime", "internal/clean", "internal/exposition", "internal/health", "internal/reading"}},
	{"sample/procfile", []string{"golang.org/x/sys", "internal/clean", "internal/order"}},
	{"sample/cni", []string{"internal/clean", "sample/procfile"}},
	{"sample/qemu", []string{"golang.org/x/sys", "internal/clean/secret", "internal/health", "internal/order", "internal/wakeup", "sample/procfile"}},
	{"sample/top", []string{"golang.org/x/sys", "internal/clean/secret", "internal/health", "internal/wakeup", "sample/procfile", "sample/qemu"}},
	{"sample", []string{"golang.org/x/sys", "internal/boottime", "internal/box", "internal/clean", "internal/clean/secret", "internal/health",
		"internal/wakeup", "sample/procfile", "sample/qemu", "sample/top"}},
	{"sample/link/linktest", []string{"golang.org/x/sys", "internal/apart"}},
	{"sample/link", []string{"github.com/mdlayher/netlink", "github.com/safchain/ethtool", "golang.org/x/sys",
		"internal/boottime", "internal/clean", "internal/clean/secret", "internal/health", "internal/order", "internal/wakeup", "sample", "sample/cni", "sample/procfile", "sample/qemu"}},
	{"sample/nixos", []string{"golang.org/x/sys", "internal/boottime", "internal/clean", "internal/clean/secret", "internal/health",
		"internal/reading", "sample", "sample/procfile"}},
	{"sample/unit", []string{"github.com/godbus/dbus/v5", "golang.org/x/sys", "internal/boottime", "internal/clean", "internal/clean/secret",
		"internal/health", "internal/order", "internal/wakeup", "sample"}},

	{"journal", []string{"internal/box", "internal/clean", "internal/clean/secret", "internal/health", "internal/order"}},
	{"journal/journaltest", []string{"internal/await", "journal"}},
	{"journal/file/jwrite", []string{"github.com/klauspost/compress", "github.com/pierrec/lz4/v4", "github.com/ulikunitz/xz", "golang.org/x/sys"}},
	{"journal/file", []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "golang.org/x/sys"}},
	{"journal/source/intake", []string{"golang.org/x/sys", "journal"}},
	{"journal/source/logfile", []string{"golang.org/x/sys", "internal/boottime", "internal/clean", "internal/health", "internal/wakeup",
		"journal", "journal/source/intake"}},
	{"journal/source", []string{"golang.org/x/sys", "internal/boottime", "internal/clean", "internal/health", "internal/wakeup",
		"journal", "journal/file", "journal/source/intake"}},

	{"kube", []string{"internal/clean", "internal/health", "internal/order"}},
	{"kube/apitest", []string{"internal/await"}},
	{"kube/apitest/server", []string{"go.etcd.io/etcd/server/v3", "k8s.io/component-base", "k8s.io/kubernetes"}}, // a module of its own
	{"kube/watch", []string{"google.golang.org/protobuf", "gopkg.in/yaml.v3", "internal/clean", "internal/clean/secret", "internal/health",
		"internal/viewers", "internal/wakeup", "k8s.io/apimachinery", "k8s.io/client-go", "kube", "sample/cni"}},

	{"peer", []string{"internal/clean", "internal/clean/secret", "internal/health", "sample"}},

	{"plugin", []string{"internal/clean", "internal/clean/secret", "internal/exposition", "internal/health"}},
	{"plugin/run", []string{"internal/boottime", "plugin"}},

	{"plugin/read", []string{"golang.org/x/sys", "internal/boottime", "internal/clean", "internal/reading", "plugin"}},

	{"act", nil},
	{"act/blink", []string{"github.com/safchain/ethtool"}},
	{"act/client", []string{"act", "internal/clean"}},
	{"act/unit", []string{"act", "github.com/coreos/go-systemd/v22", "github.com/godbus/dbus/v5"}},
	{"act/node", []string{"act", "internal/clean", "kube/watch"}},
	{"act/host", []string{"act", "act/node", "act/unit"}},
	{"act/vm", []string{"act", "act/node", "internal/clean", "kube/watch"}},
	{"act/note", []string{"act", "golang.org/x/sys", "internal/clean"}},
	{"act/helper", []string{"act", "act/note", "golang.org/x/sys", "internal/clean"}},

	{"frame", []string{"act", "internal/health", "journal", "kube", "peer", "plugin", "sample", "sample/qemu", "sample/textfile", "sample/top"}},

	{"alert", []string{"frame", "internal/health", "journal", "kube"}},
	{"alert/bell", []string{"journal"}},
	{"history", []string{"frame", "golang.org/x/sys", "internal/health", "journal", "kube", "plugin", "sample"}},
	{"frame/frametest", []string{"frame", "internal/health", "journal", "kube", "peer", "plugin", "sample", "sample/qemu", "sample/top"}},

	{"draw/vtscreen", []string{"internal/clean"}},
	{"draw/tty/ttytest", []string{"draw/vtscreen", "golang.org/x/sys", "internal/await"}},
	{"draw/tty", []string{"golang.org/x/sys", "internal/clean"}},
	{"draw", []string{"draw/tty", "github.com/gdamore/tcell/v2", "github.com/rivo/uniseg", "internal/clean"}},

	{"report", []string{"draw", "frame", "internal/clean", "internal/health", "journal", "kube", "peer", "plugin", "sample", "sample/qemu", "sample/top"}},
	{"report/metrics", []string{"frame", "internal/clean", "internal/health", "journal", "kube", "plugin", "sample", "sample/qemu"}},
	{"screens/widget", []string{"draw", "frame", "internal/health", "kube", "peer", "sample"}},
	{"screens", []string{"act", "draw", "frame", "internal/health", "internal/when", "journal", "kube", "peer", "sample", "screens/widget"}},
	{"screens/screentest", []string{"draw", "draw/tty", "frame", "journal", "screens"}},
	{"screens/dashboard", []string{"act", "draw", "frame", "internal/health", "kube", "sample", "sample/qemu", "sample/top", "screens", "screens/widget"}},
	{"screens/logs", []string{"draw", "frame", "internal/health", "internal/order", "internal/when", "journal", "screens", "screens/widget"}},
	{"screens/network", []string{"act", "draw", "frame", "internal/health", "kube", "sample", "screens", "screens/widget"}},
	{"screens/nodes", []string{"act", "draw", "frame", "internal/health", "kube", "peer", "screens", "screens/widget"}},
	{"screens/checks", []string{"draw", "frame", "internal/health", "plugin", "screens", "screens/widget"}},
	{"screens/pages", []string{"journal", "screens", "screens/checks", "screens/dashboard", "screens/logs", "screens/network", "screens/nodes"}},

	{"console/fault", []string{"journal"}},
	{"console/guard", []string{"console/fault"}},
	{"console/process", []string{"console/guard", "frame", "github.com/prometheus/procfs", "golang.org/x/sys", "internal/wakeup"}},
	{"console/config", []string{"alert", "draw/tty", "frame", "gopkg.in/yaml.v3", "history", "internal/clean", "journal", "peer", "plugin", "screens/pages"}},
	{"peer/mtls", []string{"console/config", "internal/clean", "internal/clean/secret", "internal/credential"}},
	{"peer/visit", []string{"draw", "draw/tty", "internal/boottime", "internal/box", "internal/clean", "internal/wakeup", "peer/mtls"}},
	{"peer/poll", []string{"console/config", "internal/clean/secret", "internal/health", "internal/viewers", "internal/wakeup", "kube", "peer", "peer/mtls"}},
	{"peer/prometheus", []string{"console/config", "internal/clean/secret", "internal/credential", "internal/viewers", "peer"}},
	{"console/collect", []string{"act", "act/note", "alert", "console/config", "console/guard", "frame", "history", "internal/boottime", "internal/clean", "internal/health", "internal/viewers", "internal/wakeup", "journal", "journal/source",
		"journal/source/logfile", "kube", "kube/watch", "peer", "peer/poll", "peer/prometheus", "plugin", "plugin/read", "sample", "sample/link", "sample/nixos", "sample/textfile", "sample/unit"}},
	{"serve/socket", []string{"golang.org/x/sys"}},
	{"serve/web", []string{"draw", "draw/tty"}},
	{"serve/web/chromium", []string{"internal/await"}},
	{"serve/attach", []string{"draw", "draw/tty", "golang.org/x/sys", "internal/clean", "serve/socket"}},
	{"serve", []string{"console/config", "golang.org/x/crypto", "golang.org/x/sys", "gopkg.in/yaml.v3", "internal/clean", "internal/clean/secret", "internal/credential", "report/metrics", "serve/socket"}},
	{"console", []string{"act", "act/client", "act/helper", "act/host", "act/node", "act/unit", "act/vm", "alert", "alert/bell", "console/collect", "console/config", "console/fault", "console/guard", "console/process", "draw", "draw/tty", "frame",
		"github.com/coreos/go-systemd/v22", "github.com/gdamore/tcell/v2", "golang.org/x/sys", "history", "internal/boottime", "internal/clean",
		"internal/health", "internal/wakeup", "internal/when", "journal", "journal/source", "kube/watch", "peer", "peer/mtls", "peer/visit", "plugin", "plugin/run", "report", "report/metrics", "screens", "sample/textfile", "screens/pages", "serve", "serve/attach", "serve/socket", "serve/web"}},
	{"cmd/hypervisor-attach", []string{"golang.org/x/sys"}},
	{".", []string{"act/blink", "console", "console/config", "console/process", "screens/pages"}},
}

// testOnly are packages for tests; the program does not link them.
var testOnly = []string{"draw/tty/ttytest", "draw/vtscreen", "frame/frametest", "internal/apart", "internal/await", "internal/certtest", "internal/exposition/oracle", "journal/file/jwrite",
	"journal/journaltest", "kube/apitest",
	"sample/link/linktest", "sample/sampletest", "screens/screentest", "serve/web/chromium"}

// TestArrows: each package imports what its row has, and nothing else, and what it imports of ours lies above it in the table.
func TestArrows(t *testing.T) {
	row := map[string]int{}
	for i, a := range arrows {
		row[a.room] = i
	}
	used := map[string]map[string]bool{}
	for _, f := range sourceFiles(t) {
		if used[f.dir] == nil {
			used[f.dir] = map[string]bool{}
		}
		if f.test {
			continue
		}
		i, known := row[f.dir]
		if !known {
			t.Errorf("%s: package %s has no row in arrows", f.path, f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(path, module+"/")
			if first, _, _ := strings.Cut(path, "/"); !isOurs && !strings.Contains(first, ".") {
				continue // of the standard library
			}
			at := slices.IndexFunc(arrows[i].imports, func(a string) bool { return ours == a || path == a || strings.HasPrefix(path, a+"/") })
			switch {
			case isOurs && slices.Contains(testOnly, ours) && !slices.Contains(testOnly, f.dir):
				t.Errorf("%s: %s is for tests only", f.at(spec), path)
			case at < 0:
				t.Errorf("%s: %s must not import %s", f.at(spec), f.dir, path)
			case isOurs && row[ours] >= i:
				t.Errorf("%s: %s lies above %s", f.at(spec), ours, f.dir)
			default:
				used[f.dir][arrows[i].imports[at]] = true
			}
		}
	}
	for _, a := range arrows {
		if used[a.room] == nil {
			t.Errorf("arrows has a row for %s, which is not there", a.room)
		}
		for _, path := range a.imports {
			if !used[a.room][path] {
				t.Errorf("%s may import %s, and does not", a.room, path)
			}
		}
	}
}
