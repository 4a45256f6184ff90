package logs

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// entry is the overlay with an entry whole: what the page had of it, and all its fields once they are read.
type entry struct {
	*screens.Sheet
	page    *Page
	row     journal.Row
	message []byte
	whole   *journal.Whole
	fields  []journal.WholeField // whole's, in the order of the picture
	width   int                  // for which lines is good
	lines   []entryLine
}

// entryLine is one row of the picture: a piece of a field's text, or after the text how much of it there is.
type entryLine struct {
	field      int
	start, end int
	first, cut bool
}

const messageField = "MESSAGE"

// arrange makes the lines anew when the fields have come or the width has changed; it allocates then.
func (d *entry) arrange(whole *journal.Whole, width int) {
	if whole != nil && (whole.ID != d.row.ID || whole.Err != "") {
		whole = nil
	}
	if d.lines != nil && d.width == width && d.whole == whole {
		return
	}
	d.whole, d.width = whole, width
	d.fields, d.lines = d.fields[:0], d.lines[:0]
	if whole == nil {
		d.fields = append(d.fields, journal.WholeField{Name: messageField, Text: d.message, Full: d.row.Full, Cut: d.row.Full > d.row.Kept})
	} else {
		d.fields = append(d.fields, whole.Fields...)
		slices.SortStableFunc(d.fields, func(a, b journal.WholeField) int {
			return cmp.Or(rank(&a)-rank(&b), cmp.Compare(a.Name, b.Name))
		})
	}
	for i := range d.fields {
		d.wrap(i)
	}
}

// rank sorts the message first; by name, what the program said then comes before what the journal knows of it, whose names
// begin with _.
func rank(f *journal.WholeField) int {
	if f.Name == messageField {
		return 0
	}
	return 1
}

// wrap adds the lines of field i.
func (d *entry) wrap(i int) {
	text := d.fields[i].Text
	room := d.width - d.indent(i)
	rest, first := text, true
	for more := true; more; first = false {
		var line []byte
		start := len(text) - len(rest)
		line, rest, more = widget.WrapLine(rest, room)
		d.lines = append(d.lines, entryLine{field: i, start: start, end: start + len(line), first: first})
	}
	if d.fields[i].Cut {
		d.lines = append(d.lines, entryLine{field: i, cut: true})
	}
}

// indent is the columns before the text of field i.
func (d *entry) indent(i int) int {
	if d.fields[i].Name == messageField {
		return 0
	}
	return min(fieldColumns, d.width/2)
}

const fieldColumns = 28 // of a field's name, with the gap after it

// newEntry asks for all fields of row until it is closed.
func newEntry(l *Page, page *journal.Page, row *journal.Row) *entry {
	d := &entry{page: l, row: *row, message: bytes.Clone(page.Message(row))}
	d.Sheet = screens.NewSheet("entry", "Entry", screens.Whole, d.content)
	l.query.Whole = row.ID
	return d
}

// Close ends the question for the fields.
func (d *entry) Close() {
	d.page.query.Whole = 0
	d.page.send()
}

// Update implements screens.Screen.
func (d *entry) Update(w, h int, f *frame.Frame) {
	d.arrange(whole(f), max(w-4, 10))
	d.Sheet.Update(w, h, f)
}

// whole is what was read of the entry that was asked for.
func whole(f *frame.Frame) *journal.Whole {
	if f.Page == nil {
		return nil
	}
	return f.Page.Whole
}

func (d *entry) content(view draw.Region, f *frame.Frame) draw.Region {
	d.head(&view, f)
	for i := range d.lines {
		if i > 0 && d.lines[i].first && d.fields[d.lines[i-1].field].Name == messageField {
			view.CutTop(1)
		}
		row := view.CutTop(1)
		if row.Visible() {
			d.line(row, &d.lines[i])
		}
	}
	return view
}

// head writes what the log itself knows of the entry.
func (d *entry) head(view *draw.Region, f *frame.Frame) {
	const column = 11
	p := widget.Field(view, "time", column)
	p.Stamp(draw.Text, time.UnixMicro(d.row.Time).In(f.Now.Location()))
	letter, style := mark(d.row.Severity)
	p = widget.Field(view, "severity", column)
	p.Text(style, d.row.Severity.String()).Skip(1).Text(style, letter)
	p = widget.Field(view, "unit", column)
	p.Text(draw.Text, d.row.Unit)
	if d.row.PID > 0 {
		p.Text(draw.Dim, "[").Int(draw.Dim, int64(d.row.PID)).Text(draw.Dim, "]")
	}
	if d.row.Repeats > 1 {
		p.Text(draw.Accent, ", the newest of ").Int(draw.Accent, int64(d.row.Repeats)).Text(draw.Accent, " alike")
	}
	p = widget.Field(view, "fields", column)
	switch whole := whole(f); {
	case d.whole != nil:
		p.Int(draw.Text, int64(len(d.fields))).Text(draw.Dim, ", read again from their source")
	case whole != nil && whole.ID == d.row.ID:
		p.Text(draw.Warn, "not there: ").Fit(draw.Warn, whole.Err, p.Left()-1)
	default:
		p.Text(draw.Dim, "being read ...")
	}
	view.CutTop(1)
}

// line writes one line of a field.
func (d *entry) line(r draw.Region, line *entryLine) {
	field := &d.fields[line.field]
	p := r.Pen(1, 0)
	indent := d.indent(line.field)
	if line.first && indent > 0 {
		p.Fit(draw.Dim, field.Name, indent-1)
	}
	p = r.Pen(1+indent, 0)
	if line.cut {
		p.Text(draw.Warn, "... and more: it has ").Int(draw.Warn, int64(field.Full)).Text(draw.Warn, " bytes")
		return
	}
	p.Bytes(draw.Text, field.Text[line.start:line.end])
}
