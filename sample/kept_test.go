package sample

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestKeptReadsAnewWithoutAllocating(t *testing.T) {
	root := t.TempDir()
	long := strings.Repeat("0123456789", 1000) // grows the buffer twice
	put(t, root, "/file", long)
	k := keep(root, "/file")
	defer k.close()
	if text, err := k.read(); err != nil || string(text) != long {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	put(t, root, "/file", "short")
	if text, err := k.read(); err != nil || string(text) != "short" {
		t.Fatalf("%q, %v", text, err)
	}
	if n := allocations(func() { k.read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestKeptFailsWithoutAllocating(t *testing.T) {
	k := keep(t.TempDir(), "/proc/none")
	_, err := k.read()
	if err == nil || err.Error() != "read /proc/none: no such file or directory" || !missing(err) {
		t.Errorf("error is %v", err)
	}
	if n := allocations(func() { k.read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, again := k.read(); again != err {
		t.Error("the same failure is another error")
	}
}

func TestKeptOpensAgainAfterAnError(t *testing.T) {
	root := t.TempDir()
	k := keep(root, "/file")
	defer k.close()
	k.read()
	put(t, root, "/file", "there")
	if text, err := k.read(); err != nil || string(text) != "there" {
		t.Fatalf("after it appeared: %q, %v", text, err)
	}
	null, err := os.Open(root) // reading a directory is EISDIR
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), k.fd, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := k.read(); !errors.Is(err, unix.EISDIR) {
		t.Fatalf("error is %v", err)
	}
	if text, err := k.read(); err != nil || string(text) != "there" {
		t.Fatalf("after the error: %q, %v", text, err)
	}
}

func TestKeptRefusesWhatIsNoFile(t *testing.T) {
	root := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(root, "fifo"), 0o600); err != nil {
		t.Skip("no FIFO here: ", err)
	}
	for _, name := range []string{"/fifo", "/"} {
		k := keep(root, name)
		if _, err := k.read(); !errors.Is(err, errNotFile) {
			t.Errorf("%s: error is %v", name, err)
		}
		if k.opened {
			t.Errorf("%s: still open", name)
		}
	}
	k := keep("", "/dev/zero")
	if _, err := k.read(); err == nil {
		t.Error("/dev/zero is no regular file")
	}
}

func TestHeadLeavesTheRestUnread(t *testing.T) {
	root := t.TempDir()
	put(t, root, "/file", strings.Repeat("x", 10*keptSize))
	k := keep(root, "/file")
	defer k.close()
	if text, err := k.head(keptSize); err != nil || len(text) != keptSize {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if text, err := k.head(20 * keptSize); err != nil || len(text) != 10*keptSize {
		t.Errorf("of a file that is shorter: %d bytes, %v", len(text), err)
	}
}
