package nixos

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
)

const oldSystem = "/nix/store/aaa-nixos-system-hypervisor-01-26.05.1"

func mustRead(t testing.TB, g *generations) sample.NixOS {
	t.Helper()
	v, err := g.read()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGenerations(t *testing.T) {
	x := nixos(t)
	got := mustRead(t, &generations{root: x.root})
	want := sample.NixOS{
		Version: "26.05.2", Generation: 42, Current: 42, BootedGeneration: 41, Booted: oldSystem, RebootKnown: true,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestNewestOfSeveralGenerations: a system that was chosen again has the newest of its numbers, by their size.
func TestNewestOfSeveralGenerations(t *testing.T) {
	x := nixos(t)
	system := x.system("bbb", "26.05.2", "6.18.1")
	x.generation(100, system)
	x.link(profiles+"/system", "system-100-link")
	if got := mustRead(t, &generations{root: x.root}); got.Generation != 100 || got.Current != 100 {
		t.Errorf("got %+v", got)
	}
}

func TestRebootIsNeededWhenAnyPartDiffers(t *testing.T) {
	for _, part := range []string{"kernel", "initrd", "kernel-modules"} {
		x := nixos(t)
		g := &generations{root: x.root}
		mustRead(t, g)
		next := x.system("ccc", "26.05.3", "6.18.1")
		x.link(next+"/"+part, "/nix/store/other/"+part)
		x.generation(43, next)
		x.link(profiles+"/system", "system-43-link")
		got := mustRead(t, g)
		if !got.RebootNeeded || !got.RebootKnown || got.Generation != 43 || got.Current != 42 || got.Version != "26.05.2" {
			t.Errorf("%s: %+v", part, got)
		}
		os.Remove(x.root + next + "/" + part)
		got = mustRead(t, &generations{root: x.root})
		if !got.RebootNeeded || !got.RebootKnown {
			t.Errorf("%s gone: %+v", part, got)
		}
	}
}

// A generation that was deleted and made again has its number but is another system.
func TestSameNumberOtherSystem(t *testing.T) {
	x := nixos(t)
	g := &generations{root: x.root}
	mustRead(t, g)
	x.generation(42, x.system("ddd", "26.05.4", "6.18.4"))
	if got := mustRead(t, g); !got.RebootNeeded || got.Current != 0 || got.Generation != 42 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatCannotBeKnown(t *testing.T) {
	t.Run("live system without a profile", func(t *testing.T) {
		x := nixos(t)
		os.RemoveAll(x.root + profiles)
		got := mustRead(t, &generations{root: x.root})
		if got.Generation != 0 || got.Current != 0 || got.RebootKnown || got.Version != "26.05.2" || got.Booted != oldSystem {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("container without a booted system", func(t *testing.T) {
		x := nixos(t)
		os.Remove(x.root + "/run/booted-system")
		if got := mustRead(t, &generations{root: x.root}); got.RebootKnown || got.Booted != "" || got.BootedGeneration != 0 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("systems without a kernel", func(t *testing.T) {
		x := nixos(t)
		x.link("/run/booted-system", "/nix/store/e1")
		x.link(profiles+"/system", "/nix/store/e2")
		if got := mustRead(t, &generations{root: x.root}); got.RebootKnown || got.RebootNeeded || got.Generation != 0 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("generations collected", func(t *testing.T) {
		x := nixos(t)
		os.Remove(x.root + profiles + "/system-41-link")
		if got := mustRead(t, &generations{root: x.root}); got.BootedGeneration != 0 || got.Booted != oldSystem || !got.RebootKnown {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNotNixOS(t *testing.T) {
	x := newTree(t)
	_, err := (&generations{root: x.root}).read()
	var none procfile.Absent
	if !errors.As(err, &none) || err.Error() != "not NixOS" {
		t.Errorf("got %v", err)
	}
	x.file("/etc/NIXOS", "")
	if _, err = (&generations{root: x.root}).read(); err == nil || errors.As(err, &none) {
		t.Errorf("a NixOS without its system: %v", err)
	}
}

func TestBrokenLinks(t *testing.T) {
	for name, breakIt := range map[string]func(x tree){
		"loop":       func(x tree) { x.link("/run/current-system", "/run/current-system") },
		"no link":    func(x tree) { os.Remove(x.root + "/run/current-system"); x.file("/run/current-system", "") },
		"not store":  func(x tree) { x.link("/run/booted-system", "../../../../etc"); x.link("/etc", "/etc") },
		"a dir":      func(x tree) { os.Remove(x.root + profiles + "/system"); x.dir(profiles + "/system") },
		"odd number": func(x tree) { os.Remove(x.root + profiles + "/system-41-link"); x.dir(profiles + "/system-41-link") },
	} {
		t.Run(name, func(t *testing.T) {
			x := nixos(t)
			os.RemoveAll(x.root + "/etc")
			breakIt(x)
			_, err := (&generations{root: x.root}).read()
			if err == nil || strings.Contains(err.Error(), x.root) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVersionIsClean(t *testing.T) {
	x := nixos(t)
	x.file("/nix/store/bbb-nixos-system-hypervisor-01-26.05.2/nixos-version", "26\x1b[2J.05\nmore")
	if got := mustRead(t, &generations{root: x.root}); got.Version != "26\ufffd.05" {
		t.Errorf("got %q", got.Version)
	}
}

func TestNothingChangedIsNotReadAgain(t *testing.T) {
	x := nixos(t)
	for n := 100; n < 300; n++ {
		x.generation(n, "/nix/store/x"+strconv.Itoa(n))
	}
	g := &generations{root: x.root}
	first := mustRead(t, g)
	again := testing.AllocsPerRun(20, func() {
		if mustRead(t, g) != first {
			t.Error("it changed")
		}
	})
	whole := testing.AllocsPerRun(5, func() { mustRead(t, &generations{root: x.root}) })
	if again*10 > whole {
		t.Errorf("%v allocations, a whole reading %v", again, whole)
	}
}

func FuzzGeneration(f *testing.F) {
	for _, s := range []string{"system-1-link", "system-42-link", "system--1-link", "system-link", "system-1-link-", "system-+1-link", "", "system-99999999999999999999-link"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := generation(name)
		if n < 0 || n > 0 && !strings.Contains(name, strconv.Itoa(n)) {
			t.Errorf("%q is %d", name, n)
		}
	})
}

func BenchmarkGenerations(b *testing.B) {
	x := nixos(b)
	g := &generations{root: x.root}
	b.ReportAllocs()
	for b.Loop() {
		mustRead(b, g)
	}
}
