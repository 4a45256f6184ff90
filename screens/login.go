package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// login is the question whether this terminal is to become a login prompt.
type login struct{ Base }

// openLogin asks it where that is allowed.
func openLogin(f *frame.Frame) Screen {
	if !f.Settings.Login {
		return nil
	}
	return &login{NewBase("login", "Log in here?", Binding{Label: "y", Hint: "Log in"}, Binding{Label: "any other key", Hint: "Stay"})}
}

// Handle takes the answer: y alone is yes, whatever else is typed closes the question and does nothing more.
func (*login) Handle(k draw.Key, _ *frame.Frame) (Command, bool) {
	if k == 'y' || k == 'Y' {
		return Command{Kind: Login}, true
	}
	return Command{Kind: Close}, true
}

func (*login) Update(int, int, *frame.Frame) {}

func (l *login) Draw(r draw.Region, f *frame.Frame) {
	inside := widget.OverlayBox(r, 50, 6, l.Title())
	p := inside.Pen(1, 0)
	p.Text(draw.Text, "The console ends, and ").Fit(draw.Accent, hostname(f), p.Left()-1)
	p = inside.Pen(1, 1)
	p.Text(draw.Text, "asks for a login on this terminal.")
	p = inside.Pen(1, 2)
	p.Text(draw.Text, "After the logout the console comes back.")
	p = inside.Pen(1, 3)
	hints(&p, l.keys, false)
}
