package screens

import "slices"

// OverlayName is the name of the overlay, empty: none.
func (c *Console) OverlayName() string {
	if c.overlay == nil {
		return ""
	}
	return c.overlay.Name()
}

// Bindings are all keys of the active page, and where the overlay stands.
func (c *Console) Bindings() []Binding { return slices.Concat(c.pages[c.active].Keys(), c.common) }

// Bound reports whether b does something.
func (b *Binding) Bound() bool { return b.do != nil }

// Top is the first row that the overlay shows.
func (c *Console) Top() int { return c.overlay.(interface{ top() int }).top() }

func (s *Sheet) top() int { return s.scroll.Top }

// ChosenProblem is the subject of the problem that is chosen in the overlay of problems.
func (c *Console) ChosenProblem() string { return c.overlay.(*List[problemKey]).chosen.subject }

// ChosenAction is the object of the action that is chosen.
func (c *Console) ChosenAction() string {
	a := c.overlay.(*actions)
	return a.deeds[a.at].object
}
