package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// askLogin opens the question whether this terminal is to become a login prompt, where that is allowed.
func askLogin(c *Console, _ draw.Key, f *frame.Frame) Wish {
	if !f.Settings.Login {
		return Nothing
	}
	return c.toggle(loginOverlay)
}

// answerLogin is the answer: y alone is yes, whatever else is typed closes the question and does nothing more.
func (c *Console) answerLogin(k draw.Key) Wish {
	c.overlay = noOverlay
	if k == 'y' || k == 'Y' {
		return Login
	}
	return Nothing
}

func drawLogin(_ *Console, r draw.Region, f *frame.Frame) {
	inside := window(r, 50, 6, "Log in here?")
	p := inside.Pen(1, 0)
	p.Text(draw.Text, "The console ends, and ").Fit(draw.Accent, hostname(f), p.Left()-1)
	p = inside.Pen(1, 1)
	p.Text(draw.Text, "asks for a login on this terminal.")
	p = inside.Pen(1, 2)
	p.Text(draw.Text, "After the logout the console comes back.")
	p = inside.Pen(1, 3)
	hint(&p, "y", "Log in")
	p.Skip(2)
	hint(&p, "any other key", "Stay")
}
