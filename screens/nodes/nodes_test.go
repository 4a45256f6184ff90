package nodes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
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
	chosen := f.Nodes[1].Name
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
	f.Nodes[0], f.Nodes[1] = f.Nodes[1], f.Nodes[0]
	page.Update(80, 20, f)
	if text := title(); !strings.Contains(text, chosen) {
		t.Errorf("after it moved: no %s in\n%s", chosen, text)
	}
	f.Kube.Fleet.Rows = slices.DeleteFunc(f.Kube.Fleet.Rows, func(r kube.NodeRow) bool { return r.Name == chosen })
	frametest.Derive(f)
	page.Update(80, 20, f)
	if text := title(); !strings.Contains(text, "is no node of the cluster any more") {
		t.Errorf("after it left:\n%s", text)
	}
}

// TestFilterHidesWhatWasChosen: Enter is about a node that is listed, and about none where none is.
func TestFilterHidesWhatWasChosen(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	chosen, other := f.Nodes[0].Name, f.Nodes[3].Name
	for filter, want := range map[string]string{other: other, "no such node": ""} {
		page := nodes.New()
		page.Update(80, 20, f)
		page.Handle(draw.KeyHome, f)
		page.Handle('/', f)
		for _, r := range filter {
			page.Handle(draw.Key(r), f)
		}
		page.Handle(draw.KeyEnter, f)
		page.Update(80, 20, f)
		cmd, _ := page.Handle(draw.KeyEnter, f)
		if (cmd.Kind == screens.Open) != (want != "") {
			t.Errorf("%s: %v is opened", filter, cmd)
			continue
		}
		if want == "" {
			continue
		}
		canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
		cmd.Overlay.Update(80, 20, f)
		cmd.Overlay.Draw(canvas.Begin(80, 20), f)
		if text := string(canvas.AppendText(nil)); !strings.Contains(text, want) || strings.Contains(text, chosen) {
			t.Errorf("%s opens\n%s", filter, text)
		}
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
	for filter, want := range map[string]string{"UNKNOWN": "hypervisor-21", "etcd": "hypervisor-01", "v1.29": "hypervisor-02", "noexec": "hypervisor-21", "cordon": "hypervisor-04"} {
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

// TestWhyInWords: of the chosen node the page says in a sentence what API and node say of it, or do not.
func TestWhyInWords(t *testing.T) {
	for _, c := range []struct {
		of     func(*frame.Frame)
		filter string
		want   string
	}{
		{frametest.Peers(8), "disagrees", "hypervisor-05: API says NotReady since 14m, and the node answers: it does not reach the API server: dial 192.168.1.10:6443: no route to host"},
		{frametest.Peers(8), "silent", "hypervisor-08: API says Ready, and the node does not answer here since 12m: our way to it, or its --serve: no answer in 2 s"},
		{frametest.Peers(8), "hypervisor-99", "hypervisor-07: it does not answer as a peer does since 40s: its certificate is for hypervisor-99, not for hypervisor-07"},
		{frametest.Peers(8), "clock", "hypervisor-06: its clock is 10m ahead of this host's"},
		{frametest.Peers(8), "longhorn", "hypervisor-02: DiskPressure is True since 3h 0m: kubelet has disk pressure; it says: /var/lib/longhorn 97% full since 3h 0m (and 2 more)"},
		{frametest.Peers(8), "cordoned", "hypervisor-04: nothing new is placed on it"},
		{frametest.Peers(8), "hypervisor-03", "hypervisor-03: its conditions are as they should be, and it says that nothing is wrong"},
		{frametest.Peers(8), "hypervisor-01", "hypervisor-01: all its conditions are as they should be"},
		{frametest.Peers(9), "not asked", "hypervisor-06: it answered last 3h 0m ago"},
		{frametest.Remembered, "silent", "hypervisor-08: it does not answer since 12m: no answer in 2 s; the API said Ready=True 26m ago"},
		{frametest.Named, "refused", "hv4: it does not answer as a peer does since 1h 35m: nobody listens there (connection refused)"},
		{frametest.Named, "hv2", "hv2: it says that nothing is wrong"},
	} {
		f := frametest.Fixed()
		c.of(f)
		keys := []draw.Key{'/'}
		for _, r := range c.filter {
			keys = append(keys, draw.Key(r))
		}
		if text := picture(f, 200, 30, append(keys, draw.KeyEnter)...); !strings.Contains(text, "\n "+c.want) {
			t.Errorf("%s: not %q in\n%s", c.filter, c.want, text)
		}
	}
}

// TestClocksMakeNoAgeWrong: this host's jumps after a node has answered, and one whose clock is off says since when something is
// wrong with it.
func TestClocksMakeNoAgeWrong(t *testing.T) {
	f := frametest.Fixed()
	frametest.Peers(9)(f)
	named := func(name string) *peer.Peer {
		return &f.Peers.Peers[slices.IndexFunc(f.Peers.Peers, func(p peer.Peer) bool { return p.Name == name })]
	}
	old, ahead := named("hypervisor-03"), named("hypervisor-07")
	old.Health.At, old.Asked = f.Boot-20*time.Minute, f.Boot-20*time.Minute
	f.Now = f.Now.Add(time.Hour)
	ahead.Summary.Severity = "err"
	ahead.Summary.Problems, ahead.Summary.Worst, ahead.Summary.Since = 1, "x failed", f.Now.Add(ahead.Offset-5*time.Minute)
	frametest.Derive(f)
	for name, says := range map[string]string{old.Name: "it answered last 20m ago", ahead.Name: "it says: x failed since 5m"} {
		keys := []draw.Key{'/'}
		for _, r := range name {
			keys = append(keys, draw.Key(r))
		}
		if text := picture(f, 200, 30, append(keys, draw.KeyEnter)...); !strings.Contains(text, says) {
			t.Errorf("%q is missing on\n%s", says, text)
		}
		if text := picture(f, 200, 30, append(keys, draw.KeyEnter, draw.KeyEnter)...); name == ahead.Name && !strings.Contains(text, "the worst err, for 5m") {
			t.Errorf("the node whole:\n%s", text)
		}
	}
}

// TestRememberedIsNotCalledGood: what is only listed has no good mark, and an age.
func TestRememberedIsNotCalledGood(t *testing.T) {
	f := frametest.Fixed()
	frametest.Remembered(f)
	f.Boot += 2 * peer.Recent // nobody was asked since
	f.Now = f.Now.Add(2 * peer.Recent)
	frametest.Derive(f)
	page := nodes.New()
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
	page.Update(80, 20, f)
	page.Draw(canvas.Begin(80, 20), f)
	if roles := string(canvas.AppendRoles(nil)); strings.ContainsAny(roles, "+") {
		t.Errorf("something is called good:\n%s\n%s", canvas.AppendText(nil), roles)
	}
	if text := string(canvas.AppendText(nil)); !strings.Contains(strings.Join(strings.Fields(text), " "), "hypervisor-02 was ready 32m heard 6m") {
		t.Errorf("no ages in\n%s", text)
	}
}

// TestOldFiguresAreDim: of a node that nobody measures stands what it said itself, dim once it does not answer.
func TestOldFiguresAreDim(t *testing.T) {
	f := frametest.Fixed()
	frametest.Peers(8)(f)
	for i := range f.Kube.Fleet.Rows {
		f.Kube.Fleet.Rows[i].Measured = false
	}
	frametest.Derive(f)
	page := nodes.New()
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
	page.Update(80, 20, f)
	page.Draw(canvas.Begin(80, 20), f)
	text, roles := strings.Split(string(canvas.AppendText(nil)), "\n"), strings.Split(string(canvas.AppendRoles(nil)), "\n")
	for name, want := range map[string]byte{"hypervisor-08": 'd', "hypervisor-03": '+'} {
		row := slices.IndexFunc(text, func(line string) bool { return strings.Contains(line, name) })
		if at := strings.IndexByte(text[row], '%'); roles[row][at] != want {
			t.Errorf("%s: a share in %c, want %c\n%s\n%s", name, roles[row][at], want, text[row], roles[row])
		}
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
