package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

// fakeJournalctl puts a shell script named journalctl first in PATH. It may call `entry N`, and finds its own
// directory in $dir.
func fakeJournalctl(t *testing.T, body string) (dir string) {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh here")
	}
	dir = t.TempDir()
	write(t, filepath.Join(dir, "journalctl"), "#!/bin/sh\ndir="+dir+`
entry() {
	printf '__CURSOR=s=1;i=%s\n__REALTIME_TIMESTAMP=%s\nPRIORITY=6\n_SYSTEMD_UNIT=k3s.service\nMESSAGE=entry %s\n\n' $1 $1 $1
}
echo "$*" >> $dir/args
echo $$ > $dir/pid
`+body)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

func contents(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestF25JournalctlDies lets it end in several ways. Each time it is started again at the cursor of the last entry,
// which is not taken in twice.
func TestF25JournalctlDies(t *testing.T) {
	dir := fakeJournalctl(t, `
case $(wc -l < $dir/args) in
1) entry 1; entry 2; printf '\033[31mboom\033[0m\nmore\n' >&2; exit 1;;
2) entry 2; echo 'not in the format'; echo; entry 3; printf '__CURSOR=s=1;i=4\nMESSAGE=cut'; kill -KILL $$;;
3) entry 3; entry 4; printf '__CURSOR=what is this\nMESSAGE=odd\n\n';;
4) entry 4; entry 5;;
5) entry 8;;
6) echo 'Failed to seek to cursor: Invalid argument' >&2; exit 1;;
esac
`)
	w := journaltest.Watch(t)
	j := &Journalctl{}
	for i, want := range []string{"journalctl: \x1b[31mboom\x1b[0m", "journalctl ended: signal: killed", "journalctl ended",
		"journalctl ended", "journalctl ended", "journalctl: Failed to seek to cursor: Invalid argument", "journalctl ended"} {
		err := j.Run(context.Background(), w.Input)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("run %d: %v, want %q", i+1, err, want)
		}
	}
	want := []string{"k3s: entry 1", "k3s: entry 2", "k3s: entry 3", "k3s: entry 4", ": odd", "k3s: entry 5",
		"self: the journal was rotated away while it was not followed: entries may be missing here", "k3s: entry 8"}
	if got := w.Rows(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if p := w.Latest(); p.Dropped != 1 {
		t.Errorf("%d dropped for one piece of garbage", p.Dropped)
	}
	for i, line := range strings.Split(contents(t, dir, "args"), "\n") {
		from := []string{"--lines=1000", "i=2", "i=3", "i=4", "i=5", "i=8", "--lines=1000"}[i]
		if !strings.HasSuffix(line, from) || !strings.HasPrefix(line, "--follow --output=export --output-fields=MESSAGE,") {
			t.Errorf("start %d: journalctl %s", i+1, line)
		}
	}
}

// TestJournalctlIsKilledWithItsGroup has a journalctl whose child holds the pipe open.
func TestJournalctlIsKilledWithItsGroup(t *testing.T) {
	dir := fakeJournalctl(t, `
entry 1
sleep 1000 &
echo $! > $dir/child
wait
`)
	w := journaltest.Watch(t)
	running := runtime.NumGoroutine()
	stop := journaltest.Run(&Journalctl{}, w.Input)
	if got := w.Rows(t, 1); got[0] != "k3s: entry 1" {
		t.Errorf("%q", got)
	}
	await.Until(t, "the child", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "child"))
		return err == nil && len(text) > 0
	})
	if err := stop(); err == nil {
		t.Error("Run returned nil")
	}
	if _, err := os.Stat("/proc/" + contents(t, dir, "pid")); err == nil {
		t.Error("journalctl was not waited for")
	}
	await.Until(t, "the end of journalctl's child", func() bool { return gone(contents(t, dir, "child")) })
	await.Until(t, "the end of all goroutines", func() bool { return runtime.NumGoroutine() <= running })
}

// gone reports whether a process has ended; it may be a zombie that its new parent has not waited for.
func gone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return errors.Is(err, os.ErrNotExist) || err == nil && strings.Contains(string(stat), ") Z ")
}

// healthOf is that of the only source, the zero value before there is one.
func healthOf(p *journal.Page) (h health.Health) {
	if len(p.Sources) > 0 {
		h = p.Sources[0].Health
	}
	return h
}

func TestF30JournalctlSaysWhatIsMissing(t *testing.T) {
	for _, hint := range []string{
		"Hint: You are currently not seeing messages from other users and the system.\n" +
			"      Users in groups 'adm', 'systemd-journal' can see all messages.\n",
		"No journal files were opened due to insufficient permissions.\n",
	} {
		fakeJournalctl(t, fmt.Sprintf("cat >&2 <<'END'\n%sEND\nentry 1\nexec sleep 1000", hint))
		w := journaltest.Watch(t)
		stop := journaltest.Run(&Journalctl{}, w.Input)
		w.Await(t, "the hint, and what may be read nevertheless", func(p *journal.Page) bool {
			h := healthOf(p)
			return h.State == health.Failed && strings.Contains(h.Err, "group systemd-journal") && len(p.Rows) == 1
		})
		if err := stop(); err == nil || !strings.Contains(err.Error(), "group systemd-journal") {
			t.Errorf("%v", err)
		}
	}
}

func TestJournalctlHealth(t *testing.T) {
	for _, c := range []struct {
		body  string
		state health.State
		err   string
	}{
		{"exec sleep 1000", health.OK, ""}, // a quiet journal
		{"echo 'No journal files were found.' >&2; exec sleep 1000", health.Failed, noJournalYet},
		{"echo 'No journal files were found.' >&2; sleep 0.1; entry 1; exec sleep 1000", health.OK, ""},
	} {
		fakeJournalctl(t, c.body)
		w := journaltest.Watch(t)
		stop := journaltest.Run(&Journalctl{}, w.Input)
		w.Await(t, c.body, func(p *journal.Page) bool {
			h := healthOf(p)
			return h.State == c.state && h.Err == c.err
		})
		stop()
	}
}

// TestJournalctlLeavesOlderOut: what it prints when it has told what there was has arrived, whatever its stamp, and of the
// time before its first entry nothing is known.
func TestJournalctlLeavesOlderOut(t *testing.T) {
	fakeJournalctl(t, fmt.Sprintf(`
printf '__CURSOR=s=1;i=0\n__REALTIME_TIMESTAMP=%d\nMESSAGE=now\n\n'
while entry 1; do sleep 0.1; done
`, time.Now().UnixMicro()))
	w := journaltest.Watch(t)
	stop := journaltest.Run(&Journalctl{}, w.Input)
	defer stop()
	if p := w.Until(t, "later entries", func(p *journal.Page) bool { return p.Later > 0 }); p.Hour.Known == 60 {
		t.Error("the whole hour is known")
	}
}

// TestComplaintOutlastsThePeace: having lived for a while is no health after a complaint, an entry is.
func TestComplaintOutlastsThePeace(t *testing.T) {
	sink := journal.New(1, nil).Sink("test")
	c := &complaint{sink: sink}
	c.Write([]byte("No journal files were found.\n"))
	if c.settled(); sink.State().Health.State != health.Failed {
		t.Errorf("%+v", sink.State())
	}
	if c.works(); sink.State().Health.State != health.OK {
		t.Errorf("%+v", sink.State())
	}
	c = &complaint{sink: journal.New(1, nil).Sink("test")}
	c.end(nil)
	if c.settled(); c.sink.State().Health.State != health.Init {
		t.Errorf("settled after the end: %+v", c.sink.State())
	}
	c.Write(make([]byte, 10<<20))
	if len(c.text) != complaintMax {
		t.Errorf("%d bytes kept", len(c.text))
	}
}

func TestJournalctlIsNotThere(t *testing.T) {
	tree(t)
	err := (&Journalctl{}).Run(context.Background(), journaltest.Watch(t).Input)
	if err == nil || !strings.Contains(err.Error(), "journalctl") || !strings.Contains(err.Error(), "PATH") {
		t.Errorf("%v", err)
	}
}

func counts(t *testing.T) (goroutines, files int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return runtime.NumGoroutine(), len(list)
}

// TestF25RestartsLeakNothing starts a journalctl that ends at once, many times.
func TestF25RestartsLeakNothing(t *testing.T) {
	fakeJournalctl(t, "entry 1")
	w := journaltest.Watch(t)
	j := &Journalctl{}
	j.Run(context.Background(), w.Input)
	goroutines, files := counts(t)
	for range 30 {
		j.Run(context.Background(), w.Input)
	}
	await.Until(t, "as many goroutines and files as before", func() bool {
		g, f := counts(t)
		return g <= goroutines && f <= files
	})
	if p := w.Await(t, "one entry", func(p *journal.Page) bool { return p.Total > 0 }); p.Total != 1 {
		t.Errorf("%d entries", p.Total)
	}
}
