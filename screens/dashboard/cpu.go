package dashboard

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawCPU(r draw.Region, f *frame.Frame) {
	widget.Heading(r.CutTop(1), "CPU", f, sample.Stat)
	if widget.Missing(&r, f, sample.Stat) {
		return
	}
	h := f.Host
	gaugeLine(r.CutTop(1), h.CPU.Busy, f.Settings.CPU)
	p := r.CutTop(1).Pen(1, 0)
	value(&p, "user", h.CPU.User, 1)
	value(&p, "sys", h.CPU.System, 1)
	value(&p, "iowait", h.CPU.IOWait, 1)
	if h.CPU.Guest > 0 {
		value(&p, "guest", h.CPU.Guest, 1)
	}
	value(&p, "steal", h.CPU.Steal, 1)
	value(&p, "irq", h.CPU.IRQ, 1)
	if !math.IsNaN(h.MHz) && p.Left() > 10 {
		p.Float(draw.Text, h.MHz, 0, 0).Text(draw.Dim, " MHz")
	}
	p = r.CutTop(1).Pen(1, 0)
	tasks(&p, f)
	if fits(cpuPressure, d.body) {
		p = r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "stalled ")
		pressure(&p, f, "cpu", h.Pressure.CPUSome, "io", h.Pressure.IOSome)
	}
	if fits(temperature, d.body) && len(h.Sensors)+len(h.Fans)+len(h.Power) > 0 {
		drawSensors(r.CutTop(1), f)
	}
	if !fits(coreBars, d.body) {
		return
	}
	bars := r.CutTop(coreRows(r, len(h.Cores)))
	drawCores(bars, h.Cores, f.Settings.CPU)
	if fits(sparklines, d.body) {
		history(r, &h.History.CPU, 100, draw.Good, f)
	}
}

func tasks(p *draw.Pen, f *frame.Frame) {
	p.Text(draw.Dim, "load ")
	if !widget.Placeholder(p, f, sample.Loadavg) {
		h := f.Host
		p.Float(draw.Text, h.Load[0], 2, 0).Skip(1).Float(draw.Text, h.Load[1], 2, 0).Skip(1).Float(draw.Text, h.Load[2], 2, 0)
		p.Skip(2).Text(draw.Dim, "tasks ").Int(draw.Text, int64(h.Running)).Text(draw.Dim, "/").Int(draw.Text, int64(h.Tasks))
		if h.Blocked > 0 && p.Left() > 14 {
			p.Skip(2).Int(draw.Warn, int64(h.Blocked)).Text(draw.Warn, " blocked")
		}
		if h.Offline > 0 && p.Left() > 16 {
			p.Skip(2).Int(draw.Warn, int64(h.Offline)).Text(draw.Warn, " CPUs off")
		}
	}
}

// pressure writes two shares of the last ten seconds in which tasks waited.
func pressure(p *draw.Pen, f *frame.Frame, name1 string, v1 float64, name2 string, v2 float64) {
	if widget.Placeholder(p, f, sample.Pressure) {
		return
	}
	p.Text(draw.Dim, name1).Skip(1).Float(draw.Text, v1, 1, 0).Text(draw.Dim, "%")
	p.Skip(2).Text(draw.Dim, name2).Skip(1).Float(draw.Text, v2, 1, 0).Text(draw.Dim, "% of 10s")
}

const coreWidth = 14 // the narrowest bar of one core: "12 ████  100% "

// coreRows is how many of r's rows the cores take: as bars when they fit in half of it, else as a strip of cells.
func coreRows(r draw.Region, cores int) int {
	if cores == 0 || r.Empty() {
		return 0
	}
	if rows := barRows(r, cores); rows <= r.H() {
		return rows
	}
	return min(r.H(), 1+(cores+r.W()-3)/max(r.W()-2, 1))
}

// extraDigits is how many digits beyond three the numbers of so many CPUs may have.
func extraDigits(cores int) int { return max(widget.Digits(cores-1)-3, 0) }

func barRows(r draw.Region, cores int) int {
	columns := max((r.W()-1)/(coreWidth+extraDigits(cores)), 1)
	return (cores + columns - 1) / columns
}

// drawCores draws a bar a core, packed into columns, or the heat strip when there are too many.
func drawCores(r draw.Region, cores []sample.CPU, l frame.Limits) {
	if len(cores) == 0 || r.Empty() {
		return
	}
	rows := barRows(r, len(cores))
	if rows > r.H() {
		heatStrip(r, cores, l)
		return
	}
	columns := (len(cores) + rows - 1) / rows
	for row := range rows {
		drawCoreRow(r.CutTop(1), cores, row*columns, columns, l)
	}
}

// drawCoreRow draws the bars of the cores from first on side by side, one in each of columns.
func drawCoreRow(r draw.Region, cores []sample.CPU, first, columns int, l frame.Limits) {
	width, number := (r.W()-1)/columns, 3+extraDigits(len(cores))
	for i := first; i < min(first+columns, len(cores)); i++ {
		core := &cores[i]
		cell := r.Sub(1+(i-first)*width, 0, width-1, 1)
		p := cell.Pen(0, 0)
		p.IntRight(draw.Dim, int64(core.ID), number)
		cell.CutLeft(number + 1)
		figure := cell.CutRight(5)
		style := widget.Level(core.Busy, l)
		cell.Gauge(0, core.Busy, style)
		p = figure.Pen(0, 0)
		p.Float(style, core.Busy, 0, 4).Text(draw.Dim, "%")
	}
}

// heatStrip draws one cell a core; with more cores than cells the busiest of each group.
func heatStrip(r draw.Region, cores []sample.CPU, l frame.Limits) {
	p := r.CutTop(1).Pen(1, 0)
	strip := r.Inset(1)
	cells := strip.W() * strip.H()
	p.Int(draw.Text, int64(len(cores))).Text(draw.Dim, " cores")
	if cells <= 0 {
		return
	}
	each := (len(cores) + cells - 1) / cells
	p.Text(draw.Dim, ", ").Int(draw.Dim, int64(each)).Text(draw.Dim, " to a cell")
	for i := 0; i*each < len(cores); i++ {
		busiest := math.NaN()
		for _, core := range cores[i*each : min((i+1)*each, len(cores))] {
			if math.IsNaN(busiest) || core.Busy > busiest {
				busiest = core.Busy
			}
		}
		strip.Sub(i%strip.W(), i/strip.W(), 1, 1).Heat(busiest, widget.Level(busiest, l))
	}
}
