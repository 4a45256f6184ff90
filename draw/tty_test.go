package draw

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// onPty returns a Tty on a new pty, and the pty's other end.
func onPty(t *testing.T, w, h int) (*Tty, *os.File) {
	t.Helper()
	master, slave := openPty(t, w, h)
	tty, err := OpenTty(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return tty, master
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
	tty, master := onPty(t, 80, 24)
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
	tty, master := onPty(t, 80, 24)
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
		tty, master := onPty(t, 80, 24)
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
