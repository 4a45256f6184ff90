package console

import (
	"testing"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
)

// TestLightOnAConsoleIsItsPalette: the ground there is what colour 0 is.
func TestLightOnAConsoleIsItsPalette(t *testing.T) {
	own := &tty.Palette{1: 0xcc0000}
	console, serial := draw.Caps{Colors: 16, Linux: true, Own: true}, draw.Caps{Colors: 16, Linux: true}
	for _, c := range []struct {
		name   string
		config config.Display
		caps   draw.Caps
		want   *tty.Palette
	}{
		{"light", config.Display{Theme: "light"}, console, &tty.LightPalette},
		{"a palette of one's own", config.Display{Theme: "light", Palette: own}, console, own},
		{"dark", config.Display{Theme: "dark"}, console, nil},
		{"NO_COLOR", config.Display{Theme: "light"}, draw.Caps{Linux: true, Own: true}, nil},
		{"a terminal that may be white", config.Display{Theme: "light"}, serial, nil},
	} {
		if got := palette(c.config, c.caps); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if name := theme("light", console).Name; name != "light" {
		t.Errorf("the theme is called %s", name)
	}
}

// TestDSettingsAreTheConfigurations: each limit is its own, and a banner of several lines is one.
func TestDSettingsAreTheConfigurations(t *testing.T) {
	c := config.Default()
	c.Thresholds = config.Thresholds{CPU: config.Threshold{Warn: 1, Critical: 2}, Memory: config.Threshold{Warn: 3, Critical: 4, Margin: 1}, Filesystem: config.Threshold{Warn: 5, Critical: 6, Margin: 2}}
	s := settings(c, "a:1: x\na:2: y", "/etc/a\x1b")
	if s.CPU != (frame.Limits{Warn: 1, Critical: 2}) || s.Memory != (frame.Limits{Warn: 3, Critical: 4, Margin: 1}) || s.Filesystem != (frame.Limits{Warn: 5, Critical: 6, Margin: 2}) {
		t.Errorf("limits %v, %v, %v", s.CPU, s.Memory, s.Filesystem)
	}
	if s.Banner != "a:1: x; a:2: y" || s.ConfigPath != "/etc/a^[" {
		t.Errorf("banner %q, path %q", s.Banner, s.ConfigPath)
	}
}

// TestDGlyphsThatATerminalHas: a console's font has few, and a terminal without UTF-8 has none.
func TestDGlyphsThatATerminalHas(t *testing.T) {
	for _, c := range []struct {
		name string
		caps draw.Caps
		want string
	}{
		{"auto", draw.Caps{UTF8: true}, "unicode"}, {"auto", draw.Caps{UTF8: true, Linux: true}, "vt"}, {"auto", draw.Caps{Linux: true}, "ascii"},
		{"auto", draw.Caps{}, "ascii"}, {"unicode", draw.Caps{}, "unicode"}, {"vt", draw.Caps{}, "vt"}, {"ascii", draw.Caps{UTF8: true}, "ascii"},
	} {
		if got := glyphs(c.name, c.caps, nil).Name; got != c.want {
			t.Errorf("%s with %+v: %s, want %s", c.name, c.caps, got, c.want)
		}
	}
}

// TestWhoMayVisit: whoever looks at another node's console sees its log, as this node's certificate opens it; and none leads on
// to a third one.
func TestWhoMayVisit(t *testing.T) {
	for _, c := range []struct {
		who  string
		o    SessionOptions
		want bool
	}{
		{"the console itself", SessionOptions{}, true},
		{"a viewer", SessionOptions{Viewer: "alice"}, true},
		{"a viewer who is not to see the log", SessionOptions{Viewer: "alice", HideLogs: true}, false},
		{"another node's console", SessionOptions{Viewer: "CN=hv2", Peer: true}, false},
	} {
		c.o.Collector, c.o.Guard = collect.New(config.Default(), new(guard.Guard)), new(guard.Guard)
		if s := newSession(newSheet(), viewed, nil, c.o).frame.Settings; s.Visit != (c.want && canVisit) || s.Viewer != c.o.Viewer {
			t.Errorf("%s: %v", c.who, s.Visit)
		}
	}
}
