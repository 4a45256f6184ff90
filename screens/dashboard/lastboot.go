package dashboard

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// lastBootTold is for how long after it a boot without a shutdown before it is told of.
const lastBootTold = 10 * time.Minute

// lastBootRows is how many rows of a body of w by h the card of the boot before takes: none where that was shut down or is not
// known, where this one is not young, and on small screens.
func lastBootRows(w, h int, f *frame.Frame) int {
	switch {
	case f.Past != nil || f.Boot >= lastBootTold || !screens.NotShutDown(f) || w < widget.Narrow || h < 16:
		return 0
	case f.LastRun == nil:
		return 2
	}
	return 4
}

// drawLastBoot is the card of the boot before, which was not shut down: what says so, when the last record of it is, its figures,
// and what was wrong then since when.
func drawLastBoot(r draw.Region, f *frame.Frame) {
	const enough = 16 // columns of a problem's words
	p := r.CutTop(1).Rule(0, "Before this boot:")
	p.Fit(draw.Warn, f.System.LastBoot.Why, p.Left()-len(" [B] ")).Text(draw.Dim, " ").Text(draw.Accent, "[B]").Text(draw.Dim, " ")
	run := f.LastRun
	p = r.CutTop(1).Pen(1, 0)
	if run == nil {
		p.Text(draw.Dim, "no record of it is known")
		return
	}
	screens.LastRecord(&p, run, f)
	p = r.CutTop(1).Pen(1, 0)
	screens.LastFigures(&p, run, f)
	p = r.CutTop(1).Pen(1, 0)
	if len(run.Problems) == 0 {
		p.Text(draw.Dim, "no problem was known")
	}
	for i := range run.Problems {
		var room [256]byte
		problem := &run.Problems[i]
		what, more := problem.AppendShort(room[:0]), len(run.Problems)-i
		left := p.Left() - len("! ") - len(" since 02:11  +99 more ")
		if columns := draw.ColumnsBytes(what, left+1); i > 0 && columns > left && left < enough {
			p.Text(draw.Dim, "+").Int(draw.Dim, int64(more)).Text(draw.Dim, " more")
			return
		}
		style := screens.SeverityStyle(problem.Severity)
		p.Glyph(style|draw.Bold, draw.Attention).Skip(1).FitBytes(style, what, left)
		p.Text(draw.Dim, " since ").Bytes(draw.Text, run.End.Add(min(problem.Since-run.Boot, 0)).AppendFormat(room[:0], "15:04")).Skip(2)
	}
}
