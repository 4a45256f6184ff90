package unit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/order"
	"hypervisor-tui/sample"
)

const (
	mostListed   = 256             // units that a list holds
	mostDetailed = 32              // failed units, and restarting ones, whose details are asked
	restartFresh = 5 * time.Minute // how long a restart is shown
)

// watched are the services that run Kubernetes, whichever way it was installed.
func watched() []string {
	return []string{
		"k3s.service", "k3s-agent.service", "rke2-server.service", "rke2-agent.service",
		"kubelet.service", "containerd.service",
	}
}

// troubled are the states, active or sub, of units that are listed. Sub states that a systemd does not know match
// nothing.
func troubled() []string { return []string{"failed", "auto-restart", "auto-restart-queued"} }

// known is what the Watcher keeps between two beats besides what it publishes.
type known struct {
	trouble  []status           // the last answer of units in trouble, by name
	changed  []change           // for each watched unit, in the order of sample.Units
	restarts map[string]restart // of services that are watched or have been seen restarting
}

// change is when a unit changed last, by systemd's StateChangeTimestampMonotonic: microseconds, 0 for never.
type change struct {
	path dbus.ObjectPath
	at   uint64
}

// restart is how often systemd has restarted a service by itself, and when it was last seen to do so.
type restart struct {
	count int           // -1: unknown
	last  time.Duration // CLOCK_BOOTTIME, 0: never seen
	why   string        // of the last that said so
}

// look asks which units are in trouble and, of the watched ones in turn, when one changed last. It reports whether an answer
// is another than it was.
func (w *Watcher) look(ctx context.Context) (changed bool, err error) {
	trouble, err := w.trouble(ctx)
	if err != nil || !slices.EqualFunc(trouble, w.known.trouble, sameState) {
		return true, err
	}
	if len(w.known.changed) == 0 {
		return false, nil
	}
	c := w.known.changed[w.turn%len(w.known.changed)]
	w.turn++
	at, err := w.changedAt(ctx, c.path)
	return at != c.at, err
}

// survey asks for everything: three messages, two for each unit that is watched, five for each that is restarting, one for
// each that has failed, and three more when that is a service.
func (w *Watcher) survey(ctx context.Context) error {
	var state string
	if err := w.bus.get(ctx, managerPath, managerInterface, "SystemState", &state); err != nil {
		return err
	}
	trouble, err := w.trouble(ctx)
	if err != nil {
		return err
	}
	names := append(watched(), w.suspects(trouble)...)
	named, err := w.bus.list(ctx, "ListUnitsByNames", names)
	if err != nil {
		return err
	}
	s := survey{w: w, now: w.now(), restarts: map[string]restart{}}
	s.wall, s.monotonic = w.clock()
	s.units = sample.Units{State: clean.String(state), Health: w.units.Health}
	if err := s.services(ctx, named); err != nil {
		return err
	}
	if err := s.failed(ctx, trouble); err != nil {
		return err
	}
	w.units = s.units
	w.known = known{trouble: trouble, changed: s.changed, restarts: s.restarts}
	w.surveyed = s.now
	return nil
}

// trouble asks for the units that have failed or wait for a restart, by name.
func (w *Watcher) trouble(ctx context.Context) ([]status, error) {
	units, err := w.bus.list(ctx, "ListUnitsFiltered", troubled())
	order.By(units, func(a, b *status) int { return cmp.Compare(a.Name, b.Name) })
	return units, err
}

// suspects are the names, by name, of services that wait for a restart or had one lately and are not watched anyway.
func (w *Watcher) suspects(trouble []status) []string {
	var names []string
	for name, r := range w.known.restarts {
		if r.last != 0 && w.now()-r.last < restartFresh {
			names = append(names, name)
		}
	}
	for i := range trouble {
		if waits(&trouble[i]) {
			names = append(names, trouble[i].Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(watched(), name) })
	return names[:min(len(names), mostDetailed)]
}

// survey is a survey under way.
type survey struct {
	w         *Watcher
	now       time.Duration // CLOCK_BOOTTIME
	wall      time.Time
	monotonic time.Duration // CLOCK_MONOTONIC at wall
	units     sample.Units
	changed   []change
	restarts  map[string]restart
}

// services takes the watched and the restarting units.
func (s *survey) services(ctx context.Context, named []status) error {
	wanted := watched()
	for i := range named {
		st := &named[i]
		if st.Load == "not-found" {
			continue
		}
		u, at, err := s.details(ctx, st)
		if err != nil {
			return err
		}
		r := s.restarted(st, u.Restarts)
		if r.last != 0 && s.now-r.last < restartFresh {
			if u.Why, err = s.w.why(ctx, st); err != nil {
				return err
			}
			u.Why = cmp.Or(u.Why, r.why) // it runs just now
			r.why = u.Why
		}
		s.restarts[st.Name] = r
		if slices.Contains(wanted, st.Name) {
			s.units.Watched = append(s.units.Watched, u)
			s.changed = append(s.changed, change{st.Path, at})
		}
		if r.last != 0 && s.now-r.last < restartFresh && st.Active != "failed" {
			s.units.Restarting = append(s.units.Restarting, u)
		}
	}
	order.By(s.units.Restarting, func(a, b *sample.Unit) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// restarted compares a service with what was known of it. Somebody who starts a service sets its count back to 0,
// which is no restart.
func (s *survey) restarted(st *status, count int) restart {
	before, seen := s.w.known.restarts[st.Name]
	r := restart{count: count, last: before.last, why: before.why}
	if waits(st) || seen && before.count >= 0 && count > before.count {
		r.last = s.now
	}
	return r
}

// failed takes the units in trouble that have failed, and counts those for which there is no room.
func (s *survey) failed(ctx context.Context, trouble []status) error {
	waiting := 0
	for i := range trouble {
		st := &trouble[i]
		switch {
		case waits(st):
			waiting++
			continue
		case len(s.units.Failed) == mostListed:
			s.units.Left++
			continue
		}
		u := plain(st)
		if len(s.units.Failed) < mostDetailed {
			at, err := s.w.changedAt(ctx, st.Path)
			if err != nil {
				return err
			}
			u.Since = s.since(at)
			if u.Why, err = s.w.why(ctx, st); err != nil {
				return err
			}
		}
		s.units.Failed = append(s.units.Failed, u)
	}
	s.units.Left += max(0, waiting-mostDetailed)
	return nil
}

// details asks since when a service is in its state and how often it was restarted.
func (s *survey) details(ctx context.Context, st *status) (u sample.Unit, at uint64, err error) {
	u = plain(st)
	if at, err = s.w.changedAt(ctx, st.Path); err != nil {
		return u, 0, err
	}
	u.Since = s.since(at)
	var n uint32
	switch err = s.w.bus.get(ctx, st.Path, serviceInterface, "NRestarts", &n); {
	case err == nil:
		u.Restarts = int(n)
	case !refused(err):
		return u, 0, err
	}
	return u, at, nil
}

// since is a CLOCK_MONOTONIC time in microseconds as a time of the wall clock.
func (s *survey) since(at uint64) time.Time {
	ago := s.monotonic - time.Duration(at)*time.Microsecond
	if at == 0 || ago < 0 {
		return time.Time{}
	}
	return s.wall.Add(-ago)
}

// changedAt asks when a unit changed last. It is 0 for never, or when the unit is gone.
func (w *Watcher) changedAt(ctx context.Context, path dbus.ObjectPath) (at uint64, err error) {
	err = w.bus.get(ctx, path, unitInterface, "StateChangeTimestampMonotonic", &at)
	if refused(err) {
		return 0, nil
	}
	return at, err
}

// why asks how the last run of a service ended. It is empty when that was well, of what is no service, and when the unit is
// gone.
//
// systemd: org.freedesktop.systemd1(5), Service Unit Objects; ExecMainCode is si_code of waitid(2).
func (w *Watcher) why(ctx context.Context, st *status) (string, error) {
	const exited, killed, dumped = 1, 2, 3
	var result string
	var code, status int32
	if !strings.HasSuffix(st.Name, ".service") {
		return "", nil
	}
	for _, p := range [...]struct {
		name  string
		value any
	}{{"Result", &result}, {"ExecMainCode", &code}, {"ExecMainStatus", &status}} {
		if err := w.bus.get(ctx, st.Path, serviceInterface, p.name, p.value); refused(err) {
			return "", nil
		} else if err != nil {
			return "", err
		}
	}
	end := ""
	switch {
	case code == exited && status != 0:
		end = "exit code " + strconv.Itoa(int(status))
	case code == killed || code == dumped:
		end = "killed by " + cmp.Or(unix.SignalName(unix.Signal(status)), "signal "+strconv.Itoa(int(status)))
	}
	switch result {
	case "success":
		return "", nil
	case "exit-code", "signal", "core-dump":
		return cmp.Or(end, result), nil
	}
	if end != "" && result != "" {
		end = ", " + end
	}
	return clean.String(result) + end, nil
}

func plain(st *status) sample.Unit {
	return sample.Unit{
		Name: clean.String(st.Name), Active: clean.String(st.Active), Sub: clean.String(st.Sub), Restarts: -1,
	}
}

// waits reports whether a service waits to be restarted by systemd.
func waits(st *status) bool { return strings.HasPrefix(st.Sub, "auto-restart") }

func sameState(a, b status) bool { return a.Name == b.Name && a.Active == b.Active && a.Sub == b.Sub }

// clocks returns the wall clock and the clock by which systemd also notes its times.
func clocks() (wall time.Time, monotonic time.Duration) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("clock_gettime(CLOCK_MONOTONIC): " + err.Error()) // Linux cannot be without it
	}
	return time.Now(), time.Duration(ts.Nano())
}
