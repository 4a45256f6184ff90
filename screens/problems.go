package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// problemKey tells a problem from others, as frame.Problem.Is does.
type problemKey struct {
	kind        frame.Kind
	of, subject string
}

// openProblems lists everything that is wrong, each with its reason in full. Enter goes to where it is seen.
func (c *Console) openProblems(*frame.Frame) Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 110, rows + 2 }
	return NewList("problems", "Problems", size, "choose a problem", "go to where it is seen", "Go there", Items[problemKey]{
		Len: func(f *frame.Frame) int { return len(f.Problems) },
		Key: func(i int, f *frame.Frame) problemKey {
			p := &f.Problems[i]
			return problemKey{p.Kind, p.Of, p.Subject}
		},
		Above: func(view draw.Region, _ int, f *frame.Frame) draw.Region {
			if len(f.Problems) == 0 {
				p := view.CutTop(1).Pen(1, 0)
				p.Text(draw.Dim, "no problem is known")
			}
			return view
		},
		Draw: func(view draw.Region, i int, f *frame.Frame) draw.Region {
			return problemRows(view, &f.Problems[i], c, f.Boot)
		},
		Enter: func(i int, f *frame.Frame) Command { return lookAt(&f.Problems[i]) },
	})
}

// problemRows draws one problem with its reason, both in full but for what a check says, and its age at now, a CLOCK_BOOTTIME.
func problemRows(view draw.Region, p *frame.Problem, c *Console, now time.Duration) (rest draw.Region) {
	const severity, since = 9, 14 // columns
	var room [512]byte
	style, what := SeverityStyle(p.Severity), p.AppendWhat(room[:0])
	indent := 3
	if view.W() >= widget.Narrow-2 {
		indent += severity
	}
	pen := view.CutTop(1).Pen(1, 0)
	pen.Glyph(style|draw.Bold, draw.Attention).Skip(1)
	if indent > severity {
		pen.Text(style, p.Severity.String())
	}
	width := max(view.W()-indent-since, 1)
	line, what, more := widget.WrapLine(what, width)
	pen.To(indent).Bytes(style|draw.Bold, line).To(view.W() - since)
	if !p.Dated() {
		var age [32]byte
		since := draw.AppendAge(age[:0], now-p.Since)
		pen.To(view.W()-len(since)-6).Bytes(draw.Dim, since)
	}
	pen.To(view.W() - 5)
	c.where(&pen, p.Where)
	for more {
		line, what, more = widget.WrapLine(what, width)
		pen = view.CutTop(1).Pen(indent, 0)
		pen.Bytes(style|draw.Bold, line)
	}
	if p.Reason != "" && p.Kind != frame.CheckFailed { // what a check says can be long, and its page has it
		view = widget.Wrapped(view, indent, draw.Text, p.Reason)
	}
	return view
}

// lookAt is the way to where a problem is seen: its page, with a query or an overlay that shows it.
func lookAt(p *frame.Problem) Command {
	cmd := Command{Kind: Show, Page: p.Where}
	if p.Where == frame.Checks {
		cmd.Query = p.Subject
	}
	switch p.Kind {
	case frame.APIDown:
		if p.Where == frame.Logs { // the service is why
			return UnitLog(p.Subject)
		}
		cmd.Key = 'i'
	case frame.PodFailing:
		return PodLog(p.Of, p.Subject)
	case frame.ServiceDown, frame.UnitFailed, frame.UnitRestarting:
		return UnitLog(p.Subject)
	case frame.APINotReady, frame.APIRefuses, frame.CertificateExpires, frame.KindUnseen, frame.KindForbidden, frame.KindTooLarge,
		frame.APIFloods, frame.SamplerHangs, frame.SourceFailed, frame.ConfigBad:
		cmd.Key = 'i'
	case frame.OOMKill:
		cmd.Query = "out of memory"
	case frame.KernelFault:
		cmd.Query = p.Detail
	case frame.VMFailing, frame.GuestPaused:
		cmd.Query, cmd.Key = p.Of+"/"+p.Subject, draw.KeyEnter // chooses it, and shows it whole
	case frame.CPUStalled:
		switch who := &p.Hit; {
		case who.Namespace != "":
			cmd.Query, cmd.Key = who.Namespace+"/"+who.Name, draw.KeyEnter
		case who.Name == "":
			cmd.Key = 't'
		}
	case frame.IOStalled, frame.MountBroken, frame.MountHangs, frame.RemountedReadOnly, frame.PoolIll, frame.ArrayDegraded, frame.FilesystemFull, frame.InodesShort, frame.FillsSoon:
		cmd.Key = 'd'
	case frame.MemoryShort, frame.MemoryStalled, frame.MemoryErrors, frame.TooHot, frame.FanStopped:
		cmd.Key = 'c'
	case frame.NodeDisagrees, frame.PeerClock, frame.DrainStopped:
		cmd.Query = p.Subject
	case frame.NodeFault, frame.MigrationFailed, frame.OrphanedVMs:
		cmd.Key = 'n'
	}
	return cmd
}
