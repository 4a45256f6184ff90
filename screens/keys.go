package screens

import (
	"strconv"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// commonKeys work on every page.
func (c *Console) commonKeys() []Binding {
	var keys []Binding
	for i, page := range c.pages {
		n := strconv.Itoa(i + 1)
		keys = append(keys, command("F"+n+" "+n, page.Title(), "", c.show, draw.KeyF(i+1), draw.Key('1'+i)))
	}
	return append(keys,
		command("Tab S-Tab", "next, previous screen", "", c.cycle, draw.KeyTab, draw.KeyBackTab),
		command("r", "sample now", "Refresh", always(Command{Kind: Refresh}), 'r'),
		command("Ctrl-L", "repaint everything", "", always(Command{Kind: Repaint}), draw.KeyCtrlL),
		command("T", "next theme; a browser has its own", "", always(Command{Kind: Theme}), 'T'),
		BindSwitch("Space Ctrl-Z", "pause the picture for ten minutes at most", "Pause", &c.paused, ' ', draw.KeyCtrlZ),
		command("p", "the past, as it was recorded", "Past", toPast, 'p'),
		BindOverlay("!", "every problem and why it is one", "", c.openProblems, '!'),
		BindOverlay("L", "the last ten minutes: what happened", "", c.openTimeline, 'L'),
		BindOverlay("B", "the boot before: how it ended", "", c.openLastBoot, 'B'),
		BindOverlay("a", "alerts: all that call, and those before", "Alerts", c.openAlerts, 'a'),
		command("A", "acknowledge all alerts; viewers cannot", "", ofNow(Acknowledge), 'A'),
		command("M", "mute this terminal for an hour, or unmute", "", ofNow(Mute), 'M'),
		BindOverlay("i", "sources: state, age, error, cost", "Sources", c.openSources, 'i'),
		BindOverlay("F12 Ctrl-]", "log in here, where the config allows it", "", openLogin, draw.KeyF12, draw.KeyCtrlBracket),
		BindOverlay("?", "this help", "", c.openHelp, '?'),
		command("Esc", "close what is open", "", always(Command{Kind: Close}), draw.KeyEsc),
		command("q Ctrl-C", "quit, where the config allows it", "", quit, 'q', draw.KeyCtrlC),
	)
}

func always(c Command) func(draw.Key, *frame.Frame) Command {
	return func(draw.Key, *frame.Frame) Command { return c }
}

// ofNow is a command that has no meaning in the past.
func ofNow(kind CommandKind) func(draw.Key, *frame.Frame) Command {
	return func(_ draw.Key, f *frame.Frame) Command {
		if f.OfPast() || kind == Acknowledge && f.Settings != nil && f.Settings.Viewer != "" {
			return Command{}
		}
		return Command{Kind: kind}
	}
}

// Handle handles one key and returns what its caller is to do besides drawing a frame.
func (c *Console) Handle(k draw.Key, f *frame.Frame) Command {
	if k == draw.KeyNone {
		return Command{}
	}
	if c.visit != nil {
		return c.handleVisit(k, f)
	}
	free := c.overlay == nil && !c.Typing()
	cmd, done := c.handlePast(k, f)
	if !done {
		cmd = c.handle(k, f)
	}
	if k == draw.KeyEnter && free && cmd.Kind == None && len(f.Problems) > 0 { // it chose nothing on the page
		cmd = Command{Kind: Open, Overlay: c.openProblems(f)}
	}
	switch cmd.Kind {
	case Open:
		if c.overlay != nil && c.overlay.Name() == cmd.Overlay.Name() {
			cmd.Overlay = nil
		}
		c.put(cmd.Overlay)
		c.paused = c.paused && !c.ShowsActions() // what is done is to be seen
		return Command{}
	case Close:
		c.put(nil)
		return Command{}
	case Show:
		c.showPage(cmd, f)
		return Command{}
	case Follow:
		c.showPage(cmd, f)
	case Login:
		c.put(nil)
	case Past:
		c.paused = false
	}
	return cmd
}

// handle asks who has a key bound: what lies on top first.
func (c *Console) handle(k draw.Key, f *frame.Frame) Command {
	top := c.pages[c.active]
	if c.overlay != nil {
		top = c.overlay
	}
	if cmd, done := top.Handle(k, f); done {
		return cmd
	}
	b := find(c.pages[c.active].Keys(), k)
	if b == nil || !b.Anywhere {
		b = find(c.common, k)
	}
	if b == nil {
		return Command{}
	}
	return b.do(k, f)
}

// put puts an overlay over the page, nil: none.
func (c *Console) put(overlay Screen) {
	old := c.overlay
	c.overlay = overlay
	if old, ok := old.(interface{ Close() }); ok {
		old.Close()
	}
}

// showPage carries out a Show or a Follow. A page that there is not changes nothing.
func (c *Console) showPage(cmd Command, f *frame.Frame) {
	at := position(c.pages, cmd.Page)
	if at < 0 {
		return
	}
	c.active = at
	c.put(nil)
	if page, ok := c.pages[at].(interface{ Search(Command) }); ok && (cmd.Query != "" || !cmd.At.IsZero()) {
		page.Search(cmd)
	}
	c.Handle(cmd.Key, f)
}

func (c *Console) show(k draw.Key, _ *frame.Frame) Command {
	for i := range c.pages {
		if k == draw.KeyF(i+1) || k == draw.Key('1'+i) {
			c.active = i
		}
	}
	return Command{Kind: Close}
}

func (c *Console) cycle(k draw.Key, _ *frame.Frame) Command {
	step := 1
	if k == draw.KeyBackTab {
		step = len(c.pages) - 1
	}
	c.active = (c.active + step) % len(c.pages)
	return Command{Kind: Close}
}

func quit(_ draw.Key, f *frame.Frame) Command {
	if f.Settings.Quit {
		return Command{Kind: Quit}
	}
	return Command{}
}
