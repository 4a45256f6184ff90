package vtscreen

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// Write interprets p. It never fails.
func (s *Screen) Write(p []byte) (int, error) {
	in := append(s.partial, p...)
	for len(in) > 0 {
		n := s.step(in)
		if n == 0 {
			break
		}
		in = in[n:]
	}
	s.partial = append([]byte(nil), in...)
	return len(p), nil
}

// step interprets the first element of in and returns its length, 0 if its end has not come yet.
func (s *Screen) step(in []byte) int {
	switch c := in[0]; {
	case c == 0x1b:
		return s.escape(in)
	case c < 0x20 || c == 0x7f:
		s.control(c)
		return 1
	case s.sets[s.shift] == '0' && c >= 0x5f && c < 0x7f:
		s.put(lineDrawing[c-0x5f], 1)
		return 1
	case c >= 0x80 && (s.bytewise || s.altFont):
		s.put(rune(c), 1)
		return 1
	}
	if !utf8.FullRune(in) {
		return 0
	}
	r, n := utf8.DecodeRune(in)
	width := clean.Width(r)
	if width == 0 || r == utf8.RuneError && n == 1 {
		s.foreign(in[:n])
		return n
	}
	s.put(r, width)
	return n
}

// lineDrawing is the DEC special graphics set from 0x5f on.
var lineDrawing = []rune(" ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")

func (s *Screen) control(c byte) {
	switch c {
	case 0x08:
		s.moveTo(s.X-1, s.Y)
	case 0x0e:
		s.shift = 1
	case 0x0f:
		s.shift = 0
	case '\r': // tcell never sends these two, other programs do
		s.foreign([]byte{c})
		s.moveTo(0, s.Y)
	case '\n':
		s.foreign([]byte{c})
		s.lineFeed()
	default:
		s.foreign([]byte{c})
	}
}

// escape interprets a sequence that starts with ESC.
func (s *Screen) escape(in []byte) int {
	if len(in) < 2 {
		return 0
	}
	switch in[1] {
	case '[':
		if n, known := s.ring(in); known {
			return n
		}
		return s.csi(in)
	case '(', ')', '%':
		return s.charset(in)
	case '=', '>':
		s.Keypad = in[1] == '='
		return 2
	case '\\': // ends a string, where there is one
		return 2
	case ']', 'P', 'X', '^', '_':
		return s.controlString(in)
	case '7':
		s.saved = [2]int{s.X, s.Y}
		return 2
	case '8':
		s.moveTo(s.saved[0], s.saved[1])
		return 2
	case 0x1b:
		s.Broken++
		return 1
	}
	s.foreign(in[:2])
	return 2
}

// ring interprets a beep of a Linux console, with its pitch and its length and the bell that it is for: nobody else's bell is
// ours. It returns 0 while its end has not come yet, and false for what is none.
func (s *Screen) ring(in []byte) (n int, known bool) {
	for _, form := range [...]*regexp.Regexp{beep, giveBack} {
		if at := form.FindIndex(in); at != nil {
			if form == beep {
				s.Rings++
			}
			return at[1], true
		}
	}
	return 0, len(in) < 24 && beepBegins.Match(in)
}

// Linux: man 4 console_codes, ESC [ 10 ; n ] and ESC [ 11 ; n ]
var (
	beep       = regexp.MustCompile(`^\x1b\[10;\d{1,5}\]\x1b\[11;\d{1,5}\]\x07`)
	giveBack   = regexp.MustCompile(`^\x1b\[10\]\x1b\[11\]`)
	beepBegins = regexp.MustCompile(`^\x1b\[1(0(;?\d{0,5}(\](\x1b(\[(1(1(;?\d{0,5}\]?)?)?)?)?)?)?)?)?$`)
)

// charset interprets the choice of a character set.
func (s *Screen) charset(in []byte) int {
	if len(in) < 3 {
		return 0
	}
	switch which := in[2]; {
	case which == 0x1b:
		s.Broken++
		return 2
	case in[1] == '%':
		s.bytewise = which == '@'
		if which != 'G' {
			s.foreign(in[:3])
		}
	default:
		s.sets[in[1]-'('] = which
		if which != '0' && which != 'B' {
			s.foreign(in[:3])
		}
	}
	return 3
}

// controlString records a whole OSC, DCS, SOS, PM or APC: none of them is ours.
func (s *Screen) controlString(in []byte) int {
	for i := 2; i < len(in); i++ {
		if in[i] == '\a' || in[i] == '\\' && in[i-1] == 0x1b {
			s.foreign(in[:i+1])
			return i + 1
		}
	}
	return 0
}

func (s *Screen) csi(in []byte) int {
	i := 2
	for i < len(in) && (in[i] >= 0x20 && in[i] < 0x40 || isShift(in[i])) {
		i++
	}
	if i == len(in) {
		return 0
	}
	if in[i] == 0x1b { // broken off by the next sequence, as where a Tty has dropped the rest
		s.Broken++
		return i
	}
	if in[i] < 0x40 || in[i] > 0x7e { // a terminal starts over with this byte
		s.foreign(in[:i])
		return i
	}
	params := make([]byte, 0, i)
	for _, c := range in[2:i] {
		if isShift(c) {
			s.control(c)
			continue
		}
		params = append(params, c)
	}
	if !s.known(in[i], string(params)) {
		s.foreign(in[:i+1])
	}
	return i + 1
}

// isShift reports whether c is SO or SI, which terminals obey in the middle of a sequence too.
//
// Linux: man 4 console_codes, Control characters
func isShift(c byte) bool { return c == 0x0e || c == 0x0f }

// known interprets a CSI sequence and reports whether it is one of ours.
func (s *Screen) known(final byte, params string) bool {
	switch final {
	case 'm':
		return s.sgr(params)
	case 'H':
		return s.cursor(params)
	case 'J':
		return s.erase(params)
	case '@':
		s.insert()
		return params == ""
	case 'h', 'l':
		return s.mode(params, final == 'h')
	case 'n':
		if params == "6" {
			s.Replies = append(s.Replies, []byte(fmt.Sprintf("\x1b[%d;%dR", s.Y+1, s.X+1))...)
		}
		return params == "6"
	case 'r':
		return s.margins(params)
	case 'c': // the console's cursor shape
		return params == "?0" || params == "?1"
	case 't': // saves and restores the window's title
		return params == "22;0;0" || params == "23;0;0"
	}
	return false
}

func (s *Screen) cursor(params string) bool {
	if params == "" {
		s.home()
		return true
	}
	row, column, both := strings.Cut(params, ";")
	y, err := strconv.Atoi(row)
	x, err2 := strconv.Atoi(column)
	if !both || err != nil || err2 != nil || x < 1 || y < 1 {
		return false
	}
	if s.origin {
		s.moveTo(x-1, min(y-1+s.top, s.bottom))
		return true
	}
	s.moveTo(x-1, y-1)
	return true
}

// margins sets the rows that scroll; ours are always all of them.
func (s *Screen) margins(params string) bool {
	s.top, s.bottom = 0, s.H-1
	if first, last, both := strings.Cut(params, ";"); both {
		top, err := strconv.Atoi(first)
		bottom, err2 := strconv.Atoi(last)
		if err == nil && err2 == nil && top >= 1 && top < bottom && bottom <= s.H {
			s.top, s.bottom = top-1, bottom-1
		}
	}
	s.home()
	return params == ""
}

func (s *Screen) home() {
	if s.origin {
		s.moveTo(0, s.top)
		return
	}
	s.moveTo(0, 0)
}

func (s *Screen) erase(params string) bool {
	switch params {
	case "":
		s.blank(s.Y*s.W+s.X, len(s.cells))
	case "2":
		s.blank(0, len(s.cells))
	default:
		return false
	}
	return true
}

// mode switches modes and reports whether all of them are ours.
func (s *Screen) mode(params string, on bool) bool {
	list, private := strings.CutPrefix(params, "?")
	ours := true
	for mode := range strings.SplitSeq(list, ";") {
		if private {
			mode = "?" + mode
		}
		ours = s.setMode(mode, on) && ours
	}
	return ours
}

func (s *Screen) setMode(mode string, on bool) bool {
	switch mode {
	case "4": // these three are only ever switched off by ours
		s.insertion = on
		return !on
	case "?5":
		s.Inverse = on
		return !on
	case "?6":
		s.origin = on
		s.home()
		return !on
	case "?1":
		s.CursorKeys = on
		return !on
	case "?2004":
		s.Paste = on
	case "?9", "?1000", "?1002", "?1003", "?1004", "?1005", "?1006", "?1015": // mouse and focus: only ever switched off by ours
		s.Reports[mode] = on
		return !on
	case "?12", "34": // blinking and shape of the cursor: nothing to see
	case "?7":
		s.Autowrap = on
	case "?25":
		s.Visible = on
	case "?1049":
		if on != s.Alt {
			s.blank(0, len(s.cells))
		}
		s.Alt = on
	default:
		return false
	}
	return true
}

// sgr sets attributes. It applies what it knows even when it says that there was something else.
func (s *Screen) sgr(params string) bool {
	ours := true
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		n := 0
		if list[i] != "" {
			var err error
			if n, err = strconv.Atoi(list[i]); err != nil {
				return false
			}
		}
		switch {
		case n == 0:
			s.attr = Plain
		case n == 10 || n == 11:
			s.altFont = n == 11
			ours = n == 10 && ours
		case n >= 30 && n <= 37:
			s.attr.Fg = n - 30
		case n >= 90 && n <= 97:
			s.attr.Fg = n - 90 + 8
		case n == 39:
			s.attr.Fg = -1
		case n >= 40 && n <= 47:
			s.attr.Bg = n - 40
		case n >= 100 && n <= 107:
			s.attr.Bg = n - 100 + 8
		case n == 49:
			s.attr.Bg = -1
		case (n == 38 || n == 48) && i+2 < len(list) && list[i+1] == "5":
			colour, err := strconv.Atoi(list[i+2])
			if err != nil || colour > 255 {
				return false
			}
			if n == 38 {
				s.attr.Fg = colour
			} else {
				s.attr.Bg = colour
			}
			i += 2
		default:
			ours = s.attr.set(n) && ours
		}
	}
	return ours
}

// set switches one attribute on.
func (a *Attr) set(n int) bool {
	switch n {
	case 1:
		a.Bold = true
	case 2:
		a.Dim = true
	case 3:
		a.Italic = true
	case 4:
		a.Underline = true
	case 5:
		a.Blink = true
	case 7:
		a.Reverse = true
	case 9:
		a.Struckout = true
	default:
		return false
	}
	return true
}
