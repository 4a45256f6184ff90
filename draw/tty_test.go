package draw

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// within fails when f does not return in time, instead of hanging the test.
func within(t *testing.T, what string, f func()) {
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

// openPty returns both ends of a new pty of w by h cells, in non-blocking mode, so that Close ends a Read.
func openPty(t *testing.T, w, h int) (master, slave *os.File) {
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
	setSize(t, master, w, h)
	if slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), flags, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func setSize(t *testing.T, master *os.File, w, h int) {
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

// openTty returns a Tty on a new pty, and the pty's other end.
func openTty(t *testing.T, w, h int) (*Tty, *os.File) {
	t.Helper()
	master, slave := openPty(t, w, h)
	tty, err := OpenTty(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return tty, master
}

// viewer reads a pty's master into a screen.
type viewer struct {
	mu     sync.Mutex
	screen *vtscreen.Screen
	bytes  int
	done   chan struct{}
}

func view(master io.Reader, w, h int) *viewer {
	v := &viewer{screen: vtscreen.New(w, h), done: make(chan struct{})}
	go func() {
		defer close(v.done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			v.mu.Lock()
			v.bytes += n
			v.screen.Write(buf[:n])
			v.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return v
}

// see runs f on the screen as it is now.
func (v *viewer) see(f func(s *vtscreen.Screen)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f(v.screen)
}

func (v *viewer) shows(text string) func() bool {
	return func() (ok bool) {
		v.see(func(s *vtscreen.Screen) { ok = strings.Contains(s.String(), text) })
		return ok
	}
}

// goroutines counts them, with the one that os/signal starts once and for all.
func goroutines() int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	signal.Stop(c)
	return runtime.NumGoroutine()
}

// noMoreGoroutines waits until there are as many as before.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for limit := time.Now().Add(await.Limit); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

func termiosOf(t *testing.T, f *os.File) (mode unix.Termios) {
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

func TestOpenTtyRefusesWhatIsNone(t *testing.T) {
	before := goroutines()
	for _, path := range []string{"/dev/null", "/nonexistent", t.TempDir()} {
		if _, err := OpenTty(path, 0); err == nil || !strings.HasPrefix(err.Error(), "open terminal") {
			t.Errorf("%s: %v", path, err)
		}
	}
	noMoreGoroutines(t, before)
}

func TestTtyWritesReadsAndEnds(t *testing.T) {
	before := goroutines()
	tty, master := openTty(t, 80, 24)
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := tty.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 16)
	within(t, "read what was written", func() { io.ReadFull(master, got[:6]) })
	if string(got[:6]) != "hello\n" {
		t.Errorf("the terminal got %q: not raw?", got[:6])
	}
	master.Write([]byte("\x03q"))
	n, err := tty.Read(got)
	if err != nil || string(got[:n]) != "\x03q" {
		t.Errorf("read %q, %v", got[:n], err)
	}
	await.Until(t, "idle", tty.Idle)
	within(t, "Drain ends a Read", func() {
		done := make(chan error)
		go func() {
			_, err := tty.Read(make([]byte, 8))
			done <- err
		}()
		tty.Drain()
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read after Drain: %v", err)
		}
	})
	if err := tty.Stop(); err != nil {
		t.Error(err)
	}
	if err := tty.Close(); err != nil {
		t.Error(err)
	}
	if err := tty.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := tty.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
	if tty.Alive() {
		t.Error("alive after Close")
	}
	if w, h := tty.Size(); w != 80 || h != 24 {
		t.Errorf("size after Close %dx%d", w, h)
	}
	master.Close()
	noMoreGoroutines(t, before)
}

// TestF31StalledReader leaves the master unread: nothing blocks, and after the release everything is painted.
func TestF31StalledReader(t *testing.T) {
	before := goroutines()
	tty, master := openTty(t, 80, 24)
	s, _, err := NewScreen(tty, ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "frames on a dead terminal", func() {
		if err := s.Init(); err != nil {
			t.Error(err)
		}
		for i := range 40 {
			text := string(rune('a' + i%26))
			for y := range 24 {
				for x := range 80 {
					s.Put(x, y, text, tcell.StyleDefault.Foreground(tcell.PaletteColor((x+i)%16)))
				}
			}
			s.Show()
			tty.Size()
		}
	})
	if tty.Idle() {
		t.Error("idle although nobody reads")
	}
	if tty.Unsent() > maxQueue {
		t.Errorf("%d bytes kept, more than %d", tty.Unsent(), maxQueue)
	}
	if !tty.Damaged() || tty.Damaged() {
		t.Error("Damaged does not report once that output was lost")
	}
	tty.Drop()
	v := view(master, 80, 24)
	await.Until(t, "idle after release", tty.Idle)
	s.Wipe()
	for y := range 24 {
		for x := range 80 {
			s.Put(x, y, "Z", tcell.StyleDefault)
		}
	}
	s.Show()
	want := strings.Repeat(strings.Repeat("Z", 80)+"\n", 24)
	await.Until(t, "full repaint", v.shows(want))
	within(t, "Fini", s.Fini)
	master.Close()
	<-v.done
	noMoreGoroutines(t, before)
}

// fill writes to a pty until the kernel takes nothing more: neither into the buffer that the master reads, nor into
// the one before it, which the kernel empties into the first in its own time.
func fill(t *testing.T, master, slave *os.File) {
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

// TestF31FiniOnStalledTerminal: the mode is restored, and what puts the terminal back is what it gets last.
func TestF31FiniOnStalledTerminal(t *testing.T) {
	before := goroutines()
	master, slave := openPty(t, 80, 24)
	mode := termiosOf(t, slave)
	tty, err := OpenTty(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := NewScreen(tty, ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "idle", tty.Idle)
	fill(t, master, slave)
	s.Wipe()
	if tty.Idle() {
		t.Error("idle although the kernel takes nothing")
	}
	within(t, "Fini", s.Fini)
	if got := termiosOf(t, slave); got != mode {
		t.Errorf("mode after Fini %+v, before %+v", got, mode)
	}
	slave.Close()
	v := view(master, 80, 24)
	<-v.done
	v.see(func(s *vtscreen.Screen) {
		if s.Alt || !s.Visible || s.Keypad || strings.TrimSpace(s.String()) != "" {
			t.Errorf("left with alt %v, cursor %v, keypad %v and\n%s", s.Alt, s.Visible, s.Keypad, s)
		}
	})
	noMoreGoroutines(t, before)
}

func TestF32HangUp(t *testing.T) {
	for _, reading := range []bool{true, false} {
		before := goroutines()
		tty, master := openTty(t, 80, 24)
		if err := tty.Start(); err != nil {
			t.Fatal(err)
		}
		if !tty.Alive() {
			t.Error("not alive before the hang-up")
		}
		ended := make(chan error, 1)
		if reading {
			go func() {
				_, err := tty.Read(make([]byte, 8))
				ended <- err
			}()
		}
		master.Close()
		within(t, "Hup", func() { <-tty.Hup() })
		if reading {
			within(t, "end of Read", func() {
				if err := <-ended; err == nil {
					t.Error("Read returned no error")
				}
			})
		}
		for range 3 { // each at once and with an error: a caller that goes on reading cannot miss it
			if n, err := tty.Read(make([]byte, 8)); n != 0 || err == nil {
				t.Errorf("Read after the hang-up: %d, %v", n, err)
			}
		}
		if tty.Alive() {
			t.Error("alive after the hang-up")
		}
		await.Until(t, "idle, since nothing can be sent", func() bool {
			tty.Write(bytes.Repeat([]byte("x"), 9000))
			return tty.Idle()
		})
		tty.Size()
		within(t, "Close", func() { tty.Close() })
		noMoreGoroutines(t, before)
	}
}
