package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// TestF48ConfigAtStart: whatever the file is, the console starts, and says what is wrong with it.
func TestF48ConfigAtStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, banner string }{
		"unknown key": {"refreshIntervall: 2s\n", "refreshIntervall"},
		"wrong type":  {"quit: {}\n", "quit"},
		"garbage":     {"\x00\x01\x02", "config.yaml"},
		"bad value":   {"theme: dazzling\n", "theme"},
		"alias bomb":  {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchors"},
		"huge":        {strings.Repeat("# nothing here\n", 8<<20/15), "config.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{w: 200, args: []string{"--config", writeFile(t, "config.yaml", c.text)}})
			s.await("config:", c.banner, footer, "Memory")
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
		})
	}
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		s := start(t, setup{w: 200, args: []string{"--config", "/nonexistent/config.yaml"}})
		s.await("config:", "/nonexistent/config.yaml", footer, "Memory")
	})
	t.Run("empty", func(t *testing.T) {
		t.Parallel()
		s := start(t, setup{w: 200, args: []string{"--config", writeFile(t, "config.yaml", "")}})
		s.await(footer, "Memory")
		if strings.Contains(s.text(), "config:") {
			t.Errorf("an empty file is no problem:\n%s", s.text())
		}
	})
}

// TestF48Reload: a bad file keeps what is in force, with a banner; a good one takes effect, without it.
func TestF48Reload(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "config.yaml", "theme: mono\nglyphs: ascii\n")
	s := start(t, setup{w: 160, h: 40, args: []string{"--config", path}})
	s.await("-- Memory", footer)
	s.reload(path, "theme: dazzling\nglyphs: unicode\n")
	s.await("config:", "theme must be", "-- Memory")
	s.sources("theme mono, glyphs ascii")
	s.keys("i")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.signal(unix.SIGHUP)
	s.await("config:", "no such file", "-- Memory")
	s.reload(path, "theme: light\nglyphs: unicode\nrefreshInterval: 1s\nlogs: [{name: ours, journalUnits: [self]}]\n")
	s.until("no banner any more", func(text string) bool {
		return strings.Contains(text, "── Memory") && !strings.Contains(text, "config:")
	})
	s.sources("theme light, glyphs unicode")
	s.keys("1")
	s.until("the new tabs", func(text string) bool { return strings.Contains(text, " ours ") && !strings.Contains(text, " k3s ") })
	s.keys("2")
	s.until("rates go on", func(text string) bool {
		return strings.Contains(text, "── Memory") && !strings.Contains(text, "CPU: --")
	})
	s.whole()
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF48ReloadStorm: as many reloads as come change nothing but the configuration.
func TestF48ReloadStorm(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "config.yaml", "")
	s := start(t, setup{args: []string{"--config", path}})
	s.await("── Memory", footer)
	s.keys("i")
	s.await("Sources", "cost")
	await.Until(t, "all sources have said something", func() bool { return !strings.Contains(s.text(), " init ") })
	s.keys("i")
	files, threads := s.count("fd"), s.count("task")
	for i := range 200 {
		s.reload(path, []string{"refreshInterval: 1s\n", "refreshInterval: 3s\n"}[i%2])
	}
	s.reload(path, "refreshInterval: 2s\nglyphs: ascii\n")
	s.await("-- Memory", footer)
	await.Until(t, "descriptors as before", func() bool { return s.count("fd") <= files+20 })
	t.Logf("%d descriptors and %d threads before, %d and %d after 201 reloads", files, threads, s.count("fd"), s.count("task"))
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// count is how many entries a directory of the program's /proc/PID has.
func (s *session) count(name string) int {
	s.t.Helper()
	entries, err := os.ReadDir(s.proc(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// TestF48ReloadOfLogFiles: a reload starts the log files that are new, ends those that are gone, and leaves the others.
func TestF48ReloadOfLogFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	add := func(name, line string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.WriteString("reloaded: " + line + "\n")
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	config := func(name, file string) string {
		return fmt.Sprintf("logs: [{name: kept, files: [%s/kept.log]}, {name: %s, files: [%s/%s]}]\n", dir, name, dir, file)
	}
	add("kept.log", "kept 1")
	add("a.log", "from a 1")
	add("b.log", "from b 1")
	path := writeFile(t, "config.yaml", config("ours", "a.log"))
	s := start(t, setup{w: 160, h: 40, args: []string{"--config", path, "--screen", "logs"}})
	s.await(" ours ", footer)
	s.keys("/reloaded:\r") // the kernel has much to say while other tests make and remove links
	s.await("from a 1", "kept 1")
	s.reload(path, config("theirs", "b.log"))
	s.await(" theirs ", "from b 1", "from a 1")
	add("a.log", "from a 2")
	add("kept.log", "kept 2")
	add("b.log", "from b 2")
	s.await("kept 2", "from b 2")
	if text := s.text(); strings.Contains(text, "from a 2") || strings.Count(text, "kept 1") != 1 || strings.Contains(text, " ours ") {
		t.Errorf("after the reload:\n%s", text)
	}
	s.keys("i")
	s.until("the sources that there are now", func(text string) bool {
		return strings.Contains(text, "theirs files") && strings.Contains(text, "kept files") && !strings.Contains(text, "ours files")
	})
	s.keys("i")
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
}

// TestC4ReloadKeepsWhatWasRead: no line comes again when an entry of logs is called otherwise, names more or other files,
// reads them in another way, is split, comes back, or is joined with another; what was written meanwhile comes.
func TestC4ReloadKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	add := func(names ...string) {
		t.Helper()
		n++
		for _, name := range names {
			f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			if err == nil {
				_, err = fmt.Fprintf(f, "level=error msg=\"reloaded: %s %d.\"\n", name, n)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	row := func(name string, files ...string) string {
		return fmt.Sprintf("{name: %s, files: [%s]}", name, dir+"/"+strings.Join(files, ", "+dir+"/"))
	}
	path := writeFile(t, "config.yaml", "logs: ["+row("ours", "a.log")+"]\n")
	add("a.log")
	s := start(t, setup{w: 160, h: 60, args: []string{"--config", path, "--screen", "logs"}})
	s.await(" ours ", footer)
	s.keys("/reloaded:\r")
	s.await("a.log 1.")
	names := []string{"a.log"}
	for i, rows := range []string{
		row("theirs", "a.log"),
		row("theirs", "a.log", "b.log"),
		row("theirs", "*.log"),
		row("others", "?.log"),
		"{name: others, format: plain, files: [" + dir + "/?.log]}",
		row("one", "a.log") + ", " + row("two", "b.log"),
		row("two", "b.log"),
		row("two", "b.log") + ", " + row("back", "a.lo*"),
		row("all", "a.log", "b.log"),
	} {
		if i == 1 {
			names = append(names, "b.log")
		}
		s.reload(path, "logs: ["+rows+"]\n")
		add(names...)
		if strings.Contains(rows, "a.") || strings.Contains(rows, "*") || strings.Contains(rows, "?") {
			s.await(fmt.Sprintf("a.log %d.", n))
		}
		if len(names) > 1 {
			s.await(fmt.Sprintf("b.log %d.", n))
		}
	}
	s.until("each line once", func(text string) bool {
		for _, name := range names {
			for i := 1; i <= n; i++ {
				want := 1
				if name == "b.log" && i < 3 {
					want = 0
				}
				if strings.Count(text, fmt.Sprintf("%s %d.", name, i)) != want {
					return false
				}
			}
		}
		return !strings.Contains(text, " x 2")
	})
	s.keys("i")
	s.until("the sources by their new names", func(text string) bool {
		return strings.Contains(text, "all files") && !strings.Contains(text, "two files") && !strings.Contains(text, "back files")
	})
	s.keys("i")
	s.keys("q")
	s.exit()
}
