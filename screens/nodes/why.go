package nodes

import (
	"strconv"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens/widget"
)

// drawWhy says why the chosen node, or the worst one, is as it is.
func (n *Page) drawWhy(r draw.Region, f *frame.Frame, old bool) {
	at := max(n.position(f.Nodes), 0)
	if at >= len(n.rows) || n.rows[at] >= len(f.Nodes) {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "no node has that")
		return
	}
	node := &f.Nodes[n.rows[at]]
	if node.Peer == nil {
		r = r.Faded(old)
	}
	p := r.Pen(1, 0)
	p.Fit(draw.Accent, node.Name, max(p.Left()/3, 20)).Text(draw.Dim, ": ")
	if node.Peer == nil {
		drawFault(&p, node.API, f)
		return
	}
	var room [2 * peer.MaxSummary]byte
	why := appendWhy(room[:0], node, f)
	for more := true; more && r.H() > 1; {
		var line []byte
		line, why, more = widget.WrapLine(why, max(p.Left()-1, 1))
		p.Bytes(draw.Text, line)
		r.CutTop(1)
		p = r.Pen(3, 0)
	}
	p.FitBytes(draw.Text, why, p.Left())
}

// drawFault says what the API says of a node.
func drawFault(p *draw.Pen, row *kube.NodeRow, f *frame.Frame) {
	fault := row.Fault()
	switch {
	case fault == nil && row.Cordoned:
		p.Text(draw.Warn, "nothing new is placed on it")
	case fault == nil:
		p.Text(draw.Good, "all its conditions are as they should be")
	default:
		p.Text(stateStyle(row), fault.Type).Text(draw.Dim, " is ").Text(draw.Text, widget.Known(fault.Status))
		widget.SinceThen(p, f, ", for ", fault.Since, "")
		if fault.Reason != "" {
			p.Text(draw.Dim, ", ").Fit(draw.Text, fault.Reason, p.Left())
		}
		if fault.Message != "" && p.Left() > 10 {
			p.Text(draw.Dim, ": ").Fit(draw.Dim, fault.Message, p.Left())
		}
	}
}

// appendWhy appends what the API and a peer say of that, or do not, in a sentence. What weighs most comes first.
func appendWhy(dst []byte, n *frame.Node, f *frame.Frame) []byte {
	if n.Here {
		return append(dst, "this host: F2 shows how it is"...)
	}
	h, told := &n.Peer.Health, n.Told(&f.Snapshot)
	since := func(before string) {
		dst = draw.AppendAge(append(dst, before...), max(f.Boot-h.Since, 0))
	}
	say := func(words ...string) {
		for _, w := range words {
			dst = append(dst, w...)
		}
	}
	switch {
	case n.Disagree == frame.NodeOnly:
		dst = appendReady(dst, n.API, f)
		say(", and the node answers: ", n.WhyNodeOnly())
		if s := summaryOf(n); s != nil && s.API != "" && s.API != "ok" {
			say(": ", s.API)
		}
	case n.Contact == frame.Silent:
		switch {
		case told && n.API.Ready == "True":
			say("API says Ready, and the node does not answer here")
			since(" since ")
			say(": our way to it, or its --serve: ", h.Err)
		case told:
			dst = appendReady(dst, n.API, f)
			say(", and the node does not answer either")
			since(" since ")
			say(": ", h.Err)
		default:
			say("it does not answer")
			since(" since ")
			say(": ", h.Err)
		}
	case n.Contact == frame.Refuses:
		say("it does not answer as a peer does")
		since(" since ")
		say(": ", h.Err)
	case told && n.API.Fault() != nil:
		fault := n.API.Fault()
		say(fault.Type, " is ", widget.Known(fault.Status))
		if age, known := f.Age(fault.Since); known {
			dst = draw.AppendAge(append(dst, " since "...), age)
		}
		if fault.Message != "" {
			say(": ", fault.Message)
		}
	}
	return appendOwn(dst, n, f)
}

// appendReady appends since when the API does not call a node ready.
func appendReady(dst []byte, row *kube.NodeRow, f *frame.Frame) []byte {
	dst = append(dst, "API says NotReady"...)
	if c := row.Fault(); c != nil {
		if age, known := f.Age(c.Since); known {
			dst = draw.AppendAge(append(dst, " since "...), age)
		}
	}
	return dst
}

// appendOwn appends what a peer has said itself, and what is only remembered of it.
func appendOwn(dst []byte, n *frame.Node, f *frame.Frame) []byte {
	next := func() {
		if len(dst) > 0 {
			dst = append(dst, "; "...)
		}
	}
	if n.ClockOff() {
		next()
		dst = draw.AppendAge(append(dst, "its clock is "...), n.Peer.Offset.Abs())
		if n.Peer.Offset > 0 {
			dst = append(dst, " ahead of this host's"...)
		} else {
			dst = append(dst, " behind this host's"...)
		}
	}
	s := summaryOf(n)
	if s != nil && s.Worst != "" {
		next()
		dst = append(dst, "it says: "...)
		if n.Contact != frame.Answers {
			dst = append(dst[:len(dst)-len("says: ")], "said: "...)
		}
		dst = append(dst, s.Worst...)
		if age, known := f.Age(s.Since.Add(-n.Peer.Offset)); known && !s.Since.IsZero() { // by its clock
			dst = draw.AppendAge(append(dst, " since "...), age)
		}
		if s.Problems > 1 {
			dst = append(strconv.AppendInt(append(dst, " (and "...), int64(s.Problems-1), 10), " more)"...)
		}
	}
	if age, known := heard(n, f); known && (n.Contact == frame.Unasked || n.Peer.Health.At == 0) {
		next()
		dst = append(draw.AppendAge(append(dst, "it answered last "...), age), " ago"...)
	}
	switch age, known := f.Age(n.Peer.Said.At); {
	case n.API != nil && !n.Told(&f.Snapshot):
		next()
		dst = append(append(dst, "the API said last: "...), stateWord(n.API)...)
	case n.API == nil && tells(f):
		next()
		dst = append(dst, "it is no node of the cluster"...)
	case n.API == nil && n.Peer.Said.Ready != "" && known:
		next()
		dst = append(append(append(dst, "the API said Ready="...), n.Peer.Said.Ready...), ' ')
		dst = append(draw.AppendAge(dst, age), " ago"...)
	}
	switch {
	case n.API != nil && n.API.Cordoned:
		next()
		dst = append(dst, "nothing new is placed on it"...)
	case len(dst) > 0:
	case n.Contact == frame.Answers && s != nil && s.Problems == 0 && n.Told(&f.Snapshot):
		dst = append(dst, "its conditions are as they should be, and it says that nothing is wrong"...)
	case n.Contact == frame.Answers && s != nil && s.Problems == 0:
		dst = append(dst, "it says that nothing is wrong"...)
	case n.Contact == frame.Answers:
		dst = append(dst, "it answers"...)
	case n.Told(&f.Snapshot):
		dst = append(dst, "all its conditions are as they should be; it is not asked itself"...)
	default:
		dst = append(dst, "nobody has said anything of it yet"...)
	}
	return dst
}
