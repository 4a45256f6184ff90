// Package apart runs a test in namespaces of its own, so that nothing that it does there stays. The program does not link it.
package apart

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

const insideVariable = "TEST_APART" // names the test that runs in namespaces of its own

// Inside reports whether the test runs in namespaces of its own of those kinds, CLONE_NEW... of clone(2), and a user
// namespace in which it is root where it is not root already. If not, it runs the test there, in a process of its own
// whose environment has more, passes its verdict on, and the caller returns. Where such namespaces cannot be had it skips
// the test. What is mounted in a mount namespace is seen in it alone.
func Inside(t *testing.T, kinds uintptr, more ...string) bool {
	t.Helper()
	if os.Getenv(insideVariable) == t.Name() {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	inside := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
	inside.Env = append(append(os.Environ(), insideVariable+"="+t.Name()), more...)
	// Go makes what is mounted in an unshared namespace private.
	inside.SysProcAttr = &syscall.SysProcAttr{Unshareflags: kinds &^ syscall.CLONE_NEWUSER, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 || kinds&syscall.CLONE_NEWUSER != 0 {
		inside.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		inside.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		inside.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	runtime.LockOSThread() // Pdeathsig is about the thread that starts the child
	defer runtime.UnlockOSThread()
	out, err := inside.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skip("no namespaces for a test here:", err)
	case err != nil:
		t.Errorf("in namespaces of its own: %v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP: "+t.Name())):
		t.Skipf("in namespaces of its own:\n%s", out)
	default:
		t.Logf("%s", out)
	}
	return false
}
