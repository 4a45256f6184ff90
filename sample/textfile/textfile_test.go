package textfile

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

	"hypervisor-tui/internal/health"
)

// put writes a file of the directory.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// readOnce returns what is in a directory.
func readOnce(t *testing.T, dir string) *Figures {
	t.Helper()
	f, err := New(Options{Directory: dir}).Read()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBothFormats(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "b.prom", "# HELP x_total How often.\n# TYPE x_total counter\nx_total{of=\"b\"} 2\n")
	put(t, dir, "a.prom", "# TYPE y counter\ny 3\n# TYPE x_total counter\nx_total{of=\"a\\\\\"} 1e6\n")
	put(t, dir, "c.prom", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 0.5\nh_count 1\nplain NaN\n")
	put(t, dir, "d.prom", "# TYPE z_total counter\nz_total 1\n# TYPE z gauge\nz 2\n")
	put(t, dir, "not.prom.tmp", "half a li")
	f := readOnce(t, dir)
	text := `# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 1
h_sum 0.5
h_count 1
# TYPE plain untyped
plain NaN
# HELP x_total How often.
# TYPE x_total counter
x_total{of="a\\"} 1e+06
x_total{of="b"} 2
# TYPE y counter
y 3
# TYPE z gauge
z 2
# TYPE z_total counter
z_total 1
`
	open := `# TYPE h_bucket unknown
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 1
# TYPE h_count unknown
h_count 1
# TYPE h_sum unknown
h_sum 0.5
# TYPE plain unknown
plain NaN
# HELP x How often.
# TYPE x counter
x_total{of="a\\"} 1e+06
x_total{of="b"} 2
# TYPE y unknown
y 3
# TYPE z gauge
z 2
# TYPE z_total unknown
z_total 1
`
	if string(f.Text) != text {
		t.Errorf("text format:\n%s", f.Text)
	}
	if string(f.OpenMetrics) != open {
		t.Errorf("OpenMetrics:\n%s", f.OpenMetrics)
	}
	if f.Series != 10 || len(f.Files) != 4 || f.Failed || f.Health.Err != "" {
		t.Errorf("%d series of %d files, failed %v: %s", f.Series, len(f.Files), f.Failed, f.Health.Err)
	}
	checkOpenMetrics(t, text, open)
}

// TestLeftOut: a file with anything wrong in it is left out whole, the source says which, where and why, and the others stay.
func TestLeftOut(t *testing.T) {
	const good = "other{file=\"other\"} 1\n"
	outside := filepath.Join(t.TempDir(), "outside.prom")
	if err := os.WriteFile(outside, []byte("x 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := func(s string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) { put(t, filepath.Dir(path), filepath.Base(path), s) }
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		why  string
	}{
		{"a line", text("x 1\nx{a=b} 2\n"), "z.prom:2: x: what is in the braces"},
		{"a timestamp", text("x 1 1700000000000\n"), "z.prom:1: a timestamp"},
		{"cut short", text("x 1\nx{a=\"b\"} 2"), "z.prom:2: the last line has no end"},
		{"no text", text("\x7fELF\x00\xff\n"), "z.prom:1: not UTF-8"},
		{"a series of another file", text("x 1\nother{file=\"other\"} 2\n"), "z.prom:2: other has these labels in a.prom already"},
		{"another TYPE", text("x 1\n# TYPE other gauge\nother 2\n"), "z.prom:2: TYPE of other is another one in a.prom"},
		{"another HELP", text("# HELP described Else.\ndescribed{a=\"b\"} 2\n"), "z.prom:1: HELP of described is another one in a.prom"},
		{"a name of a histogram", text("h_count{a=\"b\"} 2\n"), "z.prom:1: h_count belongs to h of a.prom"},
		{"a histogram of a name", text("# TYPE n histogram\nn_count 2\n"), "z.prom:1: n_sum belongs to n_sum of a.prom"},
		{"a metric of this program", text("x 1\nnode_load1 2\n"), "z.prom:2: hypervisor-tui has a metric node_load1 itself"},
		{"too large", text("x 1\n#" + strings.Repeat(" ", maxBytes) + "\n"), "z.prom: more than 1 MiB"},
		{"others may write", func(t *testing.T, path string) { text("x 1\n")(t, path); must(t, os.Chmod(path, 0o666)) }, "z.prom: its group or others may write to it"},
		{"a named pipe", func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) }, "z.prom: is no regular file"},
		{"a directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "z.prom: is no regular file"},
		{"a link out of the directory", func(t *testing.T, path string) { must(t, os.Symlink(outside, path)) }, "z.prom: path escapes from parent"},
		{"a link to itself", func(t *testing.T, path string) { must(t, os.Symlink("z.prom", path)) }, "z.prom: too many levels of symbolic links"},
		{"a link to nothing", func(t *testing.T, path string) { must(t, os.Symlink("nothing", path)) }, "z.prom: no such file or directory"},
		{"of another user", func(t *testing.T, path string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a file to somebody")
			}
			text("x 1\n")(t, path)
			must(t, os.Chown(path, 12345, 0))
		}, "z.prom: belongs to user 12345"},
		{"a name that hides", func(t *testing.T, path string) {
			text("x\n")(t, strings.TrimSuffix(path, "z.prom")+"z\x1b[31m\u202e.prom")
		}, "z\ufffd\ufffd.prom:1: the value of x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "a.prom", good+"# HELP described It.\ndescribed 1\n# TYPE h histogram\nh_count 1\nn_sum 1\n")
			c.make(t, filepath.Join(dir, "z.prom"))
			r := New(Options{Directory: dir, Reserved: func(name string) bool { return name == "node_load1" }})
			f, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if !f.Failed || !strings.HasPrefix(f.Health.Err, c.why) {
				t.Errorf("failed %v: %q, want %q", f.Failed, f.Health.Err, c.why)
			}
			if got := string(f.Text); len(f.Files) != 1 || f.Series != 4 || !strings.Contains(got, good) || strings.Contains(got, "x 1") {
				t.Errorf("%d series: %s", f.Series, got)
			}
		})
	}
}

func TestLinkInTheDirectory(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "today", "x 1\n")
	if err := os.Symlink("today", filepath.Join(dir, "x.prom")); err != nil {
		t.Fatal(err)
	}
	if f := readOnce(t, dir); f.Failed || f.Series != 1 {
		t.Errorf("%+v", f)
	}
}

// TestLimits: of what is too much in all, what comes first is taken.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	for i := range 6 {
		put(t, dir, fmt.Sprintf("%d.prom", i), fmt.Sprintf("x%d 1\n#%s\n", i, strings.Repeat(" ", 900<<10)))
	}
	f := readOnce(t, dir)
	if len(f.Files) != 4 || f.Health.Err != "4.prom: more than 4 MiB in all (2 files left out)" {
		t.Errorf("%d files: %s", len(f.Files), f.Health.Err)
	}
	dir = t.TempDir()
	for i := range maxEntries + 1 {
		put(t, dir, fmt.Sprintf("%d.tmp", i), "")
	}
	if _, err := New(Options{Directory: dir}).Read(); err == nil || !strings.Contains(err.Error(), "more than 1000 entries") {
		t.Error(err)
	}
}

// TestUnchangedFilesAreNotReadAgain, and one that has changed in any way is.
func TestUnchangedFilesAreNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.prom")
	put(t, dir, "x.prom", "x 1\n")
	r := New(Options{Directory: dir})
	read := func() *Figures {
		t.Helper()
		f, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := read()
	if read() != first {
		t.Error("read again")
	}
	for _, change := range []func() error{
		func() error { return os.WriteFile(path, []byte("x 22\n"), 0o600) },
		func() error { return os.Chmod(path, 0o620) },
		func() error { return os.Chmod(path, 0o600) },
		func() error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
		func() error { return os.Rename(path, filepath.Join(dir, "y.prom")) },
		func() error { return os.Remove(filepath.Join(dir, "y.prom")) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if next := read(); next == first {
			t.Error("not read again")
		} else {
			first = next
		}
	}
	if len(first.Text) != 0 || first.Series != 0 || first.Failed {
		t.Errorf("of an empty directory: %+v", first)
	}
}

// TestF14HungTextfiles: a directory that does not answer holds up nobody. What was read of it stays, stale, and it is said from
// the first time on that it should have answered.
func TestF14HungTextfiles(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "x.prom", "x 1\n")
	synctest.Test(t, func(t *testing.T) {
		began, end := time.Now(), make(chan struct{})
		var hung atomic.Bool
		var published atomic.Pointer[Figures]
		r := New(Options{Directory: dir, Reserved: func(string) bool {
			if hung.Load() {
				<-end // as a read of a dead disk does
			}
			return false
		}})
		r.now = func() time.Duration { return time.Since(began) + time.Hour }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx, published.Store) }()
		synctest.Wait()
		first := published.Load()
		if first.Health.State != health.OK || first.Series != 1 || first.Failed {
			t.Fatalf("at first: %+v", first)
		}
		hung.Store(true)
		put(t, dir, "x.prom", "x 22\n")
		time.Sleep(2 * interval)
		synctest.Wait()
		if last := published.Load(); last.Health.State != health.Stale || last.Series != 1 || !last.Failed || last.Health.Err != "not answering 15s" {
			t.Errorf("after %v: %+v", interval, last)
		}
		hung.Store(false)
		close(end)
		synctest.Wait()
		if last := published.Load(); last.Health.State != health.OK || string(last.Text) != "# TYPE x untyped\nx 22\n" || last.Failed {
			t.Errorf("when it answers again: %+v", last)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(interval)
		synctest.Wait()
		if last := published.Load(); last.Health.State != health.Failed || last.Series != 0 || !last.Failed || !strings.Contains(last.Health.Err, "no such file or directory") {
			t.Errorf("without the directory: %+v", last)
		}
		if first.Series != 1 || first.Health.State != health.OK {
			t.Error("what was published has changed")
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
