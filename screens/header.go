package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// The columns of the header: nothing moves between sizes, wide screens put more to the right.
const (
	headerSecond = 29
	headerThird  = 57
	headerFourth = 68
	headerFifth  = 94
)

// headerRows is three, and one more for the verdict; under 12 rows the verdict takes the second's place.
func headerRows(w, h int, f *frame.Frame) int {
	rows := 3
	if w < narrow && h < 12 {
		rows = 2
	}
	if len(f.Problems) > 0 && h >= 12 {
		rows++
	}
	return rows
}

func (c *Console) drawHeader(r draw.Region, f *frame.Frame) {
	verdictRow := -1
	if len(f.Problems) > 0 {
		verdictRow = min(r.H()-1, 3)
		if r.H() < 4 {
			verdictRow = 1
		}
	}
	if r.W() < narrow {
		shortHeader(r, f, c.paused)
	} else {
		fullHeader(r, f, c.paused)
	}
	if verdictRow >= 0 {
		row := r.Sub(0, verdictRow, r.W(), 1)
		row.Fill(' ', draw.Text)
		c.drawVerdict(row, f)
	}
}

func fullHeader(r draw.Region, f *frame.Frame, paused bool) {
	h := f.Host
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "Node: ").Fit(draw.Accent|draw.Bold, hostname(f), headerSecond-1-p.X())
	p.To(headerSecond).Text(draw.Dim, "Uptime: ")
	uptime(&p, f)
	p.To(headerThird).Text(draw.Dim, "CPU: ")
	cpuPercent(&p, f)
	p.To(headerFourth).Text(draw.Dim, "Load: ")
	load(&p, f)

	p = r.Pen(1, 1)
	k3s(&p, f, headerSecond-1)
	p.To(headerSecond).Text(draw.Dim, "Memory: ")
	memoryUsed(&p, f)
	p.To(headerThird).Text(draw.Dim, "VMs: ")
	vmsOfCluster(&p, f, headerFourth-1-p.X())
	p.To(headerFourth).Text(draw.Dim, "Pods: ")
	podsOfCluster(&p, f, min(headerFifth-1, r.W())-p.X())

	p = r.Pen(1, 2)
	p.Text(draw.Dim, "KubeVirt: ")
	kubevirt(&p, f, headerSecond-1-p.X())
	p.To(headerSecond)
	primaryAddress(&p, f, headerThird-headerSecond-1)
	p.To(headerThird)
	clock(&p, f, paused)

	if r.W() < headerFifth+20 || h == nil {
		return
	}
	for i, text := range [...]string{h.Machine.OS, h.Machine.Model, h.Machine.Kernel} {
		p = r.Pen(headerFifth, i)
		p.Text(draw.Dim, [...]string{"OS: ", "Machine: ", "Kernel: "}[i])
		if text == "" {
			text = "n/a"
		}
		p.Fit(draw.Text, text, p.Left()-1)
	}
}

// shortHeader is for screens narrower than 72 columns: which machine, when, and the three figures that matter.
func shortHeader(r draw.Region, f *frame.Frame, paused bool) {
	p := r.Pen(0, 0)
	p.Fit(draw.Accent|draw.Bold, hostname(f), r.W()-23)
	p.To(max(r.W()-21, p.X()+1))
	clock(&p, f, paused)
	p = r.Pen(0, 1)
	p.Text(draw.Dim, "CPU ")
	cpuPercent(&p, f)
	p.Text(draw.Dim, " Mem ")
	memoryUsed(&p, f)
	p = r.Pen(0, 2)
	p.Text(draw.Dim, "Up ")
	uptime(&p, f)
	p.Skip(2)
	primaryAddress(&p, f, p.Left())
}

func hostname(f *frame.Frame) string {
	if f.Host == nil {
		return "--"
	}
	if f.Host.Machine.Hostname == "" {
		return "n/a"
	}
	return f.Host.Machine.Hostname
}

func uptime(p *draw.Pen, f *frame.Frame) {
	if !placeholder(p, f, sample.Uptime) {
		p.Uptime(draw.Text, f.Host.Uptime)
	}
}

func load(p *draw.Pen, f *frame.Frame) {
	if !placeholder(p, f, sample.Loadavg) {
		p.Float(draw.Text, f.Host.Load[0], 2, 0)
	}
}

func cpuPercent(p *draw.Pen, f *frame.Frame) {
	if !placeholder(p, f, sample.Stat) {
		p.Share(level(f.Host.CPU.Busy, f.Settings.CPU), f.Host.CPU.Busy)
	}
}

func memoryUsed(p *draw.Pen, f *frame.Frame) {
	if placeholder(p, f, sample.Meminfo) {
		return
	}
	m := &f.Host.Memory
	p.SizeOf(level(m.UsedPercent(), f.Settings.Memory), m.Used, m.Total)
}

// primaryAddress writes the address that others reach this host by: the first global one of the interface that holds
// the default route, else the first global one at all.
func primaryAddress(p *draw.Pen, f *frame.Frame, n int) {
	if f.Net == nil || f.Host == nil || !f.Host.Health[sample.Links].Has() {
		p.Text(draw.Dim, "--")
		return
	}
	a, name := frame.PrimaryAddress(f.Net)
	if a == "" {
		p.Fit(draw.Warn, "no address", n)
		return
	}
	before := p.X()
	p.Fade(old(f, sample.Links)).Fit(draw.Accent, a, n)
	if room := n - (p.X() - before) - 1; room >= len(name) {
		p.Skip(1).Text(draw.Dim, name)
	}
}

var beats = [...]draw.Glyph{draw.Beat0, draw.Beat1, draw.Beat2, draw.Beat3}

// clock writes the heartbeat, date, time and zone: a frozen host is seen at once. A paused picture says so instead.
func clock(p *draw.Pen, f *frame.Frame, paused bool) {
	if paused {
		p.Text(draw.Selected, " PAUSED ").Skip(1).Time(draw.Text, f.Now)
		return
	}
	p.Glyph(draw.Good, beats[f.Tick%uint64(len(beats))]).Skip(1).Date(draw.Text, f.Now).Skip(1).Time(draw.Accent|draw.Bold, f.Now)
	if zone, _ := f.Now.Zone(); p.Left() > 5 {
		p.Skip(1).Fit(draw.Dim, zone, min(5, p.Left()-1))
	}
}

// drawVerdict says what is wrong, since when and where to look.
func (c *Console) drawVerdict(r draw.Region, f *frame.Frame) {
	worst := &f.Problems[0]
	style := draw.Bad
	if worst.Severity >= journal.Warning {
		style = draw.Warn
	}
	p := r.Pen(1, 0)
	p.Glyph(style|draw.Bold, draw.Attention).Skip(1)
	const ageAndPlace, others, whom = 14, 9, 20
	more := len(f.Problems) - 1
	if r.W() < narrow {
		more = 0
	}
	room := r.W() - p.X() - ageAndPlace
	if more > 0 {
		room -= others
	}
	var text [256]byte
	short := worst.AppendShort(text[:0])
	columns := draw.ColumnsBytes(short, room)
	p.FitBytes(style|draw.Bold, short, min(room, columns))
	if !worst.Dated() {
		p.Skip(1).Age(style, f.Boot-worst.Since)
	}
	if room-columns >= whom {
		p.Bytes(style, worst.AppendWhom(text[:0]))
	}
	p.Skip(1)
	c.where(&p, worst)
	if more > 0 {
		p.Skip(1).Text(draw.Dim, "+").Int(draw.Dim, int64(more)).Text(draw.Dim, " more")
	}
}

// where writes the key of the page where to look for what a problem is about.
func (c *Console) where(p *draw.Pen, problem *frame.Problem) {
	if i := position(c.pages, problem.Where); i >= 0 {
		p.Text(draw.Accent, "[F").Int(draw.Accent, int64(i)+1).Text(draw.Accent, "]")
	}
}

// tiny screens get a picture of their own.
func tiny(w, h int) bool { return w < 38 || h < 8 }

// drawTiny is for a screen with no room for anything: what is wrong, or else the figures that matter most, one a row.
func drawTiny(r draw.Region, f *frame.Frame) {
	p := r.CutTop(1).Pen(0, 0)
	if len(f.Problems) > 0 {
		var text [256]byte
		p.Glyph(draw.Bad, draw.Attention).FitBytes(draw.Bad, f.Problems[0].AppendWhat(text[:0]), p.Left())
		p = r.CutTop(1).Pen(0, 0)
	}
	p.Text(draw.Dim, "CPU ")
	cpuPercent(&p, f)
	p.Skip(1).Glyph(draw.Good, beats[f.Tick%uint64(len(beats))])
	p = r.CutTop(1).Pen(0, 0)
	p.Text(draw.Dim, "Mem ")
	memoryUsed(&p, f)
	p = r.CutTop(1).Pen(0, 0)
	p.Fit(draw.Text, hostname(f), p.Left())
	p = r.CutTop(1).Pen(0, 0)
	primaryAddress(&p, f, p.Left())
	p = r.CutTop(1).Pen(0, 0)
	p.Time(draw.Text, f.Now)
}
