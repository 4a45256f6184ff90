package draw

// Style is a role, with attributes added by |. The Theme turns it into colours; screens never name one.
type Style uint8

// The roles. Text is the zero value.
const (
	Text     Style = iota
	Dim            // labels, units, rules' captions: still readable
	Title          // headings
	Border         // frames and rules
	Good           // as it should be
	Warn           // look at it soon
	Bad            // look at it now
	Accent         // what the eye is to find: keys, highlights
	Selected       // the row or tab that is chosen
	Track          // the empty part of a gauge
	roleCount
)

// Bold may be added to any role.
const Bold Style = 1 << 7

func (s Style) role() Style { return s &^ Bold }

// faded is the style that stands for s where what is shown is old.
func (s Style) faded() Style {
	switch s.role() {
	case Border, Title, Track:
		return s
	}
	return Dim
}

// letter is the role's sign in golden files; bold is the capital.
func (s Style) letter() byte {
	const letters = ".dtb+w!ask"
	c := letters[s.role()]
	if s&Bold != 0 && c >= 'a' {
		c -= 'a' - 'A'
	}
	return c
}
