package widget

import (
	"unicode/utf8"

	"hypervisor-tui/draw"
)

// Prompt is a line that is typed.
type Prompt struct {
	Open bool
	Text string
}

// Filters reports whether the prompt is one for a filter that is there, or typed.
func (p *Prompt) Filters() bool { return p.Open || p.Text != "" }

// Rows is how many rows the filter takes: 1 while there is one, else 0.
func (p *Prompt) Rows() int {
	if p.Filters() {
		return 1
	}
	return 0
}

// DrawFilter writes the filter, and how many of all it leaves.
func (p *Prompt) DrawFilter(r draw.Region, left, all int) {
	pen := r.Pen(1, 0)
	pen.Text(draw.Dim, "filter ").Text(draw.Accent, p.Text)
	if p.Open {
		pen.Text(draw.Accent|draw.Bold, "_")
	}
	pen.Skip(2).Int(draw.Text, int64(left)).Text(draw.Dim, " of ").Int(draw.Text, int64(all))
}

// Typed is what a key did to a prompt.
type Typed uint8

// What a key may do.
const (
	NotTyped Typed = iota // it is none for the prompt: it does what it always does
	Edited
	Entered // the prompt is closed and keeps its text
	Dropped // the prompt is closed and empty
)

const longestInput = 200

// Key takes a key while the prompt is open.
func (p *Prompt) Key(k draw.Key) Typed {
	switch {
	case !p.Open:
		return NotTyped
	case k == draw.KeyEsc:
		*p = Prompt{}
		return Dropped
	case k == draw.KeyEnter:
		p.Open = false
		return Entered
	case k == draw.KeyBackspace:
		_, n := utf8.DecodeLastRuneInString(p.Text)
		p.Text = p.Text[:len(p.Text)-n]
	case k == draw.KeyCtrlU:
		p.Text = ""
	case !k.IsRune():
		return NotTyped
	case len(p.Text) < longestInput:
		p.Text += string(rune(k))
	}
	return Edited
}

// FilterKey takes a key of a list that the prompt filters, and reports whether it was one for the filter: while it is typed, and
// Esc, which takes it away. top is the first row of the list that is shown.
func (p *Prompt) FilterKey(k draw.Key, top *int) bool {
	switch typed := p.Key(k); {
	case typed == Edited, typed == Dropped:
		*top = 0
	case typed == Entered:
	case k == draw.KeyEsc && p.Text != "":
		p.Text = ""
	default:
		return false
	}
	return true
}
