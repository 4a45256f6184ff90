package journal

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// event is something that happened, and the stamp that it was given.
type event struct {
	at    int // seconds of a clock that nobody sets
	stamp time.Time
	lane  uint16
}

func (e event) text() string { return fmt.Sprintf("%d at %d", e.lane, e.at) }

// putAll puts the events of each lane as a source does that starts.
func putAll(s *Sink, events []event, lanes int) {
	for lane := range lanes {
		for _, e := range events {
			if int(e.lane) == lane {
				s.Try(Entry{Time: e.stamp, Lane: e.lane, Message: []byte(e.text())})
			}
		}
		s.Flush()
		s.log.turn()
	}
	s.Backfilled(false)
	s.Flush()
}

// TestF59FirstEntriesInTheirOrder: whatever the clock did, what several files begin with is shown in the order in which
// it happened, each entry once.
func TestF59FirstEntriesInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, steps := range map[string]map[int]time.Duration{ // what the clock is set by, by seconds
			"never set":         {},
			"back an hour":      {200: -time.Hour},
			"back, just now":    {299: -24 * time.Hour},
			"back years":        {100: -6 * 365 * 24 * time.Hour},
			"back twice":        {100: -time.Hour, 200: -10 * time.Minute},
			"back and forth":    {100: -time.Hour, 200: time.Hour},
			"forth":             {100: time.Hour},
			"forth and back":    {100: time.Hour, 200: -time.Hour},
			"back by a little":  {100: -30 * time.Second},
			"back to before it": {100: -2 * time.Hour, 101: time.Hour, 250: -30 * time.Minute},
			"back, then silent": {100: -time.Hour, 300: 2 * time.Hour, 301: 0}, // all ended two hours ago
		} {
			const lanes, seconds = 4, 300
			offset := time.Duration(0)
			for _, by := range steps {
				offset -= by // at the end the clock shows now
			}
			var events []event
			for at := range seconds {
				offset += steps[at]
				for lane := range uint16(lanes) {
					if lane == 3 && at > 80 && len(steps) < 3 { // it falls silent
						continue
					}
					stamp := now.Add(offset + time.Duration(at-seconds)*time.Second + time.Duration(lane)*time.Millisecond)
					events = append(events, event{at, stamp, lane})
				}
			}
			l := viewed(2000, nil)
			putAll(l.Sink("files"), events, lanes)
			p := ask(l, Query{Rows: MaxRows, Filter: everything})
			var want []string
			for _, e := range events[len(events)-MaxRows:] {
				want = append(want, e.text())
			}
			if got := texts(p); name != "back by a little" && !slices.Equal(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", name, got, want)
			}
			inLanes(t, name, l, len(events), lanes)
		}
	})
}

// inLanes holds that the ring has n entries, those of each lane in their order, once each.
func inLanes(t *testing.T, name string, l *viewedLog, n, lanes int) {
	t.Helper()
	if l.ring.count != n {
		t.Errorf("%s: %d entries of %d", name, l.ring.count, n)
	}
	last := make([]int, lanes)
	for id := l.ring.oldest(); id < l.ring.next; id++ {
		var lane, at int
		fmt.Sscanf(string(l.ring.message(l.ring.at(id))), "%d at %d", &lane, &at)
		if at < last[lane] {
			t.Errorf("%s: of lane %d, %d after %d", name, lane, at, last[lane])
		}
		last[lane] = at + 1
	}
}

// TestF59AnyStampsKeepTheLanes: nonsense for stamps leaves each lane's order and loses nothing; what came when the
// sources had begun stays in the order of its arrival, however often others begin.
func TestF59AnyStampsKeepTheLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		for seed := range int64(200) {
			rnd := rand.New(rand.NewSource(seed))
			l := viewed(1000, nil)
			first := l.Sink("first")
			var events []event
			for at := range 300 {
				stamp := time.Now().Add(time.Duration(rnd.Intn(7200)-7000) * time.Second)
				if d := time.Until(stamp); d >= 0 && d <= time.Second { // it would have come later
					stamp = stamp.Add(time.Minute)
				}
				events = append(events, event{at, stamp, uint16(rnd.Intn(5))})
			}
			putAll(first, events, 5)
			ask(l, Query{Filter: everything})
			var arrived []string
			for round := range 3 {
				for i := range 10 {
					text := fmt.Sprintf("arrived %d", 10*round+i)
					first.Try(Entry{Time: time.Now().Add(time.Duration(rnd.Intn(7200)-7000) * time.Second), Lane: uint16(rnd.Intn(5)), Message: []byte(text)})
					arrived = append(arrived, text)
				}
				first.Flush()
				ask(l, Query{Filter: everything})
				other := l.Sink("other")
				other.Try(Entry{Time: time.Now().Add(-time.Duration(rnd.Intn(7200)) * time.Second), Message: []byte("x")})
				other.Flush()
				other.Backfilled(true)
				ask(l, Query{Filter: everything})
			}
			var got, rest []string
			for id := l.ring.oldest(); id < l.ring.next; id++ {
				s := l.ring.at(id)
				if text := string(l.ring.message(s)); !s.earlier() {
					got = append(got, text)
				} else if text != "x" {
					rest = append(rest, text)
				}
			}
			if !slices.Equal(got, arrived) || len(rest) != 300 {
				t.Fatalf("seed %d: %q, and %d others", seed, got, len(rest))
			}
			last := [5]int{-1, -1, -1, -1, -1}
			for _, text := range rest {
				var lane, at int
				if fmt.Sscanf(text, "%d at %d", &lane, &at); at <= last[lane] {
					t.Fatalf("seed %d: of lane %d, %d after %d", seed, lane, at, last[lane])
				}
				last[lane] = at
			}
			if p := l.Latest(); p != nil && p.Later != 30 {
				t.Fatalf("%d entries came later", p.Later)
			}
		}
	})
}

// TestF59WrongStampsStandAlone: a single line with a time that is to come does not carry its file away.
func TestF59WrongStampsStandAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(1000, nil)
		var events []event
		for at := range 200 {
			stamp := time.Now().Add(time.Duration(at-200) * time.Second)
			if at == 100 {
				stamp = stamp.AddDate(4, 0, 0)
			}
			events = append(events, event{at, stamp, 0}, event{at, stamp.Add(time.Millisecond), 1})
			if at == 100 {
				events[len(events)-1].stamp = time.Now().AddDate(-4, 0, 0)
			}
		}
		putAll(l.Sink("files"), events, 2)
		p := ask(l, Query{Rows: MaxRows, Filter: everything})
		for i, text := range texts(p) {
			if want := events[len(events)-MaxRows+i].text(); text != want && i > 2 {
				t.Errorf("row %d: %q, want %q", i, text, want)
			}
		}
	})
}

// TestF59StampsThatWobble: stamps that go back by little, a few that are late and one that runs ahead are no clock that was set; a lane's
// only entry before the clock was set back belongs to those of the others.
func TestF59StampsThatWobble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, rows := range map[string][]struct {
			ago   int // seconds
			stamp int // seconds from now
			lane  uint16
		}{ // in the order that is shown
			"by little": {{400, -400, 0}, {300, -300, 1}, {3, -3, 0}, {2, -2, 0}, {5, -5, 0}, {1, -1, 1}},
			"late":      {{400, -400, 0}, {350, -350, 1}, {20, -20, 1}, {10, -10, 0}, {9, -9, 0}, {300, -300, 0}, {5, -5, 0}},
			"stray":     {{500, -500, 1}, {400, -400, 0}, {300, -300, 1}, {100, -100, 1}, {200, 9000, 0}, {50, -50, 0}},
			"only one":  {{400, 3200, 0}, {390, 3210, 1}, {380, 3220, 0}, {200, -200, 0}, {100, -100, 1}, {50, -50, 0}},
		} {
			var events []event
			var want []string
			for _, r := range rows {
				e := event{r.ago, time.Now().Add(time.Duration(r.stamp) * time.Second), r.lane}
				events, want = append(events, e), append(want, e.text())
			}
			l := viewed(100, nil)
			putAll(l.Sink("files"), events, 2)
			if got := texts(ask(l, Query{Rows: MaxRows, Filter: everything})); !slices.Equal(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", name, got, want)
			}
		}
	})
}

// TestF59ToTimeThatComesAgain: of a time to which the stamps come twice it is the entry that is near.
func TestF59ToTimeThatComesAgain(t *testing.T) {
	const second = 1_000_000
	r := newRing(100, firstID, newUnits([]Tab{{Name: "All"}}))
	for _, at := range []int64{3000, 3010, 9000, 9010, 6000, 6010, 6020} {
		pushAt(r, at*second, "k3s", Info, "x")
	}
	for at, want := range map[int64]uint64{3000: 0, 3001: 1, 6005: 5, 8000: 2, 8990: 2, 9001: 3, 9011: 0} {
		got := r.reaches(at*second, false)
		if want += firstID; want == firstID && at > 9010 {
			want = 0
		}
		if got != want {
			t.Errorf("at %d: %d, want %d", at, got, want)
		}
	}
}

// TestF59ToTimeAfterAStepBack goes to times on both sides of a step, in the ring and beyond it.
func TestF59ToTimeAfterAStepBack(t *testing.T) {
	const minute = 60_000_000
	h := newHouse(t, 300)
	h.sinks[1].SetArchive(nil)
	put := func(n int, from int64, shelved bool) {
		h.micros = from
		for range n {
			h.micros += minute/60 - 1000
			h.put(0, Info, fmt.Sprint("entry ", len(h.all)), shelved)
		}
	}
	put(600, 1000*minute, true)  // beyond the ring: 1000 to 1010
	put(100, 1010*minute, false) // to 1011:40
	put(100, 900*minute, false)  // an hour and more back: 900 to 901:40
	h.shelves[0].unsorted = true
	q := Query{Rows: 10, Filter: everything, Move: ToTime}
	for _, c := range []struct {
		at   int64
		want int
	}{{1005*minute + 1, 300}, {1011 * minute, 659}, {901 * minute, 759}, {900 * minute, -1}, {950 * minute, 0}} {
		q.Number++
		q.At = time.UnixMicro(c.at)
		p := h.ask(q)
		if c.want < 0 {
			continue
		}
		found := ""
		for i := range p.Rows {
			if p.Rows[i].ID == p.Found {
				found = string(p.Message(&p.Rows[i]))
			}
		}
		if want := fmt.Sprint("entry ", c.want); found != want {
			t.Errorf("at %d: %q, want %q; rows %q", c.at/minute, found, want, texts(p))
		}
	}
	// From the end back to the start and forth again: all of it, once, in its order.
	want := h.all
	p := h.ask(Query{Number: 100, Rows: 10, Filter: everything})
	back := texts(p)
	for n := uint64(101); len(back) < len(want); n++ {
		p = h.ask(Query{Number: n, Rows: 10, Filter: everything, Move: Older, Count: 10, Anchor: p.Rows[len(p.Rows)-1].ID})
		if len(p.Rows) != 10 || n > 300 {
			t.Fatalf("%d rows after %d", len(p.Rows), len(back))
		}
		back = append(texts(p), back...)
	}
	if !slices.Equal(back, want) {
		t.Errorf("backwards: %q", back)
	}
	forth := texts(p)
	for n := uint64(500); len(forth) < len(want); n++ {
		p = h.ask(Query{Number: n, Rows: 10, Filter: everything, Move: Newer, Count: 10, Anchor: p.Rows[len(p.Rows)-1].ID})
		if len(p.Rows) != 10 || n > 700 {
			t.Fatalf("%d rows after %d", len(p.Rows), len(forth))
		}
		forth = append(forth, texts(p)...)
	}
	if !slices.Equal(forth, want) {
		t.Errorf("forwards: %q", forth)
	}
}
