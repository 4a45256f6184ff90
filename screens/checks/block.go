package checks

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens/widget"
)

// drawPage draws the screen of a plugin's own, and returns the rest of view.
func drawPage(view draw.Region, page *plugin.Page) draw.Region {
	if page.Title == "" && len(page.Blocks) == 0 {
		return view
	}
	view.CutTop(1)
	p := view.CutTop(1).Rule(0, "")
	p.Skip(1).Fit(draw.Title|draw.Bold, page.Title, p.Left()-2)
	label := 0 // of all gauges, which stand below each other
	for i := range page.Blocks {
		if g := page.Blocks[i].Gauge; g != nil {
			label = max(label, min(draw.Columns(g.Label), view.W()/3))
		}
	}
	for i := range page.Blocks {
		b := &page.Blocks[i]
		if i > 0 && (b.Gauge == nil || page.Blocks[i-1].Gauge == nil) {
			view.CutTop(1)
		}
		switch {
		case b.Table != nil:
			drawTable(&view, b.Table)
		case b.Gauge != nil:
			drawGauge(&view, b.Gauge, label)
		case b.Series != nil:
			drawSeries(&view, b.Series)
		default:
			view = drawPairs(view, b.Pairs)
		}
	}
	return view
}

// judge writes the sign of what a plugin judges to be not as it should be, and leaves a blank else.
func judge(p *draw.Pen, s plugin.Status, judged bool) {
	x := p.X()
	if judged {
		[...]state{plugin.OK: fine, plugin.Warning: warning, plugin.Critical: critical, plugin.Unknown: unknown}[min(s, plugin.Unknown)].mark(p)
	}
	p.To(x + markWidth)
}

// drawPairs draws names and what they are.
func drawPairs(view draw.Region, pairs []plugin.Pair) draw.Region {
	name := 0
	for i := range pairs {
		name = max(name, draw.Columns(pairs[i].Name))
	}
	name = min(name, max(view.W()/3, 8))
	for i := range pairs {
		pair := &pairs[i]
		p := view.Pen(1, 0)
		judge(&p, pair.Status, pair.Judged)
		p.Fit(draw.Dim, pair.Name, name)
		view = widget.Wrapped(view, 1+markWidth+name+2, statusStyle(pair.Status, pair.Judged), pair.Value)
	}
	return view
}

// drawTable draws a table, its columns as wide as what is in them as far as there is room: the widest are cut first, and what
// does not fit then is left out.
func drawTable(view *draw.Region, t *plugin.Table) {
	const gap, least = 2, 6
	var widths [plugin.MaxColumns]int
	columns := t.Columns[:min(len(t.Columns), len(widths))]
	for c := range columns {
		widths[c] = draw.Columns(columns[c].Name)
		for r := range t.Rows {
			if c < len(t.Rows[r].Cells) {
				widths[c] = max(widths[c], draw.Columns(t.Rows[r].Cells[c]))
			}
		}
	}
	left := view.W() - 1 - markWidth - 1
	all := len(columns)
	for len(columns) > 1 && sum(widths[:len(columns)], least, gap) > left {
		columns = columns[:len(columns)-1]
	}
	most := view.W()
	for most > least && sum(widths[:len(columns)], most, gap) > left {
		most--
	}
	cell := func(p *draw.Pen, c int, style draw.Style, text string) {
		width, x := min(widths[c], most), p.X()
		if columns[c].Right {
			p.Skip(max(width-draw.Columns(text), 0))
		}
		p.Fit(style, text, x+width-p.X()).To(x + width + gap)
	}
	p := view.CutTop(1).Pen(1+markWidth, 0)
	for c := range columns {
		cell(&p, c, draw.Dim, columns[c].Name)
	}
	for i := range t.Rows {
		row := &t.Rows[i]
		p := view.CutTop(1).Pen(1, 0)
		judge(&p, row.Status, row.Judged)
		for c := range min(len(columns), len(row.Cells)) {
			cell(&p, c, statusStyle(row.Status, row.Judged), row.Cells[c])
		}
	}
	if more := all - len(columns); more > 0 {
		p := view.CutTop(1).Pen(1+markWidth, 0)
		p.Text(draw.Dim, "and ").Int(draw.Text, int64(more)).Fit(draw.Dim, " more columns, for which the screen is too narrow", p.Left())
	}
}

// sum is how many columns of the screen so many columns of a table take, none of them wider than most.
func sum(widths []int, most, gap int) (n int) {
	for _, w := range widths {
		n += min(w, most) + gap
	}
	return n - gap
}

// drawGauge draws a share, its label in so many columns. Its figures have a row of their own where there is no room for them.
func drawGauge(view *draw.Region, g *plugin.Gauge, label int) {
	const bar, figures, few = 40, 30, 4
	line := view.CutTop(1)
	p := line.Pen(1, 0)
	judge(&p, g.Status, g.Judged)
	p.Fit(draw.Dim, g.Label, label).To(1 + markWidth + label + 2)
	style := draw.Accent
	if g.Judged {
		style = statusStyle(g.Status, true)
	}
	percent := 100 * g.Value / g.Of
	if math.IsInf(percent, 0) { // there is no number for it
		percent = math.NaN()
	}
	if width := min(bar, p.Left()-figures); width >= few {
		line.Sub(p.X(), 0, width, 1).Gauge(0, percent, style)
		p.Skip(width + 1)
	}
	var room [96]byte
	text := room[:0]
	if g.Unit != "%" || g.Of != 100 {
		text = append(appendValue(text, g.Value, g.Unit), " of "...)
		text = append(appendValue(text, g.Of, g.Unit), ", "...)
	}
	text = appendValue(text, percent, "%")
	if draw.ColumnsBytes(text, len(text)) > p.Left() {
		p = view.CutTop(1).Pen(1+2*markWidth, 0)
	}
	p.FitBytes(statusStyle(g.Status, g.Judged), text, p.Left())
}

// drawSeries draws the course of a figure, the newest on the right, with its least, its most and its newest value.
func drawSeries(view *draw.Region, s *plugin.Series) {
	const rows = 3
	low, high := extremes(s.Points)
	last := math.NaN()
	if n := len(s.Points); n > 0 {
		last = s.Points[n-1]
	}
	p := view.CutTop(1).Pen(1+markWidth, 0)
	p.Fit(draw.Dim, s.Label, view.W()/3)
	for _, part := range [...]struct {
		name string
		v    float64
	}{{"min", low}, {"max", high}, {"last", last}} {
		var room [48]byte
		text := appendValue(room[:0], part.v, s.Unit)
		if p.Left() < 3+len(part.name)+draw.ColumnsBytes(text, len(text)) {
			p = view.CutTop(1).Pen(1+markWidth, 0)
		}
		p.Skip(2).Text(draw.Dim, part.name).Skip(1).FitBytes(draw.Text, text, p.Left())
	}
	if math.IsNaN(high) {
		return
	}
	graph := view.CutTop(rows).Inset(1 + markWidth)
	base := min(low, 0)
	each := max((len(s.Points)+graph.W()-1)/max(graph.W(), 1), 1) // points of a column
	columns := min((len(s.Points)+each-1)/each, graph.W())
	for x := range columns {
		end := len(s.Points) - (columns-1-x)*each
		if _, peak := extremes(s.Points[max(end-each, 0):end]); !math.IsNaN(peak) { // what is not known is a gap
			graph.Sub(x, 0, 1, rows).Heat(100*(peak-base)/max(high-base, math.SmallestNonzeroFloat64), draw.Accent)
		}
	}
}

// extremes returns the least and the greatest of those values that are known, NaN where none is.
func extremes(values []float64) (low, high float64) {
	low, high = math.NaN(), math.NaN()
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case math.IsNaN(low):
			low, high = v, v
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}
