// Package screens draws the three screens and their overlays from a frame.Frame. Screens hold view state only: what
// is selected, scrolled, typed. Drawing allocates nothing; handling a key may.
package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// Wish is what a key asks of the loop, beyond a new frame.
type Wish uint8

// The wishes.
const (
	Nothing Wish = iota
	Quit
	Refresh // sample now
	Repaint // send every cell
	Login   // hand the terminal to a login prompt
)

type overlay uint8

const (
	noOverlay overlay = iota
	helpOverlay
	sourcesOverlay
	entryOverlay
	vmOverlay
	storageOverlay
	hardwareOverlay
	loginOverlay
	nodeOverlay
	warningsOverlay
	linkOverlay
)

// Console is the whole picture: header, one of three screens, footer, and an overlay. The loop's goroutine owns it.
type Console struct {
	active  frame.Screen
	overlay overlay
	scroll  scroll // of the overlay
	paused  bool
	logs    logs
	common  []binding
	own     [frame.ScreenCount][]binding // keys of each screen while no overlay is open,
	windows [frame.ScreenCount][]binding // and those that open one
	body    int                          // rows of the screen's body in this frame
	order   []int                        // scratch for sorted lists
	network network
	vms     vms
	crashed func(panel string, value any) // told of each panic in a panel
	text    []byte                        // scratch for a text that is put together
}

// NewConsole shows first. crashed is called, on the loop's goroutine, with each panic that a panel raises.
func NewConsole(first frame.Screen, crashed func(panel string, value any)) *Console {
	return &Console{
		active: first, logs: newLogs(), crashed: crashed, common: commonKeys(),
		own:     [frame.ScreenCount][]binding{frame.Logs: logKeys(), frame.Dashboard: dashboardKeys(), frame.Network: networkKeys()},
		windows: [frame.ScreenCount][]binding{frame.Dashboard: dashboardWindows()},
	}
}

// Paused says that the picture is to stay as it is until a key changes it.
func (c *Console) Paused() bool { return c.paused }

// Typing says whether what is typed goes into a text and is no command.
func (c *Console) Typing() bool {
	return c.overlay == noOverlay && (c.active == frame.Logs && c.logs.typing() || c.active == frame.Network && c.network.input.prompt != noPrompt)
}

// Active is the screen that is shown.
func (c *Console) Active() frame.Screen { return c.active }

// Query returns what the log screen wants to see, and whether that changed since the last call.
func (c *Console) Query() (journal.Query, bool) {
	l := &c.logs
	seen := c.active == frame.Logs && c.overlay == noOverlay && !c.paused && l.following()
	if seen != l.query.Seen {
		l.query.Seen = seen
		l.ask()
	}
	if c.overlay != entryOverlay && l.query.Whole != 0 {
		l.query.Whole, l.detail = 0, detail{}
		l.ask()
	}
	return l.take()
}

// panel draws one part of the picture.
type panel func(*Console, draw.Region, *frame.Frame)

// Draw draws the whole picture. A panel that panics is replaced by the word crashed; the others live.
func (c *Console) Draw(r draw.Region, f *frame.Frame) {
	if r.Empty() {
		return
	}
	if tiny(r) {
		c.guarded("tiny", drawTiny, r, f)
		return
	}
	c.guarded("header", drawHeader, r.CutTop(headerRows(r, f)), f)
	c.guarded("footer", drawFooter, r.CutBottom(1), f)
	tops := c.tops()
	c.drawBody(r, f)
	if c.tops() != tops { // a list has become shorter than where it stood, which is known only now
		r.Fill(' ', draw.Text)
		c.drawBody(r, f)
	}
}

// tops is where the lists stand that drawing may pull back.
func (c *Console) tops() [2]int { return [2]int{c.scroll.top, c.network.scroll.top} }

// drawBody draws what lies between header and footer.
func (c *Console) drawBody(r draw.Region, f *frame.Frame) {
	switch c.active {
	case frame.Logs:
		c.guarded("logs", drawLogs, r, f)
	case frame.Dashboard:
		c.guarded("dashboard", drawDashboard, r, f)
	case frame.Network:
		c.guarded("network", drawNetwork, r, f)
	}
	switch c.overlay {
	case helpOverlay:
		c.guarded("help", drawHelp, r, f)
	case sourcesOverlay:
		c.guarded("sources", drawSources, r, f)
	case entryOverlay:
		c.guarded("entry", drawEntry, r, f)
	case vmOverlay:
		c.guarded("vm", drawVMEntry, r, f)
	case storageOverlay:
		c.guarded("storage", drawStorage, r, f)
	case hardwareOverlay:
		c.guarded("hardware", drawHardware, r, f)
	case loginOverlay:
		c.guarded("login", drawLogin, r, f)
	case nodeOverlay:
		c.guarded("node", drawNode, r, f)
	case warningsOverlay:
		c.guarded("warnings", drawWarnings, r, f)
	case linkOverlay:
		c.guarded("link", drawLinkEntry, r, f)
	}
}

// guarded calls p; a panic in it becomes a word on its region.
func (c *Console) guarded(name string, p panel, r draw.Region, f *frame.Frame) {
	defer c.catch(name, r)
	p(c, r, f)
}

func (c *Console) catch(name string, r draw.Region) {
	v := recover()
	if v == nil {
		return
	}
	r.Fill(' ', draw.Text)
	p := r.Pen(1, 0)
	p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, name).Text(draw.Bad, " crashed: the log has the reason (unit self)")
	if c.crashed != nil {
		c.crashed(name, v)
	}
}
