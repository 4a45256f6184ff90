package journal

import (
	"fmt"
	"hash/maphash"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

// naiveRows folds hits, oldest first: what is left are the newest entries of each run of equal ones.
func naiveRows(r *ring, hits []uint64) (rows []uint64) {
	shown := func(id uint64) string {
		e := r.at(id)
		return fmt.Sprint(e.mark, string(AppendPayload(nil, r.message(e))))
	}
	for i, id := range hits {
		if i == len(hits)-1 || shown(id) != shown(hits[i+1]) {
			rows = append(rows, id)
		}
	}
	return rows
}

// naivePage answers a query from a list of all matches and their rows, oldest first: the slow twin of search and view
// together.
func naivePage(r *ring, hits, rows []uint64, q Query) (bottom uint64, atEnd bool) {
	if len(rows) == 0 {
		gone := q.Anchor != 0 && q.Anchor < r.oldest()
		return 0, q.Move != Newest && q.Move != Oldest && (q.Move != Stay && q.Move != Around || gone)
	}
	newest := len(rows) - 1
	full := min(q.Rows, len(rows)) - 1 // bottom of the page that starts with the oldest match
	at := newest
	if q.Anchor != 0 {
		at = max(0, countUpTo(rows, q.Anchor)-1)
		if _, hit := slices.BinarySearch(hits, q.Anchor); hit {
			at = countUpTo(rows, q.Anchor-1)
		}
	}
	isError := func(id uint64) bool { return r.at(id).severity() <= Err }
	amid := func(i int) uint64 { return rows[max(min(i+q.Rows/2, newest), full)] }
	switch q.Move {
	case Stay:
		if q.Anchor != 0 && q.Anchor < r.oldest() {
			return rows[full], true
		}
		return rows[at], false
	case Newest:
		return rows[newest], false
	case Oldest:
		return rows[full], false
	case Older:
		to := at - q.Count
		return rows[max(to, full)], to < full || to < 0
	case Newer:
		return rows[min(at+q.Count, newest)], at+q.Count > newest
	case PreviousError:
		from := countUpTo(rows, q.Anchor-1) // for anchor 0 all
		for i := from - 1; i >= 0; i-- {
			if isError(rows[i]) {
				return amid(i), false
			}
		}
	case NextError:
		for i := countUpTo(rows, q.Anchor); q.Anchor != 0 && i < len(rows); i++ {
			if isError(rows[i]) {
				return amid(i), false
			}
		}
	case ToTime:
		for i, id := range rows {
			if r.at(id).time >= q.At.UnixMicro() {
				return amid(i), false
			}
		}
		return rows[newest], true
	case Around:
		return amid(at), false
	}
	if q.Anchor != 0 && q.Anchor < r.oldest() {
		return rows[full], true // the anchor is gone
	}
	if q.Anchor != 0 && q.Move != PreviousBoot { // an error that was not found
		return amid(at), true
	}
	return rows[at], true
}

// countUpTo returns how many of ids are not newer than id.
func countUpTo(ids []uint64, id uint64) int {
	n, _ := slices.BinarySearch(ids, id+1)
	if id+1 == 0 {
		return len(ids)
	}
	return n
}

func checkPage(t *testing.T, r *ring, p *Page, q Query, hits []uint64) {
	t.Helper()
	rows := naiveRows(r, hits)
	bottom, atEnd := naivePage(r, hits, rows, q)
	i := countUpTo(rows, bottom)
	want := rows[max(0, i-q.Rows):i]
	got := make([]uint64, 0, len(p.Rows))
	for i := range p.Rows {
		row := &p.Rows[i]
		got = append(got, row.ID)
		if e := r.at(row.ID); string(p.Message(row)) != string(r.message(e)) || row.Time != e.time {
			t.Fatalf("row %+v is not entry %+v", row, e)
		}
	}
	where := fmt.Sprintf("%+v in %d..%d, %d matches", q, r.oldest(), r.next-1, len(hits))
	if !slices.Equal(got, want) {
		t.Fatalf("%s: rows %v, want %v", where, got, want)
	}
	if p.Pending || p.Percent != 100 || p.AtEnd != atEnd {
		t.Fatalf("%s: pending %v, %d %%, at end %v, want %v", where, p.Pending, p.Percent, p.AtEnd, atEnd)
	}
	older, repeats := 0, 0
	if len(want) > 0 {
		older = countUpTo(hits, want[len(want)-1])
	}
	for _, row := range p.Rows {
		repeats += row.Repeats
		if n := countUpTo(hits, row.ID) - countUpTo(hits, row.First-1); n != row.Repeats || n < 1 {
			t.Fatalf("%s: row %+v stands for %d", where, row, n)
		}
	}
	newer := len(hits) - countUpTo(hits, bottom)
	if p.Matches != len(hits) || p.Older != older-repeats || p.Newer != newer && bottom != 0 || p.NewerRows != len(rows)-i && bottom != 0 {
		t.Fatalf("%s: %d matches, %d older, %d newer in %d rows", where, p.Matches, p.Older, p.Newer, p.NewerRows)
	}
}

func TestAnswerAgainstTwin(t *testing.T) {
	for seed := range int64(60) {
		rnd := rand.New(rand.NewSource(seed))
		l := viewed(1+rnd.Intn(300), []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		for range 100 {
			for range rnd.Intn(20) {
				unit := []string{"k3s", "kernel"}[rnd.Intn(5)/4]
				text := strings.Repeat("wörd ", rnd.Intn(4)) + fmt.Sprint(rnd.Intn(4)*rnd.Intn(4))
				pushAt(l.ring, int64(rnd.Intn(1000)), unit, Severity(rnd.Intn(8)&^3|rnd.Intn(4)), text)
			}
			q := randomQuery(rnd, l.ring)
			l.Ask(q)
			for l.turn() {
			}
			l.compose()
			l.compose()
			l.publish()
			var hits []uint64
			for id := l.ring.oldest(); id < l.ring.next; id++ {
				if naivePasses(q.Filter, l.ring, id) {
					hits = append(hits, id)
				}
			}
			checkPage(t, l.ring, l.pages.Latest(), q, hits)
		}
	}
}

func randomQuery(rnd *rand.Rand, r *ring) Query {
	q := Query{
		Number: rnd.Uint64(),
		Rows:   1 + rnd.Intn(30),
		Move:   Move(rnd.Intn(int(PreviousBoot) + 1)),
		Count:  1 + rnd.Intn(40),
		At:     time.UnixMicro(int64(rnd.Intn(1100))),
		Filter: Filter{Least: Severity(rnd.Intn(8)), Tab: rnd.Intn(2)},
	}
	if rnd.Intn(3) > 0 {
		q.Anchor = firstID + uint64(rnd.Int63n(int64(r.next-firstID)+5))
	}
	if rnd.Intn(2) > 0 {
		q.Filter.Text = []string{"wörd", "7", "none"}[rnd.Intn(3)]
		q.Filter.Exclude = rnd.Intn(2) == 0
	}
	return q
}

// ask answers q completely, without Run.
func ask(l *viewedLog, q Query) *Page {
	l.Ask(q)
	for l.turn() {
	}
	l.compose()
	l.publish()
	return l.pages.Latest()
}

var testSeed = maphash.MakeSeed()

// pushAt pushes an entry as a Sink would hand it over.
func pushAt(r *ring, micros int64, unit string, sev Severity, text string) uint64 {
	h := record{micros: micros, pid: 1, full: len(text), severity: sev}
	h.hash = uint32(maphash.Bytes(testSeed, AppendPayload(nil, []byte(text))))
	return r.push(1, &h, []byte(unit), []byte(text))
}

func push(l *viewedLog, sev Severity, text string) uint64 {
	return pushAt(l.ring, time.Now().UnixMicro(), "k3s", sev, text)
}

// again is the page after entries came, with no new query.
func again(l *viewedLog) *Page {
	for l.turn() {
	}
	l.compose()
	l.publish()
	return l.pages.Latest()
}

func TestMoveIsCarriedOutOnce(t *testing.T) {
	l := viewed(1000, nil)
	for i := range 50 {
		push(l, []Severity{Info, Err}[i%2], fmt.Sprint(i))
	}
	for _, move := range []Move{Older, Newer, Oldest, PreviousError, NextError, ToTime} {
		p := ask(l, Query{Rows: 5, Anchor: firstID + 19, Move: move, Count: 3, Filter: everything})
		bottom := p.Rows[len(p.Rows)-1].ID
		for range 10 {
			push(l, Err, "later")
		}
		p = again(l)
		if got := p.Rows[len(p.Rows)-1].ID; got != bottom {
			t.Errorf("move %d: bottom row %d became %d when entries came", move, bottom, got)
		}
		if int(l.ring.next-1-bottom) != p.Newer {
			t.Errorf("move %d: %d newer, want %d", move, p.Newer, l.ring.next-1-bottom)
		}
	}
}

func TestPausedPageOutlivesItsAnchor(t *testing.T) {
	l := viewed(20, nil)
	for i := range 20 {
		push(l, Info, fmt.Sprint(i))
	}
	ask(l, Query{Rows: 5, Anchor: firstID + 9, Filter: everything})
	for range 15 {
		push(l, Info, "later")
	}
	p := again(l)
	if len(p.Rows) != 5 || p.Rows[0].ID != l.ring.oldest() || !p.AtEnd {
		t.Errorf("%d rows from %d, the oldest is %d", len(p.Rows), p.Rows[0].ID, l.ring.oldest())
	}
}

func TestHighlight(t *testing.T) {
	l := viewed(20, nil)
	push(l, Info, "an Error came")
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Least: Debug, Text: "error"}, "Error"},
		{Filter{Least: Debug, Text: "r+o", Regexp: true}, "rro"},
		{Filter{Least: Debug, Text: "none", Exclude: true}, ""},
		{everything, ""},
	} {
		p := ask(l, Query{Rows: 5, Filter: c.f})
		row := &p.Rows[0]
		if got := string(p.Message(row)[row.MatchStart:row.MatchEnd]); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}

func TestPageSaysWhyAFilterIsWrong(t *testing.T) {
	l := viewed(20, nil)
	push(l, Info, "x")
	p := ask(l, Query{Rows: 5, Filter: Filter{Least: Debug, Text: "(", Regexp: true}})
	if p.Err == "" || len(p.Rows) != 0 || p.Pending {
		t.Errorf("%+v", p)
	}
	if p = ask(l, Query{Rows: 5, Filter: everything}); p.Err != "" || len(p.Rows) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestAnswerAllocatesNothing(t *testing.T) {
	l := viewed(5000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	s := l.Sink("test")
	l.Ask(Query{Rows: 60, Filter: Filter{Least: Debug, Text: "wörd", Tab: 1}})
	unit, text := []byte("k3s"), []byte(`time="2026-11-22T20:00:00Z" level=info msg="a Wörd more"`)
	step := func() {
		for range 5 {
			s.Try(Entry{Unit: unit, Message: text, Severity: Info})
			s.Try(Entry{Unit: unit, Message: text[1:], Severity: Info})
		}
		s.Flush()
		for l.turn() {
		}
		l.compose()
		l.publish()
		l.pages.Latest()
	}
	for range 1000 {
		step() // the ring is full and each slot of the Box has grown
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations for 10 entries and a page", n)
	}
	if p := l.pages.Latest(); len(p.Rows) != 60 || p.Total < 20000 {
		t.Errorf("%d rows of %d", len(p.Rows), p.Total)
	}
}

func BenchmarkAnswer(b *testing.B) {
	l := viewed(1_000_000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	for i := range 1_000_000 {
		push(l, Severity(i%8), "line of a log that is not very long but not short either")
	}
	for _, q := range []Query{
		{Rows: 60, Filter: Filter{Least: Debug}},
		{Rows: 60, Filter: Filter{Least: Debug, Text: "short"}, Anchor: firstID + 500_000},
		{Rows: 60, Filter: Filter{Least: Debug, Text: "short"}, Anchor: firstID + 500_000, Move: Older, Count: 60},
	} {
		ask(l, q)
		b.Run(fmt.Sprintf("%d/%s", q.Move, q.Filter.Text), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ask(l, q)
			}
		})
	}
}

// TestNextErrorIsTheNext: of a filter that is not through yet the entries are tested from the newest on; an error that is
// found first need not be the next one.
func TestNextErrorIsTheNext(t *testing.T) {
	const size = 50_000
	l := viewed(size, nil)
	for i := range size {
		push(l, map[bool]Severity{true: Err, false: Info}[i == 10 || i == size-10], fmt.Sprint("line ", i))
	}
	l.Ask(Query{Rows: 1, Anchor: firstID, Move: NextError, Filter: Filter{Least: Debug, Text: "line .*0$", Regexp: true}})
	l.turn()
	if l.compose(); l.lines.low <= firstID || l.lines.low > firstID+size-10 {
		t.Fatalf("one turn tested from %d on", l.lines.low)
	}
	if p := again(l); p.Found != firstID+10 {
		t.Errorf("found %d, want %d", p.Found, firstID+10)
	}
}

func TestSearchNearTheOldestFillsThePage(t *testing.T) {
	l := viewed(100, nil)
	for i := range 50 {
		severity := Info
		if i == 2 {
			severity = Err
		}
		push(l, severity, fmt.Sprint(i))
	}
	p := ask(l, Query{Rows: 10, Anchor: firstID + 19, Move: PreviousError, Filter: everything})
	if p.Found != firstID+2 || len(p.Rows) != 10 || p.Rows[0].ID != firstID || p.AtEnd {
		t.Errorf("found %d on a page of %d rows from %d, at end %v; want entry 3 on a full page from 1", p.Found, len(p.Rows), p.Rows[0].ID, p.AtEnd)
	}
}
