package screens_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
)

// TestPeaksAreWhole: on half of 80 columns, too, the longest rates lose nothing.
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
	for _, w := range []int{80, 132, 200} {
		text := shot(t, frame.Dashboard, w, 40, f)
		for _, name := range []string{"Read", "Write", "RX", "TX"} {
			found := false
			rows := strings.Split(text, "\n")
			for i, row := range rows[:len(rows)-1] {
				at := strings.Index(row, name+" peak ")
				found = found || at >= 0 && strings.HasPrefix(rows[i+1][at:], "1023 KiB/s ")
			}
			if !found {
				t.Errorf("%d columns: the peak of %s is not below its name in\n%s", w, name, text)
			}
		}
	}
}

// TestNamesKeepAwayFromTheRates: whatever the width, there is a blank between what hangs on a bridge and the arrow.
func TestNamesKeepAwayFromTheRates(t *testing.T) {
	glued := regexp.MustCompile(`\Sv {2,}[0-9]`)
	f := frametest.Fixed()
	for _, l := range f.Net.Interfaces {
		if d := l.More(); d.Bridge != nil {
			for i := range 12 {
				d.VMs = append(d.VMs, sample.AttachedVM{Namespace: "vms", Name: fmt.Sprintf("vm-%02d", i)})
			}
		}
	}
	for w := 80; w <= 200; w++ {
		for _, row := range strings.Split(shot(t, frame.Network, w, 43, f), "\n") {
			if glued.MatchString(row) {
				t.Fatalf("%d columns: %q", w, row)
			}
		}
	}
}
