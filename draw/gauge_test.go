package draw

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
)

func tiers() []*Glyphs {
	return []*Glyphs{UnicodeGlyphs(), VTGlyphs(tty.NewFont(consoleFont)), ASCIIGlyphs()}
}

// picture draws on w by h cells in the given tier and returns the text of the rows.
func picture(g *Glyphs, w, h int, draw func(Region)) string {
	c := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: g})
	draw(c.Begin(w, h))
	return string(c.AppendText(nil))
}

func gauge(c *Canvas, width int, percent float64) string {
	c.Begin(width, 1).Gauge(0, percent, Good)
	return strings.TrimSuffix(string(c.AppendText(nil)), "\n")
}

func TestGauge(t *testing.T) {
	for _, c := range []struct {
		percent            float64
		unicode, vt, ascii string
	}{
		{0, "░░░░░░░░░░", "░░░░░░░░░░", ".........."},
		{0.4, "░░░░░░░░░░", "░░░░░░░░░░", ".........."},
		{0.6, "▏░░░░░░░░░", "▌░░░░░░░░░", "#........."},
		{47, "████▊░░░░░", "████▌░░░░░", "#####....."},
		{50, "█████░░░░░", "█████░░░░░", "#####....."},
		{99.9, "██████████", "██████████", "##########"},
		{100, "██████████", "██████████", "##########"},
		{200, "██████████", "██████████", "##########"},
		{math.Inf(1), "██████████", "██████████", "##########"},
		{-1, "░░░░░░░░░░", "░░░░░░░░░░", ".........."},
		{math.NaN(), "----------", "----------", "----------"},
	} {
		for i, want := range []string{c.unicode, c.vt, c.ascii} {
			if got := gauge(NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: tiers()[i]}), 10, c.percent); got != want {
				t.Errorf("%v%% in %s is %q, want %q", c.percent, tiers()[i].Name, got, want)
			}
		}
	}
}

// TestGaugeOfAnyWidth holds that a gauge fills its width in each tier, never goes down as the value rises, and that
// unknown looks like no value.
func TestGaugeOfAnyWidth(t *testing.T) {
	for _, g := range tiers() {
		c := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: g})
		for width := range 30 {
			unknown := gauge(c, width, math.NaN())
			before, steps := -1, len(g.Eighths)+1
			for percent := 0.0; percent <= 100; percent += 0.25 {
				text := gauge(c, width, percent)
				filled := 0
				for _, v := range text {
					switch i := strings.IndexRune(string(g.Eighths), v); {
					case string(v) == g.name(Full):
						filled += steps
					case i >= 0:
						filled += utf8.RuneCountInString(string(g.Eighths)[:i]) + 1
					}
				}
				if utf8.RuneCountInString(text) != width || filled < before {
					t.Fatalf("%s: %v%% of %d columns is %q", g.Name, percent, width, text)
				}
				before = filled
				if width > 0 && text == unknown {
					t.Fatalf("%s: %v%% looks unknown", g.Name, percent)
				}
			}
		}
	}
}

// TestGaugeUnknownIsNotZeroInRoles: in a tier whose track is a minus, the role alone would not tell.
func TestGaugeUnknownIsNotZeroInRoles(t *testing.T) {
	c := NewCanvas(testAppearance())
	c.Begin(3, 1).Gauge(0, math.NaN(), Bad)
	if got := string(c.AppendRoles(nil)); got != "kkk\n" {
		t.Errorf("the roles of an unknown gauge are %q", got)
	}
	c.Begin(3, 1).Gauge(0, 100, Bad)
	if got := string(c.AppendRoles(nil)); got != "!!!\n" {
		t.Errorf("the roles of a full gauge are %q", got)
	}
}
