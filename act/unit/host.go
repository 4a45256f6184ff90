package unit

import (
	"context"
	"fmt"

	godbus "github.com/godbus/dbus/v5"
)

// Reboot has PID 1 reboot this host, whatever inhibits that: whoever calls it has asked Inhibitors.
func Reboot(ctx context.Context) error {
	c, err := connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.StartUnitContext(ctx, rebootTarget, "replace-irreversibly", nil); err != nil { // as systemctl reboot does
		return inWords(err)
	}
	return nil
}

// Inhibitor is somebody who does not want this host to do something.
//
// systemd: org.freedesktop.login1(5), ListInhibitors
type Inhibitor struct {
	What, Who, Why, Mode string
	UID, PID             uint32
}

// Inhibitors asks logind who inhibits what.
func Inhibitors(ctx context.Context) (list []Inhibitor, err error) {
	c, err := godbus.ConnectSystemBus(godbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("logind does not answer: %w", err)
	}
	defer c.Close()
	manager := c.Object("org.freedesktop.login1", "/org/freedesktop/login1")
	if err := manager.CallWithContext(ctx, "org.freedesktop.login1.Manager.ListInhibitors", 0).Store(&list); err != nil {
		return nil, fmt.Errorf("logind does not answer: %w", err)
	}
	return list, nil
}
