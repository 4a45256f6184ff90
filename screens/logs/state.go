package logs

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/when"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// drawState is the line below the entries: the prompt or what is shown, counts by severity, source and losses.
func (l *Page) drawState(r draw.Region, f *frame.Frame) {
	r.Rule(0, "")
	p := r.Pen(1, 0)
	switch {
	case !l.input.Open:
		l.position(&p, f)
	case l.time:
		l.prompt(&p, " time: ")
	default:
		l.prompt(&p, " /")
	}
	if f.Page != nil && l.query.Filter.Text != "" && f.Page.Query == l.query.Number {
		matches(&p, f.Page)
	}
	if l.failed != "" {
		p.Text(draw.Warn, " ").Fit(draw.Warn, l.failed, p.Left()-2).Text(draw.Warn, " ")
	}
	if !l.input.Open {
		l.choices(&p)
	}
	if l.input.Open && l.time {
		for _, example := range when.Examples {
			if p.Left() > len(example)+2 {
				p.Text(draw.Dim, " ").Text(draw.Dim, example).Text(draw.Dim, " ")
			}
		}
	}
	if f.Page != nil {
		drawCounts(r.Sub(p.X(), 0, r.W()-p.X()-1, 1), f.Page)
	}
}

// prompt writes what is typed, with the cursor.
func (l *Page) prompt(p *draw.Pen, name string) {
	p.Text(draw.Accent|draw.Bold, name).Text(draw.Accent, l.input.Text).Text(draw.Selected, " ").Skip(1)
}

func matches(p *draw.Pen, page *journal.Page) {
	switch {
	case page.Err != "":
		p.Text(draw.Bad, " ").Fit(draw.Bad, page.Err, p.Left()-2)
	case page.Percent < 100:
		p.Text(draw.Dim, " searching ").Int(draw.Text, int64(page.Percent)).Text(draw.Dim, "% ")
	case !page.Past && !long(page):
		p.Text(draw.Dim, " ").Int(draw.Text, int64(page.Matches)).Text(draw.Dim, " of ").Int(draw.Text, int64(page.Entries)).Text(draw.Dim, " ")
	}
}

// position reports whether the newest entries are followed, how many came since, or where in the journal the page is, and
// writes the filter.
func (l *Page) position(p *draw.Pen, f *frame.Frame) {
	filter, page := &l.query.Filter, f.Page
	switch {
	case page != nil && long(page):
		at := time.UnixMicro(page.Reading.At).In(f.Now.Location())
		p.Text(draw.Warn|draw.Bold, " reading the journal: ").Int(draw.Warn|draw.Bold, int64(page.Reading.Entries/1000))
		p.Text(draw.Warn|draw.Bold, "k, at ").Date(draw.Text, at).Text(draw.Text, " ").Time(draw.Text, at).Text(draw.Dim, " Esc stops ")
	case l.following() && !l.then.IsZero():
		p.Text(draw.Warn|draw.Bold, " the end of the log: nothing is logged after this record ")
	case l.following():
		p.Text(draw.Good, " following ")
	case page != nil && l.ended != (entryRef{}) && l.chosen == l.ended:
		p.Text(draw.Warn|draw.Bold, " the last of the boot before ")
	case page != nil && page.Past:
		p.Text(draw.Warn|draw.Bold, " in the journal, before the buffer ")
	case page != nil:
		p.Text(draw.Warn|draw.Bold, " paused, ").Int(draw.Warn|draw.Bold, int64(page.Newer)).Text(draw.Warn|draw.Bold, " new ")
	}
	if filter.Text == "" {
		return
	}
	p.Text(draw.Accent, " /")
	if filter.Exclude {
		p.Text(draw.Accent, "!")
	}
	if filter.Regexp {
		p.Text(draw.Accent, "re:")
	}
	p.Fit(draw.Accent, filter.Text, 24).Text(draw.Accent, " ")
}

// choices writes what else changes which entries are shown, and how.
func (l *Page) choices(p *draw.Pen) {
	filter := &l.query.Filter
	if filter.Least < journal.Debug {
		p.Text(draw.Dim, " level ").Text(draw.Text, filter.Least.String()).Text(draw.Dim, " and worse ")
	}
	if filter.Raw {
		p.Text(draw.Dim, " raw ")
	}
	if filter.Each {
		p.Text(draw.Dim, " unfolded ")
	}
}

// drawCounts writes, as far as they fit at the right end of r, what was lost, counts by severity, all, and the source:
// what matters most on the right, where it has its place whatever else fits.
func drawCounts(r draw.Region, page *journal.Page) {
	bad := 0
	for s := journal.Emerg; s <= journal.Err; s++ {
		bad += page.Counts[s]
	}
	if page.Dropped > 0 {
		p := figure(&r, 10+widget.Digits(int(page.Dropped)))
		p.Text(draw.Bad, " dropped ").Int(draw.Bad, int64(page.Dropped)).Text(draw.Text, " ")
	}
	if page.Truncated > 0 {
		p := figure(&r, 6+widget.Digits(int(page.Truncated)))
		p.Text(draw.Dim, " cut ").Int(draw.Dim, int64(page.Truncated)).Text(draw.Text, " ")
	}
	style := draw.Dim
	if bad > 0 {
		style = draw.Bad
	}
	warnings := page.Counts[journal.Warning]
	p := figure(&r, 9+widget.Digits(bad)+widget.Digits(warnings))
	p.Text(style, " E ").Int(style, int64(bad)).Text(draw.Dim, "  W ").Int(draw.Warn, int64(warnings)).Text(draw.Text, " ")
	p = figure(&r, 6+widget.Digits(page.Entries))
	p.Text(draw.Dim, " all ").Int(draw.Text, int64(page.Entries)).Text(draw.Text, " ")
	source := sourceInUse(page)
	p = figure(&r, 2+min(draw.Columns(source), 12))
	p.Text(draw.Dim, " ").Fit(draw.Dim, source, 12).Text(draw.Text, " ")
}

// figure cuts n columns off r for a figure, or all of it for nothing when there are fewer.
func figure(r *draw.Region, n int) draw.Pen {
	if r.W() < n {
		*r = draw.Region{}
	}
	return r.CutRight(n).Pen(0, 0)
}

// sourceInUse is the name of the first source that works, not counting the program's own lines.
func sourceInUse(page *journal.Page) string {
	for i := range page.Sources {
		s := &page.Sources[i]
		if s.Name != "self" && s.Health.State == health.OK {
			return s.Name
		}
	}
	return "no source"
}
