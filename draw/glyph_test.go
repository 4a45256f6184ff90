package draw

import (
	"strings"
	"testing"

	"hypervisor-tui/internal/clean"
)

// consoleFont is what the kernel's built-in font has beyond ASCII, of what one may want to draw.
const consoleFont = "─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬▀▄█▌▐░▒▓■▬▲►▼◄←↑→↓↔↕√•○∙·°±≤≥≈÷µπ«»"

func TestGlyphTiers(t *testing.T) {
	for _, g := range tiers() {
		has := func(v rune) bool { return true }
		switch g.Name {
		case "vt":
			has = func(v rune) bool { return v < 0x7f || strings.ContainsRune(consoleFont, v) }
		case "ascii":
			has = func(v rune) bool { return v < 0x7f }
		}
		all := string(g.Sparks) + string(g.Drops) + string(g.Eighths)
		for id := range glyphCount {
			name := g.name(id)
			if name == "" && !(g.Name == "ascii" && id == Half) {
				t.Errorf("%s: glyph %d is empty", g.Name, id)
			}
			all += name
		}
		for _, v := range all {
			if clean.Width(v) != 1 || !has(v) || v == ' ' {
				t.Errorf("%s: the terminal has no %q of one column", g.Name, v)
			}
		}
		if len(g.Sparks) == 0 || string(g.Sparks[len(g.Sparks)-1]) != g.name(Full) {
			t.Errorf("%s: the highest spark is not the full cell", g.Name)
		}
		for _, id := range []Glyph{Horizontal, Vertical, TopLeft, TopRight, BottomLeft, BottomRight, TeeDown, TeeUp, Cross, Full, Empty, Ellipsis, More, Before, Beat0, Beat1, Beat2, Beat3} {
			if Columns(g.name(id)) != 1 {
				t.Errorf("%s: glyph %d is %q, want one column", g.Name, id, g.name(id))
			}
		}
	}
}

// TestGlyphsTellApart holds that marks with opposite meanings never look alike, in any tier.
func TestGlyphsTellApart(t *testing.T) {
	for _, g := range tiers() {
		for _, group := range [][]Glyph{{OK, Wrong, Attention}, {Up, Down, UpDown, LeftRight}, {Beat0, Beat1, Beat2, Beat3}, {Full, Empty}, {More, Before}, {Branch, LastBranch}} {
			seen := map[string]bool{}
			for _, id := range group {
				if seen[g.name(id)] {
					t.Errorf("%s: two of %v are drawn %q", g.Name, group, g.name(id))
				}
				seen[g.name(id)] = true
			}
		}
		seen := map[rune]bool{}
		for _, v := range g.Sparks {
			if seen[v] {
				t.Errorf("%s: two levels are drawn %q", g.Name, v)
			}
			seen[v] = true
		}
	}
}
