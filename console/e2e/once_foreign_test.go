package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/internal/clean"
)

// The machine that the foreign files tell of.
const (
	foreignCores  = 1024
	foreignDisks  = 500
	foreignLinks  = 1000
	foreignMemory = 256 << 20 // KiB
	foreignFree   = 100 << 20
)

// foreignProc writes files of another machine's /proc and /sys and returns the script that puts them over the real ones.
// Over /proc/net lies a whole directory, since the kernel forgets a mount on one of its files.
func foreignProc(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stat, disks, links strings.Builder
	fmt.Fprintf(&stat, "cpu  %d 0 %d %d 0 0 0 0 0 0\n", 1000*foreignCores, 500*foreignCores, 90000*foreignCores)
	for i := range foreignCores {
		fmt.Fprintf(&stat, "cpu%d 1000 0 500 90000 0 0 0 0 0 0\n", i)
	}
	stat.WriteString("intr 0\nctxt 1\nbtime 1700000000\nprocesses 1000\nprocs_running 3\nprocs_blocked 0\n")
	for i := range foreignDisks {
		fmt.Fprintf(&disks, " 259 %7d nvme%dn1 1000 0 8000 100 500 0 4000 50 0 100 150 0 0 0 0 0 0\n", i, i)
		if err := os.MkdirAll(filepath.Join(dir, "block", fmt.Sprintf("nvme%dn1", i), "device"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	links.WriteString("Inter-|   Receive                                                |  Transmit\n" +
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n")
	for i := range foreignLinks {
		fmt.Fprintf(&links, "tap%08x: %d 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n", i, 1000+i)
	}
	write("stat", stat.String())
	write("diskstats", disks.String())
	write("net/dev", links.String())
	write("meminfo", fmt.Sprintf("MemTotal:       %d kB\nMemFree:        %d kB\nMemAvailable:   %d kB\nBuffers:  1 kB\nCached:  2 kB\n"+
		"SwapTotal:      4096 kB\nSwapFree:       1024 kB\nDirty:  0 kB\nHugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n",
		foreignMemory, foreignFree, foreignFree))
	script := ""
	for _, name := range []string{"stat", "diskstats", "meminfo"} {
		script += fmt.Sprintf("mount --bind %s/%s /proc/%s && ", dir, name, name)
	}
	return script + fmt.Sprintf("mount --bind %s/block /sys/block && mount --bind %s/net /proc/$$/net", dir, dir) + ` && exec "$@"`
}

// TestOnceForeignHost: the figures follow the kernel's files, not the machine that the tests run on.
func TestOnceForeignHost(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := onceJSON(t, foreignProc(t))
	if n := len(s.Host.CPU.Cores); n != foreignCores || s.Host.CPU.Cores[n-1].ID != foreignCores-1 {
		t.Errorf("%d cores, want %d", n, foreignCores)
	}
	if m := s.Host.Memory; m.Total != foreignMemory<<10 || m.Free != foreignFree<<10 || m.Swap != 4096<<10 {
		t.Errorf("memory %+v", m)
	}
	if d := s.Host.Disks; len(d) != foreignDisks || d[0].Name != "nvme0n1" || d[foreignDisks-1].Name != "nvme499n1" {
		t.Errorf("%d disks, want %d", len(d), foreignDisks)
	}
	counted := map[string]uint64{}
	for _, l := range s.Network.Interfaces {
		if l.RxBytes != nil {
			counted[l.Name] = *l.RxBytes
		}
	}
	if len(counted) != foreignLinks || counted["tap000003e7"] != 1999 {
		t.Errorf("%d interfaces are counted, want %d; the last has %d bytes", len(counted), foreignLinks, counted["tap000003e7"])
	}
}

// TestF18ForeignPicture: a machine with a thousand CPUs and hundreds of disks is drawn, and all of them are to be seen.
func TestF18ForeignPicture(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := start(t, setup{unshared: true, w: 160, h: tall, script: foreignProc(t)})
	s.await("/256 GiB", "1024 CPUs", "nvme0n1", "d lists all")
	s.keys("d")
	s.pageTo("nvme499n1")
	s.keys("c")
	s.pageTo("1023 ")
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// pageTo turns pages until the screen shows text.
func (s *session) pageTo(text string) {
	s.t.Helper()
	last := ""
	s.until("a page with "+text, func(screen string) bool {
		if screen != last {
			s.keys("\x1b[6~")
			last = screen
		}
		return strings.Contains(screen, text)
	})
}

// TestF44KillUnderLoad is TestF44Kill on that machine, where each start has most to do.
func TestF44KillUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the program is started thirteen times")
	}
	t.Parallel()
	needRoot(t)
	killAgainAndAgain(start(t, setup{unshared: true, w: 200, h: 60, script: foreignProc(t)}))
}

// TestOncePicture: one picture of the size that was asked for, as plain text.
func TestOncePicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		screen, size string
		w, h         int
		want         string
	}{
		{"dashboard", "", 80, 24, "Memory"},
		{"logs", "132x43", 132, 43, " All "},
		{"network", "200x60", 200, 60, "Physical interfaces"},
		{"dashboard", "20x5", 20, 5, ""},
		{"dashboard", "1x1", 1, 1, ""},
	} {
		args := []string{"--once", "--screen", c.screen}
		if c.size != "" {
			args = append(args, "--size", c.size)
		}
		r := run(t, environment(t), args...)
		if r.code != 0 || r.stderr != "" || !strings.Contains(r.out, c.want) {
			t.Errorf("%v: exit code %d\n%s%s", args, r.code, r.out, r.stderr)
		}
		if rows := strings.Count(r.out, "\n"); rows != c.h {
			t.Errorf("%v: %d rows, want %d", args, rows, c.h)
		}
		for line := range strings.Lines(r.out) {
			columns := 0
			for _, v := range strings.TrimSuffix(line, "\n") {
				if v < ' ' {
					t.Errorf("%v: %q in %q", args, v, line)
				}
				columns += clean.Width(v) // the machine's own names may be in any script
			}
			if columns > c.w {
				t.Errorf("%v: %d columns: %q", args, columns, line)
			}
		}
	}
	r := run(t, environment(t, "LC_ALL=C"), "--once")
	for i := range len(r.out) {
		if r.out[i] >= 0x80 {
			t.Errorf("not ASCII where the locale is C:\n%s", r.out)
			break
		}
	}
}
