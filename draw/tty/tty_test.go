package tty

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/internal/await"
)

// onPty returns a Tty on a new pty, and the pty's other end.
func onPty(t *testing.T, w, h int) (*Terminal, *os.File) {
	t.Helper()
	master, slave := ttytest.OpenPty(t, w, h)
	tty, err := Open(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return tty, master
}

func TestOpenTtyRefusesWhatIsNone(t *testing.T) {
	before := ttytest.Goroutines()
	for _, path := range []string{"/dev/null", "/nonexistent", t.TempDir()} {
		if _, err := Open(path, 0); err == nil || !strings.HasPrefix(err.Error(), "open terminal") {
			t.Errorf("%s: %v", path, err)
		}
	}
	ttytest.NoMoreGoroutines(t, before)
}

func TestTtyWritesReadsAndEnds(t *testing.T) {
	before := ttytest.Goroutines()
	tty, master := onPty(t, 80, 24)
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := tty.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 16)
	ttytest.Within(t, "read what was written", func() { io.ReadFull(master, got[:6]) })
	if string(got[:6]) != "hello\n" {
		t.Errorf("the terminal got %q: not raw?", got[:6])
	}
	master.Write([]byte("\x03q"))
	n, err := tty.Read(got)
	if err != nil || string(got[:n]) != "\x03q" {
		t.Errorf("read %q, %v", got[:n], err)
	}
	await.Until(t, "idle", tty.Idle)
	ttytest.Within(t, "Drain ends a Read", func() {
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
	ttytest.NoMoreGoroutines(t, before)
}

func TestF32HangUp(t *testing.T) {
	for _, reading := range []bool{true, false} {
		before := ttytest.Goroutines()
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
		ttytest.Within(t, "Hup", func() { <-tty.Hup() })
		if reading {
			ttytest.Within(t, "end of Read", func() {
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
		ttytest.Within(t, "Close", func() { tty.Close() })
		ttytest.NoMoreGoroutines(t, before)
	}
}

// TestC8PasteIsForWhoTypes: what is pasted while nobody types a text is no key.
func TestC8PasteIsForWhoTypes(t *testing.T) {
	tty, master := onPty(t, 80, 24)
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	for typing, want := range map[bool]string{false: "q", true: "abcq"} {
		tty.AcceptPaste(typing)
		master.WriteString("\x1b[200~abc\x1b[201~q")
		var got []byte
		ttytest.Within(t, "keys", func() {
			for buf := make([]byte, 256); !bytes.HasSuffix(got, []byte("q")); {
				n, err := tty.Read(buf)
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, buf[:n]...)
			}
		})
		if keys := strings.TrimPrefix(string(got), "\x1b[200\x18"); keys != want { // a sequence that is called off
			t.Errorf("typing %v: %q, want %q", typing, keys, want)
		}
	}
}

// TestStopDropsKeys: what was typed and not read is not for the program that reads the terminal next.
func TestStopDropsKeys(t *testing.T) {
	tty, master := onPty(t, 80, 24)
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := func() int {
		n, err := unix.IoctlGetInt(tty.line.fd, unix.TIOCINQ)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	master.WriteString("rm -rf x\n")
	await.Until(t, "keys that wait", func() bool { return waiting() > 0 })
	tty.Drain()
	if err := tty.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := waiting(); n > 0 {
		t.Errorf("%d bytes are left for the shell", n)
	}
}

// TestStartAfterHangUp: a terminal that has hung up between its opening and its start is called that.
func TestStartAfterHangUp(t *testing.T) {
	tty, master := onPty(t, 80, 24)
	master.Close()
	if err := tty.Start(); err == nil || err.Error() != "the terminal hung up" {
		t.Errorf("%v", err)
	}
}
