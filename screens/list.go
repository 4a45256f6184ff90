package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// List is a sheet of items, one of which is chosen. The choice stays with its item, wherever that moves.
type List[K comparable] struct {
	*Sheet
	items        Items[K]
	chosen       K
	at           int  // where the chosen item stands
	known        bool // chosen is one of them
	moved        bool // the chosen one is another, or has other rows: it is to come into sight
	above, below int  // rows of the chosen item that are out of sight
	up, down     int  // rows to scroll until all of the item before it, of the one behind it, is in sight
	page         int  // rows that scrolling leaves none out
}

// Items is what a list shows. Above and Draw draw from the top of view down, return the rest of view and change nothing.
type Items[K comparable] struct {
	Len   func(f *frame.Frame) int
	Key   func(i int, f *frame.Frame) K                                    // tells item i from others, also in other frames
	Above func(view draw.Region, i int, f *frame.Frame) (rest draw.Region) // what stands above item i, below the last for Len; nil: nothing
	Draw  func(view draw.Region, i int, f *frame.Frame) (rest draw.Region) // item i
	Enter func(i int, f *frame.Frame) Command                              // on item i
}

// NewList returns a list. Its keys are what choose and enter say.
func NewList[K comparable](name, title string, size BoxSize, choose, enter, hint string, items Items[K]) *List[K] {
	l := &List[K]{items: items}
	l.Sheet = NewSheet(name, title, size, l.content)
	l.keys = []Binding{{Label: Arrows, Does: choose, Hint: "Choose"}, {Label: "Enter", Does: enter, Hint: hint}}
	return l
}

// Handle implements Screen. What is longer than the screen is scrolled before another item is chosen.
func (l *List[K]) Handle(k draw.Key, f *frame.Frame) (Command, bool) {
	const some = 5
	n := l.items.Len(f)
	switch k {
	case draw.KeyEnter:
		if l.at < n {
			l.moved = true
			return l.items.Enter(l.at, f), true
		}
	case draw.KeyUp, 'k':
		l.step(-1, n, f)
	case draw.KeyDown, 'j':
		l.step(1, n, f)
	case draw.KeyPageUp, draw.KeyCtrlU:
		l.step(-some, n, f)
	case draw.KeyPageDown, draw.KeyCtrlD:
		l.step(some, n, f)
	case draw.KeyHome, 'g':
		l.choose(0, f)
		l.scroll.Key(k)
	case draw.KeyEnd, 'G':
		l.choose(n-1, f)
		l.scroll.Key(k)
	default:
		return Command{}, false
	}
	return Command{}, true
}

// step chooses the item that is by away from the chosen one of n. As long as some of that is out of sight, or the way to the
// next one is longer than a page, or there is no other that way, the list is scrolled.
func (l *List[K]) step(by, n int, f *frame.Frame) {
	way, hidden, scroll := 1, l.below, l.at >= n-1 || l.down > l.page
	if by < 0 {
		way, hidden, scroll = -1, l.above, l.at == 0 || l.up > l.page
	}
	if hidden > 0 || scroll {
		l.scroll.Page(way, hidden)
		return
	}
	l.choose(min(max(l.at+by, 0), n-1), f)
}

func (l *List[K]) choose(at int, f *frame.Frame) {
	if at >= 0 && at < l.items.Len(f) {
		l.at, l.chosen, l.known, l.moved = at, l.items.Key(at, f), true, true
	}
}

// find keeps the choice with its item.
func (l *List[K]) find(f *frame.Frame) {
	n := l.items.Len(f)
	l.at = max(min(l.at, n-1), 0)
	if n == 0 || l.known && l.items.Key(l.at, f) == l.chosen {
		return
	}
	for i := range n {
		if l.known && l.items.Key(i, f) == l.chosen {
			l.at = i
			return
		}
	}
	l.chosen, l.known = l.items.Key(l.at, f), true
}

// Update implements Screen.
func (l *List[K]) Update(w, h int, f *frame.Frame) {
	l.find(f)
	l.Sheet.Update(w, h, f)
	before, top, end, behind := l.measure(min(l.w, w)-2, f)
	if l.moved {
		l.scroll.Show(top, end-top+1) // the last row may say how many more there are
		l.Sheet.Update(w, h, f)
		l.moved = false
	}
	rows := max(min(l.h, h)-2, 0)
	if l.scroll.Below() > 0 {
		rows--
	}
	l.above, l.up = max(l.scroll.Top-top, 0), l.scroll.Top-before
	l.below, l.down = max(end-l.scroll.Top-rows, 0), behind-l.scroll.Top-rows
	l.page = max(rows-1, 1)
}

// measure returns the rows in which the item before the chosen one begins, the chosen one begins and ends, and the one behind it
// ends.
func (l *List[K]) measure(width int, f *frame.Frame) (before, top, end, behind int) {
	view := draw.Nowhere(width)
	all := view.H()
	for i := range min(l.at+2, l.items.Len(f)) {
		view = l.over(view, i, f)
		first := all - view.H()
		view = l.items.Draw(view, i, f)
		switch i {
		case l.at - 1:
			before = first
		case l.at:
			top, end = first, all-view.H()
		}
		behind = all - view.H()
	}
	return before, top, end, behind
}

func (l *List[K]) content(view draw.Region, f *frame.Frame) draw.Region {
	n := l.items.Len(f)
	for i := range n {
		view = l.over(view, i, f)
		first := view.Sub(0, 0, view.W(), 1)
		if view = l.items.Draw(view, i, f); i == l.at {
			first.Restyle(draw.Selected)
		}
	}
	return l.over(view, n, f)
}

func (l *List[K]) over(view draw.Region, i int, f *frame.Frame) draw.Region {
	if l.items.Above == nil {
		return view
	}
	return l.items.Above(view, i, f)
}
