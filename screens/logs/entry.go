package logs

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/order"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// entry is the overlay with an entry whole: what its message says, the message's own fields, and once they are read the
// fields that its source has of it.
type entry struct {
	*screens.Sheet
	page    *Page
	row     journal.Row
	message []byte // as the page shows it
	raw     bool   // the message is shown as it was written
	whole   *journal.Whole
	fields  []field
}

// field is what the overlay shows of a field.
type field struct {
	journal.WholeField            // without a name: what the message says
	style              draw.Style // of the name
}

const messageField = "MESSAGE"

// arrange makes the fields anew when they have come; it allocates then.
func (d *entry) arrange(whole *journal.Whole) {
	if whole != nil && (whole.ID != d.row.ID || whole.Err != "") {
		whole = nil
	}
	if d.fields != nil && d.whole == whole {
		return
	}
	d.whole, d.fields = whole, d.fields[:0]
	says, own, other := d.takeApart()
	d.add(draw.Text, says)
	d.add(draw.Accent, own...)
	d.add(draw.Dim, other...)
}

func (d *entry) add(style draw.Style, fields ...journal.WholeField) {
	for _, f := range fields {
		d.fields = append(d.fields, field{f, style})
	}
}

// takeApart returns what the message says, its own fields, and those of its source by name: what the program gave then
// comes before what the journal knows of it, whose names begin with _. A message that was taken apart is among them as it
// was written.
func (d *entry) takeApart() (says journal.WholeField, own, other []journal.WholeField) {
	says = journal.WholeField{Text: d.message, Full: d.row.Full, Cut: d.row.Full > d.row.Kept}
	if d.whole == nil {
		return says, nil, nil
	}
	other = slices.Clone(d.whole.Fields)
	order.By(other, func(a, b *journal.WholeField) int { return cmp.Compare(a.Name, b.Name) })
	at := slices.IndexFunc(other, func(f journal.WholeField) bool { return f.Name == messageField })
	if at < 0 {
		return says, nil, other
	}
	says = other[at]
	says.Name = ""
	if !d.raw {
		says.Text, own = journal.Unpack(says.Text)
	}
	if bytes.Equal(says.Text, other[at].Text) {
		other = slices.Delete(other, at, at+1)
	}
	return says, own, other
}

const fieldColumns = 28 // of a field's name at most, with the gap after it

// newEntry asks for all fields of row until it is closed.
func newEntry(l *Page, page *journal.Page, row *journal.Row) *entry {
	d := &entry{page: l, row: *row, message: bytes.Clone(page.Message(row)), raw: l.query.Filter.Raw}
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
	d.arrange(whole(f))
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
	column := 0
	for i := range d.fields {
		column = max(column, draw.Columns(d.fields[i].Name)+2)
	}
	column = min(column, fieldColumns, view.W()/2)
	for i := range d.fields {
		if i > 0 && d.fields[i].style != d.fields[i-1].style {
			view.CutTop(1)
		}
		d.field(&view, &d.fields[i], column)
	}
	return view
}

// head writes what the log itself knows of the entry, and where its fields come from.
func (d *entry) head(view *draw.Region, f *frame.Frame) {
	letter, style := mark(d.row.Severity)
	p := view.CutTop(1).Pen(1, 0)
	p.Stamp(draw.Text, time.UnixMicro(d.row.Time).In(f.Now.Location())).Skip(2)
	p.Text(style, d.row.Severity.String()).Skip(1).Text(style, letter)
	p = view.CutTop(1).Pen(1, 0)
	p.Fit(draw.Accent, speaker(&d.row), p.Left()/2)
	if d.row.PID > 0 {
		p.Text(draw.Dim, "[").Int(draw.Dim, int64(d.row.PID)).Text(draw.Dim, "]")
	}
	p.Skip(2)
	if d.row.Repeats > 1 {
		p.Text(draw.Accent, "the newest of ").Int(draw.Accent, int64(d.row.Repeats)).Text(draw.Accent, " alike").Skip(2)
	}
	switch whole := whole(f); {
	case d.whole != nil:
		p.Int(draw.Dim, int64(len(whole.Fields))).Text(draw.Dim, " fields, read again from their source")
	case whole != nil && whole.ID == d.row.ID:
		p.Text(draw.Warn, "no fields: ").Fit(draw.Warn, whole.Err, p.Left()-1)
	default:
		p.Text(draw.Dim, "reading its fields ...")
	}
	view.CutTop(1)
}

// field writes a field, its text in column when it has a name, and how much of it there is when that is not all.
func (d *entry) field(view *draw.Region, f *field, column int) {
	_, style := mark(d.row.Severity)
	if f.Name == "" {
		column = 0
	} else {
		style = draw.Text
		p := view.Pen(1, 0)
		p.Fit(f.style, f.Name, column-1)
	}
	rest, room := f.Text, max(view.W()-column-2, 1)
	for more := true; more; {
		var line []byte
		line, rest, more = widget.WrapLine(rest, room)
		p := view.CutTop(1).Pen(1+column, 0)
		p.Bytes(style, line)
	}
	if f.Cut {
		p := view.CutTop(1).Pen(1+column, 0)
		p.Text(draw.Warn, "... and more: it has ").Int(draw.Warn, int64(f.Full)).Text(draw.Warn, " bytes")
	}
}
