package screens_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

// visits are pictures of another node's console.
var visits = []picture{
	{name: "visit", screen: frame.Nodes, visit: visited},
	{name: "visit-alarm-nested", screen: frame.Nodes, change: frametest.Alarmed, visit: func(w, h int) *screens.Visited {
		v := visited(w, h)
		v.Nested = true
		return v
	}},
	{name: "visit-lost", screen: frame.Nodes, visit: lost},
	{name: "visit-unseen", screen: frame.Nodes, change: spoken, visit: func(w, h int) *screens.Visited {
		v := lost(w, h)
		v.Picture, v.Why = nil, "nobody listens there (connection refused)"
		return v
	}},
	{name: "visit-connecting", screen: frame.Nodes, change: spoken, visit: func(w, h int) *screens.Visited {
		v := lost(w, h)
		v.Node, v.Picture, v.Why = "hv3", nil, ""
		return v
	}},
}

// visited is the dashboard of hv2, below a row of this console.
func visited(w, h int) *screens.Visited {
	f := frametest.Fixed()
	frametest.Migrating(f)
	f.Host.Machine.Hostname = "hv2"
	there := draw.NewCanvas(screentest.Looks["colour"])
	newConsole(frame.Dashboard, nil).Present(there, w, h-1, f)
	v := &screens.Visited{Node: "hv2", Address: "192.0.2.12:9101", Picture: new(draw.Picture), At: f.Boot - time.Second, Live: true}
	if err := v.Picture.Apply(there.AppendRows(nil)); err != nil {
		panic(err)
	}
	return v
}

// lost is visited after the connection was lost.
func lost(w, h int) *screens.Visited {
	v := visited(w, h)
	v.Live, v.Since, v.At, v.Why = false, v.At-12*time.Second, v.At-18*time.Second, "nothing has come for 6 s"
	return v
}

// spoken makes hv2 a peer that said something a while ago.
func spoken(f *frame.Frame) {
	cpu, disk, used, all, vms := 87.5, 91.0, uint64(58<<30), uint64(64<<30), 12
	f.Peers = &peer.State{Peers: []peer.Peer{
		{Name: "hv2", Address: netip.MustParseAddrPort("192.0.2.12:9101"), Heard: f.Now.Add(-7 * time.Minute), Summary: &peer.Summary{
			Node: "hv2", Problems: 3, Severity: "err", Since: f.Now.Add(-2 * time.Hour), Worst: "eth1 no carrier: br-storage", CPU: &cpu, MemoryUsed: &used, Memory: &all, Fullest: &disk, VMs: &vms}},
		{Name: "hv3", Address: netip.MustParseAddrPort("192.0.2.13:9101")},
	}}
}

// TestVisitKeys: what is typed goes to the other console, but for what leads back.
func TestVisitKeys(t *testing.T) {
	f := frametest.Fixed()
	settings := *f.Settings
	settings.Login = true
	f.Settings = &settings
	for _, c := range []struct {
		name         string
		key          draw.Key
		live, nested bool
		want         screens.CommandKind
		overlay      string
	}{
		{"a character", 'x', true, false, screens.VisitKey, ""},
		{"q quits there", 'q', true, false, screens.VisitKey, ""},
		{"a page", draw.KeyF3, true, false, screens.VisitKey, ""},
		{"a pause", ' ', true, false, screens.VisitKey, ""},
		{"Esc", draw.KeyEsc, true, false, screens.VisitEnd, ""},
		{"Esc that closes something there", draw.KeyEsc, true, true, screens.VisitKey, ""},
		{"Esc, and nobody answers", draw.KeyEsc, false, true, screens.VisitEnd, ""},
		{"q, and nobody answers", 'q', false, true, screens.VisitEnd, ""},
		{"Ctrl-C", draw.KeyCtrlC, true, true, screens.VisitEnd, ""},
		{"a login here", draw.KeyF12, true, true, screens.VisitEnd, "login"},
		{"a repaint here", draw.KeyCtrlL, true, false, screens.Repaint, ""},
		{"no key", draw.KeyNone, true, false, screens.None, ""},
	} {
		console := newConsole(frame.Logs, nil)
		console.Handle(' ', f) // a picture that stands would hide what comes
		v := visited(80, 24)
		v.Live, v.Nested = c.live, c.nested
		console.Visit(v)
		cmd := console.Handle(c.key, f)
		if cmd.Kind != c.want || cmd.Kind == screens.VisitKey && cmd.Key != c.key {
			t.Errorf("%s: %+v, want %d", c.name, cmd, c.want)
		}
		if cmd.Kind == screens.VisitEnd {
			console.Visit(nil)
		}
		if name := console.OverlayName(); name != c.overlay || console.Active() != frame.Logs || console.Paused() {
			t.Errorf("%s: overlay %q over %s, paused %v", c.name, name, console.Active(), console.Paused())
		}
	}
}

// TestVisitIsAskedFor: o on F4 goes to the chosen node, also over its page, or says why not.
func TestVisitIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*frame.Frame, *frame.Settings)
		says   string
	}{
		{"it is a peer", func(*frame.Frame, *frame.Settings) {}, ""},
		{"no peers", func(f *frame.Frame, _ *frame.Settings) { f.Peers = nil }, "peers.enable"},
		{"no address", func(f *frame.Frame, _ *frame.Settings) { f.Peers = &peer.State{} }, "No address"},
		{"no log", func(_ *frame.Frame, s *frame.Settings) { s.Visit, s.HideLogs, s.Viewer = false, true, "alice" }, "serve.web.logs is false"},
		{"from another node", func(_ *frame.Frame, s *frame.Settings) { s.Visit, s.Viewer = false, "CN=hv3" }, "leads no further"},
		{"a small build", func(_ *frame.Frame, s *frame.Settings) { s.Visit = false }, "without the tag nokube"},
	} {
		for _, open := range []bool{false, true} {
			f := frametest.Fixed()
			frametest.Nodes(5)(f)
			console := newConsole(frame.Nodes, nil)
			console.Show(80, 24, f)
			console.Handle(draw.KeyDown, f)
			if open {
				console.Handle(draw.KeyEnter, f)
			}
			node := f.Kube.Fleet.Rows[0].Name
			f.Peers = &peer.State{Peers: []peer.Peer{{Name: node, Address: netip.MustParseAddrPort("192.0.2.12:9101")}}}
			settings := *f.Settings
			settings.Visit = true
			c.change(f, &settings)
			f.Settings = &settings
			cmd := console.Handle('o', f)
			text := strings.Join(strings.Fields(console.Show(80, 24, f)), " ")
			switch {
			case c.says == "" && (cmd.Kind != screens.Visit || cmd.Of != node):
				t.Errorf("%s, over an overlay %v: %+v", c.name, open, cmd)
			case c.says != "" && (cmd.Kind != screens.None || !strings.Contains(text, c.says)):
				t.Errorf("%s, over an overlay %v: %+v and no %q in\n%s", c.name, open, cmd, c.says, console.Show(80, 24, f))
			}
		}
	}
}

// TestVisitWithoutNodes: a small build, which knows no nodes, says that it visits none; another one has none to visit.
func TestVisitWithoutNodes(t *testing.T) {
	for _, can := range []bool{false, true} {
		f := frametest.Fixed()
		settings := *f.Settings
		settings.Visit = can
		f.Settings = &settings
		console := newConsole(frame.Nodes, nil)
		console.Show(80, 24, f)
		cmd := console.Handle('o', f)
		if text := console.Show(80, 24, f); cmd.Kind != screens.None || strings.Contains(text, "without the tag nokube") == can || console.OverlayName() != "" && can {
			t.Errorf("visits %v: %+v\n%s", can, cmd, text)
		}
	}
}

// TestVisitIsLookedAt: the pages below are not, and nodes are asked only while what they have said is shown.
func TestVisitIsLookedAt(t *testing.T) {
	f := frametest.Fixed()
	console := newConsole(frame.Nodes, nil)
	v := visited(80, 24)
	console.Visit(v)
	if console.ShowsNodes() || console.ShowsProcesses() || console.ShownNode() != "" || console.Typing() {
		t.Error("what lies below is looked at")
	}
	v.Picture = nil
	if !console.ShowsNodes() {
		t.Error("what the node says of itself is not asked for")
	}
	console.Visit(nil)
	if !console.ShowsNodes() || !strings.Contains(console.Show(80, 24, f), "F4 Nodes") {
		t.Error("this console does not come back")
	}
}

// TestVisitGivesWayToAnAlarm: what fills the screen of this host does so over another's console.
func TestVisitGivesWayToAnAlarm(t *testing.T) {
	f := frametest.Fixed()
	frametest.Alarmed(f)
	f.Bell.Big = true
	console := newConsole(frame.Dashboard, nil)
	big := console.Show(80, 24, f)
	console.Visit(visited(80, 24))
	if got := console.Show(80, 24, f); got != big {
		t.Errorf("it is not the alarm:\n%s", got)
	}
}
