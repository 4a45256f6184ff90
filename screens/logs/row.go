package logs

import (
	"bytes"
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// fullWidth is the width from which on rows have what else is known on Enter: today's date, the process's id, and the
// file and line that klog writes before a message.
const fullWidth = 100

// entries draws the rows of the page from the first on.
func (l *Page) entries(r draw.Region, f *frame.Frame) {
	page := f.Page
	for i := min(l.from, len(page.Rows)-1); i < len(page.Rows); i++ {
		row := &page.Rows[i]
		part := r.CutTop(min(l.height(row, r.W(), f), r.H()))
		l.entry(part, row, f)
		if row.First <= l.cursor && l.cursor <= row.ID && !l.following() {
			part.Restyle(draw.Selected)
			part.Set(1, 0, '>', draw.Selected)
		}
	}
}

// followed reports whether the tab is one that was asked for to read what a pod or a unit says.
func (l *Page) followed(f *frame.Frame) bool {
	return f.Settings.Followed != "" && l.query.Filter.Tab == f.Settings.FollowedAt
}

// wraps reports whether long lines are wrapped: in a tab that was asked for the other way round.
func (l *Page) wraps(f *frame.Frame) bool { return l.wrap != l.followed(f) }

// height is how many rows an entry takes.
func (l *Page) height(row *journal.Row, width int, f *frame.Frame) int {
	if !l.wraps(f) {
		return 1
	}
	p := draw.Nowhere(width).Pen(0, 0)
	l.prefix(&p, row, f)
	text, _ := l.message(row, width, f)
	return widget.WrapRows(text, wrapColumns(&p))
}

// wrapColumns is how wide wrapped text is that starts at p.
func wrapColumns(p *draw.Pen) int { return max(p.Left()-1, 1) }

// entry draws an entry: one row of it, or all of it wrapped.
func (l *Page) entry(r draw.Region, row *journal.Row, f *frame.Frame) {
	p := r.Pen(0, 0)
	l.prefix(&p, row, f)
	_, style := mark(row.Severity)
	text, found := l.message(row, r.W(), f)
	if l.wraps(f) {
		wrapped(r, &p, text, found, style)
		return
	}
	oneLine(&p, text, found, style)
}

// mark is the letter and style of a severity: meaning never by colour alone.
func mark(s journal.Severity) (string, draw.Style) {
	switch {
	case s <= journal.Crit:
		return "C", draw.Bad | draw.Bold
	case s == journal.Err:
		return "E", draw.Bad
	case s == journal.Warning:
		return "W", draw.Warn
	case s == journal.Debug:
		return " ", draw.Dim
	}
	return " ", draw.Text
}

// prefix writes what stands before the message: severity, time, unit[pid], and how many equal entries the row stands for.
// A narrow row has no pid, the date only when it is not today's, and no unit in a tab that was asked for: it is the tab's.
func (l *Page) prefix(p *draw.Pen, row *journal.Row, f *frame.Frame) {
	full := p.Left() >= fullWidth
	letter, style := mark(row.Severity)
	p.Text(style, letter).Skip(1)
	at := time.UnixMicro(row.Time).In(f.Now.Location())
	if full || !sameDay(at, f.Now) {
		p.Date(draw.Dim, at).Skip(1)
	}
	p.Time(draw.Dim, at).Skip(1)
	if full || !l.followed(f) {
		p.Fit(draw.Accent, speaker(row), max(p.Left()/3, min(p.Left()/2, 12)))
		if row.PID > 0 && full {
			p.Text(draw.Dim, "[").Int(draw.Dim, int64(row.PID)).Text(draw.Dim, "]")
		}
		p.Text(draw.Dim, ":").Skip(1)
	}
	if row.Repeats > 1 {
		p.Text(draw.Accent|draw.Bold, "x ").Int(draw.Accent|draw.Bold, int64(row.Repeats)).Skip(1)
	}
}

// speaker is the pod whose log file an entry is from, else its unit.
func speaker(row *journal.Row) string {
	if _, name, ok := strings.Cut(row.Pod, "/"); ok {
		return name
	}
	return row.Unit
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

// span is a part of a text: bytes from one to before another; empty when they are equal.
type span struct{ from, to int }

// message is the text of a row that is width columns wide, and what of it the filter found.
func (l *Page) message(row *journal.Row, width int, f *frame.Frame) ([]byte, span) {
	text, found := f.Page.Message(row), span{row.MatchStart, row.MatchEnd}
	if width >= fullWidth || l.query.Filter.Raw {
		return text, found
	}
	if n := codePlace(text); found == (span{}) || found.from >= n {
		return text[n:], span{max(found.from-n, 0), max(found.to-n, 0)}
	}
	return text, found
}

// codePlace is how many bytes of text are the file and line that klog writes before a message, as in "pod.go:12] gone".
func codePlace(text []byte) int {
	end := bytes.Index(text[:min(len(text), 80)], []byte("] "))
	if end < 0 {
		return 0
	}
	file, line, _ := bytes.Cut(text[:end], []byte{':'})
	if !bytes.HasSuffix(file, []byte(".go")) || bytes.ContainsAny(file, " [") || len(line) == 0 || len(bytes.Trim(line, "0123456789")) > 0 {
		return 0
	}
	return end + 2
}

// wrapped draws text from p on over the rows of r. Where they are too few it starts so far down that what was found is on
// the last one.
func wrapped(r draw.Region, p *draw.Pen, text []byte, found span, style draw.Style) {
	x, room := p.X(), wrapColumns(p)
	skip := 0
	if found != (span{}) {
		skip = max(rowOf(text, found.to, room)+1-r.H(), 0)
	}
	rest := text
	for y, more := -skip, true; more; y++ {
		var line []byte
		at := len(text) - len(rest)
		line, rest, more = widget.WrapLine(rest, room)
		if y < 0 {
			continue
		}
		q := r.Pen(x-1, y)
		if y == 0 && skip > 0 {
			q.Glyph(draw.Accent, draw.Before)
		}
		q.To(x).Bytes(style, line)
		markFound(r.Pen(x, y), line, span{found.from - at, found.to - at})
	}
}

// rowOf is on which row of n columns byte at of a wrapped text is, the first being 0.
func rowOf(text []byte, at, n int) (row int) {
	rest, more := text, true
	for {
		if _, rest, more = widget.WrapLine(rest, n); !more || len(text)-len(rest) >= at {
			return row
		}
		row++
	}
}

// markFound draws again what of a line was found; the rest of it may be on the next row.
func markFound(p draw.Pen, line []byte, found span) {
	from, to := max(found.from, 0), min(found.to, len(line))
	if from < to {
		p.Skip(draw.ColumnsBytes(line[:from], len(line))).Bytes(draw.Selected, line[from:to])
	}
}

// oneLine draws the line of text with what was found, or else its first, and how many more lines it has. What was found is
// always seen: the line is cut on the left where it would not be.
func oneLine(p *draw.Pen, text []byte, found span, style draw.Style) {
	lines := bytes.Count(text, []byte{'\n'})
	room, tail := p.Left(), 8+widget.Digits(lines)
	counted := lines > 0 && room > 2*tail
	if counted {
		room -= tail
	}
	start := bytes.LastIndexByte(text[:found.from], '\n') + 1
	line := text[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	from, to := found.from-start, min(found.to-start, len(line))
	all, before := draw.ColumnsBytes(line, len(text)), draw.ColumnsBytes(line[:from], len(text))
	end := before + draw.ColumnsBytes(line[from:to], len(text))
	cut := start > 0
	if cut {
		room--
	}
	seen := all <= room || end < room // without a shift
	if !seen && !cut {
		cut = true
		room--
	}
	if cut {
		p.Glyph(draw.Accent, draw.Before)
	}
	shift := 0
	if !seen { // what is before it fills a third, as long as the line fills the row
		shift = min(max(before-room/3, end-room+1), all-room, before)
	}
	n := 0
	if shift > 0 {
		if n = draw.CutColumns(line, shift); draw.ColumnsBytes(line[:n], shift) < shift {
			n = draw.CutColumns(line, shift+1) // a wide rune
		}
	}
	x := p.X()
	p.FitBytes(style, line[n:], room)
	after := p.X()
	if from < to {
		p.To(x + before - draw.ColumnsBytes(line[:n], len(text)))
		match := line[from:to]
		if limit := x + room - p.X(); draw.ColumnsBytes(match, limit+1) > limit {
			match = match[:draw.CutColumns(match, max(limit-1, 1))]
		}
		p.Bytes(draw.Selected, match).To(after)
	}
	if counted {
		p.Text(draw.Dim, " +").Int(draw.Dim, int64(lines)).Text(draw.Dim, " lines")
	}
}
