package draw

import (
	"testing"

	"github.com/gdamore/tcell/v2"
)

func TestKeyOf(t *testing.T) {
	for _, c := range []struct {
		name string
		key  tcell.Key
		r    rune
		mod  tcell.ModMask
		want Key
	}{
		{"q", tcell.KeyRune, 'q', 0, 'q'},
		{"Shift-G", tcell.KeyRune, 'G', tcell.ModShift, 'G'},
		{"space", tcell.KeyRune, ' ', 0, ' '},
		{"é", tcell.KeyRune, 'é', 0, 'é'},
		{"漢", tcell.KeyRune, '漢', 0, '漢'},
		{"Ctrl-Q as a key", tcell.KeyCtrlQ, 'q', tcell.ModCtrl, KeyNone},
		{"Ctrl-Q as a rune", tcell.KeyRune, 'q', tcell.ModCtrl, KeyNone},
		{"Ctrl-é as a rune", tcell.KeyRune, 'é', tcell.ModCtrl, KeyNone},
		{"Alt-x", tcell.KeyRune, 'x', tcell.ModAlt, KeyNone},
		{"Meta-x", tcell.KeyRune, 'x', tcell.ModMeta, KeyNone},
		{"Alt-Shift-X", tcell.KeyRune, 'X', tcell.ModAlt | tcell.ModShift, KeyNone},
		{"Ctrl-C", tcell.KeyCtrlC, 3, tcell.ModCtrl, KeyCtrlC},
		{"Ctrl-S", tcell.KeyCtrlS, 19, tcell.ModCtrl, KeyNone},
		{"Ctrl-Space", tcell.KeyCtrlSpace, 0, tcell.ModCtrl, KeyNone},
		{"DEL as a rune", tcell.KeyRune, 0x7f, 0, KeyBackspace},
		{"ESC as a rune", tcell.KeyRune, 0x1b, 0, KeyEsc},
		{"NUL as a rune", tcell.KeyRune, 0, 0, KeyNone},
		{"F1", tcell.KeyF1, 0, 0, KeyF1},
		{"F2", tcell.KeyF2, 0, 0, KeyF2},
		{"F3", tcell.KeyF3, 0, 0, KeyF3},
		{"F4", tcell.KeyF4, 0, 0, KeyF4},
		{"F13", tcell.KeyF13, 0, 0, KeyNone},
		{"F12", tcell.KeyF12, 0, 0, KeyF12},
		{"Ctrl-]", tcell.KeyCtrlRightSq, 29, tcell.ModCtrl, KeyCtrlBracket},
		{"Up", tcell.KeyUp, 0, 0, KeyUp},
		{"Down", tcell.KeyDown, 0, 0, KeyDown},
		{"Left", tcell.KeyLeft, 0, 0, KeyLeft},
		{"Right", tcell.KeyRight, 0, 0, KeyRight},
		{"PgUp", tcell.KeyPgUp, 0, 0, KeyPageUp},
		{"PgDn", tcell.KeyPgDn, 0, 0, KeyPageDown},
		{"Home", tcell.KeyHome, 0, 0, KeyHome},
		{"End", tcell.KeyEnd, 0, 0, KeyEnd},
		{"Enter", tcell.KeyEnter, 13, 0, KeyEnter},
		{"Enter as LF", tcell.KeyLF, 10, 0, KeyEnter},
		{"Esc", tcell.KeyEsc, 27, 0, KeyEsc},
		{"Tab", tcell.KeyTab, 9, 0, KeyTab},
		{"Shift-Tab", tcell.KeyBacktab, 0, 0, KeyBackTab},
		{"Backspace", tcell.KeyBackspace, 8, 0, KeyBackspace},
		{"Backspace as DEL", tcell.KeyBackspace2, 0x7f, 0, KeyBackspace},
		{"Ctrl-L", tcell.KeyCtrlL, 12, tcell.ModCtrl, KeyCtrlL},
		{"Ctrl-U", tcell.KeyCtrlU, 21, tcell.ModCtrl, KeyCtrlU},
		{"Ctrl-D", tcell.KeyCtrlD, 4, tcell.ModCtrl, KeyCtrlD},
		{"Ctrl-Z", tcell.KeyCtrlZ, 26, tcell.ModCtrl, KeyCtrlZ},
	} {
		if got := KeyOf(tcell.NewEventKey(c.key, c.r, c.mod)); got != c.want {
			t.Errorf("%s is key %d, want %d", c.name, got, c.want)
		}
	}
}

// TestKeysAreApart holds that no special key is a rune or another special key.
func TestKeysAreApart(t *testing.T) {
	seen := map[Key]bool{}
	for _, k := range []Key{
		KeyNone, KeyF1, KeyF2, KeyF3, KeyF4, KeyF5, KeyF6, KeyF7, KeyF8, KeyF9, KeyF10, KeyF11, KeyF12, KeyUp, KeyDown, KeyLeft, KeyRight, KeyPageUp, KeyPageDown, KeyHome, KeyEnd, KeyEnter,
		KeyEsc, KeyTab, KeyBackTab, KeyBackspace, KeyCtrlC, KeyCtrlL, KeyCtrlU, KeyCtrlD, KeyCtrlZ, KeyCtrlBracket,
	} {
		if seen[k] || k.IsRune() || k > 0 {
			t.Errorf("key %d is another key too", k)
		}
		seen[k] = true
	}
	for k := range seen {
		if reached := k == KeyNone; !reached {
			for _, v := range specials {
				reached = reached || v == k
			}
			if !reached {
				t.Errorf("nothing on a keyboard makes key %d", k)
			}
		}
	}
	for _, r := range " aé漢~" {
		if !Key(r).IsRune() {
			t.Errorf("%q is not a rune", r)
		}
	}
}
