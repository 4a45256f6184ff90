package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// drawSystem is one line on the operating system: units, generation, reboot, clock, last boot. What a host does not
// have is left out; what would not fit whole is left out too.
func drawSystem(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "System: ")
	units(&p, f.Units)
	if f.System == nil {
		return
	}
	reboot(&p, &f.System.NixOS)
	generation(&p, &f.System.NixOS)
	clockState(&p, &f.System.Clock)
	lastBoot(&p, &f.System.LastBoot)
}

func units(p *draw.Pen, u *sample.Units) {
	if u == nil {
		p.Text(draw.Dim, "--  ")
		return
	}
	if !u.Health.Has() {
		p.Fit(draw.Dim, u.Health.Err, 40).Skip(2)
		return
	}
	style := draw.Good
	if len(u.Failed)+len(u.Restarting) > 0 {
		style = draw.Bad
	}
	p.Text(style, u.State)
	if n := len(u.Failed); n > 0 {
		p.Skip(1).Int(style, int64(n)).Text(style, " failed")
	}
	if n := len(u.Restarting); n > 0 {
		p.Skip(1).Int(style, int64(n)).Text(style, " restarting")
	}
	p.Skip(2)
}

func generation(p *draw.Pen, n *sample.NixOS) {
	if !n.Health.Has() || p.Left() < 24 {
		return
	}
	p.Text(draw.Dim, "NixOS ").Fit(draw.Text, n.Version, 16)
	if n.Current > 0 {
		p.Text(draw.Dim, " generation ").Int(draw.Text, int64(n.Current))
		if n.Generation != n.Current && n.Generation > 0 && p.Left() > 16 {
			p.Text(draw.Warn, ", next boot ").Int(draw.Warn, int64(n.Generation))
		}
	}
	p.Skip(2)
}

func reboot(p *draw.Pen, n *sample.NixOS) {
	if n.Health.Has() && n.RebootKnown && n.RebootNeeded && p.Left() > 15 {
		p.Text(draw.Warn|draw.Bold, "reboot needed").Skip(2)
	}
}

func clockState(p *draw.Pen, c *sample.Clock) {
	if !c.Health.Has() || p.Left() < 20 {
		return
	}
	if c.Synchronised {
		p.Text(draw.Dim, "clock ").Text(draw.Good, "synchronised").Skip(2)
		return
	}
	p.Text(draw.Warn, "clock not synced").Skip(2)
}

func lastBoot(p *draw.Pen, b *sample.LastBoot) {
	if !b.Health.Has() || !b.Known || p.Left() < 28 {
		return
	}
	if b.Clean {
		p.Text(draw.Dim, "last boot ended clean")
		return
	}
	p.Text(draw.Warn, "last boot did not end clean")
}
