package screens

import (
	"strings"
	"time"
	"unicode/utf8"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

type prompt uint8

const (
	noPrompt prompt = iota
	filterPrompt
	timePrompt
)

// input is a line that is being typed.
type input struct {
	prompt prompt
	text   string
}

const longestInput = 200

// edit applies one key to the text.
func (in *input) edit(k draw.Key) {
	switch {
	case k == draw.KeyBackspace:
		_, n := utf8.DecodeLastRuneInString(in.text)
		in.text = in.text[:len(in.text)-n]
	case k == draw.KeyCtrlU:
		in.text = ""
	case k.IsRune() && len(in.text) < longestInput:
		in.text += string(rune(k))
	}
}

// typing says whether runes are text now, not commands.
func (l *logs) typing() bool { return l.input.prompt != noPrompt }

func openFilter(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	f := &c.logs.query.Filter
	text := f.Text
	if f.Regexp {
		text = "re:" + text
	}
	if f.Exclude {
		text = "!" + text
	}
	c.logs.input = input{filterPrompt, text}
	return Nothing
}

func openTime(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.input = input{prompt: timePrompt}
	return Nothing
}

// typed handles a key while a prompt is open and says whether it was one for it: text and what edits it. The others
// do what they always do. The filter is applied with each key; a time when Enter ends it.
func (l *logs) typed(k draw.Key, f *frame.Frame) bool {
	kind := l.input.prompt
	switch {
	case k == draw.KeyEsc:
		l.input = input{}
		if kind == filterPrompt {
			l.filter("")
		}
		return true
	case k == draw.KeyEnter:
		text := l.input.text
		l.input = input{}
		if kind == timePrompt {
			l.goTo(text, f)
		}
		return true
	case !k.IsRune() && k != draw.KeyBackspace && k != draw.KeyCtrlU:
		return false
	}
	l.input.edit(k)
	if kind == filterPrompt {
		l.filter(l.input.text)
	}
	return true
}

// filter parses what is typed after /: ! in front hides, re: makes it a regular expression.
func (l *logs) filter(typed string) {
	f := &l.query.Filter
	typed, f.Exclude = strings.CutPrefix(typed, "!")
	f.Text, f.Regexp = strings.CutPrefix(typed, "re:")
	l.refilter()
}

// timeForms are what a time may be typed as; what is left out is today's.
var timeForms = [...]string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "01-02 15:04:05", "01-02 15:04", "15:04:05", "15:04"}

// goTo asks for the first entry at or after the time typed.
func (l *logs) goTo(typed string, f *frame.Frame) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return
	}
	for _, form := range timeForms {
		t, err := time.ParseInLocation(form, typed, f.Now.Location())
		if err != nil {
			continue
		}
		l.query.At = complete(t, form, f.Now)
		l.move(journal.ToTime, 1, 0, found)
		return
	}
	l.failed = "not a time: type 15:04, 15:04:05 or 2006-01-02 15:04"
}

// complete adds the parts of the date that form leaves out; a time of day that is still to come was yesterday.
func complete(t time.Time, form string, now time.Time) time.Time {
	switch {
	case strings.HasPrefix(form, "2006"):
		return t
	case strings.HasPrefix(form, "01-02"):
		for year := now.Year(); ; year-- { // further back than last year for 29 February alone
			d := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			if d.Day() == t.Day() && !d.After(now) {
				return d
			}
		}
	}
	t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
	if t.After(now) {
		t = t.AddDate(0, 0, -1)
	}
	return t
}
