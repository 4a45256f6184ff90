package sample

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/sampletest"
)

func TestF46NoDescriptorsLeft(t *testing.T) {
	root := sampletest.CopyOf(t, "vm2")
	s := New(Options{Root: root, Now: sampletest.NewClock().Now})
	t.Cleanup(s.Close)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	// A soft limit of the lowest free descriptor makes each open fail with EMFILE, the ones that are open go on.
	probe, err := unix.Open(root, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(probe)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(probe), Max: limit.Max}); err != nil {
		t.Skip("the limit cannot be set: ", err)
	}
	s.Sample()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	h := s.Reader(0).Hosts.Latest()
	for _, source := range []Source{Uptime, Stat, Meminfo, Diskstats, NetDev, Sockets} {
		if got := h.Health[source]; got.State.String() != "failed" || !strings.Contains(got.Err, "too many open files") {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	s.Sample()
	h = s.Reader(0).Hosts.Latest()
	for _, source := range []Source{Uptime, Stat, Meminfo, Diskstats, NetDev, Sockets} {
		if got := h.Health[source]; got.State.String() != "ok" || got.Err != "" {
			t.Errorf("source %d afterwards: %v %q", source, got.State, got.Err)
		}
	}
}
