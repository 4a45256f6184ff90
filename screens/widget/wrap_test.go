package widget_test

import (
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/screens/widget"
)

func TestWrapLine(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 5, []string{""}},
		{"abcde", 5, []string{"abcde"}},
		{"abcdefg", 5, []string{"abcde", "fg"}},
		{"abc de fgh", 7, []string{"abc de", "fgh"}},
		{"abc def gh", 7, []string{"abc def", "gh"}},
		{"abc def ", 7, []string{"abc def"}},
		{"a bcdefgh", 7, []string{"a bcdef", "gh"}}, // a blank in the first third is none to break at
		{"abcde\nf", 5, []string{"abcde", "f"}},
		{"ab\n\ncd\n", 5, []string{"ab", "", "cd", ""}},
		{"漢字漢", 5, []string{"漢字", "漢"}},
		{"漢", 1, []string{"漢"}},
		{"  ab  cd", 4, []string{"  ab", " cd"}},
	} {
		var got []string
		for text, more := c.text, true; more; {
			var line string
			line, text, more = widget.WrapLine(text, c.n)
			got = append(got, line)
		}
		if !slices.Equal(got, c.want) || widget.WrapRows([]byte(c.text), c.n) != len(c.want) {
			t.Errorf("%q in %d columns is %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

// TestWrappedNeverLeavesTheView: behind a label that takes nearly all columns, text goes on below it.
func TestWrappedNeverLeavesTheView(t *testing.T) {
	for x, want := range map[int]string{
		0:  "some words that are wrapped|",
		20: "                    some words|                    that are|                    wrapped|",
		28: "|    some words that are wrapped|",
		90: "|    some words that are wrapped|",
	} {
		canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()})
		view := canvas.Begin(33, 5)
		rows := view.H() - widget.Wrapped(view, x, draw.Text, "some words that are wrapped").H()
		got := ""
		for i, line := range strings.Split(string(canvas.AppendText(nil)), "\n") {
			if i < rows {
				got += strings.TrimRight(line, " ") + "|"
			}
		}
		if got != want {
			t.Errorf("from column %d: %q, want %q", x, got, want)
		}
	}
}
