package unit

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"hypervisor-tui/act"
)

// TestFacts: a plan names what ends and what goes with it; what makes no sense, or is not there, is refused in words.
func TestFacts(t *testing.T) {
	running := state{name: "k3s.service", description: "Lightweight Kubernetes", load: "loaded", active: "active", sub: "running", invocation: "ab",
		process: 812, follow: []string{"web.service"}, triggers: []string{"k3s.socket"}}
	for name, c := range map[string]struct {
		verb   act.Verb
		change func(*state)
		want   []string // of Will, each a part of a line
		refuse string
	}{
		"restart":           {act.UnitRestart, nil, []string{"k3s.service, Lightweight Kubernetes, is active", "process 812", "started anew", "web.service is restarted with it"}, ""},
		"stop":              {act.UnitStop, nil, []string{"is active", "process 812", "web.service is stopped with it", "k3s.socket stays active"}, ""},
		"start running":     {act.UnitStart, nil, nil, "is active already"},
		"start stopped":     {act.UnitStart, func(s *state) { s.active, s.sub = "inactive", "dead" }, []string{"is inactive (dead)", "it is started"}, ""},
		"start failed":      {act.UnitStart, func(s *state) { s.active, s.sub = "failed", "failed" }, []string{"is failed", "it is started"}, ""},
		"restart stopped":   {act.UnitRestart, func(s *state) { s.active, s.sub = "inactive", "dead" }, []string{"is inactive", "started anew", "web.service"}, ""},
		"stop stopped":      {act.UnitStop, func(s *state) { s.active = "inactive" }, nil, "is inactive already"},
		"no such unit":      {act.UnitRestart, func(s *state) { s.load = "not-found" }, nil, "no such unit"},
		"masked":            {act.UnitStart, func(s *state) { s.load = "masked" }, nil, "is masked"},
		"not to be started": {act.UnitRestart, func(s *state) { s.refusesStart = true }, nil, "refuses"},
		"not to be stopped": {act.UnitStop, func(s *state) { s.refusesStop = true }, nil, "refuses"},
	} {
		s := running
		if c.change != nil {
			c.change(&s)
		}
		f, err := s.facts(c.verb)
		if c.refuse != "" {
			if err == nil || !strings.Contains(err.Error(), c.refuse) {
				t.Errorf("%s: %v, %v, want refused: %s", name, f.Will, err, c.refuse)
			}
			continue
		}
		if err != nil || len(f.Will) != len(c.want) {
			t.Errorf("%s: %q, %v, want %q", name, f.Will, err, c.want)
			continue
		}
		for i := range c.want {
			if !strings.Contains(f.Will[i], c.want[i]) {
				t.Errorf("%s: line %d is %q, want %q in it", name, i, f.Will[i], c.want[i])
			}
		}
	}
}

// TestStateTellsChanges: whatever a plan depends on is in its state: another run of the same unit, and a unit that goes with it.
func TestStateTellsChanges(t *testing.T) {
	s := state{name: "a.service", load: "loaded", active: "active", sub: "running", invocation: "ab"}
	before, err := s.facts(act.UnitRestart)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*state){
		"another run":      func(s *state) { s.invocation = "cd" },
		"reloading":        func(s *state) { s.active = "reloading" },
		"sub":              func(s *state) { s.sub = "exited" },
		"one goes with it": func(s *state) { s.follow = []string{"b.service"} },
	} {
		other := s
		change(&other)
		after, err := other.facts(act.UnitRestart)
		if err != nil || slices.Equal(before.State, after.State) {
			t.Errorf("%s: %q before and after, %v", name, after.State, err)
		}
	}
}

// TestInWords: a refusal of polkit's says what it is.
func TestInWords(t *testing.T) {
	for name, want := range map[string]string{
		"org.freedesktop.DBus.Error.AccessDenied": "polkit", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired": "polkit",
		"org.freedesktop.systemd1.NoSuchUnit": "no such unit",
	} {
		if got := inWords(dbus.Error{Name: name}); !strings.Contains(got.Error(), want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if other := errors.New("x"); inWords(other) != other {
		t.Error("another error is changed")
	}
}
