package kube

import (
	"testing"
	"time"

	"hypervisor-tui/internal/health"
)

func TestKindInWords(t *testing.T) {
	for _, c := range []struct {
		health health.Health
		count  int
		want   string
	}{
		{health.Health{}, 0, "syncing"},
		{health.Health{}, 3200, "syncing 3,200"},
		{health.Health{}, 1234567, "syncing 1,234,567"},
		{health.Health{}, 1000004, "syncing 1,000,004"},
		{health.Health{State: health.OK}, 5, "ok"},
		{health.Health{State: health.Stale, At: time.Minute, Err: "refused"}, 5, "stale 42s"},
		{health.Health{State: health.Failed, Err: "forbidden: list pods"}, 0, "forbidden: list pods"},
		{health.Health{State: health.Absent, Err: "not installed"}, 0, "not installed"},
	} {
		k := KindStatus{Health: c.health, Count: c.count}
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
	all := func(s health.State) (s1 State) {
		s1.Health.State = health.OK
		for i := range s1.Kinds {
			s1.Kinds[i].State = s
		}
		return s1
	}
	ok, syncing, one := all(health.OK), all(health.Init), all(health.Absent)
	one.Kinds[KindVM].State = health.Init
	for i, c := range []struct {
		state State
		want  bool
	}{
		{State{}, false}, {ok, true}, {syncing, false}, {one, false},
		{State{Health: health.Health{State: health.Absent}}, true}, {State{Health: health.Health{State: health.Failed}}, true},
	} {
		if c.state.Settled() != c.want {
			t.Errorf("case %d: settled is %v", i, !c.want)
		}
	}
}

func TestRungsHaveNames(t *testing.T) {
	if Answers.String() != "answers" || NotReady.String() != "not ready" || Check(99).String() != "unknown" {
		t.Error(Answers, NotReady, Check(99))
	}
}
