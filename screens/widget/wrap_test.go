package widget_test

import (
	"slices"
	"testing"

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
