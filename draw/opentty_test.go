package draw

import (
	"os"
	"testing"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
)

// openTty returns a Tty on a new pty, and the pty's other end.
func openTty(t *testing.T, w, h int) (*tty.Terminal, *os.File) {
	t.Helper()
	master, slave := ttytest.OpenPty(t, w, h)
	device, err := tty.Open(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device, master
}
