package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawTraffic(r draw.Region, f *frame.Frame) {
	widget.Heading(r.CutTop(1), "Network I/O", f, sample.NetDev)
	trafficFigures(r.CutTop(1), f)
	if f.Net == nil {
		return
	}
	p := r.CutTop(1).Pen(1, 0)
	widget.Connections(&p, f)
	physical := hasHardware(f.Net)
	for i := 0; i < len(f.Net.Interfaces) && !r.Empty(); i++ {
		if l := f.Net.Interfaces[i]; carriesTraffic(l, physical) {
			drawLinkRow(r.CutTop(1).Inset(1).Faded(widget.Old(f, sample.NetDev)), l)
		}
	}
	if fits(sparklines, d.body) && f.Host != nil && hasTraffic(f.Net) {
		twin(r.Faded(widget.Old(f, sample.NetDev)), "RX", &f.Host.History.Rx, "TX", &f.Host.History.Tx, f)
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

// carriesTraffic reports whether an interface counts for the host's traffic: the hardware's do, and where there are none, as
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
	if widget.Placeholder(&p, f, sample.NetDev) || f.Net == nil {
		return
	}
	if f.Net.Changes > 0 && !hasTraffic(f.Net) {
		p.Text(draw.Dim, "n/a, no interface")
		return
	}
	p.Rate(draw.Text|draw.Bold, f.Net.Rx, 11).Skip(2)
	p.Text(draw.Dim, "TX   ").Rate(draw.Text|draw.Bold, f.Net.Tx, 12)
}

func drawLinkRow(r draw.Region, l *sample.Interface) {
	p := r.Pen(0, 0)
	name := min(max(r.W()/4, 8), 16)
	p.Fit(draw.Text, l.Name, name).To(name + 1)
	widget.LinkState(&p, l, r.W() >= 52)
	if p.X() > r.W()-26 {
		return
	}
	p.To(r.W()-25).Glyph(draw.Dim, draw.Down).Rate(draw.Text, l.RxRate, 11)
	p.Skip(1).Glyph(draw.Dim, draw.Up).Rate(draw.Text, l.TxRate, 11)
}
