package bell

import (
	"slices"
	"testing"
	"time"

	"hypervisor-tui/journal"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		severity journal.Severity
		linux    bool
		want     string
	}{
		{journal.Crit, true, "\x1b[10;1500]\x1b[11;180]\a\x1b[10]\x1b[11]"},
		{journal.Emerg, true, "\x1b[10;1500]\x1b[11;180]\a\x1b[10]\x1b[11]"},
		{journal.Err, true, "\x1b[10;900]\x1b[11;180]\a\x1b[10]\x1b[11]"},
		{journal.Crit, false, "\a"},
		{journal.Err, false, "\a"},
	} {
		if got := string(Append(nil, c.severity, c.linux)); got != c.want {
			t.Errorf("%v, linux %v: %q, want %q", c.severity, c.linux, got, c.want)
		}
	}
}

var (
	calm    = Call{Began: Silent, All: Silent}
	began   = Call{Began: journal.Crit, All: journal.Crit}
	goesOn  = Call{Began: Silent, All: journal.Crit}
	quiet   = Call{Began: Silent, All: journal.Crit, Silent: true}
	inQuiet = Call{Began: journal.Crit, All: journal.Crit, Silent: true}
)

// beeps steps r once a second from from to to-1, and returns the seconds in which it beeps.
func beeps(r *Ringer, from, to int, c Call) (at []int) {
	for s := from; s < to; s++ {
		if r.Step(time.Duration(s)*time.Second, c) != Silent {
			at = append(at, s)
		}
	}
	return at
}

// TestRepeats: three beeps in three seconds; again after 1, 5 and 15 minutes and then each 30, until nothing calls.
func TestRepeats(t *testing.T) {
	var r Ringer
	at := append(beeps(&r, 1, 2, began), beeps(&r, 2, 2*3600, goesOn)...)
	var want []int
	for _, first := range []int{1, 1 + 60, 1 + 6*60, 1 + 21*60, 1 + 51*60, 1 + 81*60, 1 + 111*60} {
		want = append(want, first, first+1, first+2)
	}
	if !slices.Equal(at, want) {
		t.Errorf("it beeps at %v, want %v", at, want)
	}
	if at := beeps(&r, 2*3600, 6*3600, calm); at != nil {
		t.Errorf("it beeps at %v though nothing calls", at)
	}
}

// TestAcknowledgedInTheMiddle: of the three beeps none is heard once somebody has acknowledged what calls.
func TestAcknowledgedInTheMiddle(t *testing.T) {
	var r Ringer
	if at := beeps(&r, 1, 2, began); len(at) != 1 {
		t.Fatalf("it beeps at %v", at)
	}
	if at := beeps(&r, 2, 10000, calm); at != nil {
		t.Errorf("it beeps at %v", at)
	}
}

func TestOnce(t *testing.T) {
	var r Ringer
	once, more := began, goesOn
	once.Once, more.Once = true, true
	if at := append(beeps(&r, 1, 2, once), beeps(&r, 2, 10000, more)...); !slices.Equal(at, []int{1, 2, 3}) {
		t.Errorf("it beeps at %v", at)
	}
	if at := beeps(&r, 10000, 10001, once); len(at) != 1 {
		t.Error("what begins later does not ring")
	}
}

// TestQuiet: what begins in hours without a sound rings at their end, if it still calls.
func TestQuiet(t *testing.T) {
	var r Ringer
	if at := append(beeps(&r, 1, 2, inQuiet), beeps(&r, 2, 5000, quiet)...); at != nil {
		t.Errorf("it beeps at %v", at)
	}
	if at := beeps(&r, 5000, 5010, goesOn); !slices.Equal(at, []int{5000, 5001, 5002}) {
		t.Errorf("afterwards it beeps at %v", at)
	}
	r = Ringer{}
	beeps(&r, 1, 2, inQuiet)
	if at := beeps(&r, 2, 10000, calm); at != nil {
		t.Errorf("what is over beeps at %v", at)
	}
}

// TestKnownBefore: what called before the program was started rings after a minute, not at once.
func TestKnownBefore(t *testing.T) {
	var r Ringer
	if at := beeps(&r, 1, 70, goesOn); !slices.Equal(at, []int{61, 62, 63}) {
		t.Errorf("it beeps at %v", at)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	var r Ringer
	var room [64]byte
	now := time.Second
	if n := testing.AllocsPerRun(1000, func() {
		now += time.Second
		if s := r.Step(now, began); s != Silent {
			Append(room[:0], s, true)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAfterAFlap: an alert that faded and fires again, which begins nothing, rings as long as it stays.
func TestAfterAFlap(t *testing.T) {
	var r Ringer
	beeps(&r, 1, 2, began)
	beeps(&r, 2, 20, calm)
	if at := beeps(&r, 20, 90, goesOn); !slices.Equal(at, []int{80, 81, 82}) {
		t.Errorf("it beeps at %v", at)
	}
}
