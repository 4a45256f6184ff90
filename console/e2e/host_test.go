package e2e

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// hostVariable is the host's name under which this program becomes another.
const hostVariable = "TEST_HOSTNAME"

// becomeHost becomes the program of the arguments on a host of that name, where the environment has one.
func becomeHost() error {
	name := os.Getenv(hostVariable)
	if name == "" {
		return nil
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return err
	}
	return unix.Exec(os.Args[1], os.Args[1:], os.Environ())
}

// ownHostname lets a process have a host name of its own.
func ownHostname() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUTS}
	if os.Geteuid() != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return a
}

// mayNameHosts returns the path of the program that becomes another, and skips the test where hosts cannot have names.
func mayNameHosts(t *testing.T) (self string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	try := exec.Command(self, "-test.run=^$")
	try.SysProcAttr = ownHostname()
	if err := try.Run(); err != nil {
		t.Skip("no host names for processes here:", err)
	}
	return self
}
