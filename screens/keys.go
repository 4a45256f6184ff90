package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// arrows is the label that the footer draws as the arrows of the glyph tier.
const arrows = "Up Down k j"

// binding is one row of the help: the keys, what they do, and the function. hint is what the footer says of it; an
// empty hint keeps it out of the footer.
type binding struct {
	keys  []draw.Key
	label string // the keys as printed
	does  string
	hint  string
	apply func(c *Console, k draw.Key, f *frame.Frame) Wish
}

// commonKeys work on every screen.
func commonKeys() []binding {
	return []binding{
		{[]draw.Key{draw.KeyF1, '1'}, "F1 1", "system logs", "", show},
		{[]draw.Key{draw.KeyF2, '2'}, "F2 2", "health dashboard", "", show},
		{[]draw.Key{draw.KeyF3, '3'}, "F3 3", "networking", "", show},
		{[]draw.Key{draw.KeyTab, draw.KeyBackTab}, "Tab S-Tab", "next, previous screen", "", cycle},
		{[]draw.Key{'r'}, "r", "sample now", "Refresh", func(*Console, draw.Key, *frame.Frame) Wish { return Refresh }},
		{[]draw.Key{draw.KeyCtrlL}, "Ctrl-L", "repaint everything", "", func(*Console, draw.Key, *frame.Frame) Wish { return Repaint }},
		{[]draw.Key{' ', draw.KeyCtrlZ}, "Space Ctrl-Z", "pause the picture, sources go on", "Pause", pause},
		{[]draw.Key{'i'}, "i", "sources: state, age, error, cost", "Sources", openSources},
		{[]draw.Key{draw.KeyF12, draw.KeyCtrlBracket}, "F12 Ctrl-]", "log in here, where the config allows it", "", askLogin},
		{[]draw.Key{'?'}, "?", "this help", "", openHelp},
		{[]draw.Key{draw.KeyEsc}, "Esc", "close what is open", "", closeOverlay},
		{[]draw.Key{'q', draw.KeyCtrlC}, "q Ctrl-C", "quit, where the config allows it", "", quit},
	}
}

// Key handles one key and says what the loop is to do besides drawing a frame.
func (c *Console) Key(k draw.Key, f *frame.Frame) Wish {
	if k == draw.KeyNone {
		return Nothing
	}
	if c.overlay == noOverlay && c.active == frame.Logs && c.logs.typing() && c.logs.typed(k, f) {
		return Nothing
	}
	if c.overlay == loginOverlay {
		return c.answerLogin(k)
	}
	if c.overlay == noOverlay && c.active == frame.Network && c.network.typed(k) {
		return Nothing
	}
	if c.overlay != noOverlay && c.scroll.key(k) {
		return Nothing
	}
	if c.overlay == noOverlay {
		if b := find(c.own[c.active], k); b != nil {
			return b.apply(c, k, f)
		}
	}
	if b := find(c.windows[c.active], k); b != nil {
		return b.apply(c, k, f)
	}
	if b := find(c.common, k); b != nil {
		return b.apply(c, k, f)
	}
	return Nothing
}

func find(table []binding, k draw.Key) *binding {
	for i := range table {
		for _, have := range table[i].keys {
			if have == k {
				return &table[i]
			}
		}
	}
	return nil
}

func show(c *Console, k draw.Key, _ *frame.Frame) Wish {
	switch k {
	case draw.KeyF1, '1':
		c.active = frame.Logs
	case draw.KeyF2, '2':
		c.active = frame.Dashboard
	default:
		c.active = frame.Network
	}
	c.overlay = noOverlay
	return Nothing
}

func cycle(c *Console, k draw.Key, _ *frame.Frame) Wish {
	step := frame.Screen(1)
	if k == draw.KeyBackTab {
		step = frame.ScreenCount - 1
	}
	c.active = (c.active + step) % frame.ScreenCount
	c.overlay = noOverlay
	return Nothing
}

func pause(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.paused = !c.paused
	return Nothing
}

func quit(_ *Console, _ draw.Key, f *frame.Frame) Wish {
	if f.Settings.Quit {
		return Quit
	}
	return Nothing
}

func openHelp(c *Console, _ draw.Key, _ *frame.Frame) Wish    { return c.toggle(helpOverlay) }
func openSources(c *Console, _ draw.Key, _ *frame.Frame) Wish { return c.toggle(sourcesOverlay) }

func (c *Console) toggle(o overlay) Wish {
	if c.overlay == o {
		o = noOverlay
	}
	c.overlay, c.scroll = o, scroll{}
	return Nothing
}

func closeOverlay(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	switch {
	case c.overlay != noOverlay:
		c.overlay = noOverlay
	case c.active == frame.Logs:
		c.logs.clear()
	case c.active == frame.Network:
		c.network.filter = ""
	}
	return Nothing
}
