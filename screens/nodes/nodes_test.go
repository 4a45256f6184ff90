package nodes_test

import (
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/nodes"
)

// picture is the page of f as text, after keys.
func picture(f *frame.Frame, w, h int, keys ...draw.Key) string {
	page := nodes.New()
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
	var overlay screens.Screen
	page.Update(w, h, f)
	for _, k := range keys {
		if cmd, _ := page.Handle(k, f); cmd.Kind == screens.Open {
			overlay = cmd.Overlay
		}
		page.Update(w, h, f)
	}
	r := canvas.Begin(w, h)
	page.Draw(r, f)
	if overlay != nil {
		overlay.Update(w, h, f)
		overlay.Draw(r, f)
	}
	return string(canvas.AppendText(nil))
}

// TestUnknownKinds: what only pods, instances or a metrics server can tell is not there while these do not say, and no 0 stands
// for it.
func TestUnknownKinds(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	for _, k := range []kube.Kind{kube.KindPod, kube.KindVMI, kube.KindMigration, kube.KindNodeMetrics} {
		f.Kube.Kinds[k] = kube.KindStatus{Health: health.Health{State: health.Failed, Err: "forbidden"}}
	}
	text := picture(f, 200, 30)
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "hypervisor-05") {
			continue
		}
		if got := strings.Fields(line); strings.Join(got[:10], " ") != "hypervisor-05 ready 31d -- -- 62 -- -- 62.0 GiB" || got[10] != "--" || got[11] != "--" || got[12] != "--" {
			t.Errorf("%q", line)
		}
		return
	}
	t.Errorf("no row of a node in\n%s", text)
}

// TestCursorStaysWithItsNode, wherever that moves, and with none that is gone.
func TestCursorStaysWithItsNode(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	page := nodes.New()
	page.Update(80, 20, f)
	for range 2 {
		page.Handle(draw.KeyDown, f)
	}
	chosen := f.Kube.Fleet.Rows[1].Name
	title := func() string {
		cmd, _ := page.Handle(draw.KeyEnter, f)
		if cmd.Kind != screens.Open {
			return ""
		}
		canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
		cmd.Overlay.Update(80, 20, f)
		cmd.Overlay.Draw(canvas.Begin(80, 20), f)
		return string(canvas.AppendText(nil))
	}
	if text := title(); !strings.Contains(text, chosen) {
		t.Errorf("no %s in\n%s", chosen, text)
	}
	f.Kube.Fleet.Rows[0], f.Kube.Fleet.Rows[1] = f.Kube.Fleet.Rows[1], f.Kube.Fleet.Rows[0]
	page.Update(80, 20, f)
	if text := title(); !strings.Contains(text, chosen) {
		t.Errorf("after it moved: no %s in\n%s", chosen, text)
	}
	f.Kube.Fleet.Rows = f.Kube.Fleet.Rows[1:]
	page.Update(80, 20, f)
	if text := title(); !strings.Contains(text, "is no node of the cluster any more") {
		t.Errorf("after it left:\n%s", text)
	}
}

// TestSortedAndFiltered: what needs somebody stays first, whatever the order; the filter looks into all words.
func TestSortedAndFiltered(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(40)(f)
	for presses, first := range []string{"hypervisor-21", "hypervisor-21", "hypervisor-21"} {
		keys := make([]draw.Key, presses)
		for i := range keys {
			keys[i] = 's'
		}
		if text := picture(f, 80, 40, keys...); strings.Index(text, first) > strings.Index(text, "hypervisor-02") {
			t.Errorf("%d presses: %s is not first in\n%s", presses, first, text)
		}
	}
	for filter, want := range map[string]string{"SILENT": "hypervisor-21", "etcd": "hypervisor-01", "v1.29": "hypervisor-02", "noexec": "hypervisor-21", "cordon": "hypervisor-04"} {
		keys := []draw.Key{'/'}
		for _, r := range filter {
			keys = append(keys, draw.Key(r))
		}
		if text := picture(f, 80, 40, keys...); !strings.Contains(text, want) || !strings.Contains(text, " 1 of 40") {
			t.Errorf("%s: not %s alone in\n%s", filter, want, text)
		}
	}
	if text := picture(f, 80, 40, '/', 'q', 'q', 'q'); !strings.Contains(text, "no node has that") {
		t.Errorf("a filter that nothing passes:\n%s", text)
	}
}

// TestDrawAllocatesNothing, with a thousand nodes.
func TestDrawAllocatesNothing(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(1000)(f)
	page := nodes.New()
	page.Handle('s', f)
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	once := func() {
		page.Update(200, 60, f)
		page.Draw(canvas.Begin(200, 60), f)
	}
	once()
	if n := testing.AllocsPerRun(10, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkThousandNodes(b *testing.B) {
	f := frametest.Fixed()
	frametest.Nodes(1000)(f)
	page := nodes.New()
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	b.ReportAllocs()
	for b.Loop() {
		page.Update(200, 60, f)
		page.Draw(canvas.Begin(200, 60), f)
	}
}
