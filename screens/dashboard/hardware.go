package dashboard

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawCPU(r draw.Region, f *frame.Frame) {
	rule := r.CutTop(1)
	p := widget.Heading(rule, "CPU", f, sample.Stat)
	if widget.Missing(&r, f, sample.Stat) {
		return
	}
	h := f.Host
	ruleGauge(rule, p.X(), h.CPU.Busy, f.Settings.CPU, widget.Old(f, sample.Stat))
	if d.fits.rows[cpuShares] > 0 {
		p = r.CutTop(1).Pen(1, 0)
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
	}
	if d.fits.rows[cpuLoad] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		tasks(&p, f)
	}
	if d.fits.rows[cpuStalled] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "stalled ")
		pressure(&p, f, "cpu", h.Pressure.CPUSome, "io", h.Pressure.IOSome)
	}
	if d.fits.rows[cpuSensors] > 0 {
		drawSensors(r.CutTop(1), f)
	}
	drawCores(r.CutTop(d.fits.rows[cpuCores]), h.Cores, f.Settings.CPU)
	title := "Processes outside VMs, in percent of a CPU"
	if r.W() < len(title)+3 {
		title = "Processes outside VMs, % of a CPU"
	}
	drawProcesses(r.CutTop(d.fits.rows[cpuProcesses]), title, false, f)
	history(r, &h.History.CPU, f.Settings.CPU, f)
}

// ruleGauge draws a gauge on a panel's rule, from a column on, with its figure behind it.
func ruleGauge(rule draw.Region, x int, percent float64, l frame.Limits, old bool) {
	const figure = len(" 100.0%!! ")
	bar := rule.Sub(x, 0, rule.W()-x-figure, 1).Faded(old)
	style := widget.Level(percent, l)
	bar.Gauge(0, percent, style)
	p := rule.Faded(old).Pen(x+bar.W(), 0)
	p.Text(style, " ").Share(style|draw.Bold, percent)
	if mark := widget.LevelMark(percent, l); mark != "  " {
		p.Text(style, mark)
	}
	p.Text(style, " ")
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

// barRows is how many rows the bars of so many CPUs take in a panel of a width.
func barRows(width, cores int) int {
	columns := max((width-1)/coreWidth(cores), 1)
	return (cores + columns - 1) / columns
}

// coreWidth is the narrowest bar of one of so many CPUs, with its number, its figure and a gap: "12 ███ 100% ".
func coreWidth(cores int) int { return coreNumber(cores) + len(" ") + 3 + len(" 100% ") }

func coreNumber(cores int) int { return widget.Digits(max(cores-1, 0)) }

// stripRows is how many rows a strip of so many CPUs takes, its caption included.
func stripRows(width, cores int) int {
	return min((cores+stripCaption(cores)+width-3)/max(width-2, 1), 3)
}

func stripCaption(cores int) int { return widget.Digits(cores) + len(" CPUs ") }

// drawCores draws a bar a CPU, packed into columns, or a strip of cells when there are too many.
func drawCores(r draw.Region, cores []sample.CPU, l frame.Limits) {
	if len(cores) == 0 || r.Empty() {
		return
	}
	rows := barRows(r.W(), len(cores))
	if rows > r.H() {
		heatStrip(r, cores, l)
		return
	}
	columns := (len(cores) + rows - 1) / rows
	for row := range rows {
		drawCoreRow(r.CutTop(1), cores, row*columns, columns, l)
	}
}

// drawCoreRow draws the bars of the CPUs from first on side by side, one in each of columns.
func drawCoreRow(r draw.Region, cores []sample.CPU, first, columns int, l frame.Limits) {
	width, number := (r.W()-1)/columns, coreNumber(len(cores))
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

// heatStrip draws one cell a CPU behind their number; with more CPUs than cells the busiest of each group.
func heatStrip(r draw.Region, cores []sample.CPU, l frame.Limits) {
	r = r.Inset(1)
	caption := stripCaption(len(cores))
	p := r.Pen(0, 0)
	p.Int(draw.Text, int64(len(cores))).Text(draw.Dim, " CPUs")
	strip := r.Sub(caption, 0, r.W()-caption, r.H())
	cells := strip.W() * strip.H()
	if cells <= 0 {
		return
	}
	each := (len(cores) + cells - 1) / cells
	if each > 1 && strip.H() > 1 {
		p = r.Pen(0, 1)
		p.Int(draw.Text, int64(each)).Text(draw.Dim, " a cell")
	}
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

func (d *Page) drawMemory(r draw.Region, f *frame.Frame) {
	rule := r.CutTop(1)
	p := widget.Heading(rule, "Memory", f, sample.Meminfo)
	if widget.Missing(&r, f, sample.Meminfo) {
		return
	}
	m := &f.Host.Memory
	ruleGauge(rule, p.X(), m.UsedPercent(), f.Settings.Memory, widget.Old(f, sample.Meminfo))
	if d.fits.rows[memoryAmounts] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		amount(&p, "Total", m.Total)
		amount(&p, "Used", m.Used)
		amount(&p, "Available", m.Available)
		p = r.CutTop(1).Pen(1, 0)
		amount(&p, "Cache", m.Cached+m.Buffers)
		amount(&p, "Free", m.Free)
		if m.ARC > 0 {
			amount(&p, "ZFS ARC", m.ARC)
		}
	}
	if d.fits.rows[memorySwap] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		swap(&p, m)
		amount(&p, "Dirty", m.Dirty)
		amount(&p, "Buffers", m.Buffers)
	}
	hugePages(&r, f, d.fits.rows[memoryHuge])
	if d.fits.rows[memoryStalled] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "stalled ")
		pressure(&p, f, "some", f.Host.Pressure.MemorySome, "full", f.Host.Pressure.MemoryFull)
	}
	drawProcesses(r.CutTop(d.fits.rows[memoryProcesses]), "Processes outside VMs, by memory", true, f)
	history(r, &f.Host.History.Memory, f.Settings.Memory, f)
}

// amountWidth is a labelled size: 7 columns for the name, 9 for the figure, 3 before the next.
const amountWidth = 19

// amount writes a labelled size if it fits whole. A name longer than 7 columns takes of the room before the figure.
func amount(p *draw.Pen, name string, bytes uint64) {
	if p.Left() < amountWidth-2 {
		return
	}
	start := p.X()
	p.Text(draw.Dim, name).To(max(start+7, p.X()+1))
	p.Size(draw.Text, bytes, start+16-p.X()).To(start + amountWidth)
}

func swap(p *draw.Pen, m *sample.Memory) {
	if m.SwapTotal > 0 {
		amount(p, "Swap", m.SwapUsed)
		return
	}
	p.Text(draw.Dim, "Swap   ").Right(draw.Dim, "none", 9).Skip(3)
}

// hugePages cuts a row off r for each size of which there are pages, most of them at most.
func hugePages(r *draw.Region, f *frame.Frame, most int) {
	for i := range f.Host.Huge {
		h := &f.Host.Huge[i]
		if h.Total == 0 || most == 0 {
			continue
		}
		most--
		p := r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "Huge   ").Int(draw.Text, int64(h.Total-h.Free)).Text(draw.Dim, "/").Int(draw.Text, int64(h.Total))
		p.Text(draw.Dim, " pages of ").Size(draw.Text, h.Size, 0)
		if h.Reserved > 0 && p.Left() > 26 {
			p.Text(draw.Dim, ", ").Int(draw.Text, int64(h.Reserved)).Text(draw.Dim, " of the free promised")
		}
	}
}

// openHardware shows each CPU, memory in full and every sensor.
func openHardware(*frame.Frame) screens.Screen {
	return screens.NewSheet("hardware", "CPUs, memory and sensors", screens.Wide, hardware)
}

func hardware(view draw.Region, f *frame.Frame) draw.Region {
	if f.Host == nil {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "--")
		return view
	}
	view = view.Faded(f.LateSince != 0)
	hardwareCPUs(&view, f)
	hardwareMemory(&view, f)
	hardwareSensors(&view, f)
	return view
}

func hardwareCPUs(view *draw.Region, f *frame.Frame) {
	h := f.Host
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title|draw.Bold, "CPUs").Skip(2)
	if widget.Placeholder(&p, f, sample.Stat) {
		return
	}
	p.Int(draw.Text, int64(len(h.Cores))).Text(draw.Dim, " online  ")
	if h.Offline >= 0 {
		p.Int(draw.Text, int64(h.Offline)).Text(draw.Dim, " offline  ")
	}
	if !math.IsNaN(h.MHz) {
		p.Float(draw.Text, h.MHz, 0, 0).Text(draw.Dim, " MHz")
	}
	value(p.Skip(2), "guest", h.CPU.Guest, 1)
	value(&p, "steal", h.CPU.Steal, 1)
	rows := barRows(view.W(), len(h.Cores))
	bars := view.CutTop(rows)
	columns := (len(h.Cores) + rows - 1) / max(rows, 1)
	for row := range rows {
		line := bars.CutTop(1)
		if line.Visible() {
			drawCoreRow(line, h.Cores, row*columns, columns, f.Settings.CPU)
		}
	}
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "stalled ")
	if !widget.Placeholder(&p, f, sample.Pressure) {
		stalled(&p, "cpu", h.Pressure.CPUSome, h.Pressure.CPUSome60)
		stalled(&p, "memory", h.Pressure.MemorySome, h.Pressure.MemorySome60)
		stalled(&p, "io", h.Pressure.IOSome, h.Pressure.IOSome60)
		p.Text(draw.Dim, "of 10s and 60s")
	}
}

func stalled(p *draw.Pen, name string, ten, sixty float64) {
	p.Text(draw.Dim, name).Skip(1).Float(draw.Text, ten, 1, 0).Text(draw.Dim, "/").Float(draw.Text, sixty, 1, 0).Text(draw.Dim, "%  ")
}

func hardwareMemory(view *draw.Region, f *frame.Frame) {
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Memory")
	if r := *view; widget.Missing(&r, f, sample.Meminfo) {
		view.CutTop(1)
		return
	}
	m := &f.Host.Memory
	p := view.CutTop(1).Pen(1, 0)
	amount(&p, "Total", m.Total)
	amount(&p, "Used", m.Used)
	amount(&p, "Available", m.Available)
	p = view.CutTop(1).Pen(1, 0)
	amount(&p, "Free", m.Free)
	amount(&p, "Cached", m.Cached)
	amount(&p, "Buffers", m.Buffers)
	amount(&p, "Dirty", m.Dirty)
	p = view.CutTop(1).Pen(1, 0)
	if swap(&p, m); m.SwapTotal > 0 {
		amount(&p, "of", m.SwapTotal)
	}
	if m.ARC > 0 {
		amount(&p, "ZFS ARC", m.ARC)
	}
	hugePages(view, f, len(f.Host.Huge))
	for i := range f.Host.EDAC {
		e := &f.Host.EDAC[i]
		p = view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "Memory controller ").Text(draw.Text, e.Name).Text(draw.Dim, ": ").Int(draw.Text, int64(e.Corrected))
		p.Text(draw.Dim, " errors corrected, ").Int(errorStyle(e.Uncorrected), int64(e.Uncorrected)).Text(draw.Dim, " not")
	}
}

func errorStyle(n uint64) draw.Style {
	if n > 0 {
		return draw.Bad
	}
	return draw.Text
}

func hardwareSensors(view *draw.Region, f *frame.Frame) {
	h := f.Host
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Sensors")
	if len(h.Sensors)+len(h.Fans)+len(h.Power) == 0 {
		p := view.CutTop(1).Pen(1, 0)
		if !widget.Placeholder(&p, f, sample.Sensors) {
			p.Text(draw.Dim, "none")
		}
		return
	}
	for i := range h.Sensors {
		s := &h.Sensors[i]
		reading(view.CutTop(1), s.Name, s.Celsius, " C", "limit", s.High, s.Celsius >= s.High)
	}
	for i := range h.Fans {
		fan := &h.Fans[i]
		reading(view.CutTop(1), fan.Name, fan.RPM, " rpm", "least", fan.Low, fan.RPM <= fan.Low)
	}
	for i := range h.Power {
		w := &h.Power[i]
		reading(view.CutTop(1), w.Name, w.Watts, " W", "limit", w.High, w.Watts >= w.High)
	}
}

// reading writes a sensor with its own limit where it names one.
func reading(r draw.Region, name string, v float64, unit, limit string, at float64, bad bool) {
	style := draw.Text
	if bad {
		style = draw.Bad
	}
	const names = 34
	p := r.Pen(1, 0)
	p.Fit(draw.Text, name, names-1).To(1+names).Float(style, v, 0, 8).Text(draw.Dim, unit)
	if !math.IsNaN(at) {
		p.To(names+16).Text(draw.Dim, limit).Skip(1).Float(draw.Dim, at, 0, 0).Text(draw.Dim, unit)
	}
	if bad {
		p.Skip(1).Text(draw.Bad, "!!")
	}
}

// drawSensors is one row: the temperature nearest to its limit, the slowest fan, what the machine draws.
func drawSensors(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	hottest(&p, f.Host.Sensors)
	slowest(&p, f.Host.Fans)
	power(&p, f.Host.Power)
}

// hottest writes the sensor that is nearest to its own limit, or the warmest.
func hottest(p *draw.Pen, sensors []sample.Sensor) {
	best := -1
	for i := range sensors {
		if !math.IsNaN(sensors[i].Celsius) && (best < 0 || heat(&sensors[i]) > heat(&sensors[best])) {
			best = i
		}
	}
	if best < 0 {
		return
	}
	s := &sensors[best]
	style := draw.Text
	if s.Celsius >= s.High {
		style = draw.Bad
	}
	p.Float(style, s.Celsius, 0, 0).Text(draw.Dim, " C ").Fit(draw.Dim, s.Name, min(p.Left()-1, 24)).Skip(2)
}

func heat(s *sample.Sensor) float64 {
	if math.IsNaN(s.High) || s.High <= 0 {
		return s.Celsius / 100
	}
	return s.Celsius / s.High
}

// slowest writes the fan that turns least.
func slowest(p *draw.Pen, fans []sample.Fan) {
	best := -1
	for i := range fans {
		if !math.IsNaN(fans[i].RPM) && (best < 0 || fans[i].RPM < fans[best].RPM) {
			best = i
		}
	}
	if best < 0 || p.Left() < 16 {
		return
	}
	style := draw.Text
	if fans[best].RPM <= fans[best].Low {
		style = draw.Bad
	}
	p.Text(draw.Dim, "fan ").Float(style, fans[best].RPM, 0, 0).Text(draw.Dim, " rpm").Skip(2)
}

// power writes the meter that shows most.
func power(p *draw.Pen, meters []sample.Power) {
	most := math.NaN()
	for i := range meters {
		if w := meters[i].Watts; !math.IsNaN(w) && !(w <= most) {
			most = w
		}
	}
	if !math.IsNaN(most) && p.Left() > 8 {
		p.Float(draw.Text, most, 0, 0).Text(draw.Dim, " W").Skip(2)
	}
}
