package collect

import (
	"slices"
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
)

// TestViewNode: nodes are looked at whole as long as a subscriber does, and not by one that has closed.
func TestViewNode(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	first, second := subscribe(t, c), subscribe(t, c)
	step := func(what string, want ...string) {
		t.Helper()
		if got := c.whole.All(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	first.ViewNode("a")
	second.ViewNode("b")
	step("two look", "a", "b")
	second.ViewNode("a")
	step("at the same", "a")
	first.ViewNode("")
	step("one does not any more", "a")
	second.Close()
	step("one has closed")
}
