package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/logfile"
)

// TestF55NotAnswering: what a source reads and that does not answer is told with the time; the source is there again when
// it does; its end, and what waits for it, does not hang with it.
func TestF55NotAnswering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		answer := make(chan struct{})
		path := "/mnt/dead/a.log"
		src := sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
			for {
				sink.Touches(&path)
				<-answer
				sink.Touches(nil)
				good(sink)
				select {
				case <-time.After(time.Hour): // nothing to do is no hang
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool, 1)
		go func() { done <- Supervise(ctx, "test", src, w.Input) }()
		same := await.Goroutines(t)
		state := func() health.Health { synctest.Wait(); return w.Input.State().Health }
		if time.Sleep(answerTimeout / 2); state().State != health.Init {
			t.Errorf("at once: %+v", state())
		}
		time.Sleep(12 * answerTimeout)
		if s := state(); s.State != health.Failed || s.Err != "not answering for 60 s: "+path {
			t.Errorf("%+v", s)
		}
		same()
		answer <- struct{}{}
		if s := state(); s.State != health.OK || s.Err != "" {
			t.Errorf("when it answers: %+v", s)
		}
		time.Sleep(59 * time.Minute)
		if s := state(); s.State != health.OK {
			t.Errorf("idle: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		if s := state(); s.State != health.Stale || !strings.HasPrefix(s.Err, "not answering for ") {
			t.Errorf("again: %+v", s)
		}
		cancel()
		if time.Sleep(2 * answerTimeout); len(done) != 1 || <-done {
			t.Error("it has not been left behind")
		}
		close(answer)
		synctest.Wait()
	})
}

// TestF55BusyIsNotHung: a source that waits for the Log, or has much to read, answers.
func TestF55BusyIsNotHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := journal.New(100, nil) // nobody takes in
		sink := l.Sink("busy")
		path := "/var/log/a.log"
		ctx, cancel := context.WithCancel(t.Context())
		go Supervise(ctx, "busy", sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
			sink.Touches(&path)
			for {
				if err := sink.Put(ctx, journal.Entry{Message: []byte("x")}); err != nil {
					return err
				}
			}
		}), sink)
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := sink.State().Health; s.State != health.Init {
			t.Errorf("%+v", s)
		}
		cancel()
		synctest.Wait()
	})
}

// TestF55CrashedIsNotHung: what a source was reading when it crashed it does not read any more.
func TestF55CrashedIsNotHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		path, runs := "/var/log/a.log", 0
		ctx, cancel := context.WithCancel(t.Context())
		go Supervise(ctx, "test", sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
			if runs++; runs == 1 {
				sink.Touches(&path)
				panic("a bug")
			}
			good(sink)
			<-ctx.Done()
			return ctx.Err()
		}), w.Input)
		time.Sleep(12 * answerTimeout)
		synctest.Wait()
		if s := w.Input.State().Health; s.State != health.OK || runs != 2 {
			t.Errorf("%+v after %d runs", s, runs)
		}
		cancel()
		synctest.Wait()
	})
}

// dead runs f in a mount namespace of its own with a filesystem whose server never answers. revive ends it.
func dead(t *testing.T, f func(t *testing.T, dir string, revive func())) {
	t.Helper()
	if testing.Short() {
		t.Skip("long: a disk is dead until it is said")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	t.Parallel()
	if !apart.Inside(t, unix.CLONE_NEWNS) {
		return
	}
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("", err)
	}
	dir := t.TempDir()
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse)
	if err = unix.Mount("dead", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		t.Skip("no FUSE: ", err)
	}
	revive := func() {
		if fuse >= 0 {
			unix.Close(fuse) // the kernel gives up the connection
			unix.Unmount(dir, unix.MNT_DETACH)
			fuse = -1
		}
	}
	defer revive()
	f(t, dir, revive)
}

// TestF55DeadDisk: log files, folders of them and the journal on a real dead filesystem, one source each; another source
// is not concerned.
func TestF55DeadDisk(t *testing.T) { dead(t, deadDisk) }

func deadDisk(t *testing.T, dir string, revive func()) {
	alive := t.TempDir()
	journaltest.AppendFile(t, filepath.Join(alive, "a.log"), "alive\n")
	w := journaltest.Watch(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sinks := map[string]*journal.Sink{}
	follow := func(name string, src Source) {
		sinks[name] = w.Sink(name)
		go Supervise(ctx, name, src, sinks[name])
	}
	follow("a file", &logfile.Files{Globs: []string{dir + "/a.log"}})
	follow("a folder", &logfile.Files{Globs: []string{dir + "/*/*.log"}})
	follow("the journal", nativeIn(dir))
	follow("the system", &System{Env: Env{Socket: alive, Roots: []file.Root{{Path: dir}}}})
	follow("alive", &logfile.Files{Globs: []string{alive + "/*.log"}})
	of := func(name string) health.Health { return sinks[name].State().Health }
	for name := range sinks {
		await.Until(t, name, func() bool {
			if h := of(name); name != "alive" {
				return h.State == health.Failed && strings.HasPrefix(h.Err, "not answering for ") && strings.Contains(h.Err, dir)
			} else {
				return h.State == health.OK
			}
		})
	}
	goroutines := runtime.NumGoroutine()
	w.Count(t, 1)
	journaltest.AppendFile(t, filepath.Join(alive, "a.log"), "and well\n")
	w.Count(t, 2)
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines became %d", goroutines, now)
	}
	revive()
	for name := range sinks {
		await.Until(t, name+" afterwards", func() bool { return !strings.HasPrefix(of(name).Err, "not answering") })
	}
}
