package main

import (
	"testing"

	"github.com/prometheus/procfs"
)

// TestGiveBack: less of the program's file is mapped afterwards, and what is needed comes back.
func TestGiveBack(t *testing.T) {
	if !fixedAddress() {
		t.Skip("the tests are not built for a fixed address")
	}
	before := mappedFiles(t)
	giveBack()
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
