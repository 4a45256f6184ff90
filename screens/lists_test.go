package screens_test

import (
	"fmt"
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
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

// words is what text says, without lines and borders.
func words(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("|", " ", "+", " ").Replace(text)), " ")
}

// TestPodsOfThisNode: the node's overlay has the reason of a pod that does not work in full at once, and Enter goes to its log.
func TestPodsOfThisNode(t *testing.T) {
	f := frametest.Fixed()
	frametest.Sick(f)
	c := newConsole(frame.Dashboard, nil)
	c.Show(80, 24, f)
	c.Handle('n', f)
	text := c.Show(80, 24, f)
	for _, want := range []string{"web/payments-6c8f9d7b5-q4w2z 1/2 CrashLoopBackOff 37, 3m ago", "CrashLoopBackOff after exit code 1 since 2h 0m",
		"back-off 5m0s restarting failed container=main pod=payments-6c8f9d7b5-q4w2z_web", "hypervisor-03 Ready Unknown since 4m NodeStatusUnknown",
		"Kubelet stopped posting node status.", "on it: 14 pods, 4 of them VMs"} {
		if !strings.Contains(words(text), want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Follow || cmd.Of != "web/payments-6c8f9d7b5-q4w2z" || c.Active() != frame.Logs {
		t.Errorf("Enter asks for %+v on %s", cmd, c.Active())
	}
}

// TestNodeIsWalkedToBothEnds: with the arrows alone every row of the overlay comes into sight, what stands between the pods too,
// on any screen.
func TestNodeIsWalkedToBothEnds(t *testing.T) {
	for _, size := range []struct{ w, h int }{{200, 60}, {80, 24}, {100, 12}} {
		f := frametest.Fixed()
		frametest.Sick(f)
		c := newConsole(frame.Dashboard, nil)
		c.Show(size.w, size.h, f)
		c.Handle('n', f)
		first := c.Show(size.w, size.h, f)
		seen := words(first)
		for range 60 {
			c.Handle(draw.KeyDown, f)
			seen += words(c.Show(size.w, size.h, f))
		}
		wanted := []string{"hypervisor-01", "Kubelet stopped posting", "of what can be allocated", "Migrations", "has no controller that would start it elsewhere", "Pods that work"}
		for i := range f.Kube.Pods.List {
			wanted = append(wanted, f.Kube.Pods.List[i].Namespace+"/"+f.Kube.Pods.List[i].Name)
		}
		for _, want := range wanted {
			if !strings.Contains(seen, want) {
				t.Errorf("%dx%d: %q was never seen", size.w, size.h, want)
			}
		}
		if text := c.Show(size.w, size.h, f); !strings.Contains(text, "web/debug") {
			t.Errorf("%dx%d: the last pod is not seen at the end:\n%s", size.w, size.h, text)
		}
		for range 60 {
			c.Handle(draw.KeyUp, f)
			c.Show(size.w, size.h, f)
		}
		if text := c.Show(size.w, size.h, f); text != first {
			t.Errorf("%dx%d: back at the top is\n%s\nnot\n%s", size.w, size.h, text, first)
		}
	}
}

// TestWarningsAreReadInFull: the newest where rows are free, each on Enter.
func TestWarningsAreReadInFull(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Kube.Events = nil
	message := func(i int) string {
		return strings.TrimSpace(strings.Repeat(fmt.Sprintf("part%02d of a long message, ", i), 7))
	}
	for i := range 20 {
		f.Kube.Events = append(f.Kube.Events, kube.Event{Last: f.Now.Add(-time.Duration(i) * time.Minute), Count: 2, Kind: "Pod", Namespace: "web",
			Name: fmt.Sprintf("a-pod-with-a-long-name-%02d", i), Reason: "FailedMount", Message: message(i), Source: "kubelet"})
	}
	c := newConsole(frame.Dashboard, nil)
	c.Show(80, 24, f)
	c.Handle('w', f)
	text := c.Show(80, 24, f)
	if n := strings.Count(text, "FailedMount"); n != 17 || strings.Contains(words(text), message(1)) {
		t.Errorf("%d warnings on the screen:\n%s", n, text)
	}
	for i := range 20 {
		for range 2 {
			before := c.Show(80, 24, f)
			c.Handle(draw.KeyEnter, f)
			if text := c.Show(80, 24, f); !strings.Contains(words(text), fmt.Sprintf("Pod web/a-pod-with-a-long-name-%02d FailedMount x2 from kubelet %s", i, message(i))) {
				t.Fatalf("warning %d is not whole:\n%s", i, text)
			}
			c.Handle(draw.KeyEnter, f)
			if text := c.Show(80, 24, f); strings.Contains(words(text), message(i)) {
				t.Fatalf("warning %d stays whole:\n%s\nbefore\n%s", i, text, before)
			}
		}
		c.Handle(draw.KeyDown, f)
	}
	f.Kube.Events = f.Kube.Events[:4]
	if text := words(c.Show(80, 24, f)); !strings.Contains(text, message(0)) || !strings.Contains(text, message(1)) {
		t.Errorf("there is room for two:\n%s", text)
	}
}

// TestProcessesAreListed: by CPU or memory, with what they belong to; Enter goes to the log of that.
func TestProcessesAreListed(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	c := newConsole(frame.Dashboard, nil)
	open := func(keys ...draw.Key) []string {
		c.Show(80, 24, f)
		c.Handle('t', f)
		text := c.Show(80, 24, f)
		for _, k := range keys {
			c.Handle(k, f)
			text = c.Show(80, 24, f)
		}
		_, list, _ := strings.Cut(text, "unit or pod")
		return strings.Split(list, "\n")[1:]
	}
	for _, p := range []struct {
		keys []draw.Key
		want []string
	}{
		{nil, []string{"1234 18.4% 1.2 GiB S k3s-server k3s.service", "4711 7.2% 0 B S vhost-4710 kernel", "2210 6.1% 148 MiB S virt-handler kubevirt/virt-handler-rk5w9"}},
		{[]draw.Key{'s'}, []string{"1234 18.4% 1.2 GiB S k3s-server k3s.service", "3022 3.5% 890 MiB S node_exporter monitoring/exporter-4"}},
	} {
		rows := open(p.keys...)
		for i, want := range p.want {
			if got := words(rows[i]); got != want {
				t.Errorf("keys %v: row %d is %q, want %q", p.keys, i, got, want)
			}
		}
		c.Handle(draw.KeyEsc, f)
	}
	open(draw.KeyDown)
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.None || c.OverlayName() != "processes" {
		t.Errorf("a thread of the kernel has the log %+v", cmd)
	}
	c.Handle(draw.KeyDown, f)
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Follow || cmd.Of != "kubevirt/virt-handler-rk5w9" {
		t.Errorf("the log of a pod's process is %+v", cmd)
	}
	c.Handle(draw.KeyF(2), f)
	open(draw.KeyHome)
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Follow || cmd.Of != "k3s.service" || c.Active() != frame.Logs {
		t.Errorf("the log of a unit's process is %+v on %s", cmd, c.Active())
	}
}

// TestProcessesOnThePage: five of each where there is room; what is not known is not 0, and the page says whether it has any.
func TestProcessesOnThePage(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	for size, want := range map[[2]int]int{{200, 60}: 10, {132, 43}: 10, {80, 24}: 0, {40, 10}: 0} {
		c := newConsole(frame.Dashboard, nil)
		text := c.Show(size[0], size[1], f)
		n := 0
		for _, p := range f.Processes.ByCPU {
			n += strings.Count(text, " "+p.Name+" ")
		}
		if n != want || c.ShowsProcesses() != (want > 0) {
			t.Errorf("%v: %d processes, shown: %v, want %d\n%s", size, n, c.ShowsProcesses(), want, text)
		}
	}
	f.Processes.Health = health.Health{State: health.Failed, Err: "hidepid"}
	f.Processes.ByCPU, f.Processes.ByMemory = nil, nil
	if text := words(shot(t, frame.Dashboard, 200, 60, f)); !strings.Contains(text, "in percent of a CPU err hidepid") || !strings.Contains(text, "by memory err hidepid") {
		t.Errorf("processes that cannot be read:\n%s", text)
	}
	f.Processes = nil
	if text := words(shot(t, frame.Dashboard, 200, 60, f)); !strings.Contains(text, "in percent of a CPU -- ") || !strings.Contains(text, "by memory -- ") {
		t.Errorf("processes that are not known yet:\n%s", text)
	}
}

// TestListsSayWhatTheyLack: one that is as long as it may be is not taken for all there is.
func TestListsSayWhatTheyLack(t *testing.T) {
	for _, full := range []int{0, 1} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		f.Kube.Pods.List, f.Kube.Events, f.Kube.DrainBlockers = nil, nil, nil
		for i := range kube.MaxPods - 1 + full {
			f.Kube.Pods.List = append(f.Kube.Pods.List, kube.NamedPod{Namespace: "web", Name: fmt.Sprint("pod-", i), Pod: kube.Pod{Phase: "Running"}})
		}
		for i := range kube.MaxEvents - 1 + full {
			f.Kube.Events = append(f.Kube.Events, kube.Event{Kind: "Pod", Namespace: "web", Name: fmt.Sprint("pod-", i), Reason: "BackOff"})
		}
		for i := range kube.MaxBlockers - 1 + full {
			f.Kube.DrainBlockers = append(f.Kube.DrainBlockers, kube.Blocker{Namespace: "web", Name: fmt.Sprint("pod-", i), Why: "why"})
		}
		for what, c := range map[string]struct {
			keys []draw.Key
			want string
		}{
			"what a drain meets": {[]draw.Key{'n'}, "more may not be listed"}, "pods": {[]draw.Key{'n', draw.KeyEnd}, "more may not be listed"},
			"warnings": {[]draw.Key{'w', draw.KeyEnd}, "older ones are not kept"},
		} {
			if text := shot(t, frame.Dashboard, 100, 120, f, c.keys...); strings.Contains(text, c.want) != (full > 0) {
				t.Errorf("%s, full: %d:\n%s", what, full, text)
			}
		}
	}
	if text := shot(t, frame.Dashboard, 100, 40, frametest.Fixed(), 't'); !strings.Contains(text, "11 of the host's 412 processes") {
		t.Errorf("processes:\n%s", text)
	}
}

// TestLongMountIsNamed: whole on d, and on F2 in the room of its gauge.
func TestLongMountIsNamed(t *testing.T) {
	f := frametest.Fixed()
	const long = "/var/lib/longhorn/replicas/pvc-0d4f6c1e-7a55-4c0b"
	f.Host.Filesystems = append(f.Host.Filesystems[:1], sample.Filesystem{Mount: "/var/lib/longhorn", Device: "/dev/sdb", Type: "ext4", Total: 1 << 40, Used: 1 << 40, UsedPercent: 99.2, Health: frametest.OK()},
		sample.Filesystem{Mount: long, Type: "nfs4", Health: health.Health{State: health.Failed, Since: frametest.Boot - time.Minute, Err: "a reason that is longer than there are columns left on its row: stale NFS file handle"}})
	if text := shot(t, frame.Dashboard, 80, 24, f); !strings.Contains(text, " /var/lib/longhorn    99.2%!!") {
		t.Errorf("F2:\n%s", text)
	}
	text := words(shot(t, frame.Dashboard, 80, 24, f, 'd'))
	for _, want := range []string{" " + long + " ", "since 1m a reason that is longer than there are columns left on its row: stale NFS file handle", " /var/lib/longhorn 99.2%!! 0 B"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on d:\n%s", want, text)
		}
	}
}

// TestNodeOfADeadAPIIsOld: what the API said of the node before it was gone has its age, above all what a drain would meet, and
// is neither good nor bad.
func TestNodeOfADeadAPIIsOld(t *testing.T) {
	f := frametest.Fixed()
	frametest.Sick(f)
	sick := *f.Kube
	frametest.APIDown(f)
	sick.Health, sick.Kinds, sick.Cause = f.Kube.Health, f.Kube.Kinds, f.Kube.Cause
	sick.Virt.Migrations = []kube.Migration{{Namespace: "team-0", Name: "m", VMI: "vm-03", Phase: "Failed", Created: f.Now.Add(-time.Hour), Moving: kube.Moving{Why: "no target"}}}
	sick.Virt.VMIs = append([]kube.VMI{{Namespace: "team-0", Name: "vm-99", Phase: "Running", Evacuating: "hypervisor-01"}}, sick.Virt.VMIs...)
	sick.Local.Conditions[0].Good = kube.False
	f.Kube = &sick
	frametest.Derive(f)
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	c := newConsole(frame.Dashboard, nil)
	c.Present(canvas, 140, 60, f)
	c.Handle('n', f)
	c.Present(canvas, 140, 60, f)
	text, roles := strings.Split(string(canvas.AppendText(nil)), "\n"), strings.Split(strings.ToLower(string(canvas.AppendRoles(nil))), "\n")
	for _, title := range []string{"Other nodes that are not well", "Pods that do not work", "Requested, of what can be allocated", "Migrations",
		"A drain of this node would meet", "Pods that work"} {
		if !slices.ContainsFunc(text, func(row string) bool { return strings.Contains(row, title+" (3m old) ") }) {
			t.Errorf("%s: no age", title)
		}
	}
	top := slices.IndexFunc(text, func(row string) bool { return strings.Contains(row, "This node ---") })
	for y := top + 1; text[y][5] == '|'; y++ { // within the box
		if row := roles[y]; strings.ContainsAny(row[min(6, len(row)):min(134, len(row))], "+w!") {
			t.Errorf("%q is not dim: %q", text[y], row)
		}
	}
}

// TestOldWarningsSaySo: newer ones than the API told of before it was gone may be there, also where it told of none.
func TestOldWarningsSaySo(t *testing.T) {
	for _, none := range []bool{false, true} {
		f := frametest.Fixed()
		frametest.APIDown(f)
		if none {
			f.Kube.Events = nil
		}
		_, box, _ := strings.Cut(shot(t, frame.Dashboard, 120, 50, f, 'w'), "Warnings of the cluster")
		if box, _, _ = strings.Cut(box, "+--"); !strings.Contains(box, "as of 3m ago") || strings.Contains(box, "none") != none {
			t.Errorf("none %v:\n%s", none, box)
		}
		frametest.Healthy(f)
		if text := shot(t, frame.Dashboard, 120, 50, f, 'w'); strings.Contains(text, "as of") {
			t.Errorf("nothing is old:\n%s", text)
		}
	}
}

// TestTitleOfProcessesIsNotCut: on half of 80 columns, too, it says percent of what.
func TestTitleOfProcessesIsNotCut(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	for w := 80; w <= 120; w++ {
		text := shot(t, frame.Dashboard, w, 60, f)
		if !strings.Contains(text, "Processes outside VMs, in percent of a CPU ") && !strings.Contains(text, "Processes outside VMs, % of a CPU ") {
			t.Fatalf("%d columns:\n%s", w, text)
		}
	}
}
