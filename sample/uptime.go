package sample

import (
	"time"

	"hypervisor-tui/sample/procfile"
)

// uptimeReader reads /proc/uptime.
type uptimeReader struct{ file procfile.File }

func (r *uptimeReader) read(_ time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	up, err := parseUptime(text)
	if err != nil {
		return r.file.Fail(err)
	}
	h.Uptime = up
	return nil
}

func (r *uptimeReader) close() { r.file.Close() }

// parseUptime returns the first of the two figures of /proc/uptime: seconds since boot, suspend included.
//
// Kernel: Documentation/filesystems/proc.rst, "Kernel info in /proc"
func parseUptime(text []byte) (time.Duration, error) {
	word, _ := procfile.CutWord(text)
	seconds, err := procfile.Decimal(word)
	if err != nil {
		return 0, err
	}
	const most = 9e9 // what a Duration holds: 285 years
	if seconds > most {
		return 0, procfile.ErrNumber
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
