package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

func drawTraffic(c *Console, r draw.Region, f *frame.Frame) {
	heading(r.CutTop(1), "Network I/O", f, sample.NetDev)
	trafficFigures(r.CutTop(1), f)
	if f.Net == nil {
		return
	}
	p := r.CutTop(1).Pen(1, 0)
	connections(&p, f)
	physical := hasHardware(f.Net)
	for i := 0; i < len(f.Net.Interfaces) && !r.Empty(); i++ {
		if l := f.Net.Interfaces[i]; carriesTraffic(l, physical) {
			drawLinkRow(r.CutTop(1).Inset(1).Faded(old(f, sample.NetDev)), l)
		}
	}
	if shows(sparklines, c.body) && f.Host != nil && hasTraffic(f.Net) {
		twin(r.Faded(old(f, sample.NetDev)), "RX", &f.Host.History.Rx, "TX", &f.Host.History.Tx, f)
	}
}

func hasHardware(n *sample.Net) bool {
	for _, l := range n.Interfaces {
		if !l.Plain && l.Physical {
			return true
		}
	}
	return false
}

// carriesTraffic says whether an interface counts for the host's traffic: the hardware's do, and where there are none, as
// in a container, all but the loopback.
func carriesTraffic(l *sample.Interface, physical bool) bool {
	return !l.Plain && l.Physical || !physical && l.Kind != "loopback"
}

func hasTraffic(n *sample.Net) bool {
	physical := hasHardware(n)
	for i := range n.Interfaces {
		if carriesTraffic(n.Interfaces[i], physical) {
			return true
		}
	}
	return false
}

func trafficFigures(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "RX   ")
	if word(&p, f, sample.NetDev) || f.Net == nil {
		return
	}
	if f.Net.Changes > 0 && !hasTraffic(f.Net) {
		p.Text(draw.Dim, "n/a, no interface")
		return
	}
	p.Rate(draw.Text|draw.Bold, f.Net.Rx, 11).Skip(2)
	p.Text(draw.Dim, "TX   ").Rate(draw.Text|draw.Bold, f.Net.Tx, 12)
}

// connections writes what the host's own namespace has open.
func connections(p *draw.Pen, f *frame.Frame) {
	p.Text(draw.Dim, "Connections ")
	if f.Net == nil || word(p, f, sample.Sockets) {
		return
	}
	s := &f.Net.Sockets
	count(p, s.Established, " open")
	count(p, s.TCP, " TCP")
	count(p, s.UDP, " UDP")
	if s.Conntrack >= 0 && p.Left() > 24 {
		style := draw.Text
		if full := 100 * float64(s.Conntrack) / float64(s.ConntrackMax); s.ConntrackMax > 0 && full >= frame.ConntrackLimits.Warn {
			style = level(full, frame.ConntrackLimits)
		}
		p.Text(draw.Dim, "conntrack ").Int(style, int64(s.Conntrack))
		if s.ConntrackMax > 0 {
			p.Text(draw.Dim, "/").Int(draw.Text, int64(s.ConntrackMax))
		}
	}
}

// count writes a number that is -1 when unknown.
func count(p *draw.Pen, n int, unit string) {
	if p.Left() < len(unit)+5 {
		return
	}
	if n < 0 {
		p.Text(draw.Dim, "--")
	} else {
		p.Int(draw.Text, int64(n))
	}
	p.Text(draw.Dim, unit).Skip(2)
}

func drawLinkRow(r draw.Region, l *sample.Interface) {
	p := r.Pen(0, 0)
	name := min(max(r.W()/4, 8), 16)
	p.Fit(draw.Text, l.Name, name).To(name + 1)
	linkState(&p, l, r.W() >= 52)
	if p.X() > r.W()-26 {
		return
	}
	p.To(r.W()-25).Glyph(draw.Dim, draw.Down).Rate(draw.Text, l.RxRate, 11)
	p.Skip(1).Glyph(draw.Dim, draw.Up).Rate(draw.Text, l.TxRate, 11)
}

// linkState writes down, no carrier, or up with the speed where there is room.
func linkState(p *draw.Pen, l *sample.Interface, long bool) {
	switch {
	case !l.AdminUp:
		p.Text(draw.Dim, "down")
	case !l.Carrier && l.Configured():
		p.Text(draw.Bad, "no carrier")
	case !l.Carrier:
		p.Text(draw.Dim, "no carrier")
	default:
		p.Text(draw.Good, "up")
		if long && l.More().SpeedMbps > 0 {
			p.Skip(1)
			speed(p, l.More().SpeedMbps)
		}
	}
}

// speed writes a link speed as 10 Gb/s or 100 Mb/s.
func speed(p *draw.Pen, mbps int) {
	if mbps%1000 == 0 {
		p.Int(draw.Text, int64(mbps/1000)).Text(draw.Text, " Gb/s")
		return
	}
	if mbps > 1000 {
		p.Float(draw.Text, float64(mbps)/1000, 1, 0).Text(draw.Text, " Gb/s")
		return
	}
	p.Int(draw.Text, int64(mbps)).Text(draw.Text, " Mb/s")
}

// twin draws two series side by side on one scale, each with its name and peak.
func twin(r draw.Region, name1 string, s1 *sample.Series, name2 string, s2 *sample.Series, f *frame.Frame) {
	if r.H() < historyRows+1 {
		return
	}
	r.CutBottom(max(r.H()-historyMost-1, 0))
	top := max(s1.Max(), s2.Max())
	right := r
	left := right.CutLeft(r.W() / 2)
	caption(left.CutTop(1), name1, s1)
	caption(right.CutTop(1), name2, s2)
	history(left, s1, top, draw.Good, f)
	history(right, s2, top, draw.Accent, f)
}

// caption names a series, by its first letter where a rate beside the whole name would be cut.
func caption(r draw.Region, name string, s *sample.Series) {
	const peak, rate = " peak ", len("1023 KiB/s")
	if p := r.Pen(1, 0); p.Left() < len(name)+len(peak)+rate {
		name = name[:1]
	}
	p := r.Pen(1, 0)
	p.Text(draw.Dim, name).Text(draw.Dim, peak).Rate(draw.Dim, peakOf(s), 0)
}
