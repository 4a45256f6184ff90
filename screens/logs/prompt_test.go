package logs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

func TestFilterIsTyped(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		d.press('/')
		d.typeIn("line 9")
		d.want("while it is typed", 9, 99, -1, "/line 9")
		d.typeIn("9")
		d.want("narrower", 99, 99, -1, "1 of 100")
		d.press(draw.KeyBackspace, draw.KeyBackspace)
		d.want("wider again", 100-bodyRows, 99, -1, "/line ")
		d.press(draw.KeyCtrlU)
		d.typeIn("9.")
		d.press(draw.KeyEnter)
		d.want("Enter keeps it", 9, 99, -1, "10 of 100")
		d.write(60)
		d.want("follows what matches", 9, 159, -1, "following  /9.  16 of 160")
		d.press(draw.KeyUp)
		d.want("a step up", 9, 159, 149, "paused, 0 new  /9.")
		d.press(draw.KeyEsc)
		d.wantAmid("Esc takes the filter away, and stays there", 149, "paused, 2 new")
		d.press(draw.KeyEsc)
		d.want("and then follows", 160-bodyRows, 159, -1, "following")
	})
}

// TestNeighboursOfAMatch: a filter, a step up and Esc show what came before and after, wherever that is.
func TestNeighboursOfAMatch(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		d.press('/')
		d.typeIn("line 42.")
		d.press(draw.KeyEnter, draw.KeyUp, draw.KeyEsc)
		d.wantAmid("without the filter", 42, "paused, 49 new")
		d.press('l', 'l')
		d.want("at a level that hides it", 0, 90, 40, "level warning and worse")
		d.press('c', '/')
		d.typeIn("line")
		d.press(draw.KeyEnter)
		d.want("and a filter", 0, 90, 40, "new  /line  10 of 100  level warning and worse  raw ")
		d.press(draw.KeyEsc, 'l', 'l', 'c')
		d.wantAmid("at all levels", 40, "paused")
		d.press('/')
		d.typeIn("nothing")
		d.want("no match", -1, -1, -1, "/nothing")
		for range "nothing" {
			d.press(draw.KeyBackspace)
		}
		d.press(draw.KeyEnter)
		d.wantAmid("mended", 40, "paused")
		d.press('f', 'c')
		d.wantAmid("unfolded, raw", 40, "paused")
		d.press(draw.KeyHome)
		d.typeIn("/line 9")
		d.want("after the oldest", 9, 99, 9, "/line 9")
	})
}

// TestEscTakesAwayASlowFilter: at once, although what passes it is still looked for.
func TestEscTakesAwayASlowFilter(t *testing.T) {
	c, l := newLogsConsole(nil)
	f := frametest.Fixed()
	c.Show(80, 24, f)
	f.Page.Query = l.query.Number
	for _, k := range []draw.Key{draw.KeyUp, '/', 'x', draw.KeyEnter} {
		c.Handle(k, f)
	}
	if l.query.Filter.Text != "x" || l.query.Move != journal.Around {
		t.Fatalf("%+v", l.query)
	}
	if c.Handle(draw.KeyEsc, f); l.query.Filter.Text != "" || l.following() {
		t.Errorf("Esc leaves %+v", l.query)
	}
}

// TestWrappedPagesSkipNothing: PgUp and PgDn, whole and half, over entries of all heights show every one, in order.
func TestWrappedPagesSkipNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	atDesk(t, 1000, 0, func(d *desk) {
		const entries = 120
		for i := range entries {
			e := journal.Entry{Time: d.start, Unit: []byte("k3s"), Severity: journal.Info}
			long := random.IntN(400)
			if random.IntN(20) == 0 {
				long = 3000
			}
			e.Message = fmt.Appendf(nil, "line %d. %s", i, strings.Repeat("x", long))
			d.sink.Try(e)
			d.put++
		}
		d.sink.Flush()
		time.Sleep(time.Second)
		d.settle()
		d.press('w')
		for _, c := range []struct {
			key  draw.Key
			step int
		}{{draw.KeyPageUp, -1}, {draw.KeyPageDown, 1}, {draw.KeyCtrlU, -1}, {draw.KeyCtrlD, 1}, {draw.KeyUp, -1}, {draw.KeyDown, 1}} {
			first, last := d.shown()
			for range entries {
				was := [2]int{first, last}
				d.press(c.key)
				first, last = d.shown()
				if c.step < 0 && (last < was[0]-1 || first > was[0]) || c.step > 0 && (first > was[1]+1 || last < was[1]) {
					t.Errorf("key %d led from %v to %d to %d\n%s", c.key, was, first, last, strings.Join(d.rows(), "\n"))
				}
			}
			if end := max(0, c.step*(entries-1)); first != end && last != end {
				t.Errorf("key %d ends at %d to %d", c.key, first, last)
			}
		}
	})
}

// TestJumpInWrappedRows has what came before an error on the screen, too.
func TestJumpInWrappedRows(t *testing.T) {
	atDesk(t, 1000, 0, func(d *desk) {
		for i := range 40 {
			e := journal.Entry{Time: d.start, Unit: []byte("k3s"), Severity: journal.Info, Message: fmt.Appendf(nil, "line %d. %s", i, strings.Repeat("x", 100))}
			if i == 20 {
				e.Severity = journal.Err
			}
			d.sink.Try(e)
		}
		d.put = 40
		d.sink.Flush()
		time.Sleep(time.Second)
		d.settle()
		d.press('w', 'e')
		d.want("an error", 17, 25, 20, "paused")
		d.press(draw.KeyUp)
		d.want("a step up", 16, 24, 19, "paused")
		d.press(draw.KeyPageUp)
		d.want("a page up", 9, 16, 9, "paused")
	})
}

func TestFilterForms(t *testing.T) {
	for _, c := range []struct {
		typed       string
		first, last int
		state       string
	}{
		{"LINE 9", -1, -1, "/LINE 9"}, // smart case
		{"line 42.", 42, 42, "1 of 100"},
		{"re:line [37]3", 33, 73, "2 of 100"},
		{"!line 9", 80 - 8, 89, "89 of 100"},
		{"!re:line [0-9]+[1-9]", 0, 90, "19 of 100"},
		{"re:[", -1, -1, "missing"},
		{"!", 100 - bodyRows, 99, "/"},
		{"re:", 100 - bodyRows, 99, "/re:"},
	} {
		atDesk(t, 1000, 100, func(d *desk) {
			d.press('/')
			d.typeIn(c.typed)
			first, last := d.shown()
			line := d.rows()[stateRow]
			if last != c.last || !strings.Contains(line, c.state) || c.first >= 0 && c.last-c.first < bodyRows && first != c.first {
				d.Errorf("%q: lines %d to %d, state %q; want %d to %d, %q", c.typed, first, last, line, c.first, c.last, c.state)
			}
			d.press(draw.KeyEnter, '/')
			if got := d.page.input.Text; got != c.typed && strings.Trim(c.typed, "!re:") != "" {
				d.Errorf("%q is %q when / opens it again", c.typed, got)
			}
			d.press(draw.KeyEsc)
			d.want(c.typed+": Esc clears it", 100-bodyRows, 99, -1, "following")
		})
	}
}

// TestTypingSwallowsEveryRune: in a prompt no rune is a command; the keys that are no text do what they always do.
func TestTypingSwallowsEveryRune(t *testing.T) {
	for _, open := range []draw.Key{'/', 't'} {
		c, l := newLogsConsole(nil)
		f := frametest.Fixed()
		c.Show(80, 24, f)
		c.Handle(open, f)
		typed := ""
		for _, k := range screentest.Keys {
			if !k.IsRune() {
				continue
			}
			if cmd := c.Handle(k, f); cmd.Kind != screens.None || c.Active() != frame.Logs || c.Paused() || !c.Typing() {
				t.Errorf("key %d does something while text is typed", k)
			}
			typed += string(rune(k))
			c.Show(80, 24, f)
		}
		if l.input.Text != typed {
			t.Errorf("typed %q, want %q", l.input.Text, typed)
		}
		if c.Handle(draw.KeyF3, f); c.Active() != frame.Network {
			t.Error("F3 does not change the screen from a prompt")
		}
		if c.Handle(draw.KeyF1, f); !c.Typing() || l.input.Text != typed {
			t.Error("the prompt is lost when the screen is left")
		}
		if cmd := c.Handle(draw.KeyCtrlC, f); cmd.Kind != screens.Quit {
			t.Error("Ctrl-C does not quit from a prompt")
		}
		if c.Handle(draw.KeyCtrlU, f); l.input.Text != "" {
			t.Error("Ctrl-U does not clear the line")
		}
		for range 1000 {
			c.Handle('漢', f)
		}
		if n := len(l.input.Text); n > 203 {
			t.Errorf("%d bytes were typed", n)
		}
		for range 1000 {
			c.Handle(draw.KeyBackspace, f)
		}
		if l.input.Text != "" || !c.Typing() {
			t.Error("Backspace goes wrong at the start of the line")
		}
		if c.Handle(draw.KeyEsc, f); c.Typing() {
			t.Error("Esc leaves the prompt open")
		}
	}
}

func TestLevels(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		for _, step := range []struct {
			first int
			state string
		}{
			{0, "level notice and worse"}, {0, "level warning and worse"}, {0, "level err and worse"}, {100 - bodyRows, "following"},
		} {
			d.press('l')
			last := 90
			if step.first > 0 {
				last = 99
			}
			d.want(step.state, step.first, last, -1, step.state)
		}
	})
}

func TestTabsWrapAround(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		for _, step := range []struct {
			key   draw.Key
			tab   int
			first int
			last  int
		}{
			{draw.KeyRight, 1, 79, 99}, {draw.KeyRight, 2, 15, 95}, {draw.KeyRight, 0, 83, 99}, {draw.KeyLeft, 2, 15, 95}, {draw.KeyLeft, 1, 79, 99}, {draw.KeyLeft, 0, 83, 99},
		} {
			d.press(step.key)
			if got := d.page.query.Filter.Tab; got != step.tab {
				d.Errorf("tab %d, want %d", got, step.tab)
			}
			d.want("tab", step.first, step.last, -1, "following")
		}
		settings := *d.frame.Settings
		settings.Tabs = nil
		d.frame.Settings = &settings
		d.press(draw.KeyRight, draw.KeyLeft)
	})
}

func TestMatchesAreStepped(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		d.press('/')
		d.typeIn("7.")
		d.press(draw.KeyEnter, 'N')
		d.want("N", 7, 97, 87, "paused")
		d.press('N', 'N')
		d.want("N again", 7, 97, 67, "paused")
		d.press('n')
		d.want("n", 7, 97, 77, "paused")
	})
}

func TestWrapAndEntry(t *testing.T) {
	atDesk(t, 1000, 0, func(d *desk) {
		long := strings.Repeat("0123456789", 20) + " the end"
		d.settle()
		d.write(3)
		d.sink.Try(journal.Entry{Time: d.start, Unit: []byte("k3s"), Severity: journal.Warning, Message: []byte(long + "\nsecond line")})
		d.sink.Flush()
		time.Sleep(time.Second)
		d.settle()
		if text := strings.Join(d.rows(), "\n"); strings.Contains(text, "the end") || !strings.Contains(text, "+1 lines") {
			d.Errorf("a long line is not cut, or its lines are not counted:\n%s", text)
		}
		d.press('w')
		if text := strings.Join(d.rows(), "\n"); !strings.Contains(text, "the end") || !strings.Contains(text, "second line") {
			d.Errorf("w does not wrap:\n%s", text)
		}
		d.press('w')
		if text := strings.Join(d.rows(), "\n"); strings.Contains(text, "the end") {
			d.Error("w does not end wrapping")
		}
		d.press(draw.KeyEnter)
		text := strings.Join(d.rows(), "\n")
		for _, want := range []string{"the end", "second line", "warning", " k3s  no fields: its source cannot be read again"} {
			if !strings.Contains(text, want) {
				d.Errorf("the entry does not show %q:\n%s", want, text)
			}
		}
	})
}

func TestTimes(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 22, 3, 2, 11, 0, zone)
	at := func(y int, mo time.Month, day, h, m, s int) time.Time { return time.Date(y, mo, day, h, m, s, 0, zone) }
	for typed, want := range map[string]time.Time{
		"02:30":                at(2026, 11, 22, 2, 30, 0),
		"2:30":                 at(2026, 11, 22, 2, 30, 0),
		" 03:02:11 ":           at(2026, 11, 22, 3, 2, 11),
		"03:02:12":             at(2026, 11, 21, 3, 2, 12), // still to come: yesterday's
		"23:59":                at(2026, 11, 21, 23, 59, 0),
		"11-22 03:00":          at(2026, 11, 22, 3, 0, 0),
		"11-23 03:00":          at(2025, 11, 23, 3, 0, 0), // still to come: last year's
		"01-02 03:04:05":       at(2026, 1, 2, 3, 4, 5),
		"12-31 23:59":          at(2025, 12, 31, 23, 59, 0),
		"02-29 12:00":          at(2024, 2, 29, 12, 0, 0), // the last one there was
		"2026-11-22":           at(2026, 11, 22, 0, 0, 0),
		"2025-02-03 04:05":     at(2025, 2, 3, 4, 5, 0),
		"2025-02-03 04:05:06":  at(2025, 2, 3, 4, 5, 6),
		"2030-01-01 00:00":     at(2030, 1, 1, 0, 0, 0), // said in full: as it is
		"":                     {},
		"   ":                  {},
		"25:00":                {},
		"12:60":                {},
		"2026-02-30":           {},
		"13-01 10:00":          {},
		"nonsense":             {},
		"12":                   {},
		"-1:00":                {},
		"12:00 tomorrow":       {},
		"tomorrow 12:00":       {},
		"-2h":                  at(2026, 11, 22, 1, 2, 11),
		"-90m":                 at(2026, 11, 22, 1, 32, 11),
		"-1h30m":               at(2026, 11, 22, 1, 32, 11),
		"-1d":                  at(2026, 11, 21, 3, 2, 11),
		"-1d12h":               at(2026, 11, 20, 15, 2, 11),
		"--2h":                 {},
		"-+2h":                 {},
		"-1d-2h":               {},
		"-":                    {},
		"-d":                   {},
		"-2":                   {},
		"-99999999d":           {},
		"yesterday":            at(2026, 11, 21, 0, 0, 0),
		"yesterday 18:00":      at(2026, 11, 21, 18, 0, 0),
		"Yesterday  01:02:03":  at(2026, 11, 21, 1, 2, 3),
		"today":                at(2026, 11, 22, 0, 0, 0),
		"today 03:30":          at(2026, 11, 22, 3, 30, 0), // said in full
		"Nov 22 03:01:55":      at(2026, 11, 22, 3, 1, 55), // as the rows have it
		"nov 2 18:00":          at(2026, 11, 2, 18, 0, 0),
		"Dec 31":               at(2025, 12, 31, 0, 0, 0),
		"12-31":                at(2025, 12, 31, 0, 0, 0),
		"Feb 29 12:00":         at(2024, 2, 29, 12, 0, 0),
		"Nov 31 12:00":         {},
		"2026-11-22T03:00:00":  {},
		"9999999999-01-01":     {},
		"\u202e12:00":          {},
		"2026-11-22T02:00:00Z": at(2026, 11, 22, 3, 0, 0),
	} {
		l := New(nil)
		before := l.query
		l.goTo(typed, now)
		if want.IsZero() {
			if l.query != before || (l.failed == "") != (strings.TrimSpace(typed) == "") {
				t.Errorf("%q: query %+v, said %q", typed, l.query, l.failed)
			}
			continue
		}
		if !l.query.At.Equal(want) || l.query.Move != journal.ToTime || l.failed != "" {
			t.Errorf("%q is %v (move %d, said %q), want %v", typed, l.query.At, l.query.Move, l.failed, want)
		}
	}
}

func TestGoToATime(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		d.press('t')
		d.typeIn(d.start.Add(50 * time.Second).Format("15:04:05"))
		d.press(draw.KeyEnter)
		d.wantAmid("a time", 50, "paused, 41 new")
		d.press('t')
		d.typeIn("noon")
		d.press(draw.KeyEnter)
		d.wantAmid("nonsense", 50, "time: noon - not a time ")
		d.press(draw.KeyBackspace)
		d.wantAmid("and it can be mended", 50, "time: noo - 03:12 ")
		d.press(draw.KeyEsc)
		d.wantAmid("closed", 50, "paused")
		d.press('t')
		d.typeIn("2030-01-01")
		d.press(draw.KeyEnter)
		d.want("later than all", 100-bodyRows, 99, 99, "nothing further")
	})
}

// pods is a page whose o opens itself as an overlay, and whose Enter asks for a pod's log.
type pods struct{ screens.Base }

func (*pods) Update(int, int, *frame.Frame)  {}
func (*pods) Draw(draw.Region, *frame.Frame) {}

func (p *pods) Handle(k draw.Key, _ *frame.Frame) (screens.Command, bool) {
	switch k {
	case 'o':
		return screens.Command{Kind: screens.Open, Overlay: p}, true
	case draw.KeyEnter:
		return screens.PodLog("default", "line 7"), true
	}
	return screens.Command{}, false
}

// TestPodLogFromAnOverlay: whatever was chosen, scrolled and typed on F1 before.
func TestPodLogFromAnOverlay(t *testing.T) {
	atDesk(t, 1000, 0, func(d *desk) {
		d.console = screentest.New(frame.Logs, nil, func(ask func(journal.Query)) []screens.Screen {
			d.page = New(ask)
			return []screens.Screen{d.page, &pods{screens.NewBase("pods", "Pods")}}
		})
		d.settle()
		d.write(100)
		d.press(draw.KeyRight, 'l', draw.KeyUp, '/')
		d.typeIn("nothing")
		d.press(draw.KeyF2, 'o')
		if cmd := d.console.Handle(draw.KeyEnter, d.frame); cmd.Kind != screens.Follow || cmd.Of != "default/line 7" {
			t.Errorf("command %+v", cmd)
		}
		d.settle()
		if d.console.Active() != frame.Logs || d.console.Typing() {
			t.Errorf("shows %s, typing %v", d.console.Active(), d.console.Typing())
		}
		d.want("the entries that name the pod", 7, 79, -1, "following  /line 7  11 of 100")
		d.press(draw.KeyEsc)
		d.want("Esc shows all again", 100-bodyRows, 99, -1, "following")

		d.console.Handle(draw.KeyF2, d.frame)
		d.press('o')
		d.console.Handle(draw.KeyEnter, d.frame)
		settings := *d.frame.Settings
		settings.Tabs, settings.Followed, settings.FollowedAt = append(settings.Tabs, "line 7"), "default/line 7", len(settings.Tabs)
		d.frame.Settings = &settings
		d.log.Reconfigure(1000, []journal.Tab{{Name: "All"}, {Name: "k3s"}, {Name: "kernel"}, {Name: "line 7", Pod: "default/line 7"}})
		d.sink.Try(journal.Entry{Time: d.start, Unit: []byte("pod log"), Pod: []byte("default/line 7"), Severity: journal.Err, Message: []byte("written by the pod " + strings.Repeat("and more of it ", 10) + "up to its end")})
		d.sink.Flush()
		time.Sleep(time.Second)
		d.settle()
		entry := func() (text string) { // without what stands before it on its first row
			for _, row := range d.rows()[firstEntry:stateRow] {
				text += " " + strings.TrimSpace(row[min(len("E 02:02:11 "), len(row)):])
			}
			return strings.TrimSpace(text)
		}
		if text := entry(); !strings.HasPrefix(text, "written by the pod and") || !strings.HasSuffix(text, "more of it up to its end") {
			t.Errorf("the pod's own tab, without its name and wrapped: %q", text)
		}
		d.press('w')
		if text := entry(); !strings.HasPrefix(text, "written by the pod and") || strings.Contains(text, "its end") {
			t.Errorf("not wrapped: %q", text)
		}
		d.press('w')
		d.press(draw.KeyRight)
		d.want("the next tab", 100-bodyRows+1, 99, -1, "following")

		d.press(draw.KeyLeft)
		settings.Tabs, settings.Followed = settings.Tabs[:3], ""
		d.log.Reconfigure(1000, []journal.Tab{{Name: "All"}, {Name: "k3s"}, {Name: "kernel"}})
		d.settle()
		d.want("a reload took the tab away", 100-bodyRows+1, 99, -1, "following")
	})
}
