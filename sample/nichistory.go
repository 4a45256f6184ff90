package sample

import (
	"math"
	"slices"
)

// NICHistory holds the newest points of one physical interface, each taken with one of Host.History. A virtual function
// has none.
type NICHistory struct {
	Index  int    // of the link
	Rx, Tx Series // bytes a second
	slot   int    // place in Net.Interfaces
}

const maxNICHistories = 16 // 2.4 KB each, in each copy of a Net

// History returns the history of the link of that index; nil when it has none.
func (n *Net) History(index int) *NICHistory {
	for i := range n.Histories {
		if n.Histories[i].Index == index {
			return &n.Histories[i]
		}
	}
	return nil
}

// remember pushes a point of each history, after missed gaps, and NaN while not fresh. It allocates when links have changed.
func (n *Net) remember(missed int, fresh bool) {
	if n.remembered != n.Changes {
		n.remembered = n.Changes
		n.matchHistories()
	}
	nan := math.NaN()
	for i := range n.Histories {
		h := &n.Histories[i]
		rx, tx := nan, nan
		if fresh {
			rx, tx = n.Interfaces[h.slot].RxRate, n.Interfaces[h.slot].TxRate
		}
		for range missed {
			h.Rx.Push(nan)
			h.Tx.Push(nan)
		}
		h.Rx.Push(rx)
		h.Tx.Push(tx)
	}
}

// matchHistories makes the histories those of the first physical interfaces; one that was there before keeps its points.
func (n *Net) matchHistories() {
	var found []NICHistory
	for slot, l := range n.Interfaces {
		if !l.Physical || l.Parent != "" || len(found) == maxNICHistories {
			continue
		}
		h := NICHistory{Index: l.Index}
		if i := slices.IndexFunc(n.Histories, func(old NICHistory) bool { return old.Index == l.Index }); i >= 0 {
			h = n.Histories[i]
		}
		h.slot = slot
		found = append(found, h)
	}
	n.Histories = found
}
