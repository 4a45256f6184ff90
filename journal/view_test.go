package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/await"
)

// TestViewsSideBySide: each view has a query, a page, a place and unread errors of its own.
func TestViewsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(1000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		ctx := start(t, &viewedLog{Log: l})
		s := l.Sink("test")
		views := make([]*View, 2)
		for i := range views {
			v, err := l.NewView()
			if err != nil {
				t.Fatal(err)
			}
			views[i] = v
		}
		put := func(from, to int) {
			for i := from; i < to; i++ {
				unit, severity := "k3s", Info
				if i%3 == 0 {
					unit, severity = "kernel", Err
				}
				if err := s.Put(ctx, Entry{Unit: []byte(unit), Severity: severity, Message: fmt.Append(nil, "line ", i)}); err != nil {
					t.Fatal(err)
				}
			}
			s.Flush()
			time.Sleep(time.Second)
			synctest.Wait()
		}
		shows := func(v *View, number uint64, want ...string) *Page {
			t.Helper()
			p := v.Latest()
			var got []string
			for i := range p.Rows {
				got = append(got, string(p.Message(&p.Rows[i])))
			}
			if p.Query != number || p.Pending || !slices.Equal(got, want) {
				t.Errorf("query %d, pending %v: %q, want %d: %q", p.Query, p.Pending, got, number, want)
			}
			return p
		}
		put(0, 10)
		if p := views[0].Latest(); p == nil || len(p.Rows) != 0 || p.Query != 0 || p.Entries != 10 || len(p.Sources) != 1 {
			t.Errorf("before anything is asked: %+v", p)
		}
		views[0].Ask(Query{Number: 1, Rows: 2, Filter: everything, Seen: true})
		views[1].Ask(Query{Number: 7, Rows: 3, Filter: Filter{Least: Err}})
		time.Sleep(time.Second)
		synctest.Wait()
		first := shows(views[0], 1, "line 8", "line 9")
		shows(views[1], 7, "line 3", "line 6", "line 9")
		views[0].Ask(Query{Number: 2, Rows: 2, Filter: everything, Anchor: first.Rows[0].ID, Move: Older, Count: 3, Seen: true})
		put(10, 13)
		shows(views[0], 2, "line 4", "line 5")
		p := shows(views[1], 7, "line 6", "line 9", "line 12")
		if p.Unread[0] != 5 {
			t.Errorf("%d unread where nobody looks, want 5", p.Unread[0])
		}
		if p := views[0].Latest(); p.Unread[0] != 0 {
			t.Errorf("%d unread where somebody looks", p.Unread[0])
		}
		views[1].Ask(Query{Number: 8, Rows: 9, Filter: Filter{Least: Debug, Text: "line 1"}})
		put(13, 14)
		shows(views[0], 2, "line 4", "line 5")
		shows(views[1], 8, "line 1", "line 10", "line 11", "line 12", "line 13")
	})
}

// TestViewsAreBounded, and one that is closed makes room and gets nothing any more.
func TestViewsAreBounded(t *testing.T) {
	l := New(100, nil)
	var views []*View
	for range MaxViews {
		v, err := l.NewView()
		if err != nil {
			t.Fatal(err)
		}
		views = append(views, v)
	}
	if v, err := l.NewView(); err == nil || v != nil {
		t.Fatal("there is no limit")
	}
	views[3].Close()
	v, err := l.NewView()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*View{views[3], v} {
		one.Ask(Query{Number: 1, Rows: 1, Filter: everything})
	}
	for l.turn() {
	}
	if l.publishDue(); v.Latest() == nil || views[3].Latest() != nil {
		t.Errorf("the new view has %v, the closed one %v", v.Latest(), views[3].Latest())
	}
}

// TestManyViewsNeverStallIntake drives the owner's turns by hand: with as many views as there may be, each with an expensive
// filter, a turn takes in all that has come and does no more than one slice of the searches; each of them comes to its end.
func TestManyViewsNeverStallIntake(t *testing.T) {
	const size = 20_000
	l := New(size, nil)
	var views []*View
	for i := range MaxViews {
		v, err := l.NewView()
		if err != nil {
			t.Fatal(err)
		}
		v.Ask(Query{Number: 1, Rows: 10, Filter: Filter{Least: Debug, Text: fmt.Sprintf("line .*%d$", i%10), Regexp: true}})
		views = append(views, v)
	}
	for i := range size {
		pushAt(l.ring, int64(i), "k3s", Info, fmt.Sprint("line ", i))
	}
	s := l.Sink("test")
	tested := func() (n uint64) {
		for _, v := range views {
			n += v.lines.high - v.lines.low
		}
		return n
	}
	l.turn()
	for range 50 {
		for i := range batchEntries {
			s.Try(Entry{Severity: Info, Message: fmt.Append(nil, "line ", i)})
		}
		s.Flush()
		total, before := l.total, tested()
		l.turn()
		if l.total != total+batchEntries {
			t.Fatalf("%d entries taken in of %d", l.total-total, batchEntries)
		}
		if n := tested(); n > before+sliceCost/200+1 {
			t.Fatalf("%d entries tested in one turn", n-before)
		}
	}
	for l.turn() {
	}
	l.publishDue()
	for i, v := range views {
		p := v.Latest()
		if p == nil || p.Pending || len(p.Rows) != 10 || !strings.HasSuffix(string(p.Message(&p.Rows[9])), fmt.Sprint(i%10)) {
			t.Fatalf("view %d: %+v", i, p)
		}
	}
}

// TestClosedViewEndsItsRead: an archive that is being read for a view that closes is left, and read for the others.
func TestClosedViewEndsItsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(100, nil)
		start(t, l)
		s := l.Sink("test")
		slow := stuck{began: make(chan struct{}, 9), ended: make(chan struct{}, 9)}
		s.SetArchive(slow)
		s.Try(Entry{Time: time.Now(), Message: []byte("x"), Place: Place{time.Now().UnixMicro(), 1}})
		s.Flush()
		other, err := l.NewView()
		if err != nil {
			t.Fatal(err)
		}
		older := Query{Number: 1, Rows: 10, Filter: everything, Move: Older, Count: 1}
		l.Ask(older)
		synctest.Wait()
		other.Ask(older)
		synctest.Wait()
		if len(slow.began) != 1 || len(slow.ended) != 0 {
			t.Fatalf("%d reads began, %d ended", len(slow.began), len(slow.ended))
		}
		l.View.Close()
		synctest.Wait()
		began, ended := len(slow.began), len(slow.ended)
		other.Close() // so that nothing is left of this test when it fails
		if began != 2 || ended != 1 {
			t.Errorf("%d reads began, %d ended, want 2 and 1", began, ended)
		}
	})
}

// endless is an archive in which a search for what is nowhere never ends.
type endless struct {
	oneField
	began atomic.Bool
}

func (a *endless) Older(ctx context.Context, _ Place, put func(Entry) bool) error {
	for a.began.Store(true); ctx.Err() == nil; {
		if !put(Entry{Time: time.UnixMicro(1), Message: []byte("x"), Place: Place{1, 1}}) {
			return nil
		}
	}
	return ctx.Err()
}

// TestLongReadKeepsNobodyWaiting: while the archives are searched for one view, what others ask is read.
func TestLongReadKeepsNobodyWaiting(t *testing.T) {
	l := viewed(100, nil)
	ctx := start(t, l)
	a := &endless{oneField: oneField{"MESSAGE", "x"}}
	s := l.Sink("test")
	s.SetArchive(a)
	if err := s.Put(ctx, Entry{Time: time.Now(), Message: []byte("x"), Place: Place{time.Now().UnixMicro(), 9}}); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	var others []*View
	for len(others) < MaxViews-1 {
		v, err := l.NewView()
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, v)
		v.Ask(Query{Number: 1, Rows: 1, Filter: everything})
		await.Until(t, "a page", func() bool { p := v.Latest(); return p != nil && len(p.Rows) == 1 })
	}
	l.Ask(Query{Number: 1, Rows: 10, Filter: Filter{Least: Debug, Text: "nowhere"}, Move: Older, Count: 1})
	await.Until(t, "the search", a.began.Load)
	for _, v := range others {
		v.Ask(Query{Number: 2, Rows: 1, Filter: everything, Whole: v.Latest().Rows[0].ID})
	}
	for _, v := range others {
		await.Until(t, "the whole entry", func() bool { p := v.Latest(); return p.Whole != nil && p.Whole.Err == "" })
	}
	if p := l.Latest(); p == nil || !p.Pending {
		t.Errorf("the search has ended: %+v", p)
	}
}

// TestViewOfAQuietLog: one that comes while nothing else does has a page, too.
func TestViewOfAQuietLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10, nil)
		start(t, &viewedLog{Log: l})
		l.Sink("test")
		time.Sleep(time.Minute)
		v, err := l.NewView()
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p := v.Latest(); p == nil || len(p.Sources) != 1 {
			t.Errorf("its page: %+v", p)
		}
	})
}

// BenchmarkIntake takes entries in with so many views that follow.
func BenchmarkIntake(b *testing.B) {
	for _, n := range []int{0, 1, MaxViews} {
		b.Run(fmt.Sprint(n, " views"), func(b *testing.B) {
			l := New(10_000, nil)
			for i := range n {
				v, err := l.NewView()
				if err != nil {
					b.Fatal(err)
				}
				v.Ask(Query{Number: 1, Rows: 50, Filter: Filter{Least: Debug, Text: []string{"", "flood", "line 7"}[i%3]}})
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- l.Run(ctx) }()
			s := l.Sink("test")
			e := Entry{Unit: []byte("k3s"), Message: []byte("line 7 of the flood, as long as they are as a rule, with some more words")}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Put(ctx, e); err != nil {
					b.Fatal(err)
				}
			}
			s.Flush()
			cancel()
			<-done
		})
	}
}
