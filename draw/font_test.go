package draw

import (
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
)

// terminusFont is what Debian's Lat15-Terminus has beyond ASCII and Latin-1, of what one may want to draw.
const terminusFont = "─│┌┐└┘├┤┬┴┼█░▒↑↓←→■·•±°«»éÄß€…"

// TestVTGlyphsByFont: whatever font the console has, each mark is drawn with what it has.
func TestVTGlyphsByFont(t *testing.T) {
	for _, c := range []struct {
		name, font, sparks, eighths, ok, full, corner string
	}{
		{"the kernel's own", consoleFont, "▄█", "▌", "√", "█", "┌"},
		{"Terminus", terminusFont, "░▒█", "▒", "ok", "█", "┌"},
		{"full", consoleFont + terminusFont + "✓✗▁▂▃▄▅▆▇█▏▎▍▌▋▊▉", "▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉", "✓", "█", "┌"},
		{"no blocks", "─│┌┐└┘├┤┬┴┼√", ".:|#", "", "√", "#", "┌"},
		{"nothing", "", ".:|#", "", "ok", "#", "+"},
	} {
		font := tty.NewFont(c.font)
		g := VTGlyphs(font)
		if string(g.Sparks) != c.sparks || string(g.Eighths) != c.eighths || g.name(OK) != c.ok || g.name(Full) != c.full || g.name(TopLeft) != c.corner {
			t.Errorf("%s: sparks %q, gauge steps %q, ok %q, full %q, corner %q", c.name, string(g.Sparks), string(g.Eighths), g.name(OK), g.name(Full), g.name(TopLeft))
		}
		all := string(g.Sparks) + string(g.Drops) + string(g.Eighths)
		for id := range glyphCount {
			all += g.name(id)
		}
		if !font.HasAll(all) {
			t.Errorf("%s: draws with %q, which the font has not all of", c.name, all)
		}
		if last := g.Sparks[len(g.Sparks)-1]; string(last) != c.full {
			t.Errorf("%s: the highest spark is %q, a full cell %q", c.name, last, c.full)
		}
	}
	common := VTGlyphs(nil)
	for _, font := range []string{consoleFont, terminusFont} {
		all := string(common.Sparks) + string(common.Drops) + string(common.Eighths)
		for id := range glyphCount {
			all += common.name(id)
		}
		if !tty.NewFont(font).HasAll(all) {
			t.Errorf("of an unknown font it takes %q, which not all have", all)
		}
	}
}

// TestFontOnlyDrawsWhatItHas: text from outside reaches the terminal as what the font has, in the columns it takes.
func TestFontOnlyDrawsWhatItHas(t *testing.T) {
	font := tty.NewFont(consoleFont + "\ufffd")
	c := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: VTGlyphs(font), Font: font})
	const w, h = 60, 2
	r := c.Begin(w, h)
	p := r.Pen(0, 0)
	p.Text(Text, "“a” – b… ✓ 漢字x é\ufffd│√")
	m := newModel(t, w, h)
	c.Flush(m)
	shown := ""
	for _, v := range m.cells[:w] {
		shown += v.text
	}
	if got, want := strings.TrimRight(shown, " "), `"a" - b. + ????x ??│√`; got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
	for _, v := range m.cells {
		if r, _ := utf8.DecodeRuneInString(v.text); !font.Has(r) {
			t.Errorf("%q reaches a font without it", v.text)
		}
	}
	if !strings.Contains(string(c.AppendText(nil)), "漢字x é") {
		t.Error("the picture as text has lost what only the font lacks")
	}
}

// TestConsoleStaysAwake: what darkens a console is switched off there, and nowhere else.
func TestConsoleStaysAwake(t *testing.T) {
	e, err := lookupEntry("linux")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(e.EnterCA+e.ExitCA, "]") {
		t.Errorf("%q, %q: `ESC ]` is for the kernel's own console alone", e.EnterCA, e.ExitCA)
	}
	keepAwake(e, true)
	if !strings.Contains(e.EnterCA, "\x1b[9;0]\x1b[14;0]") || !strings.Contains(e.EnterCA, "\x1b%G") || !strings.HasSuffix(e.ExitCA, "\x1b]R"+e.Clear) {
		t.Errorf("%q, %q", e.EnterCA, e.ExitCA)
	}
}
