package draw

import (
	"math"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
)

func themes() map[string]*Theme {
	return map[string]*Theme{
		"dark 256": DarkTheme(256), "dark 16": DarkTheme(16), "dark 8": DarkTheme(8),
		"light 256": LightTheme(256), "light 16": LightTheme(16), "light 8": LightTheme(8), "mono": MonoTheme(),
		"light console": LightConsoleTheme(),
	}
}

// TestThemesColours holds what the terminals can show: no theme asks for more colours than there are, nor for a bright
// background, which the console draws dark.
func TestThemesColours(t *testing.T) {
	most := map[string]tcell.Color{"dark 8": 8, "light 8": 8}
	for name, theme := range themes() {
		colors := tcell.Color(16)
		if n, ok := most[name]; ok {
			colors = n
		}
		for role := range roleCount {
			for _, s := range []Style{role, role | Bold} {
				fg, bg, attrs := theme.style(s).Decompose()
				if fg != tcell.ColorDefault && fg-tcell.ColorValid >= colors {
					t.Errorf("%s: role %d has foreground %v", name, role, fg)
				}
				if bg != tcell.ColorDefault && bg-tcell.ColorValid >= 8 {
					t.Errorf("%s: role %d has the bright background %v", name, role, bg)
				}
				if name == "mono" && (fg != tcell.ColorDefault || bg != tcell.ColorDefault) {
					t.Errorf("mono: role %d has a colour", role)
				}
				if attrs&^(tcell.AttrBold|tcell.AttrReverse) != 0 {
					// dim is grey or invisible, underline cyan, on the console
					t.Errorf("%s: role %d has the attributes %b", name, role, attrs)
				}
				if s&Bold != 0 && attrs&tcell.AttrBold == 0 {
					t.Errorf("%s: role %d with Bold is not", name, role)
				}
			}
		}
	}
}

// TestThemesTellRolesApart holds that each role was given a style, and that what matters looks unlike plain text.
func TestThemesTellRolesApart(t *testing.T) {
	for name, theme := range themes() {
		for role := Dim; role < roleCount; role++ {
			if name != "mono" && theme.styles[role] == (tcell.Style{}) {
				t.Errorf("%s: role %d has no style", name, role)
			}
		}
		for _, role := range []Style{Title, Warn, Bad, Accent, Selected} {
			if theme.styles[role] == theme.styles[Text] {
				t.Errorf("%s: role %d looks like text", name, role)
			}
		}
		if theme.styles[Bad] == theme.styles[Warn] || theme.styles[Bad] == theme.styles[Good] || theme.styles[Warn] == theme.styles[Good] {
			t.Errorf("%s: good, warn and bad look alike", name)
		}
		if theme.Name == "" {
			t.Errorf("%s has no name", name)
		}
	}
}

// luminance is how bright a colour is, from 0 to 1.
//
// WCAG 2.2: relative luminance
func luminance(rgb uint32) float64 {
	l := 0.0
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

// TestLightPaletteIsReadable: every role but the empty part of a gauge stands out from its ground, also where the bright
// colours are drawn as the others.
func TestLightPaletteIsReadable(t *testing.T) {
	theme := LightConsoleTheme()
	colour := func(c tcell.Color, otherwise int) int {
		if c == tcell.ColorDefault {
			return otherwise
		}
		return int(c - tcell.ColorValid)
	}
	for role := range roleCount {
		if role == Track {
			continue
		}
		fg, bg, _ := theme.style(role).Decompose()
		text, ground := colour(fg, 7), colour(bg, 0)
		for _, i := range []int{text, text & 7} {
			if contrast := (luminance(tty.LightPalette[ground]) + 0.05) / (luminance(tty.LightPalette[i]) + 0.05); contrast < 4.5 && contrast > 1/4.5 {
				t.Errorf("role %d: colour %d on %d has a contrast of %.1f", role, i, ground, contrast)
			}
		}
	}
}
