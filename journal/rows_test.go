package journal

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func repeats(p *Page) (list []string) {
	for i := range p.Rows {
		r := &p.Rows[i]
		list = append(list, fmt.Sprintf("%s x %d", p.Message(r), r.Repeats))
	}
	return list
}

// TestRepeatsAreOneRow also when only their own stamps differ; others in between end the row, hidden ones do not.
func TestRepeatsAreOneRow(t *testing.T) {
	l := viewed(100, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	klog := func(i int) string { return fmt.Sprintf("E1122 20:00:0%d.000000    1204 file.go:12] gone", i) }
	for i := range 3 {
		pushAt(l.ring, int64(i), "k3s", Err, klog(i))
	}
	pushAt(l.ring, 3, "k3s", Info, "else")
	pushAt(l.ring, 4, "k3s", Err, klog(4))
	pushAt(l.ring, 5, "kernel", Info, "hidden by the tab")
	pushAt(l.ring, 6, "k3s", Err, klog(6))
	for _, c := range []struct {
		f    Filter
		want []string
	}{
		{Filter{Least: Debug, Tab: 1}, []string{"file.go:12] gone x 3", "else x 1", "file.go:12] gone x 2"}},
		{Filter{Least: Err}, []string{"file.go:12] gone x 5"}},
		{everything, []string{"file.go:12] gone x 3", "else x 1", "file.go:12] gone x 1", "hidden by the tab x 1", "file.go:12] gone x 1"}},
		{Filter{Least: Err, Each: true}, slices.Repeat([]string{"file.go:12] gone x 1"}, 5)},
		{Filter{Least: Err, Raw: true}, []string{klog(0) + " x 1", klog(1) + " x 1", klog(2) + " x 1", klog(4) + " x 1", klog(6) + " x 1"}},
	} {
		p := ask(l, Query{Rows: 10, Filter: c.f})
		if got := repeats(p); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
	p := ask(l, Query{Number: 9, Rows: 10, Filter: Filter{Least: Err}})
	if r := p.Rows[0]; r.Time != 6 || r.First != firstID || r.ID != firstID+6 {
		t.Errorf("the row is named after its newest entry: %+v", r)
	}
}

// TestRowStaysWhileItGrows: a page that stands on a row keeps it when equal entries come.
func TestRowStaysWhileItGrows(t *testing.T) {
	l := viewed(100, nil)
	for range 3 {
		push(l, Info, "same")
	}
	ask(l, Query{Number: 1, Rows: 5, Anchor: firstID + 2, Filter: everything})
	for range 2 {
		push(l, Info, "same")
	}
	push(l, Info, "other")
	if p := again(l); len(p.Rows) != 1 || p.Rows[0].Repeats != 5 || p.Newer != 1 {
		t.Errorf("%q, %d newer", repeats(p), p.Newer)
	}
}

// TestRepeatsInTheArchives are rows as well, read in either direction.
func TestRepeatsInTheArchives(t *testing.T) {
	h := newHouse(t, 10)
	for i := range 300 {
		h.put(0, Info, fmt.Sprint("line ", i/3), true)
	}
	for i := range 10 {
		h.put(0, Info, fmt.Sprint("now ", i), false)
	}
	want := []string{"line 97 x 3", "line 98 x 3", "line 99 x 3"}
	p := h.ask(Query{Number: 1, Rows: 3, Filter: everything})
	p = h.ask(Query{Number: 2, Rows: 3, Filter: everything, Anchor: p.Rows[2].ID, Move: Older, Count: 10})
	if got := repeats(p); !slices.Equal(got, want) {
		t.Errorf("older: %q, want %q", got, want)
	}
	p = h.ask(Query{Number: 3, Rows: 3, Filter: everything, Move: Oldest})
	if got := repeats(p); !slices.Equal(got, []string{"line 0 x 3", "line 1 x 3", "line 2 x 3"}) {
		t.Errorf("oldest: %q", got)
	}
	if at := p.Rows[2].Time; at != h.time("line 2").Add(2*time.Millisecond).UnixMicro() {
		t.Errorf("the row has the stamp %d, not that of its newest entry", at)
	}
}

// TestHighlightIsRightInWhatIsShown: the match is looked for in the payload, not at the place it has in the raw line. One that
// the payload leaves out makes the row show the message as it was written.
func TestHighlightIsRightInWhatIsShown(t *testing.T) {
	l := viewed(20, nil)
	push(l, Info, `time="2026-11-22T03:02:01Z" level=info msg="Starting node" pod=a`)
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Least: Debug, Text: "node"}, "node"},
		{Filter{Least: Debug, Text: "node", Raw: true}, "node"},
		{Filter{Least: Debug, Text: "level=info"}, "level=info"}, // not in the payload
		{Filter{Least: Debug, Text: "level=info", Raw: true}, "level=info"},
		{Filter{Least: Debug, Text: "level=debug", Exclude: true}, ""},
	} {
		p := ask(l, Query{Rows: 5, Filter: c.f})
		if len(p.Rows) != 1 {
			t.Fatalf("%+v passes nothing", c.f)
		}
		row := &p.Rows[0]
		if got := string(p.Message(row)[row.MatchStart:row.MatchEnd]); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}

func TestUnreadErrors(t *testing.T) {
	l := viewed(20, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}, {Name: "kernel", Units: []string{"kernel"}}})
	s := l.Sink("test")
	put := func(unit string, n int) []int {
		for range n {
			s.Try(Entry{Unit: []byte(unit), Severity: Err, Message: []byte("x")})
			s.Try(Entry{Unit: []byte(unit), Severity: Warning, Message: []byte("x")})
		}
		s.Flush()
		return slices.Clone(again(l).Unread)
	}
	see := func(tab int, seen bool) []int {
		return slices.Clone(ask(l, Query{Rows: 5, Filter: Filter{Least: Debug, Tab: tab}, Seen: seen}).Unread)
	}
	for i, c := range []struct{ got, want []int }{
		{put("k3s", 3), []int{3, 3, 0}},
		{see(0, true), []int{0, 3, 0}},
		{put("kernel", 30), []int{0, 3, 30}}, // more than the ring holds
		{see(1, true), []int{0, 0, 30}},
		{put("k3s", 1), []int{1, 0, 30}},
		{see(1, false), []int{1, 0, 30}}, // scrolled, or another screen
		{put("k3s", 1), []int{2, 1, 30}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("step %d: unread %v, want %v", i, c.got, c.want)
		}
	}
}

func TestHourCountsByMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(1000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		s := l.Sink("test")
		s.Backfilled(true)
		put := func(ago time.Duration, unit string, sev Severity) {
			s.Try(Entry{Time: time.Now().Add(-ago), Unit: []byte(unit), Severity: sev, Message: []byte("x")})
			s.Flush()
			l.turn()
		}
		put(30*time.Minute, "k3s", Err)
		put(30*time.Minute, "k3s", Warning)
		put(0, "kernel", Info)
		put(2*time.Hour, "k3s", Err)  // too old
		put(-2*time.Hour, "k3s", Err) // to come: a clock that was set back
		put(59*time.Minute, "k3s", Info)
		h := ask(l, Query{Rows: 1, Filter: everything}).Hour
		if h.Minutes[29] != (Minute{1, 1, 0}) || h.Minutes[59] != (Minute{0, 0, 1}) || h.Minutes[0] != (Minute{0, 0, 1}) || h.Known != 60 {
			t.Errorf("%+v", h)
		}
		if h = ask(l, Query{Rows: 1, Filter: Filter{Least: Debug, Tab: 1}}).Hour; h.Minutes[59] != (Minute{}) || h.Minutes[29].Errors != 1 {
			t.Errorf("of one tab: %+v", h)
		}
		time.Sleep(40 * time.Minute)
		if h = ask(l, Query{Rows: 1, Filter: everything}).Hour; h.Minutes[19] != (Minute{0, 0, 1}) || h.Minutes[29] != (Minute{}) {
			t.Errorf("later: %+v", h)
		}
	})
}

// TestTabsThatStayKeepTheirFigures when others come and go: the last hour and the unread errors. Of a new tab the ring is
// counted, and what the ring has lost is not known.
func TestTabsThatStayKeepTheirFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, k3s, kernel := Tab{Name: "All"}, Tab{Name: "k3s", Units: []string{"k3s"}}, Tab{Name: "kernel", Units: []string{"kernel"}}
		l := viewed(10, []Tab{all, k3s})
		s := l.Sink("test")
		s.Backfilled(true)
		for _, unit := range []string{"k3s", "kernel"} {
			for ago := range 10 {
				s.Try(Entry{Time: time.Now().Add(time.Duration(ago-15) * time.Minute), Unit: []byte(unit), Severity: Err, Message: []byte("x")})
			}
		}
		s.Flush()
		ask(l, Query{Rows: 1, Filter: everything}) // and the ring has lost those of k3s
		hour := func(tab int) (errors int32, known int) {
			h := ask(l, Query{Rows: 1, Filter: Filter{Least: Debug, Tab: tab}}).Hour
			for _, m := range h.Minutes {
				errors += m.Errors
			}
			return errors, h.Known
		}
		l.Reconfigure(10, []Tab{all, kernel, k3s})
		for tab, want := range []struct {
			errors int32
			known  int
		}{{20, 60}, {10, 15}, {10, 60}} {
			if errors, known := hour(tab); errors != want.errors || known != want.known {
				t.Errorf("tab %d: %d errors in %d minutes, want %+v", tab, errors, known, want)
			}
		}
		if unread := again(l).Unread; !slices.Equal(unread, []int{20, 0, 10}) {
			t.Errorf("unread %v", unread)
		}
	})
}

// TestPodsOfAUnit: entries of pods' log files say which pod, a tab may be a pod's, and a unit's has them all.
func TestPodsOfAUnit(t *testing.T) {
	l := viewed(100, []Tab{{Name: "All"}, {Name: "pods", Units: []string{"pods"}}, {Name: "b", Pod: "ns/b"}, {Name: "none", Units: []string{"k3s"}, Pod: "ns/b"}})
	s := l.Sink("test")
	for i, pod := range []string{"ns/a", "ns/b", "", "ns/b", "n\x00s/b"} {
		e := Entry{Time: time.UnixMicro(int64(i)), Unit: []byte("pods"), Pod: []byte(pod), Severity: Info, Message: fmt.Append(nil, i)}
		if pod == "" {
			e.Unit, e.Pod = []byte("k3s\x00ns/b"), nil // a unit is no pod
		}
		s.Try(e)
	}
	s.Flush()
	for tab, want := range [][]string{{"0 pods ns/a", "1 pods ns/b", "2 k3s^@ns/b ", "3 pods ns/b", "4 pods n^@s/b"}, {"0 pods ns/a", "1 pods ns/b", "3 pods ns/b", "4 pods n^@s/b"}, {"1 pods ns/b", "3 pods ns/b"}, nil} {
		p := ask(l, Query{Rows: 10, Filter: Filter{Least: Debug, Tab: tab}})
		var got []string
		for i := range p.Rows {
			r := &p.Rows[i]
			got = append(got, fmt.Sprintf("%s %s %s", p.Message(r), r.Unit, r.Pod))
		}
		if !slices.Equal(got, want) {
			t.Errorf("tab %d: %q, want %q", tab, got, want)
		}
	}
}

// TestDHourStripsMinuteIsTakenOver: a minute's place is used again 64 minutes later, without what was counted there.
func TestDHourStripsMinuteIsTakenOver(t *testing.T) {
	var h hour
	var strip Hour
	const first = 1_000_000
	for now := int64(first); now < first+200; now++ {
		for range now - first + 1 {
			h.add(now, now, Err)
		}
		h.add(now, now, Warning)
		h.add(now-60, now, Err) // over an hour old
		h.add(now+1, now, Err)  // still to come
		h.last(&strip, now)
		for i, m := range strip.Minutes {
			minute := now - 59 + int64(i)
			want := Minute{}
			if minute >= first {
				want = Minute{Errors: int32(minute - first + 1), Warnings: 1}
			}
			if m != want {
				t.Fatalf("minute %d, at %d: %+v, want %+v", minute-first, now-first, m, want)
			}
		}
	}
}

// TestHourSaysWhatItDoesNotKnow: before the first entry of a source that left older ones out nothing is known, however
// the clock is set.
func TestHourSaysWhatItDoesNotKnow(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		began beginning
		want  int
	}{
		{beginning{now, 0}, 1}, {beginning{now, 10 * time.Minute}, 11}, {beginning{now.Add(-5 * time.Minute), 10 * time.Minute}, 16},
		{beginning{now, 5 * time.Hour}, 60}, {beginning{now, -time.Hour}, 1},
	} {
		if got := c.began.minutes(now); got != c.want {
			t.Errorf("%+v: %d minutes, want %d", c.began, got, c.want)
		}
	}
	var h hour
	minute := int64(1000)
	h.add(minute, minute, Err)
	h.add(minute-100, minute-100, Err) // the clock was set back
	var got Hour
	if h.last(&got, minute-100); got.Minutes[59].Errors != 1 || got.Minutes[58] != (Minute{}) {
		t.Errorf("%+v", got)
	}
	h.add(minute-100+64, minute-100+64, Warning)
	if h.last(&got, minute-100+64); got.Minutes[59] != (Minute{0, 1, 0}) {
		t.Errorf("a minute is taken over: %+v", got.Minutes[59])
	}
}

// TestFirstEntriesAreSorted: what two sources start with is brought into one order, what comes later is not touched.
func TestFirstEntriesAreSorted(t *testing.T) {
	h := newHouse(t, 1000)
	at := func(source int, from, to int) {
		for i := from; i < to; i++ {
			h.sinks[source].Try(Entry{Time: time.UnixMicro(int64(i*10 + source)), Message: fmt.Append(nil, i*10+source)})
		}
		h.sinks[source].Flush()
	}
	at(0, 0, 100)
	h.log.turn()
	at(1, 50, 150)
	h.sinks[1].Backfilled(true)
	p := h.ask(Query{Number: 1, Rows: 200, Filter: everything})
	sorted := func() bool {
		return slices.IsSortedFunc(p.Rows, func(a, b Row) int { return int(a.Time - b.Time) })
	}
	if len(p.Rows) != 200 || !sorted() || h.log.ring.count != 200 || h.log.ring.next != firstID+200 {
		t.Errorf("%d rows, sorted %v", len(p.Rows), sorted())
	}
	for i := range p.Rows {
		if string(p.Message(&p.Rows[i])) != fmt.Sprint(p.Rows[i].Time) {
			t.Fatalf("row %d has the text of another", i)
		}
	}
	at(0, 0, 1)
	if p = h.ask(Query{Number: 2, Rows: 200, Filter: everything}); sorted() {
		t.Error("what comes later was sorted too")
	}
	for i, many := range []bool{true, false} { // too many to merge, then not
		h.log.total = map[bool]uint64{true: firstEntries, false: 0}[many]
		at(2, 10+i, 11+i)
		h.log.turn()
		h.sinks[2].Backfilled(true)
		p = h.ask(Query{Number: uint64(3 + i), Rows: 200, Filter: everything})
		if last := string(p.Message(&p.Rows[len(p.Rows)-1])); (last == fmt.Sprint((10+i)*10+2)) != many {
			t.Errorf("so many %v: the last is %s", many, last)
		}
		h.sinks[2].Backfilling()
	}
}

// TestHourHasSixtyMinutes: what is older has no place in it, though places are 64, and takes none from another; a minute
// of an hour ago is not this one.
func TestHourHasSixtyMinutes(t *testing.T) {
	const now = 1000
	for ago := int64(60); ago < 70; ago++ {
		var h hour
		h.add(now, now, Err)
		h.add(now-59, now, Warning)
		h.add(now-ago, now, Info)
		var got, want Hour
		want.Minutes[59].Errors, want.Minutes[0].Warnings = 1, 1
		if h.last(&got, now); got.Minutes != want.Minutes {
			t.Errorf("after an entry of %d minutes ago: %+v", ago, got.Minutes)
		}
		if h.last(&got, now+ago); got.Minutes != (Hour{}).Minutes {
			t.Errorf("%d minutes later: %+v", ago, got.Minutes)
		}
	}
}
