package tty

import (
	"time"

	"golang.org/x/sys/unix"
)

// maxPaced is the fastest line that is paced, in bits a second.
const maxPaced = 1_000_000

// isSerial reports whether fd is a serial line: only its driver answers TIOCMGET.
func isSerial(fd int) bool {
	_, err := unix.IoctlGetInt(fd, unix.TIOCMGET)
	return err == nil
}

// pace returns the speed to hold output to, in bits a second; 0 is no limit. baud is the configured one, 0 to ask: but
// ptys and virtual consoles report 38400 and mean nothing by it.
func pace(serial bool, termios *unix.Termios, baud int) int {
	if baud <= 0 {
		if !serial {
			return 0
		}
		baud = int(termios.Ospeed)
	}
	if baud > maxPaced {
		return 0
	}
	return baud
}

// burst is how far ahead of the line a sender may be: short, for what the kernel has cannot be taken back.
const burst = 100 * time.Millisecond

// budget says how many bytes a line can take. A byte is ten bits.
type budget struct {
	perByte time.Duration // 0: no limit
	free    time.Time     // when the line will have sent all that was taken
}

func newBudget(baud int) budget {
	if baud <= 0 {
		return budget{}
	}
	perSecond := time.Duration(baud)
	// Rounded up: never faster than the line.
	return budget{perByte: (10*time.Second + perSecond - 1) / perSecond}
}

// take returns how many of want bytes may be sent now, or else how long to wait for some.
func (b *budget) take(now time.Time, want int) (n int, wait time.Duration) {
	if b.perByte == 0 || want == 0 {
		return want, 0
	}
	if b.free.Before(now) {
		b.free = now
	}
	ahead := b.free.Sub(now)
	limit := max(burst, b.perByte)
	if room := int((limit - ahead) / b.perByte); room > 0 {
		n = min(want, room)
		b.free = b.free.Add(time.Duration(n) * b.perByte)
		return n, 0
	}
	// Half a burst at a time, not a byte a wake-up.
	return 0, max(ahead-limit/2, b.perByte)
}
