package draw

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// keyNames are the names of the keys that are not runes, but for F1 to F12: those of browsers, and Control with a letter.
//
// W3C: UI Events KeyboardEvent key Values
var keyNames = map[Key]string{
	KeyUp: "ArrowUp", KeyDown: "ArrowDown", KeyLeft: "ArrowLeft", KeyRight: "ArrowRight",
	KeyPageUp: "PageUp", KeyPageDown: "PageDown", KeyHome: "Home", KeyEnd: "End",
	KeyEnter: "Enter", KeyEsc: "Escape", KeyTab: "Tab", KeyBackTab: "BackTab", KeyBackspace: "Backspace",
	KeyCtrlC: "Control+C", KeyCtrlL: "Control+L", KeyCtrlU: "Control+U", KeyCtrlD: "Control+D", KeyCtrlZ: "Control+Z", KeyCtrlBracket: "Control+]",
}

// Name is what a key is called between programs: the character itself, F1 to F12, or as a browser names it. Empty: KeyNone.
func (k Key) Name() string {
	switch {
	case k.IsRune():
		return string(rune(k))
	case k <= KeyF1 && k >= KeyF12:
		return "F" + strconv.Itoa(int(KeyF1-k)+1)
	}
	return keyNames[k]
}

// KeyNamed is the key of a name, KeyNone if none has it.
func KeyNamed(name string) Key {
	if r, n := utf8.DecodeRuneInString(name); n == len(name) && r >= ' ' && r != 0x7f && (r != utf8.RuneError || n > 1) {
		return Key(r)
	}
	if digits, ok := strings.CutPrefix(name, "F"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 1 && n <= 12 {
			return KeyF(n)
		}
	}
	for k, of := range keyNames {
		if of == name {
			return k
		}
	}
	return KeyNone
}
