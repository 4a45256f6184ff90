package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
)

// TestF35Terms: whatever $TERM says the program starts, runs nothing because of it and ends well.
func TestF35Terms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	fake := "#!/bin/sh\necho \"$0 $*\" >> " + ran + "\n"
	for _, name := range []string{"infocmp", "tput", "toe", "stty"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fake), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := "PATH=" + dir + ":" + os.Getenv("PATH")
	for _, term := range []string{"unset", "", "dumb", "unknown", "-x", "../../x", "vt100", "vt220", "linux", "xterm", "xterm-256color",
		"screen.xterm-256color", "tmux-256color", strings.Repeat("a", 5000), "\x1b[2J", "$(touch x)"} {
		t.Run(term[:min(len(term), 30)], func(t *testing.T) {
			t.Parallel()
			o := setup{env: []string{path, "TERM=" + term}}
			if term == "unset" {
				o.env, o.script = []string{path}, `unset TERM; exec "$@"`
			}
			s := start(t, o)
			s.await("Node:", footer)
			s.keys("1")
			s.await(" All ")
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
		})
	}
	t.Cleanup(func() { // when all of them have ended
		if text, err := os.ReadFile(ran); err == nil {
			t.Errorf("was run: %s", text)
		}
	})
}

// TestF35NoUTF8: a serial terminal whose locale is C gets seven bits only, lines included.
func TestF35NoUTF8(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"LC_ALL=C", "LC_ALL=", "LC_ALL=POSIX", "LC_ALL=de_DE.ISO-8859-1"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{env: []string{"TERM=vt220", "LANG=C", locale}})
			s.await("Node:", footer)
			for _, key := range []string{"1", "2", "3", "?", "i", "i", "\x0c"} {
				s.keys(key)
			}
			s.await("-- Host")
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
			s.see(func(*vtscreen.Screen) {
				for i, c := range s.wire {
					if c >= 0x80 || c == '$' {
						t.Errorf("byte %#x on the wire after %q", c, s.wire[max(i-40, 0):i])
						break
					}
				}
			})
		})
	}
}

// TestF35NoColor: NO_COLOR is honoured; what is wrong is marked without colour too.
func TestF35NoColor(t *testing.T) {
	t.Parallel()
	s := start(t, setup{env: []string{"NO_COLOR=1"}})
	s.await(footer)
	s.sources("0 colours, theme mono")
	s.see(func(v *vtscreen.Screen) {
		for i := range v.W * v.H {
			if c := v.Cell(i%v.W, i/v.W); c.Attr.Fg != -1 || c.Attr.Bg != -1 {
				t.Errorf("%q at %d,%d has a colour: %+v", c.Rune, i%v.W, i/v.W, c.Attr)
				return
			}
		}
	})
}

// TestF35OtherTerminal: --tty draws on another terminal than standard input, with none that is the controlling one.
func TestF35OtherTerminal(t *testing.T) {
	t.Parallel()
	s := start(t, setup{free: true, script: `tty=$(readlink /proc/self/fd/0); exec "$@" --tty "$tty" </dev/null >/dev/null`})
	s.await("Node:", footer)
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF23BadTimeZone: an unknown zone is UTC, and that is said.
func TestF23BadTimeZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Nowhere/Else", "CET-1CEST,M3.5.0,M10.5.0/3", "../../etc/passwd", ":/nonexistent"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			if r := run(t, environment(t, "TZ="+zone), "--check"); r.code != 0 || !strings.Contains(r.out, "times are UTC") {
				t.Errorf("--check: exit code %d\n%s%s", r.code, r.out, r.stderr)
			}
			s := start(t, setup{w: 100, env: []string{"TZ=" + zone}})
			s.await("UTC", footer)
			s.sources("is not known here: times are UTC")
		})
	}
}

// TestF23KnownTimeZone: what the C library understands is no reason for a note.
func TestF23KnownTimeZone(t *testing.T) {
	t.Parallel()
	const berlin = "/usr/share/zoneinfo/Europe/Berlin"
	if _, err := os.Stat(berlin); err != nil {
		t.Skipf("no time zone data here: %v", err)
	}
	for _, zone := range []string{"Europe/Berlin", ":Europe/Berlin", berlin, ":" + berlin} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			r := run(t, environment(t, "TZ="+zone), "--once", "--json")
			if r.code != 0 || !regexp.MustCompile(`"at": "[^"]*\+0[12]:00"`).MatchString(r.out) {
				t.Errorf("exit code %d, not the time of Berlin in\n%.100s%s", r.code, r.out, r.stderr)
			}
			if r := run(t, environment(t, "TZ="+zone), "--check"); r.code != 0 || strings.Contains(r.out, "note:") {
				t.Errorf("--check: exit code %d\n%s%s", r.code, r.out, r.stderr)
			}
		})
	}
}

// TestF23NoTimeZoneData: the machine's own zone cannot be read.
func TestF23NoTimeZoneData(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for name, script := range map[string]string{
		"no data":       `mount -t tmpfs none /usr/share/zoneinfo && TZ=Europe/Berlin exec "$@"`,
		"dangling link": `mount -t tmpfs none /etc && ln -s zoneinfo/Europe/Berlin /etc/localtime && unset TZ && exec "$@"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{unshared: true, script: script})
			s.await("UTC", footer)
			s.sources("times are UTC")
		})
	}
}

// needRoot skips a test that changes mounts, in a namespace of its own.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if err := unix.Access("/proc/self/ns/mnt", unix.F_OK); err != nil {
		t.Skipf("no mount namespaces: %v", err)
	}
}
