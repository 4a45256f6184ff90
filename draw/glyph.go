package draw

// Glyph names a mark; the Glyphs of the terminal say which runes it is drawn with.
type Glyph uint8

// The marks.
const (
	Horizontal Glyph = iota
	Vertical
	TopLeft
	TopRight
	BottomLeft
	BottomRight
	TeeDown // a horizontal line that a vertical one leaves downwards
	TeeUp
	Cross
	Branch     // a child in a tree that has later brothers
	LastBranch // the last child
	Full       // a filled gauge cell
	Half       // a half-filled one, empty when the tier has none
	Empty      // the track of a gauge
	OK
	Wrong
	Attention
	Up
	Down
	UpDown
	LeftRight
	Ellipsis // text of ours goes on
	More     // text from outside goes on
	Dot
	Beat0 // the heartbeat's four pictures
	Beat1
	Beat2
	Beat3
	glyphCount
)

// Glyphs is one tier: what a terminal's font has. Sparks are the levels of a sparkline's cell, from the lowest that
// shows to the full cell; Eighths fill a gauge's last cell, from the thinnest on.
type Glyphs struct {
	Name    string
	Sparks  []rune
	Eighths []rune
	names   [glyphCount]string
}

func (g *Glyphs) name(id Glyph) string { return g.names[id] }

// UnicodeGlyphs is for terminals with a full font.
func UnicodeGlyphs() *Glyphs {
	return &Glyphs{
		Name: "unicode", Sparks: []rune("▁▂▃▄▅▆▇█"), Eighths: []rune("▏▎▍▌▋▊▉"),
		names: [glyphCount]string{
			"─", "│", "┌", "┐", "└", "┘", "┬", "┴", "┼", "├─", "└─", "█", "▌", "░",
			"✓", "✗", "!", "↑", "↓", "↑↓", "←→", "…", "»", "·", "|", "/", "─", "\\",
		},
	}
}

// VTGlyphs is for the Linux console, whose fonts have 256 or 512 characters: no eighths, no check marks.
func VTGlyphs() *Glyphs {
	return &Glyphs{
		Name: "vt", Sparks: []rune("▄█"), Eighths: []rune("▌"),
		names: [glyphCount]string{
			"─", "│", "┌", "┐", "└", "┘", "┬", "┴", "┼", "├─", "└─", "█", "▌", "░",
			"√", "x", "!", "↑", "↓", "↑↓", "←→", "»", "»", "·", "|", "/", "-", "\\",
		},
	}
}

// ASCIIGlyphs is for seven bits.
func ASCIIGlyphs() *Glyphs {
	return &Glyphs{
		Name: "ascii", Sparks: []rune(".:|#"), Eighths: nil,
		names: [glyphCount]string{
			"-", "|", "+", "+", "+", "+", "+", "+", "+", "|-", "`-", "#", "", ".",
			"ok", "x", "!", "^", "v", "^v", "<>", ">", ">", "-", "|", "/", "-", "\\",
		},
	}
}
