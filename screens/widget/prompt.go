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
