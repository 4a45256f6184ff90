package history

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/await"
)

// childVariable names what a child of the tests does, childPath the file it does it with.
const (
	childVariable = "HISTORY_TEST_CHILD"
	childPath     = "HISTORY_TEST_PATH"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "record":
		recordForEver(os.Getenv(childPath))
	case "make":
		for {
			w, err := Create(WriterOptions{Path: os.Getenv(childPath), Size: 64 << 20, Sync: time.Minute, BootID: firstBoot})
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			w.file.Close()
			os.Remove(os.Getenv(childPath))
		}
	}
}

// recordForEver records samples from the one behind the newest on, and prints the number of each that the kernel has.
func recordForEver(path string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	w, err := Create(WriterOptions{Path: path, Size: MinSize, Sync: time.Hour, BootID: firstBoot})
	fail(err)
	r, err := Open(path, time.UTC)
	fail(err)
	next := 0
	if p, ok := r.Last(); ok {
		var s frame.Snapshot
		_, err = r.Load(p, &s)
		fail(err)
		next = s.Host.Running + 5
	}
	f := small()
	for i := next; ; i += 5 {
		fail(w.Append(sampled(f, i, startOfTests)))
		fail(w.Flush())
		if i%100 == 0 {
			fail(w.Burst())
		}
		fmt.Println(i)
	}
}

// child starts a child of the tests.
func child(t *testing.T, what, path string) (cmd *exec.Cmd, out *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+what, childPath+"="+path)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(await.Limit, func() { cmd.Process.Kill() })
	t.Cleanup(func() { limit.Stop() })
	return cmd, bufio.NewScanner(pipe)
}

// TestKilledWhileItRecords: a recorder that is killed at any moment loses nothing that it has handed to the kernel, and the next
// one goes on.
func TestKilledWhileItRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	kills := 200 // long: each starts a process
	if testing.Short() || raced {
		kills = 10
	}
	random, told := rand.New(rand.NewPCG(5, 6)), -5
	for n := range kills {
		cmd, out := child(t, "record", path)
		for left := 1 + random.IntN(60); left > 0 && out.Scan(); left-- {
			i, err := strconv.Atoi(out.Text())
			if err != nil {
				t.Fatalf("kill %d: the child says %s", n, out.Text())
			}
			if i <= told {
				t.Fatalf("kill %d: sample %d is recorded again after %d", n, i, told)
			}
			told = i
		}
		cmd.Process.Kill()
		for out.Scan() { // what it said before it was gone
			if i, err := strconv.Atoi(out.Text()); err == nil {
				told = i
			}
		}
		cmd.Wait()
		r := reader(t, path)
		p, _ := r.Last()
		var s frame.Snapshot
		if _, err := r.Load(p, &s); err != nil || s.Host.Running < told {
			t.Fatalf("kill %d: told were samples up to %d, the newest record is of %d, %v", n, told, s.Host.Running, err)
		}
	}
	r := reader(t, path)
	p, ok := r.lastOf(0)
	n, expected := 0, -1
	for ; ok && p.tier == 0; p, ok = r.Step(p, -1) {
		var s frame.Snapshot
		info, err := r.Load(p, &s)
		i := s.Host.Running
		if err != nil || !info.Wall.Equal(startOfTests.Add(time.Duration(i)*2*time.Second)) || expected >= 0 && i != expected {
			t.Fatalf("record of sample %d at %v, want %d: %v", i, info.Wall, expected, err)
		}
		expected = i - 5
		n++
	}
	t.Logf("%d kills, %d records of %d whole", kills, n, told/5+1)
	if n < min(told/5+1, 300) {
		t.Errorf("%d records of %d", n, told/5+1)
	}
}

// TestKilledWhileItMakesTheFile: there is a whole file or none, and the next one makes it.
func TestKilledWhileItMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	kills := 40 // long: each writes 64 MiB in part
	if testing.Short() || raced {
		kills = 4
	}
	random, half := rand.New(rand.NewPCG(7, 8)), 0
	for n := range kills {
		cmd, out := child(t, "make", path)
		size := random.Int64N(64 << 20)
		await.Until(t, "a file that is made", func() bool {
			info, err := os.Stat(path + ".new")
			return err == nil && info.Size() >= size
		})
		cmd.Process.Kill()
		for out.Scan() {
			t.Errorf("kill %d: %s", n, out.Text())
		}
		cmd.Wait()
		if _, err := os.Stat(path + ".new"); err == nil {
			half++
		}
		if _, err := Open(path, time.UTC); err != nil && !errors.Is(err, ErrNothing) {
			t.Fatalf("kill %d: %v", n, err)
		}
	}
	if half == 0 {
		t.Error("none was killed before it was finished")
	}
	w := recording(t, path, firstBoot)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
}

// failing is a file whose writes fail with err, the first of them in the middle.
type failing struct {
	*os.File
	err    error
	writes int
}

func (f *failing) WriteAt(b []byte, at int64) (int, error) {
	f.writes++
	if f.err == nil {
		return f.File.WriteAt(b, at)
	}
	n, _ := f.File.WriteAt(b[:len(b)/2], at)
	return n, f.err
}

// Fd is none while nothing can be written: fdatasync fails then, too.
func (f *failing) Fd() uintptr {
	if f.err != nil {
		return ^uintptr(0)
	}
	return f.File.Fd()
}

// TestDiskFailsAndComesBack: each call says that the disk fails, and when it works again recording has gone on: what the page in
// memory has is in the file.
func TestDiskFailsAndComesBack(t *testing.T) {
	for _, fault := range []error{unix.EIO, unix.ENOSPC, unix.EDQUOT, unix.EROFS} {
		path := filepath.Join(t.TempDir(), "flight")
		w, f := recording(t, path, firstBoot), small()
		disk := &failing{File: w.file.(*os.File)}
		w.file = disk
		for i := 0; i < 5*100; i += 5 {
			disk.err = nil
			if i >= 5*30 && i < 5*70 {
				disk.err = fault
			}
			if err := w.Append(sampled(f, i, startOfTests)); !errors.Is(err, disk.err) {
				t.Fatalf("%v: sample %d: %v", fault, i, err)
			}
			if i == 5*50 {
				if err := w.Burst(); !errors.Is(err, fault) {
					t.Errorf("%v: %v", fault, err)
				}
				if err := w.Event(&frame.Event{Kind: frame.LinkLost, At: f.Now}); err != nil {
					t.Errorf("%v: an event is only in memory yet: %v", fault, err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r := reader(t, path)
		for i := 0; i < 5*100; i += 5 {
			var s frame.Snapshot
			at := startOfTests.Add(time.Duration(2*i) * time.Second)
			p, _, _ := r.before(0, at)
			if info, err := r.Load(p, &s); err != nil || !info.Wall.Equal(at) || s.Host.Running != i {
				t.Fatalf("%v: sample %d: %+v, %v", fault, i, info, err)
			}
		}
		if e := r.Events(nil, startOfTests, startOfTests.Add(time.Hour)); len(e) != 1 {
			t.Errorf("%v: events %v", fault, e)
		}
	}
}

// TestOneErrorWhileTheDiskFails: from the first record that fails until the disk has taken all, each sample returns the same error,
// also one of which no record is made: who prints what is new prints it once.
func TestOneErrorWhileTheDiskFails(t *testing.T) {
	w, f := recording(t, filepath.Join(t.TempDir(), "flight"), firstBoot), small()
	disk := &failing{File: w.file.(*os.File)}
	w.file = disk
	var said []string
	for i := range 5 * 100 {
		disk.err = nil
		if i >= 200 && i < 400 {
			disk.err = unix.ENOSPC
		}
		text := ""
		if err := w.Append(sampled(f, i, startOfTests)); err != nil {
			text = err.Error()
		}
		if len(said) == 0 || said[len(said)-1] != text {
			said = append(said, text)
		}
	}
	if len(said) != 3 || said[0] != "" || !strings.Contains(said[1], unix.ENOSPC.Error()) || said[2] != "" {
		t.Errorf("said is %q", said)
	}
}

// TestDiskFailsForPages: while more fails than the page in memory holds, only that is lost.
func TestDiskFailsForPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	disk := &failing{File: w.file.(*os.File)}
	w.file = disk
	const fails, works = 5 * 20, 5 * 60
	for i := 0; i < 5*80; i += 5 {
		disk.err = nil
		if i >= fails && i < works {
			disk.err = unix.ENOSPC
		}
		s := sampled(f, i, startOfTests)
		bulky(f, i)
		if err := w.Append(s); !errors.Is(err, disk.err) {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	n := 0
	for p, ok := r.lastOf(0); ok && p.tier == 0; p, ok = r.Step(p, -1) {
		var s frame.Snapshot
		info, err := r.Load(p, &s)
		if i := int(info.Wall.Sub(startOfTests) / (2 * time.Second)); err != nil || s.Host.Running != i || !strings.HasPrefix(s.Problems[0].Subject, strconv.Itoa(i)+"x") {
			t.Errorf("the record of sample %d is that of %d, %v", i, s.Host.Running, err)
		}
		n++
	}
	if n < 40 || n >= 80 {
		t.Errorf("%d records of 80, of which 40 failed", n)
	}
}

// TestNoRoomForTheFile: on a filesystem that is full, and on one that is read-only, one error says why, nothing half-made is left,
// and when there is room the file is made. What was recorded before is still there.
func TestNoRoomForTheFile(t *testing.T) {
	if !apart.Inside(t, unix.CLONE_NEWNS) {
		return
	}
	dir := t.TempDir()
	if err := unix.Mount("small", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("no tmpfs: ", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path := filepath.Join(dir, "flight")
	o := WriterOptions{Path: path, Size: 16 << 20, Sync: time.Minute, BootID: firstBoot}
	left := func(want int) {
		t.Helper()
		if names, _ := filepath.Glob(dir + "/*"); len(names) != want {
			t.Errorf("left are %v", names)
		}
	}
	if _, err := Create(o); !errors.Is(err, unix.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Errorf("on a disk that is full: %v", err)
	}
	left(0)
	o.Size = MinSize
	w, err := Create(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(sampled(small(), 0, startOfTests)), w.Close()); err != nil {
		t.Fatal(err)
	}
	o.Size = 16 << 20
	if _, err := Create(o); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("another size on a disk that is full: %v", err)
	}
	left(1)
	if _, ok := reader(t, path).Last(); !ok {
		t.Error("what was recorded before is gone")
	}
	if err := unix.Mount("small", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skip("not read-only: ", err)
	}
	for _, o.Path = range []string{path, path + "2"} {
		if _, err := Create(o); !errors.Is(err, unix.EROFS) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s on a disk that is read-only: %v", o.Path, err)
		}
	}
	if _, ok := reader(t, path).Last(); !ok {
		t.Error("what was recorded before cannot be read")
	}
}

// TestForeignFileIsNotTouched: what is no recording, or one of a version that is not known, stays as it is, and the error says what
// to do.
func TestForeignFileIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer")
	if err := recording(t, newer, firstBoot).Close(); err != nil {
		t.Fatal(err)
	}
	head, err := os.ReadFile(newer)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint16(head[8:], version+1)
	binary.LittleEndian.PutUint32(head[40:], crc32.Checksum(head[:40], castagnoli))
	overwrite(t, newer, 0, head[:superblock])
	overwrite(t, newer, superblock, head[:superblock])
	for name, content := range map[string]string{"empty": "", "text": "#!/bin/sh\nrm -rf /\n", "magic": magic} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("text", filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "folder"), 0o700), unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"empty": "move it away", "text": "move it away", "magic": "move it away", "newer": "does not know: move it away",
		"link": "too many levels of symbolic links", "folder": "is a directory", "pipe": "is not a regular file",
	} {
		path := filepath.Join(dir, name)
		before, _ := os.Lstat(path)
		content := []byte(nil)
		if before.Mode().IsRegular() {
			content, _ = os.ReadFile(path)
		}
		_, err := Create(WriterOptions{Path: path, Size: MinSize, Sync: time.Minute, BootID: firstBoot})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		after, err := os.Lstat(path)
		if err != nil || !os.SameFile(before, after) {
			t.Errorf("%s is another file: %v", name, err)
		}
		if content != nil {
			if now, _ := os.ReadFile(path); string(now) != string(content) {
				t.Errorf("%s is changed", name)
			}
		}
		if r, err := Open(path, time.UTC); err == nil {
			t.Errorf("%s is read", name)
			r.Close()
		}
	}
	if names, _ := filepath.Glob(dir + "/*.*"); len(names) != 0 {
		t.Errorf("left are %v", names)
	}
}

// TestAnotherSize: a file of another size is made beside, and the one before stays as PATH.old and can be read.
func TestAnotherSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w := recording(t, path, firstBoot)
	if err := errors.Join(w.Append(sampled(small(), 0, startOfTests)), w.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := Create(WriterOptions{Path: path, Size: MinSize + 4<<20, Sync: time.Minute, BootID: firstBoot})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(sampled(small(), 50, startOfTests)), w.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{path: 50, path + ".old": 0} {
		r := reader(t, name)
		var s frame.Snapshot
		p, _ := r.Last()
		if _, err := r.Load(p, &s); err != nil || s.Host.Running != want {
			t.Errorf("%s: sample %d, %v", name, s.Host.Running, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > MinSize+4<<20 {
		t.Errorf("%v bytes, %v", info.Size(), err)
	}
}

// TestRecordingAllocatesNothing: nor does it grow, for hours of samples, records, coarser ones and an incident.
func TestRecordingAllocatesNothing(t *testing.T) {
	w, f := recording(t, filepath.Join(t.TempDir(), "flight"), firstBoot), frametest.Fixed()
	frametest.Sick(f)
	i := 0
	step := func() {
		s := sampled(f, i, startOfTests)
		s.Host.CPU.Busy = float64(i % 100)
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
		if i%900 == 0 {
			if err := w.Burst(); err != nil {
				t.Fatal(err)
			}
		}
		i++
	}
	for range 1000 {
		step()
	}
	least := math.Inf(1)
	for try := 0; try < 20 && least != 0; try++ { // others in the process may allocate, too
		least = min(least, testing.AllocsPerRun(1, func() {
			for range 900 {
				step()
			}
		}))
	}
	if least != 0 {
		t.Errorf("%v allocations in 900 samples", least)
	}
}
