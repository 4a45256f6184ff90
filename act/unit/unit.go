// Package unit starts, stops and restarts units of systemd, as far as polkit lets this process's user: what the helper does to
// units, to a link's light, and to the host.
package unit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"

	"hypervisor-tui/act"
)

// Templates of units that the NixOS module declares: what PID 1 does for us by their names, which polkit sees.
const (
	undoTimer    = "hypervisor-tui-undo@%s.timer"
	blinkService = "hypervisor-tui-blink@%s.service"
	rebootTarget = "reboot.target"
)

// connect is a new connection to the system's bus. A verb takes one: the helper lives for minutes.
func connect(ctx context.Context) (*dbus.Conn, error) {
	c, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("systemd does not answer: %w", err)
	}
	return c, nil
}

// Units does the verbs of units.
type Units struct{}

// Look implements act.Doer.
func (Units) Look(ctx context.Context, a act.Ask) (act.Facts, error) {
	c, err := connect(ctx)
	if err != nil {
		return act.Facts{}, err
	}
	defer c.Close()
	u, err := read(ctx, c, a.Object)
	if err != nil {
		return act.Facts{}, err
	}
	return u.facts(a.Verb)
}

// Do implements act.Doer.
func (Units) Do(ctx context.Context, a act.Ask, _ act.Facts, _ func(act.Progress)) (string, error) {
	words := map[act.Verb]struct {
		start func(*dbus.Conn) starter
		done  string
	}{
		act.UnitStart:   {func(c *dbus.Conn) starter { return c.StartUnitContext }, "is started"},
		act.UnitStop:    {func(c *dbus.Conn) starter { return c.StopUnitContext }, "is stopped"},
		act.UnitRestart: {func(c *dbus.Conn) starter { return c.RestartUnitContext }, "is restarted"},
	}
	w, ok := words[a.Verb]
	if !ok {
		return "", errors.New("that cannot be done to a unit")
	}
	if err := job(ctx, a.Object, w.start); err != nil {
		return "", err
	}
	return a.Object + " " + w.done, nil
}

// starter is a method of systemd's manager that makes a job for a unit and sends how it ended.
type starter func(ctx context.Context, name, mode string, ended chan<- string) (int, error)

// job has systemd do something to a unit and waits for its end.
func job(ctx context.Context, name string, method func(*dbus.Conn) starter) error {
	c, err := connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	ended := make(chan string, 1)
	if _, err := method(c)(ctx, name, "replace", ended); err != nil {
		return inWords(err)
	}
	select {
	case how := <-ended:
		if how != "done" {
			return fmt.Errorf("systemd's job for %s ended: %s", name, how)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("systemd goes on with %s: its job has not ended in time", name)
	}
}

var errNoUnit = errors.New("there is no such unit")

// inWords says what an error of systemd's means for who stands in front of the screen.
func inWords(err error) error {
	var e godbus.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Name {
	case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
		return errors.New("polkit does not allow it to the helper: its rule has not this unit or this verb")
	case "org.freedesktop.systemd1.NoSuchUnit":
		return errNoUnit
	}
	return err
}

// state is what systemd says of a unit.
type state struct {
	name, description, load, active, sub string
	invocation                           string // hexadecimal
	since                                time.Time
	process                              uint32
	refusesStart, refusesStop            bool
	follow                               []string // units that are stopped with it, and restarted with it
	triggers                             []string // units that are active and would start it again
}

// read asks systemd for a unit.
func read(ctx context.Context, c *dbus.Conn, name string) (*state, error) {
	all, err := c.GetUnitPropertiesContext(ctx, name)
	if err != nil {
		return nil, inWords(err)
	}
	text := func(key string) string { s, _ := all[key].(string); return s }
	truth := func(key string) bool { b, _ := all[key].(bool); return b }
	list := func(key string) []string { l, _ := all[key].([]string); return l }
	u := &state{name: name, description: text("Description"), load: text("LoadState"), active: text("ActiveState"), sub: text("SubState"),
		refusesStart: truth("RefuseManualStart"), refusesStop: truth("RefuseManualStop")}
	if id, ok := all["InvocationID"].([]byte); ok {
		u.invocation = hex.EncodeToString(id)
	}
	if at, ok := all["ActiveEnterTimestamp"].(uint64); ok && at > 0 {
		u.since = time.UnixMicro(int64(at))
	}
	if pid, err := c.GetServicePropertyContext(ctx, name, "MainPID"); err == nil && strings.HasSuffix(name, ".service") {
		u.process, _ = pid.Value.Value().(uint32)
	}
	for _, other := range slices.Concat(list("RequiredBy"), list("BoundBy"), list("ConsistsOf")) {
		if active(ctx, c, other) {
			u.follow = append(u.follow, other)
		}
	}
	for _, other := range list("TriggeredBy") {
		if active(ctx, c, other) {
			u.triggers = append(u.triggers, other)
		}
	}
	slices.Sort(u.follow)
	u.follow = slices.Compact(u.follow)
	return u, nil
}

func active(ctx context.Context, c *dbus.Conn, name string) bool {
	p, err := c.GetUnitPropertyContext(ctx, name, "ActiveState")
	return err == nil && p.Value.Value() == "active"
}

// facts says what a verb would do to the unit.
func (u *state) facts(v act.Verb) (act.Facts, error) {
	runs := u.active == "active" || u.active == "reloading" || u.active == "activating"
	switch {
	case u.load == "not-found":
		return act.Facts{}, errNoUnit
	case u.load != "loaded":
		return act.Facts{}, fmt.Errorf("%s is %s", u.name, u.load)
	case v == act.UnitStart && runs:
		return act.Facts{}, fmt.Errorf("%s is %s already", u.name, u.active)
	case v == act.UnitStop && !runs:
		return act.Facts{}, fmt.Errorf("%s is %s already", u.name, u.active)
	case v != act.UnitStop && u.refusesStart || v != act.UnitStart && u.refusesStop:
		return act.Facts{}, fmt.Errorf("%s refuses to be started or stopped by hand", u.name)
	}
	f := act.Facts{State: []string{u.load, u.active, u.sub, u.invocation, strings.Join(u.follow, " ")}}
	f.Will = append(f.Will, fmt.Sprintf("%s, %s, is %s (%s)%s", u.name, u.description, u.active, u.sub, u.sinceWhen()))
	switch {
	case v == act.UnitStart:
		f.Will = append(f.Will, "it is started, with what it requires")
		return f, nil
	case runs && u.process > 0:
		f.Will = append(f.Will, fmt.Sprintf("process %d and all that the unit has started end", u.process))
	case runs:
		f.Will = append(f.Will, "all that the unit has started ends")
	}
	if v == act.UnitRestart {
		f.Will = append(f.Will, "then it is started anew")
	}
	for _, other := range u.follow {
		if v == act.UnitRestart {
			f.Will = append(f.Will, other+" is restarted with it")
		} else {
			f.Will = append(f.Will, other+" is stopped with it")
		}
	}
	if v == act.UnitStop {
		for _, other := range u.triggers {
			f.Will = append(f.Will, other+" stays active, and may start it again")
		}
	}
	return f, nil
}

func (u *state) sinceWhen() string {
	if u.since.IsZero() || u.active != "active" {
		return ""
	}
	return " since " + u.since.Format("2 Jan 15:04:05")
}
