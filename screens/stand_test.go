package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// stand is a Console of all pages, with what it asked the log.
type stand struct {
	*Console
	logs    *logsPage
	network *networkPage
	query   journal.Query
	asked   bool // and not taken yet
}

func newConsole(first string, crashed func(panel string, value any)) *stand {
	s := new(stand)
	pages := Pages(Options{Crashed: crashed, Ask: func(q journal.Query) { s.query, s.asked = q, true }})
	s.Console, s.logs, s.network = New(pages, first, crashed), pages[0].(*logsPage), pages[2].(*networkPage)
	return s
}

// Query returns the newest query, and whether it was asked since the last call.
func (s *stand) Query() (journal.Query, bool) {
	asked := s.asked
	s.asked = false
	return s.query, asked
}

// present draws f as the loop does.
func present(c *stand, canvas *draw.Canvas, w, h int, f *frame.Frame) {
	c.Update(w, h, f)
	c.Draw(canvas.Begin(w, h), f)
}

// overlayName is the name of the overlay, empty: none.
func (s *stand) overlayName() string {
	if s.overlay == nil {
		return ""
	}
	return s.overlay.Name()
}
