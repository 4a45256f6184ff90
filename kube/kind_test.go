package kube

import (
	"testing"
	"time"

	"hypervisor-tui/sample/box"
)

func TestKindInWords(t *testing.T) {
	for _, c := range []struct {
		health box.Health
		count  int
		want   string
	}{
		{box.Health{}, 0, "syncing"},
		{box.Health{}, 3200, "syncing 3,200"},
		{box.Health{}, 1234567, "syncing 1,234,567"},
		{box.Health{}, 1000004, "syncing 1,000,004"},
		{box.Health{State: box.OK}, 5, "ok"},
		{box.Health{State: box.Stale, At: time.Minute, Err: "refused"}, 5, "stale 42s"},
		{box.Health{State: box.Failed, Err: "forbidden: list pods"}, 0, "forbidden: list pods"},
		{box.Health{State: box.Absent, Err: "not installed"}, 0, "not installed"},
	} {
		k := Kept{Health: c.health, Count: c.count}
		if got := string(k.AppendWords(nil, time.Minute+42*time.Second)); got != c.want {
			t.Errorf("%+v: %q, want %q", k, got, c.want)
		}
	}
}

func TestEachKindHasAName(t *testing.T) {
	seen := map[string]bool{"unknown": true, "": true}
	for k := range KindCount {
		if seen[k.String()] {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
	}
	if KindCount.String() != "unknown" {
		t.Error("KindCount has a name")
	}
}

func TestSettled(t *testing.T) {
	all := func(s box.State) (s1 State) {
		s1.Health.State = box.OK
		for i := range s1.Kinds {
			s1.Kinds[i].State = s
		}
		return s1
	}
	ok, syncing, one := all(box.OK), all(box.Init), all(box.Absent)
	one.Kinds[KindVM].State = box.Init
	for i, c := range []struct {
		state State
		want  bool
	}{
		{State{}, false}, {ok, true}, {syncing, false}, {one, false},
		{State{Health: box.Health{State: box.Absent}}, true}, {State{Health: box.Health{State: box.Failed}}, true},
	} {
		if c.state.Settled() != c.want {
			t.Errorf("case %d: settled is %v", i, !c.want)
		}
	}
}

func TestRungsHaveNames(t *testing.T) {
	if Answers.String() != "answers" || NotReady.String() != "not ready" || Rung(99).String() != "unknown" {
		t.Error(Answers, NotReady, Rung(99))
	}
}
