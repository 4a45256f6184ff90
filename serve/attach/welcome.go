package attach

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
)

// protocol is the version that is spoken here.
const protocol = "1"

// maxRights is how many descriptors are taken to see that it is one; the kernel closes the others.
const maxRights = 4

// answer is what a client that is not served is told; with its first byte, as the package has them.
type answer string

func (a answer) Error() string { return string(a[1:]) }

// welcome hears what a client wants, in the time that it may take, and takes its terminal, whose name it returns. A client that is not
// served has been told so.
func welcome(conn *net.UnixConn, wait time.Duration) (c *Client, on string, err error) {
	_ = conn.SetDeadline(time.Now().Add(wait)) // fails on a connection that is closed only
	defer func() {
		var no answer
		if errors.As(err, &no) {
			_, _ = conn.Write([]byte(no)) // it may have gone
		}
	}()
	term, locale, fd, err := hear(conn)
	if err != nil {
		return nil, "", err
	}
	uid, err := peer(conn)
	if err == nil {
		on, err = inspect(fd, uid)
	}
	if err == nil && !draw.TakesUTF8(term, locale) {
		err = answer("?this server draws in UTF-8, which this terminal does not take")
	}
	if err != nil {
		unix.Close(fd)
		return nil, "", err
	}
	t, err := tty.OpenFd(fd)
	if err != nil {
		return nil, "", answer("-" + err.Error())
	}
	if err := agree(conn); err != nil {
		return nil, "", errors.Join(err, t.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	return &Client{Terminal: t, Term: cmp.Or(term, "unknown"), Who: fmt.Sprintf("unix uid %d", uid)}, on, nil
}

// hear reads a client's first message. The descriptor is the caller's.
func hear(conn *net.UnixConn) (term, locale string, fd int, err error) {
	var said [512]byte
	rights := make([]byte, unix.CmsgSpace(4*maxRights))
	n, rightsN, flags, _, err := conn.ReadMsgUnix(said[:], rights)
	if err != nil {
		return "", "", -1, fmt.Errorf("hear what it wants: %w", err)
	}
	fds := descriptors(rights[:rightsN])
	fields := bytes.Split(said[:n], []byte{0})
	switch {
	case string(fields[0]) != protocol:
		err = answer("?this server speaks version " + protocol + " of the protocol, and hypervisor-attach another: they are not of one release")
	case len(fields) < 3 || flags&unix.MSG_TRUNC != 0:
		err = answer("-what hypervisor-attach said is not understood")
	case flags&unix.MSG_CTRUNC != 0 && len(fds) == 0:
		err = answer("?the server has no descriptor left for this terminal")
	case len(fds) != 1:
		err = answer(fmt.Sprintf("-hypervisor-attach handed over %d descriptors in place of one terminal", len(fds)))
	}
	if err != nil {
		for _, fd := range fds {
			unix.Close(fd)
		}
		return "", "", -1, err
	}
	return string(fields[1]), string(fields[2]), fds[0], nil
}

// descriptors returns those of a control message, which are open here from now on.
func descriptors(control []byte) (all []int) {
	messages, _ := unix.ParseSocketControlMessage(control) // of the kernel's own making
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err == nil { // else it is about something else
			all = append(all, fds...)
		}
	}
	return all
}

// peer is the user who has connected.
func peer(conn *net.UnixConn) (uid uint32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var credentials *unix.Ucred
	if e := raw.Control(func(fd uintptr) {
		credentials, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); e != nil || err != nil {
		return 0, fmt.Errorf("ask who it is: %w", errors.Join(e, err))
	}
	return credentials.Uid, nil
}

// The majors of pseudo-terminals' slaves.
//
// Kernel: Documentation/admin-guide/devices.txt
const firstPts, lastPts = 136, 143

// inspect returns the name of the terminal that a user has handed over, or why it is not one to draw on: it must be a
// pseudo-terminal of that user, and opened as the package says.
func inspect(fd int, uid uint32) (name string, err error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return "", fmt.Errorf("inspect the terminal: %w", err)
	}
	major, minor := unix.Major(stat.Rdev), unix.Minor(stat.Rdev)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	switch {
	case err != nil:
		return "", fmt.Errorf("inspect the terminal: %w", err)
	case stat.Mode&unix.S_IFMT != unix.S_IFCHR || major < firstPts || major > lastPts:
		return "", answer("?the server draws on pseudo-terminals only, as SSH and tmux give one")
	case stat.Uid != uid && uid != 0:
		return "", answer("?this terminal is another user's")
	case flags&unix.O_ACCMODE != unix.O_RDWR || flags&unix.O_NONBLOCK == 0 || flags&unix.O_PATH != 0:
		return "", answer("-hypervisor-attach must hand over an open file of its own, for reading and writing, that does not block")
	}
	return fmt.Sprintf("pts/%d", (major-firstPts)<<8+minor), nil
}

// agree lets the client have a last word: one that has waited too long may show a console of its own by now.
func agree(conn *net.UnixConn) error {
	if _, err := conn.Write([]byte("+")); err != nil {
		return fmt.Errorf("it did not wait: %w", err)
	}
	var said [2]byte
	switch n, err := conn.Read(said[:]); {
	case err != nil:
		return fmt.Errorf("it did not wait: %w", err)
	case n != 1 || said[0] != '+':
		return answer("-what hypervisor-attach said is not understood")
	}
	return nil
}
