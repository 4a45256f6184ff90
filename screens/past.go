package screens

import (
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/when"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// rewindKeys work while the past is shown, before those of the page and of an overlay.
func (c *Console) rewindKeys() []Binding {
	to := func(r Rewind) func(draw.Key, *frame.Frame) Command { return always(Command{Kind: Past, Rewind: r}) }
	either := func(earlier draw.Key, back, on Rewind) func(draw.Key, *frame.Frame) Command {
		return func(k draw.Key, _ *frame.Frame) Command {
			if k == earlier {
				return Command{Kind: Past, Rewind: back}
			}
			return Command{Kind: Past, Rewind: on}
		}
	}
	return []Binding{
		command("Left Right", "the record before, the next one", "Record", either(draw.KeyLeft, Rewind{Step: -1}, Rewind{Step: 1}), draw.KeyLeft, draw.KeyRight),
		command("[ ]", "the event before, the next one", "Event", either('[', Rewind{Event: -1}, Rewind{Event: 1}), '[', ']'),
		Bind("t", "go to a time: 03:12, -2h, yesterday 18:00", "Time", c.openTime, 't'),
		command("B", "the end of the boot before", "Boot", to(Rewind{BeforeBoot: true}), 'B'),
		command("p Esc", "back to now", "Now", to(Rewind{Leave: true}), 'p', draw.KeyEsc),
		command("r Space", "nothing here: there is nothing new", "", always(Command{}), 'r', ' ', draw.KeyCtrlZ),
	}
}

// toPast shows what was recorded last.
func toPast(_ draw.Key, f *frame.Frame) Command { return Command{Kind: Past} }

func (c *Console) openTime(draw.Key, *frame.Frame) {
	c.time, c.noTime = widget.Prompt{Open: true}, false
}

// handlePast handles a key while the past is shown, and reports whether it was one for that.
func (c *Console) handlePast(k draw.Key, f *frame.Frame) (Command, bool) {
	if f.Past == nil {
		c.time = widget.Prompt{}
		return Command{}, false
	}
	switch c.time.Key(k) {
	case widget.NotTyped:
	case widget.Entered:
		typed := strings.TrimSpace(c.time.Text)
		if typed == "" {
			return Command{}, true
		}
		if at, ok := when.Parse(typed, f.Past.Real); ok {
			return Command{Kind: Past, Rewind: Rewind{At: at}}, true
		}
		c.time.Open, c.noTime = true, true
		return Command{}, true
	default:
		c.noTime = false
		return Command{}, true
	}
	if c.Typing() || k == draw.KeyEsc && c.overlay != nil {
		return Command{}, false
	}
	b := find(c.rewind, k)
	if b == nil {
		return Command{}, false
	}
	return b.do(k, f), true
}

// drawPast draws the band that says which time is shown.
func (c *Console) drawPast(r draw.Region, f *frame.Frame) {
	past := f.Past
	r.Fill(' ', draw.Text)
	p := r.Pen(0, 0)
	p.Text(draw.Selected|draw.Bold, " PAST ").Skip(1)
	switch {
	case c.time.Open:
		p.Text(draw.Dim, "time: ").Text(draw.Accent|draw.Bold, c.time.Text).Text(draw.Selected, " ").Skip(2)
		if c.noTime {
			p.Text(draw.Warn, "not a time: ")
		}
		for _, example := range when.Examples {
			if p.Left() > len(example)+2 {
				p.Text(draw.Dim, example).Skip(2)
			}
		}
		return
	case past.Why != "":
		p.Fit(draw.Warn, past.Why, p.Left()-1)
		return
	}
	p.Text(draw.Warn|draw.Bold, weekdays[f.Now.Weekday()]).Skip(1).Date(draw.Warn|draw.Bold, f.Now).Skip(1).Time(draw.Warn|draw.Bold, f.Now)
	p.Text(draw.Text, ", ").Age(draw.Text, past.Real.Sub(f.Now)).Text(draw.Text, " ago")
	switch {
	case past.Pending:
		p.Text(draw.Dim, ", reading")
	case past.Gap:
		p.Text(draw.Warn, ", the nearest that is recorded")
	case past.Every > 0 && p.Left() > 20:
		p.Text(draw.Dim, ", one record each ").Age(draw.Dim, past.Every)
	}
	if past.Live != nil && p.Left() > 16 {
		var text [256]byte
		p.Skip(2).Text(draw.Bad|draw.Bold, "NOW: ").FitBytes(draw.Bad|draw.Bold, past.Live.AppendShort(text[:0]), p.Left()-1)
	}
}

var weekdays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// stripRows is how many of h rows the strip of a day takes.
func stripRows(h int, f *frame.Frame) int {
	if f.Past == nil || len(f.Past.Strip) == 0 || h < 12 {
		return 0
	}
	return 1
}

// drawStrip draws a day in one row: what is recorded of it, the worst of the problems that began, boots, and which time is shown.
func drawStrip(r draw.Region, f *frame.Frame) {
	past := f.Past
	p := r.Pen(1, 0)
	var buf [8]byte
	p.Bytes(draw.Dim, past.From.AppendFormat(buf[:0], "15:04")).Skip(1)
	width := min(r.W()-p.X()-8, len(past.Strip))
	if width < 1 {
		return
	}
	span := past.To.Sub(past.From)
	shown := -1
	if since := f.Now.Sub(past.From); since >= 0 && span > 0 {
		shown = min(int(int64(since)*int64(width)/int64(span)), width-1)
	}
	for i := range width {
		text, style := "x", draw.Dim // nothing is recorded
		for _, part := range past.Strip[i*len(past.Strip)/width : (i+1)*len(past.Strip)/width] {
			switch {
			case part.Worst <= journal.Err:
				text, style = "!", draw.Bad
			case part.Worst == journal.Warning && text != "!":
				text, style = "!", draw.Warn
			case part.Boot && text != "!":
				text, style = "|", draw.Accent
			case part.Recorded && text == "x":
				text = "."
			}
		}
		if i == shown {
			style = draw.Selected
		}
		p.Text(style, text)
	}
	p.Skip(1).Bytes(draw.Dim, past.To.AppendFormat(buf[:0], "15:04"))
}
