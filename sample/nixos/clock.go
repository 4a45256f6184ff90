package nixos

import (
	"fmt"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
)

// unsynchronised is the maximum error, in microseconds, at which the kernel takes a clock to follow nothing: it starts
// with that, and the error grows by 500 us a second until whoever keeps the clock sets it back.
const unsynchronised = 16_000_000

// clock asks the kernel. It does not look at STA_UNSYNC: chronyd without rtcsync, as NixOS sets it up, keeps that flag
// up so that the kernel leaves the hardware clock alone. timedatectl's rule is the same.
//
// Kernel: adjtimex(2)
func (w *Watcher) clock(c *sample.Clock) {
	began := w.now()
	var t unix.Timex // no modes: it is read, which needs no privilege
	state, err := w.adjust(&t)
	if err != nil {
		err = fmt.Errorf("adjtimex: %w", err)
	}
	now := w.now()
	if judge(&c.Health, err, now-began, now) {
		unit := 1e-6
		if t.Status&unix.STA_NANO != 0 {
			unit = 1e-9
		}
		c.Synchronised, c.Flagged = t.Maxerror < unsynchronised, state == unix.TIME_ERROR
		c.Offset, c.MaxError = float64(t.Offset)*unit, float64(t.Maxerror)*1e-6
	}
}
