package nixos

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// tree is a machine's files below a directory of the test.
type tree struct {
	t    testing.TB
	root string
}

func newTree(t testing.TB) tree { return tree{t, t.TempDir()} }

func (x tree) dir(name string) {
	x.t.Helper()
	if err := os.MkdirAll(x.root+name, 0o755); err != nil {
		x.t.Fatal(err)
	}
}

func (x tree) file(name, text string) {
	x.t.Helper()
	x.dir(filepath.Dir(name))
	if err := os.WriteFile(x.root+name, []byte(text), 0o644); err != nil {
		x.t.Fatal(err)
	}
}

// link makes or replaces a link, whose text is taken as it is.
func (x tree) link(name, to string) {
	x.t.Helper()
	x.dir(filepath.Dir(name))
	os.Remove(x.root + name)
	if err := os.Symlink(to, x.root+name); err != nil {
		x.t.Fatal(err)
	}
}

func (x tree) touch(name string, at time.Time) {
	x.t.Helper()
	if err := os.Chtimes(x.root+name, at, at); err != nil {
		x.t.Fatal(err)
	}
}

// system builds a system with a kernel and returns its store path.
func (x tree) system(name, version, kernel string) string {
	path := "/nix/store/" + name + "-nixos-system-hypervisor-01-" + version
	x.file(path+"/nixos-version", version)
	x.link(path+"/kernel", "/nix/store/k-linux-"+kernel+"/bzImage")
	x.link(path+"/initrd", "/nix/store/i-initrd-linux-"+kernel+"/initrd")
	x.link(path+"/kernel-modules", "/nix/store/m-linux-"+kernel+"-modules")
	return path
}

// generation adds a link of the system profile.
func (x tree) generation(n int, system string) {
	x.link(profiles+"/system-"+strconv.Itoa(n)+"-link", system)
}

// nixos is a host that booted generation 41, switched to 42, and has 42 as its next boot, with the same kernel.
func nixos(t testing.TB) tree {
	x := newTree(t)
	x.file("/etc/NIXOS", "")
	old, now := x.system("aaa", "26.05.1", "6.18.1"), x.system("bbb", "26.05.2", "6.18.1")
	x.generation(40, x.system("zzz", "25.11.9", "6.12.9"))
	x.generation(41, old)
	x.generation(42, now)
	x.link(profiles+"/system", "system-42-link")
	x.link(profiles+"/per-user", "elsewhere")
	x.link("/run/current-system", now)
	x.link("/run/booted-system", old)
	return x
}
