package screens

import (
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// problems is the overlay with everything that is wrong, each with its reason in full. One is chosen; Enter goes to where it
// is seen.
type problems struct {
	*Sheet
	console *Console
	chosen  frame.Problem // its kind, subject and owner tell which
	at      int           // where that stands in the list
	moved   bool          // the chosen one is another: it is to come into sight
	below   int           // rows of the chosen one below what is shown
}

func (c *Console) openProblems(*frame.Frame) Screen {
	p := &problems{console: c, moved: true}
	p.Sheet = NewSheet("problems", "Problems", func(_, _, rows int, _ *frame.Frame) (int, int) { return 110, rows + 2 }, p.content)
	p.keys = []Binding{
		{Label: Arrows, Does: "choose a problem", Hint: "Choose"},
		{Label: "Enter", Does: "go to where it is seen", Hint: "Go there"},
	}
	return p
}

// Handle implements Screen.
func (p *problems) Handle(k draw.Key, f *frame.Frame) (Command, bool) {
	const page = 5
	switch k {
	case draw.KeyEnter:
		if p.at < len(f.Problems) {
			return lookAt(&f.Problems[p.at]), true
		}
	case draw.KeyUp, 'k':
		p.choose(p.at-1, f)
	case draw.KeyDown, 'j':
		if p.below > 0 { // its reason is longer than the screen
			p.scroll.Key(draw.KeyPageDown)
			break
		}
		p.choose(p.at+1, f)
	case draw.KeyPageUp, draw.KeyCtrlU:
		p.choose(p.at-page, f)
	case draw.KeyPageDown, draw.KeyCtrlD:
		p.choose(p.at+page, f)
	case draw.KeyHome, 'g':
		p.choose(0, f)
	case draw.KeyEnd, 'G':
		p.choose(len(f.Problems), f)
	default:
		return Command{}, false
	}
	return Command{}, true
}

func (p *problems) choose(at int, f *frame.Frame) {
	p.at = max(min(at, len(f.Problems)-1), 0)
	if p.at < len(f.Problems) {
		p.chosen, p.moved = f.Problems[p.at], true
	}
}

// Update implements Screen. The choice stays with the problem that was chosen, wherever that moves in the list.
func (p *problems) Update(w, h int, f *frame.Frame) {
	p.at = max(min(p.at, len(f.Problems)-1), 0)
	for i := range f.Problems {
		if f.Problems[i].Is(&p.chosen) {
			p.at = i
		}
	}
	if p.at < len(f.Problems) {
		p.chosen = f.Problems[p.at]
	}
	p.Sheet.Update(w, h, f)
	view := draw.Nowhere(min(p.w, w) - 2)
	top, end := 0, 0
	for i := range min(p.at+1, len(f.Problems)) {
		top = end
		problemRows(&view, &f.Problems[i], p.console, f)
		end = draw.Nowhere(0).H() - view.H()
	}
	if p.moved {
		p.scroll.Show(top, end-top+1) // the last row may say how many more there are
		p.Sheet.Update(w, h, f)
		p.moved = false
	}
	rows := max(min(p.h, h)-2, 0)
	if p.scroll.Below() > 0 {
		rows--
	}
	p.below = max(end-p.scroll.Top-rows, 0)
}

func (p *problems) content(view draw.Region, f *frame.Frame) draw.Region {
	if len(f.Problems) == 0 {
		row := view.CutTop(1).Pen(1, 0)
		row.Text(draw.Dim, "no problem is known")
	}
	for i := range f.Problems {
		first := problemRows(&view, &f.Problems[i], p.console, f)
		if i == p.at {
			first.Restyle(draw.Selected)
		}
	}
	return view
}

// problemRows draws one problem with its reason, both in full, and returns its first row.
func problemRows(view *draw.Region, p *frame.Problem, c *Console, f *frame.Frame) (first draw.Region) {
	const severity, since = 9, 14 // columns
	var room [512]byte
	style, what := problemStyle(p), p.AppendWhat(room[:0])
	indent := 3
	if view.W() >= widget.Narrow-2 {
		indent += severity
	}
	first = view.CutTop(1)
	pen := first.Pen(1, 0)
	pen.Glyph(style|draw.Bold, draw.Attention).Skip(1)
	if indent > severity {
		pen.Text(style, p.Severity.String())
	}
	width := max(view.W()-indent-since, 1)
	line, rest, more := widget.WrapLine(what, width)
	pen.To(indent).Bytes(style|draw.Bold, line).To(view.W() - since)
	if !p.Dated() {
		var age [32]byte
		since := draw.AppendAge(age[:0], f.Boot-p.Since)
		pen.To(view.W()-len(since)-6).Bytes(draw.Dim, since)
	}
	pen.To(view.W() - 5)
	c.where(&pen, p)
	for more {
		line, rest, more = widget.WrapLine(rest, width)
		pen = view.CutTop(1).Pen(indent, 0)
		pen.Bytes(style|draw.Bold, line)
	}
	if p.Reason != "" {
		*view = widget.Wrapped(*view, indent, draw.Text, p.Reason)
	}
	return first
}

// lookAt is the way to where a problem is seen: its page, with a query or an overlay that shows it.
func lookAt(p *frame.Problem) Command {
	cmd := Command{Kind: Show, Page: p.Where}
	switch p.Kind {
	case frame.PodFailing:
		return PodLog(p.Of, p.Subject)
	case frame.ServiceDown, frame.UnitFailed, frame.UnitRestarting:
		cmd.Query = strings.TrimSuffix(p.Subject, ".service")
	case frame.APIDown, frame.APINotReady, frame.APIRefuses, frame.CertificateExpires, frame.KindUnseen, frame.KindForbidden, frame.KindTooLarge,
		frame.APIFloods, frame.SamplerHangs, frame.SourceFailed, frame.ConfigBad:
		cmd.Key = 'i'
	case frame.OOMKill:
		cmd.Query = "out of memory"
	case frame.KernelFault:
		cmd.Query = p.Detail
	case frame.CPUStalled:
		cmd.Key = 't'
	case frame.IOStalled, frame.MountBroken, frame.MountHangs, frame.RemountedReadOnly, frame.PoolIll, frame.ArrayDegraded, frame.FilesystemFull, frame.InodesShort:
		cmd.Key = 'd'
	case frame.MemoryShort, frame.MemoryStalled, frame.MemoryErrors:
		cmd.Key = 'c'
	case frame.NodeFault, frame.MigrationFailed:
		cmd.Key = 'n'
	}
	return cmd
}
