package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/journaltest"
)

// realJournald is a systemd-journald that sees nothing of this host but a folder.
type realJournald struct {
	t    *testing.T
	dir  string
	cmd  *exec.Cmd
	line int // written so far
}

// inNamespace makes the folder's run and log journald's, and becomes journald.
const inNamespace = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
cp "$D/conf" /run/systemd/journald.conf.d/99.conf
mount --bind "$D/run" /run/systemd/journal
mount -t tmpfs tmpfs /var/log
mkdir /var/log/journal
mount --bind "$D/log" /var/log/journal
touch /run/systemd/journal/flushed
exec "$JOURNALD"`

const journaldConf = `[Journal]
Storage=persistent
RateLimitIntervalSec=0
SystemMaxFileSize=32M
SystemMaxUse=2G
ReadKMsg=no
Audit=no
ForwardToWall=no
ForwardToSyslog=no
ForwardToKMsg=no
ForwardToConsole=no
`

func newJournald(t *testing.T) *realJournald {
	if os.Getuid() != 0 {
		t.Skip("a journald of its own needs root")
	}
	for _, program := range []string{"unshare", "nsenter", journalctlExe} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no ", program, " here")
		}
	}
	j := &realJournald{t: t, dir: t.TempDir()}
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil || len(bytes.TrimSpace(machine)) != 2*len(file.ID{}) {
		t.Skip("this machine has no id, which journald needs")
	}
	for _, folder := range []string{"run", "log/" + string(bytes.TrimSpace(machine))} {
		if err := os.MkdirAll(filepath.Join(j.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(j.dir, "conf"), []byte(journaldConf), 0o644); err != nil {
		t.Fatal(err)
	}
	j.start()
	t.Cleanup(func() { j.stop(syscall.SIGKILL) })
	return j
}

func journaldExe() string {
	for _, path := range []string{"/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald",
		"/run/current-system/systemd/lib/systemd/systemd-journald"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// start returns when journald says that it is ready.
func (j *realJournald) start() {
	j.t.Helper()
	program := journaldExe()
	if program == "" {
		j.t.Skip("no systemd-journald here")
	}
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "@" + j.dir, Net: "unixgram"})
	if err != nil {
		j.t.Fatal(err)
	}
	defer ready.Close()
	var said bytes.Buffer
	j.cmd = exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", inNamespace)
	j.cmd.Env = append(os.Environ(), "D="+j.dir, "JOURNALD="+program, "SYSTEMD_LOG_TARGET=console", "NOTIFY_SOCKET=@"+j.dir)
	j.cmd.Stdout, j.cmd.Stderr = &said, &said
	j.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := j.cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { j.cmd.Wait(); close(ended); ready.Close() }()
	ready.SetReadDeadline(time.Now().Add(await.Limit))
	for told := make([]byte, 4096); ; {
		n, err := ready.Read(told)
		if err != nil {
			select {
			case <-ended:
				j.t.Skip("journald cannot be run here: ", said.String())
			default:
				j.t.Fatal("journald does not say that it is ready: ", err)
			}
		}
		if bytes.Contains(told[:n], []byte("READY=1")) {
			return
		}
	}
}

func (j *realJournald) socket() string { return filepath.Join(j.dir, "run", "socket") }

// stop ends journald and waits until it is gone.
func (j *realJournald) stop(how syscall.Signal) {
	j.cmd.Process.Signal(how)
	await.Until(j.t, "journald's end", func() bool {
		return errors.Is(j.cmd.Process.Signal(syscall.Signal(0)), os.ErrProcessDone)
	})
}

// write sends n numbered lines. Without a journald the rest is not written.
func (j *realJournald) write(n int) {
	j.t.Helper()
	c, err := net.Dial("unixgram", j.socket())
	if err != nil {
		return
	}
	defer c.Close()
	for range n {
		j.line++
		if _, err = fmt.Fprintf(c, "MESSAGE=line %d\nSYSLOG_IDENTIFIER=k3s\nPRIORITY=6\n", j.line); err != nil {
			return
		}
	}
}

// ctl runs journalctl as one that talks to this journald.
func (j *realJournald) ctl(args ...string) {
	j.t.Helper()
	args = append([]string{"-t", strconv.Itoa(j.cmd.Process.Pid), "-m", journalctlExe}, args...)
	if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil {
		j.t.Fatalf("journalctl %v: %v\n%s", args, err, out)
	}
}

// keptLines returns the lines that are in the files now. journalctl is not asked for those of a field: when journald is killed
// while it writes an entry, it may not have noted it with all fields.
func (j *realJournald) keptLines() []string {
	j.t.Helper()
	return slices.DeleteFunc(j.kept(), func(message string) bool { return !strings.HasPrefix(message, "line ") })
}

// kept returns the messages that are in the files now, as journalctl reads them.
func (j *realJournald) kept() (list []string) {
	j.t.Helper()
	folder, err := filepath.Glob(filepath.Join(j.dir, "log", "*"))
	if err != nil || len(folder) != 1 {
		j.t.Fatal(err, folder)
	}
	cmd := exec.Command(journalctlExe, "-o", "cat", "--directory="+folder[0])
	out, err := cmd.StdoutPipe()
	if err != nil {
		j.t.Fatal(err)
	}
	if err = cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		list = append(list, s.Text())
	}
	if err = cmd.Wait(); err != nil {
		j.t.Fatal(err)
	}
	return list
}

// reader follows this journald.
func (j *realJournald) reader() *Native {
	return &Native{Roots: []file.Root{{Path: filepath.Join(j.dir, "log")}}}
}

// ringLines returns all messages in the ring that begin with "line", and every other that says something of a gap.
func ringLines(t *testing.T, w journaltest.Watched) (list []string) {
	t.Helper()
	q := journal.Query{Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}}
	for q.Number = 1; ; q.Number++ {
		w.Ask(q)
		p := w.Await(t, "a page", func(p *journal.Page) bool { return p.Query == q.Number && !p.Pending })
		for i := len(p.Rows) - 1; i >= 0; i-- {
			text := string(p.Message(&p.Rows[i]))
			if strings.HasPrefix(text, "line ") || p.Rows[i].Unit == selfUnit || strings.Contains(text, "rotated away") {
				list = append(list, text)
			}
		}
		if p.Older == 0 {
			slices.Reverse(list)
			return list
		}
		q.Anchor = p.Rows[0].First - 1
	}
}

// TestF25RealJournaldComesAndGoes: what a real journald keeps comes once and in order while it is told to rotate, is
// restarted, is killed while it writes, and removes files.
func TestF25RealJournaldComesAndGoes(t *testing.T) {
	j := newJournald(t)
	w := journaltest.Watch(t)
	stop := journaltest.Run(j.reader(), w.Input)
	defer stop()
	seen := map[string]bool{}
	var want []string
	read := func() {
		t.Helper()
		for _, line := range j.keptLines() {
			if !seen[line] {
				seen[line] = true
				want = append(want, line)
			}
		}
		last := want[len(want)-1]
		w.Await(t, last, func(p *journal.Page) bool {
			return slices.ContainsFunc(p.Rows, func(r journal.Row) bool { return string(p.Message(&r)) == last })
		})
	}
	const kills, unsure = 3, 50
	for range kills {
		j.write(150)
		j.ctl("--rotate")
		j.write(100)
		j.ctl("--sync")
		j.stop(syscall.SIGTERM)
		j.start()
		j.write(100)
		// Not --sync: that closes the file properly.
		await.Until(t, "lines in the file", func() bool { return slices.Contains(j.keptLines(), fmt.Sprint("line ", j.line)) })
		j.write(unsure)
		j.stop(syscall.SIGKILL) // what it had not taken is lost, and journalctl does not know it either
		j.start()
		j.write(50)
		j.ctl("--sync")
		read()
		j.ctl("--rotate", "--vacuum-files=1")
	}
	j.write(50)
	j.ctl("--sync")
	read()
	if len(want) < j.line-kills*unsure {
		t.Errorf("journald kept %d lines of %d", len(want), j.line)
	}
	missing := uint64(0) // a line may have had its number when journald was killed, and no more
	got := slices.DeleteFunc(ringLines(t, w), func(line string) bool {
		var n uint64
		_, err := fmt.Sscanf(line, "%d entries of the journal were rotated away", &n)
		missing += n
		return err == nil
	})
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, journald kept %d; %v", len(got), len(want), differAt(got, want))
	}
	if p := w.Latest(); p.Dropped != missing || missing > kills {
		t.Errorf("%d dropped, %d said to be missing", p.Dropped, missing)
	}
}

func differAt(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%d: %q, want %q", i, a[i], b[i])
		}
	}
	return "one is longer"
}
