package sample

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// statOf is a /proc/stat of the CPUs with those ids, each with the same ticks.
func statOf(ids []int, ticks int) string {
	var b strings.Builder
	line := fmt.Sprintf("%d 0 %d %d 0 0 0 0 0 0\n", ticks, ticks, 2*ticks)
	b.WriteString("cpu  " + line)
	for _, id := range ids {
		fmt.Fprintf(&b, "cpu%d %s", id, line)
	}
	b.WriteString("intr " + strings.Repeat("0 ", 4000) + "\nctxt 1\n")
	return b.String()
}

func upTo(n int) []int {
	ids := make([]int, n)
	for i := range ids {
		ids[i] = i
	}
	return ids
}

func TestSharesOfACPU(t *testing.T) {
	text := []string{
		"cpu  1000 100 500 8000 200 50 50 100 30 10\n",
		"cpu  1020 110 510 8040 210 53 52 105 35 12\n", // 100 ticks on; guest is already in user and nice
	}
	var t0, t1 []CPUTicks
	var err error
	if t0, _, err = parseStat([]byte(text[0]), nil); err != nil {
		t.Fatal(err)
	}
	if t1, _, err = parseStat([]byte(text[1]), nil); err != nil {
		t.Fatal(err)
	}
	got, _ := deriveCPUs(t0, t1, nil)
	if want := (CPU{ID: -1, Busy: 50, User: 30, System: 10, IOWait: 10, IRQ: 5, Steal: 5, Guest: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestIowaitMayStepBack(t *testing.T) {
	before := CPUTicks{User: 100, Idle: 100, IOWait: 50}
	now := CPUTicks{User: 150, Idle: 150, IOWait: 49}
	if c := deriveCPU(&before, &now); c.User != 50 || c.IOWait != 0 || c.Busy != 50 {
		t.Errorf("%+v", c)
	}
	now.Idle, now.IOWait = 99, 51
	if c := deriveCPU(&before, &now); c.User != 100*50./51 || c.Busy < 98 || c.Busy > 100 {
		t.Errorf("%+v", c)
	}
	now.User = 99
	if c := deriveCPU(&before, &now); !math.IsNaN(c.Busy) || !math.IsNaN(c.IOWait) {
		t.Errorf("after a reset: %+v", c)
	}
	if c := deriveCPU(&before, &before); !math.IsNaN(c.Busy) {
		t.Errorf("without a tick between: %+v", c)
	}
}

// statLines is a /proc/stat of the sum of all and of CPUs by id, each with user, idle and iowait.
func statLines(all [3]int, each map[int][3]int) string {
	line := func(name string, v [3]int) string {
		return fmt.Sprintf("%s %d 0 0 %d %d 0 0 0 0 0\n", name, v[0], v[1], v[2])
	}
	text := line("cpu ", all)
	for id := range 16 {
		if v, ok := each[id]; ok {
			text += line(fmt.Sprint("cpu", id), v)
		}
	}
	return text
}

// A CPU that was off and is on again may count less idle time than before: that is no work.
func TestB7IdleStepsBack(t *testing.T) {
	nan := math.NaN()
	before := statLines([3]int{2000, 20000, 600}, map[int][3]int{0: {1000, 10000, 300}, 1: {1000, 10000, 300}})
	for _, c := range []struct {
		name      string
		now       string
		all       float64
		busy      [2]float64
		allIOWait float64
	}{
		{"idle of one", statLines([3]int{2020, 15200, 600}, map[int][3]int{0: {1010, 10190, 300}, 1: {1010, 5000, 300}}), nan, [2]float64{5, nan}, nan},
		{"iowait of one", statLines([3]int{2020, 20380, 310}, map[int][3]int{0: {1010, 10190, 300}, 1: {1010, 10190, 0}}), nan, [2]float64{5, nan}, nan},
		{"by less than all went on", statLines([3]int{2020, 20090, 600}, map[int][3]int{0: {1010, 10190, 300}, 1: {1010, 9900, 300}}), nan, [2]float64{5, nan}, nan},
		{"user of one", statLines([3]int{1020, 20380, 600}, map[int][3]int{0: {1010, 10190, 300}, 1: {10, 10190, 300}}), nan, [2]float64{5, nan}, nan},
		{"of the sum alone", statLines([3]int{2020, 19000, 600}, map[int][3]int{0: {1010, 10190, 300}, 1: {1010, 10190, 300}}), nan, [2]float64{5, 5}, nan},
		{"waiting for a disk was no waiting after all", statLines([3]int{2020, 20480, 500}, map[int][3]int{0: {1010, 10190, 300}, 1: {1010, 10290, 200}}), 4, [2]float64{5, 1000. / 300}, 0},
		{"of a single tick", statLines([3]int{2400, 19999, 600}, map[int][3]int{0: {1200, 10000, 299}, 1: {1200, 10000, 300}}), 100, [2]float64{100, 100}, 0},
	} {
		root := sampletest.CopyOf(t, "bare")
		sampletest.Put(t, root, "/proc/stat", before)
		s := sampled(t, root)
		sampletest.Put(t, root, "/proc/stat", c.now)
		s.Sample()
		h := s.Reader(0).Hosts.Latest()
		for i, got := range []float64{h.CPU.Busy, h.Cores[0].Busy, h.Cores[1].Busy, h.CPU.IOWait} {
			if want := []float64{c.all, c.busy[0], c.busy[1], c.allIOWait}[i]; math.Abs(got-want) > 1e-9 || math.IsNaN(got) != math.IsNaN(want) {
				t.Errorf("%s: %d is %v, want %v", c.name, i, got, want)
			}
		}
		sampletest.Put(t, root, "/proc/stat", strings.ReplaceAll(c.now, " 0 0 0 0 0\n", " 0 0 100 0 0\n"))
		s.Sample()
		if h := s.Reader(0).Hosts.Latest(); h.CPU.Busy != 100 || h.CPU.Steal != 100 || h.Cores[1].Busy != 100 {
			t.Errorf("%s: a sample later %+v", c.name, h.CPU)
		}
	}
}

// The sum counts a CPU that is off in another way than one that is on: when one goes or comes, it is that of the others.
func TestB7CPUThatGoesOrComesDoesNotCount(t *testing.T) {
	both := statLines([3]int{2000, 20000, 600}, map[int][3]int{0: {1000, 10000, 300}, 1: {1000, 10000, 300}})
	one := statLines([3]int{2010, 10240, 600}, map[int][3]int{0: {1010, 10190, 300}})
	again := statLines([3]int{9999, 99999, 999}, map[int][3]int{0: {1020, 10380, 300}, 1: {1000, 50, 0}})
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/proc/stat", both)
	s := sampled(t, root)
	for _, text := range []string{one, again} {
		sampletest.Put(t, root, "/proc/stat", text)
		s.Sample()
		if h := s.Reader(0).Hosts.Latest(); h.CPU.Busy != 5 || h.CPU.ID != allCPUs {
			t.Errorf("%+v", h.CPU)
		}
	}
	sampletest.Put(t, root, "/proc/stat", statLines([3]int{1, 1, 1}, map[int][3]int{7: {1, 1, 1}}))
	s.Sample()
	if h := s.Reader(0).Hosts.Latest(); !math.IsNaN(h.CPU.Busy) {
		t.Errorf("quite another CPU: %+v", h.CPU)
	}
}

func TestF18ManyCPUsSomeOffline(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/proc/stat", statOf(upTo(4096), 100))
	s := sampled(t, root)
	if h := s.Reader(0).Hosts.Latest(); len(h.Cores) != 4096 || !math.IsNaN(h.Cores[4095].Busy) || !math.IsNaN(h.CPU.Busy) {
		t.Fatalf("first sample: %d cores, busy %v", len(h.Cores), h.CPU.Busy)
	}
	fewer := append(upTo(7), upTo(4096)[9:]...)
	sampletest.Put(t, root, "/proc/stat", statOf(fewer, 200))
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if len(h.Cores) != 4094 || h.Cores[7].ID != 9 || h.Cores[7].Busy != 50 || h.CPU.Busy != 50 {
		t.Fatalf("two offline: %d cores, %+v", len(h.Cores), h.Cores[7])
	}
	sampletest.Put(t, root, "/proc/stat", statOf(upTo(4096), 300))
	s.Sample()
	h = s.Reader(0).Hosts.Latest()
	if c := h.Cores[7]; c.ID != 7 || !math.IsNaN(c.Busy) {
		t.Errorf("just switched on: %+v", c)
	}
	if c := h.Cores[9]; c.ID != 9 || c.Busy != 50 {
		t.Errorf("its neighbour: %+v", c)
	}
	if len(h.Disks) != 0 || !math.IsNaN(h.DiskRead) || h.Health[Diskstats].State.String() != "absent" {
		t.Errorf("no disks: %v, %v", h.DiskRead, h.Health[Diskstats])
	}
}

func TestStatRefusesWhatCannotBe(t *testing.T) {
	for text, want := range map[string]error{
		"":                                     procfile.ErrFields,
		"intr 1\n":                             procfile.ErrFields,
		"cpu":                                  procfile.ErrShort,
		"cpu 1 2 3":                            procfile.ErrShort,
		"cpu0 1 2 3 4 5 6 7":                   procfile.ErrOrder, // the sum of all comes first
		"cpu 1 2 3 4 5 6 -7":                   procfile.ErrNumber,
		"cpux 1 2 3 4 5 6 7":                   procfile.ErrNumber,
		"cpu99999999999 1 2 3 4 5 6 7":         procfile.ErrNumber,
		"cpu 1 2 3 4 5 6 7\ncpu 1 2 3 4 5 6 7": procfile.ErrOrder,
		"cpu 1 2 3 4 5 6 7\ncpu1 1 2 3 4 5 6 7\ncpu1 1 2 3 4 5 6 7": procfile.ErrOrder,
	} {
		if _, _, err := parseStat([]byte(text), nil); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestGuestsOfAnOldKernelAreUnknown(t *testing.T) {
	for _, c := range []struct {
		before, now CPUTicks
		want        float64
	}{
		{CPUTicks{User: 100, Guest: 50, HasGuest: true}, CPUTicks{User: 200, Guest: 100, HasGuest: true}, 50},
		{CPUTicks{User: 100}, CPUTicks{User: 200}, math.NaN()},
		{CPUTicks{User: 100, Guest: 50, HasGuest: true}, CPUTicks{User: 200, Guest: 49, HasGuest: true}, math.NaN()},
		{CPUTicks{User: 100, Guest: 50, HasGuest: true}, CPUTicks{User: 200, Guest: 151, HasGuest: true}, 100}, // never more than user
	} {
		if got := deriveCPU(&c.before, &c.now).Guest; got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%+v to %+v: %v, want %v", c.before, c.now, got, c.want)
		}
	}
}

func TestBlocked(t *testing.T) {
	for text, want := range map[string]int{
		"intr 1 2\nctxt 1\nprocs_running 7\nprocs_blocked 12\nsoftirq 1\n": 12,
		"intr 1 2\n": -1,
		"":           -1,
	} {
		if got, err := parseBlocked([]byte(text)); got != want || err != nil {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	if _, err := parseBlocked([]byte("procs_blocked -1\n")); err == nil {
		t.Error("-1 tasks")
	}
}

// TestCPUIsSwitchedOff: the kernel takes its line away, and the count follows.
func TestCPUIsSwitchedOff(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/proc/stat", statOf(upTo(4), 100))
	sampletest.Put(t, root, cpus+"present", "0-3\n")
	s := sampled(t, root)
	if h := s.Reader(0).Hosts.Latest(); h.Offline != 0 {
		t.Errorf("%d offline, none is", h.Offline)
	}
	sampletest.Put(t, root, "/proc/stat", statOf(upTo(3), 200))
	s.Sample()
	if h := s.Reader(0).Hosts.Latest(); h.Offline != 1 || len(h.Cores) != 3 {
		t.Errorf("%d offline of %d", h.Offline, len(h.Cores))
	}
	sampletest.Put(t, root, cpus+"present", "0-1\n")
	sampletest.Put(t, root, "/proc/stat", statOf(upTo(4), 300))
	s.Sample()
	if h := s.Reader(0).Hosts.Latest(); h.Offline != -1 {
		t.Errorf("%d offline of 4, and 2 are present", h.Offline)
	}
}
