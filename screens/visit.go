package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens/widget"
)

// Visited is another node's console as it is shown in the place of this one's pages. Whoever runs the console owns it, and
// changes it before Update. Times are CLOCK_BOOTTIME.
type Visited struct {
	Node, Address string
	Picture       *draw.Picture // the last one; nil: none has come
	At            time.Duration // when it was so
	Live          bool          // it is followed
	Nested        bool          // Esc closes something there
	Since         time.Duration // while it is not Live: since when
	Why           string        // why it is not, one clean line; empty while the first connection is tried
}

// oldAfter is how old the picture of a connection that is slow may be until it is shown as old.
const oldAfter = 4 * time.Second

// old reports whether what is shown is not what is there now.
func (v *Visited) old(f *frame.Frame) bool { return !v.Live || f.Boot-v.At > oldAfter }

// Visit shows v in the place of the pages, which stay as they are; nil shows them again.
func (c *Console) Visit(v *Visited) { c.visit, c.paused = v, false }

// BindVisit binds o to the console of the node that of names, empty for none.
func BindVisit(of func(*frame.Frame) string) Binding {
	return Anywhere(command("o", "the console of the chosen node, here", "Visit", func(_ draw.Key, f *frame.Frame) Command {
		return visit(of(f), f)
	}, 'o'))
}

// visit goes to the console of a node, or says why not.
func visit(node string, f *frame.Frame) Command {
	switch s := f.Settings; {
	case f.Past != nil:
		return notice("The past has this host's records only. Back to now with p, then o.")
	case s.HideLogs:
		return notice("Other nodes show their logs, and those are not for who looks here: serve.web.logs is false.")
	case !s.Visit && s.Viewer != "":
		return notice("This console is itself shown on another node, and leads no further.")
	case !s.Visit:
		return notice("Visiting other nodes is left out of this build: take one without the tag nokube.")
	case node == "":
		return Command{}
	case f.Peers == nil:
		return notice("Other nodes are not asked, or not yet: it takes peers.enable here, and serve.peers.enable there.")
	case known(f, node) == nil:
		return notice("No address of it is known: the cluster says none, and peers.nodes does not have it.")
	}
	return Command{Kind: Visit, Of: node}
}

// known is what is known of a node as a peer, nil: nothing.
func known(f *frame.Frame, node string) *peer.Peer {
	if f.Peers == nil {
		return nil
	}
	for i := range f.Peers.Peers {
		if p := &f.Peers.Peers[i]; p.Name == node && p.Address.IsValid() {
			return p
		}
	}
	return nil
}

// notice opens an overlay with a few words.
func notice(words string) Command {
	rows := func(view draw.Region, _ *frame.Frame) draw.Region { return widget.Wrapped(view, 1, draw.Text, words) }
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 50, rows + 2 }
	return Command{Kind: Open, Overlay: NewSheet("no-visit", "No visit", size, rows)}
}

// handleVisit handles a key while another node's console is shown: all go there but those that lead back.
func (c *Console) handleVisit(k draw.Key, f *frame.Frame) Command {
	v := c.visit
	switch {
	case k == draw.KeyCtrlL:
		return Command{Kind: Repaint}
	case k == draw.KeyF12 || k == draw.KeyCtrlBracket: // here, so that this host's console is round the question
		if c.put(openLogin(f)); c.overlay == nil {
			return Command{}
		}
	case k == draw.KeyCtrlC:
	case k == draw.KeyEsc && !(v.Live && v.Nested):
	case k == 'q' && !v.Live:
	default:
		return Command{Kind: VisitKey, Key: k}
	}
	return Command{Kind: VisitEnd}
}

// drawVisit draws the other node's picture below a row that says whose it is. What this host has to say stays in that row.
func (c *Console) drawVisit(r draw.Region, f *frame.Frame) {
	v := c.visit
	visitHeader(r.CutTop(1), v, f)
	if v.Picture == nil {
		v.unseen(r, f)
		return
	}
	if !v.Live { // in the place of keys that do nothing
		row := r.CutBottom(1)
		p := row.Pen(1, 0)
		v.state(&p, f)
		p.Fit(draw.Bad, v.Why, p.Left())
	}
	r.Faded(v.old(f)).Picture(v.Picture)
}

func visitHeader(row draw.Region, v *Visited, f *frame.Frame) {
	const strong = draw.Selected | draw.Bold
	row.Fill(' ', draw.Selected)
	key, back, alarm, roomy := "Esc", " back", " ALARM ", row.W() >= widget.Narrow
	if v.Live && v.Nested {
		key = "Ctrl-C"
	}
	if roomy {
		back, alarm = " comes back", " ALARM on "
	}
	right := row.CutRight(len(key) + len(back) + 1)
	p := right.Pen(0, 0)
	p.Text(strong, key).Text(draw.Selected, back)
	if roomy {
		p = row.CutRight(len("15:04:05 ")).Pen(0, 0)
		p.Time(strong, f.Now)
	}
	p = row.Pen(0, 0)
	if alarms(f) {
		p.Text(draw.Bad|draw.Bold, alarm)
		if roomy {
			p.Fit(draw.Bad|draw.Bold, hostname(f), 20).Text(draw.Bad|draw.Bold, " ")
		}
	}
	p.Skip(1).Fit(strong, v.Node, min(p.Left(), 30)).Skip(1)
	switch {
	case v.Picture == nil:
	case v.old(f):
		p.Age(strong, f.Boot-v.At).Text(strong, " old")
	default:
		p.Text(draw.Selected, "live")
	}
	if p.Skip(2); p.Left() > len(v.Address) {
		p.Text(draw.Selected, v.Address)
	}
}

// state writes how the connection is, without why.
func (v *Visited) state(p *draw.Pen, f *frame.Frame) {
	if v.Why == "" {
		p.Text(draw.Warn, "connecting for ").Age(draw.Warn, f.Boot-v.Since)
		return
	}
	p.Text(draw.Bad|draw.Bold, "no connection for ").Age(draw.Bad|draw.Bold, f.Boot-v.Since).Text(draw.Bad|draw.Bold, ": ")
}

// unseen is for a node of which no picture has come: what it has said last.
func (v *Visited) unseen(r draw.Region, f *frame.Frame) {
	r.CutTop(1)
	p := r.CutTop(1).Pen(1, 0)
	v.state(&p, f)
	if v.Why != "" {
		r = widget.Wrapped(r, 1, draw.Bad, v.Why)
	}
	r.CutTop(1)
	if other := known(f, v.Node); other != nil {
		widget.Section(r.CutTop(1), "By its own word")
		widget.Summary(r, other, f)
	}
}
