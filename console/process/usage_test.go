package process

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
)

// TestUsage: what is measured lies between what the kernel says before and after it.
func TestUsage(t *testing.T) {
	spent := func() (user, system float64) {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return float64(unix.TimevalToNsec(u.Utime)) / 1e9, float64(unix.TimevalToNsec(u.Stime)) / 1e9
	}
	user, system := spent()
	for user == 0 || system == 0 {
		_, _ = os.ReadDir("/") // takes time of the kernel's, whatever it returns
		user, system = spent()
	}
	var u Usage
	u.Measure()
	var s frame.Self
	u.Fill(&s)
	if after, kernel := spent(); s.CPU < user+system || s.CPU > after+kernel || s.Goroutines == 0 {
		t.Errorf("%v seconds, by the kernel %v to %v; %d goroutines", s.CPU, user+system, after+kernel, s.Goroutines)
	}
	self, err := procfs.Self()
	if err != nil {
		t.Skip("no /proc:", err)
	}
	status, err := self.NewStatus()
	if err != nil {
		t.Fatal(err)
	}
	if s.RSS == 0 || s.RSS > status.VmHWM+1<<20 {
		t.Errorf("%d bytes, and at most %d at any time", s.RSS, status.VmHWM)
	}
}
