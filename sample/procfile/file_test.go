package procfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/sampletest"
)

func TestKeptReadsAnewWithoutAllocating(t *testing.T) {
	root := t.TempDir()
	long := strings.Repeat("0123456789", 1000) // grows the buffer twice
	sampletest.Put(t, root, "/file", long)
	k := New(root, "/file")
	defer k.Close()
	if text, err := k.Read(); err != nil || string(text) != long {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	sampletest.Put(t, root, "/file", "short")
	if text, err := k.Read(); err != nil || string(text) != "short" {
		t.Fatalf("%q, %v", text, err)
	}
	if n := sampletest.Allocations(func() { k.Read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestKeptFailsWithoutAllocating(t *testing.T) {
	k := New(t.TempDir(), "/proc/none")
	_, err := k.Read()
	if err == nil || err.Error() != "read /proc/none: no such file or directory" || !Missing(err) {
		t.Errorf("error is %v", err)
	}
	if n := sampletest.Allocations(func() { k.Read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, again := k.Read(); again != err {
		t.Error("the same failure is another error")
	}
}

func TestKeptOpensAgainAfterAnError(t *testing.T) {
	root := t.TempDir()
	k := New(root, "/file")
	defer k.Close()
	k.Read()
	sampletest.Put(t, root, "/file", "there")
	if text, err := k.Read(); err != nil || string(text) != "there" {
		t.Fatalf("after it appeared: %q, %v", text, err)
	}
	null, err := os.Open(root) // reading a directory is EISDIR
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), k.FD, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Read(); !errors.Is(err, unix.EISDIR) {
		t.Fatalf("error is %v", err)
	}
	if text, err := k.Read(); err != nil || string(text) != "there" {
		t.Fatalf("after the error: %q, %v", text, err)
	}
}

func TestKeptRefusesWhatIsNoFile(t *testing.T) {
	root := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(root, "fifo"), 0o600); err != nil {
		t.Skip("no FIFO here: ", err)
	}
	for _, name := range []string{"/fifo", "/"} {
		k := New(root, name)
		if _, err := k.Read(); !errors.Is(err, errNotFile) {
			t.Errorf("%s: error is %v", name, err)
		}
		if k.Opened {
			t.Errorf("%s: still open", name)
		}
	}
	k := New("", "/dev/zero")
	if _, err := k.Read(); err == nil {
		t.Error("/dev/zero is no regular file")
	}
}

func TestHeadLeavesTheRestUnread(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/file", strings.Repeat("x", 10*PageSize))
	k := New(root, "/file")
	defer k.Close()
	if text, err := k.Head(PageSize); err != nil || len(text) != PageSize {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if text, err := k.Head(20 * PageSize); err != nil || len(text) != 10*PageSize {
		t.Errorf("of a file that is shorter: %d bytes, %v", len(text), err)
	}
}
