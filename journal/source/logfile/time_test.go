package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

// begun follows files that were there before, beside a journal's source that has put one entry a second until now.
func begun(t *testing.T, dir string, format Format) *followed {
	f := &followed{Watched: journaltest.Watch(t), src: &Files{Unit: "pods", Globs: []string{dir + "/*.log"}, Format: format}}
	other := f.Sink("journal")
	for ago := 300; ago > 0; ago-- {
		other.Try(journal.Entry{Time: time.Now().Add(-time.Duration(ago) * time.Second), Unit: []byte("journal"), Message: fmt.Append(nil, "entry ", ago)})
	}
	other.Backfilled(true)
	other.Flush()
	f.Count(t, 300)
	f.src.old()
	f.start(t)
	f.Health(t, "ok")
	f.Ask(journal.Query{Number: 1, Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}})
	return f
}

// fromFiles awaits the newest row and returns the rows that are not the journal's.
func (f *followed) fromFiles(t *testing.T, newest string) (rows []journal.Row, texts []string) {
	t.Helper()
	p := f.Until(t, newest, func(p *journal.Page) bool {
		return p.Query == 1 && len(p.Rows) > 0 && string(p.Message(&p.Rows[len(p.Rows)-1])) == newest
	})
	for i := range p.Rows {
		if p.Rows[i].Unit == "pods" {
			rows = append(rows, p.Rows[i])
			texts = append(texts, string(p.Message(&p.Rows[i])))
		}
	}
	return rows, texts
}

// TestC5LinesWithoutATimeFollowTheirHead: at the start as later, a line that says no time has that of the one before it,
// and stands behind it.
func TestC5LinesWithoutATimeFollowTheirHead(t *testing.T) {
	at := time.Now().Add(-4 * time.Minute).Truncate(time.Second)
	kinds := map[string]string{"klog": "E0102 15:04:05.000000       9 main.go:9] failure %d", "logrus": `time="2006-01-02T15:04:05.000000Z07:00" level=error msg="failure %d"`}
	for name, head := range kinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a.log")
			var want []string
			prefix := map[string]string{"klog": "main.go:9] "}[name]
			for i := range 4 {
				line := strings.Replace(at.Add(time.Duration(i)*time.Minute).Format(head), "%d", fmt.Sprint(i), 1)
				journaltest.AppendFile(t, path, fmt.Sprintf("%s\n  apiVersion: v%d\nkind X%d\n", line, i, i))
				want = append(want, fmt.Sprint(prefix, "failure ", i), fmt.Sprint("  apiVersion: v", i), fmt.Sprint("kind X", i))
			}
			if err := os.Chtimes(path, time.Now(), time.Now().Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
			f := begun(t, dir, Auto)
			rows, got := f.fromFiles(t, "entry 1")
			if n := min(len(got), 9); n < 9 || !slices.Equal(trimmed(got[len(got)-n:]), trimmed(want[3:])) {
				t.Fatalf("%q", got)
			}
			for i := range rows[:len(rows)-len(rows)%3] {
				of := at.Add(time.Duration(4-len(rows)/3+i/3) * time.Minute)
				if when := time.UnixMicro(rows[i].Time); !when.Equal(of) || !rows[i].Earlier {
					t.Errorf("%q is at %v, want %v; earlier %v", got[i], when, of, rows[i].Earlier)
				}
			}
			now := time.Now().Truncate(time.Microsecond)
			journaltest.AppendFile(t, path, strings.Replace(now.Format(head), "%d", "now", 1)+"\n  its body\n")
			rows, got = f.fromFiles(t, "  its body")
			if last := rows[len(rows)-1]; last.Time != now.UnixMicro() || last.Earlier {
				t.Errorf("%q is at %v, its head at %v", got[len(got)-1], time.UnixMicro(last.Time), now)
			}
		})
	}
}

func trimmed(list []string) (out []string) {
	for _, s := range list {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

// TestC5BannersAndFilesWithoutTimes: lines before the first that says a time have that; a file in which none does has the
// time of its last change, and is not taken for new.
func TestC5BannersAndFilesWithoutTimes(t *testing.T) {
	dir := t.TempDir()
	changed := time.Now().Add(-90 * time.Second).Truncate(time.Second)
	write := func(name, text string) {
		journaltest.AppendFile(t, filepath.Join(dir, name), text)
		if err := os.Chtimes(filepath.Join(dir, name), changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	head := changed.Add(-10 * time.Second)
	write("a.log", "k3s starts\n\n"+head.Format(`time="2006-01-02T15:04:05Z07:00" level=info msg="begun"`)+"\n")
	write("b.log", "no time\nnone either\n")
	for _, format := range []Format{Auto, Plain} {
		f := begun(t, dir, format)
		rows, got := f.fromFiles(t, "entry 1")
		for i := range rows {
			want := changed
			if format == Auto && (got[i] == "k3s starts" || got[i] == "begun") {
				want = head
			}
			if when := time.UnixMicro(rows[i].Time); !when.Equal(want) || !rows[i].Earlier {
				t.Errorf("%s: %q is at %v, want %v; earlier %v", format, got[i], when, want, rows[i].Earlier)
			}
		}
		if len(got) != 4 {
			t.Errorf("%s: %q", format, got)
		}
		f.stop()
	}
}

// TestC5StartsWithAHead: the last lines of a long file begin with one that says a time, not with the rest of an entry.
func TestC5StartsWithAHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	body := strings.Repeat("  a line of the body\n", 500)
	journaltest.AppendFile(t, path, strings.Repeat("E1127 20:00:00.123456       1 main.go:12] failure\n"+body, 9))
	x := opened(t, path)
	if cut, err := x.backfill(make([]byte, chunk), backfillMax, Auto); !cut || err != nil {
		t.Fatal(cut, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text[x.offset:]), "E1127") || x.size-x.offset < 9000 || x.said.IsZero() {
		t.Errorf("%d bytes from %.40q", x.size-x.offset, text[x.offset:])
	}
}

// TestF59FilesWhileTheClockIsBehind: a line without an end comes, and a new file is read whole, though all stamps are to
// come.
func TestF59FilesWhileTheClockIsBehind(t *testing.T) {
	t.Parallel()
	x := &file{live: true, size: 4, changed: time.Now().Add(time.Hour).UnixNano()}
	s := intake.Stat{Size: 4, Changed: x.changed}
	if x.update("", s); x.resting {
		t.Error("the end could still come")
	}
	x.still = x.still.Add(-restAfter)
	if x.update("", s); !x.resting {
		t.Error("it does not rest until the clock has come there")
	}
	s.Size = 5
	if x.update("", s); x.resting {
		t.Error("it rests though it grows")
	}
	f := &Files{Globs: []string{filepath.Join(t.TempDir(), "*.log")}, notify: newNotifier(), buf: make([]byte, chunk)}
	defer f.close()
	f.begins(time.Now().Add(-bornSlack))
	f.began += int64(time.Hour) // the clock was an hour ahead then
	w := journaltest.Watch(t)
	f.rescan(w.Input)
	journaltest.AppendFile(t, filepath.Join(filepath.Dir(f.Globs[0]), "a.log"), strings.Repeat("x\n", 2*backfillMax))
	f.rescan(w.Input)
	if len(f.files) != 1 || f.files[0].offset != 0 {
		t.Errorf("%+v", f.files)
	}
}
