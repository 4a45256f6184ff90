package source

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/file/jwrite"
	"hypervisor-tui/journal/journaltest"
)

const machine = "0123456789abcdef0123456789abcdef"

func id(s string) (id file.ID) { copy(id[:], s+"----------------"); return id }

// sampleEntry is entry n of the journals that are made here.
func sampleEntry(n int) jwrite.Entry {
	fields := []string{"MESSAGE=entry " + fmt.Sprint(n), "PRIORITY=" + fmt.Sprint(n%8)}
	switch n % 4 {
	case 0:
		fields = append(fields, "_TRANSPORT=kernel")
	case 1:
		fields = append(fields, "_PID=1", "UNIT=k3s.service", "_SYSTEMD_UNIT=init.scope")
	case 2:
		fields = append(fields, "_PID="+fmt.Sprint(n), "_SYSTEMD_UNIT=ssh.service", fmt.Sprintf("_SOURCE_REALTIME_TIMESTAMP=%d", epoch+n))
	case 3:
		fields = append(fields, "SYSLOG_IDENTIFIER=cron", "SYSLOG_PID=7")
	}
	return jwrite.Entry{Seq: uint64(n) + 1, Realtime: uint64(epoch + 10*n), Monotonic: uint64(10 * n), Boot: id("boot"), Fields: fields}
}

const epoch = 1_700_000_000_000_000

// makeJournal makes files with n samples, as journald would have rotated them.
func makeJournal(t testing.TB, dir string, n, files int) {
	t.Helper()
	each := n / files
	for i := range files {
		name, state := fmt.Sprintf("system@%04d.journal", i), jwrite.Archived
		if i == files-1 {
			name, state = "system.journal", jwrite.Online
		}
		w := create(t, filepath.Join(dir, name), fmt.Sprint(name, i))
		add(t, w, i*each, (i+1)*each)
		if err := w.Close(state); err != nil {
			t.Fatal(err)
		}
	}
}

func create(t testing.TB, path, name string) *jwrite.Writer {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := jwrite.Create(path, jwrite.Options{Keyed: true, Compact: true, Packing: jwrite.ZSTD, File: id(name), SeqID: id("seq")})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// add appends the samples [from, to).
func add(t testing.TB, w *jwrite.Writer, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := w.Append(sampleEntry(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Tell(); err != nil {
		t.Fatal(err)
	}
}

// nativeIn is a reader of the journals below a folder, which writers here write.
func nativeIn(root string) *Native {
	return &Native{Roots: []file.Root{{Path: root}}, boot: id("boot"), slow: 50 * time.Millisecond}
}

// total awaits n entries in all, and none more, and returns the newest row.
func total(t *testing.T, w journaltest.Watched, n int) string {
	t.Helper()
	p := w.Await(t, fmt.Sprint(n, " entries"), func(p *journal.Page) bool { return p.Total >= uint64(n) })
	if p.Total != uint64(n) || p.Dropped != 0 {
		t.Errorf("%d entries, %d dropped, want %d", p.Total, p.Dropped, n)
	}
	return string(p.Message(&p.Rows[len(p.Rows)-1]))
}

func TestNativeBackfillsAndFollows(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	makeJournal(t, dir, 3000, 3)
	live := create(t, filepath.Join(dir, "user-1000.journal"), "live")
	w := journaltest.Watch(t)
	stop := journaltest.Run(nativeIn(root), w.Input)
	if got := total(t, w, backfillEntries); got != "entry 2999" {
		t.Errorf("%q", got)
	}
	add(t, live, 3000, 3010)
	if got := total(t, w, backfillEntries+10); got != "entry 3009" {
		t.Errorf("%q", got)
	}
	if got := w.Input.State().Health; got.State != health.OK {
		t.Errorf("%+v", got)
	}
	if err := stop(); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

// TestF25NativeGoesOn stops it and starts it again while journald rotates; a folder that is removed meanwhile is a gap.
func TestF25NativeGoesOn(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	w := journaltest.Watch(t)
	n := nativeIn(root)
	stop := journaltest.Run(n, w.Input)
	w.Await(t, "no journal", func(p *journal.Page) bool { return healthOf(p).Err == noJournalYet })
	live := create(t, filepath.Join(dir, "system.journal"), "first")
	add(t, live, 0, 10)
	total(t, w, 10)
	stop()
	add(t, live, 10, 20)
	live.Close(jwrite.Archived)
	os.Rename(filepath.Join(dir, "system.journal"), filepath.Join(dir, "system@1.journal"))
	live = create(t, filepath.Join(dir, "system.journal"), "second")
	add(t, live, 20, 30)
	stop = journaltest.Run(n, w.Input)
	if got := total(t, w, 30); got != "entry 29" {
		t.Errorf("%q", got)
	}
	if got := string(n.cursor()); got != "s="+id("seq").String()+";i=1e;b="+id("boot").String()+";m=122;t=60a24181e4122;x="+fmt.Sprintf("%x", n.last.Xor) {
		t.Errorf("cursor %s", got)
	}
	stop()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	live = create(t, filepath.Join(dir, "system.journal"), "third")
	add(t, live, 40, 41)
	stop = journaltest.Run(n, w.Input)
	p := w.Await(t, "the entry after the gap", func(p *journal.Page) bool { return p.Total >= 32 })
	texts := map[string]bool{}
	for i := range p.Rows {
		texts[string(p.Message(&p.Rows[i]))] = true
	}
	if !texts["entry 40"] || !texts[gapText] && !texts["10 entries of the journal were rotated away before they were read"] {
		t.Errorf("%v", texts)
	}
	stop()
}

// TestF25FileThatIsBeingMade: a folder's events end before a new file is a journal, and nothing is silent for long.
func TestF25FileThatIsBeingMade(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	makeJournal(t, dir, 10, 1)
	w := journaltest.Watch(t)
	n := nativeIn(root)
	n.slow = time.Hour
	stop := journaltest.Run(n, w.Input)
	defer stop()
	total(t, w, 10)
	path := filepath.Join(dir, "user-1000.journal")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	add(t, create(t, filepath.Join(dir, "user-1001.journal"), "1001"), 10, 11)
	total(t, w, 11) // it was looked for files after the empty one had come
	add(t, create(t, path, "1000"), 11, 12)
	if got := total(t, w, 12); got != "entry 11" {
		t.Errorf("%q", got)
	}
}

// TestF25NativeLeaksNothing counts descriptors and goroutines over a hundred rotations and some restarts.
func TestF25NativeLeaksNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a hundred rotations")
	}
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	live := create(t, filepath.Join(dir, "system.journal"), "0")
	w := journaltest.Watch(t)
	n := nativeIn(root)
	var stop func() error
	goroutines, files := 0, 0
	for i := range 100 {
		if i%25 == 0 {
			if stop != nil {
				stop()
			}
			stop = journaltest.Run(n, w.Input)
		}
		add(t, live, 10*i, 10*i+10)
		if i%5 == 4 {
			total(t, w, 10*i+10)
			for old := range i - 1 {
				os.Remove(rotatedName(dir, old))
			}
		}
		live.Close([]byte{jwrite.Archived, jwrite.Online}[i%2])
		if err := os.Rename(filepath.Join(dir, "system.journal"), rotatedName(dir, i)); err != nil {
			t.Fatal(err)
		}
		live = create(t, filepath.Join(dir, "system.journal"), fmt.Sprint(i+1))
		if i == 14 {
			goroutines, files = counts(t)
		}
	}
	await.Until(t, "as many goroutines and files as before", func() bool {
		g, f := counts(t)
		return g <= goroutines && f <= files+1 // the file that is new may be open beside the last one
	})
	stop()
	live.Close(jwrite.Online)
}

// rotatedName is the name of file i after a rotation, or after its writer was killed.
func rotatedName(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("system@%03d.journal", i)) + []string{"", "~"}[i%2]
}

// TestF28LargeAndOddMessages: 10 MB in one line, no newline, NULs.
func TestF28LargeAndOddMessages(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	live := create(t, filepath.Join(root, machine, "system.journal"), "0")
	long := strings.Repeat("x\x00", 5<<20)
	for i, message := range []string{long, strings.Repeat("y", 10<<20), "a\x00b", ""} {
		e := sampleEntry(i)
		e.Fields[0] = "MESSAGE=" + message
		if err := live.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	w := journaltest.Watch(t)
	stop := journaltest.Run(nativeIn(root), w.Input)
	defer stop()
	p := w.Await(t, "four entries", func(p *journal.Page) bool { return len(p.Rows) == 4 })
	whole := map[int]int{} // entries by their length
	for i := range p.Rows {
		row := &p.Rows[i]
		whole[row.Full]++
		if len(p.Message(row)) > journal.MaxMessage {
			t.Errorf("entry %d: %d of %d bytes", i, len(p.Message(row)), row.Full)
		}
	}
	if whole[10<<20] != 2 {
		t.Errorf("entries by their length: %v", whole)
	}
	if p.Dropped != 0 || p.Truncated != 2 {
		t.Errorf("%d dropped, %d cut", p.Dropped, p.Truncated)
	}
	a := &archive{roots: []file.Root{{Path: root}}, reads: newFields()}
	fields, err := a.Whole(context.Background(), placeOf(0))
	if err != nil || fieldNamed(fields, "MESSAGE").Full != len(long) {
		t.Errorf("%v, %d fields", err, len(fields))
	}
}

func placeOf(n int) journal.Place {
	e := sampleEntry(n)
	return journal.Place{Time: int64(e.Realtime), Seq: e.Seq}
}

func fieldNamed(fields []journal.Field, name string) (f journal.Field) {
	for _, f = range fields {
		if f.Name == name {
			return f
		}
	}
	return journal.Field{}
}

// TestF30NativeSaysWhatIsMissing reads as nobody what belongs to a group, and what may be read beside it.
func TestF30NativeSaysWhatIsMissing(t *testing.T) {
	if os.Getuid() == 0 && os.Getenv("F30") == "" {
		asNobody(t)
		return
	}
	root := os.Getenv("F30")
	if root == "" {
		root = t.TempDir()
		makeDenied(t, root)
	}
	group := journalGroup // what root made is root's
	if made, err := user.LookupGroupId(strconv.Itoa(os.Getgid())); os.Getenv("F30") == "" && os.Getgid() != 0 && err == nil {
		group = made.Name
	}
	for _, c := range []struct{ sub, want string }{
		{"all", "not permitted to read the system journal: add this user to group " + group},
		{"some", "not permitted to read 1 of 2 journal files: add this user to group " + group},
		{"folder", "not permitted to read the system journal: add this user to group " + group},
	} {
		w := journaltest.Watch(t)
		stop := journaltest.Run(nativeIn(filepath.Join(root, c.sub)), w.Input)
		w.Await(t, c.want, func(p *journal.Page) bool {
			h := healthOf(p)
			return h.State == health.Failed && h.Err == c.want && (c.sub != "some" || len(p.Rows) == 5)
		})
		stop()
	}
}

// makeDenied makes a journal that nobody may read, one of which one file may be read, and a folder that may not be listed.
func makeDenied(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"all/" + machine + "/system.journal", "some/" + machine + "/system.journal",
		"some/" + machine + "/user-1000.journal", "folder/" + machine + "/system.journal"} {
		path := filepath.Join(root, name)
		w := create(t, path, name)
		add(t, w, 0, 5)
		if filepath.Base(name) == "system.journal" {
			os.Chmod(path, 0)
		}
	}
	os.Chmod(filepath.Join(root, "folder", machine), 0)
	t.Cleanup(func() { os.Chmod(filepath.Join(root, "folder", machine), 0o755) })
}

// asNobody runs the test that calls it again in a process without privileges.
func asNobody(t *testing.T) {
	t.Helper()
	root, err := os.MkdirTemp("", "denied")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	os.Chmod(root, 0o755)
	makeDenied(t, root)
	program := filepath.Join(root, "test")
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("no /proc here")
	}
	if err = os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "F30="+root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// TestNativeSaysWhetherItLeftOlderOut: it decides for how much of the last hour the counts stand.
func TestNativeSaysWhetherItLeftOlderOut(t *testing.T) {
	t.Parallel()
	for n, all := range map[int]bool{backfillEntries - 1: true, backfillEntries + 1: false} {
		root := t.TempDir()
		live := create(t, filepath.Join(root, machine, "system.journal"), "live")
		for i := range n {
			e := sampleEntry(4 * i)
			e.Realtime = uint64(time.Now().Add(-time.Minute).UnixMicro() + int64(i))
			if err := live.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		live.Close(jwrite.Online)
		w := journaltest.Watch(t)
		stop := journaltest.Run(nativeIn(root), w.Input)
		p := w.Until(t, "all", func(p *journal.Page) bool { return p.Total >= backfillEntries-1 && (p.Hour.Known == 60) == all })
		if p.Total != uint64(min(n, backfillEntries)) {
			t.Errorf("%d entries", p.Total)
		}
		stop()
	}
}
