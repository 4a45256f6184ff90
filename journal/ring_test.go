package journal

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// naiveRing is the slow twin: a slice that forgets from the front until the entries and their bytes fit.
type naiveRing struct {
	capacity int
	entries  []naiveEntry
	next     uint64
}

type naiveEntry struct {
	id      uint64
	micros  int64
	unit    string
	pid     int
	sev     Severity
	message string
}

func (n *naiveRing) push(e naiveEntry) {
	e.id = n.next
	n.next++
	n.entries = append(n.entries, e)
	if len(n.entries) > n.capacity {
		n.entries = n.entries[1:]
	}
}

// compare checks that r holds the newest entries of n, and that it evicted no more than its arena asked for.
func compare(t *testing.T, r *ring, n *naiveRing) {
	t.Helper()
	if r.next != n.next {
		t.Fatalf("next id %d, want %d", r.next, n.next)
	}
	if r.count > len(n.entries) || r.count == 0 && len(n.entries) > 0 {
		t.Fatalf("%d entries, the twin has %d", r.count, len(n.entries))
	}
	kept := n.entries[len(n.entries)-r.count:]
	size := 0
	var counts [SeverityCount]int
	for i := range kept {
		want := &kept[i]
		e := r.at(want.id)
		if e.time != want.micros || int(e.pid) != want.pid || e.severity() != want.sev {
			t.Fatalf("entry %d: %+v, want %+v", want.id, *e, *want)
		}
		if unit := r.units.names[e.unit()]; unit != want.unit {
			t.Fatalf("entry %d: unit %q, want %q", want.id, unit, want.unit)
		}
		if got := r.message(e); string(got) != want.message {
			t.Fatalf("entry %d: %q, want %q", want.id, got, want.message)
		}
		size += len(want.message)
		counts[want.sev]++
	}
	if got := r.units.tabCounts(0); got != counts {
		t.Fatalf("counts %v, want %v", got, counts)
	}
	if r.used < size || r.used > len(r.arena) {
		t.Fatalf("%d bytes used for %d of messages in %d", r.used, size, len(r.arena))
	}
	// What a wrap leaves unused is less than the longest message, twice: at the end and before the oldest.
	if r.count < len(n.entries) && size < len(r.arena)-2*MaxMessage-len(n.entries[len(n.entries)-r.count-1].message) {
		t.Fatalf("evicted too early: %d bytes of %d in use", size, len(r.arena))
	}
}

func TestRingAgainstTwin(t *testing.T) {
	for seed := range int64(40) {
		rnd := rand.New(rand.NewSource(seed))
		capacity := 1 + rnd.Intn(80)
		longest := []int{0, 1, 40, 300, MaxMessage}[rnd.Intn(5)]
		r := newRing(capacity, 1, newUnits([]Tab{{Name: "All"}}))
		n := &naiveRing{capacity: capacity, next: 1}
		for i := range 1000 {
			e := naiveEntry{
				micros:  rnd.Int63(),
				unit:    fmt.Sprint("unit", rnd.Intn(5)),
				pid:     rnd.Intn(1 << 22),
				sev:     Severity(rnd.Intn(int(SeverityCount))),
				message: strings.Repeat(string(rune('a'+i%26)), rnd.Intn(longest+1)),
			}
			r.push(1, &record{micros: e.micros, pid: e.pid, severity: e.sev}, []byte(e.unit), []byte(e.message))
			n.push(e)
			compare(t, r, n)
			if rnd.Intn(200) == 0 {
				n.capacity = 1 + rnd.Intn(80)
				r = r.resized(n.capacity)
				n.entries = n.entries[len(n.entries)-r.count:]
				compare(t, r, n)
			}
		}
	}
}

func TestRingPushAllocatesNothing(t *testing.T) {
	r := newRing(1000, 1, newUnits([]Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s.service"}}}))
	unit, message := []byte("k3s"), bytes.Repeat([]byte("x"), 300)
	push := func() { r.push(1, &record{micros: 1, pid: 1, severity: Info, full: 300}, unit, message) }
	push()
	if n := testing.AllocsPerRun(5000, push); n != 0 {
		t.Errorf("%v allocations a push", n)
	}
}

func TestUnitsStayBounded(t *testing.T) {
	tabs := []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s.service"}}}
	r := newRing(maxUnits/2, 1, newUnits(tabs))
	for i := range 5 * maxUnits {
		r.push(1, &record{severity: Err}, fmt.Append(nil, "hostile-", i), nil)
		if name := r.units.names[r.at(r.next-1).unit()]; name != fmt.Sprint("hostile-", i) {
			t.Fatalf("unit %d is called %q although the ring holds few", i, name)
		}
	}
	if len(r.units.names) > maxUnits || len(r.units.ids) > maxUnits {
		t.Errorf("%d names, %d ids, at most %d", len(r.units.names), len(r.units.ids), maxUnits)
	}
	r.push(1, &record{severity: Err}, []byte("k3s"), nil)
	if all, k3s := r.units.tabCounts(0)[Err], r.units.tabCounts(1)[Err]; all != r.count || k3s != 1 {
		t.Errorf("errors %d and %d in %d entries: a reused name must be sorted into its tabs anew", all, k3s, r.count)
	}
}

func TestUnitsAllInUseBecomeOther(t *testing.T) {
	r := newRing(2*maxUnits, 1, newUnits([]Tab{{Name: "All"}}))
	for i := range 2 * maxUnits {
		r.push(1, &record{severity: Info}, fmt.Append(nil, i), nil)
	}
	if name := r.units.names[r.at(r.next-1).unit()]; name != "other" {
		t.Errorf("the last unit is called %q", name)
	}
	if r.units.tabCounts(0)[Info] != r.count {
		t.Errorf("%d counted of %d", r.units.tabCounts(0)[Info], r.count)
	}
}
