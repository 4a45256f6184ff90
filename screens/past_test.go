package screens_test

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

// yesterday makes of a frame a record: of its time, looked at 23 hours later.
func yesterday(f *frame.Frame) {
	p := &frame.Past{Real: f.Now.Add(23*time.Hour + 10*time.Minute), Every: 10 * time.Second}
	p.To = p.Real.Truncate(15 * time.Minute).Add(15 * time.Minute)
	p.From = p.To.Add(-24 * time.Hour)
	p.Oldest, p.Newest = p.From.Add(31*time.Minute), p.Real.Add(-4*time.Second)
	p.Strip = make([]frame.StripCell, 96)
	for i := range p.Strip {
		p.Strip[i] = frame.StripCell{Recorded: i > 1 && (i < 40 || i > 44), Boot: i == 45, Worst: journal.Debug}
	}
	p.Strip[3].Worst, p.Strip[38].Worst, p.Strip[60].Worst = journal.Warning, journal.Crit, journal.Err
	f.Past, f.Processes = p, nil
}

// pastPictures are taken in each size and look.
var pastPictures = []picture{
	{name: "past-dashboard", screen: frame.Dashboard, change: yesterday},
}

// pastStates are taken at 80x24 and 200x60.
var pastStates = []picture{
	{name: "past-logs", screen: frame.Logs, change: yesterday},
	{name: "past-network", screen: frame.Network, change: yesterday},
	{name: "past-checks", screen: frame.Checks, change: func(f *frame.Frame) { frametest.Checks(f); yesterday(f) }},
	{name: "past-time", screen: frame.Dashboard, keys: []draw.Key{'t', 'n', 'o', 'o', 'n', draw.KeyEnter}, change: yesterday},
	{name: "past-alarm", screen: frame.Dashboard, change: func(f *frame.Frame) {
		yesterday(f)
		f.Past.Live = &frame.Problem{Severity: journal.Crit, Kind: frame.MountHangs, Subject: "/var/lib/longhorn"}
	}},
	{name: "past-hung", screen: frame.Dashboard, change: func(f *frame.Frame) {
		yesterday(f)
		f.Past.Pending, f.Past.Waited = true, 42*time.Second
	}},
	{name: "past-gap", screen: frame.Dashboard, change: func(f *frame.Frame) { yesterday(f); f.Past.Gap = true }},
	{name: "past-end", screen: frame.Dashboard, change: func(f *frame.Frame) { yesterday(f); f.Past.Why = "that is the oldest record" }},
	{name: "past-none", screen: frame.Dashboard, change: func(f *frame.Frame) { f.Past = &frame.Past{Real: f.Now, Why: "nothing is recorded"} }},
	{name: "past-first", screen: frame.Dashboard, change: func(f *frame.Frame) {
		f.Past = &frame.Past{Real: f.Now, Pending: true, Waited: 3 * time.Second}
	}},
}

func TestGoldenPast(t *testing.T) {
	for _, p := range pastPictures {
		for _, size := range []struct{ w, h int }{{200, 60}, {132, 43}, {80, 24}, {40, 10}, {20, 5}, {1, 1}} {
			golden(t, p, size.w, size.h, "colour")
		}
		golden(t, p, 80, 24, "mono")
		golden(t, p, 80, 24, "ascii")
		golden(t, p, 200, 60, "mono")
		golden(t, p, 200, 60, "ascii")
	}
	for _, p := range pastStates {
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "colour")
	}
}

// TestPastsKeys: they go before those of each page and overlay, and nothing acts on now meanwhile.
func TestPastsKeys(t *testing.T) {
	for _, screen := range pages.Names() {
		for _, open := range []draw.Key{draw.KeyNone, '?', 'i', '!'} {
			for k, want := range map[draw.Key]screens.Command{
				draw.KeyLeft:  {Kind: screens.Past, Rewind: screens.Rewind{Step: -1}},
				draw.KeyRight: {Kind: screens.Past, Rewind: screens.Rewind{Step: 1}},
				'[':           {Kind: screens.Past, Rewind: screens.Rewind{Event: -1}},
				']':           {Kind: screens.Past, Rewind: screens.Rewind{Event: 1}},
				'B':           {Kind: screens.Past, Rewind: screens.Rewind{BeforeBoot: true}},
				'p':           {Kind: screens.Past, Rewind: screens.Rewind{Leave: true}},
				'r':           {},
				'A':           {},
				' ':           {},
				draw.KeyCtrlZ: {},
			} {
				c, f := newConsole(screen, nil), frametest.Fixed()
				yesterday(f)
				c.Show(80, 24, f)
				c.Handle(open, f)
				if got := c.Handle(k, f); got != want || c.Paused() {
					t.Errorf("%s, key %d over %d: %+v, want %+v, paused %v", screen, k, open, got, want, c.Paused())
				}
			}
		}
		c, f := newConsole(screen, nil), frametest.Fixed()
		if got := c.Handle('p', f); got.Kind != screens.Past || got.Rewind != (screens.Rewind{}) {
			t.Errorf("%s: p now: %+v", screen, got)
		}
		yesterday(f)
		c.Handle('?', f)
		if text := c.Show(80, 24, f); !strings.Contains(text, "the event before, the next one") {
			t.Errorf("%s: the help does not name the past's keys:\n%s", screen, text)
		}
		if got := c.Handle(draw.KeyEsc, f); got.Kind != screens.None || c.OverlayName() != "" {
			t.Errorf("%s: Esc over an overlay: %+v, %q stays", screen, got, c.OverlayName())
		}
		if got := c.Handle(draw.KeyEsc, f); !got.Rewind.Leave {
			t.Errorf("%s: Esc: %+v", screen, got)
		}
	}
}

// TestPastsTime: what is typed counts from the clock of now, and what is no time goes nowhere.
func TestPastsTime(t *testing.T) {
	c, f := newConsole(frame.Logs, nil), frametest.Fixed()
	yesterday(f)
	c.Show(80, 24, f)
	typed := func(text string) (cmd screens.Command) {
		for _, k := range append([]draw.Key{'t', draw.KeyCtrlU}, keysOf(text)...) {
			if cmd = c.Handle(k, f); cmd.Kind != screens.None {
				t.Fatalf("%q: key %d: %+v", text, k, cmd)
			}
		}
		if !c.Typing() {
			t.Fatalf("%q: nothing is typed", text)
		}
		return c.Handle(draw.KeyEnter, f)
	}
	if cmd := typed("noon"); cmd.Kind != screens.None || !c.Typing() || !strings.Contains(c.Show(80, 24, f), "not a time") {
		t.Errorf("no time: %+v", cmd)
	}
	c.Handle(draw.KeyEsc, f)
	if cmd := typed("-2h"); cmd.Kind != screens.Past || !cmd.Rewind.At.Equal(f.Past.Real.Add(-2*time.Hour)) || c.Typing() {
		t.Errorf("two hours before %v: %+v", f.Past.Real, cmd)
	}
}

func keysOf(text string) (keys []draw.Key) {
	for _, r := range text {
		keys = append(keys, draw.Key(r))
	}
	return keys
}

// TestPastAsksTheLogOfThen: each record's time once, whatever else would follow the newest entries; and these again when it is over.
func TestPastAsksTheLogOfThen(t *testing.T) {
	c, f := newConsole(frame.Logs, nil), frametest.Fixed()
	c.Show(80, 24, f)
	c.Answer(f)
	yesterday(f)
	for _, k := range []draw.Key{draw.KeyNone, draw.KeyEnd} {
		c.Handle(k, f)
		c.Show(80, 24, f)
		if q, asked := c.Newest(); !asked || q.Move != journal.ToTime || !q.At.Equal(f.Now) || q.Seen {
			t.Errorf("after key %d: %v %+v", k, asked, q)
		} else {
			f.Page.Query = q.Number // it is answered
			c.Show(80, 24, f)
			c.Newest() // which the answer has led to
		}
	}
	f.Page = &journal.Page{Query: 1 << 40} // of another query
	c.Show(80, 24, f)
	if q, asked := c.Newest(); asked {
		t.Errorf("asked again: %+v", q)
	}
	f.Past = nil
	c.Show(80, 24, f)
	if q, asked := c.Newest(); !asked || q.Move != journal.Stay || q.Anchor != 0 {
		t.Errorf("back: %v %+v", asked, q)
	}
}

// TestPastIsNeverTakenForNow: each size says so, and none has a clock that runs.
func TestPastIsNeverTakenForNow(t *testing.T) {
	for w := 1; w <= 200; w += 7 {
		for h := 1; h <= 60; h += 3 {
			f := frametest.Fixed()
			yesterday(f)
			c := newConsole(frame.Dashboard, nil)
			if text := c.Show(w, h, f); !strings.Contains(text, "PAST"[:min(w, 4)]) {
				t.Errorf("%dx%d:\n%s", w, h, text)
			}
		}
	}
}

// TestPastLogWithoutLaterEntries: what cannot be answered is not asked again and again.
func TestPastLogWithoutLaterEntries(t *testing.T) {
	c, f := newConsole(frame.Logs, nil), frametest.Fixed()
	yesterday(f)
	c.Show(80, 24, f)
	asked := 0
	for range 20 {
		q, again := c.Newest()
		if again {
			asked++
			f.Page = &journal.Page{Query: q.Number, Entries: 5}
		}
		if text := c.Show(80, 24, f); asked > 1 && strings.Contains(text, "following") {
			t.Fatalf("the newest entries are followed:\n%s", text)
		}
	}
	if asked != 2 { // for then, and for the newest instead
		t.Errorf("asked %d times", asked)
	}
}

// TestStrip: each column has the worst of its parts, and only what lies between two records is a gap.
func TestStrip(t *testing.T) {
	f := frametest.Fixed()
	yesterday(f)
	row := func(w int) string {
		lines := strings.Split(newConsole(frame.Dashboard, nil).Show(w, 24, f), "\n")
		return strings.TrimSpace(lines[len(lines)-3])
	}
	for i := range f.Past.Strip {
		f.Past.Strip[i] = frame.StripCell{Worst: journal.Debug}
	}
	f.Past.Oldest, f.Past.Newest = f.Past.From.Add(24*15*time.Minute), f.Past.To.Add(-24*15*time.Minute)
	const bar = 96 // columns, as many as parts
	blank := strings.Repeat(" ", 24)
	if got, want := row(bar+22), "Sun 02:15 "+blank+strings.Repeat("x", 48)+blank+" Mon 02:15"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i := 24; i < 72; i++ {
		f.Past.Strip[i].Recorded = true
	}
	f.Past.Strip[30].Boot, f.Past.Strip[31].Worst, f.Past.Strip[33].Worst, f.Past.Strip[36].Recorded = true, journal.Warning, journal.Notice, false
	if got, want := row(bar+22), "Sun 02:15 "+blank+"......|!....x"+strings.Repeat(".", 35)+blank+" Mon 02:15"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := row(bar/2+22), "Sun 02:15 "+blank[12:]+"...|..x"+strings.Repeat(".", 17)+blank[12:]+" Mon 02:15"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAlarmOfThenIsNone: the header calls for what is now, also while the recording is only being read.
func TestAlarmOfThenIsNone(t *testing.T) {
	for past, alarm := range map[*frame.Past]bool{nil: true, {Pending: true}: true, {Why: "nothing is recorded"}: true, {Newest: time.Unix(1, 0)}: false} {
		f := frametest.Fixed()
		f.Alerts = []frame.Alert{{Problem: frame.Problem{Severity: journal.Crit, Kind: frame.MountHangs, Subject: "/srv"}, State: frame.Firing}}
		f.Past = past
		c := newConsole(frame.Dashboard, nil)
		if got := strings.Contains(c.Show(80, 24, f), "ALARM"); got != alarm {
			t.Errorf("%+v: alarm %v", past, got)
		}
		if got := c.Handle('A', f).Kind == screens.Acknowledge; got != alarm {
			t.Errorf("%+v: A acknowledges %v", past, got)
		}
	}
}
