package alert

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
)

// host is one with an Engine. Its time is what the test says.
type host struct {
	frame.Snapshot
	*Engine
	told []string // "12s began no-carrier eth0"
}

// newHost is one that has been up for an hour, with each source fresh.
func newHost() *host {
	h := &host{Engine: New()}
	h.Boot, h.Tick = time.Hour, 3600
	good := health.Health{State: health.OK, At: time.Hour}
	h.Host, h.Kube = &sample.Host{}, &kube.State{Health: good}
	for i := range h.Kube.Kinds {
		h.Kube.Kinds[i].State = health.OK
	}
	for k := range defaultRules {
		if name := defaultRules[k].Source; name != "" {
			h.Sources = append(h.Sources, frame.Source{Name: name, Health: good})
		}
	}
	return h
}

// source is every source of that name.
func (h *host) source(name string, state health.State) {
	for i := range h.Sources {
		if h.Sources[i].Name == name {
			h.Sources[i].Health.State = state
		}
	}
}

// run lets a time pass in steps of a second, with the same problems in each. Problems without Since begin with it.
func (h *host) run(length time.Duration, problems ...frame.Problem) {
	for i := range problems {
		if problems[i].Since == 0 {
			problems[i].Since = h.Boot + time.Second
		}
	}
	for range length / time.Second {
		h.Boot += time.Second
		h.Tick++
		h.step(problems)
	}
}

func (h *host) step(problems []frame.Problem) {
	h.Problems = problems
	for _, c := range h.Step(&h.Snapshot) {
		word := "began"
		if c.Over {
			word = "over"
		}
		h.told = append(h.told, fmt.Sprintf("%v %s %s %s", h.Boot-time.Hour, word, c.Kind, c.Subject))
	}
}

// states is what lives, in short.
func (h *host) states() string {
	var all []string
	for i := range h.Alerts {
		a := &h.Alerts[i]
		if a.State == frame.Over {
			continue
		}
		text := fmt.Sprintf("%s %s", a.State, a.Kind)
		for _, mark := range [...]struct {
			on   bool
			name string
		}{{a.Severity == journal.Crit && a.Kind == frame.MemoryShort, "critical"}, {a.Came > 1, fmt.Sprint("came ", a.Came)}, {a.Hidden, "hidden"}, {a.Unsure, "unsure"}, {a.Acked, "acknowledged"}} {
			if mark.on {
				text += " " + mark.name
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

var (
	cable     = frame.Problem{Severity: journal.Err, Kind: frame.NoCarrier, Subject: "eth0"}
	gateway   = frame.Problem{Severity: journal.Warning, Kind: frame.GatewaySilent, Subject: "10.0.0.1", Detail: "eth0"}
	service   = frame.Problem{Severity: journal.Crit, Kind: frame.ServiceDown, Subject: "k3s.service"}
	apiDown   = frame.Problem{Severity: journal.Crit, Kind: frame.APIDown}
	vm        = frame.Problem{Severity: journal.Err, Kind: frame.VMFailing, Subject: "a"}
	memory    = frame.Problem{Severity: journal.Warning, Kind: frame.MemoryShort}
	critical  = frame.Problem{Severity: journal.Crit, Kind: frame.MemoryShort}
	disagrees = frame.Problem{Severity: journal.Warning, Kind: frame.NodeDisagrees, Subject: "hv2", Elsewhere: true}
	readOnly  = frame.Problem{Severity: journal.Crit, Kind: frame.RemountedReadOnly, Subject: "/"}
)

// TestLivesOfAlerts: each script runs from the first hour of a boot, and is told what began and what was over.
func TestLivesOfAlerts(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		name  string
		run   func(h *host)
		told  string
		state string
	}{
		{"too short", func(h *host) { h.run(3*time.Second, cable); h.run(minute) }, "", ""},
		{"long enough", func(h *host) { h.run(10*time.Second, cable) }, "8s began no-carrier eth0", "firing no-carrier"},
		{"it goes", func(h *host) { h.run(10*time.Second, cable); h.run(minute) }, "8s began no-carrier eth0", "fading no-carrier"},
		{"it is over", func(h *host) { h.run(10*time.Second, cable); h.run(minute + time.Second) },
			"8s began no-carrier eth0, 1m11s over no-carrier eth0", ""},
		{"it fires by its own age, not by ours", func(h *host) {
			old := cable
			old.Since = 10 * minute
			h.run(time.Second, old)
		}, "", "firing no-carrier"},
		{"a cable that flaps is one alert", func(h *host) {
			for range 20 {
				h.run(10*time.Second, cable)
				h.run(20 * time.Second)
			}
			h.run(minute)
		}, "8s began no-carrier eth0, 10m41s over no-carrier eth0", ""},
		{"nobody looks at the other nodes any more", func(h *host) {
			h.Peers = &peer.State{Viewed: true}
			h.run(3*minute, disagrees)
			h.Peers = &peer.State{}
			h.run(time.Hour)
		}, "2m4s began node-disagrees hv2", "firing node-disagrees unsure"},
		{"and again, and they agree", func(h *host) {
			h.Peers = &peer.State{Viewed: true}
			h.run(3*minute, disagrees)
			h.Peers = &peer.State{}
			h.run(time.Hour)
			h.Peers = &peer.State{Viewed: true}
			h.run(2*minute + time.Second)
		}, "2m4s began node-disagrees hv2, 1h5m1s over node-disagrees hv2", ""},
		{"it counts how often it came", func(h *host) {
			for range 20 {
				h.run(10*time.Second, cable)
				h.run(20 * time.Second)
			}
		}, "8s began no-carrier eth0", "fading no-carrier came 20"},
		{"a latched one lasts", func(h *host) { h.run(10*time.Second, readOnly); h.run(time.Hour) },
			"4s began remounted-read-only /", "firing remounted-read-only"},
		{"until it is acknowledged", func(h *host) {
			h.run(10*time.Second, readOnly)
			h.run(time.Hour)
			h.Acknowledge()
			h.run(2 * minute)
		}, "4s began remounted-read-only /, 1h1m11s over remounted-read-only /", ""},
		{"a stale source says nothing", func(h *host) {
			h.run(10*time.Second, cable)
			h.source("links", health.Stale)
			h.run(time.Hour)
		}, "8s began no-carrier eth0", "firing no-carrier unsure"},
		{"nor does one that has not answered yet", func(h *host) {
			h.run(10*time.Second, cable)
			h.source("links", health.Init)
			h.run(time.Hour)
		}, "8s began no-carrier eth0", "firing no-carrier unsure"},
		{"it fades from when it is fresh again", func(h *host) {
			h.run(10*time.Second, cable)
			h.source("links", health.Stale)
			h.run(time.Hour)
			h.source("links", health.OK)
			h.run(minute)
		}, "8s began no-carrier eth0", "fading no-carrier"},
		{"nothing begins by what a stale source said", func(h *host) {
			h.run(2*time.Second, cable)
			h.source("links", health.Stale)
			h.run(time.Hour, cable)
		}, "", "pending no-carrier unsure"},
		{"a kind of objects that is not followed", func(h *host) {
			h.run(2*minute, vm)
			h.Kube.Kinds[kube.KindVM].State = health.Stale
			h.run(time.Hour)
		}, "1m4s began vm-failing a", "firing vm-failing unsure"},
		{"another one is of no concern", func(h *host) {
			h.run(2*minute, vm)
			h.Kube.Kinds[kube.KindPod].State = health.Stale
			h.run(time.Hour)
		}, "1m4s began vm-failing a, 4m1s over vm-failing a", ""},
		{"a cluster that was not looked at yet", func(h *host) {
			h.run(2*minute, vm)
			h.Kube = nil
			h.run(time.Hour)
		}, "1m4s began vm-failing a", "firing vm-failing unsure"},
		{"a source that is not listed while no sample comes", func(h *host) {
			h.run(minute, frame.Problem{Severity: journal.Warning, Kind: frame.SourceFailed, Subject: "sensors"})
			h.LateSince = h.Boot
			h.run(time.Hour)
		}, "34s began source-failed sensors", "firing source-failed unsure"},
		{"what fades waits while nobody knows", func(h *host) {
			h.run(10*time.Second, cable)
			h.run(50 * time.Second)
			h.source("links", health.Stale)
			h.run(time.Hour)
			h.source("links", health.OK)
			h.run(minute)
		}, "8s began no-carrier eth0", "fading no-carrier"},
		{"the cluster is gone on purpose", func(h *host) {
			h.run(2*minute, vm)
			h.Kube.Health.State = health.Absent
			h.run(time.Hour)
		}, "1m4s began vm-failing a, 4m1s over vm-failing a", ""},
		{"sleep makes nothing old", func(h *host) {
			h.run(2*time.Second, cable)
			h.Boot += 8 * time.Hour
			was := cable
			was.Since = h.Boot - 8*time.Hour
			h.run(4*time.Second, was)
		}, "", "pending no-carrier"},
		{"nor does it end anything", func(h *host) {
			h.run(10*time.Second, cable)
			h.run(10 * time.Second)
			h.Boot += 8 * time.Hour
			h.run(minute)
		}, "8s began no-carrier eth0", "fading no-carrier"},
		{"its cause comes first", func(h *host) {
			h.run(10*time.Second, cable)
			h.run(time.Hour, cable, gateway)
		}, "8s began no-carrier eth0", "firing no-carrier, firing gateway-unreachable hidden"},
		{"its cause comes within 3 seconds", func(h *host) {
			early := gateway
			early.Since = h.Boot + time.Second
			h.run(13*time.Second, early)
			h.run(time.Hour, early, cable)
		}, "21s began no-carrier eth0", "firing no-carrier, firing gateway-unreachable hidden"},
		{"what is left of it calls when its cause is over", func(h *host) {
			h.run(minute, cable, gateway)
			h.run(2*minute, gateway)
		}, "8s began no-carrier eth0, 2m1s over no-carrier eth0, 2m1s began gateway-unreachable 10.0.0.1", "firing gateway-unreachable"},
		{"what is hidden is not acknowledged", func(h *host) {
			h.run(minute, cable, gateway)
			h.Acknowledge()
			h.run(time.Second, cable, gateway)
		}, "8s began no-carrier eth0", "firing no-carrier acknowledged, firing gateway-unreachable hidden"},
		{"another cable is not its cause", func(h *host) {
			other := cable
			other.Subject = "eth1"
			h.run(minute, other, gateway)
		}, "8s began no-carrier eth1, 14s began gateway-unreachable 10.0.0.1", "firing no-carrier, firing gateway-unreachable"},
		{"the cable of its bridge is", func(h *host) {
			up := cable
			up.Subject, up.Hit.Bridge = "eth1", "eth0"
			h.run(minute, up, gateway)
		}, "8s began no-carrier eth1", "firing no-carrier, firing gateway-unreachable hidden"},
		{"a unit that the API's problem tells of is still down", func(h *host) {
			down := apiDown
			down.Subject = service.Subject
			h.run(time.Minute, service)
			h.run(time.Hour, down)
			h.run(5 * time.Minute)
		}, "4s began service-down k3s.service, 1h2m1s over service-down k3s.service", ""},
		{"the API at boot has its time", func(h *host) {
			h.Boot -= time.Hour
			h.run(2*minute, apiDown)
		}, "", "pending api-down"},
		{"and no more", func(h *host) {
			h.Boot -= time.Hour
			h.run(4*minute, apiDown)
		}, "-56m57s began api-down ", "firing api-down"},
		{"another node has more time", func(h *host) {
			here, other := frame.Problem{Severity: journal.Crit, Kind: frame.NodeFault, Subject: "here"},
				frame.Problem{Severity: journal.Err, Kind: frame.NodeFault, Subject: "other", Elsewhere: true}
			h.run(2*minute, here, other)
		}, "34s began node-fault here", "firing node-fault, pending node-fault"},
		{"a moment of worse is none", func(h *host) {
			for range 10 {
				h.run(2*minute, memory)
				h.run(30*time.Second, critical)
			}
		}, "1m4s began memory-short ", "firing memory-short"},
		{"worse calls again", func(h *host) {
			h.run(2*minute, memory)
			h.Acknowledge()
			h.run(5*minute, critical)
		}, "1m4s began memory-short , 3m4s began memory-short ", "firing memory-short critical"},
		{"as bad as it was does not", func(h *host) {
			h.run(2*minute, critical)
			h.Acknowledge()
			for range 10 {
				h.run(minute, memory)
				h.run(5*minute, critical)
			}
		}, "1m4s began memory-short ", "firing memory-short critical acknowledged"},
		{"worse after a long time of better does", func(h *host) {
			h.run(2*minute, critical)
			h.Acknowledge()
			h.run(10*minute, memory)
			h.run(5*minute, critical)
		}, "1m4s began memory-short , 13m4s began memory-short ", "firing memory-short critical"},
	} {
		h := newHost()
		c.run(h)
		if got := strings.Join(h.told, ", "); got != c.told {
			t.Errorf("%s: told\n%q, want\n%q", c.name, got, c.told)
		}
		if got := h.states(); got != c.state {
			t.Errorf("%s: %q, want %q", c.name, got, c.state)
		}
	}
}

// TestRestartTellsNothingTwice: another process that has the record of the first one goes on, whenever the record comes.
func TestRestartTellsNothingTwice(t *testing.T) {
	for _, c := range []struct {
		name string
		late time.Duration // the record comes so long after the start
	}{{"at once", 0}, {"late", 2 * time.Second}} {
		first, old := newHost(), cable
		old.Since = time.Hour
		first.run(time.Minute, old, readOnly)
		first.run(10*time.Second, readOnly)
		first.run(time.Minute, old, readOnly)
		first.Acknowledge()
		first.run(time.Second, old, readOnly)
		record := slices.Clone(first.Alerts)

		second := newHost()
		second.Boot, second.Tick = first.Boot+time.Minute, 0
		second.run(c.late, old)
		second.Restore(record)
		second.run(time.Hour, old)
		if want := "fading remounted-read-only"; strings.Contains(second.states(), want) {
			t.Errorf("%s: an acknowledged one that is gone is kept: %s", c.name, second.states())
		}
		if got := second.states(); got != "firing no-carrier came 2 acknowledged" || second.Alerts[0].Fired != time.Hour+4*time.Second {
			t.Errorf("%s: %s, fired at %v", c.name, got, second.Alerts[0].Fired)
		}
		second.run(2 * time.Minute)
		if len(second.told) != 2 || !strings.Contains(second.told[0], "over remounted") || !strings.Contains(second.told[1], "over no-carrier") {
			t.Errorf("%s: told %q", c.name, second.told)
		}
	}
}

// TestRings: a rule may keep an alert from ringing, and nothing of another host rings.
func TestRings(t *testing.T) {
	h := newHost()
	rules := DefaultRules()
	rules[frame.FilesystemFull].Bell = false
	h.Configure(&rules)
	for _, c := range []struct {
		p    frame.Problem
		want bool
	}{
		{cable, true},
		{frame.Problem{Kind: frame.NodeFault, Subject: "here"}, true},
		{frame.Problem{Kind: frame.NodeFault, Subject: "other", Elsewhere: true}, false},
		{frame.Problem{Kind: frame.CertificateExpires}, false},
		{frame.Problem{Kind: frame.FilesystemFull, Subject: "/"}, false},
	} {
		h.run(10*time.Second, c.p)
		if i := slices.IndexFunc(h.Alerts, func(a frame.Alert) bool { return a.Is(&c.p) }); i < 0 || h.Alerts[i].Rings != c.want {
			t.Errorf("%s %s: %+v, want it to ring: %v", c.p.Kind, c.p.Subject, h.Alerts, c.want)
		}
	}
}

// many is n problems, the worst first.
func many(n int, severity journal.Severity) (all []frame.Problem) {
	for i := range n {
		all = append(all, frame.Problem{Severity: severity, Kind: frame.UnitFailed, Subject: fmt.Sprintf("unit-%03d.service", i), Since: time.Minute})
	}
	return all
}

// TestTooManyAlertsAreCounted, and the worst are not among those that are only counted.
func TestTooManyAlertsAreCounted(t *testing.T) {
	h := newHost()
	h.run(10*time.Second, many(300, journal.Err)...)
	if len(h.Alerts) != 256 || h.MoreAlerts != 44 || len(h.told) != 256 {
		t.Fatalf("%d alerts and %d more, %d told", len(h.Alerts), h.MoreAlerts, len(h.told))
	}
	h.run(10*time.Second, append([]frame.Problem{readOnly}, many(300, journal.Err)...)...)
	if len(h.Alerts) != 256 || h.MoreAlerts != 45 || h.Alerts[0].Kind != frame.RemountedReadOnly || h.Alerts[0].State != frame.Firing || len(h.told) != 257 {
		t.Errorf("%d alerts and %d more, %d told, %+v first", len(h.Alerts), h.MoreAlerts, len(h.told), h.Alerts[0])
	}
	h.run(10 * time.Minute)
	h.Acknowledge()
	h.run(10 * time.Minute)
	if len(h.Alerts) != 50 || h.MoreAlerts != 0 || h.Alerts[0].Kind != frame.RemountedReadOnly || h.Alerts[0].State != frame.Over {
		t.Errorf("%d alerts and %d more, %+v first", len(h.Alerts), h.MoreAlerts, h.Alerts[0])
	}
}

// TestStepAllocatesNothing: not over a thousand random ones, once it has seen as much before.
func TestStepAllocatesNothing(t *testing.T) {
	all := slices.Concat(many(100, journal.Err), []frame.Problem{cable, gateway, service, apiDown, vm, memory, readOnly})
	random := rand.New(rand.NewPCG(1, 2))
	steps := make([][]frame.Problem, 1000)
	for i := range steps {
		for j := range all {
			if random.IntN(3) > 0 {
				steps[i] = append(steps[i], all[j])
			}
		}
	}
	h := newHost()
	lives := func() {
		for i := range steps {
			h.Boot += time.Duration(i%70) * time.Second
			h.Tick++
			h.Problems = steps[i]
			h.Step(&h.Snapshot)
			if i%50 == 0 {
				h.Acknowledge()
			}
		}
		h.Boot += time.Hour // all are over
		h.Problems = nil
		h.Step(&h.Snapshot)
	}
	lives()
	least := 1e9
	for range 3 {
		least = min(least, testing.AllocsPerRun(1, lives))
	}
	if least != 0 || len(h.over) != maxPast {
		t.Errorf("%v allocations, %d are over", least, len(h.over))
	}
}

// TestNothingBeginsTwiceWithinKeep: whatever a problem does, its alert is over for as long as Keep says before another begins.
func TestNothingBeginsTwiceWithinKeep(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	told := 0
	for range 100 {
		h := newHost()
		for range 100 {
			h.run(time.Duration(1+random.IntN(20))*time.Second, cable)
			gone := h.Boot + time.Second
			h.run(time.Duration(1+random.IntN(90)) * time.Second)
			for i, text := range h.told {
				if over := strings.Contains(text, "over"); over != ((told+i)%2 == 1) || over && h.Boot-gone < defaultRules[frame.NoCarrier].Keep {
					t.Fatalf("%q, %v after it went", h.told, h.Boot-gone)
				}
			}
			told += len(h.told)
			h.told = h.told[:0]
		}
		h.run(2 * time.Minute)
		told += len(h.told)
	}
	if told < 1000 {
		t.Errorf("only %d were told", told)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, n := range []int{3, 100, 300} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := newHost()
			h.run(10*time.Second, many(n, journal.Err)...)
			b.ReportAllocs()
			for b.Loop() {
				h.Boot += time.Second
				h.Tick++
				h.Step(&h.Snapshot)
			}
		})
	}
}
