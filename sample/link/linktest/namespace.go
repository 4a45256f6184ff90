// Package linktest gives tests a network namespace of their own, the words of ip and bridge to hold answers to,
// processes that look like QEMU's, and the memory in use. The program does not link it.
package linktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const insideVariable = "LINKTEST_NAMESPACE" // names the test that runs in a namespace of its own

// Inside says whether the test runs in a network namespace of its own, with a sysfs of its own. If not, it runs the test
// there, in a process of its own whose environment has more, passes its verdict on, and the caller returns. Where such a
// namespace cannot be had it skips the test.
func Inside(t *testing.T, more ...string) bool {
	t.Helper()
	if os.Getenv(insideVariable) == t.Name() {
		// A sysfs shows the namespace in which it was mounted. The mount is seen in this process alone.
		if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
			t.Skip("no sysfs of its own:", err)
		}
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	inside := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
	inside.Env = append(append(os.Environ(), insideVariable+"="+t.Name()), more...)
	// Go makes the mounts private here, so that none of them leaks to the machine.
	inside.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		inside.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		inside.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		inside.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	out, err := inside.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skip("no network namespace for a test here:", err)
	case err != nil:
		t.Errorf("in the namespace: %v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP: "+t.Name())):
		t.Skipf("in the namespace:\n%s", out)
	default:
		t.Logf("%s", out)
	}
	return false
}

// IP runs ip and returns what it prints. It skips the test where there is no ip, and fails it where ip fails.
func IP(t *testing.T, args ...string) []byte {
	t.Helper()
	return tool(t, "ip", args...)
}

// Has makes a link, with the words of "ip link add", and says whether this kernel has such links.
func Has(t *testing.T, words string) bool {
	t.Helper()
	args := append([]string{"link", "add"}, strings.Fields(words)...)
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Logf("ip link add %s: %s", words, bytes.TrimSpace(out))
		return false
	}
	return true
}

// Batch runs many commands of ip at once.
func Batch(t *testing.T, commands *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = commands
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("ip -batch: %v: %s", err, out)
	}
}

// Ask decodes what a tool of iproute2, ip or bridge, prints as JSON. It skips the test where that is none.
func Ask(t *testing.T, into any, name string, args ...string) {
	t.Helper()
	out := tool(t, name, args...)
	if len(strings.TrimSpace(string(out))) == 0 { // some versions say nothing for an empty list
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Skipf("the JSON of this %s cannot be read: %v", name, err)
	}
}

func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here to compare with", name)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return out
}
