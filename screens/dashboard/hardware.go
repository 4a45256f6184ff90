package dashboard

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// openHardware shows each CPU, memory in full and every sensor.
func openHardware(*frame.Frame) screens.Screen {
	return screens.NewSheet("hardware", "CPUs, memory and sensors", screens.Whole, hardware)
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
	rows := barRows(*view, len(h.Cores))
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
