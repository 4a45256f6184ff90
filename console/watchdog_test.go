package console

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// TestF42WatchdogIsFedInTime: between two feeds pass at most three quarters of what systemd waits, whenever else the loop
// turns.
func TestF42WatchdogIsFedInTime(t *testing.T) {
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	path := filepath.Join(t.TempDir(), "notify")
	if err := unix.Bind(socket, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000000")
	const timeout = 30 * time.Second
	for _, turns := range []time.Duration{time.Hour, time.Second, timeout / 7, timeout / 3, timeout/2 + 1} {
		synctest.Test(t, func(t *testing.T) {
			l := &session{systemd: newNotifier()}
			defer l.systemd.close()
			wake := l.watchdog()
			if wake == nil {
				t.Fatal("no watchdog")
			}
			other := time.NewTicker(turns)
			defer other.Stop()
			fed, last := 0, time.Now()
			for end := last.Add(10 * timeout); time.Now().Before(end); {
				select {
				case <-wake:
				case <-other.C:
				}
				l.turned()
				synctest.Wait() // the notifier has its own goroutine
				if n, err := unix.Read(socket, make([]byte, 100)); err == nil && n > 0 {
					fed, last = fed+1, time.Now()
				}
				if late := time.Since(last); late > timeout*3/4 {
					t.Fatalf("turns each %v: after %d feeds none for %v", turns, fed, late)
				}
			}
			if fed > 4*10+1 {
				t.Errorf("turns each %v: fed %d times", turns, fed)
			}
		})
	}
}

// TestNotifierNeverWaits: while systemd hangs nobody takes what it is told.
func TestNotifierNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notifier{states: make(chan string, 1), done: make(chan struct{})}
		n.tell("one")
		n.tell("another")
		start := time.Now()
		if n.close(); time.Since(start) > lastWords {
			t.Errorf("the end waits for %v", time.Since(start))
		}
	})
}
