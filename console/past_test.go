package console

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

const (
	recordedSamples = 900 // half an hour
	recordedHost    = "host-of-then"
)

// writeRecording makes a recording where the environment names the place, and returns the time of its first sample.
func writeRecording(t *testing.T) (start time.Time) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("STATE_DIRECTORY", dir)
	w, err := history.Create(history.WriterOptions{Path: filepath.Join(dir, "flight"), Size: history.MinSize, Sync: time.Minute,
		BootID: "11111111-2222-3333-4444-555555555555"})
	if err != nil {
		t.Fatal(err)
	}
	f := frametest.Fixed()
	f.Host.Machine.Hostname = recordedHost
	start = time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Minute)
	for i := range recordedSamples {
		passed := time.Duration(i) * 2 * time.Second
		f.Now, f.Boot = start.Add(passed), frametest.Boot+passed
		if err := w.Append(&f.Snapshot); err != nil {
			t.Fatal(err)
		}
		if i == 300 || i == 600 {
			e := frame.Event{Kind: frame.LinkLost, At: f.Now.Add(-time.Second), Severity: journal.Warning, Subject: "eth7"}
			if err := w.Event(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return start
}

// awaitPast waits for the record that was asked for last, and returns what is shown.
func (l *session) awaitPast(t *testing.T) *frame.Frame {
	t.Helper()
	await.Until(t, "the record", func() bool {
		m := l.past.reader.Latest()
		return m != nil && m.Query == l.past.query.Number
	})
	l.gather(time.Now())
	return l.shown()
}

// TestRewind goes through a recording by keys, and back.
func TestRewind(t *testing.T) {
	start := writeRecording(t)
	l, master := newLoop(t)
	go discard(master)
	l.gather(time.Now())
	problems := len(l.frame.Problems)
	at := func(passed time.Duration) time.Time { return start.Add(passed) }
	last := at((recordedSamples - 1) / 5 * 5 * 2 * time.Second)
	press := func(keys ...draw.Key) *frame.Frame {
		t.Helper()
		for _, k := range keys {
			l.key(t.Context(), k)
		}
		return l.awaitPast(t)
	}
	f := press('p')
	if !f.OfPast() || !f.Now.Equal(last) || f.Host.Machine.Hostname != recordedHost || f.Past.Every != 10*time.Second || f.Past.Why != "" {
		t.Fatalf("p: %v of %s, %+v; want %v", f.Now, f.Host.Machine.Hostname, f.Past, last)
	}
	if f.Host.History.CPU.Len() < 100 || f.Host.History.Interval != 10*time.Second {
		t.Errorf("a graph of %d points", f.Host.History.CPU.Len())
	}
	for i := range f.Problems {
		if f.Problems[i].Since > f.Boot {
			t.Errorf("%v is younger than the record", f.Problems[i])
		}
	}
	if f = press(draw.KeyLeft, draw.KeyLeft, draw.KeyLeft); !f.Now.Equal(last.Add(-30 * time.Second)) {
		t.Errorf("three back: %v, want 30 s before %v", f.Now, last)
	}
	if f = press(draw.KeyRight); !f.Now.Equal(last.Add(-20 * time.Second)) {
		t.Errorf("one on: %v", f.Now)
	}
	if f = press('['); !f.Now.Equal(at(20*time.Minute)) || len(f.Events) != 1 {
		t.Errorf("the event before: %v, want %v; events %v", f.Now, at(20*time.Minute), f.Events)
	}
	if f = press('['); !f.Now.Equal(at(10 * time.Minute)) {
		t.Errorf("the one before that: %v", f.Now)
	}
	if f = press('['); !f.Now.Equal(at(10*time.Minute)) || f.Past.Why == "" {
		t.Errorf("there is none before that, and it goes to %v, %q", f.Now, f.Past.Why)
	}
	if f = press(']'); !f.Now.Equal(at(20*time.Minute)) || f.Past.Why != "" {
		t.Errorf("the next event: %v, %q", f.Now, f.Past.Why)
	}
	if f = press('B'); !f.Now.Equal(at(20*time.Minute)) || f.Past.Why == "" {
		t.Errorf("there is no boot before, and it goes to %v, %q", f.Now, f.Past.Why)
	}
	for _, k := range "t-20h" {
		l.key(t.Context(), draw.Key(k))
	}
	if f = press(draw.KeyEnter); !f.Now.Equal(start) || !f.Past.Gap {
		t.Errorf("before all records: %v, gap %v", f.Now, f.Past.Gap)
	}
	if f = press(draw.KeyLeft); !f.Now.Equal(start) || f.Past.Why == "" {
		t.Errorf("before the first record: %v, %q", f.Now, f.Past.Why)
	}
	if l.frame.Host.Machine.Hostname == recordedHost || len(l.frame.Problems) != problems || l.frame.Past != nil {
		t.Errorf("what is known now has learned from then: %d problems, %d before", len(l.frame.Problems), problems)
	}
	l.key(t.Context(), draw.KeyEsc)
	if l.gather(time.Now()); l.shown() != &l.frame {
		t.Error("Esc stays in the past")
	}
}

// TestNothingIsRecorded: the picture stays that of now, and the band says why.
func TestNothingIsRecorded(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", t.TempDir())
	l, master := newLoop(t)
	go discard(master)
	l.key(t.Context(), 'p')
	f := l.awaitPast(t)
	if f.OfPast() || f.Past == nil || f.Past.Why != history.ErrNothing.Error() || f.Host != l.frame.Host {
		t.Errorf("%+v", f.Past)
	}
}

// TestPastHangs: the tick goes on with what is known now, and says what is waited for.
func TestPastHangs(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.past.reader = history.NewPast() // nobody runs it
	l.key(t.Context(), 'p')
	for i := range 3 {
		l.gather(l.past.asked.Add(time.Duration(i) * time.Second))
		if p := l.shown().Past; !p.Pending || p.Waited != time.Duration(i)*time.Second || l.shown().OfPast() {
			t.Errorf("after %d s: %+v", i, p)
		}
	}
}

// TestPastKeepsOneGoroutine, however often somebody goes there and back.
func TestPastKeepsOneGoroutine(t *testing.T) {
	writeRecording(t)
	l, master := newLoop(t)
	go discard(master)
	l.key(t.Context(), 'p')
	l.awaitPast(t)
	same := await.Goroutines(t)
	for range 100 {
		l.key(t.Context(), draw.KeyEsc)
		l.key(t.Context(), 'p')
	}
	if f := l.awaitPast(t); !f.OfPast() {
		t.Errorf("%+v", f.Past)
	}
	same()
}

// TestPastEndsByItself after ten minutes without a key.
func TestPastEndsByItself(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.past.reader = history.NewPast()
	l.key(t.Context(), 'p')
	keyed := l.past.keyed
	if l.tick(keyed.Add(backAfter - time.Second)); !l.past.on {
		t.Fatal("too soon")
	}
	if l.tick(keyed.Add(backAfter)); l.past.on {
		t.Fatal("never")
	}
}

// TestPastTellsOfNow: the worst critical problem of now, and none that is less.
func TestPastTellsOfNow(t *testing.T) {
	writeRecording(t)
	l, master := newLoop(t)
	go discard(master)
	l.key(t.Context(), 'p')
	l.awaitPast(t)
	for severity, told := range map[journal.Severity]bool{journal.Crit: true, journal.Err: false} {
		l.frame.Problems = []frame.Problem{{Severity: severity, Kind: frame.MountHangs, Subject: "/srv"}}
		l.gatherPast(time.Now())
		if got := l.shown().Past.Live != nil; got != told {
			t.Errorf("%v: told %v", severity, got)
		}
	}
}

// TestPastTickAllocatesNothing, once the record is there.
func TestPastTickAllocatesNothing(t *testing.T) {
	writeRecording(t)
	l, master := newLoop(t)
	go discard(master)
	l.key(t.Context(), 'p')
	l.awaitPast(t)
	var none noScreen
	for i, name := range pages.Names() {
		l.key(t.Context(), draw.KeyF(i+1))
		fewest := 1e9
		for range 10 { // the runtime's own now and then come on top
			fewest = min(fewest, testing.AllocsPerRun(1, func() {
				l.gather(time.Now())
				l.console.Update(200, 60, l.shown())
				l.console.Draw(l.canvas.Begin(200, 60), l.shown())
				l.canvas.Flush(none)
			}))
		}
		if fewest > 0 {
			t.Errorf("%s: %v allocations a tick", name, fewest)
		}
	}
}

// TestOnceAtATime: the picture and the report of a record; a time of which nothing is recorded is an error that says so.
func TestOnceAtATime(t *testing.T) {
	start := writeRecording(t)
	want := start.Add(7 * time.Minute)
	at := want.Add(3 * time.Second).Format(time.RFC3339)
	var out bytes.Buffer
	if err := Once(&out, Options{At: at, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var report struct {
		At   time.Time
		Host struct{ Hostname string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || !report.At.Equal(want) || report.Host.Hostname != recordedHost {
		t.Errorf("%v, %+v; want %v", err, report, want)
	}
	out.Reset()
	if err := Once(&out, Options{At: at, Screen: frame.Dashboard}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, recordedHost) || !strings.Contains(text, "PAST") {
		t.Errorf("%s", text)
	}
	for at, want := range map[string]string{
		start.Add(-time.Hour).Format(time.RFC3339): "the nearest record is of",
		"noon": "it is a time such as",
	} {
		if err := Once(&out, Options{At: at}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", at, err)
		}
	}
	off := filepath.Join(t.TempDir(), "config.yaml") // as profile rescue has it: what was recorded before is there to read
	if err := os.WriteFile(off, []byte("history: {enable: false}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Once(&out, Options{At: at, JSON: true, Config: off}); err != nil {
		t.Errorf("while nothing more is recorded: %v", err)
	}
	t.Setenv("STATE_DIRECTORY", t.TempDir())
	if err := Once(&out, Options{At: at}); err == nil || !strings.Contains(err.Error(), "nothing is recorded in") {
		t.Errorf("without a recording: %v", err)
	}
}

// TestHistory: what has happened, all of it or from a time on.
func TestHistory(t *testing.T) {
	start := writeRecording(t)
	for _, c := range []struct {
		o     Options
		lines int
		want  string
	}{
		{Options{}, 2, "warning  eth7 lost its carrier\n"},
		{Options{At: start.Add(15 * time.Minute).Format(time.RFC3339)}, 1, "eth7"},
		{Options{JSON: true}, 2, `"severity":"warning","what":"eth7 lost its carrier"`},
	} {
		var out bytes.Buffer
		if err := History(&out, c.o); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); strings.Count(text, "\n") != c.lines || !strings.Contains(text, c.want) {
			t.Errorf("%+v:\n%s", c.o, text)
		}
	}
}

// TestPauseEndsByItself: a picture that somebody paused and left would judge nothing, and ring for nothing.
func TestPauseEndsByItself(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.key(t.Context(), ' ')
	keyed := l.past.keyed
	if l.tick(keyed.Add(backAfter - time.Second)); !l.console.Paused() {
		t.Fatal("too soon")
	}
	if l.tick(keyed.Add(backAfter)); l.console.Paused() {
		t.Fatal("never")
	}
}

// TestKeysBeforeThePastIsDrawn: while the terminal is busy with the last frame, keys come before the first of the past.
func TestKeysBeforeThePastIsDrawn(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.past.reader = history.NewPast()
	for _, k := range []draw.Key{draw.KeyF12, 'i', '?', 'q', 'a', 'L', 'B', '!', 't', draw.KeyTab, draw.KeyLeft, 'v', 'd', 'n'} {
		l.rewind(t.Context(), screens.Rewind{}, time.Now())
		l.console.Handle(k, l.shown())
		l.console.Handle(draw.KeyEsc, l.shown())
		l.leavePast()
	}
}
