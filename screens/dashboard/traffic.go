package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawTraffic(r draw.Region, f *frame.Frame) {
	p := widget.Heading(r.CutTop(1), "Network", f, sample.NetDev)
	d.trafficRates(&p, f)
	if f.Net == nil {
		return
	}
	if d.fits.rows[netConnections] > 0 {
		p = r.CutTop(1).Pen(1, 0)
		widget.Connections(&p, f)
	}
	old := widget.Old(f, sample.NetDev)
	for _, i := range d.links[:min(d.fits.rows[netRows], len(d.links))] {
		drawLinkRow(r.CutTop(1).Inset(1).Faded(old), f.Net, f.Net.Interfaces[i])
	}
	if f.Host != nil && len(d.links) > 0 {
		mirror(r.Faded(old), "RX", &f.Host.History.Rx, "TX", &f.Host.History.Tx, f)
	}
}

const maxLinks = 16 // on the panel

// listLinks lists the interfaces that count for the host's traffic: the hardware's, and where there are none, as in a
// container, all but the loopback.
func (d *Page) listLinks(f *frame.Frame) {
	d.links = d.links[:0]
	if f.Net == nil {
		return
	}
	physical := false
	for _, l := range f.Net.Interfaces {
		physical = physical || !l.Plain && l.Physical
	}
	for i, l := range f.Net.Interfaces {
		if (!l.Plain && l.Physical || !physical && l.Kind != "loopback") && len(d.links) < maxLinks {
			d.links = append(d.links, i)
		}
	}
}

// trafficRates writes what is received and sent, or why that is not known.
func (d *Page) trafficRates(p *draw.Pen, f *frame.Frame) {
	switch {
	case f.Host == nil || f.Net == nil || !f.Host.Health[sample.NetDev].Has():
		p.Text(draw.Dim, "RX ")
		widget.Placeholder(p, f, sample.NetDev)
		p.Text(draw.Text, " ")
	case f.Net.Changes > 0 && len(d.links) == 0:
		p.Text(draw.Dim, "RX n/a, no interface ")
	default:
		p.Fade(widget.Old(f, sample.NetDev))
		rates(p, "RX", f.Net.Rx, "TX", f.Net.Tx)
	}
}

// rates writes two rates with their names, by the first letters where the whole names do not fit.
func rates(p *draw.Pen, name1 string, v1 float64, name2 string, v2 float64) {
	const rate = len(" 123 MiB/s  ")
	if p.Left() < len(name1)+len(name2)+2*rate {
		name1, name2 = name1[:1], name2[:1]
	}
	p.Text(draw.Dim, name1).Text(draw.Dim, " ").Rate(draw.Text|draw.Bold, v1, 0).Text(draw.Dim, "  ")
	p.Text(draw.Dim, name2).Text(draw.Dim, " ").Rate(draw.Text|draw.Bold, v2, 0).Text(draw.Dim, " ")
}

// drawLinkRow draws an interface: its state, what it receives and sends now, and where there is room the share of its speed
// that this takes and the newest points.
func drawLinkRow(r draw.Region, n *sample.Net, l *sample.Interface) {
	p := r.Pen(0, 0)
	name := min(max(r.W()/4, 8), 16)
	p.Fit(draw.Text, l.Name, name).To(name + 1)
	widget.LinkState(&p, l, r.W() >= 52)
	if p.X() > r.W()-26 {
		return
	}
	gap := r.Sub(p.X()+2, 0, r.W()-27-p.X()-2, 1)
	p.To(r.W()-25).Glyph(draw.Dim, draw.Down).Rate(draw.Text, l.RxRate, 11)
	p.Skip(1).Glyph(draw.Dim, draw.Up).Rate(draw.Text, l.TxRate, 11)
	if gap.W() < 12 || !l.Carrier {
		return
	}
	if mbps := l.More().SpeedMbps; mbps > 0 && gap.W() >= 30 {
		share := 100 * 8 * max(l.RxRate, l.TxRate) / (1e6 * float64(mbps))
		bar := gap.CutLeft(18)
		figure := bar.CutRight(8).Pen(0, 0)
		bar.Gauge(0, share, draw.Good)
		figure.Percent(draw.Text, share)
	}
	if h := n.History(l.Index); h != nil {
		half := (gap.W() - 1) / 2
		rx, tx := gap.CutLeft(half), gap.CutRight(half)
		each, top := pointsEach(half), max(h.Rx.Max(), h.Tx.Max())
		rx.Spark(&h.Rx, each, top, draw.Good)
		tx.Spark(&h.Tx, each, top, draw.Accent)
	}
}
