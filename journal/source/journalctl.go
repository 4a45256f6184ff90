package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"hypervisor-tui/journal"
)

const (
	backfill       = "1000"          // entries read at the first start
	complaintMax   = 1 << 10         // bytes of journalctl's stderr that are kept
	settleTime     = time.Second     // a journalctl that has lived so long in peace works, and has told what there was
	healthInterval = time.Second     // how often reading entries is reported as health
	pipeWait       = 2 * time.Second // for a pipe that outlives journalctl
	noPermission   = "not permitted to read the system journal: add this user to group "
	journalGroup   = "systemd-journal"
	noJournalYet   = "no journal files were found"
	journalctlExe  = "journalctl"
)

// Journalctl follows the system journal through a journalctl in a process group of its own. After a restart it goes
// on where it was: nothing is lost and nothing comes twice.
type Journalctl struct {
	cursor []byte // of the last entry that was put, empty before the first
}

// Run follows until ctx ends or journalctl does.
func (j *Journalctl) Run(ctx context.Context, sink *journal.Sink) error {
	path, err := exec.LookPath(journalctlExe)
	if err != nil {
		return fmt.Errorf("find journalctl: %w", err)
	}
	cmd := exec.CommandContext(ctx, path, j.args()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = pipeWait
	said := &complaint{sink: sink}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start journalctl: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return fmt.Errorf("start journalctl: %w", err)
	}
	peace := time.AfterFunc(settleTime, func() {
		said.settled()
		sink.Backfilled(false)
	})
	err = j.follow(ctx, out, said, sink)
	peace.Stop()
	killGroup(cmd) // before Wait, while the pid is surely ours
	ended := said.end(cmd.Wait())
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = ended
	}
	if strings.Contains(err.Error(), "cursor") {
		j.cursor = j.cursor[:0] // one that journalctl does not take would fail each time
	}
	return err
}

// args resumes at the last entry itself, not after it: when that entry is not the first to come, it is gone and with
// it maybe others. With -n journalctl would show no more than that many entries after a cursor, and lose the rest.
func (j *Journalctl) args() []string {
	args := []string{"--follow", "--output=export", "--output-fields=" + strings.Join(fieldNames[messageField:], ",")}
	if len(j.cursor) > 0 {
		return append(args, "--no-tail", "--cursor="+string(j.cursor))
	}
	return append(args, "--lines="+backfill)
}

func killGroup(cmd *exec.Cmd) error {
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// follow puts the entries of a journalctl's output; it returns the error that ended it.
func (j *Journalctl) follow(ctx context.Context, out io.Reader, said *complaint, sink *journal.Sink) error {
	x := NewExport(flushing{out, sink})
	resuming := len(j.cursor) > 0
	var e journal.Entry
	var reported time.Time
	var damage uint64
	for {
		err := x.Next(&e)
		sink.Dropped(x.Damage() - damage)
		damage = x.Damage()
		if err != nil {
			return err
		}
		if now := time.Now(); now.Sub(reported) >= healthInterval {
			reported = now
			said.works()
		}
		if resuming {
			resuming = false
			if bytes.Equal(x.Cursor(), j.cursor) {
				continue
			}
			gap(sink, gapText)
		}
		if err = sink.Put(ctx, e); err != nil {
			return err
		}
		if validCursor(x.Cursor()) {
			j.cursor = append(j.cursor[:0], x.Cursor()...)
		}
	}
}

const gapText = "the journal was rotated away while it was not followed: entries may be missing here"

// gap says in the log that entries are missing.
func gap(sink *journal.Sink, text string) {
	sink.Try(journal.Entry{
		Time:     time.Now(),
		Unit:     selfName,
		Severity: journal.Warning,
		Message:  []byte(text),
	})
}

// validCursor keeps garbage from becoming an argument that no journalctl takes.
func validCursor(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '=' && c != ';' {
			return false
		}
	}
	return len(b) > 0 && len(b) < fieldMax
}

// flushing hands over what was put before it waits for more.
type flushing struct {
	r    io.Reader
	sink *journal.Sink
}

func (f flushing) Read(p []byte) (int, error) {
	f.sink.Flush()
	return f.r.Read(p)
}

// complaint is what journalctl says on stderr, and the health that follows from it: journalctl goes on running when it
// may not read the journal or finds none, so that is reported as soon as it is said.
type complaint struct {
	sink   *journal.Sink
	mu     sync.Mutex // guards the rest: os/exec's goroutine, a timer's and the source's come here
	text   []byte
	denied bool
	over   bool
}

// Write takes in stderr.
func (c *complaint) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p[:min(len(p), complaintMax-len(c.text))]...)
	switch {
	case bytes.Contains(c.text, []byte("not seeing messages from other users")),
		bytes.Contains(c.text, []byte("insufficient permissions")):
		c.denied = true
		denied(c.sink, noPermission+journalGroup)
	case bytes.Contains(c.text, []byte("No journal files were found")):
		bad(c.sink, noJournalYet)
	}
	return len(p), nil
}

// works is called when there was an entry.
func (c *complaint) works() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.denied {
		good(c.sink)
	}
}

// settled is called when journalctl has been there for a while: a quiet journal is good as well.
func (c *complaint) settled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.text) == 0 && !c.over {
		good(c.sink)
	}
}

// end returns why journalctl ended, in its own words if it had any.
func (c *complaint) end(status error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.denied {
		return errors.New(noPermission + journalGroup)
	}
	if line, _, _ := bytes.Cut(bytes.TrimSpace(c.text), []byte("\n")); len(line) > 0 {
		return fmt.Errorf("journalctl: %s", line)
	}
	if status != nil {
		return fmt.Errorf("journalctl ended: %w", status)
	}
	return errors.New("journalctl ended")
}
