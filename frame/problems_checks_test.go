package frame

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/plugin"
)

// check is a plugin that ran last at that time, each minute.
func check(name string, status plugin.Status, text string, at time.Duration) plugin.Result {
	return plugin.Result{Name: name, Status: status, Text: text, At: at, Interval: time.Minute, Timeout: 10 * time.Second}
}

// checked is a well frame with those results, which were read just now.
func checked(results ...plugin.Result) *tracked {
	f := ticking()
	f.Checks = &plugin.State{Directory: "/run/x", Results: results, Health: health.Health{State: health.OK, At: f.Boot, Since: time.Minute}}
	f.Derive()
	return f
}

// reread makes the results those of a reading of now, as the reader publishes them.
func (f *tracked) reread(change func(s *plugin.State)) []Change {
	s := *f.Checks
	s.Health.Good(f.Boot)
	s.Results = append([]plugin.Result(nil), s.Results...)
	change(&s)
	f.Checks = &s
	return f.Derive()
}

func unchanged(*plugin.State) {}

// bad is what is said of plugins, whatever else is wrong.
func (f *tracked) bad() string {
	var all []Problem
	for _, p := range f.Problems {
		if p.Kind == CheckFailed {
			all = append(all, p)
		}
	}
	return words(all)
}

// TestChecksThatFail are problems, by their last word; one that has not run yet, and one that is well, are none.
func TestChecksThatFail(t *testing.T) {
	long := strings.Repeat("é", 98) + "; 🚪b"
	pending := check("pending", plugin.Unknown, "", 0)
	pending.Begun = now
	f := checked(check("ok", plugin.OK, "fine", now), check("load", plugin.Warning, "load is high", now), check("raid", plugin.Critical, "md0 degraded", now),
		check("nrpe", plugin.Unknown, "exit code 127: not found", now), check("refused", plugin.Unknown, "/run/x/refused/result: is a link", 0), pending,
		check("mute", plugin.Critical, "", now), check("long", plugin.Warning, long, now))
	want := "crit check raid: md0 degraded [checks]; crit check mute: critical [checks]; warning check load: load is high [checks]; " +
		"warning check nrpe: exit code 127: not found [checks]; warning check refused: /run/x/refused/result: is a link [checks]; " +
		"warning check long: " + strings.Repeat("é", 98) + "… [checks]; "
	if got := f.bad(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i := range f.Problems {
		p := &f.Problems[i]
		if whole := p.Subject == "long"; p.Elsewhere || p.Where != Checks || (p.Reason == long) != whole || (p.Reason == "") == whole {
			t.Errorf("%+v", p)
		}
	}
	f.reread(func(s *plugin.State) { s.Results = s.Results[:1] })
	if f.bad() != "" || f.row("plugins").State != health.OK {
		t.Errorf("without them: %s, %v", f.bad(), f.row("plugins"))
	}
	f.Checks = nil
	if f.Derive(); f.row("plugins").State != health.Init {
		t.Error("a source without plugins")
	}
}

// TestChecksThatAreSilent: after three intervals and the time of a run it is told, since then; what was critical stays so, with its last
// word and its age, and what was a warning is one.
func TestChecksThatAreSilent(t *testing.T) {
	never := check("never", plugin.Unknown, "", 0)
	never.Begun = now
	f := checked(check("ok", plugin.OK, "fine", now), check("load", plugin.Warning, "high", now), check("raid", plugin.Critical, "md0 degraded", now), never)
	limit := now + 3*time.Minute + 10*time.Second
	for f.Boot < limit {
		f.pass(2)
		f.reread(unchanged)
	}
	if got, want := f.bad(), "crit check raid: md0 degraded [checks]; warning check load: high [checks]; "; got != want {
		t.Errorf("at the limit:\n%s, want\n%s", got, want)
	}
	f.pass(1)
	f.reread(unchanged)
	want := "crit check raid silent, was: md0 degraded [checks]; warning check ok silent, was: fine [checks]; warning check load silent, was: high [checks]; warning check never silent [checks]; "
	if got := f.bad(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for name, since := range map[string]time.Duration{"raid": now, "load": now, "ok": limit, "never": limit} {
		if p := f.told("check " + name); p == nil || p.Since != since {
			t.Errorf("%s: %+v, want it since %v", name, p, since)
		}
	}
	f.Tracker = Tracker{} // of a program that has been started just now
	f.Derive()
	if p := f.told("check ok silent"); p == nil || p.Since != limit {
		t.Errorf("after a restart: %+v", p)
	}
	f.reread(func(s *plugin.State) {
		s.Results[0].At, s.Results[3] = f.Boot, check("never", plugin.OK, "at last", f.Boot)
	})
	if f.told("check ok") != nil || f.told("check never") != nil {
		t.Error(f.bad())
	}
}

// TestChecksWhileNobodyReads: while the results are not read nothing is said of how they are now, neither that a plugin is silent nor
// that what was wrong is over; the source says that it does not answer. The same holds for the moment after a suspend.
func TestChecksWhileNobodyReads(t *testing.T) {
	f := checked(check("ok", plugin.OK, "fine", now), check("raid", plugin.Critical, "md0 degraded", now))
	of := f.Checks
	f.Boot += 8 * time.Hour // it was suspended, and the first tick comes before the first reading
	f.pass(1)
	if got, want := f.bad(), "crit check raid: md0 degraded [checks]; "; got != want {
		t.Errorf("after a suspend: %s", got)
	}
	f.pass(int(lateChecks/time.Second) + 1)
	h := f.row("plugins")
	if h.State != health.Stale || h.Err != notAnswering || f.told("check raid: md0 degraded") == nil || f.told("check ok") != nil || f.told("plugins: not answering") == nil {
		t.Errorf("%+v: %s", h, f.bad())
	}
	if of.Health.State != health.OK || f.Checks.Health.State != health.Stale {
		t.Error("others have what was published")
	}
	f = ticking()
	f.Checks = new(plugin.State)
	f.pass(10)
	if h := f.row("plugins"); h.State != health.Init {
		t.Errorf("before the first reading: %+v", h)
	}
	f.pass(int(lateChecks / time.Second))
	if h := f.row("plugins"); h.State != health.Failed || h.Err != notAnswering {
		t.Errorf("of a first reading that hangs: %+v", h)
	}
}

// TestChecksRemembered: a check that was bad before this program was started has been so since then.
func TestChecksRemembered(t *testing.T) {
	f := checked()
	f.Remember([]Problem{{Kind: CheckFailed, Subject: "raid", Severity: journal.Crit, Since: 5 * time.Minute}})
	f.reread(func(s *plugin.State) {
		s.Results = []plugin.Result{check("raid", plugin.Critical, "md0 degraded", now)}
	})
	if p := f.told("check raid"); p == nil || p.Since != 5*time.Minute {
		t.Errorf("%+v", p)
	}
}

// TestChecksOfBefore: what a plugin said before this program was started has been so since then at least, and is no event of now.
func TestChecksOfBefore(t *testing.T) {
	var line Timeline
	f := checked()
	for range 40 {
		f.pass(1)
		f.reread(unchanged)
		line.Step(&f.Snapshot, nil)
	}
	f.Now = f.Now.Add(40 * time.Second)
	changes := f.reread(func(s *plugin.State) {
		s.Results = []plugin.Result{check("raid", plugin.Critical, "md0 degraded", now-20*time.Second), check("load", plugin.Warning, "high", f.Boot-time.Second)}
	})
	if raid, load := f.told("check raid"), f.told("check load"); raid == nil || raid.Since != now-20*time.Second || load == nil || load.Since != f.Boot-time.Second {
		t.Error(f.bad())
	}
	if events := line.Step(&f.Snapshot, changes); len(events) != 1 || string(events[0].AppendWhat(nil)) != "check load: high" {
		t.Errorf("%+v", events)
	}
	f.Boot += time.Minute
	f.reread(func(s *plugin.State) { s.Results[0].At, s.Results[1].At = f.Boot-time.Second, f.Boot-time.Second })
	if raid := f.told("check raid"); raid.Since != now-20*time.Second {
		t.Errorf("with the next run it begins anew: %+v", raid)
	}
}

// TestChecksAllocateNothing, whatever they say.
func TestChecksAllocateNothing(t *testing.T) {
	var results []plugin.Result
	for range plugin.MaxPlugins {
		results = append(results, check("long", plugin.Critical, strings.Repeat("é", 500), 0), check("ok", plugin.OK, "fine", now))
	}
	f := checked(results...)
	var found []Problem
	if n := testing.AllocsPerRun(20, func() { found = findChecks(found[:0], &f.Snapshot) }); n != 0 || len(found) != plugin.MaxPlugins {
		t.Errorf("%v allocations, %d problems", n, len(found))
	}
}
