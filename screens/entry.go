package screens

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/screens/frame"
)

// drawEntry shows the entry under the cursor whole, with what is known of it.
func drawEntry(c *Console, r draw.Region, f *frame.Frame) {
	inside := window(r, max(r.W()-4, 40), max(r.H()-2, 8), "Entry")
	if f.Page == nil {
		return
	}
	i := index(f.Page, c.logs.cursor)
	if i < 0 {
		p := inside.Pen(1, 0)
		p.Text(draw.Dim, "no longer in the buffer")
		return
	}
	row := &f.Page.Rows[i]
	text := f.Page.Message(row)
	view := inside.Scrolled(c.scroll.top, math.MaxInt16)
	start := view.H()
	at := time.UnixMicro(row.Time).In(f.Now.Location())
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "time      ").Stamp(draw.Text, at)
	p = view.CutTop(1).Pen(1, 0)
	letter, style := mark(row.Severity)
	p.Text(draw.Dim, "severity  ").Text(style, row.Severity.String()).Skip(1).Text(style, letter)
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "unit      ").Text(draw.Text, row.Unit)
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "pid       ")
	if row.PID > 0 {
		p.Int(draw.Text, int64(row.PID))
	} else {
		p.Text(draw.Dim, "n/a")
	}
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "length    ").Int(draw.Text, int64(row.Full)).Text(draw.Dim, " bytes")
	if row.Full > len(text) {
		p.Text(draw.Warn, ", the first ").Int(draw.Warn, int64(len(text))).Text(draw.Warn, " are kept")
	}
	view.CutTop(1)
	room := max(view.W()-2, 10)
	var line []byte
	for more := true; more; {
		line, text, more = wrapLine(text, room)
		p = view.CutTop(1).Pen(1, 0)
		p.Bytes(draw.Text, line)
	}
	c.scroll.fit(inside.H(), start-view.H())
	moreBelow(inside, &c.scroll)
}
