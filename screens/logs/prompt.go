package logs

import (
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
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
	l.input, l.time = widget.Prompt{Open: true}, true
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
		l.goTo(l.input.Text, f)
	}
	return true
}

// filter parses what is typed after /: ! in front hides, re: makes it a regular expression. What passes it is shown from
// the same place while scrolled, from the newest while following.
func (l *Page) filter(typed string) {
	f := &l.query.Filter
	typed, f.Exclude = strings.CutPrefix(typed, "!")
	f.Text, f.Regexp = strings.CutPrefix(typed, "re:")
	l.failed = ""
}

// Search follows what passes a filter as it is typed after /, in all tabs and at all levels.
func (l *Page) Search(query string, _ *frame.Frame) {
	l.input = widget.Prompt{}
	l.query.Filter = journal.Filter{Least: journal.Debug, Raw: l.query.Filter.Raw, Each: l.query.Filter.Each}
	l.filter(query)
	l.follow()
	l.send()
}

// timeForms are what a time may be typed as; what is left out is today's.
var timeForms = [...]string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "01-02 15:04:05", "01-02 15:04", "15:04:05", "15:04"}

// goTo asks for the first entry at or after the time typed.
func (l *Page) goTo(typed string, f *frame.Frame) {
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
