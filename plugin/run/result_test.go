package run

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/apart"
	"hypervisor-tui/plugin"
)

func TestFolder(t *testing.T) {
	for _, c := range []struct{ directories, want string }{
		{"/run/hypervisor-tui-plugins/disk", "/run/hypervisor-tui-plugins/disk"},
		{"/run/a:/run/hypervisor-tui-plugins/disk:/run/b", "/run/hypervisor-tui-plugins/disk"},
		{"/run/hypervisor-tui-plugins", ""},
		{"/run/hypervisor-tui-plugins/disk2", ""},
		{"run/disk", ""},
		{"disk", ""},
		{":", ""},
	} {
		got, err := Folder(c.directories, "disk")
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q: %q, %v", c.directories, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "RuntimeDirectory=hypervisor-tui-plugins/disk") {
			t.Errorf("%v does not say what to mend", err)
		}
	}
}

// TestReplacedWhileRead: whoever reads sees whole results, each as new as the one before or newer, and may be anybody.
func TestReplacedWhileRead(t *testing.T) {
	dir := t.TempDir()
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	file := func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20<<10) }
	if err := Write(dir, file(0)); err != nil {
		t.Fatal(err)
	}
	const times = 300
	written := make(chan error, 1)
	go func() {
		for i := range times {
			if err := Write(dir, file(i)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	last := 0
	for done := false; !done; {
		select {
		case err := <-written:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
		text, err := os.ReadFile(filepath.Join(dir, plugin.File))
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		if len(text) > 1 {
			i = int(text[0]) | int(text[1])<<8
		}
		if !bytes.Equal(text, file(i)) || i < last {
			t.Fatalf("%d bytes that begin as the result %d after %d", len(text), i, last)
		}
		last = i
	}
	if last != times-1 {
		t.Errorf("the last one is %d", last)
	}
	info, err := os.Stat(filepath.Join(dir, plugin.File))
	if err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	alone(t, dir)
}

// alone fails the test when there is more in a folder than a result.
func alone(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != plugin.File {
		t.Errorf("%v, %v", files, err)
	}
}

// TestNoPlaceForResult: it says why, and the result of before stays.
func TestNoPlaceForResult(t *testing.T) {
	for _, dir := range []string{"/nonexistent/disk", "/dev/null"} {
		if err := Write(dir, []byte("a")); err == nil || !strings.HasPrefix(err.Error(), "write the result: ") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if !apart.Inside(t, unix.CLONE_NEWNS) {
		return
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip(err)
	}
	defer func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }()
	before := bytes.Repeat([]byte("a"), 40<<10)
	if err := Write(dir, before); err != nil {
		t.Fatal(err)
	}
	stays := func(why string) {
		t.Helper()
		if err := Write(dir, bytes.Repeat([]byte("b"), 40<<10)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %s", err, why)
		}
		if got, err := os.ReadFile(filepath.Join(dir, plugin.File)); err != nil || !bytes.Equal(got, before) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		alone(t, dir)
	}
	stays("no space left on device")
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	stays("read-only file system")
}
