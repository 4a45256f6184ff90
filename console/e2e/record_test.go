package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/await"
)

// recording is a process that records, without a terminal.
type recording struct {
	t      *testing.T
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has ended
	stderr string        // file
	path   string        // of what it records
}

// record starts hypervisor-tui --record in the state directory dir.
func record(t *testing.T, dir, config string, env ...string) *recording {
	t.Helper()
	return recordBy(t, exec.Command(program(t, ""), "--record", "--config", config), dir, env...)
}

func recordBy(t *testing.T, cmd *exec.Cmd, dir string, env ...string) *recording {
	t.Helper()
	r := &recording{t: t, cmd: cmd, ended: make(chan struct{}), stderr: filepath.Join(t.TempDir(), "stderr"), path: filepath.Join(dir, "flight")}
	stderr, err := os.Create(r.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Env, cmd.Stderr = environment(t, append(env, "STATE_DIRECTORY="+dir)...), stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // ProcessState has it
		close(r.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-r.ended
	})
	return r
}

// told is what it has said on standard error.
func (r *recording) told() string {
	r.t.Helper()
	return readText(r.t, r.stderr)
}

// end sends a signal and waits for the end. It returns the exit code, -1 after a signal that kills.
func (r *recording) end(sig unix.Signal) int {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
	await.Until(r.t, "the recorder has ended", func() bool {
		select {
		case <-r.ended:
			return true
		default:
			return false
		}
	})
	return r.cmd.ProcessState.ExitCode()
}

// last is the newest record at path, nil while there is none.
func last(t *testing.T, path string) (*frame.Snapshot, history.RecordInfo) {
	t.Helper()
	r, err := history.Open(path, time.UTC)
	if errors.Is(err, history.ErrNothing) {
		return nil, history.RecordInfo{}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, ok := r.Last()
	if !ok {
		return nil, history.RecordInfo{}
	}
	f := new(frame.Snapshot)
	info, err := r.Load(p, f)
	if err != nil {
		t.Fatal(err)
	}
	return f, info
}

// records waits for a record at path that is newer than after.
func records(t *testing.T, path string, after time.Time) (f *frame.Snapshot, info history.RecordInfo) {
	t.Helper()
	await.Until(t, "a record in "+path, func() bool {
		f, info = last(t, path)
		return f != nil && info.Wall.After(after)
	})
	return f, info
}

// quick is a configuration whose recording is there soon, and small.
const quick = "refreshInterval: 1s\nhistory: {size: 8MiB}\n"

// TestRecorder: what the host is like is in the file, of the size that was asked for, the group may read it, and SIGTERM ends the
// recording in good order.
func TestRecorder(t *testing.T) {
	t.Parallel()
	dir, told := t.TempDir(), notifySocket(t)
	cmd := exec.Command("sh", "-c", `umask 077; exec "$@"`, "sh", program(t, ""), "--record", "--config", writeFile(t, "config.yaml", quick)) // as the unit has it
	r := recordBy(t, cmd, dir, "NOTIFY_SOCKET="+told.path, "WATCHDOG_USEC=10000000")
	if first := told.next(t); first != "READY=1" {
		t.Errorf("systemd is told %q first", first)
	}
	f, info := records(t, r.path, time.Time{})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if f.Host == nil || f.Host.Machine.Hostname != host || info.Last {
		t.Errorf("of %s it records %+v, ended: %v", host, f.Host, info.Last)
	}
	stat, err := os.Stat(r.path)
	if err != nil || stat.Size() != 8<<20 || stat.Mode() != 0o640 {
		t.Errorf("the file is %v, %v", stat, err)
	}
	if got := told.next(t); got != "WATCHDOG=1" {
		t.Errorf("systemd is told %q", got)
	}
	if code := r.end(unix.SIGTERM); code != exitFine || r.told() != "" {
		t.Errorf("exit code %d, on standard error %q", code, r.told())
	}
	if _, after := last(t, r.path); !after.Last || after.Wall.Before(info.Wall) {
		t.Errorf("after SIGTERM the last record is %+v", after)
	}
}

// TestRecorderKilled: what was recorded before a kill is there after it, and goes on.
func TestRecorderKilled(t *testing.T) {
	t.Parallel()
	dir, config := t.TempDir(), writeFile(t, "config.yaml", quick)
	var before history.RecordInfo
	for range 5 {
		r := record(t, dir, config)
		_, info := records(t, r.path, before.Wall)
		if before != (history.RecordInfo{}) && before.BootID != info.BootID {
			t.Errorf("two boots: %x and %x", before.BootID, info.BootID)
		}
		before = info
		if code := r.end(unix.SIGKILL); code != -1 {
			t.Errorf("exit code %d", code)
		}
		if _, after := last(t, r.path); after.Last || after.Wall.Before(info.Wall) {
			t.Errorf("after SIGKILL the last record is %+v, it was %+v", after, info)
		}
	}
}

// TestOneRecords: of two the first records, the other goes on when that is gone, within a minute.
func TestOneRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the second looks each 30 s whether the first is gone")
	}
	t.Parallel()
	dir, config := t.TempDir(), writeFile(t, "config.yaml", quick)
	first := record(t, dir, config)
	records(t, first.path, time.Time{})
	second := record(t, dir, config)
	first.end(unix.SIGKILL)
	killed := time.Now()
	_, info := records(t, second.path, killed)
	if code := second.end(unix.SIGTERM); code != exitFine || second.told() != "" {
		t.Errorf("exit code %d, on standard error %q", code, second.told())
	}
	t.Logf("the second recorded %v after the first was killed", info.Wall.Sub(killed))
}

// TestRecorderReload: another size makes another file, the one before stays beside it, and systemd learns of the begin and the end.
func TestRecorderReload(t *testing.T) {
	t.Parallel()
	dir, config, told := t.TempDir(), writeFile(t, "config.yaml", quick), notifySocket(t)
	r := record(t, dir, config, "NOTIFY_SOCKET="+told.path)
	records(t, r.path, time.Time{})
	next := func() (state string) {
		for state = told.next(t); state == "WATCHDOG=1"; state = told.next(t) {
		}
		return state
	}
	if first := next(); first != "READY=1" {
		t.Errorf("systemd is told %q first", first)
	}
	for _, c := range []struct {
		text string
		size int64
	}{{"history: {size: 9MiB\n", 8 << 20}, {"refreshInterval: 1s\nhistory: {size: 9MiB}\n", 9 << 20}} {
		if err := os.WriteFile(config, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.cmd.Process.Signal(unix.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if begin := next(); !strings.HasPrefix(begin, "RELOADING=1\nMONOTONIC_USEC=") {
			t.Errorf("systemd is told %q at the begin of the reload", begin)
		}
		if end := next(); end != "READY=1" {
			t.Errorf("systemd is told %q at its end", end)
		}
		await.Until(t, "a file of the size", func() bool {
			stat, err := os.Stat(r.path)
			return err == nil && stat.Size() == c.size
		})
		records(t, r.path, time.Now())
	}
	if stat, err := os.Stat(r.path + ".old"); err != nil || stat.Size() != 8<<20 {
		t.Errorf("the file before is %v, %v", stat, err)
	}
	if code := r.end(unix.SIGTERM); code != exitFine || strings.Count(r.told(), "\n") != 1 || !strings.Contains(r.told(), "config.yaml:") {
		t.Errorf("exit code %d, on standard error %q", code, r.told())
	}
}

// TestRecorderTouchesNothingElse: a file of somebody else in the place of the recording stays as it is, which is said once.
func TestRecorderTouchesNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, text := filepath.Join(dir, "flight"), bytes.Repeat([]byte("somebody's photographs "), 1000)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := record(t, dir, writeFile(t, "config.yaml", quick))
	await.Until(t, "it says so", func() bool { return strings.Contains(r.told(), "is no recording of this program") })
	if code := r.end(unix.SIGTERM); code != exitFine || strings.Count(r.told(), "\n") != 1 {
		t.Errorf("exit code %d, on standard error %q", code, r.told())
	}
	if got := readText(t, path); got != string(text) {
		t.Error("it has changed the file")
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "*")); len(all) != 1 {
		t.Errorf("beside it there is %q", all)
	}
}

// TestRecorderOnAFullDisk: it does not fill a disk, says once that there is no room, and leaves nothing half made behind.
func TestRecorderOnAFullDisk(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := t.TempDir()
	cmd := exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs -o size=12m full "$STATE_DIRECTORY" || exit 9; exec "$@"`, "sh",
		program(t, ""), "--record", "--config", writeFile(t, "config.yaml", quick))
	r := recordBy(t, cmd, dir)
	await.Until(t, "it says so", func() bool { return strings.Contains(r.told(), "no space left on device") })
	inside := filepath.Join("/proc", strconv.Itoa(r.cmd.Process.Pid), "root", dir)
	if all, err := os.ReadDir(inside); err != nil || len(all) != 0 {
		t.Errorf("on the full disk there is %v, %v", all, err)
	}
	if code := r.end(unix.SIGTERM); code != exitFine || strings.Count(r.told(), "\n") != 1 {
		t.Errorf("exit code %d, on standard error %q", code, r.told())
	}
}

// TestRecorderWithoutAPlace ends and says what to do.
func TestRecorderWithoutAPlace(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		"": "there is no place for it", "history: {enable: false}\n": "history.enable is false", "profile: rescue\n": "history.enable is false",
	} {
		got := run(t, environment(t, "HOME=", "XDG_STATE_HOME="), "--record", "--config", writeFile(t, "config.yaml", config))
		if got.code != exitFailure || !strings.Contains(got.stderr, want) {
			t.Errorf("%q: exit code %d, %q; want %q", config, got.code, got.stderr, want)
		}
	}
}

// TestConsoleRecords: a console that nobody records for does it itself in its home, a second one sees that, and neither does where
// the configuration names a place or says no.
func TestConsoleRecords(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, ".local/state/hypervisor-tui/flight")
	first := start(t, setup{w: 200, h: tall, env: []string{"HOME=" + home, "XDG_STATE_HOME="}, args: []string{"--config", writeFile(t, "config.yaml", quick)}})
	first.await(footer)
	records(t, path, time.Time{})
	first.sources("history")
	first.await(path + ", since ")
	second := start(t, setup{w: 200, h: tall, env: []string{"HOME=" + home, "XDG_STATE_HOME="}, args: []string{"--config", writeFile(t, "config.yaml", quick)}})
	second.await(footer)
	second.keys("i")
	second.await(path, "by another process")
	first.signal(unix.SIGTERM)
	if code, _ := first.exit(); code != exitFine || first.stderr() != "" {
		t.Errorf("exit code %d, on standard error %q", code, first.stderr())
	}
	if _, info := last(t, path); !info.Last {
		t.Error("the end of the console does not end the recording in good order")
	}
}

// TestConsoleDoesNotRecord where the configuration says no, or names a place, which is that of a recorder.
func TestConsoleDoesNotRecord(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "flight")
	for name, config := range map[string]string{"off": "history: {enable: false}\n", "rescue": "profile: rescue\n", "named": "history: {path: " + elsewhere + "}\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			s := start(t, setup{w: 200, h: tall, env: []string{"HOME=" + home, "XDG_STATE_HOME="}, args: []string{"--config", writeFile(t, "config.yaml", "refreshInterval: 1s\n"+config)}})
			s.await(footer)
			s.until("rates, of the second sample", func(text string) bool { return strings.Contains(text, "Memory") && !strings.Contains(text, "CPU: --") })
			s.keys("q")
			if code, _ := s.exit(); code != exitFine || s.stderr() != "" {
				t.Errorf("exit code %d, on standard error %q", code, s.stderr())
			}
			if all, _ := filepath.Glob(filepath.Join(home, ".local/state/*")); len(all) > 0 {
				t.Errorf("it made %q", all)
			}
			if _, err := os.Stat(elsewhere); err == nil {
				t.Errorf("it made %s", elsewhere)
			}
		})
	}
}
