// Package screens draws the frame round the pages: header, footer, and the overlays that every page has. What the pages
// are is in screens/pages.
package screens

import (
	"slices"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// Console is the whole picture: header, one of the pages, footer, and an overlay. The loop's goroutine owns it.
type Console struct {
	pages   []Screen // in the order of their F-keys
	active  int
	overlay Screen   // nil: none
	visit   *Visited // nil: none
	paused  bool
	common  []Binding
	rewind  []Binding     // that work while the past is shown, before all others
	time    widget.Prompt // for a time of the past
	noTime  bool          // what was typed there is none
	guard   widget.Guard
	fails   struct{ page, overlay bool } // it panicked when it took in this frame
}

// New shows the page named first, or else the first of pages. crashed is called, on the loop's goroutine, with each panic
// of a panel; it may be nil.
func New(pages []Screen, first string, crashed func(panel string, value any)) *Console {
	c := &Console{pages: pages, active: max(position(pages, first), 0), guard: crashed}
	c.common, c.rewind = c.commonKeys(), c.rewindKeys()
	return c
}

// position is where the page of a name stands, -1 if none.
func position(pages []Screen, name string) int {
	return slices.IndexFunc(pages, func(s Screen) bool { return s.Name() == name })
}

// Paused says that the picture is to stay as it is until a key changes it.
func (c *Console) Paused() bool { return c.paused }

// Resume ends a pause.
func (c *Console) Resume() { c.paused = false }

// Typing reports whether what is typed goes into a text and is no command.
func (c *Console) Typing() bool {
	page, ok := c.pages[c.active].(interface{ Typing() bool })
	return c.visit == nil && (c.time.Open || ok && c.overlay == nil && page.Typing())
}

// Escapes reports whether Esc does anything in f: it closes what is open, takes away a filter, goes back to now.
func (c *Console) Escapes(f *frame.Frame) bool {
	page, ok := c.pages[c.active].(interface{ Escapes() bool })
	return c.overlay != nil || f.Past != nil || f.Bell.Big || ok && page.Escapes()
}

// ShowsProcesses reports whether there are processes in what is looked at.
func (c *Console) ShowsProcesses() bool {
	return !c.paused && c.visit == nil && (showsProcesses(c.pages[c.active]) || showsProcesses(c.overlay))
}

// ShowsNodes reports whether there are nodes one by one in what is looked at.
func (c *Console) ShowsNodes() bool {
	if c.visit != nil {
		return c.visit.Picture == nil // what the node has said is shown, then
	}
	return !c.paused && (showsNodes(c.pages[c.active]) || showsNodes(c.overlay))
}

// ShownNode is the node that is looked at whole, empty: none is.
func (c *Console) ShownNode() string {
	if n, ok := c.overlay.(interface{ ShownNode() string }); ok && !c.paused && c.visit == nil {
		return n.ShownNode()
	}
	return ""
}

func showsNodes(s Screen) bool {
	n, ok := s.(interface{ ShowsNodes() bool })
	return ok && n.ShowsNodes()
}

func showsProcesses(s Screen) bool {
	p, ok := s.(interface{ ShowsProcesses() bool })
	return ok && p.ShowsProcesses()
}

// Active is the name of the page that is shown.
func (c *Console) Active() string { return c.pages[c.active].Name() }

// Update takes in the frame that is drawn next, on w by h cells.
func (c *Console) Update(w, h int, f *frame.Frame) {
	for i, p := range c.pages {
		if p, ok := p.(interface{ Watched(on bool) }); ok {
			p.Watched(i == c.active && c.overlay == nil && c.visit == nil && !c.paused)
		}
	}
	if tiny(w, h) || c.visit != nil {
		return
	}
	h -= headerRows(w, h, f) + 1 + stripRows(h, f)
	c.fails.page = !c.update(c.pages[c.active], w, h, f)
	c.fails.overlay = c.overlay != nil && !c.update(c.overlay, w, h, f)
}

// update reports whether s took in the frame without a panic.
func (c *Console) update(s Screen, w, h int, f *frame.Frame) (done bool) {
	defer func() {
		if v := recover(); v != nil {
			c.guard.Tell(s.Name(), v)
		}
	}()
	s.Update(w, h, f)
	return true
}

// Draw draws the picture of the frame that Update took in, and changes nothing. A panel that panics is replaced by the
// word crashed; the others live.
func (c *Console) Draw(r draw.Region, f *frame.Frame) {
	if r.Empty() {
		return
	}
	if c.visit != nil && !f.Bell.Big {
		c.guard.Draw("visit", c.drawVisit, r, f)
		return
	}
	if tiny(r.W(), r.H()) {
		c.guard.Draw("tiny", drawTiny, r, f)
		return
	}
	if f.Bell.Big && f.Past == nil {
		c.guard.Draw("big", drawBig, r, f)
		return
	}
	h := r.H()
	c.guard.Draw("header", c.drawHeader, r.CutTop(headerRows(r.W(), r.H(), f)), f)
	c.guard.Draw("footer", c.drawFooter, r.CutBottom(1), f)
	if rows := stripRows(h, f); rows > 0 {
		c.guard.Draw("strip", drawStrip, r.CutBottom(rows), f)
	}
	c.draw(c.pages[c.active], c.fails.page, r, f)
	if c.overlay != nil {
		c.draw(c.overlay, c.fails.overlay, r, f)
	}
}

func (c *Console) draw(s Screen, failed bool, r draw.Region, f *frame.Frame) {
	if failed {
		widget.Crashed(r, s.Name())
		return
	}
	c.guard.Draw(s.Name(), s.Draw, r, f)
}
