package helper

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Client is who has connected.
type Client struct {
	UID, PID uint32
	LoginUID uint32 // who had logged in when the process's session began; NoLogin: nobody
}

// NoLogin is the login of what no login began.
const NoLogin = ^uint32(0)

// clientOf says who has connected by c.
//
// Linux: unix(7), SO_PEERCRED
func clientOf(c *net.UnixConn) (Client, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Client{}, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) { cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = cmp.Or(err, credErr); err != nil {
		return Client{}, err
	}
	return Client{UID: cred.Uid, PID: uint32(cred.Pid), LoginUID: loginOf(cred.Pid)}, nil
}

// loginOf is the login of a process, for the journal: what it may do does not depend on it. The process may be another one by now.
//
// Linux: proc_pid_loginuid, in audit(7)'s kernel documentation
func loginOf(pid int32) uint32 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/loginuid", pid))
	if err != nil {
		return NoLogin
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return NoLogin
	}
	return uint32(n)
}
