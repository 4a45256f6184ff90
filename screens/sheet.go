package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// Sheet is an overlay: rows in a box over the page, that scroll.
type Sheet struct {
	Base
	size   BoxSize
	rows   Rows
	scroll widget.Scroll
	w, h   int // of the box
}

// Rows draws what a sheet shows, from the top of view down, and returns the rest of view. It changes nothing.
type Rows func(view draw.Region, f *frame.Frame) (rest draw.Region)

// BoxSize is how large a sheet's box is on w by h cells, when its content takes so many rows; its width does not depend on
// them. More than w by h is as large as these.
type BoxSize func(w, h, rows int, f *frame.Frame) (width, height int)

// Whole is a box as large as the page.
func Whole(w, h, _ int, _ *frame.Frame) (width, height int) { return w, h }

// Wide is a box as wide as the page, and as high as what it shows.
func Wide(w, _, rows int, _ *frame.Frame) (width, height int) { return w, rows + 2 }

// NewSheet returns a sheet.
func NewSheet(name, title string, size BoxSize, rows Rows) *Sheet {
	return &Sheet{Base: NewBase(name, title, Binding{Label: Arrows, Does: "scroll", Hint: "Scroll"}), size: size, rows: rows}
}

// Handle implements Screen.
func (s *Sheet) Handle(k draw.Key, _ *frame.Frame) (Command, bool) { return Command{}, s.scroll.Key(k) }

// Update implements Screen. It measures the rows by drawing them to nowhere.
func (s *Sheet) Update(w, h int, f *frame.Frame) {
	s.w, _ = s.size(w, h, 0, f)
	view := draw.Nowhere(min(s.w, w) - 2)
	all := view.H() - s.rows(view, f).H()
	_, s.h = s.size(w, h, all, f)
	s.scroll.Fit(max(min(s.h, h)-2, 0), all)
}

// Draw implements Screen.
func (s *Sheet) Draw(r draw.Region, f *frame.Frame) {
	inside := widget.OverlayBox(r, s.w, s.h, s.title)
	s.rows(inside.Scrolled(s.scroll.Top, math.MaxInt16), f)
	widget.MoreBelow(inside, &s.scroll)
}
