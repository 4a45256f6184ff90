package frame

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

const (
	// EventsKept is for how long a Timeline keeps what has happened.
	EventsKept = 10 * time.Minute
	maxEvents  = 256
	settling   = 15 * time.Second // after the start: what is found then was there before
	foldWithin = 30 * time.Second // the same again within that time is one event
	clockStep  = 2 * time.Second  // by which the wall clock is ahead of or behind what has passed
)

// Timeline finds out what has happened between two snapshots. It remembers of a snapshot what it compares, and the events of the
// last ten minutes. The zero value is ready; one goroutine uses it.
type Timeline struct {
	events  []Event
	fresh   []Event
	began   time.Duration // CLOCK_BOOTTIME of the first snapshot
	booted  time.Time     // wall clock at which CLOCK_BOOTTIME was 0,
	step    time.Duration // and by which it is another by the last snapshot alone
	units   []unitSeen
	links   []linkSeen
	vms     []vmSeen
	linksAt uint64   // Net.Changes that links fits
	current int      // NixOS generation; 0: not known
	acted   uint64   // Action.N of the newest that was looked at
	moved   []string // UIDs of the migrations that were over
	of      struct {
		units *sample.Units // that was compared last
		kube  *kube.State
		vms   bool // were known
	}
}

type unitSeen struct {
	name     string
	running  bool
	since    time.Time
	restarts int
	there    bool
}

type linkSeen struct {
	name    string
	carrier bool
	changes int
}

type vmSeen struct {
	namespace, name string
	pid             int
	there           bool
}

// Clone returns a Timeline that knows what t does and goes on by itself.
func (t *Timeline) Clone() Timeline {
	c := *t
	c.events, c.fresh = slices.Clone(t.events), nil
	c.units, c.links, c.vms, c.moved = slices.Clone(t.units), slices.Clone(t.links), slices.Clone(t.vms), slices.Clone(t.moved)
	return c
}

// Step takes in a snapshot, and the problems that were raised or cleared with it, and sets its Events. It returns those that are
// new, oldest first, valid until the next call.
func (t *Timeline) Step(f *Snapshot, problems []Change) []Event {
	t.fresh = t.fresh[:0]
	if t.booted.IsZero() {
		t.began = f.Boot
		if f.Boot < EventsKept {
			t.add(f, Event{Kind: HostBooted, At: f.Now.Add(-f.Boot), Severity: journal.Notice})
		}
	}
	t.findStep(f)
	if f.Boot-t.began >= settling {
		for i := range problems {
			t.findProblem(f, &problems[i])
		}
	}
	t.findUnits(f)
	t.findLinks(f)
	t.findVMs(f)
	t.findMigrations(f)
	t.findGeneration(f)
	t.findActions(f)
	t.forget(f)
	f.Events, f.Watched = append(f.Events[:0], t.events...), 0
	if f.Boot-t.began < EventsKept {
		f.Watched = t.began
	}
	return t.fresh
}

// findStep compares the wall clock with CLOCK_BOOTTIME. Go's monotonic reading is left out: it stands still while the host
// sleeps, and knows of no step. On a busy host a snapshot may be taken some time after its clock was read: two tell of a step.
func (t *Timeline) findStep(f *Snapshot) {
	booted := f.Now.Round(0).Add(-f.Boot)
	step := booted.Sub(t.booted)
	switch {
	case t.booted.IsZero() || step.Abs() <= clockStep:
		t.booted, t.step = booted, 0
	case (step - t.step).Abs() > clockStep:
		t.step = step
	default:
		e := Event{Kind: ClockStepped, Severity: journal.Notice, Detail: step.Abs().Round(time.Second).String() + " ahead"}
		if step < 0 {
			e.Detail = step.Abs().Round(time.Second).String() + " back"
		}
		t.add(f, e)
		t.booted, t.step = booted, 0
	}
}

// add records an event of now, unless it has a time of its own.
func (t *Timeline) add(f *Snapshot, e Event) {
	if e.At.IsZero() {
		e.At = f.Now
	}
	for i := len(t.events) - 1; i >= 0 && e.At.Sub(t.events[i].At) < foldWithin; i-- {
		if old := &t.events[i]; old.Kind == e.Kind && old.Subject == e.Subject && old.Of == e.Of {
			old.More++
			return
		} else if old.tells(&e) {
			return
		}
	}
	t.events, t.fresh = append(t.events, e), append(t.fresh, e)
}

// tells reports whether an event of a problem says what happened to a cable or a unit, too.
func (e *Event) tells(of *Event) bool {
	switch of.Kind {
	case LinkLost, UnitHasFailed, UnitStopped:
		if of.Kind == LinkLost && of.Detail != "" { // it is back
			return false
		}
		return e.Kind == ProblemBegan && strings.HasPrefix(e.Subject, of.Subject+" ")
	case LinkBack, UnitStarted:
		return e.Kind == ProblemEnded && strings.HasPrefix(e.Subject, of.Subject+" ")
	}
	return false
}

// forget lets go of what is too old, and of the oldest of too many.
func (t *Timeline) forget(f *Snapshot) {
	old := max(len(t.events)-maxEvents, 0)
	for old < len(t.events) && f.Now.Sub(t.events[old].At) > EventsKept {
		old++
	}
	t.events = slices.Delete(t.events, 0, old)
}

func (t *Timeline) findProblem(f *Snapshot, c *Change) {
	if !c.Cleared && c.Since < t.began { // it was there before, and its source has answered late
		return
	}
	if c.Kind == NodeDisagrees || c.Kind == PeerClock { // found when somebody looks, and gone when nobody does: it is not then that it happened
		return
	}
	e := Event{Kind: ProblemBegan, Severity: c.Severity, Subject: string(c.AppendShort(nil)), Of: c.Of, Where: c.Where}
	if c.Cleared {
		e.Kind, e.Severity = ProblemEnded, journal.Info
	}
	t.add(f, e)
}

// findUnits compares the units that carry the cluster, and those that systemd starts again.
func (t *Timeline) findUnits(f *Snapshot) {
	if f.Units == nil || f.Units == t.of.units || f.Units.Health.State != health.OK {
		return
	}
	first := t.of.units == nil
	t.of.units = f.Units
	for i := range t.units {
		t.units[i].there = false
	}
	for _, list := range [...][]sample.Unit{f.Units.Watched, f.Units.Restarting} {
		for i := range list {
			t.findUnit(f, &list[i], first)
		}
	}
	t.units = slices.DeleteFunc(t.units, func(u unitSeen) bool { return !u.there })
}

func (t *Timeline) findUnit(f *Snapshot, u *sample.Unit, first bool) {
	i := slices.IndexFunc(t.units, func(s unitSeen) bool { return s.name == u.Name })
	if i < 0 {
		t.units = append(t.units, unitSeen{name: u.Name})
		i, first = len(t.units)-1, true
	}
	old, e := t.units[i], Event{Severity: journal.Notice, Subject: u.Name, Detail: u.Why, Where: Logs}
	t.units[i] = unitSeen{u.Name, u.Running(), u.Since, u.Restarts, true}
	switch {
	case first:
		return
	case u.Restarts > old.restarts && old.restarts >= 0:
		e.Kind, e.Severity = UnitRestarted, journal.Warning
	case u.Running() && !old.running:
		e.Kind = UnitStarted
	case !u.Running() && old.running && u.Active == "failed":
		e.Kind, e.Severity = UnitHasFailed, journal.Err
	case !u.Running() && old.running:
		e.Kind = UnitStopped
	case u.Running() && old.running && !u.Since.Equal(old.since) && u.Active == "active":
		e.Kind = UnitRestarted
	default:
		return
	}
	t.add(f, e)
}

// findLinks compares the cables of this host's hardware.
func (t *Timeline) findLinks(f *Snapshot) {
	if f.Net == nil || f.Host == nil || f.Host.Health[sample.Links].State != health.OK || f.Net.Changes == t.linksAt {
		return
	}
	first := t.linksAt == 0
	t.linksAt = f.Net.Changes
	before := t.links
	t.links = nil
	for _, l := range f.Net.Interfaces {
		if !l.Physical {
			continue
		}
		now := linkSeen{l.Name, l.AdminUp && l.Carrier, l.CarrierChanges}
		t.links = append(t.links, now)
		i := slices.IndexFunc(before, func(s linkSeen) bool { return s.name == l.Name })
		if first || i < 0 {
			continue
		}
		e := Event{Kind: LinkLost, Severity: journal.Warning, Subject: l.Name, Where: Network}
		switch old := before[i]; {
		case !now.carrier && old.carrier:
		case now.carrier && !old.carrier:
			e.Kind, e.Severity = LinkBack, journal.Notice
		case now.carrier && old.changes >= 0 && now.changes > old.changes+1:
			e.Detail = "and back, " + strconv.Itoa((now.changes-old.changes)/2) + " times"
		default:
			continue
		}
		t.add(f, e)
	}
}

// findVMs compares the QEMU processes of this host.
func (t *Timeline) findVMs(f *Snapshot) {
	if f.VMs == nil || f.VMs.Health.State != health.OK {
		return
	}
	for i := range t.vms {
		t.vms[i].there = false
	}
	for i := range f.VMs.VMs {
		v := &f.VMs.VMs[i]
		at := slices.IndexFunc(t.vms, func(s vmSeen) bool { return s.pid == v.PID && s.name == v.Name && s.namespace == v.Namespace })
		if at >= 0 {
			t.vms[at].there = true
			continue
		}
		t.vms = append(t.vms, vmSeen{v.Namespace, v.Name, v.PID, true})
		if t.of.vms {
			t.add(f, t.vmEvent(VMStarted, v))
		}
	}
	for i := range t.vms {
		if v := &t.vms[i]; !v.there {
			t.add(f, t.vmEvent(VMStopped, &qemu.VM{Namespace: v.namespace, Name: v.name, PID: v.pid}))
		}
	}
	t.vms = slices.DeleteFunc(t.vms, func(v vmSeen) bool { return !v.there })
	t.of.vms = true
}

func (t *Timeline) vmEvent(kind EventKind, v *qemu.VM) Event {
	e := Event{Kind: kind, Severity: journal.Notice, Subject: v.Name, Of: v.Namespace, Where: Dashboard}
	if v.Name == "" {
		e.Subject = "pid " + strconv.Itoa(v.PID)
	}
	return e
}

// findMigrations tells of those that are over.
func (t *Timeline) findMigrations(f *Snapshot) {
	if f.Kube == nil || f.Kube == t.of.kube || f.Kube.Kinds[kube.KindMigration].State != health.OK {
		return
	}
	first := t.of.kube == nil
	t.of.kube = f.Kube
	seen := t.moved
	t.moved = nil
	for i := range f.Kube.Virt.Migrations {
		m := &f.Kube.Virt.Migrations[i]
		if !m.Done() {
			continue
		}
		id := m.Namespace + "/" + m.Name
		t.moved = append(t.moved, id)
		if first || slices.Contains(seen, id) || m.Phase != "Succeeded" { // a problem tells of one that failed
			continue
		}
		e := Event{Kind: VMMigrated, Severity: journal.Notice, Subject: m.VMI, Of: m.Namespace, Where: Dashboard}
		if m.Source != "" && m.Target != "" {
			e.Detail = "from " + m.Source + " to " + m.Target
		}
		t.add(f, e)
	}
}

// findActions tells of what the helper has done since the first snapshot: what it did before, another has told of, or the journal
// does.
func (t *Timeline) findActions(f *Snapshot) {
	for i := range f.Acted {
		a := &f.Acted[i]
		if a.N <= t.acted {
			continue
		}
		t.acted = a.N
		if age, known := f.Age(a.Time); !known || age > f.Boot-t.began {
			continue
		}
		what := a.Verb
		if rule, ok := act.RuleOf(act.Verb(a.Verb)); ok {
			what = rule.Word
		}
		e := Event{Kind: ActionDone, At: a.Time, Severity: a.Severity, Subject: what + " " + a.Object + " done", Detail: a.Text, Where: Logs}
		if !a.Done {
			e.Subject = what + " " + a.Object + " failed"
		}
		t.add(f, e)
	}
}

func (t *Timeline) findGeneration(f *Snapshot) {
	if f.System == nil || f.System.NixOS.Health.State != health.OK || f.System.NixOS.Current == 0 {
		return
	}
	now := f.System.NixOS.Current
	if t.current != 0 && t.current != now {
		t.add(f, Event{Kind: GenerationSwitched, Severity: journal.Notice, Subject: strconv.Itoa(now), Detail: "was " + strconv.Itoa(t.current)})
	}
	t.current = now
}
