package read

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// now is the time at which the tests read, far from their results.
const now = time.Hour

// spec is a check that runs each minute.
func spec(name string) plugin.Spec {
	return plugin.Spec{Name: name, Command: []string{"/bin/true"}, Interval: time.Minute, Timeout: 10 * time.Second}
}

// reader returns a Reader of those checks, and their directory, which is as systemd makes it.
func reader(t testing.TB, names ...string) (*Reader, string) {
	t.Helper()
	o := Options{Directory: filepath.Join(t.TempDir(), "results")}
	for _, n := range names {
		o.Plugins = append(o.Plugins, spec(n))
		folder(t, o.Directory, n)
	}
	r := New(o)
	r.now, r.suspended = func() time.Duration { return now }, func() time.Duration { return 0 }
	return r, o.Directory
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder makes that of a plugin, whatever the umask.
func folder(t testing.TB, dir, name string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(filepath.Join(dir, name), 0o755))
}

// text is the file of a run that ended at that time.
func text(at time.Duration, code uint8, output string) string {
	return string(plugin.Header{Began: at, End: plugin.End{Code: code}}.Append(nil)) + output
}

// leave writes the result of a plugin as its unit does.
func leave(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name, plugin.File)
	must(t, os.WriteFile(path+".new", []byte(text), 0o600))
	must(t, os.Chmod(path+".new", 0o644))
	must(t, os.Rename(path+".new", path))
}

func read(t testing.TB, r *Reader) []plugin.Result {
	t.Helper()
	results, err := r.Read()
	must(t, err)
	return results
}

// TestResults: what a plugin says is there with the next reading, by the order of the configuration; unchanged results are the same
// slice; what was returned before stays as it was.
func TestResults(t *testing.T) {
	r, dir := reader(t, "b", "a", "none")
	leave(t, dir, "a", text(time.Minute, 2, "CRITICAL - broken | x=1;2;3\nmore\n"))
	leave(t, dir, "b", text(2*time.Minute, 0, "fine"))
	first := read(t, r)
	if b, a := first[0], first[1]; b.Name != "b" || b.Status != plugin.OK || b.Text != "fine" || b.At != 2*time.Minute || b.Begun != 0 ||
		a.Status != plugin.Critical || len(a.Figures) != 1 || a.Interval != time.Minute || a.Timeout != 10*time.Second {
		t.Errorf("%+v\n%+v", b, a)
	}
	if none := first[2]; !none.Pending() || none.Status != plugin.Unknown || none.Begun != now || none.Interval != time.Minute {
		t.Errorf("%+v", none)
	}
	if again := read(t, r); &again[0] != &first[0] {
		t.Error("read again without a change")
	}
	leave(t, dir, "a", text(3*time.Minute, 0, "whole"))
	if next := read(t, r); next[1].Text != "whole" || &next[0] == &first[0] || first[1].Status != plugin.Critical {
		t.Errorf("%+v, before it %+v", next[1], first[1])
	}
	// Another folder in the place of the plugin's has another result.
	must(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "other")))
	folder(t, dir, "a")
	leave(t, dir, "a", text(3*time.Minute, 0, "other"))
	if next := read(t, r); next[1].Text != "other" {
		t.Errorf("%+v", next[1])
	}
	// A result that has gone is none that was never there, whether its folder goes with it or the whole directory.
	for _, path := range []string{filepath.Join(dir, "a", plugin.File), filepath.Join(dir, "b"), dir} {
		must(t, os.RemoveAll(path))
		next := read(t, r)
		if a := next[1]; a.At != 0 || a.Status != plugin.Unknown || a.Text != "its result has been removed" || a.Pending() || !next[2].Pending() {
			t.Errorf("without %s: %+v, %+v", path, a, next[2])
		}
	}
	folder(t, dir, "a")
	leave(t, dir, "a", text(4*time.Minute, 0, "back"))
	if a := read(t, r)[1]; a.Text != "back" || a.Status != plugin.OK {
		t.Errorf("%+v", a)
	}
	// The directory goes, and comes again with the very file that was in it.
	must(t, os.Rename(dir, dir+".away"))
	read(t, r)
	must(t, os.Rename(dir+".away", dir))
	if a := read(t, r)[1]; a.Text != "back" || a.Status != plugin.OK {
		t.Errorf("after it was away: %+v", a)
	}
}

// TestRefused: what somebody else can have written, and what is no result, is refused with the reason; the others are read beside
// it, and the plugin's own result is taken again once it is right.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir, path string) // dir is the plugin's folder, path the result in it
		why  string
	}{
		{"link", func(t *testing.T, dir, path string) {
			must(t, os.Rename(path, path+".other"))
			must(t, os.Symlink(path+".other", path))
		}, "it is a link"},
		{"dead link", func(t *testing.T, dir, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink("/nonexistent", path))
		}, "it is a link"},
		{"link for a folder", func(t *testing.T, dir, path string) {
			must(t, os.Rename(dir, dir+".other"))
			must(t, os.Symlink(dir+".other", dir))
		}, "its folder is a link, or no folder"},
		{"file for a folder", func(t *testing.T, dir, path string) {
			must(t, os.RemoveAll(dir))
			must(t, os.WriteFile(dir, nil, 0o644))
		}, "its folder is a link, or no folder"},
		{"folder for a file", func(t *testing.T, dir, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o755))
		}, "it is no regular file"},
		{"FIFO", func(t *testing.T, dir, path string) {
			must(t, os.Remove(path))
			must(t, unix.Mkfifo(path, 0o644))
		}, "it is no regular file"},
		{"socket", func(t *testing.T, dir, path string) {
			must(t, os.Remove(path))
			must(t, unix.Mknod(path, unix.S_IFSOCK|0o644, 0))
		}, "it is no regular file"},
		{"device", func(t *testing.T, dir, path string) {
			must(t, os.Remove(path))
			if err := unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))); err != nil {
				t.Skip("devices are made by root alone:", err)
			}
		}, "it is no regular file"},
		{"group-writable", func(t *testing.T, dir, path string) { must(t, os.Chmod(path, 0o664)) }, "its group or others may write to it"},
		{"world-writable", func(t *testing.T, dir, path string) { must(t, os.Chmod(path, 0o646)) }, "its group or others may write to it"},
		{"group-writable folder", func(t *testing.T, dir, path string) {
			must(t, os.Chmod(dir, 0o775))
			leave(t, filepath.Dir(dir), "x", text(1, 0, "y"))
		}, "its group or others may write to its folder"},
		{"world-writable folder", func(t *testing.T, dir, path string) {
			must(t, os.Chmod(dir, 0o757))
			leave(t, filepath.Dir(dir), "x", text(1, 0, "y"))
		}, "its group or others may write to its folder"},
		{"unreadable", func(t *testing.T, dir, path string) {
			if os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			must(t, os.Chmod(path, 0))
		}, "permission denied"},
		{"unreadable folder", func(t *testing.T, dir, path string) {
			if os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			must(t, os.Chmod(dir, 0))
		}, "permission denied"},
		{"empty", content(""), "it has no header"},
		{"cut in the header", content(text(1, 0, "")[:15]), "it has no header"},
		{"no header", content("CRITICAL - x\n"), `it does not begin with "hvtplugin 1"`},
		{"too large", content(text(1, 0, strings.Repeat("x", plugin.MaxOutput+1))), "it has more than 64 KiB"},
		{"far too large", func(t *testing.T, dir, path string) { must(t, os.Truncate(path, 1<<40)) }, "it has more than 64 KiB"},
		{"future", content(text(now+time.Millisecond, 0, "")), "the clock of its header is not"},
		{"no time", content(text(0, 0, "")), "the clock of its header is not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, dir := reader(t, "before", "x", "behind")
			for _, name := range []string{"before", "x", "behind"} {
				leave(t, dir, name, text(time.Minute, 1, "warned"))
			}
			check := func(when string) {
				t.Helper()
				got := read(t, r)
				if x := got[1]; x.Status != plugin.Unknown || x.At != 0 || x.Pending() || x.Interval != time.Minute || !strings.HasPrefix(x.Text, c.why) || !strings.HasSuffix(x.Text, " ("+dir+"/x/result)") {
					t.Errorf("%s: %+v, want %q", when, x, c.why)
				}
				for _, other := range []plugin.Result{got[0], got[2]} {
					if other.Text != "warned" || other.Status != plugin.Warning {
						t.Errorf("%s: of %s: %+v", when, other.Name, other)
					}
				}
				if again := read(t, r); &again[0] != &got[0] {
					t.Errorf("%s: what is refused is another result each time", when)
				}
			}
			if c.name != "world-writable folder" { // it is refused from the start on, and
				read(t, r)
			}
			c.make(t, filepath.Join(dir, "x"), filepath.Join(dir, "x", plugin.File))
			check("first")
			_ = os.Chmod(filepath.Join(dir, "x"), 0o755) // of a dead link there is nothing to change
			must(t, os.RemoveAll(filepath.Join(dir, "x")))
			folder(t, dir, "x")
			leave(t, dir, "x", text(2*time.Minute, 0, "right"))
			if x := read(t, r)[1]; x.Text != "right" || x.Status != plugin.OK {
				t.Errorf("when it is right again: %+v", x)
			}
		})
	}
}

func content(text string) func(*testing.T, string, string) {
	return func(t *testing.T, dir, path string) { leave(t, filepath.Dir(dir), filepath.Base(dir), text) }
}

// TestWhole: a result of exactly as much as a plugin may print is taken.
func TestWhole(t *testing.T) {
	r, dir := reader(t, "x")
	leave(t, dir, "x", text(time.Minute, 0, strings.Repeat("x", plugin.MaxOutput)))
	if x := read(t, r)[0]; x.Status != plugin.OK || x.At != time.Minute {
		t.Errorf("%+v", x)
	}
}

// TestTrust: only root, this user and the owner of the folder can have written a result.
func TestTrust(t *testing.T) {
	r := &Reader{user: 7}
	for owner, trusted := range map[uint32]bool{0: true, 7: true, 8: true, 9: false} {
		if err := r.trust(&unix.Stat_t{Mode: unix.S_IFREG | 0o644, Uid: owner}, 8); (err == nil) != trusted {
			t.Errorf("of user %d: %v", owner, err)
		}
	}
}

// TestOwners is TestTrust with files, and with the directory, which must be root's or this user's.
func TestOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	r, dir := reader(t, "x", "y")
	leave(t, dir, "x", text(time.Minute, 0, "mine"))
	leave(t, dir, "y", text(time.Minute, 0, "its own"))
	must(t, os.Chown(filepath.Join(dir, "x", plugin.File), 1000, -1))
	for _, path := range []string{"y", "y/" + plugin.File} {
		must(t, os.Chown(filepath.Join(dir, path), 1000, -1))
	}
	got := read(t, r)
	if want := "it belongs to user 1000, not to root or to the owner of its folder (" + dir + "/x/result)"; got[0].Text != want || got[0].At != 0 || got[1].Text != "its own" {
		t.Errorf("%+v\n%+v", got[0], got[1])
	}
	must(t, os.Chown(dir, 1000, -1))
	if _, err := r.Read(); err == nil || err.Error() != dir+": it belongs to user 1000: it must be root's" {
		t.Error(err)
	}
}

// TestDirectory: one that is not as systemd makes it is refused with all that is in it, and taken again once it is right.
func TestDirectory(t *testing.T) {
	r, dir := reader(t, "x")
	leave(t, dir, "x", text(time.Minute, 0, "fine"))
	other := filepath.Join(filepath.Dir(dir), "other")
	for _, c := range []struct {
		name         string
		break_, mend func() error
		why          string
	}{
		{"group", func() error { return os.Chmod(dir, 0o775) }, func() error { return os.Chmod(dir, 0o755) }, "its group or others may write to it"},
		{"sticky", func() error { return os.Chmod(dir, os.ModeSticky|0o777) }, func() error { return os.Chmod(dir, 0o755) }, "its group or others may write to it"},
		{"link", func() error { return errors.Join(os.Rename(dir, other), os.Symlink(other, dir)) }, func() error { return errors.Join(os.Remove(dir), os.Rename(other, dir)) }, "it is a link, or no folder"},
		{"file", func() error { return errors.Join(os.Rename(dir, other), os.WriteFile(dir, nil, 0o644)) }, func() error { return errors.Join(os.Remove(dir), os.Rename(other, dir)) }, "it is a link, or no folder"},
	} {
		must(t, c.break_())
		if _, err := r.Read(); err == nil || err.Error() != dir+": "+c.why {
			t.Errorf("%s: %v", c.name, err)
		}
		must(t, c.mend())
		if x := read(t, r)[0]; x.Text != "fine" {
			t.Errorf("after %s: %+v", c.name, x)
		}
	}
	must(t, os.Rename(dir, other))
	r = New(Options{Directory: dir, Plugins: []plugin.Spec{spec("x")}})
	if x := read(t, r)[0]; !x.Pending() || x.Begun == 0 {
		t.Errorf("without it: %+v", x)
	}
}

// TestReplacedWhileRead: a result is the old one or the new one, whole, however often it is replaced meanwhile.
func TestReplacedWhileRead(t *testing.T) {
	const times = 300
	r, dir := reader(t, "x")
	output := func(n int) string { return strings.Repeat(fmt.Sprintf("%d\n", n), 2+n*7919%90) }
	leave(t, dir, "x", text(time.Minute, 0, output(0)))
	var left atomic.Bool
	go func() {
		defer left.Store(true)
		for n := range times {
			leave(t, dir, "x", text(time.Minute, 0, output(n)))
		}
	}()
	seen := map[string]bool{}
	for last := false; !last; {
		last = left.Load()
		x := read(t, r)[0]
		seen[x.Text] = true
		var n int
		if _, err := fmt.Sscan(x.Text, &n); err != nil {
			t.Fatalf("%+v", x)
		}
		if got := x.Text + "\n" + strings.Join(x.More, "\n") + "\n"; got != output(n) {
			t.Fatalf("half of a result: %q", got)
		}
	}
	if x := r.results[0]; x.Text != fmt.Sprint(times-1) {
		t.Errorf("at last %q", x.Text)
	}
	t.Logf("%d of %d seen", len(seen), times)
}

// TestWrittenInPlace: while somebody writes into a result, the one before stays.
func TestWrittenInPlace(t *testing.T) {
	r, dir := reader(t, "x")
	leave(t, dir, "x", text(time.Minute, 0, "first"))
	read(t, r)
	path := filepath.Join(dir, "x", plugin.File)
	must(t, os.WriteFile(path, []byte(text(time.Minute, 0, "second")), 0o644))
	changes := 0
	afterOpen = func() {
		changes++
		must(t, os.WriteFile(path, []byte(text(time.Minute, 0, "the third, which is longer")), 0o644))
	}
	x := read(t, r)[0]
	afterOpen = func() {}
	if x.Text != "first" || changes != 1 {
		t.Errorf("%+v", x)
	}
	if x := read(t, r)[0]; x.Text != "the third, which is longer" {
		t.Errorf("%+v", x)
	}
}

// TestGoneWhileRead: whatever is put in the place of a result, or of its folder, while that is read, it is the one that was looked at
// that is taken; the next reading tells.
func TestGoneWhileRead(t *testing.T) {
	for name, c := range map[string]struct {
		when *func()
		move string // what is moved away, from the plugin's folder
		why  string
	}{
		"folder before it is opened": {&beforeOpen, "x", "its folder is a link, or no folder"},
		"folder after it is opened":  {&afterOpen, "x", "its folder is a link, or no folder"},
		"file after it is opened":    {&afterOpen, "x/" + plugin.File, "it is a link"},
	} {
		r, dir := reader(t, "x", "y")
		leave(t, dir, "x", text(time.Minute, 0, "looked at"))
		leave(t, dir, "y", text(time.Minute, 0, "beside"))
		*c.when = func() {
			*c.when = func() {}
			must(t, os.Rename(filepath.Join(dir, c.move), filepath.Join(dir, "other")))
			must(t, os.Symlink(filepath.Join(dir, strings.Replace(c.move, "x", "y", 1)), filepath.Join(dir, c.move)))
		}
		if got := read(t, r); got[0].Text != "looked at" || got[1].Text != "beside" {
			t.Errorf("%s: %+v", name, got)
		}
		if x := read(t, r)[0]; x.At != 0 || x.Text != c.why+" ("+dir+"/x/result)" {
			t.Errorf("%s: the reading behind it: %+v", name, x)
		}
	}
	// Before it is opened a file can be removed, or be a link: the first is one that is not there.
	for want, do := range map[string]func(path string){
		"":           func(path string) { must(t, os.Remove(path)) },
		"is a link":  func(path string) { must(t, errors.Join(os.Remove(path), os.Symlink("/dev/null", path))) },
		"no regular": func(path string) { must(t, errors.Join(os.Remove(path), unix.Mkfifo(path, 0o644))) },
	} {
		r, dir := reader(t, "x")
		leave(t, dir, "x", text(time.Minute, 0, "looked at"))
		beforeOpen = func() {
			beforeOpen = func() {}
			do(filepath.Join(dir, "x", plugin.File))
		}
		if x := read(t, r)[0]; x.At != 0 || x.Pending() != (want == "") || !strings.Contains(x.Text, want) {
			t.Errorf("%q: %+v", want, x)
		}
	}
}

// TestSuspended: a host that was suspended gives its plugins their time, also where that was before the first reading; a result
// that comes later counts by itself.
func TestSuspended(t *testing.T) {
	r, dir := reader(t, "x", "none")
	at, slept := 10*time.Hour, time.Duration(0)
	r.now, r.suspended = func() time.Duration { return at }, func() time.Duration { return slept }
	leave(t, dir, "x", text(at-time.Second, 0, "fine"))
	silent := func() [2]bool {
		s := &plugin.State{Results: read(t, r)}
		s.Health.Good(at)
		return [2]bool{s.Silent(&s.Results[0]), s.Silent(&s.Results[1])}
	}
	patience := 3*time.Minute + 10*time.Second
	steps := []struct {
		passes, sleeps time.Duration
		want           [2]bool
	}{
		{0, 0, [2]bool{}},
		{patience - time.Second, 0, [2]bool{}},
		{2 * time.Second, 0, [2]bool{true, true}},
		{8 * time.Hour, 8 * time.Hour, [2]bool{}}, // it has been resumed just now
		{patience, 0, [2]bool{}},
		{time.Second, 0, [2]bool{true, true}},
	}
	for i, s := range steps {
		at, slept = at+s.passes, slept+s.sleeps
		if got := silent(); got != s.want {
			t.Errorf("step %d: silent %v, want %v", i, got, s.want)
		}
	}
	leave(t, dir, "x", text(at, 0, "back"))
	if got := silent(); got != [2]bool{false, true} {
		t.Errorf("after a result: silent %v", got)
	}
	next := New(r.Options)
	next.now, next.suspended = r.now, r.suspended
	at += 24 * time.Hour
	if r = next; silent() != [2]bool{} {
		t.Error("whoever reads for the first time after a suspend does not know when that was")
	}
}

// TestF14HungPlugins: a directory that does not answer holds up nobody: the results stay, stale after a time that a busy host never takes.
func TestF14HungPlugins(t *testing.T) {
	r, dir := reader(t, "x")
	leave(t, dir, "x", text(time.Minute, 1, "warned"))
	synctest.Test(t, func(t *testing.T) {
		began, end := time.Now(), make(chan struct{})
		var hung atomic.Bool
		r.now = func() time.Duration { return time.Since(began) + now }
		r.suspended = func() time.Duration {
			if hung.Load() {
				<-end // as a disk does that is dead
			}
			return 0
		}
		var published atomic.Pointer[plugin.State]
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx, published.Store) }()
		synctest.Wait()
		first := published.Load()
		if first.Health.State != health.OK || first.Results[0].Text != "warned" || first.Directory != dir {
			t.Fatalf("at first: %+v", first)
		}
		hung.Store(true)
		time.Sleep(patience)
		synctest.Wait()
		if s := published.Load(); s.Health.State != health.OK {
			t.Errorf("not given its time: %+v", s)
		}
		time.Sleep(2 * interval)
		synctest.Wait()
		if s := published.Load(); s.Health.State != health.Stale || !strings.HasPrefix(s.Health.Err, "not answering 1") || &s.Results[0] != &first.Results[0] {
			t.Errorf("after %v: %+v", patience+interval, s)
		}
		hung.Store(false)
		close(end)
		synctest.Wait()
		again := published.Load()
		if again.Health.State != health.OK || &again.Results[0] != &first.Results[0] {
			t.Errorf("when it answers again: %+v", again)
		}
		time.Sleep(interval)
		synctest.Wait()
		if next := published.Load(); next == again || next.Health.At <= again.Health.At || &next.Results[0] != &first.Results[0] {
			t.Errorf("each reading is said to have been one: %+v", next)
		}
		must(t, os.Chmod(dir, 0o777))
		time.Sleep(2 * interval)
		synctest.Wait()
		if s := published.Load(); s.Health.State != health.Stale || s.Health.Err != dir+": its group or others may write to it" || &s.Results[0] != &first.Results[0] {
			t.Errorf("in a directory of others: %+v", s)
		}
		late := New(r.Options)
		late.now = r.now
		go func() { ended <- late.Run(ctx, published.Store) }()
		synctest.Wait()
		if s := published.Load(); s.Health.State != health.Failed || s.Results[0].Status != plugin.Unknown || s.Results[0].Text != s.Health.Err || s.Results[0].At != 0 {
			t.Errorf("from the start in a directory of others: %+v", s)
		}
		must(t, os.Chmod(dir, 0o755))
		time.Sleep(interval)
		synctest.Wait()
		if s := published.Load(); s.Health.State != health.OK || s.Results[0].Text != "warned" {
			t.Errorf("when it is right again: %+v", s)
		}
		back := make(chan struct{})
		var own atomic.Pointer[plugin.State]
		never := New(r.Options)
		never.now, never.suspended = r.now, func() time.Duration { <-back; return 0 }
		go func() { ended <- never.Run(ctx, own.Store) }()
		time.Sleep(patience + interval)
		synctest.Wait()
		if x := own.Load().Results[0]; x.Pending() || x.Status != plugin.Unknown || !strings.HasPrefix(x.Text, "not answering 1") {
			t.Errorf("whether a plugin has run nobody knows while the first reading hangs: %+v", x)
		}
		close(back)
		synctest.Wait()
		if x := own.Load().Results[0]; x.Text != "warned" {
			t.Errorf("when that answers: %+v", x)
		}
		cancel()
		if err := errors.Join(<-ended, <-ended, <-ended); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// many is a Reader of as many plugins as there can be, each with a result that has been read.
func many(t testing.TB) *Reader {
	names := make([]string, plugin.MaxPlugins)
	for i := range names {
		names[i] = fmt.Sprintf("check-%d", i)
	}
	r, dir := reader(t, names...)
	for _, n := range names {
		leave(t, dir, n, text(time.Minute, 0, "OK - fine | load1=0.5;15;30;0 load5=0.4;12;24;0"))
	}
	read(t, r)
	return r
}

// TestUnchanged: a reading without a change costs two small allocations a plugin, those of two paths, and keeps no descriptor.
func TestUnchanged(t *testing.T) {
	r := many(t)
	open := func() int {
		var limit int
		for fd := range 256 {
			if _, err := unix.FcntlInt(uintptr(fd), syscall.F_GETFD, 0); err == nil {
				limit++
			}
		}
		return limit
	}
	before := open()
	if n := testing.AllocsPerRun(20, func() { read(t, r) }); n > 2*plugin.MaxPlugins+5 {
		t.Errorf("%v allocations for %d plugins", n, plugin.MaxPlugins)
	}
	if after := open(); after > before+2 { // other tests may have opened some
		t.Errorf("%d descriptors, before it %d", after, before)
	}
}

func BenchmarkUnchanged(b *testing.B) {
	r := many(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChanged(b *testing.B) {
	r := many(b)
	b.ReportAllocs()
	for b.Loop() {
		for i := range r.files {
			r.files[i].taken = stamp{}
		}
		if _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
