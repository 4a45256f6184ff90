package logs

import (
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/when"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

func (l *Page) openFilter(draw.Key, *frame.Frame) {
	f := &l.query.Filter
	text := f.Text
	if f.Regexp {
		text = "re:" + text
	}
	if f.Exclude {
		text = "!" + text
	}
	l.input, l.time = widget.Prompt{Open: true, Text: text}, false
}

func (l *Page) openTime(draw.Key, *frame.Frame) {
	l.input, l.time, l.failed = widget.Prompt{Open: true}, true, ""
}

// typed handles a key while a prompt is open and reports whether it was one for it. The filter is applied with each key; a
// time when Enter ends it.
func (l *Page) typed(k draw.Key, f *frame.Frame) bool {
	switch did := l.input.Key(k); {
	case did == widget.NotTyped:
		return false
	case !l.time:
		if did != widget.Entered {
			l.filter(l.input.Text)
		}
	case did == widget.Entered:
		l.input.Open = !l.goTo(l.input.Text, f.Now)
	default:
		l.failed = ""
	}
	return true
}

// filter parses what is typed after /: ! in front hides, re: makes it a regular expression. What passes it is shown around
// the cursor, from the newest while following.
func (l *Page) filter(typed string) {
	f := &l.query.Filter
	typed, f.Exclude = strings.CutPrefix(typed, "!")
	f.Text, f.Regexp = strings.CutPrefix(typed, "re:")
	l.refilter()
}

// Search follows what passes a filter as it is typed after /, in all tabs and at all levels; once what the command is to
// follow has a tab, that. With a time the next Update shows what was written then.
func (l *Page) Search(c screens.Command) {
	l.input, l.awaited, l.wanted = widget.Prompt{}, c.Of, c.At
	l.chooseTab(0, c.Query)
	l.send()
}

// chooseTab follows what passes a filter in a tab, at all levels.
func (l *Page) chooseTab(tab int, filter string) {
	l.query.Filter = journal.Filter{Tab: tab, Least: journal.Debug, Raw: l.query.Filter.Raw, Each: l.query.Filter.Each}
	l.filter(filter)
	l.follow()
}

// goTo asks for the first entry at or after the time typed, and reports whether that is one, or empty.
func (l *Page) goTo(typed string, now time.Time) bool {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return true
	}
	at, ok := when.Parse(typed, now)
	if !ok {
		l.failed = "not a time"
		return false
	}
	l.toTime(at)
	return true
}

// toTime asks for the first entry at or after a time.
func (l *Page) toTime(at time.Time) {
	l.query.At = at
	l.move(journal.ToTime, 1, 0, found)
}
