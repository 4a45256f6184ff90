package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// busyHost has a k3s, a failed unit, and others of no interest.
func busyHost(t testing.TB) *host {
	h := newHost(t)
	h.set(func(h *host) {
		h.units["k3s.service"] = &fakeUnit{"loaded", "active", "running", 60_000_000, 2, ended{}}
		h.units["sshd.service"] = &fakeUnit{"loaded", "active", "running", 50_000_000, 0, ended{}}
		h.units["nfs.mount"] = &fakeUnit{"loaded", "failed", "failed", 120_000_000, 0, ended{}}
		h.units["kubelet.service"] = &fakeUnit{"not-found", "inactive", "dead", 0, 0, ended{}}
		h.state = "degraded"
	})
	return h
}

func TestFirstBeatKnowsAll(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	at := func(seconds time.Duration) time.Time { return c.wall.Add(seconds*time.Second - c.boot) }
	want := sample.Units{
		State:   "degraded",
		Failed:  []sample.Unit{{Name: "nfs.mount", Active: "failed", Sub: "failed", Since: at(120), Restarts: -1}},
		Watched: []sample.Unit{{Name: "k3s.service", Active: "active", Sub: "running", Since: at(60), Restarts: 2}},
		Health:  health.Health{State: health.OK, At: c.boot, Since: c.boot},
	}
	if !reflect.DeepEqual(w.units, want) {
		t.Errorf("got  %+v\nwant %+v", w.units, want)
	}
	if !w.units.Watched[0].Running() || w.units.Failed[0].Running() {
		t.Error("what runs does not, or the other way round")
	}
	if n := len(h.questions()); n != 3+2+1 {
		t.Errorf("%d messages", n)
	}
}

// TestWhyAServiceFailed: what systemd says of its last run; an exit code or a signal says more than that there was one.
func TestWhyAServiceFailed(t *testing.T) {
	const exited, killed, dumped = 1, 2, 3
	for _, c := range []struct {
		ended ended
		want  string
	}{
		{ended{"exit-code", exited, 203}, "exit code 203"}, {ended{"signal", killed, 9}, "killed by SIGKILL"}, {ended{"core-dump", dumped, 11}, "killed by SIGSEGV"},
		{ended{"signal", killed, 34}, "killed by signal 34"}, {ended{"timeout", killed, 15}, "timeout, killed by SIGTERM"}, {ended{"timeout", 0, 0}, "timeout"},
		{ended{"start-limit-hit", exited, 1}, "start-limit-hit, exit code 1"}, {ended{"oom-kill", killed, 9}, "oom-kill, killed by SIGKILL"},
		{ended{"protocol", exited, 0}, "protocol"}, {ended{"success", exited, 0}, ""}, {ended{}, ""}, {ended{"e\x1b[2Jvil", exited, 0}, "e\ufffdvil"},
	} {
		h := newHost(t)
		h.set(func(h *host) {
			h.units["a.service"] = &fakeUnit{"loaded", "failed", "failed", 1, 0, c.ended}
			h.units["b.service"] = &fakeUnit{"loaded", "activating", "auto-restart", 1, 7, c.ended}
		})
		w, _ := h.watcher()
		mustBeat(t, w)
		if w.units.Failed[0].Why != c.want || w.units.Restarting[0].Why != c.want {
			t.Errorf("%+v: %q and %q, want %q", c.ended, w.units.Failed[0].Why, w.units.Restarting[0].Why, c.want)
		}
	}
}

// TestAFailureIsSeenInTheNextBeat: however many units are watched, whose turn it is, and well within 10 seconds.
func TestAFailureIsSeenInTheNextBeat(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) {
		h.units["containerd.service"] = &fakeUnit{"loaded", "active", "running", 1_000_000, 0, ended{}}
		h.units["kubelet.service"] = &fakeUnit{"loaded", "active", "running", 1_000_000, 0, ended{}}
	})
	w, c := h.watcher()
	mustBeat(t, w)
	for i := range 5 {
		name := fmt.Sprintf("job-%d.service", i)
		h.set(func(h *host) {
			h.units[name] = &fakeUnit{"loaded", "failed", "failed", 3_600_000_000, 0, ended{}}
		})
		c.pass(beat)
		if mustBeat(t, w); !slices.ContainsFunc(w.units.Failed, func(u sample.Unit) bool { return u.Name == name }) {
			t.Errorf("%s is not seen: %+v", name, w.units.Failed)
		}
	}
}

func TestTwoMessagesABeatWhileNothingChanges(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	first := w.units
	h.questions()
	const beats = 20
	for range beats {
		c.pass(beat)
		mustBeat(t, w)
	}
	asked := h.questions()
	if len(asked) != 2*beats {
		t.Errorf("%d messages in %d beats: %q", len(asked), beats, asked)
	}
	if !strings.HasPrefix(asked[0], "list failed ") || asked[1] != "StateChangeTimestampMonotonic" || asked[2] != asked[0] {
		t.Errorf("asked %q", asked)
	}
	if h := w.units.Health; h.At != c.boot || h.Since != first.Health.Since {
		t.Errorf("health %+v", h)
	}
	for range int(full / beat) {
		c.pass(beat)
		mustBeat(t, w)
	}
	if n := len(h.questions()); n != 2*(int(full/beat)-1)+6 {
		t.Errorf("%d messages in five minutes, one survey among them", n)
	}
}

func TestWatchedUnitThatRestartedBetweenTwoBeats(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	before := w.units
	h.set(func(h *host) { k := h.units["k3s.service"]; k.changed, k.restarts = 3_601_000_000, 3 })
	c.pass(beat)
	mustBeat(t, w)
	got := w.units
	if len(got.Restarting) != 1 || got.Restarting[0].Name != "k3s.service" || got.Watched[0].Restarts != 3 {
		t.Errorf("got %+v", got)
	}
	if since := got.Watched[0].Since; !since.Equal(c.wall.Add(time.Second - beat)) {
		t.Errorf("since %v, now %v", since, c.wall)
	}
	if before.Watched[0].Restarts != 2 || len(before.Restarting) != 0 {
		t.Error("an earlier value changed")
	}
	// Not quiet for a while: every beat asks everything, and then it is forgotten.
	h.questions()
	c.pass(beat)
	mustBeat(t, w)
	if n := len(h.questions()); n != 6+1 { // whose last end it does not know
		t.Errorf("%d messages in the beat after a restart", n)
	}
	c.pass(restartFresh)
	mustBeat(t, w)
	if len(w.units.Restarting) != 0 {
		t.Errorf("five minutes later: %+v", w.units.Restarting)
	}
	h.questions()
	c.pass(beat)
	mustBeat(t, w)
	if n := len(h.questions()); n != 2 {
		t.Errorf("%d messages in a quiet beat", n)
	}
}

func TestCountSetBackIsNoRestart(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	h.set(func(h *host) { k := h.units["k3s.service"]; k.changed, k.restarts = 3_601_000_000, 0 })
	c.pass(full)
	mustBeat(t, w)
	if len(w.units.Restarting) != 0 || w.units.Watched[0].Restarts != 0 {
		t.Errorf("got %+v", w.units)
	}
}

// TestCountThatIsKnownOnlyNow: a service whose count nobody knew has not restarted when it is known.
func TestCountThatIsKnownOnlyNow(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) { h.hideUnit = "k3s.service" })
	w, c := h.watcher()
	mustBeat(t, w)
	if u := w.units.Watched[0]; u.Restarts != -1 {
		t.Fatalf("%+v", u)
	}
	h.set(func(h *host) { h.hideUnit = "" })
	c.pass(full)
	mustBeat(t, w)
	if u := w.units.Watched[0]; u.Restarts != 2 || len(w.units.Restarting) != 0 {
		t.Errorf("%+v, restarting %+v", u, w.units.Restarting)
	}
}

// TestCountThatDoesNotCome: what systemd does not answer is no count of a service that has none.
func TestCountThatDoesNotCome(t *testing.T) {
	h := newHost(t)
	hang := make(chan struct{})
	defer close(hang)
	h.set(func(h *host) {
		h.units["k3s.service"] = &fakeUnit{"loaded", "active", "running", 60_000_000, 2, ended{}}
		h.hang, h.hangOn = hang, "NRestarts"
	})
	w, _ := h.watcher()
	w.timeout = 100 * time.Millisecond
	if err := w.beat(t.Context()); !errors.Is(err, errNotAnswering) || w.units.Health.Has() {
		t.Errorf("%v, %+v", err, w.units)
	}
}

// TestUnitThatChangesInTheFuture: nobody knows since when, then.
func TestUnitThatChangesInTheFuture(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) { h.units["k3s.service"].changed = 7_200_000_000 })
	w, _ := h.watcher()
	mustBeat(t, w)
	if since := w.units.Watched[0].Since; !since.IsZero() {
		t.Errorf("since %v", since)
	}
}

// TestManyLoopingUnitsAreCounted: of the first ones the details are asked, the others are counted.
func TestManyLoopingUnitsAreCounted(t *testing.T) {
	h := newHost(t)
	h.set(func(h *host) {
		for i := range mostDetailed + 5 {
			h.units["x"+strings.Repeat("x", i)+".service"] = &fakeUnit{"loaded", "activating", "auto-restart", 1_000_000, 1, ended{}}
		}
	})
	w, _ := h.watcher()
	mustBeat(t, w)
	if len(w.units.Restarting) != mostDetailed || w.units.Left != 5 {
		t.Errorf("%d restarting, %d left", len(w.units.Restarting), w.units.Left)
	}
}

func TestLoopingUnitThatNobodyWatches(t *testing.T) {
	h := busyHost(t)
	loop := &fakeUnit{"loaded", "activating", "auto-restart", 3_000_000_000, 37, ended{}}
	h.set(func(h *host) { h.units["backup.service"] = loop })
	w, c := h.watcher()
	mustBeat(t, w)
	if r := w.units.Restarting; len(r) != 1 || r[0].Name != "backup.service" || r[0].Restarts != 37 || r[0].Sub != "auto-restart" {
		t.Fatalf("got %+v", r)
	}
	if len(w.units.Failed) != 1 {
		t.Errorf("failed: %+v", w.units.Failed)
	}
	h.set(func(*host) { loop.active, loop.sub = "active", "running" })
	c.pass(beat)
	mustBeat(t, w)
	if r := w.units.Restarting; len(r) != 1 || r[0].Sub != "running" {
		t.Errorf("while it is up again: %+v", r)
	}
	h.set(func(*host) { loop.restarts = 38 })
	c.pass(restartFresh - 2*beat)
	mustBeat(t, w)
	c.pass(restartFresh - beat)
	mustBeat(t, w)
	if r := w.units.Restarting; len(r) != 1 || r[0].Restarts != 38 {
		t.Errorf("restarted once more: %+v", r)
	}
	c.pass(beat)
	mustBeat(t, w)
	if len(w.units.Restarting) != 0 || len(w.known.restarts) != 1 {
		t.Errorf("kept for ever: %+v, %v", w.units.Restarting, w.known.restarts)
	}
}

func TestLoopThatSystemdGaveUpHasFailed(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) {
		h.units["k3s.service"] = &fakeUnit{"loaded", "activating", "auto-restart", 3_000_000_000, 4, ended{}}
	})
	w, c := h.watcher()
	mustBeat(t, w)
	h.set(func(h *host) {
		h.units["k3s.service"] = &fakeUnit{"loaded", "failed", "failed", 3_602_000_000, 5, ended{}}
	})
	c.pass(beat)
	mustBeat(t, w)
	if u := w.units; len(u.Restarting) != 0 || len(u.Failed) != 2 || u.Watched[0].Restarts != 5 || u.Watched[0].Active != "failed" {
		t.Errorf("got %+v", u)
	}
}

func TestUnitsComeAndGo(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	h.set(func(h *host) {
		delete(h.units, "nfs.mount")
		h.units["containerd.service"] = &fakeUnit{"loaded", "activating", "start", 3_600_000_000, 0, ended{}}
		h.units["kubelet.service"] = &fakeUnit{"loaded", "failed", "failed", 3_600_500_000, 5, ended{}}
		h.state = "degraded"
	})
	c.pass(beat)
	mustBeat(t, w)
	var names []string
	for _, u := range w.units.Watched {
		names = append(names, u.Name+" "+u.Active)
	}
	if got := strings.Join(names, ", "); got != "k3s.service active, kubelet.service failed, containerd.service activating" {
		t.Errorf("watched: %s", got)
	}
	if f := w.units.Failed; len(f) != 1 || f[0].Name != "kubelet.service" {
		t.Errorf("failed: %+v", f)
	}
	h.questions()
	h.set(func(h *host) { h.units["containerd.service"].active = "active" })
	c.pass(beat)
	mustBeat(t, w) // something was starting: a survey
	if w.units.Watched[2].Active != "active" || len(h.questions()) < 4 {
		t.Errorf("got %+v", w.units.Watched)
	}
}

// A unit can be unloaded between the list and the question, and an old systemd has no NRestarts.
func TestUnitWithoutProperties(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) { h.hideUnit = "k3s.service" })
	w, _ := h.watcher()
	mustBeat(t, w)
	if u := w.units.Watched[0]; !u.Since.IsZero() || u.Restarts != -1 || u.Active != "active" {
		t.Errorf("got %+v", u)
	}
}

func TestNamesAreCleaned(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) {
		h.units["evil\x1b[2J.service"] = &fakeUnit{"loaded", "failed", "failed", 1, 0, ended{}}
		h.units["fake.service"] = &fakeUnit{"loaded", "failed", "bad\u202e\n", 1, 0, ended{}}
	})
	w, _ := h.watcher()
	mustBeat(t, w)
	if len(w.units.Failed) != 3 {
		t.Errorf("%d failed", len(w.units.Failed))
	}
	for _, u := range w.units.Failed {
		if strings.ContainsAny(u.Name+u.Sub, "\x1b\u202e\n") {
			t.Errorf("got %q %q", u.Name, u.Sub)
		}
	}
}

// TestA7ErrorsOfTheBusAreMasked: whoever answers on the bus chooses the words.
func TestA7ErrorsOfTheBusAreMasked(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) { h.refuse = "exec k3s --token S3CR3T: refused\x1b[2J" })
	w, _ := h.watcher()
	if err := w.beat(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if got := w.units.Health.Err; !strings.Contains(got, "k3s --token ***: refused") || strings.Contains(got, "S3CR3T") {
		t.Errorf("got %q", got)
	}
}

func TestManyFailedUnitsAreCounted(t *testing.T) {
	h := busyHost(t)
	h.set(func(h *host) {
		for i := range mostListed + 10 {
			h.units["x"+strings.Repeat("x", i)+".mount"] = &fakeUnit{"loaded", "failed", "failed", 1_000_000, 0, ended{}}
		}
	})
	w, _ := h.watcher()
	mustBeat(t, w)
	if len(w.units.Failed) != mostListed || w.units.Left != 11 {
		t.Errorf("%d failed, %d left", len(w.units.Failed), w.units.Left)
	}
	if n := len(h.questions()); n != 3+2+mostDetailed {
		t.Errorf("%d messages", n)
	}
}

func TestHungSystemdIsStaleAndLeaksNothing(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	good := w.units
	hang := make(chan struct{})
	h.set(func(h *host) { h.hang = hang })
	w.timeout = 20 * time.Millisecond
	most := 0
	for i := range 10 {
		c.pass(beat)
		err := w.beat(context.Background())
		if !errors.Is(err, errNotAnswering) {
			t.Fatalf("try %d: %v", i, err)
		}
		if n := ours(); n > most {
			most = n
		}
	}
	if most != 0 {
		t.Errorf("%d goroutines of the connections are left", most)
	}
	got := w.units
	if got.Health.State != health.Stale || got.Health.At != good.Health.At || !strings.HasSuffix(got.Health.Err, "not answering") {
		t.Errorf("health %+v", got.Health)
	}
	if !reflect.DeepEqual(got.Watched, good.Watched) || !reflect.DeepEqual(got.Failed, good.Failed) {
		t.Errorf("the last good value is gone: %+v", got)
	}
	h.set(func(h *host) { h.hang = nil })
	close(hang)
	w.timeout = await.Limit
	mustBeat(t, w)
	if w.units.Health.State != health.OK {
		t.Errorf("answers again: %+v", w.units.Health)
	}
}

// ours counts the goroutines of the watcher's connections: it has none.
func ours() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "unit.(*conn)")
}

func TestBusThatGoesAway(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	h.stopBus()
	c.pass(beat)
	if err := w.beat(context.Background()); err == nil || w.units.Health.State != health.Stale || len(w.units.Watched) != 1 {
		t.Errorf("%v: %+v", err, w.units)
	}
	c.pass(beat)
	if err := w.beat(context.Background()); err == nil || w.units.Health.State != health.Stale {
		t.Errorf("refused: %v: %+v", err, w.units)
	}
	os.Remove(h.socket())
	h.startBus()
	h.startSystemd()
	c.pass(beat)
	mustBeat(t, w)
	if w.units.Health.State != health.OK {
		t.Errorf("back: %+v", w.units.Health)
	}
}

func TestSystemdLeavesTheBus(t *testing.T) {
	h := busyHost(t)
	w, _ := h.watcher()
	mustBeat(t, w)
	h.conn.Close()
	if err := w.beat(context.Background()); err == nil || w.units.Health.State != health.Stale {
		t.Errorf("%v: %+v", err, w.units.Health)
	}
}
