package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The machine that the foreign files tell of.
const (
	foreignCores  = 64
	foreignMemory = 256 << 20 // KiB
	foreignFree   = 100 << 20
)

// foreignProc writes files of another machine's /proc and /sys and returns the script that puts them over the real ones.
func foreignProc(t *testing.T) string {
	t.Helper()
	var stat strings.Builder
	fmt.Fprintf(&stat, "cpu  %d 0 %d %d 0 0 0 0 0 0\n", 1000*foreignCores, 500*foreignCores, 90000*foreignCores)
	for i := range foreignCores {
		fmt.Fprintf(&stat, "cpu%d 1000 0 500 90000 0 0 0 0 0 0\n", i)
	}
	stat.WriteString("intr 0\nctxt 1\nbtime 1700000000\nprocesses 1000\nprocs_running 3\nprocs_blocked 0\n")
	files := map[string]string{
		"stat": stat.String(),
		"meminfo": fmt.Sprintf("MemTotal:       %d kB\nMemFree:        %d kB\nMemAvailable:   %d kB\nBuffers:  1 kB\nCached:  2 kB\n"+
			"SwapTotal:      4096 kB\nSwapFree:       1024 kB\nDirty:  0 kB\nHugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n",
			foreignMemory, foreignFree, foreignFree),
		"diskstats": " 259       0 nvme7n1 1000 0 8000 100 500 0 4000 50 0 100 150 0 0 0 0 0 0\n" +
			"   8       0 sdzz 10 0 80 1 5 0 40 1 0 1 2 0 0 0 0 0 0\n",
	}
	dir := t.TempDir()
	script := ""
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		script += fmt.Sprintf("mount --bind %s /proc/%s && ", path, name)
	}
	blocks := filepath.Join(dir, "block")
	for _, disk := range []string{"nvme7n1", "sdzz"} {
		if err := os.MkdirAll(filepath.Join(blocks, disk, "device"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return script + "mount --bind " + blocks + ` /sys/block && exec "$@"`
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
	if d := s.Host.Disks; len(d) != 2 || d[0].Name != "nvme7n1" || d[1].Name != "sdzz" {
		t.Errorf("disks %v", d)
	}
}

// TestOnceForeignPicture: so does the picture, at a size of one's choice.
func TestOnceForeignPicture(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := start(t, setup{unshared: true, w: 160, h: 50, script: foreignProc(t)})
	s.await("/256 GiB", "63", "nvme7n1", "156")
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
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > c.w {
				t.Errorf("%v: %d columns: %q", args, n, line)
			}
			for _, v := range line {
				if v < ' ' && v != '\n' {
					t.Errorf("%v: %q in %q", args, v, line)
				}
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
