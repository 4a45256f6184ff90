package screens_test

import (
	"strings"
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
)

// TestPeaksAreWhole: beside each other on half of 80 columns, the longest rates lose nothing.
func TestPeaksAreWhole(t *testing.T) {
	f := frametest.Fixed()
	f.Problems, f.VMs, f.Guests = nil, nil, nil
	h := f.Host
	h.Disks, h.Filesystems, h.Arrays, h.Pools, h.Sensors = h.Disks[:1], h.Filesystems[:1], nil, nil, nil
	f.Net.Interfaces = f.Net.Interfaces[1:2]
	h.History = sample.History{Interval: h.History.Interval}
	for _, s := range []*sample.Series{&h.History.DiskRead, &h.History.DiskWrite, &h.History.Rx, &h.History.Tx} {
		s.Push(1023 << 10)
	}
	for _, c := range []struct {
		w    int
		want string
	}{
		{80, "R peak 1023 KiB/s  W peak 1023 KiB/s"},
		{80, "RX peak 1023 KiB/s  TX peak 1023 KiB/s"},
		{132, "Read peak 1023 KiB/s"},
		{132, "Write peak 1023 KiB/s"},
	} {
		if text := shot(t, frame.Dashboard, c.w, 24, f); !strings.Contains(text, c.want) {
			t.Errorf("%d columns: no %q in\n%s", c.w, c.want, text)
		}
	}
}
