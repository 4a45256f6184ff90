package journal

import "regexp"

// matcher is a Filter made ready for a table of units.
type matcher struct {
	filter  Filter
	units   *unitSet // nil: all
	text    needle
	re      *regexp.Regexp
	nothing bool // the filter cannot be used: nothing passes
}

// newMatcher compiles f; err says in one line why it cannot be used, then nothing passes.
func newMatcher(f Filter, u *units) (m matcher, err string) {
	m.filter = f
	switch {
	case f.Tab < 0 || f.Tab > 0 && f.Tab >= len(u.sets):
		m.nothing = true
		return m, "there is no such tab"
	case f.Tab > 0:
		m.units = &u.sets[f.Tab]
	}
	if f.Text == "" {
		return m, ""
	}
	if !f.Regexp {
		m.text = newNeedle(f.Text)
		return m, ""
	}
	re, e := regexp.Compile(f.Text)
	if e != nil {
		m.nothing = true
		return m, e.Error()
	}
	m.re = re
	return m, ""
}

// match reports whether an entry passes; unit is its number in the table the matcher was made for. It does not allocate.
func (m *matcher) match(severity Severity, unit uint16, message []byte) bool {
	if m.nothing || severity > m.filter.Least || m.units != nil && !m.units.has(unit) {
		return false
	}
	if m.filter.Text == "" {
		return true
	}
	if m.re != nil {
		return m.re.Match(message) != m.filter.Exclude
	}
	start, _ := m.text.find(message)
	return start >= 0 != m.filter.Exclude
}

// highlight returns the first match within the text that is shown of an entry; equal when there is nothing to show. With a regular
// expression it allocates.
func (m *matcher) highlight(message []byte) (start, end int) {
	if m.filter.Text == "" || m.filter.Exclude || m.nothing {
		return 0, 0
	}
	if m.re != nil {
		if at := m.re.FindIndex(message); at != nil {
			return at[0], at[1]
		}
		return 0, 0
	}
	if start, end = m.text.find(message); start >= 0 {
		return start, end
	}
	return 0, 0
}

// cost is about how many nanoseconds match takes for an entry. It cuts the scan into slices whose length does not
// depend on a clock.
func (m *matcher) cost(s *slot) int {
	switch {
	case m.re != nil:
		return 200 + 20*int(s.size)
	case m.text.runes != nil:
		return 50 + 20*int(s.size)
	case m.filter.Text != "":
		return 40 + int(s.size)/4
	}
	return 10
}
