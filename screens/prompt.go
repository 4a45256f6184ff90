package screens

import (
	"unicode/utf8"

	"hypervisor-tui/draw"
)

// prompt is a line that is typed.
type prompt struct {
	open bool
	text string
}

// typed is what a key did to a prompt.
type typed uint8

const (
	notTyped typed = iota // it is none for the prompt: it does what it always does
	edited
	entered // the prompt is closed and keeps its text
	dropped // the prompt is closed and empty
)

const longestInput = 200

// key takes a key while the prompt is open.
func (p *prompt) key(k draw.Key) typed {
	switch {
	case !p.open:
		return notTyped
	case k == draw.KeyEsc:
		*p = prompt{}
		return dropped
	case k == draw.KeyEnter:
		p.open = false
		return entered
	case k == draw.KeyBackspace:
		_, n := utf8.DecodeLastRuneInString(p.text)
		p.text = p.text[:len(p.text)-n]
	case k == draw.KeyCtrlU:
		p.text = ""
	case !k.IsRune():
		return notTyped
	case len(p.text) < longestInput:
		p.text += string(rune(k))
	}
	return edited
}
