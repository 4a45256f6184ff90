package nodes

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens/widget"
)

// peer draws what the node says itself, where it is asked, and whether that agrees with the API. It reports whether it is a peer.
func (n *node) peer(view *draw.Region, f *frame.Frame) bool {
	for i := range f.Nodes {
		o := &f.Nodes[i]
		if o.Name != n.name || o.Peer == nil {
			continue
		}
		var room [2 * peer.MaxSummary]byte
		why := appendWhy(room[:0], o, f)
		for more := true; more; {
			var line []byte
			line, why, more = widget.WrapLine(why, max(view.W()-2, 1))
			p := view.CutTop(1).Pen(1, 0)
			p.Bytes(draw.Text, line)
		}
		view.CutTop(1)
		widget.Section(view.CutTop(1), "By its own word")
		if o.Peer.Address.IsValid() {
			var address [64]byte
			p := widget.Field(view, "Asked at", 22)
			p.Bytes(draw.Text, o.Peer.Address.AppendTo(address[:0]))
		}
		*view = widget.Summary(*view, o.Peer, f)
		return true
	}
	return false
}
