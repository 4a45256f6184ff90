package journal

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/await"
)

var everything = Filter{Least: Debug}

// start runs l and its reader until the test ends.
func start(t testing.TB, l *viewedLog) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	running.Go(func() { l.Read(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return ctx
}

func TestFollowShowsNewEntriesWithoutAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		ctx := start(t, l)
		s := l.Sink("test")
		l.Ask(Query{Number: 7, Rows: 3, Filter: everything})
		synctest.Wait()
		if p := l.Latest(); p.Query != 7 || len(p.Rows) != 0 || p.Pending || p.Capacity != 100 {
			t.Fatalf("first page: %+v", p)
		}
		for i := range 10 {
			s.Put(ctx, Entry{Unit: []byte("k3s"), Severity: Err, Message: fmt.Append(nil, "line ", i)})
		}
		s.Flush()
		time.Sleep(pageInterval)
		synctest.Wait()
		p := l.Latest()
		if len(p.Rows) != 3 || string(p.Message(&p.Rows[2])) != "line 9" || p.Older != 7 || p.Total != 10 {
			t.Fatalf("page: %+v", p)
		}
		if p.Unread[0] != 10 || p.Unread[1] != 10 || p.Counts[Err] != 10 || p.Entries != 10 {
			t.Errorf("errors %v, counts %v", p.Unread, p.Counts)
		}
	})
}

// TestCameCountsWhatTheRingHasLetGo: by severity, and never less than before.
func TestCameCountsWhatTheRingHasLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, nil)
		ctx := start(t, l)
		s := l.Sink("test")
		l.Ask(Query{Number: 1, Rows: 3, Filter: everything})
		for i := range 300 {
			s.Put(ctx, Entry{Severity: Severity(i % int(SeverityCount)), Message: fmt.Append(nil, "line ", i)})
		}
		s.Flush()
		time.Sleep(pageInterval)
		synctest.Wait()
		p := l.Latest()
		if p.Entries >= 300 || p.Total != 300 || p.Came != [SeverityCount]uint64{38, 38, 38, 38, 37, 37, 37, 37} {
			t.Errorf("%d in the ring, %d in all: %v", p.Entries, p.Total, p.Came)
		}
	})
}

// pagesIn counts the pages of a span of time in which something happens each millisecond.
func pagesIn(l *viewedLog, d time.Duration, each func()) (pages int) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
		each()
		synctest.Wait()
		select {
		case <-l.Changed():
			pages++
		default:
		}
	}
	return pages
}

func TestPagesComeEightTimesASecondAndAnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(10000, nil)
		start(t, l)
		s := l.Sink("test")
		number := uint64(0)
		entries := func() { s.Try(Entry{Message: []byte("x")}); s.Flush() }
		for _, c := range []struct {
			name     string
			each     func()
			min, max int
		}{
			{"settle", func() {}, 0, 2},
			{"nothing", func() {}, 0, 0},
			{"entries", entries, 15, 17},
			{"counters", func() { s.Dropped(1) }, 15, 17},
			{"queries", func() {
				number++
				l.Ask(Query{Number: number, Rows: 5, Filter: everything})
				synctest.Wait()
				if p := l.Latest(); p.Query != number {
					t.Fatalf("page %d for query %d", p.Query, number)
				}
			}, 2000, 2000},
		} {
			if n := pagesIn(l, 2*time.Second, c.each); n < c.min || n > c.max {
				t.Errorf("%s: %d pages in 2 s, want %d to %d", c.name, n, c.min, c.max)
			}
		}
	})
}

// TestSearchNeverStallsIntake drives the owner's turns by hand: while an expensive scan is under way, the sink's batch is
// taken in at once, a page is there, and the work of a turn is bounded.
func TestSearchNeverStallsIntake(t *testing.T) {
	const size = 200_000
	l := viewed(size, nil)
	for i := range size {
		push(l, Info, fmt.Sprint("line ", i, " of the log"))
	}
	s := l.Sink("test")
	l.Ask(Query{Number: 1, Rows: 10, Filter: Filter{Least: Debug, Text: "line .*0 of", Regexp: true}})
	turns, percent := 0, -1
	for ; ; turns++ {
		batch := uint64(0)
		if turns%8 == 0 {
			for range batchEntries {
				s.Try(Entry{Message: []byte("line 0 of the flood")})
			}
			s.Flush()
			batch = batchEntries
		}
		before := l.total
		tested := l.lines.high - l.lines.low
		more := l.turn()
		if l.total != before+batch {
			t.Fatalf("turn %d: %d entries taken in of %d", turns, l.total-before, batch)
		}
		if n := l.lines.high - l.lines.low; n > tested+sliceCost/200+1 {
			t.Fatalf("turn %d: %d entries tested", turns, n-tested)
		}
		l.compose()
		l.publish()
		p := l.pages.Latest()
		if p.Query != 1 || p.Pending != (p.Percent < 100) || turns > 8 && len(p.Rows) != 10 {
			t.Fatalf("turn %d: query %d, pending %v, %d %%, %d rows", turns, p.Query, p.Pending, p.Percent, len(p.Rows))
		}
		if p.Percent < percent {
			t.Fatalf("turn %d: %d %% after %d %%", turns, p.Percent, percent)
		}
		if percent = p.Percent; percent == 100 {
			break
		}
		if !more {
			t.Fatalf("turn %d: nothing more to do at %d %%", turns, percent)
		}
	}
	if turns < 20 {
		t.Errorf("%d turns: the scan was not cut into slices", turns)
	}
}

// TestNewEntriesAreTestedInSlices has many come at once under an expensive filter.
func TestNewEntriesAreTestedInSlices(t *testing.T) {
	const size = 50_000
	costly := Query{Rows: 1, Filter: Filter{Least: Debug, Text: "line .*0$", Regexp: true}}
	l := viewed(size, nil)
	ask(l, costly)
	for i := range size {
		push(l, Info, fmt.Sprint("line ", i))
	}
	if l.turn(); l.lines.high > firstID+sliceCost/200+2 || !l.lines.toOldest() {
		t.Errorf("one turn tested %d to %d", l.lines.low, l.lines.high)
	}
	// What is evicted before its turn comes is not tested at all.
	l = viewed(100, nil)
	ask(l, costly)
	for i := range size {
		push(l, Info, fmt.Sprint("line ", i))
	}
	if l.turn(); !l.lines.complete() {
		t.Errorf("one turn tested %d to %d of %d to %d", l.lines.low, l.lines.high, l.ring.oldest(), l.ring.next)
	}
	if p := again(l); p.Matches != 10 || p.Percent != 100 {
		t.Errorf("%d matches, %d %%", p.Matches, p.Percent)
	}
}

func TestFilteredFollowTestsEachEntryOnce(t *testing.T) {
	l := viewed(10_000, nil)
	for i := range 10_000 {
		push(l, Info, fmt.Sprint("line ", i))
	}
	ask(l, Query{Rows: 10, Filter: Filter{Least: Debug, Text: "7"}})
	low := l.lines.low
	for i := range 100 {
		push(l, Info, fmt.Sprint("line ", i))
	}
	if p := again(l); p.Matches != l.lines.count(0, l.ring.next) || p.Pending {
		t.Errorf("%+v", p)
	}
	if l.lines.low < low || l.lines.high != l.ring.next {
		t.Errorf("tested %d to %d, was from %d", l.lines.low, l.lines.high, low)
	}
}

func TestF27Flood(t *testing.T) {
	const lines = 100_000
	l := viewed(5000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	ctx := start(t, l)
	s, self := l.Sink("flood"), l.Sink("self")
	arena, slots := len(l.ring.arena), len(l.ring.slots)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var flooding atomic.Bool
	flooding.Store(true)
	go func() {
		defer flooding.Store(false)
		text := []byte("level=info msg=" + strings.Repeat("flood ", 30))
		for range lines {
			s.Put(ctx, Entry{Unit: []byte("k3s"), Message: text})
			self.Try(Entry{Unit: []byte("self"), Message: text})
		}
		s.Flush()
		self.Flush()
	}()
	number := uint64(0)
	until := func(what string, ok func(p *Page) bool) *Page {
		t.Helper()
		deadline := time.After(await.Limit)
		for {
			select {
			case <-l.Changed():
				if p := l.Latest(); ok(p) {
					return p
				}
			case <-deadline:
				t.Fatalf("%s: not within %v", what, await.Limit)
			}
		}
	}
	for flooding.Load() {
		number++
		l.Ask(Query{Number: number, Rows: 50, Filter: Filter{Least: Debug, Text: "flood", Tab: int(number % 2)}})
		until("answer under flood", func(p *Page) bool { return p.Query == number })
	}
	p := until("all lines", func(p *Page) bool { return p.Total+p.Dropped == 2*lines })
	runtime.ReadMemStats(&after)
	if p.Total < lines {
		t.Errorf("%d entries, %d dropped: Put may not drop", p.Total, p.Dropped)
	}
	if p.Bytes > arena || len(l.ring.arena) != arena || len(l.ring.slots) != slots || p.Entries > slots {
		t.Errorf("%d bytes, %d entries", p.Bytes, p.Entries)
	}
	if n := after.Mallocs - before.Mallocs; n > lines/10+20*number {
		t.Errorf("%d allocations for %d lines and %d answers", n, 2*lines, number)
	}
}

func TestReconfigureKeepsTheNewest(t *testing.T) {
	l := viewed(1000, []Tab{{Name: "All"}})
	for i := range 1500 {
		push(l, []Severity{Info, Err}[i%2], fmt.Sprint(i))
	}
	ask(l, Query{Rows: 10, Anchor: firstID + 1399, Filter: Filter{Least: Err}})
	for _, c := range []struct{ capacity, entries int }{{500, 500}, {500, 500}, {2000, 500}, {100, 100}} {
		l.Reconfigure(c.capacity, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		p := again(l)
		if p.Entries != c.entries || p.Capacity != c.capacity || l.ring.next != firstID+1500 || p.Pending {
			t.Errorf("capacity %d: %d entries of %d, next %d", c.capacity, p.Entries, p.Capacity, l.ring.next)
		}
		if p.Matches != c.entries/2 {
			t.Errorf("capacity %d: errors %v, %d matches", c.capacity, p.Unread, p.Matches)
		}
		if r := p.Rows[9]; r.ID != firstID+1399 && c.entries > 100 || string(p.Message(&r)) != fmt.Sprint(r.ID-firstID) {
			t.Errorf("capacity %d: bottom row %+v %q", c.capacity, r, p.Message(&r))
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if err := l.Run(ctx); err != context.DeadlineExceeded {
			t.Errorf("Run returned %v", err)
		}
	})
}
