package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/await"
)

// fill puts n entries that only the archives have and then m that the ring gets too, every tenth an error.
func (h *house) fill(n, m int) {
	for i := range n + m {
		sev := Info
		if i%10 == 0 {
			sev = Err
		}
		h.put(i%2, sev, fmt.Sprint("line ", i, "."), i < n)
	}
}

func (h *house) last(p *Page) string {
	h.Helper()
	if len(p.Rows) == 0 {
		h.Fatal("the page is empty")
	}
	return string(p.Message(&p.Rows[len(p.Rows)-1]))
}

// TestPreviousBoot goes from boot to boot, to their ends.
func TestPreviousBoot(t *testing.T) {
	h := newHouse(t, 100)
	h.fill(500, 100)
	at := func(i int) Place { return h.entry(fmt.Sprint("line ", i, ".")).Place }
	h.shelves[0].boots = []Place{at(0), at(200), at(450)}
	q := Query{Number: 1, Rows: 10, Filter: everything}
	p := h.ask(q)
	for i, want := range []string{"line 449.", "line 199."} {
		q.Number++
		q.Move, q.Anchor = PreviousBoot, 0
		if i > 0 {
			q.Anchor = p.Rows[len(p.Rows)-1].ID
		}
		if p = h.ask(q); h.last(p) != want || !p.Past || len(p.Rows) != 10 || p.Failed != "" {
			t.Fatalf("boot %d: the last row is %q of %d, want %q; past %v, failed %q", -1-i, h.last(p), len(p.Rows), want, p.Past, p.Failed)
		}
	}
	q.Number++
	q.Anchor = p.Rows[len(p.Rows)-1].ID
	if p = h.ask(q); p.Failed != errNoBoot.Error() || h.last(p) != "line 199." {
		t.Errorf("before the first boot: %q, failed %q", h.last(p), p.Failed)
	}
	h.shelves[0].boots = nil
	q.Number++
	if p = h.ask(q); p.Failed != ErrNoBoots.Error() {
		t.Errorf("boots are not known: failed %q", p.Failed)
	}
	alone := viewed(10, nil)
	push(alone, Info, "x")
	if p := ask(alone, Query{Number: 1, Rows: 5, Move: PreviousBoot, Filter: everything}); p.Failed == "" || len(p.Rows) != 1 {
		t.Errorf("without archives: failed %q, %d rows", p.Failed, len(p.Rows))
	}
}

// TestWholeEntry reads entries of the ring and of the backlog again, clean and with their secrets masked.
func TestWholeEntry(t *testing.T) {
	h := newHouse(t, 50)
	h.fill(100, 50)
	h.put(2, Info, "of no archive", false)
	h.put(0, Info, "\x1b[31mtoken=abc red\n", false)
	p := h.ask(Query{Number: 1, Rows: 60, Filter: everything})
	rows := len(p.Rows)
	p = h.ask(Query{Number: 2, Rows: 60, Filter: everything, Whole: p.Rows[rows-1].ID})
	if w := p.Whole; w == nil || w.ID != p.Rows[rows-1].ID || len(w.Fields) != 2 || string(w.Fields[0].Text) != "token=*** red" || w.Fields[1].Name != "_PID" {
		t.Fatalf("%+v", p.Whole)
	}
	p = h.ask(Query{Number: 3, Rows: 60, Filter: everything, Whole: p.Rows[rows-2].ID})
	if w := p.Whole; w == nil || w.ID != p.Rows[rows-2].ID || w.Err == "" || len(w.Fields) > 0 {
		t.Errorf("without an archive: %+v", w)
	}
	p = h.ask(Query{Number: 4, Rows: 10, Filter: everything, Anchor: p.Rows[0].ID, Move: Older, Count: 10})
	if !p.Past {
		t.Fatal("not in the backlog")
	}
	old := p.Rows[0]
	h.shelves[old.Source-h.sinks[0].number].entries = nil
	p = h.ask(Query{Number: 5, Rows: 10, Filter: everything, Anchor: p.Rows[len(p.Rows)-1].ID, Whole: old.ID})
	if w := p.Whole; w == nil || w.Err != ErrGone.Error() {
		t.Errorf("rotated away: %+v", w)
	}
	if p = h.ask(Query{Number: 6, Rows: 10, Filter: everything}); p.Whole != nil {
		t.Error("a whole entry that nobody wants")
	}
}

// TestSecretFieldsAreMasked also where the name of the field, not its text, says that it is one.
func TestSecretFieldsAreMasked(t *testing.T) {
	r := reader{}
	for _, c := range []struct{ name, value, want string }{
		{"API_TOKEN", "abc", "***"}, {"MESSAGE", "password=x y", "password=*** y"}, {"UNIT", "k3s", "k3s"}, {"DB_PASSWORD", "", ""},
	} {
		var a Archive = oneField{c.name, c.value}
		w := r.whole(&request{Context: t.Context(), sources: []archived{{1, &a}}})
		if got := string(w.Fields[0].Text); got != c.want {
			t.Errorf("%s=%s is shown as %q", c.name, c.value, got)
		}
	}
}

type oneField struct{ name, value string }

func (o oneField) Older(context.Context, Place, func(Entry) bool) error        { return nil }
func (o oneField) Newer(context.Context, Place, Place, func(Entry) bool) error { return nil }
func (o oneField) BootStart(context.Context, Place) (Place, error)             { return Place{}, ErrNoBoots }
func (o oneField) Whole(_ context.Context, _ Place) ([]Field, error) {
	return []Field{{Name: o.name, Value: []byte(o.value)}}, nil
}

// TestArchiveThatFails leaves the ring's page and says why.
func TestArchiveThatFails(t *testing.T) {
	h := newHouse(t, 50)
	h.fill(100, 50)
	h.shelves[0].broken = errors.New("read /var/log/journal: input/output error")
	p := h.ask(Query{Number: 1, Rows: 10, Filter: everything})
	p = h.ask(Query{Number: 2, Rows: 10, Filter: everything, Anchor: p.Rows[9].ID, Move: Older, Count: 100})
	if !strings.Contains(p.Failed, "input/output") || len(p.Rows) != 10 || p.Past || p.Pending {
		t.Errorf("failed %q, %d rows, past %v, pending %v", p.Failed, len(p.Rows), p.Past, p.Pending)
	}
	h.shelves[0].broken = nil
	if p = h.ask(Query{Number: 3, Rows: 10, Filter: everything, Anchor: p.Rows[9].ID, Move: Older, Count: 10}); !p.Past || p.Failed != "" {
		t.Errorf("when it works again: past %v, failed %q", p.Past, p.Failed)
	}
}

type panics struct{ oneField }

func (panics) Older(context.Context, Place, func(Entry) bool) error { panic("SIGBUS") }

func TestArchiveThatPanics(t *testing.T) {
	h := newHouse(t, 50)
	h.fill(0, 50)
	h.sinks[0].SetArchive(panics{})
	p := h.ask(Query{Number: 1, Rows: 10, Filter: everything})
	p = h.ask(Query{Number: 2, Rows: 10, Filter: everything, Anchor: p.Rows[9].ID, Move: Older, Count: 100})
	if !strings.Contains(p.Failed, "SIGBUS") || len(p.Rows) != 10 {
		t.Errorf("failed %q, %d rows", p.Failed, len(p.Rows))
	}
}

// stuck is an archive that finds nothing until it is told to stop.
type stuck struct {
	oneField
	began, ended chan struct{}
}

func (s stuck) Older(ctx context.Context, _ Place, _ func(Entry) bool) error {
	s.began <- struct{}{}
	<-ctx.Done()
	s.ended <- struct{}{}
	return ctx.Err()
}

// TestNewestQueryEndsALongRead: while an archive takes for ever the log is taken in and pages come; another query
// cancels it.
func TestNewestQueryEndsALongRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, nil)
		start(t, l)
		s := l.Sink("test")
		slow := stuck{began: make(chan struct{}, 9), ended: make(chan struct{}, 9)}
		s.SetArchive(slow)
		for range 5 {
			s.Try(Entry{Time: time.Now(), Message: []byte("x"), Place: Place{time.Now().UnixMicro(), 1}})
		}
		s.Flush()
		l.Ask(Query{Number: 1, Rows: 10, Filter: everything, Move: Older, Count: 1})
		synctest.Wait()
		p := l.Latest()
		if len(slow.began) != 1 || !p.Pending || !p.Reading.Active || p.Query != 1 {
			t.Fatalf("%d reads; page %+v", len(slow.began), p)
		}
		s.Try(Entry{Time: time.Now(), Message: []byte("y")})
		s.Flush()
		time.Sleep(pageInterval)
		synctest.Wait()
		if p = l.Latest(); p.Total != 6 || len(slow.ended) != 0 {
			t.Fatalf("%d entries, %d reads ended", p.Total, len(slow.ended))
		}
		l.Ask(Query{Number: 2, Rows: 10, Filter: everything})
		synctest.Wait()
		if p = l.Latest(); p.Query != 2 || p.Pending || p.Reading.Active || len(slow.ended) != 1 {
			t.Fatalf("%d reads ended; page %+v", len(slow.ended), p)
		}
	})
}

// TestPastStaysBounded scrolls through 100,000 archived entries, up and down again.
func TestPastStaysBounded(t *testing.T) {
	h := newHouse(t, 200)
	h.fill(100_000, 200)
	q := Query{Number: 1, Rows: 50, Filter: everything}
	p := h.ask(q)
	bound := func() {
		t.Helper()
		rows, bytes := 0, 0
		for _, s := range h.log.lines.backlog.chunks {
			rows, bytes = rows+len(s.rows), bytes+len(s.text)
		}
		if rows > chunksKept*chunkRows || bytes > chunksKept*(chunkBytes+MaxMessage) {
			t.Fatalf("%d rows, %d bytes", rows, bytes)
		}
	}
	for _, move := range []Move{Older, Newer} {
		for i := range 100_000 / 400 {
			q.Number++
			q.Move, q.Count, q.Anchor = move, 400, p.Rows[len(p.Rows)-1].ID
			if p = h.ask(q); len(p.Rows) != 50 {
				t.Fatalf("move %d, %d: %d rows", move, i, len(p.Rows))
			}
			bound()
		}
	}
	if h.last(p) != "line 100199." || p.Past {
		t.Errorf("back at %q, past %v", h.last(p), p.Past)
	}
	if n := h.shelves[0].reads + h.shelves[1].reads; n > 500_000 {
		t.Errorf("%d entries read to walk over 100,000 twice", n)
	}
}

// hung is an archive on a disk that does not answer until release is closed, whatever its context.
type hung struct {
	oneField
	release chan struct{}
}

func (h hung) Older(_ context.Context, _ Place, put func(Entry) bool) error {
	<-h.release
	put(Entry{Time: time.UnixMicro(1), Message: []byte("old"), Place: Place{1, 1}})
	return nil
}

func (h hung) Whole(context.Context, Place) ([]Field, error) {
	<-h.release
	return []Field{{Name: "MESSAGE", Value: []byte("x")}}, nil
}

// TestF55ArchiveHangs: what is asked of a disk that does not answer comes to an end that says so, with one goroutine that
// hangs; when the disk answers what is asked then is read.
func TestF55ArchiveHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, nil)
		start(t, l)
		s := l.Sink("test")
		a := hung{release: make(chan struct{})}
		s.SetArchive(a)
		s.Try(Entry{Time: time.Now(), Message: []byte("x"), Place: Place{time.Now().UnixMicro(), 1}})
		s.Flush()
		n := uint64(0)
		ask := func(q Query, wait time.Duration) *Page {
			n++
			q.Number, q.Rows, q.Filter = n, 10, everything
			l.Ask(q)
			time.Sleep(wait)
			synctest.Wait()
			return l.Latest()
		}
		older := Query{Move: Older, Count: 1}
		if p := ask(older, hangs/2); !p.Pending || p.Failed != "" {
			t.Errorf("at once: %+v", p)
		}
		if p := ask(older, 3*hangs); p.Failed != errHangs.Error() || p.Pending || p.Reading.Active || len(p.Rows) != 1 {
			t.Errorf("later: %+v", p)
		}
		same := await.Goroutines(t)
		p := ask(Query{}, time.Second)
		for range 20 {
			ask(older, time.Second)
			if p = ask(Query{Whole: p.Rows[0].ID}, time.Second); p.Whole == nil || p.Whole.Err != errHangs.Error() {
				t.Fatalf("one entry: %+v", p.Whole)
			}
			p = ask(Query{}, time.Second)
		}
		same()
		close(a.release)
		synctest.Wait()
		if p = ask(Query{Whole: p.Rows[0].ID}, time.Second); p.Whole == nil || p.Whole.Err != "" {
			t.Errorf("when it answers: %+v", p.Whole)
		}
		if p = ask(older, time.Second); len(p.Rows) != 2 || p.Failed != "" {
			t.Errorf("when it answers: %d rows, failed %q", len(p.Rows), p.Failed)
		}
	})
}
