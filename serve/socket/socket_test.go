package socket

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var networks = []string{"unix", "unixpacket"}

// path is that of a socket; it is short, as paths of sockets have to be.
func path(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func TestListenIsForOwnerAndGroup(t *testing.T) {
	for _, network := range networks {
		path := path(t)
		l, err := Listen(network, path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != os.ModeSocket|0o660 {
			t.Errorf("%s: %v, %v", network, info.Mode(), err)
		}
		c, err := net.Dial(network, path)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		l.Close()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s: after Close: %v", network, err)
		}
	}
}

// TestListenReplacesStaleSocket: a server that was killed leaves its socket.
func TestListenReplacesStaleSocket(t *testing.T) {
	for _, network := range networks {
		for _, killed := range networks { // which may have been of another kind
			path := path(t)
			l, err := Listen(killed, path)
			if err != nil {
				t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			l.Close()
			if l, err = Listen(network, path); err != nil {
				t.Fatalf("%s after %s: %v", network, killed, err)
			}
			l.Close()
		}
	}
}

func TestListenLeavesWhatIsInTheWay(t *testing.T) {
	for _, network := range networks {
		taken := path(t)
		other, err := Listen("unixpacket", taken)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		file, dir, link := path(t), path(t), path(t)
		if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/nonexistent", link); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{
			taken: "somebody else listens there", file: "no socket", dir: "no socket", link: "no socket",
			"/nonexistent/s": "no such file", "/tmp/" + strings.Repeat("x", 120): "invalid argument",
		} {
			before, _ := os.Lstat(path)
			if l, err := Listen(network, path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v, %v; want %q", network, path, l, err, want)
			}
			if after, _ := os.Lstat(path); before != nil && !os.SameFile(before, after) {
				t.Errorf("%s %s was replaced", network, path)
			}
		}
		if c, err := net.Dial("unixpacket", taken); err != nil {
			t.Errorf("the other one: %v", err)
		} else {
			c.Close()
		}
	}
}

// TestListenLeavesNoDescriptor: neither the tries that fail nor those that work.
func TestListenLeavesNoDescriptor(t *testing.T) {
	path := path(t)
	lowest := func() int {
		fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		return fd
	}
	before := 0
	for round := range 20 {
		if round == 1 { // the first one starts the runtime's poller
			before = lowest()
		}
		l, err := Listen("unixpacket", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Listen("unixpacket", path); err == nil {
			t.Fatal("twice")
		}
		l.Close()
	}
	if now := lowest(); now > before {
		t.Errorf("lowest free descriptor %d, before %d", now, before)
	}
}
