package screens_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
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
	_, table, _ := strings.Cut(text, "-- VMs here ")
	for i, row := range strings.Split(table, "\n") {
		if strings.HasPrefix(row, "--") {
			break
		}
		if fields := strings.Fields(strings.TrimPrefix(row, ">")); i > 0 && len(fields) > 0 {
			if strings.HasPrefix(row, ">") {
				names += ">"
			}
			names += fields[0] + " "
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

// TestVMsThatFailComeFirst: whatever the order, with their state and the beginning of their reason; the rest is on Enter.
func TestVMsThatFailComeFirst(t *testing.T) {
	for order := range 5 {
		f := frametest.Fixed()
		frametest.Sick(f)
		keys := []draw.Key{'s', 's', 's', 's', 's'}[:order]
		text := shot(t, frame.Dashboard, 80, 24, f, keys...)
		_, table, _ := strings.Cut(text, "-- VMs here ")
		if first := strings.Split(table, "\n")[1]; !strings.HasPrefix(first, " team-0/vm-04") || !strings.Contains(first, " CrashLoopBackOff  on no node: server error.") {
			t.Errorf("order %d: the first VM is %q", order, first)
		}
		text = shot(t, frame.Dashboard, 80, 24, f, append(keys, draw.KeyHome, draw.KeyEnter)...)
		if squeezed := strings.Join(strings.Fields(strings.ReplaceAll(text, "|", " ")), " "); !strings.Contains(squeezed,
			"command SyncVMI failed: qemu-kvm: Could not open '/var/run/kubevirt-private/vmi-disks/root/disk.img': No such file") {
			t.Errorf("its reason is not whole:\n%s", text)
		}
	}
}

// TestVMsAreFiltered: by name, namespace, state, node or address, in any letters; Enter chooses among what is left, Esc lists
// all again.
func TestVMsAreFiltered(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	c := newConsole(frame.Dashboard, nil)
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	press := func(keys ...draw.Key) string {
		for _, k := range keys {
			c.Handle(k, f)
			c.Present(canvas, 120, 50, f)
		}
		return string(canvas.AppendText(nil))
	}
	press('s', 's', 's', 's')
	for filter, want := range map[string]string{
		"TEAM-1": "vm-12 ", "vm-0": "vm-00 vm-03 vm-06 ", "team-0/vm-03": "vm-03 ", "running": "vm-00 vm-03 vm-06 vm-12 ",
		"or-01": "vm-00 vm-03 vm-06 vm-12 ", "0.16": "vm-06 ", "zz": "none ",
	} {
		press('/')
		for _, r := range filter {
			press(draw.Key(r))
		}
		if text := press(draw.KeyEnter); strings.NewReplacer(">", "", "team-0/", "", "team-1/", "").Replace(listed(text)) != want {
			t.Errorf("%q lists %q, want %q\n%s", filter, listed(text), want, text)
		}
		if text := press(draw.KeyEsc); strings.Count(listed(text), " ") != 4 {
			t.Errorf("Esc lists %q", listed(text))
		}
	}
	for _, c := range []struct {
		listed draw.Key
		want   string
	}{{draw.KeyNone, "VMs here by name /vm-07 0 of 4 "}, {'v', "All VMs by name /vm-07 1 of 15 "}} {
		press(c.listed, '/')
		for _, r := range "vm-07" {
			press(draw.Key(r))
		}
		if text := press(draw.KeyEnter); !strings.Contains(text, c.want) {
			t.Errorf("%q is missing:\n%s", c.want, text)
		}
		press(draw.KeyEsc)
	}
	press('v', '/')
	for _, r := range "vm-06" {
		press(draw.Key(r))
	}
	if text := press(draw.KeyEnter, draw.KeyEnter); !strings.Contains(text, "Virtual machine") || !strings.Contains(text, "team-0/vm-06  known to both") {
		t.Errorf("Enter does not open what was found:\n%s", text)
	}
}

// TestVMsOnTheWholePage, and back; the filter takes the page where the table has no rows.
func TestVMsOnTheWholePage(t *testing.T) {
	f := frametest.Fixed()
	frametest.Crowded(f)
	text := shot(t, frame.Dashboard, 80, 24, f, 'V')
	if n := strings.Count(text, "vm-0"); n < 18 || strings.Contains(text, "Memory #") {
		t.Errorf("%d VMs on the page:\n%s", n, text)
	}
	for _, back := range []draw.Key{'V', draw.KeyEsc} {
		if text := shot(t, frame.Dashboard, 80, 24, f, 'V', back); !strings.Contains(text, "Memory #") {
			t.Errorf("key %d does not lead back:\n%s", back, text)
		}
	}
	if text := shot(t, frame.Dashboard, 40, 10, f, '/', '7'); !strings.Contains(text, "VMs here in team /7") {
		t.Errorf("the filter of a narrow page is not seen:\n%s", text)
	}
}

// TestSortedColumnIsShown: the table shows what sorts it, at each width.
func TestSortedColumnIsShown(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	for w := 72; w < 200; w++ {
		for order, want := range []string{"v CPUs busy", "v memory", "v disk/s|v read/s", "v net/s|v rx/s"} {
			text := shot(t, frame.Dashboard, w, 40, f, []draw.Key{'s', 's', 's'}[:order]...)
			found := false
			for _, one := range strings.Split(want, "|") {
				found = found || strings.Contains(text, "-"+one) || strings.Contains(text, " "+one)
			}
			if !found {
				t.Errorf("%d columns: %q is not there:\n%s", w, want, text)
			}
		}
	}
}

// TestNamespaceIsSaidOnce: in the title where there is room for it, else with each name; the captions are never covered.
func TestNamespaceIsSaidOnce(t *testing.T) {
	for _, namespace := range []string{"team", "production", "a-namespace-with-a-rather-long-name"} {
		f := frametest.Fixed()
		f.VMs = &qemu.VMs{Health: frametest.OK()}
		for i := range 40 {
			f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: namespace, Name: fmt.Sprintf("v%02d", i), PID: i + 1, Cores: float64(100 - i)})
		}
		f.Guests = frame.MergeGuests(nil, &f.Snapshot)
		for w := 72; w < 160; w++ {
			text := shot(t, frame.Dashboard, w, 24, f)
			_, table, _ := strings.Cut(text, "-- VMs here ")
			title, rows, _ := strings.Cut(table, "\n")
			once := strings.Contains(title, "in "+namespace+" ")
			if !strings.Contains(title, "v CPUs busy") || !strings.Contains(title, "+37") || once == strings.Contains(rows, namespace[:4]) {
				t.Errorf("%d columns: %q, said once: %v:\n%s", w, namespace, once, text)
			}
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

// TestOldSystemIsGrey: what systemd and the clock said before they stopped answering is neither good nor bad, and has its age.
func TestOldSystemIsGrey(t *testing.T) {
	old := health.Health{State: health.Stale, At: frametest.Boot - 5*time.Minute, Since: frametest.Boot - 5*time.Minute, Err: "not answering"}
	f := frametest.Fixed()
	f.Units = &sample.Units{State: "running", Health: old}
	f.System = &sample.System{NixOS: sample.NixOS{Version: "26.05", Generation: 4, Current: 3, RebootKnown: true, RebootNeeded: true, Health: old},
		Clock: sample.Clock{Synchronised: true, Health: old}, LastBoot: sample.LastBoot{Known: true, Health: old}}
	f.Problems = nil
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	newConsole(frame.Dashboard, nil).Present(canvas, 200, 60, f)
	rows := strings.Split(string(canvas.AppendText(nil)), "\n")
	at := slices.IndexFunc(rows, func(row string) bool { return strings.HasPrefix(row, " System:") })
	const want = " System: running (5m old)  reboot needed  NixOS 26.05 generation 3, next boot 4 (5m old)  clock synchronised (5m old)  last boot did not end clean (5m old)"
	if rows[at] != want {
		t.Errorf("%q, want %q", rows[at], want)
	}
	if roles := strings.Split(string(canvas.AppendRoles(nil)), "\n")[at]; strings.Trim(strings.ToLower(roles), ".d") != "" {
		t.Errorf("not all of it is dim: %q", roles)
	}
}

// TestVMOfADeadAPIIsGrey: what KubeVirt said of it before the API was gone is neither good nor bad, and has its age.
func TestVMOfADeadAPIIsGrey(t *testing.T) {
	f := frametest.Fixed()
	frametest.Sick(f)
	sick := *f.Kube
	frametest.APIDown(f)
	sick.Health, sick.Kinds, sick.Cause, sick.Events = f.Kube.Health, f.Kube.Kinds, f.Kube.Cause, sick.Events[1:]
	sick.Virt.VMs[4].Status = "Running" // no longer in error, so that it has an instance
	sick.Virt.VMIs = append([]kube.VMI{{Namespace: "team-0", Name: "vm-04", Phase: "Running", Node: "hypervisor-01", Evacuating: "hypervisor-01", WhyNot: "disks",
		Moving: &kube.Moving{Failed: true, Ended: f.Now, Why: "no target"}}}, sick.Virt.VMIs...)
	f.Kube = &sick
	frametest.Derive(f)
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	c := newConsole(frame.Dashboard, nil)
	for _, k := range []draw.Key{draw.KeyNone, '/', '0', '4', draw.KeyEnter, draw.KeyEnter} {
		c.Handle(k, f)
		c.Present(canvas, 120, 60, f)
	}
	text, roles := strings.Split(string(canvas.AppendText(nil)), "\n"), strings.Split(strings.ToLower(string(canvas.AppendRoles(nil))), "\n")
	top := slices.IndexFunc(text, func(row string) bool { return strings.Contains(row, "Virtual machine ---") })
	left := strings.Index(text[top], "+-")
	for y := top + 3; text[y][left] == '|'; y++ { // below what the two sides say of each other
		row := roles[y]
		if strings.ContainsAny(row[min(left+1, len(row)):min(left+90, len(row))], "+w!") {
			t.Errorf("%q is not dim: %q", text[y], row)
		}
	}
	for _, want := range []string{"| state       Running (3m old) ", "| instance    Running (3m old) ", "| warning     SyncFailed x31  1m ago (3m old) "} {
		if !slices.ContainsFunc(text, func(row string) bool { return strings.Contains(row, want) }) {
			t.Errorf("%q is missing:\n%s", want, strings.Join(text, "\n"))
		}
	}
}
