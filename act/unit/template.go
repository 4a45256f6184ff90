package unit

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/dbus"
	systemd "github.com/coreos/go-systemd/v22/unit"

	"hypervisor-tui/act"
)

// Undo is the timer of PID 1 that uncordons a node, whether we live or not. It implements helper.Undo.
//
// A transient unit would do without a template, but systemd 252 tells polkit no name of one, and later ones not what it runs.
type Undo struct{}

// Arm starts the timer, from the beginning where it runs already.
func (Undo) Arm(ctx context.Context, node string) error {
	return job(ctx, fmt.Sprintf(undoTimer, systemd.UnitNameEscape(node)), func(c *dbus.Conn) starter { return c.RestartUnitContext })
}

// Disarm stops it. Where there is no such timer none runs.
func (Undo) Disarm(ctx context.Context, node string) error {
	err := job(ctx, fmt.Sprintf(undoTimer, systemd.UnitNameEscape(node)), func(c *dbus.Conn) starter { return c.StopUnitContext })
	if errors.Is(err, errNoUnit) {
		return nil
	}
	return err
}

// Links lets the light of a port blink.
type Links struct{}

// Look implements act.Doer.
func (Links) Look(_ context.Context, a act.Ask) (act.Facts, error) {
	link, err := net.InterfaceByName(a.Object)
	if err != nil {
		return act.Facts{}, errors.New("there is no such interface")
	}
	return act.Facts{
		Will:  []string{fmt.Sprintf("the light of the port of %s, %v, blinks for 15 seconds", link.Name, link.HardwareAddr)},
		State: []string{link.HardwareAddr.String()},
	}, nil
}

// Do implements act.Doer.
func (Links) Do(ctx context.Context, a act.Ask, _ act.Facts, _ func(act.Progress)) (string, error) {
	name := fmt.Sprintf(blinkService, systemd.UnitNameEscape(a.Object))
	if err := job(ctx, name, func(c *dbus.Conn) starter { return c.StartUnitContext }); err != nil {
		return "", err
	}
	return "the light of " + a.Object + " has blinked", nil
}
