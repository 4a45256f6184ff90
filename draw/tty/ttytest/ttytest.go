// Package ttytest has what tests of terminals share: pseudo-terminals, and a viewer that reads one into a screen.
package ttytest

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// Within fails when f does not return in time, instead of hanging the test.
func Within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(await.Limit):
		t.Fatalf("not within %v: %s", await.Limit, what)
	}
}

// OpenPty returns both ends of a new pty of w by h cells, in non-blocking mode, so that Close ends a Read.
func OpenPty(t *testing.T, w, h int) (master, slave *os.File) {
	t.Helper()
	const flags = os.O_RDWR | unix.O_NOCTTY | unix.O_NONBLOCK
	master, err := os.OpenFile("/dev/ptmx", flags, 0)
	if err != nil {
		t.Skipf("no pty here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	var number int
	control(t, master, func(fd int) (err error) {
		if number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err != nil {
			return err
		}
		return unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	})
	SetSize(t, master, w, h)
	if slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), flags, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// Block puts a file into blocking mode, also for those that it is passed on to.
func Block(t *testing.T, file *os.File) {
	t.Helper()
	control(t, file, func(fd int) error { return unix.SetNonblock(fd, false) })
}

// SetSize makes the terminal w by h cells large.
func SetSize(t *testing.T, master *os.File, w, h int) {
	t.Helper()
	control(t, master, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)})
	})
}

// control runs f on the descriptor, without taking the file out of non-blocking mode as Fd does.
func control(t *testing.T, file *os.File, f func(fd int) error) {
	t.Helper()
	conn, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if cerr := conn.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
}

// Viewer reads a pty's master into a screen.
type Viewer struct {
	mu     sync.Mutex
	Screen *vtscreen.Screen
	bytes  int
	Done   chan struct{}
}

// View starts a Viewer of what master gives, until that ends.
func View(master io.Reader, w, h int) *Viewer {
	v := &Viewer{Screen: vtscreen.New(w, h), Done: make(chan struct{})}
	go func() {
		defer close(v.Done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			v.mu.Lock()
			v.bytes += n
			v.Screen.Write(buf[:n])
			v.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return v
}

// See runs f on the screen as it is now.
func (v *Viewer) See(f func(s *vtscreen.Screen)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f(v.Screen)
}

// Shows returns a question: is text on the screen?
func (v *Viewer) Shows(text string) func() bool {
	return func() (ok bool) {
		v.See(func(s *vtscreen.Screen) { ok = strings.Contains(s.String(), text) })
		return ok
	}
}

// Goroutines counts them, with the one that os/signal starts once and for all.
func Goroutines() int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	signal.Stop(c)
	return runtime.NumGoroutine()
}

// NoMoreGoroutines waits until there are as many as before.
func NoMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for limit := time.Now().Add(await.Limit); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// TermiosOf returns the mode that a terminal is in.
func TermiosOf(t *testing.T, f *os.File) (mode unix.Termios) {
	t.Helper()
	control(t, f, func(fd int) error {
		m, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err == nil {
			mode = *m
		}
		return err
	})
	return mode
}

// Fill writes to a pty until the kernel takes nothing more: neither into the buffer that the master reads, nor into
// the one before it, which the kernel empties into the first in its own time.
func Fill(t *testing.T, master, slave *os.File) {
	await.Until(t, "a full terminal", func() bool {
		full := false
		control(t, master, func(fd int) error {
			n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
			full = n >= 4095
			return err
		})
		taken := 0
		control(t, slave, func(fd int) error {
			for chunk := bytes.Repeat([]byte("x"), 4096); len(chunk) > 0; {
				n, err := unix.Write(fd, chunk)
				switch err {
				case nil:
					taken += n
				case unix.EAGAIN:
					chunk = chunk[:len(chunk)/2]
				default:
					return err
				}
			}
			return nil
		})
		return full && taken == 0
	})
}
