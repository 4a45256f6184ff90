package draw

import "testing"

// TestKeyNames: each key has a name of its own, by which it is found again.
func TestKeyNames(t *testing.T) {
	keys := []Key{'q', ' ', '~', 'é', '漢', 'F'}
	for k := KeyF1; k >= KeyCtrlBracket; k-- {
		keys = append(keys, k)
	}
	for _, k := range keys {
		if name := k.Name(); name == "" || KeyNamed(name) != k {
			t.Errorf("%d is called %q, which is %d", k, name, KeyNamed(name))
		}
	}
	for _, name := range []string{"", "ab", "\n", "\x7f", "\xff", "F0", "F13", "F-1", "Control+X", "Unidentified", "escape"} {
		if k := KeyNamed(name); k != KeyNone {
			t.Errorf("%q is %d", name, k)
		}
	}
	if name := KeyNone.Name(); name != "" {
		t.Errorf("no key is called %q", name)
	}
}
