// Package socket opens Unix sockets to listen on.
package socket

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Listen listens on a Unix socket at path, of the network "unix" or "unixpacket", for its owner and its group: mode 0660
// before anybody can connect. A socket on which nobody listens any more is replaced; what else is in the way stays, and
// is an error. Close removes the socket.
func Listen(network, path string) (*net.UnixListener, error) {
	l, err := listen(network, path)
	if errors.Is(err, unix.EADDRINUSE) {
		if err = removeStale(network, path); err == nil {
			l, err = listen(network, path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return l, nil
}

func listen(network, path string) (*net.UnixListener, error) {
	kind := unix.SOCK_STREAM
	if network == "unixpacket" {
		kind = unix.SOCK_SEQPACKET
	}
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close() // the listener has a descriptor of its own
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return nil, err
	}
	if err = os.Chmod(path, 0o660); err == nil {
		err = unix.Listen(fd, unix.SOMAXCONN)
	}
	var l net.Listener
	if err == nil {
		l, err = net.FileListener(file)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	unixListener := l.(*net.UnixListener)
	unixListener.SetUnlinkOnClose(true)
	return unixListener, nil
}

// removeStale removes the socket at path when nobody listens on it.
func removeStale(network, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("something else is there, which is no socket: move it away")
	}
	c, err := net.Dial(network, path)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("somebody else listens there: %w", unix.EADDRINUSE)
	}
	return os.Remove(path)
}
