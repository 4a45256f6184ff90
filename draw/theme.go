package draw

import (
	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
)

// Appearance is how a canvas is drawn: which colours, which runes.
type Appearance struct {
	Theme  *Theme
	Glyphs *Glyphs
	Font   *tty.Font // what text from outside is drawn with as far as it goes; nil: all of it
}

// Theme gives each role its colours.
type Theme struct {
	Name   string
	styles [roleCount]tcell.Style
}

func (t *Theme) style(s Style) tcell.Style {
	st := t.styles[s.role()]
	if s&Bold != 0 {
		st = st.Bold(true)
	}
	return st
}

// fills reports whether a blank in the style s is seen.
func (t *Theme) fills(s Style) bool {
	_, ground, attributes := t.styles[s.role()].Decompose()
	return ground != tcell.ColorDefault || attributes&tcell.AttrReverse != 0
}

func fg(c tcell.Color) tcell.Style { return tcell.StyleDefault.Foreground(c) }

// DarkTheme is for light text on a dark ground, with 16 or 8 colours. With 8, bright is bold.
func DarkTheme(colors int) *Theme {
	bright := func(c8, c16 tcell.Color) tcell.Style {
		if colors >= 16 {
			return fg(c16)
		}
		return fg(c8).Bold(true)
	}
	dim, track := fg(tcell.ColorSilver), fg(tcell.ColorSilver)
	if colors >= 16 {
		track = fg(tcell.ColorGray)
	}
	return &Theme{Name: "dark", styles: [roleCount]tcell.Style{
		Text:     tcell.StyleDefault,
		Dim:      dim,
		Title:    bright(tcell.ColorTeal, tcell.ColorAqua),
		Border:   fg(tcell.ColorTeal),
		Good:     bright(tcell.ColorGreen, tcell.ColorLime),
		Warn:     bright(tcell.ColorOlive, tcell.ColorYellow),
		Bad:      bright(tcell.ColorMaroon, tcell.ColorRed),
		Accent:   bright(tcell.ColorSilver, tcell.ColorWhite),
		Selected: fg(tcell.ColorBlack).Background(tcell.ColorTeal),
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
	track, white := fg(tcell.ColorBlack), fg(tcell.ColorSilver).Bold(true)
	if colors >= 16 {
		track, white = fg(tcell.ColorGray), fg(tcell.ColorWhite)
	}
	return &Theme{Name: "light", styles: [roleCount]tcell.Style{
		Text:     tcell.StyleDefault,
		Dim:      fg(tcell.ColorBlack),
		Title:    fg(tcell.ColorNavy).Bold(true),
		Border:   fg(tcell.ColorNavy),
		Good:     fg(tcell.ColorGreen),
		Warn:     fg(tcell.ColorPurple),
		Bad:      fg(tcell.ColorMaroon).Bold(true),
		Accent:   fg(tcell.ColorBlack).Bold(true),
		Selected: white.Background(tcell.ColorNavy),
		Track:    track,
	}}
}

// MonoTheme has no colour: bold for what is to be found, reverse for what is chosen or wrong.
func MonoTheme() *Theme {
	plain := tcell.StyleDefault
	return &Theme{Name: "mono", styles: [roleCount]tcell.Style{
		Text:     plain,
		Dim:      plain,
		Title:    plain.Bold(true),
		Border:   plain,
		Good:     plain,
		Warn:     plain.Bold(true),
		Bad:      plain.Reverse(true),
		Accent:   plain.Bold(true),
		Selected: plain.Reverse(true),
		Track:    plain,
	}}
}
