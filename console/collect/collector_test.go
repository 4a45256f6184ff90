package collect

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// TestF48ReloadStartsTheSamplerAnew when what it goes by has changed, and only then.
func TestF48ReloadStartsTheSamplerAnew(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	if _, err := c.Subscribe(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.StartSampler(ctx)
	for name, change := range map[string]func(*config.Config){
		"interval":   func(n *config.Config) { n.RefreshInterval += time.Second },
		"mounts":     func(n *config.Config) { n.Filesystems.Deny = append(slices.Clone(n.Filesystems.Deny), "/srv/*") },
		"kubeconfig": func(n *config.Config) { n.KubeconfigPath += "/k" },
		"profile":    func(n *config.Config) { n.Profile = config.Rescue },
	} {
		next := *c.Config()
		next.LogBufferSize++
		before := c.sampler.Load()
		if c.Reconfigure(ctx, next); c.sampler.Load() != before {
			t.Error("another log buffer starts it anew")
		}
		change(&next)
		if c.Reconfigure(ctx, next); c.sampler.Load() == before {
			t.Errorf("another %s does not", name)
		}
	}
}

// TestReloadPutsRulesInForce, with the next step of each subscriber's alerts.
func TestReloadPutsRulesInForce(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	s, err := c.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	f := frame.Snapshot{Settings: &frame.Settings{Banner: "line 3: unknown key", Refresh: time.Second}}
	next := *c.Config()
	rules := *next.Alerts.Rules
	rules[frame.ConfigBad].For = time.Hour
	next.Alerts.Rules = &rules
	for _, step := range []struct {
		config config.Config
		want   frame.AlertState
	}{{next, frame.Pending}, {config.Default(), frame.Firing}} {
		c.Reconfigure(t.Context(), step.config)
		if s.Fill(&f); len(f.Alerts) != 1 || f.Alerts[0].Kind != frame.ConfigBad || f.Alerts[0].State != step.want {
			t.Errorf("%+v, want it %s", f.Alerts, step.want)
		}
	}
}

// TestWhatIsRecordedGoesOn: what was wrong before a restart is as old as it was, unless nobody has looked for a long time.
func TestWhatIsRecordedGoesOn(t *testing.T) {
	for _, c := range []struct {
		gap  time.Duration
		goes bool
	}{{time.Minute, true}, {5 * time.Hour, false}} {
		collector := New(config.Default(), new(guard.Guard))
		s, err := collector.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		then := boottime.Now() - c.gap
		p := frame.Problem{Severity: journal.Err, Kind: frame.ConfigBad, Detail: "line 3: unknown key", Since: then - time.Hour}
		collector.recalled.Store(&history.Recalled{Newest: &frame.Snapshot{Boot: then, Problems: []frame.Problem{p},
			Alerts: []frame.Alert{{Problem: p, State: frame.Firing, Fired: then - time.Hour, Came: 3, Acked: true}}}})
		f := frame.Snapshot{Settings: &frame.Settings{Banner: p.Detail, Refresh: time.Second}}
		s.Fill(&f)
		if len(f.Problems) != 1 || len(f.Alerts) != 1 || (f.Problems[0].Since == p.Since) != c.goes || f.Alerts[0].Acked != c.goes {
			t.Errorf("%v later: %+v, %+v", c.gap, f.Problems, f.Alerts)
		}
	}
}

// TestTrendsThatWereRecordedGoOn: what the program that ran before has seen is known, however long nobody has looked since.
func TestTrendsThatWereRecordedGoOn(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	s := subscribe(t, c)
	now := boottime.Now()
	clock := func(synchronised bool) *sample.System {
		s := &sample.System{Clock: sample.Clock{Synchronised: synchronised}}
		s.Clock.Health.Good(now)
		return s
	}
	c.system.Store(clock(false))
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	for _, want := range []int{0, 1} {
		if s.Fill(&f); len(f.Problems) != want || want == 1 && f.Problems[0].Kind != frame.ClockAdrift {
			t.Errorf("%+v, want %d", f.Problems, want)
		}
		known := &history.Recalled{Newest: &frame.Snapshot{Boot: now - 5*time.Hour}}
		known.Tracker.Learn(&frame.Snapshot{Boot: now - 6*time.Hour, System: clock(true)})
		c.recalled.Store(known)
	}
}

// TestFollow: one pod or unit at a time has a tab, a pod's files are followed, unless an entry of logs does so; a reload ends it.
func TestFollow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := New(config.Default(), new(guard.Guard))
	c.followFiles(ctx, *c.Config())
	before := len(c.files)
	followed := func(pod string) bool {
		return slices.ContainsFunc(c.files, func(f *logFiles) bool { return slices.Contains(f.log.Files, "/var/log/pods/"+pod+"_*/*/*.log") })
	}
	for _, name := range []string{"web-1", "web-2"} {
		tabs, at := c.Follow(ctx, "default/"+name)
		if last := tabs[at]; last.Name != name || last.Pod != "default/"+name || len(tabs) != len(config.Tabs(*c.Config()))+1 {
			t.Errorf("tabs %+v", tabs)
		}
		if !followed("default_"+name) || len(c.files) != before+1 {
			t.Errorf("%s is not followed alone: %d entries", name, len(c.files))
		}
	}
	if c.Follow(ctx, "kubevirt/virt-handler-x"); len(c.files) != before {
		t.Errorf("a pod that an entry of logs follows makes %d entries of %d", len(c.files), before)
	}
	all := len(config.Tabs(*c.Config()))
	for unit, want := range map[string]struct{ tabs, at int }{"smartd.service": {all + 1, all}, "k3s-agent.service": {all, 1}, "data.mount": {all + 1, all}} {
		if tabs, at := c.Follow(ctx, unit); len(tabs) != want.tabs || at != want.at || !slices.Contains(tabs[at].Units, strings.TrimSuffix(unit, ".service")) || len(c.files) != before {
			t.Errorf("%s: tab %d of %+v, want %+v; %d entries", unit, at, tabs, want, len(c.files))
		}
	}
	c.Follow(ctx, "default/web-1")
	if c.Reconfigure(ctx, *c.Config()); len(c.files) != before {
		t.Errorf("after a reload there are %d entries of %d", len(c.files), before)
	}
}
