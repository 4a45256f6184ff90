package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// setup says how a session starts. Its zero value is the program on an 80x24 terminal that it controls.
type setup struct {
	tags     string // the program is built with
	args     []string
	env      []string
	w, h     int
	free     bool   // the terminal is standard input only, not the controlling one: no signal tells its size
	script   string // for sh, which becomes the program by `exec "$@"`
	unshared bool   // the script runs in a mount namespace of its own; needs root
	before   func(s *session)
}

// tall is as many rows as show all sources at once, and the dashboard with its lists whatever VMs and processes there are.
const tall = 120

// session is the program on a pty, and the terminal at the other end of it.
type session struct {
	t             *testing.T
	cmd           *exec.Cmd
	master, slave *os.File
	began         time.Time
	mode          unix.Termios  // of the terminal before the start
	errors        string        // file that its standard error goes to
	ended         chan struct{} // closed when the program has ended and was waited for
	gate          sync.Mutex    // held: the terminal reads nothing
	clearing      string        // starts a full repaint

	mu      sync.Mutex // guards the rest
	screen  *vtscreen.Screen
	wire    []byte // all that came
	partial []byte // the end of wire, while it may be the start of clearing
	clears  int    // how often the screen was cleared
	cleared string // what it showed before the last time
	mute    bool   // it answers no question
}

// start starts the program on a new pty.
func start(t *testing.T, o setup) *session {
	t.Helper()
	o.w, o.h = cmp.Or(o.w, 80), cmp.Or(o.h, 24)
	master, slave := ttytest.OpenPty(t, o.w, o.h)
	clearing := "\x1b[2J" // as an xterm has it
	if slices.Contains(o.env, "TERM=linux") {
		clearing = "\x1b[J"
	}
	s := &session{t: t, master: master, slave: slave, clearing: clearing, errors: filepath.Join(t.TempDir(), "stderr")}
	t.Cleanup(s.close)
	s.screen = vtscreen.New(o.w, o.h)
	s.mode = s.termios()
	args := append([]string{program(t, o.tags)}, o.args...)
	if o.script != "" {
		args = append([]string{"sh", "-c", o.script, "sh"}, args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = environment(t, o.env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: !o.free}
	if o.unshared {
		s.cmd.SysProcAttr.Unshareflags = unix.CLONE_NEWNS
	}
	if o.before != nil {
		o.before(s)
	}
	s.launch()
	go s.show()
	return s
}

// launch starts the command on the terminal.
func (s *session) launch() {
	s.t.Helper()
	stderr, err := os.OpenFile(s.errors, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer stderr.Close()
	ttytest.Block(s.t, s.slave) // as a getty leaves it
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.slave, s.slave, stderr
	s.began = time.Now()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, ended := s.cmd, make(chan struct{})
	s.ended = ended
	go func() {
		_ = cmd.Wait() // ProcessState has it
		close(ended)
	}()
}

func (s *session) close() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
	}
	s.master.Close()
	s.slave.Close()
}

// show is the terminal: it takes what the program sends.
func (s *session) show() {
	buf := make([]byte, 4096)
	for {
		s.pass()
		n, err := s.master.Read(buf)
		s.mu.Lock()
		s.take(buf[:n])
		replies := s.screen.Replies
		s.screen.Replies = nil
		mute := s.mute
		s.mu.Unlock()
		if len(replies) > 0 && !mute {
			_, _ = s.master.Write(replies) // the program may have ended
		}
		if err != nil {
			return
		}
	}
}

// pass waits while the gate is held.
func (s *session) pass() {
	s.gate.Lock()
	defer s.gate.Unlock()
}

// take interprets p, and keeps what the screen shows whenever it is cleared: by then all earlier frames are complete.
func (s *session) take(p []byte) {
	s.wire = append(s.wire, p...)
	p = append(s.partial, p...)
	for {
		i := bytes.Index(p, []byte(s.clearing))
		if i < 0 {
			break
		}
		s.screen.Write(p[:i])
		s.clears++
		s.cleared = s.screen.String()
		s.screen.Write(p[i : i+len(s.clearing)])
		p = p[i+len(s.clearing):]
	}
	kept := 0
	for n := len(s.clearing) - 1; n > 0 && kept == 0; n-- {
		if bytes.HasSuffix(p, []byte(s.clearing[:n])) {
			kept = n
		}
	}
	s.screen.Write(p[:len(p)-kept])
	s.partial = append([]byte(nil), p[len(p)-kept:]...)
}

// see calls f with the screen as it is now.
func (s *session) see(f func(v *vtscreen.Screen)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.screen)
}

func (s *session) text() (text string) {
	s.see(func(v *vtscreen.Screen) { text = v.String() })
	return text
}

// sent is how many bytes have come.
func (s *session) sent() (n int) {
	s.see(func(*vtscreen.Screen) { n = len(s.wire) })
	return n
}

// await waits until the terminal shows all of the texts at once.
func (s *session) await(texts ...string) {
	s.t.Helper()
	s.until("the screen shows "+strings.Join(texts, ", "), func(text string) bool {
		for _, want := range texts {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// until waits until ok says yes to what the terminal shows.
func (s *session) until(what string, ok func(text string) bool) {
	s.t.Helper()
	for limit := time.Now().Add(await.Limit); !ok(s.text()); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.ended:
			if !ok(s.text()) {
				s.t.Fatalf("ended (%v) before %s:\n%s\n%s", s.cmd.ProcessState, what, s.text(), s.stderr())
			}
		default:
		}
		if time.Now().After(limit) {
			s.t.Fatalf("not within %v: %s; it shows\n%s", await.Limit, what, s.text())
		}
	}
}

// keys types text.
func (s *session) keys(text string) {
	s.t.Helper()
	if err := s.master.SetWriteDeadline(time.Now().Add(await.Limit)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatalf("type %.20q: %v", text, err)
	}
}

// resize changes the size of the terminal.
func (s *session) resize(w, h int) {
	s.t.Helper()
	s.see(func(v *vtscreen.Screen) { v.Resize(w, h) })
	ttytest.SetSize(s.t, s.master, w, h)
}

func (s *session) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits until the program has ended and returns its exit code and how long it took.
func (s *session) exit() (code int, took time.Duration) {
	s.t.Helper()
	start := time.Now()
	select {
	case <-s.ended:
	case <-time.After(await.Limit):
		s.t.Fatalf("has not ended within %v; it shows\n%s", await.Limit, s.text())
	}
	return s.cmd.ProcessState.ExitCode(), time.Since(start)
}

func (s *session) running() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *session) stderr() string {
	text, err := os.ReadFile(s.errors)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return string(text)
}

// unread is how many bytes the kernel holds ready for who reads the terminal's output.
func (s *session) unread() (n int) {
	s.t.Helper()
	conn, err := s.master.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	err2 := conn.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	if err != nil || err2 != nil {
		s.t.Fatal(err, err2)
	}
	return n
}

func (s *session) termios() (mode unix.Termios) {
	s.t.Helper()
	conn, err := s.slave.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	err2 := conn.Control(func(fd uintptr) {
		var m *unix.Termios
		if m, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err == nil {
			mode = *m
		}
	})
	if err != nil || err2 != nil {
		s.t.Fatal(err, err2)
	}
	return mode
}

// restored holds that the terminal is as it was before the start.
func (s *session) restored() {
	s.t.Helper()
	if now := s.termios(); now != s.mode {
		s.t.Errorf("the terminal's mode was %+v, now it is %+v", s.mode, now)
	}
	await.Until(s.t, "cursor on, main screen, no sequence that has not ended", func() (ok bool) { // it reads in parts
		s.see(func(v *vtscreen.Screen) { ok = v.Visible && !v.Alt && !v.Keypad && v.Autowrap && v.Pending() == "" })
		return ok
	})
	s.see(func(v *vtscreen.Screen) {
		if len(v.Foreign) > 3 || slices.ContainsFunc(v.Foreign, func(f string) bool { return !cutOff(f) }) {
			s.t.Errorf("sequences that are not ours: %q", v.Foreign)
		}
	})
}

// cutOff reports whether f is the start of a sequence or a part of a rune: at the end of the program what is unsent is
// dropped wherever it is, and what puts the terminal back follows, which starts with ESC.
func cutOff(f string) bool {
	return f[0] >= 0x80 || f == "\x1b(" || f == "\x1b(\x1b" || strings.HasPrefix(f, "\x1b[") && strings.Trim(f[2:], "0123456789;?") == ""
}

// whole holds that the terminal shows what it would after one full paint: what came in increments was complete.
func (s *session) whole() {
	s.t.Helper()
	s.keys(" ")
	s.await("PAUSED")
	s.settled() // a slow line has the rest of the picture still to send
	before := 0
	s.see(func(*vtscreen.Screen) { before = s.clears })
	s.keys("\x0c")
	await.Until(s.t, "a full repaint", func() (ok bool) {
		s.see(func(*vtscreen.Screen) { ok = s.clears > before })
		return ok
	})
	limit := time.Now().Add(await.Limit)
	for was, is := s.beforeRepaint(), s.text(); was != is; is = s.text() {
		if time.Now().After(limit) {
			s.t.Fatalf("a full repaint changed the picture:\n%s", difference(was, is))
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.keys(" ")
	s.until("the picture goes on", func(text string) bool { return !strings.Contains(text, "PAUSED") })
}

// beforeRepaint is what the screen showed when it was last cleared.
func (s *session) beforeRepaint() (text string) {
	s.see(func(*vtscreen.Screen) { text = s.cleared })
	return text
}

// difference lists the rows of two pictures that are not alike.
func difference(was, is string) string {
	var b strings.Builder
	rows := strings.Split(is, "\n")
	for i, row := range strings.Split(was, "\n") {
		if i >= len(rows) || rows[i] != row {
			fmt.Fprintf(&b, "row %d was %q\n", i, row)
		}
		if i < len(rows) && rows[i] != row {
			fmt.Fprintf(&b, "row %d is  %q\n", i, rows[i])
		}
	}
	return b.String()
}

// sources opens the sources overlay, which must have text at its end, or anywhere on a tall terminal.
func (s *session) sources(text string) {
	s.t.Helper()
	s.keys("i")
	s.until("the sources end with "+text, func(shown string) bool {
		s.keys("G") // again, since the list grows at first
		return strings.Contains(shown, "Esc Close") && strings.Contains(shown, text)
	})
}

// proc is the path of a file of the program's in /proc.
func (s *session) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name)
}
