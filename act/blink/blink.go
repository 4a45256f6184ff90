// Package blink lets the light of a network port blink, which takes CAP_NET_ADMIN: a unit of its own has that, and nothing else.
package blink

import (
	"fmt"
	"time"

	"github.com/safchain/ethtool"
)

// lasts is for how long it blinks.
const lasts = 15 * time.Second

// Port lets the light of an interface's port blink and returns when it has.
//
// Linux: ETHTOOL_PHYS_ID in linux/ethtool.h
func Port(name string) error {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer e.Close()
	d := lasts
	if err := e.Identity(name, &d); err != nil {
		return fmt.Errorf("the light of %s does not blink: %w", name, err)
	}
	return nil
}
