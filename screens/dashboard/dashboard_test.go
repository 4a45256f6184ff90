package dashboard

import (
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens/screentest"
)

// TestDArraysAreCalledWellWhenTheyAre: what is not known to be well is not green, nor is it red.
func TestDArraysAreCalledWellWhenTheyAre(t *testing.T) {
	for state, want := range map[string]draw.Style{"active": draw.Good, "unknown": draw.Text, "container": draw.Text, "broken": draw.Bad} {
		text, roles := screentest.Row(func(p *draw.Pen) {
			arrayState(p, &sample.Array{Name: "md0", Level: "raid1", State: state, Disks: 2, Working: 2})
		})
		_, role := screentest.Row(func(p *draw.Pen) { p.Text(want, "x") })
		if at := strings.Index(text, state); at < 0 || roles[at] != role[0] {
			t.Errorf("%q has the roles %q, want %q at its state", text, roles, role[:1])
		}
	}
}

// TestDChosenVMStays: by its name wherever it runs, by its process where it has none; what is not known is no figure.
func TestDChosenVMStays(t *testing.T) {
	named, nameless := chosenVM{namespace: "web", name: "vm", pid: 5, set: true}, chosenVM{pid: 5, set: true}
	process := &qemu.VM{PID: 6, WhyMemory: "why not"}
	moved, another := frame.Guest{Namespace: "web", Name: "vm", Process: process}, frame.Guest{Process: process}
	if !named.is(&moved) || nameless.is(&another) {
		t.Error("a VM that moves is lost, or one without a name is taken for another")
	}
	if compareVMs(&frame.Guest{}, &another, byMemory) != 0 {
		t.Error("memory that is not known counts as some")
	}
}

// TestIdleVMsStayInTheirPlaces: what is shown as equal is in the order of names, however it differs.
func TestIdleVMsStayInTheirPlaces(t *testing.T) {
	guest := func(cores float64) *frame.Guest { return &frame.Guest{Process: &qemu.VM{Cores: cores}} }
	if compareVMs(guest(0.01), guest(0.04), byCPU) != 0 || compareVMs(guest(0.06), guest(0.04), byCPU) >= 0 {
		t.Error("VMs are sorted by what nobody sees, or not by what is shown")
	}
}

// TestDWhatBecameReadOnlyIsUrgent, and not left out as an image is that has always been so.
func TestDWhatBecameReadOnlyIsUrgent(t *testing.T) {
	full, lost := sample.Filesystem{UsedPercent: 99, Health: health.Health{State: health.OK}}, sample.Filesystem{UsedPercent: 1, ReadOnly: true, RemountedRO: true, Health: health.Health{State: health.OK}}
	if urgency(&lost) <= urgency(&full) || dull(&lost, frame.Limits{Warn: 85, Critical: 95}) {
		t.Errorf("urgency %v, of a full one %v", urgency(&lost), urgency(&full))
	}
}
