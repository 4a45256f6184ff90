package screens

import (
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/when"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// sideways is the label that the footer draws as the arrows of the glyph tier.
const sideways = "Left Right"

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
		command(sideways, "the record before, the next one", "Record", either(draw.KeyLeft, Rewind{Step: -1}, Rewind{Step: 1}), draw.KeyLeft, draw.KeyRight),
		command("[ ]", "the event before, the next one", "Event", either('[', Rewind{Event: -1}, Rewind{Event: 1}), '[', ']'),
		Bind("t", "go to a time: 03:12, -2h, yesterday 18:00", "Time", c.openTime, 't'),
		command("B", "the end of the boot before", "Boot", to(Rewind{BeforeBoot: true}), 'B'),
		command("p Esc", "back to now", "", to(Rewind{Leave: true}), 'p', draw.KeyEsc),
		command("r A Space", "nothing here: they are for what is now", "", always(Command{}), 'r', 'A', ' ', draw.KeyCtrlZ),
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
	if _, asks := c.overlay.(*login); asks || c.Typing() || k == draw.KeyEsc && c.overlay != nil {
		return Command{}, false
	}
	b := find(c.rewind, k)
	if b == nil || k == 'A' && !f.OfPast() { // the alarm of now is on the screen
		return Command{}, false
	}
	return b.do(k, f), true
}

// stripRows is how many rows the strip of the day takes above the footer.
func stripRows(h int, f *frame.Frame) int {
	if f.OfPast() && h >= 12 {
		return 1
	}
	return 0
}

// drawPast says from when the picture is, in place of the clock, or why it is not from then.
func (c *Console) drawPast(r draw.Region, f *frame.Frame) {
	past := f.Past
	p, roomy := r.Pen(1, 0), r.W() >= widget.Narrow
	if f.OfPast() {
		p.Text(draw.Selected, " PAST ").Skip(1)
	} else {
		p.Text(draw.Accent, "Past: ")
	}
	if c.time.Open {
		p.Text(draw.Accent|draw.Bold, "time: ").Text(draw.Accent, c.time.Text).Text(draw.Selected, " ").Skip(2)
		if c.noTime {
			p.Text(draw.Warn, "not a time: ")
		}
		for _, example := range when.Examples {
			if p.Left() > len(example)+1 {
				p.Text(draw.Dim, example).Skip(2)
			}
		}
		return
	}
	const back = "Esc now"
	if tail := r.W() - len(back) - 1; tail > p.X()+len("00:00:00") {
		tail := r.Pen(tail, 0)
		hint(&tail, "Esc", "now")
		r = r.Sub(0, 0, r.W()-len(back)-3, 1)
		p = r.Pen(p.X(), 0)
	}
	if !f.OfPast() {
		switch {
		case past.Why != "":
			p.Fit(draw.Warn, past.Why, p.Left()).Fit(draw.Text, ": set history.enable or run --record; [i]", p.Left())
		default:
			p.Fit(draw.Warn, "this is now: the recording is read ", p.Left()).Age(draw.Warn, past.Waited)
		}
		return
	}
	if roomy {
		p.Text(draw.Accent|draw.Bold, f.Now.Weekday().String()[:3]).Skip(1)
	}
	p.Date(draw.Accent|draw.Bold, f.Now).Skip(1).Time(draw.Accent|draw.Bold, f.Now)
	p.Text(draw.Text, ", ").Age(draw.Text, past.Real.Sub(f.Now)).Text(draw.Text, " ago")
	if past.Live != nil {
		var room [256]byte
		p.Text(draw.Text, "  ").Fit(draw.Bad|draw.Bold, "NOW: ", p.Left()).FitBytes(draw.Bad|draw.Bold, past.Live.AppendShort(room[:0]), p.Left())
	}
	switch {
	case past.Pending && past.Waited >= time.Second:
		p.Fit(draw.Warn, ", reading ", p.Left()).Age(draw.Warn, past.Waited)
	case past.Why != "":
		p.Text(draw.Text, "  ").Fit(draw.Warn, past.Why, p.Left())
	case past.Gap:
		p.Fit(draw.Warn, ", nothing nearer is recorded", p.Left())
	case past.Every == 0:
		p.Fit(draw.Dim, ", each sample", p.Left())
	case p.Left() >= len(", every 10m"):
		p.Text(draw.Dim, ", every ").Age(draw.Dim, past.Every)
	}
}

// drawStrip draws the day that the picture is from: what is recorded of it, boots, problems, and where in it the picture is.
func drawStrip(r draw.Region, f *frame.Frame) {
	const label = len("Mon 15:04")
	past := f.Past
	if r.W() < 3*label || len(past.Strip) == 0 || !past.To.After(past.From) {
		return
	}
	var room [16]byte
	p := r.Pen(1, 0)
	p.Bytes(draw.Dim, past.From.AppendFormat(room[:0], "Mon 15:04"))
	p = r.Pen(r.W()-label-1, 0)
	p.Bytes(draw.Dim, past.To.AppendFormat(room[:0], "Mon 15:04"))
	bar := r.Inset(label + 2)
	day, parts, columns := past.To.Sub(past.From), len(past.Strip), bar.W()
	shown := int(f.Now.Sub(past.From) * time.Duration(columns) / day)
	for x := range columns {
		first := x * parts / columns
		end := max((x+1)*parts/columns, first+1)
		mark, style := stripMark(past, first, end)
		if x == shown {
			style = draw.Selected
		}
		p = bar.Pen(x, 0)
		p.Text(style, mark)
	}
}

// stripMark is what stands for the parts first to end-1 of a strip: the worst of them.
func stripMark(past *frame.Past, first, end int) (mark string, style draw.Style) {
	each := past.To.Sub(past.From) / time.Duration(len(past.Strip))
	recorded, boot, worst := true, false, journal.Debug
	for i := first; i < end; i++ {
		s := &past.Strip[i]
		recorded, boot, worst = recorded && s.Recorded, boot || s.Boot, min(worst, s.Worst)
	}
	starts, ends := past.From.Add(time.Duration(first)*each), past.From.Add(time.Duration(end)*each)
	switch {
	case boot:
		return "|", draw.Accent | draw.Bold
	case worst <= journal.Err:
		return "!", draw.Bad
	case worst == journal.Warning:
		return "!", draw.Warn
	case recorded:
		return ".", draw.Dim
	case starts.Before(past.Oldest) || ends.After(past.Newest): // not a gap: it had not begun, or is not over
		if past.Strip[first].Recorded || past.Strip[end-1].Recorded {
			return ".", draw.Dim
		}
		return " ", draw.Dim
	}
	return "x", draw.Warn
}
