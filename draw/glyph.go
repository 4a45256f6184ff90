package draw

import "hypervisor-tui/draw/tty"

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
	Cable      // what leads from a link to another
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
	Before   // text from outside begins further to the left
	Dot
	Beat0 // the heartbeat's four pictures
	Beat1
	Beat2
	Beat3
	glyphCount
)

// Glyphs is one tier: what a terminal's font has. Sparks are the levels of a sparkline's cell, from the lowest that
// shows to the full cell; Drops are those of one that hangs from the top; Eighths fill a gauge's last cell, from the
// thinnest on.
type Glyphs struct {
	Name    string
	Sparks  []rune
	Drops   []rune
	Eighths []rune
	names   [glyphCount]string
	twins   map[rune]rune // what stands for a rune of UnicodeGlyphs, where it is another one
}

func (g *Glyphs) name(id Glyph) string { return g.names[id] }

// UnicodeGlyphs is for terminals with a full font.
func UnicodeGlyphs() *Glyphs {
	return &Glyphs{
		Name: "unicode", Sparks: []rune("▁▂▃▄▅▆▇█"), Drops: []rune("▀█"), Eighths: []rune("▏▎▍▌▋▊▉"),
		names: [glyphCount]string{
			"─", "│", "┌", "┐", "└", "┘", "┬", "┴", "┼", "├─", "└─", "═", "█", "▌", "░",
			"✓", "✗", "!", "↑", "↓", "↑↓", "←→", "…", "»", "«", "·", "|", "/", "─", "\\",
		},
	}
}

// vtGlyphs are the ways to draw each mark on the Linux console, whose fonts have 256 or 512 characters: the first one
// that the font has counts. The last is ASCII.
var vtGlyphs = [glyphCount][]string{
	Horizontal: {"─", "-"}, Vertical: {"│", "|"},
	TopLeft: {"┌", "+"}, TopRight: {"┐", "+"}, BottomLeft: {"└", "+"}, BottomRight: {"┘", "+"},
	TeeDown: {"┬", "+"}, TeeUp: {"┴", "+"}, Cross: {"┼", "+"}, Branch: {"├─", "|-"}, LastBranch: {"└─", "`-"},
	Cable: {"═", "="},
	Full:  {"█", "#"}, Half: {"▌", ""}, Empty: {"░", "."},
	OK: {"✓", "√", "ok"}, Wrong: {"✗", "x"}, Attention: {"!"},
	Up: {"↑", "^"}, Down: {"↓", "v"}, UpDown: {"↑↓", "^v"}, LeftRight: {"←→", "<>"},
	Ellipsis: {"…", "»", ">"}, More: {"»", ">"}, Before: {"«", "<"}, Dot: {"·", "-"},
	Beat0: {"|"}, Beat1: {"/"}, Beat2: {"─", "-"}, Beat3: {"\\"},
}

// vtSparks, vtDrops and vtEighths are the same for sparklines and gauges. No font of 256 characters has the eighths.
var (
	vtSparks  = []string{"▁▂▃▄▅▆▇█", "▄█", "░▒▓█", "░▒█", ".:|#"}
	vtDrops   = []string{"▀█", "░▒▓█", "░▒█", "':|#"}
	vtEighths = []string{"▏▎▍▌▋▊▉", "▌", "▒", ""}
)

// VTGlyphs is for a Linux console with the given font. Of the nil Font it takes no more than what all of them have.
func VTGlyphs(f *tty.Font) *Glyphs {
	if f == nil {
		f = tty.NewFont(commonFont)
	}
	g := &Glyphs{Name: "vt", Sparks: []rune(firstOf(f, vtSparks)), Drops: []rune(firstOf(f, vtDrops)), Eighths: []rune(firstOf(f, vtEighths))}
	for id, ways := range vtGlyphs {
		g.names[id] = firstOf(f, ways)
	}
	if g.names[Full] == "#" {
		g.Sparks, g.Drops, g.Eighths = []rune(vtSparks[len(vtSparks)-1]), []rune(vtDrops[len(vtDrops)-1]), nil // their full cell is another one
	}
	return twinned(g)
}

// firstOf is the first of ways that f has, at least the last.
func firstOf(f *tty.Font, ways []string) string {
	for _, w := range ways {
		if f.HasAll(w) {
			return w
		}
	}
	return ways[len(ways)-1]
}

// ASCIIGlyphs is for seven bits.
func ASCIIGlyphs() *Glyphs {
	return twinned(&Glyphs{
		Name: "ascii", Sparks: []rune(".:|#"), Drops: []rune("':|#"), Eighths: nil,
		names: [glyphCount]string{
			"-", "|", "+", "+", "+", "+", "+", "+", "+", "|-", "`-", "=", "#", "", ".",
			"ok", "x", "!", "^", "v", "^v", "<>", ">", ">", "<", "-", "|", "/", "-", "\\",
		},
	})
}

// commonFont is what every font of a console is taken to have beyond ASCII: the kernel's own, Terminus and Fixed share
// it.
const commonFont = "─│┌┐└┘├┤┬┴┼█░▒↑↓←→■·•±°«»"
