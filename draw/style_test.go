package draw

import "testing"

func TestRoleLetters(t *testing.T) {
	seen := map[byte]Style{}
	for role := range roleCount {
		c := role.letter()
		if other, ok := seen[c]; ok {
			t.Errorf("roles %d and %d share the letter %c", other, role, c)
		}
		seen[c] = role
	}
	for s, want := range map[Style]byte{Text: '.', Dim: 'd', Dim | Bold: 'D', Bad: '!', Bad | Bold: '!', Accent | Bold: 'A'} {
		if got := s.letter(); got != want {
			t.Errorf("letter of %d is %c, want %c", s, got, want)
		}
	}
	if (Warn|Bold).role() != Warn || roleCount > Bold {
		t.Error("Bold is not apart from the roles")
	}
}
