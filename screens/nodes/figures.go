package nodes

import (
	"cmp"
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens/widget"
)

var (
	unseen  [kube.KindCount]kube.KindStatus // the kinds of objects without any cluster
	unheard kube.NodeRow                    // a node of which the API has said nothing
)

// kindsOf is how well each kind of objects is known.
func kindsOf(f *frame.Frame) *[kube.KindCount]kube.KindStatus {
	if f.Kube == nil {
		return &unseen
	}
	return &f.Kube.Kinds
}

// summaryOf is what the node said last of itself, nil for nothing.
func summaryOf(n *frame.Node) *peer.Summary {
	if n.Peer == nil {
		return nil
	}
	return n.Peer.Summary
}

// percent is part of all in percent, NaN without all.
func percent(part, all int64) float64 {
	if all <= 0 {
		return math.NaN()
	}
	return 100 * float64(part) / float64(all)
}

// measured reports whether a metrics server has measured the node: what it says itself is used of the others.
func measured(n *frame.Node) bool { return n.API != nil && n.API.Measured }

// usedCPU is the share of its CPUs that a node uses, of those that pods can get where it is measured; NaN: nobody says.
func usedCPU(n *frame.Node) float64 {
	switch s := summaryOf(n); {
	case measured(n):
		return percent(n.API.Used.CPU, n.API.CPU)
	case s != nil && s.CPU != nil:
		return *s.CPU
	}
	return math.NaN()
}

// usedMemory is usedCPU of memory.
func usedMemory(n *frame.Node) float64 {
	switch s := summaryOf(n); {
	case measured(n):
		return percent(n.API.Used.Memory, n.API.Memory)
	case s != nil && s.MemoryUsed != nil && s.Memory != nil && *s.Memory > 0:
		return 100 * float64(*s.MemoryUsed) / float64(*s.Memory)
	}
	return math.NaN()
}

// usedStyle is the style of a share that usedCPU or usedMemory has found: dim when it is old.
func usedStyle(n *frame.Node, f *frame.Frame, percent float64, l frame.Limits) draw.Style {
	style := widget.Level(percent, l)
	switch {
	case measured(n):
		return widget.KindStyle(&kindsOf(f)[kube.KindNodeMetrics], style)
	case n.Contact == frame.Answers:
		return style
	}
	return draw.Dim
}

// memoryOf is how much memory a node has: what pods can get, else all as it says itself. 0: nobody says.
func memoryOf(n *frame.Node) uint64 {
	switch s := summaryOf(n); {
	case n.API != nil:
		return uint64(max(n.API.Memory, 0))
	case s != nil && s.Memory != nil:
		return *s.Memory
	}
	return 0
}

// podsOn is how many pods are on a node, -1 when nobody says.
func podsOn(n *frame.Node) int {
	if n.API == nil {
		return -1
	}
	return n.API.PodCount
}

// vmsOn is how many VMs are on a node, -1 when nobody says.
func vmsOn(n *frame.Node, f *frame.Frame) int {
	switch s := summaryOf(n); {
	case n.API != nil && kindsOf(f)[kube.KindVMI].Has():
		return n.API.VMs
	case s != nil && s.VMs != nil:
		return *s.VMs
	}
	return -1
}

// tells reports whether the API says now which nodes there are.
func tells(f *frame.Frame) bool {
	return fleet(f) != nil && f.Kube.Kinds[kube.KindNode].State == health.OK
}

// apiWord is what the API says of a node, or said last, in a word or two.
func apiWord(n *frame.Node, f *frame.Frame) string {
	switch {
	case n.API != nil:
		return stateWord(n.API)
	case tells(f):
		return "no node"
	}
	switch n.Peer.Said.Ready {
	case "True":
		return "was ready"
	case "False":
		return "was not ready"
	case "":
		return "--"
	}
	return "was unknown"
}

// stateWord is how a node is by the API, in a word or two.
func stateWord(r *kube.NodeRow) string {
	switch r.Rank() {
	case kube.RankNotReady:
		if r.Ready == "False" {
			return "not ready"
		}
		return "unknown"
	case kube.RankFaulty:
		return r.Fault().Type
	case kube.RankCordoned:
		return "cordoned"
	}
	return "ready"
}

func stateStyle(r *kube.NodeRow) draw.Style {
	switch r.Rank() {
	case kube.RankNotReady:
		return draw.Bad | draw.Bold
	case kube.RankFaulty, kube.RankCordoned:
		return draw.Warn
	}
	return draw.Good
}

// contactStyle is the style of what a node that was asked says of itself, or does not.
func contactStyle(n *frame.Node) draw.Style {
	switch {
	case n.Contact == frame.Silent || n.Ill():
		return draw.Bad | draw.Bold
	case n.Contact == frame.Refuses || n.ClockOff() || severity(n) == "warning":
		return draw.Warn
	}
	return draw.Good
}

// severity is that of the worst problem that an answering node has by its own word, empty for none.
func severity(n *frame.Node) string {
	if s := summaryOf(n); n.Contact == frame.Answers && s != nil {
		return s.Severity
	}
	return ""
}

// compare is below 0 when a comes first: what needs somebody more, then what there is more of.
func compare(a, b *frame.Node, order sorting, f *frame.Frame) int {
	size := func(n *frame.Node) float64 {
		switch order {
		case byCPU:
			return math.Round(usedCPU(n)) // as it is shown: those that are alike stay in their places
		case byMemory:
			return math.Round(usedMemory(n))
		case byPods:
			return float64(podsOn(n))
		}
		return float64(vmsOn(n, f))
	}
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(size(b), size(a)))
}
