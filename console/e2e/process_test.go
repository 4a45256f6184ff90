package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// TestF39Signals: each signal that ends the program leaves the terminal as it was.
func TestF39Signals(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]unix.Signal{"TERM": unix.SIGTERM, "INT": unix.SIGINT, "QUIT": unix.SIGQUIT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := ""
			s := start(t, setup{before: func(s *session) { before = s.stty() }})
			s.await(footer)
			if s.termios() == s.mode {
				t.Error("the terminal is not in raw mode")
			}
			s.signal(sig)
			code, took := s.exit()
			t.Logf("ended %v after SIG%s", took, name)
			if code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
			if after := s.stty(); after != before {
				t.Errorf("stty -g said %s, now %s", before, after)
			}
			if s.stderr() != "" {
				t.Errorf("on standard error: %s", s.stderr())
			}
		})
	}
}

// stty is what `stty -g` says of the terminal, empty where there is no stty.
func (s *session) stty() string {
	s.t.Helper()
	path, err := exec.LookPath("stty")
	if err != nil {
		return ""
	}
	cmd := exec.Command(path, "-g")
	cmd.Stdin = s.slave
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("stty -g: %v", err)
	}
	return string(out)
}

// TestF39HangupSignal: while the terminal is alive SIGHUP means the configuration; what can be changed changes.
func TestF39HangupSignal(t *testing.T) {
	t.Parallel()
	config := writeFile(t, "config.yaml", "quit: false\nglyphs: unicode\n")
	s := start(t, setup{args: []string{"--config", config, "--screen", "network"}})
	s.await(footer, "── Host")
	s.reload(config, "quit: true\nglyphs: ascii\ntheme: mono\n")
	s.await("q Quit", "-- Host")
	s.sources("theme mono, glyphs ascii")
	s.keys("\x1b")
	s.until("the overlay is closed", func(text string) bool { return !strings.Contains(text, "theme mono") })
	s.whole()
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// reload changes the configuration and tells the program.
func (s *session) reload(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.signal(unix.SIGHUP)
}

// TestF39TermWinsOverHangup: both at once end the program.
func TestF39TermWinsOverHangup(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.await(footer)
	for range 20 {
		s.signal(unix.SIGHUP)
	}
	s.signal(unix.SIGTERM)
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF40StopAndContinue: stopped, written over by something else, and continued.
func TestF40StopAndContinue(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.await(footer)
	s.signal(unix.SIGSTOP)
	await.Until(t, "stopped", func() bool { return s.state() == "T" })
	if _, err := s.slave.WriteString("\x1b[H\x1b[2Jroot@host:~# "); err != nil {
		t.Fatal(err)
	}
	s.await("root@host")
	continued := time.Now()
	s.signal(unix.SIGCONT)
	s.until("repainted", func(text string) bool { return strings.Contains(text, footer) && !strings.Contains(text, "root@host") })
	t.Logf("repainted %v after SIGCONT", time.Since(continued))
	s.whole()
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// state is the letter of the program's process state.
func (s *session) state() string {
	s.t.Helper()
	text, err := os.ReadFile(s.proc("stat"))
	if err != nil {
		s.t.Fatal(err)
	}
	after := string(text[strings.LastIndexByte(string(text), ')')+1:]) // the name may hold anything
	return strings.Fields(after)[0]
}

// TestF42Watchdog: systemd is told when the first frame is there, fed while the loop turns, and told of the end.
func TestF42Watchdog(t *testing.T) {
	t.Parallel()
	told := notifySocket(t)
	s := start(t, setup{env: []string{"NOTIFY_SOCKET=" + told.path, "WATCHDOG_USEC=200000"}})
	if first := told.next(t); first != "READY=1" {
		t.Errorf("systemd is told %q first", first)
	}
	if s.sent() == 0 {
		await.Until(t, "a frame that was sent before", func() bool { return s.sent() > 0 })
	}
	for range 10 {
		if got := told.next(t); got != "WATCHDOG=1" {
			t.Errorf("systemd is told %q", got)
		}
	}
	s.signal(unix.SIGTERM)
	for got := told.next(t); got != "STOPPING=1"; got = told.next(t) {
		if got != "WATCHDOG=1" {
			t.Errorf("systemd is told %q", got)
		}
	}
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// TestReloadIsToldToSystemd: Type=notify-reload waits for a begin that is not before its SIGHUP, then for the end.
func TestReloadIsToldToSystemd(t *testing.T) {
	t.Parallel()
	told := notifySocket(t)
	s := start(t, setup{env: []string{"NOTIFY_SOCKET=" + told.path}})
	if first := told.next(t); first != "READY=1" {
		t.Errorf("systemd is told %q first", first)
	}
	var asked unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &asked); err != nil {
		t.Fatal(err)
	}
	s.signal(unix.SIGHUP)
	var at int64
	begin := told.next(t)
	if n, err := fmt.Sscanf(begin, "RELOADING=1\nMONOTONIC_USEC=%d", &at); n != 1 || err != nil || at < asked.Nano()/1000 {
		t.Errorf("systemd is told %q, %v, after a SIGHUP at %d", begin, err, asked.Nano()/1000)
	}
	if end := told.next(t); end != "READY=1" {
		t.Errorf("systemd is told %q at the end of the reload", end)
	}
}

// TestF42BlockedLoop: a loop that does not turn feeds no watchdog, whatever timers there are.
func TestF42BlockedLoop(t *testing.T) {
	t.Parallel()
	told := notifySocket(t)
	const patience = 200 * time.Millisecond
	s := start(t, setup{tags: "faults", env: []string{
		"NOTIFY_SOCKET=" + told.path, fmt.Sprintf("WATCHDOG_USEC=%d", patience.Microseconds()), "HYPERVISOR_TUI_FAULT=block loop",
	}})
	s.await(footer)
	if first := told.next(t); first != "READY=1" {
		t.Errorf("systemd is told %q first", first)
	}
	fed := 0
	for {
		told.SetReadDeadline(time.Now().Add(10 * patience)) // by then systemd would long have killed it
		if _, err := told.Read(make([]byte, 100)); err != nil {
			break
		}
		if fed++; time.Since(s.began) > await.Limit {
			t.Fatalf("fed %d times, and no end", fed)
		}
	}
	t.Logf("fed %d times before it blocked", fed)
	if !s.running() {
		t.Fatalf("it has ended: %v\n%s", s.cmd.ProcessState, s.stderr())
	}
	s.signal(unix.SIGTERM)
	if code, took := s.exit(); code != exitFailure {
		t.Errorf("exit code %d after %v, want %d", code, took, exitFailure)
	}
	s.restored()
}

// notified is the socket that systemd listens on.
type notified struct {
	*net.UnixConn
	path string
}

func notifySocket(t *testing.T) notified {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // not t.TempDir: a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return notified{conn, path}
}

// next is what systemd is told next.
func (n notified) next(t *testing.T) string {
	t.Helper()
	buf := make([]byte, 1000)
	n.SetReadDeadline(time.Now().Add(await.Limit))
	size, err := n.Read(buf)
	if err != nil {
		t.Fatalf("systemd is told nothing: %v", err)
	}
	return string(buf[:size])
}

// TestF44Kill: killed wherever it is, it starts again on the same terminal as if nothing had been.
func TestF44Kill(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the program is started thirteen times")
	}
	t.Parallel()
	killAgainAndAgain(start(t, setup{}))
}

// killAgainAndAgain kills the program later and later, starts it again, and wants a whole picture in the end.
func killAgainAndAgain(s *session) {
	s.t.Helper()
	for kill := range 12 {
		await.Until(s.t, "some bytes", func() bool { return s.sent() >= kill*700 || !s.running() })
		s.again()
	}
	s.await(footer)
	s.whole()
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		s.t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// again kills the program and starts it on the same terminal.
func (s *session) again() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.exit()
	old := s.cmd
	s.cmd = exec.Command(old.Path, old.Args[1:]...)
	s.cmd.Env, s.cmd.SysProcAttr = old.Env, old.SysProcAttr
	s.see(func(*vtscreen.Screen) { s.wire = nil })
	s.launch()
}
