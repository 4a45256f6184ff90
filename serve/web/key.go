package web

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"hypervisor-tui/draw"
)

// namedKeys are the names that browsers give to keys, as far as they mean something here.
//
// W3C: UI Events KeyboardEvent key Values
var namedKeys = map[string]draw.Key{
	"ArrowUp": draw.KeyUp, "ArrowDown": draw.KeyDown, "ArrowLeft": draw.KeyLeft, "ArrowRight": draw.KeyRight,
	"PageUp": draw.KeyPageUp, "PageDown": draw.KeyPageDown, "Home": draw.KeyHome, "End": draw.KeyEnd,
	"Enter": draw.KeyEnter, "Escape": draw.KeyEsc, "Tab": draw.KeyTab, "BackTab": draw.KeyBackTab, "Backspace": draw.KeyBackspace,
}

// keyOf is the key with a browser's name: that of namedKeys, F1 to F11, or the character itself. KeyNone is any other; F12 is: nobody logs in from here.
func keyOf(name string) draw.Key {
	if r, n := utf8.DecodeRuneInString(name); n == len(name) && r >= ' ' && r != 0x7f && (r != utf8.RuneError || n > 1) {
		return draw.Key(r)
	}
	if digits, ok := strings.CutPrefix(name, "F"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 1 && n < 12 {
			return draw.KeyF(n)
		}
	}
	return namedKeys[name]
}
