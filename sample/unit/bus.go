package unit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	systemd          = "org.freedesktop.systemd1"
	managerPath      = dbus.ObjectPath("/org/freedesktop/systemd1")
	managerInterface = systemd + ".Manager"
	unitInterface    = systemd + ".Unit"
	serviceInterface = systemd + ".Service"
)

// status is one unit as ListUnitsFiltered and ListUnitsByNames return it: the fields are in the order of the message.
type status struct {
	Name, Description string
	Load, Active, Sub string
	Followed          string
	Path              dbus.ObjectPath
	Job               uint32
	JobType           string
	JobPath           dbus.ObjectPath
}

// bus is a connection to the system bus. It asks systemd and subscribes to nothing: each pod that starts would send
// a dozen signals.
type bus struct{ conn *conn }

// dial connects to the bus that listens on socket. It gives up when ctx ends.
func dial(ctx context.Context, socket string) (*bus, error) {
	conn, err := connect(ctx, socket)
	if err != nil {
		return nil, fmt.Errorf("system bus: %w", err)
	}
	return &bus{conn}, nil
}

func (b *bus) close() { b.conn.Close() }

// call sends one message to an object of systemd and stores the answer.
func (b *bus) call(ctx context.Context, path dbus.ObjectPath, method string, result any, args ...any) error {
	return b.conn.ask(ctx, systemd, path, method, result, args...)
}

// list asks for units by one of the manager's methods that take a list of strings.
func (b *bus) list(ctx context.Context, method string, words []string) ([]status, error) {
	var units []status
	err := b.call(ctx, managerPath, managerInterface+"."+method, &units, words)
	if err != nil {
		return nil, fmt.Errorf("ask systemd for %s: %w", method, err)
	}
	return units, nil
}

// get asks for one property of an object.
func (b *bus) get(ctx context.Context, path dbus.ObjectPath, in, property string, result any) error {
	err := b.call(ctx, path, "org.freedesktop.DBus.Properties.Get", result, in, property)
	if err != nil {
		return fmt.Errorf("ask systemd for %s: %w", property, err)
	}
	return nil
}

// refused reports whether systemd answered and had no such thing: a unit that has just been unloaded, an older systemd.
func refused(err error) bool {
	var e dbus.Error
	return errors.As(err, &e) &&
		(strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Unknown") || strings.HasPrefix(e.Name, systemd+"."))
}
