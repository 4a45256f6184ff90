package sample

import (
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/sampletest"
)

func TestOOMKillsOfAFile(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		err  string
	}{
		{"nr_free_pages 1\npgfault 7\noom_kill 3\nnuma_hit 2\n", 3, ""},
		{"oom_kill 0", 0, ""},
		{"nr_free_pages 1\noom_killed 5\n", 0, "no oom_kill in /proc/vmstat: the kernel is older than 4.13"},
		{"", 0, "no oom_kill"},
		{"oom_kill -1\n", 0, "read /proc/vmstat: not a number"},
	} {
		root := t.TempDir()
		sampletest.Put(t, root, vmstat, c.text)
		found, err := readVMStat(root)
		var n int64
		if err == nil {
			n = oomKills(found)
		}
		if n != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%q: %d, %v", c.text, n, err)
		}
	}
}

// TestOOMKillsWhileWatched: those before the program's start are counted and have no time.
func TestOOMKillsWhileWatched(t *testing.T) {
	h := new(Host)
	h.blank()
	for i, c := range []struct {
		count int64
		at    time.Duration
	}{{2, 0}, {2, 0}, {3, 3}, {3, 3}, {5, 5}} {
		h.At = time.Duration(i + 1)
		takeOOMKills(h, c.count)
		if h.OOMKills != c.count || h.OOMKilledAt != c.at {
			t.Errorf("sample %d: %d kills, the last at %d, want %+v", i+1, h.OOMKills, h.OOMKilledAt, c)
		}
	}
}

func TestOOMKillsOfAHost(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	if h := surveyed(t, root); h.OOMKills != -1 || h.Health[VMStat].State != health.Absent {
		t.Errorf("without the file: %d, %+v", h.OOMKills, h.Health[VMStat])
	}
	sampletest.Put(t, root, vmstat, "pgfault 7\noom_kill 3\n")
	if h := surveyed(t, root); h.OOMKills != 3 || h.OOMKilledAt != 0 || !h.Health[VMStat].Has() {
		t.Errorf("%d, last %v, %+v", h.OOMKills, h.OOMKilledAt, h.Health[VMStat])
	}
}

// TestProcessesOfReaders: all readers get what one of them wants, and nothing is read when none does.
func TestProcessesOfReaders(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/proc/1/stat", "1 (systemd) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 0 0 20 0 1 0 9 4096 2000\n")
	own := strconv.Itoa(os.Getpid())
	if err := os.Rename(root+"/proc/self", root+"/proc/"+own); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(own, root+"/proc/self"); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Root: root})
	begin(t, s)
	s.WaitSlow(context.Background())
	if p := s.Reader(0).Processes(s.now()); p != nil {
		t.Errorf("nobody has wanted them: %+v", p)
	}
	s.Reader(1).ViewProcesses(true)
	s.Reader(1).ViewProcesses(true)
	s.WaitSlow(context.Background())
	for i := range 2 {
		if p := s.Reader(i).Processes(s.now()); p == nil || len(p.ByCPU) != 1 || math.IsNaN(p.ByCPU[0].CPU) || !p.Health.Has() {
			t.Errorf("reader %d: %+v", i, p)
		}
	}
	s.Reader(1).ViewProcesses(false)
	s.WaitSlow(context.Background()) // nobody looks: it does not wait
}
