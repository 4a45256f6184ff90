package widget

import (
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// TestF41NobodyToTell: the word is drawn nevertheless.
func TestF41NobodyToTell(t *testing.T) {
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
	r := canvas.Begin(60, 3)
	r.Fill('?', draw.Text)
	Guard(nil).Draw("this", func(draw.Region, *frame.Frame) { panic("why") }, r.Inset(1), nil)
	want := "?" + strings.Repeat(" ", 58) + "?\n"
	if text := string(canvas.AppendText(nil)); !strings.HasPrefix(text, "? x this crashed: ") || !strings.HasSuffix(text, want+want) {
		t.Errorf("%s", text)
	}
}
