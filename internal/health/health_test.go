package health_test

import (
	"testing"
	"time"

	"hypervisor-tui/internal/health"
)

func TestHealth(t *testing.T) {
	const second = time.Second
	var h health.Health
	for i, c := range []struct {
		do        func(now time.Duration)
		state     string
		since, at time.Duration
		err       string
		has       bool
	}{
		{func(time.Duration) {}, "init", 0, 0, "", false},
		{func(now time.Duration) { h.Bad(now, "no") }, "failed", 1 * second, 0, "no", false},
		{func(now time.Duration) { h.Bad(now, "never") }, "failed", 1 * second, 0, "never", false},
		{h.Good, "ok", 3 * second, 3 * second, "", true},
		{h.Good, "ok", 3 * second, 4 * second, "", true},
		{func(now time.Duration) { h.Bad(now, "hangs") }, "stale", 5 * second, 4 * second, "hangs", true},
		{func(now time.Duration) { h.Bad(now, "hangs") }, "stale", 5 * second, 4 * second, "hangs", true},
		{func(now time.Duration) { h.Fail(now, "crashed") }, "failed", 7 * second, 4 * second, "crashed", false},
		{h.Good, "ok", 8 * second, 8 * second, "", true},
		{func(now time.Duration) { h.Gone(now, "none") }, "absent", 9 * second, 8 * second, "none", false},
		{func(now time.Duration) { h.Gone(now, "none") }, "absent", 9 * second, 8 * second, "none", false},
	} {
		now := time.Duration(i) * second
		c.do(now)
		if h.State.String() != c.state || h.Since != c.since || h.At != c.at || h.Err != c.err || h.Has() != c.has {
			t.Errorf("step %d: %+v, want %+v", i, h, c)
		}
		age := now - c.at
		if c.at == 0 {
			age = 0
		}
		if h.Age(now) != age || h.Age(0) != 0 {
			t.Errorf("step %d: %v old, want %v", i, h.Age(now), age)
		}
	}
}

func TestStateNames(t *testing.T) {
	for state, want := range map[health.State]string{
		health.Init: "init", health.OK: "ok", health.Stale: "stale", health.Absent: "absent", health.Failed: "failed", 99: "unknown",
	} {
		if got := state.String(); got != want {
			t.Errorf("%d: %s, want %s", state, got, want)
		}
	}
}
