package draw

import (
	"os"
	"testing"
)

// openTty returns a Tty on a new pty, and the pty's other end.
func openTty(t *testing.T, w, h int) (*Tty, *os.File) {
	t.Helper()
	master, slave := openPty(t, w, h)
	device, err := OpenTty(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device, master
}
