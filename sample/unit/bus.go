package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
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

var errNotAnswering = errors.New("not answering")

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
type bus struct{ conn *dbus.Conn }

// dial connects to the bus that listens on socket. It gives up when ctx ends.
func dial(ctx context.Context, socket string) (*bus, error) {
	conn, err := dbus.Dial("unix:path=" + dbus.EscapeBusAddressValue(socket))
	if err != nil {
		return nil, fmt.Errorf("system bus: %w", err)
	}
	// Neither Auth nor Hello knows a context: that the connection closes ends them.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	// The number, not the name, of the user: looking the name up would need libc.
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))})
	if err == nil {
		err = conn.Hello()
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("system bus: %w", reason(ctx, err))
	}
	return &bus{conn}, nil
}

func (b *bus) close() { b.conn.Close() }

// call sends one message to an object of systemd and stores the answer. It never starts systemd by way of the bus.
func (b *bus) call(ctx context.Context, path dbus.ObjectPath, method string, result any, args ...any) error {
	err := b.conn.Object(systemd, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...).Store(result)
	if err != nil {
		return reason(ctx, err)
	}
	return nil
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

// reason says in words that ctx was over, whatever that broke.
func reason(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errNotAnswering
	}
	return err
}

// refused says that systemd answered and had no such thing: a unit that has just been unloaded, an older systemd.
func refused(err error) bool {
	var e dbus.Error
	return errors.As(err, &e) &&
		(strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Unknown") || strings.HasPrefix(e.Name, systemd+"."))
}
