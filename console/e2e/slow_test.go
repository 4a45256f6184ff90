package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
)

var clock = regexp.MustCompile(`\d\d:\d\d:\d\d`)

// TestF37ClockAndVerdictGoFirst: whatever else changes, the line never carries two seconds' worth of bytes without the
// clock in them.
func TestF37ClockAndVerdictGoFirst(t *testing.T) {
	t.Parallel()
	for baud, perSecond := range map[string]int{"9600": 960, "115200": 11520} {
		t.Run(baud, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{env: []string{"TERM=vt220", "LC_ALL=C.UTF-8"}, args: []string{"--config", writeFile(t, "config.yaml", "baud: "+baud+"\n")}})
			s.await(footer)
			before := s.sent()
			for _, key := range []string{"1", "3", "2", "?", "?", "i", "i", "\x0c", "3", "1", "\x0c", "2"} {
				s.keys(key)
				time.Sleep(time.Second) // what the line sends in that time is what is looked at
			}
			var wire []byte
			s.see(func(*vtscreen.Screen) { wire = append(wire, s.wire...) })
			longest, changes := clockGaps(wire, before)
			t.Logf("%d bytes, %d changes of the clock, at most %d bytes between two: %.2f s of the line", len(wire)-before, changes, longest, float64(longest)/float64(perSecond))
			if longest > 2*perSecond {
				t.Errorf("%d bytes without a new clock, a second has %d", longest, perSecond)
			}
			if changes < 5 {
				t.Errorf("the clock changed %d times: nothing was tested", changes)
			}
		})
	}
}

// clockGaps says how many bytes of wire lie between two changes of the clock at most, after the first from bytes.
func clockGaps(wire []byte, from int) (longest, changes int) {
	v := vtscreen.New(80, 24)
	shown, last := "", from
	for i, b := range wire {
		v.Write([]byte{b})
		if now := clock.FindString(headerOf(v)); now != "" && now != shown {
			shown = now
			if i > from {
				longest, changes = max(longest, i-last), changes+1
			}
			last = i
		}
	}
	return longest, changes
}

func headerOf(v *vtscreen.Screen) string {
	rows := strings.SplitN(v.String(), "\n", 4)
	return strings.Join(rows[:3], "\n")
}

// TestF37FullRepaint: how many bytes the whole picture takes, which a line of 9600 baud sends 960 of a second.
func TestF37FullRepaint(t *testing.T) {
	t.Parallel()
	for _, term := range []string{"vt220", "linux", "xterm-256color"} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{env: []string{"TERM=" + term, "LC_ALL=C.UTF-8"}})
			for key, on := range map[string]string{"1": " All ", "2": "Disk I/O", "3": "Physical interfaces"} {
				s.keys(key)
				s.await(on, footer)
				s.keys(" ")
				s.await("PAUSED")
				before := s.settled()
				s.keys("\x0c")
				s.until("it is painted again", func(text string) bool { return s.sent() > before && strings.Contains(text, footer) })
				took := s.settled() - before
				t.Logf("F%s: %d bytes: %.1f s at 9600 baud, %.2f s at 115200", key, took, float64(took)/960, float64(took)/11520)
				if took > 5000 {
					t.Errorf("F%s: %d bytes for 80x24", key, took)
				}
				s.keys(" ")
				s.until("no pause", func(text string) bool { return !strings.Contains(text, "PAUSED") })
			}
		})
	}
}

// settled waits until a paused picture is whole, since nothing more comes then, and returns how many bytes came in all.
func (s *session) settled() (sent int) {
	s.t.Helper()
	same := 0
	s.until("nothing more comes", func(string) bool {
		now := s.sent()
		if now != sent {
			sent, same = now, 0
		}
		same++
		return same > 100
	})
	return sent
}

// leftModes are line drawing in the place of letters, insertion and margins, which the text of others may come with.
const leftModes = "\x1b(0\x0e\x1b[4h\x1b[3;9r"

// TestF38MendsItself: what another program wrote goes away without a key, also on a slow line, and so do the modes that
// it left.
func TestF38MendsItself(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"fast": "", "slow": "baud: 19200\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const foreign = "Broadcast message from root"
			s := start(t, setup{env: []string{"TERM=linux", "LC_ALL=C.UTF-8"}, args: []string{"--config", writeFile(t, "config.yaml", config)}})
			s.await("Node:", "Disk I/O", footer)
			if _, err := s.slave.WriteString("\x1b[H\x1b[2J" + strings.Repeat(foreign+" ", 40) + leftModes); err != nil {
				t.Fatal(err)
			}
			s.reached(leftModes)
			s.until("mended", func(text string) bool {
				return !strings.Contains(text, foreign) && strings.Contains(text, footer) && strings.Contains(text, "Node:")
			})
			s.whole()
		})
	}
}

// TestF33SizeIsAsked: a terminal that says 0x0 is asked where its last cell is, at the start and by Ctrl-L.
func TestF33SizeIsAsked(t *testing.T) {
	t.Parallel()
	s := start(t, setup{w: 100, h: 30, free: true, before: func(s *session) { s.forgetSize() }})
	s.onRow(30, footer)
	s.see(func(v *vtscreen.Screen) { v.Resize(132, 43) })
	s.keys("\x0c")
	s.onRow(43, footer)
	s.see(func(v *vtscreen.Screen) { v.Resize(80, 24); s.mute = true })
	s.keys("\x0c\x0c") // no answer any more: the last one counts
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF33NoAnswer: a terminal that says 0x0 and does not answer has 24 rows, not 25.
func TestF33NoAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, setup{w: 100, h: 30, free: true, before: func(s *session) { s.forgetSize(); s.mute = true }})
	s.onRow(24, footer)
	s.keys("\x1b[1;2R\x1b[24;80R\x1b[1;80R") // reports that nobody asked for, or Shift-F3
	s.keys("3")
	s.await("Physical interfaces")
	s.onRow(24, footer)
}

// TestF33ConfiguredSize: size: goes before what the terminal says.
func TestF33ConfiguredSize(t *testing.T) {
	t.Parallel()
	s := start(t, setup{w: 120, h: 40, args: []string{"--config", writeFile(t, "config.yaml", "size: 100x30\n")}})
	s.onRow(30, footer)
}

// forgetSize makes the terminal say 0x0.
func (s *session) forgetSize() {
	s.t.Helper()
	if err := unix.IoctlSetWinsize(int(s.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{}); err != nil {
		s.t.Fatal(err)
	}
}

// onRow waits until text is on row n, counted from 1, and nothing below.
func (s *session) onRow(n int, text string) {
	s.t.Helper()
	s.until(text+" on the last row", func(shown string) bool {
		rows := strings.Split(shown, "\n")
		return len(rows) >= n && strings.Contains(rows[n-1], text) && strings.TrimSpace(strings.Join(rows[n:], "")) == ""
	})
}
