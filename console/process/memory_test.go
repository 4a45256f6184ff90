package process

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
)

// TestGiveBack: less of the program's file is mapped afterwards, and what is needed comes back.
func TestGiveBack(t *testing.T) {
	if !fixedAddress() {
		t.Skip("the tests are not built for a fixed address")
	}
	before := mappedFiles(t)
	TrimMemory()
	if after := mappedFiles(t); after >= before {
		t.Errorf("%d bytes of the file are mapped, before it were %d", after, before)
	}
}

// mappedFiles is how much of files is mapped, in bytes. A file of a tmpfs counts as shared memory.
func mappedFiles(t *testing.T) (bytes uint64) {
	t.Helper()
	self, err := procfs.Self()
	if err != nil {
		t.Skip("no /proc:", err)
	}
	status, err := self.NewStatus()
	if err != nil {
		t.Fatal(err)
	}
	if status.RssFile+status.RssShmem == 0 {
		t.Skip("this kernel does not say how much of the files is mapped")
	}
	return status.RssFile + status.RssShmem
}

// childMemoryLimit prints the limits that main sets.
func childMemoryLimit() {
	LimitMemory(GCPercent)
	fmt.Println(debug.SetMemoryLimit(-1), debug.SetGCPercent(100))
}

// TestF43MemoryLimit: there is a limit, and the environment's goes before it.
func TestF43MemoryLimit(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{
		"":                          fmt.Sprintln(memoryLimit, GCPercent),
		"GOMEMLIMIT=32MiB":          fmt.Sprintln(32<<20, GCPercent),
		"GOGC=77":                   fmt.Sprintln(memoryLimit, 77),
		"GOMEMLIMIT=1GiB GOGC=100 ": fmt.Sprintln(1<<30, 100),
	} {
		r := runChild(t, "memory limit", strings.Fields(env)...)
		if r.out != want {
			t.Errorf("%q: limit and percent %q, want %q\n%s", env, r.out, want, r.stderr)
		}
	}
}
