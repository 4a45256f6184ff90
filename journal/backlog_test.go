package journal

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelf is an Archive of entries in memory, oldest first, as its source has put them.
type shelf struct {
	entries []Entry
	boots   []Place // of the first entry of each boot, nil: not known
	calls   int
	reads   int // entries handed out
	broken  error

	unsorted bool // the clock was set: a place is known by its number, a time is that of the nearest entry after it
}

func (p Place) less(o Place) bool { return p.Time < o.Time || p.Time == o.Time && p.Seq < o.Seq }

func (s *shelf) index(at Place) int {
	if s.unsorted {
		return s.search(at)
	}
	n, _ := slices.BinarySearchFunc(s.entries, at, func(e Entry, at Place) int {
		if e.Place.less(at) {
			return -1
		}
		return 1
	})
	return n
}

func (s *shelf) search(at Place) int {
	best := len(s.entries)
	for i, e := range s.entries {
		if at.Seq != 0 && e.Place == at {
			return i
		}
		if e.Place.Time >= at.Time && (best == len(s.entries) || e.Place.Time < s.entries[best].Place.Time) {
			best = i
		}
	}
	return best
}

func (s *shelf) Older(ctx context.Context, before Place, put func(Entry) bool) error {
	s.calls++
	for i := s.index(before) - 1; i >= 0 && ctx.Err() == nil && s.broken == nil; i-- {
		if s.reads++; !put(s.entries[i]) {
			return nil
		}
	}
	if s.broken != nil {
		return s.broken
	}
	return ctx.Err()
}

func (s *shelf) Newer(ctx context.Context, from, to Place, put func(Entry) bool) error {
	s.calls++
	for i, end := s.index(from), s.index(to); i < end && ctx.Err() == nil && s.broken == nil; i++ {
		if s.reads++; !put(s.entries[i]) {
			return nil
		}
	}
	if s.broken != nil {
		return s.broken
	}
	return ctx.Err()
}

func (s *shelf) Whole(_ context.Context, at Place) ([]Field, error) {
	if i := s.index(at); i < len(s.entries) && s.entries[i].Place == at {
		return []Field{{Name: "MESSAGE", Value: s.entries[i].Message}, {Name: "_PID", Value: []byte("7")}}, nil
	}
	return nil, ErrGone
}

func (s *shelf) BootStart(_ context.Context, at Place) (Place, error) {
	if s.boots == nil {
		return Place{}, ErrNoBoots
	}
	for i := len(s.boots) - 1; i >= 0; i-- {
		if !at.less(s.boots[i]) {
			return s.boots[i], nil
		}
	}
	return Place{}, ErrGone
}

// house is a Log with two sources that have archives and one that has none, driven by hand.
type house struct {
	*testing.T
	log     *viewedLog
	sinks   [3]*Sink
	shelves [2]*shelf
	all     []string // messages of the archived entries, in the order of their time
	micros  int64
}

func newHouse(t *testing.T, capacity int) *house {
	l := viewed(capacity, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	h := &house{T: t, log: l, micros: 1_000_000}
	for i := range h.sinks {
		h.sinks[i] = l.Sink(fmt.Sprint("source ", i))
		if i < len(h.shelves) {
			h.shelves[i] = &shelf{}
			h.sinks[i].SetArchive(h.shelves[i])
		}
	}
	return h
}

// put adds an entry to a source; shelved only to its archive, as if it had come before this program.
func (h *house) put(source int, sev Severity, text string, shelved bool) {
	h.micros += 1000
	e := Entry{Time: time.UnixMicro(h.micros), Unit: []byte([]string{"k3s", "kernel", "self"}[source]), Severity: sev, Message: []byte(text)}
	if source < len(h.shelves) {
		s := h.shelves[source]
		e.Place = Place{h.micros, uint64(len(s.entries) + 1)}
		s.entries = append(s.entries, e)
		h.all = append(h.all, text)
	}
	if !shelved {
		h.sinks[source].Try(e)
		h.sinks[source].Flush()
		h.log.turn()
	}
}

// settle lets Log and reader work until nothing is left to do.
func (h *house) settle() *Page {
	h.Helper()
	for range 1000 {
		for h.log.turn() {
		}
		h.log.compose()
		q := h.log.requested.Swap(nil)
		if q == nil {
			h.log.publish()
			return h.log.pages.Latest()
		}
		h.log.serve(q)
	}
	h.Fatal("the page is never complete")
	return nil
}

func (h *house) ask(q Query) *Page {
	h.Helper()
	h.log.Ask(q)
	return h.settle()
}

func texts(p *Page) (list []string) {
	for i := range p.Rows {
		list = append(list, string(p.Message(&p.Rows[i])))
	}
	return list
}

// TestPastAgainstTwin walks at random through two archives and the ring behind them, while entries come and the ring
// loses its oldest, and holds each page against the list of all entries.
func TestPastAgainstTwin(t *testing.T) {
	for seed := range int64(100) {
		rnd := rand.New(rand.NewSource(seed))
		h := newHouse(t, 20+rnd.Intn(200))
		word := func() string {
			return fmt.Sprintf("entry %d %s", len(h.all), []string{"alpha", "beta"}[rnd.Intn(20)/19])
		}
		severity := func() Severity { return []Severity{Info, Err}[rnd.Intn(30)/29] }
		for range rnd.Intn(5000) {
			h.put(rnd.Intn(2), severity(), word(), true)
		}
		for range 1 + rnd.Intn(400) {
			h.put(rnd.Intn(2), severity(), word(), false)
		}
		filter := everything
		filter.Text = []string{"", "", "beta"}[rnd.Intn(3)]
		q := Query{Number: 1, Rows: 1 + rnd.Intn(30), Filter: filter}
		p := h.ask(q)
		at := -1 // following
		for range 40 {
			for range rnd.Intn(4) * rnd.Intn(20) {
				h.put(rnd.Intn(2), severity(), word(), false)
			}
			rows := h.twin(filter)
			if len(rows) == 0 {
				break
			}
			q = h.randomMove(rnd, q, p, &at, rows)
			p = h.ask(q)
			if q.Move >= PreviousError && len(p.Rows) > 0 { // newer rows follow what was found, as many as are at hand
				bottom := slices.Index(rows, string(p.Message(&p.Rows[len(p.Rows)-1])))
				if found := slices.IndexFunc(p.Rows, func(r Row) bool { return r.ID == p.Found }); found < 0 || string(p.Message(&p.Rows[found])) != rows[at] {
					t.Fatalf("seed %d: move %d from %d found row %d, not %q", seed, q.Move, q.Anchor, found, rows[at])
				}
				at = max(min(bottom, at+q.Rows/2), min(q.Rows, len(rows))-1)
			}
			want := rows[max(0, at+1-q.Rows) : at+1]
			if !h.log.pager.deep { // nothing has led beyond the ring yet, so it alone fills the page
				want = want[max(0, len(want)-len(p.Rows)):]
			}
			if got := texts(p); !slices.Equal(got, want) || len(got) == 0 && h.log.pager.deep {
				t.Fatalf("seed %d: move %d count %d from %d:\n got %d: %q\nwant %d: %q", seed, q.Move, q.Count, q.Anchor,
					len(got), strings.Join(got, ","), len(want), strings.Join(want, ","))
			}
			if p.Pending || p.Reading.Active {
				t.Fatalf("seed %d: the page is not complete", seed)
			}
		}
	}
}

func (h *house) twin(f Filter) (rows []string) {
	for _, text := range h.all {
		if strings.Contains(text, f.Text) {
			rows = append(rows, text)
		}
	}
	return rows
}

// randomMove chooses a move and sets at to the row that must be at the bottom then.
func (h *house) randomMove(rnd *rand.Rand, q Query, p *Page, at *int, rows []string) Query {
	q.Number++
	q.Move, q.Count, q.Anchor = []Move{Stay, Older, Older, Older, Newer, Newer, Newer, Oldest, PreviousError, NextError, ToTime, Around}[rnd.Intn(12)], 1+rnd.Intn(2*q.Rows), 0
	if len(p.Rows) > 0 {
		q.Anchor = p.Rows[len(p.Rows)-1].ID
	}
	newest, full := len(rows)-1, min(q.Rows, len(rows))-1
	if len(p.Rows) == 0 {
		*at = newest
	} else if *at < 0 {
		*at = slices.Index(rows, string(p.Message(&p.Rows[len(p.Rows)-1])))
	}
	isError := func(i int) bool { return h.severity(rows[i]) <= Err }
	switch q.Move {
	case Older:
		*at = max(*at-q.Count, full)
	case Newer:
		*at = min(*at+q.Count, newest)
	case Oldest:
		*at = full
	case PreviousError:
		i := *at - 1
		for i >= 0 && !isError(i) {
			i--
		}
		if i >= 0 {
			*at = i
		}
	case NextError:
		i := *at + 1
		for i <= newest && !isError(i) {
			i++
		}
		if i <= newest {
			*at = i
		}
	case ToTime:
		i := rnd.Intn(len(rows))
		q.At = h.time(rows[i])
		*at = i
	}
	return q
}

func (h *house) entry(text string) *Entry {
	for _, s := range h.shelves {
		for i := range s.entries {
			if string(s.entries[i].Message) == text {
				return &s.entries[i]
			}
		}
	}
	h.Fatalf("no entry %q", text)
	return nil
}

func (h *house) severity(text string) Severity { return h.entry(text).Severity }
func (h *house) time(text string) time.Time    { return h.entry(text).Time }
