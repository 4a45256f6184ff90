package screens_test

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// TestEventsLeadToWhereTheyAreSeen: Enter on an event goes to its page, in the log to what was written when it happened; on one
// that is seen nowhere it changes nothing.
func TestEventsLeadToWhereTheyAreSeen(t *testing.T) {
	f := frametest.Fixed()
	frametest.Crashed(f)
	f.Events = f.LastRun.Events
	for key, overlay := range map[draw.Key]string{'L': "timeline", 'B': "before boot"} {
		for i := range f.Events {
			e := &f.Events[len(f.Events)-1-i]
			c := newConsole(frame.Logs, nil)
			press := func(k draw.Key) {
				c.Handle(k, f)
				c.Show(80, 60, f)
			}
			press(draw.KeyNone)
			press(draw.KeyF3)
			press(key)
			for range i {
				press(draw.KeyDown)
			}
			c.Newest()
			c.Handle(draw.KeyEnter, f)
			c.Update(80, 60, f)
			want, left := e.Where, ""
			if want == "" {
				want, left = frame.Network, overlay
			}
			if c.Active() != want || c.OverlayName() != left {
				t.Errorf("%s: Enter on %q leads to %s, overlay %q", overlay, e.AppendWhat(nil), c.Active(), c.OverlayName())
			}
			query, asked := c.Newest()
			if toLog := e.Where == frame.Logs; asked != toLog || toLog && (query.Move != journal.ToTime || !query.At.Equal(e.At.Add(-10*time.Second))) {
				t.Errorf("%s: Enter on %q asks the log %v, %+v", overlay, e.AppendWhat(nil), asked, query)
			}
		}
	}
}

// TestEventsOfThePast: in the past Enter on an event goes to the log of its time, and not of the record's.
func TestEventsOfThePast(t *testing.T) {
	f := frametest.Fixed()
	frametest.Eventful(f)
	yesterday(f)
	c := newConsole(frame.Dashboard, nil)
	c.Show(80, 60, f)
	for _, k := range []draw.Key{'L', draw.KeyDown, draw.KeyDown, draw.KeyEnter} {
		c.Handle(k, f)
		c.Update(80, 60, f)
	}
	want := f.Events[len(f.Events)-3].At.Add(-10 * time.Second)
	if query, _ := c.Newest(); c.Active() != frame.Logs || query.Move != journal.ToTime || !query.At.Equal(want) {
		t.Errorf("page %s, query %+v, want the log of %v", c.Active(), query, want)
	}
	f.Now = f.Now.Add(10 * time.Second) // another record
	c.Update(80, 60, f)
	if query, _ := c.Newest(); query.Move != journal.ToTime || !query.At.Equal(f.Now) {
		t.Errorf("query %+v, want the log of the next record", query)
	}
}

// TestUncleanBoot: the dashboard tells of a boot that did not end by a shutdown for ten minutes, and only of what is known; the
// overlay does so at any time.
func TestUncleanBoot(t *testing.T) {
	const last, figures = "last record Nov 22 02:57:30, 41s before this boot", "memory 97.4%  CPU 12.6%  I/O full 83.2%  VMs 6"
	const why = "pstore keeps a kernel panic of 2026-11-22 02:57"
	lastBoot := func(change func(*sample.LastBoot)) func(*frame.Frame) {
		return func(f *frame.Frame) { change(&f.System.LastBoot) }
	}
	for name, c := range map[string]struct {
		change       func(*frame.Frame)
		card, record bool // are there
	}{
		"a crash":           {func(*frame.Frame) {}, true, true},
		"nothing recorded":  {func(f *frame.Frame) { f.LastRun = nil }, true, false},
		"eleven minutes":    {func(f *frame.Frame) { f.Boot += 7 * time.Minute }, false, false},
		"a shutdown":        {lastBoot(func(b *sample.LastBoot) { b.Clean = true }), false, false},
		"not known":         {lastBoot(func(b *sample.LastBoot) { b.Known = false }), false, false},
		"not read":          {lastBoot(func(b *sample.LastBoot) { *b = sample.LastBoot{} }), false, false},
		"no system":         {func(f *frame.Frame) { f.System = nil }, false, false},
		"the past":          {func(f *frame.Frame) { f.Past = new(frame.Past) }, false, false},
		"a clock set back":  {func(f *frame.Frame) { f.LastRun.End = f.Now }, true, false},
		"recording stopped": {func(f *frame.Frame) { f.LastRun.Stopped = true }, true, false},
	} {
		f := frametest.Fixed()
		frametest.Crashed(f)
		c.change(f)
		text := shot(t, frame.Dashboard, 80, 24, f)
		if strings.Contains(text, "Before this boot: "+why) != c.card || strings.Contains(text, last) != c.record {
			t.Errorf("%s: card %v, record %v:\n%s", name, c.card, c.record, text)
		}
		if has := strings.Contains(text, figures); has != (c.card && f.LastRun != nil) {
			t.Errorf("%s: figures %v:\n%s", name, has, text)
		}
		if strings.Contains(shot(t, frame.Dashboard, 60, 24, f)+shot(t, frame.Dashboard, 80, 16, f), "Before this boot") {
			t.Errorf("%s: the card is on a small screen", name)
		}
		if f.Past != nil { // where B is a way to go
			continue
		}
		whole := shot(t, frame.Logs, 80, 60, f, 'B')
		if f.LastRun != nil != strings.Contains(whole, figures) || strings.Contains(whole, "k3s.service failed: exit code 1") != (f.LastRun != nil) {
			t.Errorf("%s: the overlay is\n%s", name, whole)
		}
	}
	f := frametest.Fixed()
	frametest.Crashed(f)
	f.LastRun.End, f.LastRun.Stopped, f.LastRun.VMs = f.Now, true, -1
	f.LastRun.Problems, f.LastRun.Events = nil, nil
	text := shot(t, frame.Dashboard, 80, 24, f) + shot(t, frame.Logs, 80, 24, f, 'B')
	for _, want := range []string{"recording stopped Nov 22 03:02:11 ", "VMs --", "no problem was known", "no event was known"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}
