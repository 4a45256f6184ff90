package widget

import "hypervisor-tui/draw"

// Scroll is how far a list is scrolled. Fit tells it the sizes.
type Scroll struct {
	Top  int // first row shown
	rows int // rows that fit
	all  int // rows there are
}

// Fit stores the sizes and keeps top within them.
func (s *Scroll) Fit(rows, all int) {
	s.rows, s.all = rows, all
	s.Top = max(min(s.Top, all-rows), 0)
}

// Below is how many rows lie below what is shown.
func (s *Scroll) Below() int { return max(s.all-s.rows-s.Top, 0) }

// Key moves by a scroll key and reports whether it was one.
func (s *Scroll) Key(k draw.Key) bool {
	page := max(s.rows-1, 1)
	switch k {
	case draw.KeyUp, 'k':
		s.Top--
	case draw.KeyDown, 'j':
		s.Top++
	case draw.KeyPageUp:
		s.Top -= page
	case draw.KeyPageDown:
		s.Top += page
	case draw.KeyCtrlU:
		s.Top -= page / 2
	case draw.KeyCtrlD:
		s.Top += page / 2
	case draw.KeyHome, 'g':
		s.Top = 0
	case draw.KeyEnd, 'G':
		s.Top = s.all
	default:
		return false
	}
	s.Fit(s.rows, s.all)
	return true
}

// Page scrolls down, or up for way -1, by so many rows, by a page at most; for 0 by a page.
func (s *Scroll) Page(way, rows int) {
	page := max(s.rows-1, 1)
	if rows > 0 {
		page = min(page, rows)
	}
	s.Top += way * page
	s.Fit(s.rows, s.all)
}

// Show scrolls as far as it takes to have the rows from top on in sight.
func (s *Scroll) Show(top, height int) {
	s.Top = min(max(s.Top, top+height-s.rows), top)
}

// Choose returns which of n items a key chooses, where item at is chosen so far, -1 for none: then it is the first, or by the keys
// for the last that. page is how many a page of them has. It is -1 where there are no items.
func Choose(k draw.Key, at, n, page int) int {
	last := k == draw.KeyEnd || k == 'G'
	switch {
	case last:
		at = n - 1
	case at < 0 || k == draw.KeyHome || k == 'g':
		at = 0
	case k == draw.KeyUp || k == 'k':
		at--
	case k == draw.KeyDown || k == 'j':
		at++
	case k == draw.KeyPageUp:
		at -= page
	case k == draw.KeyPageDown:
		at += page
	}
	return min(max(at, 0), n-1)
}
