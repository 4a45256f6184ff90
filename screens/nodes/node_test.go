package nodes_test

import (
	"fmt"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/nodes"
)

// opened is the overlay with the first node of f whole.
func opened(t *testing.T, f *frame.Frame) screens.Screen {
	t.Helper()
	page := nodes.New()
	page.Update(80, 24, f)
	cmd, _ := page.Handle(draw.KeyEnter, f)
	if cmd.Kind != screens.Open {
		t.Fatal("Enter opens nothing")
	}
	return cmd.Overlay
}

// whole is that overlay as text, on so many columns and as many rows as it takes.
func whole(t *testing.T, f *frame.Frame, w int) string {
	t.Helper()
	o := opened(t, f)
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
	const high = 120
	o.Update(w, high, f)
	o.Draw(canvas.Begin(w, high), f)
	return string(canvas.AppendText(nil))
}

// below returns the row below the one that has a title.
func below(t *testing.T, text, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, title)
	lines := strings.Split(rest, "\n")
	if !found || len(lines) < 2 {
		t.Fatalf("no %q in\n%s", title, text)
	}
	return strings.Trim(lines[1], " |")
}

// TestNodeWhole: every VM that is on the node or comes to it, what its pods ask for, what a drain would meet, and its warnings.
func TestNodeWhole(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	name := f.Kube.Fleet.Rows[0].Name
	f.Kube.Virt.VMIs[0].Moving = &kube.Moving{Source: "hypervisor-01", Target: name}
	for _, w := range []int{80, 200} {
		text := whole(t, f, w)
		on := 0
		for i := range f.Kube.Virt.VMIs {
			v := &f.Kube.Virt.VMIs[i]
			here := v.Node == name || i == 0
			if here {
				on++
			}
			if v.Name != "vm-03" && here != strings.Contains(text, v.Name+" ") { // that one is among the blockers
				t.Errorf("%d columns: %s on %s in\n%s", w, v.Name, v.Node, text)
			}
		}
		if on < 3 {
			t.Errorf("%d VMs", on)
		}
		for _, want := range []string{"from hypervi", " migratable ", "VMs: migrated 3, by KubeVirt's default 1", "pods: started elsewhere 29, left alone (DaemonSets, static) 11",
			"back-off 5m0s", "NodeNotReady, 14m ago, 3 times, by node-controller"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: no %q in\n%s", w, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if got := strings.Fields(strings.Trim(line, " |\n")); len(got) > 1 && got[0] == "web" && strings.Join(got, " ") != "web 8 2 4.2 7.0 GiB" {
				t.Errorf("%d columns: %q", w, got)
			}
		}
	}
}

// TestNodeUnknown: what only kinds tell that may not be listed is not there, and no 0 and no "none" stands for it.
func TestNodeUnknown(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	f.Kube.Details = nil
	for _, title := range []string{"A drain would meet", "Pods that do not work", "Pods by namespace"} {
		if got := below(t, whole(t, f, 100), title); got != "--" {
			t.Errorf("before the first look, %s: %q", title, got)
		}
	}
	frametest.Nodes(5)(f)
	for _, k := range []kube.Kind{kube.KindPod, kube.KindVMI, kube.KindEvent} {
		f.Kube.Kinds[k] = kube.KindStatus{Health: health.Health{State: health.Failed, Err: fmt.Sprint("forbidden: list ", k)}}
	}
	text := whole(t, f, 100)
	for title, want := range map[string]string{"Pods that do not work": "forbidden: list pods", "VMs on it": "forbidden: list virtualmachineinstances", "Pods by namespace": "forbidden: list pods",
		"Warnings about it": "forbidden: list events", "A drain would meet": "not known of pods: forbidden: list pods"} {
		if got := below(t, text, title); got != want {
			t.Errorf("%s: %q, want %q", title, got, want)
		}
	}
	if strings.Contains(text, "none") || strings.Contains(text, "pods: started") || strings.Contains(text, "VMs: migrated") {
		t.Error(text)
	}
}

// TestNodeShown: who looks at a node says at which.
func TestNodeShown(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	o := opened(t, f).(interface{ ShownNode() string })
	if got := o.ShownNode(); got != f.Kube.Fleet.Rows[0].Name {
		t.Error(got)
	}
}

// TestNodeAllocatesNothing, with all that there may be on it.
func TestNodeAllocatesNothing(t *testing.T) {
	f := frametest.Fixed()
	frametest.Measured(f)
	d := f.Kube.Details[0]
	for len(d.Ill) < kube.MaxPods {
		d.Ill = append(d.Ill, d.Ill[0])
	}
	for range 500 {
		f.Kube.Virt.VMIs = append(f.Kube.Virt.VMIs, kube.VMI{Namespace: "many", Name: "vm", Node: d.Node, Phase: "Running", VCPUs: 2, Memory: 1 << 30})
	}
	o := opened(t, f)
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	once := func() {
		o.Update(200, 60, f)
		o.Draw(canvas.Begin(200, 60), f)
	}
	once()
	if n := testing.AllocsPerRun(10, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestNodeUsage: the course of CPU and memory with least, average and most; in words why there is none, and nothing of it where
// prometheus.url is not set.
func TestNodeUsage(t *testing.T) {
	const title = "CPU and memory, by Prometheus"
	f := frametest.Fixed()
	frametest.Measured(f)
	u := &(*f.Usages)[0]
	for _, w := range []int{40, 80, 200} {
		text := whole(t, f, w)
		for _, want := range []string{"min 4.0%  avg 27.0%  ", "min 45.0%", "21:04:41", "03:02:11"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: no %q in\n%s", w, want, text)
			}
		}
	}
	if text := whole(t, f, 100); !strings.Contains(text, "max 98.0%  known of 5h 12m of 6h 0m") || strings.Contains(text, "old)") {
		t.Error(text)
	}
	u.Health.Bad(f.Boot, "no answer in 2 s")
	u.Health.At -= 5 * 60e9
	if text := whole(t, f, 100); !strings.Contains(text, title+" (5m old)") || below(t, text, title) != "no answer in 2 s" || !strings.Contains(text, "max 98.0%") {
		t.Errorf("stale:\n%s", text)
	}
	*u = peer.Usage{Node: u.Node, Health: health.Health{State: health.OK}, From: u.From, To: u.To, Memory: u.Memory}
	if text := whole(t, f, 100); below(t, text, title) != "CPU     no figures" || !strings.Contains(text, "min 45.0%") {
		t.Errorf("no CPU:\n%s", text)
	}
	*u = peer.Usage{Node: u.Node, Health: health.Health{State: health.Failed, Err: "nobody listens there"}}
	if text := whole(t, f, 100); below(t, text, title) != "nobody listens there" || strings.Contains(text, "avg") {
		t.Errorf("failed:\n%s", text)
	}
	*u = peer.Usage{Node: u.Node}
	if text := whole(t, f, 100); !strings.Contains(text, title+" --") || strings.Contains(text, "avg") {
		t.Errorf("about to ask:\n%s", text)
	}
	*f.Usages = nil
	if text := whole(t, f, 100); !strings.Contains(text, title+" --") {
		t.Errorf("not asked yet:\n%s", text)
	}
	f.Usages = nil
	if text := whole(t, f, 100); strings.Contains(text, "Prometheus") {
		t.Errorf("off:\n%s", text)
	}
}
