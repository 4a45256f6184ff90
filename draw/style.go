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

// attr is how a cell is drawn.
type attr struct {
	fg, bg        colour
	bold, reverse bool
}

// plain is the terminal's own way.
var plain = attr{fg: own, bg: own}

// hidden reports whether a blank drawn so is like one that was erased.
func (a attr) hidden() bool { return a.bg == own && !a.reverse }

// colour is one of a terminal's 16.
type colour int8

const (
	own colour = iota - 1 // the terminal's own for text, or for the ground
	black
	red
	green
	yellow
	blue
	magenta
	cyan
	white
	brightBlack
	brightRed
	brightGreen
	brightYellow
	brightBlue
	brightMagenta
	brightCyan
	brightWhite
)
