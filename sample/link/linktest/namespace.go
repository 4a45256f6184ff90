// Package linktest gives tests a network namespace of their own, the words of ip and bridge to hold answers to,
// processes that look like QEMU's, and the memory in use. The program does not link it.
package linktest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/apart"
)

// Inside reports whether the test runs in a network namespace of its own, with a sysfs of its own, as apart.Inside does.
func Inside(t *testing.T, more ...string) bool {
	t.Helper()
	if !apart.Inside(t, syscall.CLONE_NEWNET|syscall.CLONE_NEWNS, more...) {
		return false
	}
	// A sysfs shows the namespace in which it was mounted.
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		t.Skip("no sysfs of its own:", err)
	}
	return true
}

// IP runs ip and returns what it prints. It skips the test where there is no ip, and fails it where ip fails.
func IP(t *testing.T, args ...string) []byte {
	t.Helper()
	return tool(t, "ip", args...)
}

// Has makes a link, with the words of "ip link add", and reports whether this kernel has such links.
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
