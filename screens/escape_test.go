package screens_test

import (
	"math/rand/v2"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/screens/screentest"
)

// TestEscapes: Esc does something as long as Escapes says so, which ends after a few, and then does nothing. A console that
// shows this one in its own picture goes by it.
func TestEscapes(t *testing.T) {
	keys := []draw.Key{draw.KeyF1, draw.KeyF2, draw.KeyF3, draw.KeyF4, draw.KeyF5, '/', 'a', 'e', 'k', 'V', 'd', 'c', 'i', '!', 'L', '?', 'p', 't', draw.KeyUp, draw.KeyDown,
		draw.KeyPageUp, draw.KeyPageDown, draw.KeyEnter, draw.KeyTab, draw.KeyF12}
	dice := rand.New(rand.NewPCG(1, 2))
	escaped := map[string]int{}
	for range 400 {
		f := frametest.Fixed()
		frametest.Nodes(9)(f)
		frametest.Checks(f)
		frametest.Derive(f)
		canvas := draw.NewCanvas(screentest.Looks["colour"])
		c := screens.New(pages.New(pages.Options{}), pages.Names()[dice.IntN(len(pages.Names()))], nil)
		show := func() string {
			c.Update(200, 60, f)
			c.Draw(canvas.Begin(200, 60), f)
			return string(canvas.AppendRoles(canvas.AppendText(nil)))
		}
		press := func(k draw.Key) {
			if f.Bell.Big {
				f.Bell.Big, k = false, draw.KeyNone
			}
			switch cmd := c.Handle(k, f); {
			case cmd.Kind != screens.Past:
			case cmd.Rewind.Leave:
				f.Past = nil
			default:
				f.Past = &frame.Past{Why: "nothing is recorded", Real: f.Now}
			}
		}
		show()
		var pressed []draw.Key
		for range 1 + dice.IntN(5) {
			k := keys[dice.IntN(len(keys))]
			pressed = append(pressed, k)
			press(k)
			show()
		}
		if dice.IntN(10) == 0 && f.Past == nil {
			f.Bell.Big = true
			f.Alerts = []frame.Alert{{Problem: frame.Problem{Severity: journal.Crit, Kind: frame.NoCarrier, Subject: "br0"}, State: frame.Firing}}
			show()
		}
		for n := 0; ; n++ {
			before, does := show(), c.Escapes(f)
			press(draw.KeyEsc)
			if after := show(); !does && before != after {
				t.Errorf("on %s after %v and %d times Esc, it does something:\n%s\n%s", c.Active(), pressed, n, before, after)
			} else if does && before == after && c.Active() != frame.Logs { // whose rows nobody answers here
				t.Errorf("on %s after %v and %d times Esc, it does nothing:\n%s", c.Active(), pressed, n, before)
			}
			if !does {
				break
			}
			if escaped[c.Active()]++; n > 6 {
				t.Fatalf("on %s after %v: Esc never ends", c.Active(), pressed)
			}
		}
	}
	for _, page := range pages.Names() {
		if escaped[page] == 0 {
			t.Errorf("on %s nothing was closed", page)
		}
	}
}
