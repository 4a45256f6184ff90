package main

import (
	"testing"

	"hypervisor-tui/draw"
)

// TestLightOnAConsoleIsItsPalette: the ground there is what colour 0 is.
func TestLightOnAConsoleIsItsPalette(t *testing.T) {
	own := &draw.Palette{1: 0xcc0000}
	console, serial := draw.Caps{Colors: 16, Linux: true, Own: true}, draw.Caps{Colors: 16, Linux: true}
	for _, c := range []struct {
		name   string
		config Config
		caps   draw.Caps
		want   *draw.Palette
	}{
		{"light", Config{Theme: "light"}, console, &draw.LightPalette},
		{"a palette of one's own", Config{Theme: "light", Palette: own}, console, own},
		{"dark", Config{Theme: "dark"}, console, nil},
		{"NO_COLOR", Config{Theme: "light"}, draw.Caps{Linux: true, Own: true}, nil},
		{"a terminal that may be white", Config{Theme: "light"}, serial, nil},
	} {
		if got := palette(c.config, c.caps); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if name := theme("light", console).Name; name != "light" {
		t.Errorf("the theme is called %s", name)
	}
}
