package console

import (
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
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
