package screens_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens/screentest"
)

// machines are VMs that each sort order puts in another order.
func machines(f *frame.Frame) {
	nan := math.NaN()
	f.VMs = &qemu.VMs{Health: frametest.OK(), VMs: []qemu.VM{
		{Namespace: "web", Name: "aa", PID: 1, Cores: 1, CPU: 50, VCPUs: 2, Memory: 300, Read: 1, Write: 1, Rx: 30, Tx: 1},
		{Namespace: "web", Name: "bb", PID: 2, Cores: 3, CPU: 75, VCPUs: 4, Memory: 100, Read: 5, Write: 1, Rx: 10, Tx: 1},
		{Namespace: "web", Name: "cc", PID: 3, Cores: 2, CPU: 50, VCPUs: 4, Memory: 200, Read: 1, Write: 9, Rx: 20, Tx: 1},
		{Namespace: "web", Name: "dd", PID: 4, Cores: nan, CPU: nan, Memory: 0, WhyMemory: "why not", Read: nan, Write: nan, Rx: nan, Tx: nan},
	}}
	f.Guests = frame.MergeGuests(nil, &f.Snapshot)
}

// listed are the names of the VMs in the table, in order; the chosen one has a > in front.
func listed(text string) string {
	names := ""
	for _, row := range strings.Split(text, "\n") {
		if _, after, found := strings.Cut(row, "web/"); found && !strings.Contains(row, "|") {
			if strings.HasPrefix(row, ">") {
				names += ">"
			}
			names += strings.Fields(after)[0] + " "
		}
	}
	return names
}

func TestVMsAreSortedAndChosen(t *testing.T) {
	f := frametest.Fixed()
	machines(f)
	c := newConsole(frame.Dashboard, nil)
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	for _, step := range []struct {
		key  draw.Key
		want string
	}{
		{draw.KeyNone, "bb cc aa dd "}, // by CPU; what is not known comes last
		{'s', "aa cc bb dd "},
		{'s', "cc bb aa dd "},
		{'s', "aa cc bb dd "},
		{'s', "aa bb cc dd "},
		{'s', "bb cc aa dd "},
		{draw.KeyUp, ">bb cc aa dd "},
		{draw.KeyUp, ">bb cc aa dd "},
		{'j', "bb >cc aa dd "},
		{draw.KeyDown, "bb cc >aa dd "},
		{'k', "bb >cc aa dd "},
		{'s', "aa >cc bb dd "}, // the machine stays chosen, not the row
		{'j', "aa cc >bb dd "},
		{'j', "aa cc bb >dd "},
		{'j', "aa cc bb >dd "},
	} {
		c.Handle(step.key, f)
		c.Present(canvas, 120, 50, f)
		if got := listed(string(canvas.AppendText(nil))); got != step.want {
			t.Fatalf("key %d: %q, want %q\n%s", step.key, got, step.want, canvas.AppendText(nil))
		}
	}
	c.Handle(draw.KeyEnter, f)
	c.Present(canvas, 120, 50, f)
	text := string(canvas.AppendText(nil))
	for _, want := range []string{"Virtual machine", "web/dd", "pid 4", "why not"} {
		if !strings.Contains(text, want) {
			t.Errorf("the entry does not show %q:\n%s", want, text)
		}
	}
	f.VMs.VMs = f.VMs.VMs[:3]
	f.Guests = frame.MergeGuests(f.Guests, &f.Snapshot)
	c.Present(canvas, 120, 50, f)
	if text := string(canvas.AppendText(nil)); !strings.Contains(text, "it is gone") {
		t.Errorf("the entry of a VM that is gone:\n%s", text)
	}
	c.Handle(draw.KeyEsc, f)
	c.Handle('j', f)
	c.Present(canvas, 120, 50, f)
	if got := listed(string(canvas.AppendText(nil))); got != ">aa cc bb " {
		t.Errorf("after the chosen one is gone: %q", got)
	}
}

func TestVMsAreScrolled(t *testing.T) {
	f := frametest.Fixed()
	f.VMs = &qemu.VMs{Health: frametest.OK()}
	for i := range 40 {
		f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: "web", Name: fmt.Sprintf("vm%02d", i), PID: i + 1, Cores: float64(100 - i)})
	}
	f.Guests = frame.MergeGuests(nil, &f.Snapshot)
	c := newConsole(frame.Dashboard, nil)
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	for i := range 45 {
		c.Handle('j', f)
		c.Present(canvas, 120, 40, f)
		if text := string(canvas.AppendText(nil)); !strings.Contains(listed(text), fmt.Sprintf(">vm%02d ", min(i, 39))) {
			t.Fatalf("the chosen VM %d is off the screen:\n%s", i, text)
		}
	}
}

// TestVMsNotKnown: a search that found nothing, and one that could not be made, are two pictures.
func TestVMsNotKnown(t *testing.T) {
	for name, c := range map[string]struct {
		vms  *qemu.VMs
		want string
	}{
		"before the first sample": {nil, "VMs here: --"},
		"init":                    {&qemu.VMs{}, "VMs here: --"},
		"failed":                  {&qemu.VMs{Health: health.Health{State: health.Failed, Err: "hidepid"}}, "VMs here: err"},
		"absent":                  {&qemu.VMs{Health: health.Health{State: health.Absent}}, "VMs here: n/a"},
		"none":                    {&qemu.VMs{Health: frametest.OK()}, "VMs here: 0"},
	} {
		f := frametest.Fixed()
		f.VMs = c.vms
		text := shot(t, frame.Dashboard, 120, 40, f, 's', draw.KeyDown, draw.KeyEnter)
		if !strings.Contains(text, c.want) || strings.Contains(text, "Virtual machine") {
			t.Errorf("%s: want %q and nothing opened:\n%s", name, c.want, text)
		}
	}
}

// TestSystemLine: what systemd, NixOS, the clock and the last boot say, and nothing of what is not known.
func TestSystemLine(t *testing.T) {
	for name, c := range map[string]struct {
		units  *sample.Units
		system *sample.System
		want   []string
		never  []string
	}{
		"nothing": {nil, nil, []string{"System: --"}, []string{"NixOS ", "clock", "reboot", "last boot"}},
		"well": {&sample.Units{State: "running", Health: frametest.OK()}, &sample.System{NixOS: sample.NixOS{Version: "26.05", Generation: 3, Current: 3, RebootKnown: true, Health: frametest.OK()},
			Clock: sample.Clock{Synchronised: true, Health: frametest.OK()}, LastBoot: sample.LastBoot{Known: true, Clean: true, Health: frametest.OK()}},
			[]string{"System: running", "NixOS 26.05 generation 3", "clock synchronised", "last boot ended clean"}, []string{"reboot", "next boot", "failed"}},
		"ill": {&sample.Units{State: "degraded", Failed: make([]sample.Unit, 2), Restarting: make([]sample.Unit, 1), Health: frametest.OK()},
			&sample.System{NixOS: sample.NixOS{Version: "26.05", Generation: 4, Current: 3, RebootKnown: true, RebootNeeded: true, Health: frametest.OK()},
				Clock: sample.Clock{Health: frametest.OK()}, LastBoot: sample.LastBoot{Known: true, Health: frametest.OK()}},
			[]string{"System: degraded 2 failed 1 restarting", "reboot needed", "generation 3, next boot 4", "clock not synced", "last boot did not end clean"}, nil},
		"no NixOS, nothing known": {&sample.Units{Health: health.Health{State: health.Absent}}, &sample.System{NixOS: sample.NixOS{RebootNeeded: true, Health: health.Health{State: health.Absent}}},
			[]string{"System:"}, []string{"running", "degraded", "NixOS ", "reboot", "clock", "last boot"}},
	} {
		f := frametest.Fixed()
		f.Units, f.System, f.Problems = c.units, c.system, nil
		f.Host.Machine.OS, f.Boot = "Linux", time.Hour
		text := shot(t, frame.Dashboard, 180, 50, f)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing:\n%s", name, want, text)
			}
		}
		for _, never := range c.never {
			if strings.Contains(text, never) {
				t.Errorf("%s: %q is there:\n%s", name, never, text)
			}
		}
	}
}
