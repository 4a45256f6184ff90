package widget

import (
	"bytes"
	"testing"

	"hypervisor-tui/draw"
)

// TestBoxLeavesNoHalfFigure: a number of which a box covers a part is another one.
func TestBoxLeavesNoHalfFigure(t *testing.T) {
	for _, c := range []struct{ under, want string }{
		{"12345678901234567890", "     +--------+"},
		{"load 1.25    9.8 GiB", "load +--------+  GiB"},
		{"a 3/842 | 10.0.0.1 b", "a    +--------+    b"},
		{"245 MiB/s      12  b", "245 M+--------+12  b"},
		{"CPU 7       conta1 b", "CPU 7+--------+ta1 b"},
		{"-----------------19%", "-----+--------+--19%"},
		{"漢字漢字漢字漢字漢字", "漢字 +--------+ 漢字"},
	} {
		canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
		r := canvas.Begin(20, 2)
		p := r.Pen(0, 0)
		p.Text(draw.Text, c.under)
		OverlayBox(r, 10, 2, "")
		if got, _, _ := bytes.Cut(canvas.AppendText(nil), []byte("\n")); string(got) != c.want {
			t.Errorf("over %q: %q, want %q", c.under, got, c.want)
		}
	}
}
