package sample

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// surveyed is what a machine is like once its surveys have looked.
func surveyed(t *testing.T, root string) *Host {
	t.Helper()
	s := New(Options{Root: root})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	return s.Reader(0).Hosts.Latest()
}

func TestSurveysOfAHypervisor(t *testing.T) {
	h := surveyed(t, machine(t, "hypervisor"))
	if want := (3412.870 + 1999.964 + 3675.000 + 1500.012) / 4; math.Abs(h.MHz-want) > 1e-6 {
		t.Errorf("%v MHz, want %v", h.MHz, want) // of the CPUs 0, 4, 8 ... 60, four have a driver
	}
	nan := math.NaN()
	arrays := []Array{
		{"md0", "raid1", "active", 2, 2, 0, 0, false, nan},
		{"md1", "raid1", "active", 2, 1, 1, 0, true, nan},
		{"md2", "raid6", "recovering", 6, 5, 0, 0, true, 12.6},
	}
	if !slices.EqualFunc(h.Arrays, arrays, func(a, b Array) bool {
		alike := a.Synced == b.Synced || math.IsNaN(a.Synced) && math.IsNaN(b.Synced)
		a.Synced, b.Synced = 0, 0
		return alike && a == b
	}) {
		t.Errorf("%+v", h.Arrays)
	}
	if want := []Pool{{"tank", "ONLINE"}, {"vmpool", "DEGRADED"}}; !slices.Equal(h.Pools, want) {
		t.Errorf("%+v", h.Pools)
	}
	if want := []MemoryController{{"mc0", 17, 0}, {"mc1", 0, 1}}; !slices.Equal(h.EDAC, want) {
		t.Errorf("%+v", h.EDAC)
	}
	for _, source := range []Source{Frequency, Arrays, Pools, EDAC} {
		if h.Health[source].State != health.OK {
			t.Errorf("source %d: %+v", source, h.Health[source])
		}
	}
}

func TestSurveysOfWhatIsNotThere(t *testing.T) {
	h := surveyed(t, "testdata/nopsi")
	for _, source := range []Source{Arrays, Pools, EDAC, Huge, Pressure} {
		if h.Health[source].State != health.Absent {
			t.Errorf("source %d: %+v", source, h.Health[source])
		}
	}
	if h.MHz != 600 {
		t.Errorf("%v MHz", h.MHz)
	}
	h = surveyed(t, "testdata/bare")
	if !math.IsNaN(h.MHz) || h.Health[Frequency].State != health.Absent || h.Blocked != -1 {
		t.Errorf("%v MHz, %v; %d blocked", h.MHz, h.Health[Frequency].State, h.Blocked)
	}
}

func TestClockWithoutDriverIsThatOfCPUInfo(t *testing.T) {
	if h := surveyed(t, machine(t, "cpus1024")); math.Abs(h.MHz-2450) > 1e-6 {
		t.Errorf("%v MHz, %v", h.MHz, h.Health[Frequency])
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		list string
		n    int
		want []int
	}{
		{"0-63", 4, []int{0, 16, 32, 48}},
		{"0-3,8,10-11", 16, []int{0, 1, 2, 3, 8, 10, 11}},
		{"0-3,8,10-11", 2, []int{0, 3}},
		{"5", 3, []int{5}},
		{"", 3, nil}, {"x-y,3-1,-", 3, nil}, {"0-99999999999,7", 3, []int{7}},
	} {
		if got := spread(c.list, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.list, got, c.want)
		}
	}
}

// look is a survey that does as the test says. It is asked anew when more than surveyEvery has passed.
type look struct {
	*Sampler
	clock  *sampletest.Clock
	answer chan error
}

func newLook(t *testing.T) *look {
	c := sampletest.NewClock()
	l := &look{New(Options{Root: "testdata/bare", Now: c.Now}), c, make(chan error)}
	n := 0.0
	survey := newSlowReader(c.Now, func() (float64, error) {
		err := <-l.answer
		if err == procfile.ErrFields {
			panic("a bug")
		}
		n++
		return n, err
	}, func(h *Host, n float64) { h.MHz = n })
	l.surveys = []anySlowReader{survey}
	for i := range l.steps {
		if l.steps[i].source == Frequency {
			l.steps[i].reader = survey
		}
	}
	begin(t, l.Sampler)
	t.Cleanup(func() { close(l.answer) })
	await.Until(t, "the survey to begin", func() bool { return survey.pool.listing.Load() != nil })
	return l
}

// sample gives the answer that the survey waits for, and samples.
func (l *look) sample(t *testing.T, err error) (float64, health.Health) {
	t.Helper()
	l.answer <- err
	pool := l.surveys[0].(*slowReader[float64]).pool
	await.Until(t, "the answer", func() bool { return pool.listing.Load().probes[0].asked.Load() == 0 })
	l.Sample()
	h := l.Reader(0).Hosts.Latest()
	return h.MHz, h.Health[Frequency]
}

func (l *look) again() {
	l.clock.Pass(2 * surveyEvery)
	l.Sample()
}

func TestHealthOfASurvey(t *testing.T) {
	l := newLook(t)
	l.Sample()
	if h := l.Reader(0).Hosts.Latest(); h.Health[Frequency].State != health.Init || !math.IsNaN(h.MHz) {
		t.Errorf("before the first look: %v, %+v", h.MHz, h.Health[Frequency])
	}
	for i, c := range []struct {
		err   error
		value float64
		state health.State
		why   string
	}{
		{nil, 1, health.OK, ""},
		{errors.New("bad"), 1, health.Stale, "bad"},
		{nil, 3, health.OK, ""},
		{errNoClock, 3, health.Absent, errNoClock.Error()},
		{procfile.ErrFields, 3, health.Failed, "crashed: a bug"},
		{nil, 5, health.OK, ""},
	} {
		if v, h := l.sample(t, c.err); v != c.value || h.State != c.state || h.Err != c.why {
			t.Errorf("look %d: %v, %v %q", i, v, h.State, h.Err)
		}
		l.again()
	}
	l.clock.Pass(2 * timeout)
	l.Sample()
	if h := l.Reader(0).Hosts.Latest(); h.MHz != 5 || h.Health[Frequency].State != health.Stale || h.Health[Frequency].Err != procfile.NotAnswering {
		t.Errorf("while it hangs: %v, %+v", h.MHz, h.Health[Frequency])
	}
	if v, h := l.sample(t, nil); v != 6 || h.State != health.OK {
		t.Errorf("when it answers at last: %v, %+v", v, h)
	}
}

// The tick makes text out of an error when it is another one, and only then.
func TestSameFailureOfASurveyIsTheSameError(t *testing.T) {
	q := slowProber[int]{look: func() (int, error) { return 0, &procfile.ReadError{Name: mdstat, Cause: unix.ENOENT} }}
	var first, second finding[int]
	if err := errors.Join(q.ask(&first), q.ask(&second)); err != nil {
		t.Fatal(err)
	}
	if first.err == nil || first.err != second.err || !absent(first.err) {
		t.Errorf("%v, then %v", first.err, second.err)
	}
}

func TestSurveysDoNotAllocateInTheTick(t *testing.T) {
	s := New(Options{Root: machine(t, "hypervisor"), Now: sampletest.NewClock().Now})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	if n := sampletest.Allocations(s.Sample); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What was listed a moment ago is gone when it is read: that is how things go, and not worth a word.
func TestF13DevicesVanishBetweenListingAndReading(t *testing.T) {
	root := ownMachine(t, "hypervisor")
	for _, name := range []string{
		kstats + "tank/state", edac + "mc0/ce_count", cpus + "cpu4/cpufreq/scaling_cur_freq", hwmon + "hwmon1/name",
	} {
		// A link that leads nowhere is listed, and cannot be opened.
		file := filepath.Join(root, name)
		if err := errors.Join(os.Remove(file), os.Symlink("gone", file)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{kstats + "gone", edac + "mc7", hwmon + "hwmon9"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h := surveyed(t, root)
	for _, source := range []Source{Pools, EDAC, Frequency, Sensors} {
		if got := h.Health[source]; got.State != health.OK || got.Err != "" {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	if len(h.Pools) != 1 || len(h.EDAC) != 1 || len(h.Sensors) == 0 || math.IsNaN(h.MHz) {
		t.Errorf("%v, %v, %v MHz, %d sensors", h.Pools, h.EDAC, h.MHz, len(h.Sensors))
	}
}

// Files of sysfs that are no files at all, and such that answer with an error, hurt their own source alone.
func TestF20SurveyedFilesThatAreFIFOs(t *testing.T) {
	root := ownMachine(t, "hypervisor")
	for _, name := range []string{kstats + "tank/state", edac + "mc0/ce_count", arcstats} {
		if err := errors.Join(os.Remove(root+name), unix.Mkfifo(root+name, 0o600)); err != nil {
			t.Skip("no FIFO here: ", err)
		}
	}
	if err := errors.Join(os.Remove(root+mdstat), unix.Mkfifo(root+mdstat, 0o600)); err != nil {
		t.Skip("no FIFO here: ", err)
	}
	h := surveyed(t, root)
	if len(h.Pools) != 1 || h.Health[Pools].State != health.OK {
		t.Errorf("%v, %+v", h.Pools, h.Health[Pools])
	}
	for _, source := range []Source{EDAC, Arrays, Meminfo} {
		if got := h.Health[source]; got.State != health.Failed || got.Err == "" {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
}
