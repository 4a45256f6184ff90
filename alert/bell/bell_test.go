package bell

import (
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

const start = time.Hour // CLOCK_BOOTTIME

// rings is at which seconds, after how long, and with what a terminal rings.
func rings(t *testing.T, o Options, seconds int, at func(second int) []frame.Alert) (when []int, all string) {
	t.Helper()
	var r Ringer
	for i := range seconds {
		if b := r.Step(nil, at(i), o, start+time.Duration(i)*time.Second); len(b) > 0 {
			when, all = append(when, i), all+string(b)
		}
	}
	return when, all
}

func critical(fired time.Duration) []frame.Alert {
	return []frame.Alert{{Problem: frame.Problem{Severity: journal.Crit}, State: frame.Firing, Fired: fired, Rings: true}}
}

// TestBytesOfARing: three beeps a second apart, high, and pitch and length given back; elsewhere the bell alone.
func TestBytesOfARing(t *testing.T) {
	always := func(int) []frame.Alert { return critical(start) }
	when, all := rings(t, Options{On: true, Least: journal.Crit, Linux: true}, 100, always)
	const beep = "\x1b[10;1500]\x1b[11;180]\a"
	if all != beep+beep+beep+"\x1b[10]\x1b[11]" || len(when) != 3 || when[0] != 3 || when[2] != 5 {
		t.Errorf("at %v: %q", when, all)
	}
	if _, all := rings(t, Options{On: true, Least: journal.Crit}, 100, always); all != "\a\a\a" {
		t.Errorf("elsewhere: %q", all)
	}
	mild := func(int) []frame.Alert { a := critical(start); a[0].Severity = journal.Err; return a }
	if _, all := rings(t, Options{On: true, Least: journal.Err, Linux: true}, 100, mild); all != "\x1b[10;900]\x1b[11;180]\a\x1b[10;900]\x1b[11;180]\a\x1b[10]\x1b[11]" {
		t.Errorf("an error: %q", all)
	}
}

// TestWhatDoesNotRing: what is acknowledged, hidden, mild, over, of a rule that does not ring, or in quiet hours.
func TestWhatDoesNotRing(t *testing.T) {
	o := Options{On: true, Least: journal.Crit, Repeat: true}
	for name, change := range map[string]func(a *frame.Alert, o *Options){
		"acknowledged": func(a *frame.Alert, _ *Options) { a.Acked = true },
		"hidden":       func(a *frame.Alert, _ *Options) { a.Hidden = true },
		"mild":         func(a *frame.Alert, _ *Options) { a.Severity = journal.Err },
		"fading":       func(a *frame.Alert, _ *Options) { a.State = frame.Fading },
		"pending":      func(a *frame.Alert, _ *Options) { a.State = frame.Pending },
		"silent rule":  func(a *frame.Alert, _ *Options) { a.Rings = false },
		"quiet":        func(_ *frame.Alert, o *Options) { o.Quiet = true },
		"off":          func(_ *frame.Alert, o *Options) { o.On = false },
	} {
		alerts, with := critical(start), o
		change(&alerts[0], &with)
		if when, all := rings(t, with, 7200, func(int) []frame.Alert { return alerts }); len(when) > 0 {
			t.Errorf("%s: %q at %v", name, all, when)
		}
	}
}

// TestRingsAgain after 1, 5, 15, 30 and 30 minutes, until it is acknowledged; a new one rings at once.
func TestRingsAgain(t *testing.T) {
	o := Options{On: true, Least: journal.Crit, Repeat: true}
	when, _ := rings(t, o, 3*3600, func(int) []frame.Alert { return critical(start) })
	var begins []int
	for i := 0; i < len(when); i += 3 {
		begins = append(begins, when[i]-3)
	}
	want := []int{0, 60, 360, 1260, 3060, 4860, 6660, 8460, 10260}
	if len(begins) != len(want) {
		t.Fatalf("rings at %v, want %v", begins, want)
	}
	for i := range want {
		if begins[i] != want[i] {
			t.Errorf("rings at %v, want %v", begins, want)
		}
	}
	when, _ = rings(t, o, 600, func(second int) []frame.Alert {
		a := critical(start)
		a[0].Acked = second > 30
		if second >= 100 {
			a = append(a, critical(start+100*time.Second)...)
		}
		return a
	})
	if len(when) < 6 || when[3] != 103 {
		t.Errorf("a second one rings at %v", when)
	}
	if n := testing.AllocsPerRun(100, func() {
		var r Ringer
		var room [64]byte
		r.Step(room[:0], nil, o, start)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
