package journal

import (
	"testing"
	"time"
)

// TestActions: what the helper says it has done is kept once, the newest of it; what others say, and its plans and refusals, are not.
func TestActions(t *testing.T) {
	l := New(10, []Tab{{Name: "All"}})
	sink := l.Sink("system")
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	put := func(helper bool, message string, at time.Time) {
		t.Helper()
		if !sink.Try(Entry{Unit: []byte("hypervisor-tui-act"), Time: at, Severity: Notice, Message: []byte(message), Helper: helper}) {
			t.Fatal("no room")
		}
		sink.Flush()
		l.turn()
	}
	const done = "act: unit.restart k3s.service: done: k3s.service is restarted (uid 1000, login 1000)"
	for _, other := range []string{
		"act: unit.restart k3s.service: plan: it is stopped, then started (uid 1000, login 1000)", "act: unit.restart k3s.service: denied: wrong code (uid 1000, login none)",
		"act: denied: not a line of the protocol (uid 1, login none)", "act: done: x", "act: unit.restart k3s.service: done", "restart k3s.service: done: x", "",
	} {
		put(true, other, start)
	}
	put(false, done, start) // whoever says so
	if a := l.Actions(); len(a) != 0 {
		t.Fatalf("kept %+v", a)
	}
	put(true, done, start)
	put(true, done, start) // read again
	put(true, "act: node.drain hv2: failed: cancelled: 12 of 37 had left: look (uid 1000, login 1000)", start.Add(time.Second))
	a := l.Actions()
	if len(a) != 2 || a[0].N != 1 || a[1].N != 2 || !a[0].Time.Equal(start) {
		t.Fatalf("kept %+v", a)
	}
	if a[0].Verb != "unit.restart" || a[0].Object != "k3s.service" || !a[0].Done || a[0].Text != "k3s.service is restarted (uid 1000, login 1000)" {
		t.Errorf("the first is %+v", a[0])
	}
	if a[1].Verb != "node.drain" || a[1].Object != "hv2" || a[1].Done || a[1].Text != "cancelled: 12 of 37 had left: look (uid 1000, login 1000)" {
		t.Errorf("the second is %+v", a[1])
	}
	for i := range 3 * actions {
		put(true, done, start.Add(time.Duration(2+i)*time.Second))
	}
	if a = l.Actions(); len(a) != actions || a[len(a)-1].N != 2+3*actions {
		t.Errorf("%d are kept, the last is number %d", len(a), a[len(a)-1].N)
	}
	if n := testing.AllocsPerRun(100, func() {
		l.Actions()
		sink.prepare(&Entry{Unit: []byte("hypervisor-tui-act"), Time: start, Severity: Info, Message: []byte("act: x: denied: y"), Helper: true})
	}); n != 0 {
		t.Errorf("%v allocations for what is no action", n)
	}
}
