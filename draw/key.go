package draw

import "github.com/gdamore/tcell/v2"

// Key is one key press: a printable rune, or one of the constants below, which are negative.
type Key rune

// The keys that are not runes.
const (
	KeyNone Key = -iota
	KeyF1
	KeyF2
	KeyF3
	KeyF12
	KeyUp
	KeyDown
	KeyLeft
	KeyRight
	KeyPageUp
	KeyPageDown
	KeyHome
	KeyEnd
	KeyEnter
	KeyEsc
	KeyTab
	KeyBackTab
	KeyBackspace
	KeyCtrlC
	KeyCtrlL
	KeyCtrlU
	KeyCtrlD
	KeyCtrlZ
	KeyCtrlBracket // Ctrl-]
)

var specials = map[tcell.Key]Key{
	tcell.KeyF1: KeyF1, tcell.KeyF2: KeyF2, tcell.KeyF3: KeyF3, tcell.KeyF12: KeyF12,
	tcell.KeyUp: KeyUp, tcell.KeyDown: KeyDown, tcell.KeyLeft: KeyLeft, tcell.KeyRight: KeyRight,
	tcell.KeyPgUp: KeyPageUp, tcell.KeyPgDn: KeyPageDown, tcell.KeyHome: KeyHome, tcell.KeyEnd: KeyEnd,
	tcell.KeyEnter: KeyEnter, tcell.KeyLF: KeyEnter, tcell.KeyEsc: KeyEsc, tcell.KeyTab: KeyTab, tcell.KeyBacktab: KeyBackTab,
	tcell.KeyBackspace: KeyBackspace, tcell.KeyBackspace2: KeyBackspace,
	tcell.KeyCtrlC: KeyCtrlC, tcell.KeyCtrlL: KeyCtrlL, tcell.KeyCtrlU: KeyCtrlU, tcell.KeyCtrlD: KeyCtrlD, tcell.KeyCtrlZ: KeyCtrlZ,
	tcell.KeyCtrlRightSq: KeyCtrlBracket,
}

// KeyOf translates tcell's event; KeyNone is a key that means nothing here. Key and modifiers are tested before the
// rune: Ctrl-Q arrives with the rune q.
func KeyOf(e *tcell.EventKey) Key {
	if k, ok := specials[e.Key()]; ok {
		return k
	}
	if e.Key() != tcell.KeyRune || e.Modifiers()&(tcell.ModCtrl|tcell.ModAlt|tcell.ModMeta) != 0 {
		return KeyNone
	}
	if v := e.Rune(); v >= ' ' && v != 0x7f {
		return Key(v)
	}
	return KeyNone
}

// IsRune says whether the key is printable text.
func (k Key) IsRune() bool { return k >= ' ' }
