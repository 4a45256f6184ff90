package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// footer is in every picture that is large enough.
const footer = "F1 Logs"

// TestF31StalledReader: nobody takes what the program draws, for as long as many keys last; then all is as it should be.
func TestF31StalledReader(t *testing.T) {
	t.Parallel()
	s := start(t, setup{w: 200, h: 60})
	s.await(footer)
	s.keys("i")
	taken := s.samples()
	s.keys("i")
	s.stall()
	memory := s.status("VmRSS")
	const keys = "123?ij"
	for range 2000 {
		s.keys(keys)
	}
	s.readsOn(2000 * len(keys))
	// A frame has 10 kB, so that those of all keys are 100 MB.
	if now := s.status("VmRSS"); now > memory+32<<10 {
		t.Errorf("stalled: %d KiB resident before, %d KiB after 12,000 keys", memory, now)
	}
	released := time.Now()
	s.gate.Unlock()
	s.keys("2")
	s.until("the dashboard", func(text string) bool {
		return strings.Contains(text, "── Memory") && !strings.Contains(text, "─ Sources")
	})
	t.Logf("the picture was there %v after the release", time.Since(released))
	s.whole()
	s.keys("i")
	await.Until(t, "samples went on", func() bool { return s.samples() > taken })
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// readsOn waits until the program has read several samples' worth of kernel files, whatever it has yet to read of keys.
func (s *session) readsOn(keys int) {
	s.t.Helper()
	const samples = 5 * 2000 // bytes, of which each sample has more
	before := s.bytesRead()
	await.Until(s.t, "sampling goes on", func() bool { return s.bytesRead() > before+keys+samples })
}

// bytesRead is how much the program has read so far.
//
// Kernel: Documentation/filesystems/proc.rst, /proc/PID/io, rchar
func (s *session) bytesRead() (n int) {
	s.t.Helper()
	text, err := os.ReadFile(s.proc("io"))
	if err != nil {
		s.t.Skipf("no accounting of what is read: %v", err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	return n
}

// samples is how many samples the sources, which must be open, say were taken.
func (s *session) samples() (n int) {
	s.t.Helper()
	s.until("the number of samples", func(text string) bool {
		s.keys("G") // it is at the end of the list, which grows at first
		_, number, found := strings.Cut(text, "samples ")
		if found {
			_, err := fmt.Sscan(number, &n)
			found = err == nil
		}
		return found
	})
	return n
}

// stall makes the terminal read nothing and fills what the kernel keeps for it: nothing more can be written to it.
func (s *session) stall() {
	s.t.Helper()
	s.settled() // in the middle of a character the fill would break it
	s.gate.Lock()
	slave, err := os.OpenFile(s.slave.Name(), os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer slave.Close()
	// The character set that is in use already: in the middle of a sequence it changes nothing either.
	fill := bytes.Repeat([]byte{0x0f}, 4096)
	for err == nil {
		if err = slave.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err == nil {
			_, err = slave.Write(fill)
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Fatal(err)
	}
}

// TestF31TermWhileStalled: the program ends although nobody takes what puts the terminal back.
func TestF31TermWhileStalled(t *testing.T) {
	t.Parallel()
	s := start(t, setup{w: 200, h: 60})
	s.await(footer)
	s.stall()
	s.signal(unix.SIGTERM)
	code, took := s.exit()
	t.Logf("ended %v after SIGTERM", took)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.gate.Unlock()
	s.restored()
}

func TestF32HangUp(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]setup{
		"controlling terminal": {},
		"standard input":       {free: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, o)
			s.await(footer)
			s.slave.Close()
			s.master.Close()
			code, took := s.exit()
			state := s.cmd.ProcessState
			t.Logf("ended with %d %v after the hang-up, %v of CPU in all", code, took, state.UserTime()+state.SystemTime())
			if code != exitFailure {
				t.Errorf("exit code %d, want %d\n%s", code, exitFailure, s.stderr())
			}
			if used := state.UserTime() + state.SystemTime(); used > 10*time.Second {
				t.Errorf("used %v of CPU: it spins", used)
			}
			if !strings.Contains(s.stderr(), "the terminal hung up") {
				t.Errorf("says %q", s.stderr())
			}
		})
	}
}

func TestF33Sizes(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]bool{"told": false, "asked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{free: free})
			s.await(footer)
			for _, size := range [][2]int{{0, 0}, {1, 1}, {20, 5}, {1000, 1000}, {40, 10}, {80, 24}} {
				s.resize(size[0], size[1])
				s.drawn(size[0], size[1])
			}
			s.await(footer)
			s.whole()
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
		})
	}
}

// drawn waits for a picture after a resize, and holds that it is no larger than a picture may be.
func (s *session) drawn(w, h int) {
	s.t.Helper()
	if w == 0 || h == 0 { // 80x24 is taken for it: a terminal without cells shows nothing, but bytes come
		before := s.sent()
		s.keys("\x0c")
		await.Until(s.t, "a repaint", func() bool { return s.sent() > before })
		return
	}
	most := [2]int{min(w, tty.MaxWidth), min(h, tty.MaxHeight)}
	await.Until(s.t, fmt.Sprintf("a picture that fills %dx%d", w, h), func() (filled bool) {
		s.see(func(v *vtscreen.Screen) {
			for y := range most[1] {
				for x := range most[0] {
					filled = filled || v.Cell(x, y).Rune != ' ' && (h < 24 || y == most[1]-1)
				}
			}
		})
		return filled
	})
	s.see(func(v *vtscreen.Screen) {
		for y := range h {
			for x := range w {
				if (x >= most[0] || y >= most[1]) && v.Cell(x, y).Rune != ' ' {
					s.t.Errorf("%dx%d: %q at %d,%d", w, h, v.Cell(x, y).Rune, x, y)
					return
				}
			}
		}
	})
}

func TestF34ResizeBurst(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.await(footer)
	random := rand.New(rand.NewPCG(34, 1))
	began := time.Now()
	for range 1000 {
		s.resize(1+random.IntN(300), 1+random.IntN(100))
	}
	t.Logf("1,000 resizes in %v", time.Since(began))
	s.resize(100, 30)
	s.until("the footer on the last row", func(text string) bool {
		rows := strings.Split(text, "\n")
		return len(rows) > 30 && strings.Contains(rows[29], footer)
	})
	s.whole()
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// noise returns n seeded bytes without those in but.
func noise(n int, but string) []byte {
	random := rand.NewChaCha8([32]byte{36})
	b := make([]byte, 0, n)
	one := make([]byte, 1)
	for len(b) < n {
		if random.Read(one); !strings.Contains(but, string(one)) {
			b = append(b, one[0])
		}
	}
	return b
}

// TestF36RandomInput: a megabyte of anything, on a console that q does not end; SIGTERM does.
func TestF36RandomInput(t *testing.T) {
	t.Parallel()
	s := start(t, setup{args: []string{"--config", writeFile(t, "config.yaml", "quit: false\n")}})
	s.await(footer)
	began := time.Now()
	s.keys(string(noise(1<<20, "")))
	t.Logf("took 1 MiB of random input in %v", time.Since(began))
	s.signal(unix.SIGTERM)
	code, took := s.exit()
	t.Logf("ended %v after SIGTERM", took)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF36RandomInputThenQuit: after random input that ends in half a sequence the keys work again, and nothing has
// crashed.
func TestF36RandomInputThenQuit(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 100 KiB of random keys")
	}
	t.Parallel()
	s := start(t, setup{})
	s.await(footer)
	s.keys(string(noise(100<<10, "q\x03")) + "\x1bP")
	// What never ends is given up when nothing follows for a while. Esc closes a prompt, in which a key is a letter.
	for next := 0; !strings.Contains(s.text(), "crashes "); next++ {
		s.keys([]string{"\x1b", "i", "G"}[next%3])
		time.Sleep(time.Second)
		if time.Since(s.began) > 2*await.Limit {
			t.Fatalf("Esc, i and G do not show the sources; it shows\n%s", s.text())
		}
	}
	if text := s.text(); !strings.Contains(text, "crashes 0") {
		t.Errorf("shows\n%s", text)
	}
	for key := "\x1b"; s.running(); key = map[string]string{"\x1b": "q", "q": "\x1b"}[key] {
		_, _ = s.master.WriteString(key) // it may just have ended
		select {
		case <-s.ended:
		case <-time.After(time.Second):
		}
		if time.Since(s.began) > 3*await.Limit {
			t.Fatalf("Esc and q do not end it; it shows\n%s", s.text())
		}
	}
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF37Baud: at no time has more come than the line could have sent since the start.
func TestF37Baud(t *testing.T) {
	if testing.Short() {
		t.Skip("long: ten seconds of a line of 9600 baud")
	}
	t.Parallel()
	const baud, perSecond, burst = 9600, 960, 96
	s := start(t, setup{args: []string{"--config", writeFile(t, "config.yaml", "baud: 9600\n")}})
	full, pressed := time.Duration(0), false
	for since := time.Duration(0); full == 0 || since < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		sent := s.sent()
		since = time.Since(s.began) // asked later than sent: never too little
		if most := int(since.Seconds()*perSecond) + burst; sent > most {
			t.Fatalf("%d bytes after %v, at most %d at %d baud", sent, since, most, baud)
		}
		if full == 0 && strings.Contains(s.text(), footer) {
			full = since
		}
		if full > 0 && !pressed && since > 7*time.Second {
			s.keys("3")
			pressed = true
		}
		if since > await.Limit {
			t.Fatalf("no whole picture within %v:\n%s", since, s.text())
		}
	}
	t.Logf("first whole picture after %v; %d bytes", full, s.sent())
	before := s.sent()
	s.keys("q")
	code, took := s.exit()
	t.Logf("ended %v after q with %d bytes more", took, s.sent()-before)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// reached waits until text has come to the terminal; it may be painted over at once.
func (s *session) reached(text string) {
	s.t.Helper()
	await.Until(s.t, "it has reached the terminal: "+text, func() (there bool) {
		s.see(func(*vtscreen.Screen) { there = bytes.Contains(s.wire, []byte(text)) })
		return there
	})
}

// TestF38ForeignWrite: another program writes on the terminal, Ctrl-L mends the picture.
func TestF38ForeignWrite(t *testing.T) {
	t.Parallel()
	const foreign = "Broadcast message from root"
	s := start(t, setup{env: []string{"TERM=linux", "LC_ALL=C.UTF-8"}})
	s.await(footer)
	if _, err := s.slave.WriteString("\x1b[H" + strings.Repeat(foreign+" ", 40) + leftModes); err != nil {
		t.Fatal(err)
	}
	s.reached(leftModes)
	s.keys("\x0c")
	s.until("mended", func(text string) bool { return !strings.Contains(text, foreign) && strings.Contains(text, footer) })
	s.whole()
}

// status is a figure of the program's /proc/PID/status, in KiB where it is memory.
func (s *session) status(name string) (n int) {
	s.t.Helper()
	text, err := os.ReadFile(s.proc("status"))
	if err != nil {
		s.t.Fatal(err)
	}
	_, value, _ := strings.Cut(string(text), name+":")
	if _, err := fmt.Sscan(value, &n); err != nil {
		s.t.Fatalf("%s of /proc/PID/status: %v", name, err)
	}
	return n
}
