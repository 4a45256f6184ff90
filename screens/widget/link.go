package widget

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// LinkState writes down, no carrier, or up with the speed where there is room.
func LinkState(p *draw.Pen, l *sample.Interface, long bool) {
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
			Speed(p, l.More().SpeedMbps)
		}
	}
}

// Speed writes a link speed as 10 Gb/s or 100 Mb/s.
func Speed(p *draw.Pen, mbps int) {
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

// Connections writes what the host's own namespace has open.
func Connections(p *draw.Pen, f *frame.Frame) {
	p.Text(draw.Dim, "Connections ")
	if f.Net == nil || Placeholder(p, f, sample.Sockets) {
		return
	}
	s := &f.Net.Sockets
	count(p, s.Established, " open")
	count(p, s.TCP, " TCP")
	count(p, s.UDP, " UDP")
	if s.Conntrack >= 0 && p.Left() > 24 {
		style := draw.Text
		if full := 100 * float64(s.Conntrack) / float64(s.ConntrackMax); s.ConntrackMax > 0 && full >= frame.ConntrackLimits.Warn {
			style = Level(full, frame.ConntrackLimits)
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
