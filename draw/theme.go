package draw

import "hypervisor-tui/draw/tty"

// Look is how a canvas is drawn: which colours, which runes.
type Look struct {
	Theme  *Theme
	Glyphs *Glyphs
	Font   *tty.Font // what text from outside is drawn with as far as it goes; nil: all of it
}

// Theme gives each role its colours.
type Theme struct {
	Name   string
	styles [roleCount]attr
}

func (t *Theme) attr(s Style) attr {
	a := t.styles[s.role()]
	a.bold = a.bold || s&Bold != 0
	return a
}

func fg(c colour) attr { return attr{fg: c, bg: own} }

func boldFg(c colour) attr { return attr{fg: c, bg: own, bold: true} }

// DarkTheme is for light text on a dark ground, with 16 or 8 colours. With 8, bright is bold.
func DarkTheme(colors int) *Theme {
	bright := func(c colour) attr {
		if colors >= 16 {
			return fg(c)
		}
		return boldFg(c - brightBlack)
	}
	dim, track := fg(white), fg(white)
	if colors >= 16 {
		track = fg(brightBlack)
	}
	return &Theme{Name: "dark", styles: [roleCount]attr{
		Text:     plain,
		Dim:      dim,
		Title:    bright(brightCyan),
		Border:   fg(cyan),
		Good:     bright(brightGreen),
		Warn:     bright(brightYellow),
		Bad:      bright(brightRed),
		Accent:   bright(brightWhite),
		Selected: attr{fg: black, bg: cyan},
		Track:    track,
	}}
}

// LightConsoleTheme is LightTheme for a console of the kernel, whose ground is colour 0, black unless its palette says
// otherwise: the roles of DarkTheme, in LightPalette or one like it.
func LightConsoleTheme() *Theme {
	t := DarkTheme(16)
	t.Name = "light"
	return t
}

// LightTheme is for dark text on a light ground, which is the terminal's own.
func LightTheme(colors int) *Theme {
	track, selected := fg(black), boldFg(white)
	if colors >= 16 {
		track, selected = fg(brightBlack), fg(brightWhite)
	}
	selected.bg = blue
	return &Theme{Name: "light", styles: [roleCount]attr{
		Text:     plain,
		Dim:      fg(black),
		Title:    boldFg(blue),
		Border:   fg(blue),
		Good:     fg(green),
		Warn:     fg(magenta),
		Bad:      boldFg(red),
		Accent:   boldFg(black),
		Selected: selected,
		Track:    track,
	}}
}

// MonoTheme has no colour: bold for what is to be found, reverse for what is chosen or wrong.
func MonoTheme() *Theme {
	bold, reverse := attr{fg: own, bg: own, bold: true}, attr{fg: own, bg: own, reverse: true}
	return &Theme{Name: "mono", styles: [roleCount]attr{
		Text:     plain,
		Dim:      plain,
		Title:    bold,
		Border:   plain,
		Good:     plain,
		Warn:     bold,
		Bad:      reverse,
		Accent:   bold,
		Selected: reverse,
		Track:    plain,
	}}
}
