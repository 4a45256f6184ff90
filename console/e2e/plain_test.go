package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

var (
	statusLine  = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [^ ]+ cpu (\d+%|--) mem (\d+%|--) (/\S* \d+%|disk --)( load \d+\.\d\d)?( .*)?$`)
	problemLine = regexp.MustCompile(`^! .+ since \S+( \S+)? \[(logs|dashboard|network)\]( \+\d+ more)?$`)
	entryLine   = regexp.MustCompile(`^\d\d:\d\d:\d\d [CEWNID] \S+: .*$`)
	lostLine    = regexp.MustCompile(`^\.\.\. \d+ log entries came too fast to print$`)
)

// lines are the whole lines that have come. The terminal's own line discipline ends each with CR LF.
func (s *session) lines() (lines []string) {
	s.see(func(*vtscreen.Screen) {
		for line := range strings.Lines(string(s.wire)) {
			if whole, ended := strings.CutSuffix(line, "\n"); ended {
				lines = append(lines, strings.TrimSuffix(whole, "\r"))
			}
		}
	})
	return lines
}

// plainForm holds that each line is of a form that --plain has, and fits 80 columns of ASCII.
func (s *session) plainForm() {
	s.t.Helper()
	for _, line := range s.lines() {
		if !slices.ContainsFunc([]*regexp.Regexp{statusLine, problemLine, entryLine, lostLine}, func(r *regexp.Regexp) bool { return r.MatchString(line) }) {
			s.t.Errorf("no line of ours: %q", line)
		}
		if len(line) > 79 {
			s.t.Errorf("%d columns: %q", len(line), line)
		}
		for i := range len(line) {
			if line[i] < ' ' || line[i] > '~' {
				s.t.Errorf("byte %#x in %q", line[i], line)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	s := start(t, setup{args: []string{"--plain"}})
	await.Until(t, "a status line", func() bool { return slices.ContainsFunc(s.lines(), statusLine.MatchString) })
	t.Logf("first: %q", s.lines())
	s.signal(unix.SIGTERM)
	code, took := s.exit()
	t.Logf("ended %v after SIGTERM", took)
	if code != 0 || s.stderr() != "" {
		t.Errorf("exit code %d, on standard error %q", code, s.stderr())
	}
	s.plainForm()
	if slices.ContainsFunc(s.lines(), lostLine.MatchString) {
		t.Errorf("what was logged before the start counts as missing: %q", s.lines())
	}
	if s.termios() != s.mode {
		t.Error("the terminal's mode is another one")
	}
}

// TestPlainBaud: what is most of a line takes its time on a slow line: the status, or what this machine logs meanwhile. It is
// more than the line could take until the first status is due.
func TestPlainBaud(t *testing.T) {
	t.Parallel()
	const perSecond, burst = 30, 3
	s := start(t, setup{args: []string{"--plain", "--config", writeFile(t, "config.yaml", "baud: 300\n")}})
	for whole := false; !whole; time.Sleep(20 * time.Millisecond) {
		sent := strings.Count(strings.Join(s.lines(), "\n"), "") - 1 // without the CRs that the line discipline adds
		since := time.Since(s.began)
		if most := int(since.Seconds()*perSecond) + burst; sent > most {
			t.Fatalf("%d bytes after %v, at most %d at 300 baud", sent, since, most)
		}
		if whole = sent >= 40; since > await.Limit {
			t.Fatalf("not most of a line: %q", s.lines())
		}
	}
	t.Logf("most of a line was there after %v", time.Since(s.began))
	s.plainForm()
}

// TestPlainStalled: SIGTERM ends it although nobody takes what it writes.
func TestPlainStalled(t *testing.T) {
	t.Parallel()
	s := start(t, setup{args: []string{"--plain"}, before: func(s *session) {
		s.gate.Lock()
		for full := false; !full; { // the kernel moves what it took on by and by, and then takes more
			waiting := s.unread()
			s.slave.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
			n, err := s.slave.Write(make([]byte, 1<<20))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Skipf("the terminal cannot be stalled: %v", err)
			}
			full = n == 0 && waiting >= 4095
		}
	}})
	await.Until(t, "it writes", func() bool {
		calls, _ := filepath.Glob(s.proc("task/*/syscall"))
		return slices.ContainsFunc(calls, func(path string) bool {
			text, err := os.ReadFile(path) // number of the system call, then its arguments
			if err != nil && s.running() {
				t.Skipf("cannot see whether it writes: %v", err)
			}
			call := strings.Fields(string(text))
			return len(call) > 2 && call[1] == "0x1"
		})
	})
	s.signal(unix.SIGTERM)
	code, took := s.exit()
	t.Logf("ended %v after SIGTERM", took)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.gate.Unlock()
}

// TestPlainTty: --tty names the terminal, which does not become the one whose keys send signals.
func TestPlainTty(t *testing.T) {
	t.Parallel()
	s := start(t, setup{free: true, script: `tty=$(readlink /proc/self/fd/0); exec "$@" --plain --tty "$tty" </dev/null >/dev/null`})
	await.Until(t, "a status line", func() bool { return slices.ContainsFunc(s.lines(), statusLine.MatchString) })
	text, err := os.ReadFile(s.proc("stat"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	if terminal := strings.Fields(after)[4]; terminal != "0" { // proc_pid_stat(5), tty_nr
		t.Errorf("it has got the controlling terminal %s", terminal)
	}
	s.master.Close()
	s.slave.Close()
	if s.signal(unix.SIGHUP); s.running() {
		s.signal(unix.SIGTERM)
	}
	s.exit()
}

// TestPlainTellsErrors: a line that takes nothing ends it with a reason.
func TestPlainTellsErrors(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	cmd := exec.Command(program(t, ""), "--plain")
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(t), full, &said
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailure || !strings.Contains(said.String(), "no space left") {
		t.Errorf("%v, %q", err, said.String())
	}
}
