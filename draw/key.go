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
	KeyF4
	KeyF5
	KeyF6
	KeyF7
	KeyF8
	KeyF9
	KeyF10
	KeyF11
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
	tcell.KeyF1: KeyF1, tcell.KeyF2: KeyF2, tcell.KeyF3: KeyF3, tcell.KeyF4: KeyF4, tcell.KeyF5: KeyF5, tcell.KeyF6: KeyF6,
	tcell.KeyF7: KeyF7, tcell.KeyF8: KeyF8, tcell.KeyF9: KeyF9, tcell.KeyF10: KeyF10, tcell.KeyF11: KeyF11, tcell.KeyF12: KeyF12,
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

// KeyF is the function key Fn, n from 1 to 12.
func KeyF(n int) Key { return KeyF1 - Key(n-1) }

// IsRune reports whether the key is printable text.
func (k Key) IsRune() bool { return k >= ' ' }
