package viewers

import (
	"slices"
	"testing"
)

// TestNamesTurn: who looks at what whole, and that what nobody looked at is made at once.
func TestNamesTurn(t *testing.T) {
	v := NewNames()
	woken := func() bool {
		select {
		case <-v.came:
			return true
		default:
			return false
		}
	}
	for _, step := range []struct {
		from, to string
		whole    []string
		wakes    bool
	}{
		{"", "b", []string{"b"}, true}, {"", "b", []string{"b"}, false}, {"b", "a", []string{"a", "b"}, true},
		{"b", "", []string{"a"}, false}, {"a", "", nil, false}, {"", "", nil, false},
	} {
		v.Turn(step.from, step.to)
		if whole, wakes := v.All(), woken(); !slices.Equal(whole, step.whole) || wakes != step.wakes {
			t.Errorf("from %q to %q: %q, woken: %v", step.from, step.to, whole, wakes)
		}
	}
}
