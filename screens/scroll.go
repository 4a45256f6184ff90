package screens

import "hypervisor-tui/draw"

// scroll is how far a list is scrolled. fit tells it the sizes.
type scroll struct {
	top  int // first row shown
	rows int // rows that fit
	all  int // rows there are
}

// fit stores the sizes and keeps top within them.
func (s *scroll) fit(rows, all int) {
	s.rows, s.all = rows, all
	s.top = max(min(s.top, all-rows), 0)
}

// below is how many rows lie below what is shown.
func (s *scroll) below() int { return max(s.all-s.rows-s.top, 0) }

// key moves by a scroll key and reports whether it was one.
func (s *scroll) key(k draw.Key) bool {
	page := max(s.rows-1, 1)
	switch k {
	case draw.KeyUp, 'k':
		s.top--
	case draw.KeyDown, 'j':
		s.top++
	case draw.KeyPageUp:
		s.top -= page
	case draw.KeyPageDown:
		s.top += page
	case draw.KeyCtrlU:
		s.top -= page / 2
	case draw.KeyCtrlD:
		s.top += page / 2
	case draw.KeyHome, 'g':
		s.top = 0
	case draw.KeyEnd, 'G':
		s.top = s.all
	default:
		return false
	}
	s.fit(s.rows, s.all)
	return true
}

// show scrolls as far as it takes to have the rows from top on in sight.
func (s *scroll) show(top, height int) {
	s.top = min(max(s.top, top+height-s.rows), top)
}
