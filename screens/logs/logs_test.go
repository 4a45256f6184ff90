package logs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/dashboard"
	"hypervisor-tui/screens/network"
	"hypervisor-tui/screens/screentest"
)

// desk is a console on 80x24 whose queries a real journal.Log answers.
type desk struct {
	*testing.T
	console *screentest.Stand
	page    *Page
	frame   *frame.Frame
	canvas  *draw.Canvas
	log     *journal.Log
	view    *journal.View
	sink    *journal.Sink
	start   time.Time // stamp of line 0
	put     int       // entries so far
	shelf   *shelf    // what the sink's archive has, nil: it has none
}

// atDesk runs a test on a desk whose log keeps capacity entries and has taken so many lines.
func atDesk(t *testing.T, capacity, lines int, test func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := frametest.Fixed()
		f.Problems = nil
		d := &desk{T: t, frame: f, canvas: draw.NewCanvas(screentest.Looks["ascii"]), start: f.Now.Add(-time.Hour)}
		d.console, d.page = newLogsConsole(func(panel string, v any) { t.Errorf("%s crashed: %v", panel, v) })
		d.log = journal.New(capacity, []journal.Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}, {Name: "kernel", Units: []string{"kernel"}}})
		var err error
		if d.view, err = d.log.NewView(); err != nil {
			t.Fatal(err)
		}
		settings := *f.Settings
		settings.Tabs = []string{"All", "k3s", "kernel"}
		f.Settings = &settings
		d.sink = d.log.Sink("test")
		ctx, cancel := context.WithCancel(context.Background())
		go func() { _ = d.log.Run(ctx) }() // they end with their context, and say nothing else
		go func() { _ = d.log.Read(ctx) }()
		defer synctest.Wait()
		defer cancel()
		d.settle()
		if lines > 0 {
			d.write(lines)
		}
		test(d)
	})
}

// newLogsConsole is a stand with this page and others.
func newLogsConsole(crashed func(panel string, value any)) (*screentest.Stand, *Page) {
	var l *Page
	c := screentest.New(frame.Logs, crashed, func(ask func(journal.Query)) []screens.Screen {
		l = New(ask)
		return []screens.Screen{l, dashboard.New(nil), network.New()}
	})
	return c, l
}

// write adds n entries a second apart: every fifth of the kernel, every tenth an error, the others of k3s.
func (d *desk) write(n int) {
	d.Helper()
	for range n {
		e := journal.Entry{Time: d.start.Add(time.Duration(d.put) * time.Second), Unit: []byte("k3s"), Severity: journal.Info, PID: 7}
		if d.put%5 == 0 {
			e.Unit = []byte("kernel")
		}
		if d.put%10 == 0 {
			e.Severity = journal.Err
		}
		e.Message = fmt.Appendf(nil, "line %d.", d.put)
		if d.shelf != nil {
			e.Place = journal.Place{Time: e.Time.UnixMicro(), Seq: uint64(1_000_000 + d.put)}
			d.shelf.add(e)
		}
		if !d.sink.Try(e) {
			d.sink.Flush()
			synctest.Wait()
			if !d.sink.Try(e) {
				d.Fatal("the log takes nothing")
			}
		}
		d.put++
	}
	d.sink.Flush()
	time.Sleep(time.Second) // of the bubble: pages that nobody asked for are held back
	d.settle()
}

// settle draws and lets the log answer until the console asks nothing more.
func (d *desk) settle() {
	d.Helper()
	for range 20 {
		synctest.Wait()
		d.frame.Page = d.view.Latest()
		d.console.Present(d.canvas, 80, 24, d.frame)
		q, changed := d.console.Newest()
		if !changed {
			return
		}
		d.view.Ask(q)
	}
	d.Fatal("the console never stops asking")
}

// press handles keys one after the other, each as the loop does.
func (d *desk) press(keys ...draw.Key) {
	d.Helper()
	for _, k := range keys {
		if cmd := d.console.Handle(k, d.frame); cmd.Kind != screens.None {
			d.Fatalf("key %d: command %d", k, cmd.Kind)
		}
		d.settle()
	}
}

func (d *desk) typeIn(text string) {
	d.Helper()
	for _, r := range text {
		d.press(draw.Key(r))
	}
}

func (d *desk) rows() []string { return strings.Split(string(d.canvas.AppendText(nil)), "\n") }

// Rows of the 80x24 screen: three of header, the tabs, the last hour, the entries, the state, the footer.
const (
	tabsRow    = 3
	hourRow    = 4
	firstEntry = 5
	stateRow   = 22
	bodyRows   = stateRow - firstEntry
)

// shown are the first and last entry on screen, by number.
func (d *desk) shown() (first, last int) {
	d.Helper()
	first, last = -1, -1
	for _, row := range d.rows()[firstEntry:stateRow] {
		n := number(row)
		if first < 0 {
			first = n
		}
		if n >= 0 {
			last = n
		}
	}
	return first, last
}

// number is n of a row that says "line n.".
func number(row string) int {
	n := -1
	if i := strings.Index(row, "line "); i >= 0 {
		if _, err := fmt.Sscanf(row[i:], "line %d.", &n); err != nil {
			return -1
		}
	}
	return n
}

// cursor is the entry that is chosen, -1 for none.
func (d *desk) cursor() int {
	d.Helper()
	found := -1
	for _, row := range d.rows()[firstEntry:stateRow] {
		if strings.HasPrefix(row, " >") || len(row) > 1 && row[1] == '>' {
			if found >= 0 {
				d.Error("two rows are chosen")
			}
			found = number(row)
		}
	}
	return found
}

// want holds the first and last entry on screen, the cursor and a part of the state line.
func (d *desk) want(what string, first, last, cursor int, state string) {
	d.Helper()
	gotFirst, gotLast := d.shown()
	line := d.rows()[stateRow]
	if gotFirst != first || gotLast != last || d.cursor() != cursor || !strings.Contains(line, state) {
		d.Errorf("%s: lines %d to %d, cursor %d, state %q; want %d to %d, %d, %q", what, gotFirst, gotLast, d.cursor(), line, first, last, cursor, state)
	}
}

// wantAmid is want for a line that a jump has led to: half of the rows are newer where there are so many.
func (d *desk) wantAmid(what string, line int, state string) {
	d.Helper()
	last := min(line+bodyRows/2, d.put-1)
	d.want(what, last-bodyRows+1, last, line, state)
}

func TestLogsFollowAndPause(t *testing.T) {
	atDesk(t, 1000, 0, func(d *desk) {
		d.want("empty", -1, -1, -1, "following")
		d.write(3)
		d.want("not full", 0, 2, -1, "following")
		d.write(97)
		d.want("follows", 100-bodyRows, 99, -1, "following")
		d.press(draw.KeyUp)
		d.want("a step up", 100-bodyRows, 99, 98, "paused, 0 new")
		d.write(5)
		d.want("paused while entries come", 100-bodyRows, 99, 98, "paused, 5 new")
		d.press('k', 'k')
		d.want("k", 100-bodyRows, 99, 96, "paused")
		d.press(draw.KeyDown, 'j', 'j')
		d.want("down to the bottom row", 100-bodyRows, 99, 99, "paused, 5 new")
		d.press('j')
		d.want("and beyond", 101-bodyRows, 100, 100, "paused, 4 new")
		d.press(draw.KeyEnd)
		d.want("End", 105-bodyRows, 104, -1, "following")
		d.press('k', 'G')
		d.want("G", 105-bodyRows, 104, -1, "following")
		d.press(draw.KeyUp, draw.KeyDown, draw.KeyDown)
		d.want("down past the newest", 105-bodyRows, 104, -1, "following")
		d.press(draw.KeyUp, draw.KeyEsc)
		d.want("Esc", 105-bodyRows, 104, -1, "following")
	})
}

func TestLogsPages(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		const page = bodyRows - 1 // one row stays for the eye
		bottom := 99
		d.press(draw.KeyPageUp)
		bottom -= page
		d.want("PgUp", bottom-page, bottom, bottom-page, "paused")
		d.press(draw.KeyPageUp)
		bottom -= page
		d.want("PgUp again", bottom-page, bottom, bottom-page, "paused")
		d.press(draw.KeyCtrlU)
		bottom -= page / 2
		d.want("Ctrl-U", bottom-page, bottom, bottom-page, "paused")
		d.press(draw.KeyCtrlD)
		bottom += page / 2
		d.want("Ctrl-D", bottom-page, bottom, bottom, "paused")
		d.press(draw.KeyPageDown)
		bottom += page
		d.want("PgDn", bottom-page, bottom, bottom, "paused")
		d.press(draw.KeyPageDown)
		d.want("PgDn to the newest", 99-page, 99, -1, "following")
		for _, key := range []draw.Key{draw.KeyHome, 'g'} {
			d.press(key)
			d.want("Home", 0, page, 0, "paused, 83 new")
			d.press(draw.KeyUp)
			d.want("up at the oldest", 0, page, 0, "nothing further")
			d.press(draw.KeyPageUp)
			d.want("PgUp at the oldest", 0, page, 0, "nothing further")
			d.press(draw.KeyEnd)
			d.want("End", 99-page, 99, -1, "following")
		}
	})
}

func TestLogsErrors(t *testing.T) {
	atDesk(t, 1000, 100, func(d *desk) {
		d.press('E')
		d.wantAmid("previous error", 90, "paused, 1 new")
		d.press('E', 'E')
		d.wantAmid("two more", 70, "paused")
		d.press('e')
		d.wantAmid("next error", 80, "paused")
		d.press('e', 'e')
		d.wantAmid("no next one", 90, "nothing further")
		for _, key := range []draw.Key{'e', 'E'} {
			d.press(draw.KeyEnd, key)
			d.wantAmid("the newest error, from where all is followed", 90, "paused, 1 new")
		}
		d.write(1)
		for _, key := range []draw.Key{'e', 'E'} {
			d.press(draw.KeyEnd, key)
			d.wantAmid("the newest entry is one", 100, "paused, 0 new")
		}
		d.press(draw.KeyRight, draw.KeyRight, '/')
		d.typeIn("!0.")
		d.press(draw.KeyEnter, 'e')
		d.want("no error at all", 5, 95, 95, "nothing further")
	})
}

// TestLogsOutliveTheirAnchor floods a small ring while the picture is paused: what was shown is gone.
func TestLogsOutliveTheirAnchor(t *testing.T) {
	atDesk(t, 50, 50, func(d *desk) {
		d.press(draw.KeyUp)
		d.write(500)
		first, last := d.shown()
		if first != 500 || last != 500+bodyRows-1 {
			d.Errorf("lines %d to %d, want the oldest that are left", first, last)
		}
		if c := d.cursor(); c < first || c > last {
			d.Errorf("the cursor is at %d, off the screen", c)
		}
		d.press(draw.KeyUp, draw.KeyPageUp, draw.KeyPageDown, draw.KeyEnd)
		d.want("End", 550-bodyRows, 549, -1, "following")
	})
}

// TestHomeNeedsNoPage: Home goes to the oldest entry also while the page shows none, as right after a filter that
// matched nothing was cleared; without any entry it goes on following.
func TestHomeNeedsNoPage(t *testing.T) {
	c, l := newLogsConsole(nil)
	f := frametest.Fixed()
	f.Page.Rows = nil
	c.Show(80, 24, f)
	c.Handle(draw.KeyHome, f)
	if l.query.Move != journal.Oldest {
		t.Fatalf("Home asks for %+v", l.query)
	}
	f.Page.Query = l.query.Number
	c.Show(80, 24, f)
	if !l.following() {
		t.Errorf("with no entry it does not follow: %+v", l.query)
	}
}

// hourText draws the last hour of a page on w columns and h rows.
func hourText(w, h int, hour journal.Hour, now time.Time) string {
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	drawHour(canvas.Begin(w, h), &frame.Frame{Snapshot: frame.Snapshot{Now: now, Page: &journal.Page{Hour: hour}}})
	return string(canvas.AppendText(nil))
}

// TestDHourHasEachMinute: the oldest as well, where several share a column, and ten errors are no single digit.
func TestDHourHasEachMinute(t *testing.T) {
	now := time.Unix(60*1000, 0)
	for errors, want := range map[int32]string{1: "1", 9: "9", 10: "+"} {
		hour := journal.Hour{Known: 60, Last: 1000}
		hour.Minutes[0].Errors, hour.Minutes[59].Errors = errors, errors
		if text := hourText(20, 1, hour, now); strings.Count(text, want) != 2 {
			t.Errorf("%d errors in the first and the last minute: %q", errors, text)
		}
	}
}

// TestHourGoesOnWhileNothingComes: a page that is minutes old ends with the minute that runs, at which nothing came.
func TestHourGoesOnWhileNothingComes(t *testing.T) {
	hour := journal.Hour{Known: 3, Last: 1000}
	hour.Minutes[59].Errors, hour.Minutes[57].Others = 7, 1
	for later, want := range map[int]string{0: ".-7 now", 2: ".-7-- now", -1: "#- now", 59: "7" + strings.Repeat("-", 59) + " now", 60: "m  " + strings.Repeat("-", 60) + " now"} {
		text := hourText(72, 1, hour, time.Unix(int64(60*(1000+later)), 0))
		if got := strings.TrimSpace(text); !strings.HasSuffix(got, want) {
			t.Errorf("%d minutes later: %q, want %q at the end", later, got, want)
		}
	}
}

// TestQuietMinuteIsNoBar: a minute in which nothing came looks other than one in which one entry came.
func TestQuietMinuteIsNoBar(t *testing.T) {
	hour := journal.Hour{Known: 60, Last: 1000}
	hour.Minutes[10].Others, hour.Minutes[20].Others = 1, 5000
	for _, size := range []struct{ w, h, dots int }{{80, 1, 58 + 1}, {200, 4, 2 * 58}} {
		if text := hourText(size.w, size.h, hour, time.Unix(60*1000, 0)); strings.Count(text, "-") != size.dots {
			t.Errorf("%+v: %d dots\n%s", size, strings.Count(text, "-"), text)
		}
	}
}
