package nixos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
)

const (
	profiles = "/nix/var/nix/profiles"
	store    = "/nix/store/"
	mostHops = 8 // links that are followed to the store
)

// generations reads which NixOS runs, was booted and boots next. The store itself is never listed.
type generations struct {
	root  string
	links links        // of the last whole reading
	value sample.NixOS // what it found
}

// links is all that tells one set of generations from another: four links and a directory's time.
type links struct {
	name                     string // system-42-link
	profile, current, booted string // store paths, empty when there is no such link
	changed                  time.Time
}

// read returns what it finds, without Health: the last value again while no link has changed. A host that is not NixOS
// is Absent.
func (g *generations) read() (sample.NixOS, error) {
	l, err := g.look()
	if err != nil {
		return sample.NixOS{}, err
	}
	if l == g.links {
		return g.value, nil
	}
	v := sample.NixOS{Booted: clean.String(l.booted), Generation: generation(l.name)}
	numbers := map[string]int{}
	if err := g.numbers(numbers); err != nil {
		return v, err
	}
	v.Current, v.BootedGeneration = numbers[l.current], numbers[l.booted]
	if v.Version, err = g.version(l.current); err != nil {
		return v, err
	}
	if v.RebootNeeded, v.RebootKnown, err = g.reboot(l.booted, l.profile); err != nil {
		return v, err
	}
	g.links, g.value = l, v
	return v, nil
}

// look reads the links. A live system has no profile, a container may have no booted system.
func (g *generations) look() (l links, err error) {
	if l.current, err = g.follow("/run/current-system"); err != nil {
		return l, err
	}
	if l.current == "" {
		if _, err := os.Lstat(g.root + "/etc/NIXOS"); errors.Is(err, fs.ErrNotExist) {
			return l, procfile.Absent("not NixOS")
		}
		return l, errors.New("read /run/current-system: it is missing")
	}
	if l.booted, err = g.follow("/run/booted-system"); err != nil {
		return l, err
	}
	if l.name, err = g.link(profiles + "/system"); err != nil {
		return l, err
	}
	if l.profile, err = g.follow(profiles + "/system"); err != nil {
		return l, err
	}
	info, err := os.Stat(g.root + profiles)
	switch {
	case err == nil:
		l.changed = info.ModTime()
	case !errors.Is(err, fs.ErrNotExist):
		return l, fmt.Errorf("stat %s: %w", profiles, procfile.Cause(err))
	}
	return l, nil
}

// link returns what the link name says, empty when it is not there.
func (g *generations) link(name string) (string, error) {
	to, err := os.Readlink(g.root + name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, procfile.Cause(err))
	}
	return to, nil
}

// follow returns the store path to which the link name leads, empty without one.
func (g *generations) follow(name string) (string, error) {
	at := name
	for range mostHops {
		to, err := g.link(at)
		if err != nil || to == "" {
			return "", err
		}
		if !path.IsAbs(to) {
			to = path.Join(path.Dir(at), to)
		}
		if at = to; strings.HasPrefix(at, store) {
			return at, nil
		}
	}
	return "", fmt.Errorf("read %s: it does not lead to the store", name)
}

// numbers maps the store path of each generation to its number, the newest when there are several.
func (g *generations) numbers(into map[string]int) error {
	entries, err := os.ReadDir(g.root + profiles)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", profiles, procfile.Cause(err))
	}
	for _, e := range entries {
		n := generation(e.Name())
		if n == 0 {
			continue
		}
		to, err := g.link(profiles + "/" + e.Name())
		if err != nil {
			return err
		}
		if n > into[to] {
			into[to] = n
		}
	}
	delete(into, "") // deleted since the listing
	return nil
}

// version reads the first line of a system's nixos-version, empty when it has none.
func (g *generations) version(system string) (string, error) {
	version, err := procfile.ReadText(g.root, system+"/nixos-version")
	if err != nil && !procfile.Missing(err) {
		return "", fmt.Errorf("read nixos-version: %w", errors.Unwrap(err))
	}
	return version, nil
}

// reboot reports whether the profile would boot something else than what was booted, by the rule of NixOS' own
// system.autoUpgrade.allowReboot: any of the three links differs. It is not known where neither system has a kernel, as
// in a container.
func (g *generations) reboot(booted, profile string) (needed, known bool, err error) {
	if booted == "" || profile == "" {
		return false, false, nil
	}
	for _, part := range []string{"/initrd", "/kernel", "/kernel-modules"} {
		was, err := g.link(booted + part)
		if err != nil {
			return false, false, err
		}
		next, err := g.link(profile + part)
		if err != nil {
			return false, false, err
		}
		known = known || was != "" || next != ""
		needed = needed || was != next
	}
	return needed, known, nil
}

// generation returns N of system-N-link, 0 for every other name.
func generation(name string) int {
	digits, ok := strings.CutPrefix(name, "system-")
	if !ok {
		return 0
	}
	if digits, ok = strings.CutSuffix(digits, "-link"); !ok {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}
