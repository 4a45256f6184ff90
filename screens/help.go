package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

const helpKeys = 20 // columns of the key names

// openHelp lists every key of this page from the tables that handle them.
func (c *Console) openHelp(f *frame.Frame) Screen {
	page, past := c.pages[c.active], f.Past != nil
	return NewSheet("help", "Keys",
		func(_, _, rows int, _ *frame.Frame) (int, int) { return 66, rows + 2 },
		func(view draw.Region, _ *frame.Frame) draw.Region {
			if past {
				widget.Section(view.CutTop(1), "In the past")
				keyRows(&view, c.rewind)
			}
			widget.Section(view.CutTop(1), page.Title())
			keyRows(&view, page.Keys())
			widget.Section(view.CutTop(1), "Everywhere")
			keyRows(&view, c.common)
			return view
		})
}

func keyRows(view *draw.Region, table []Binding) {
	for i := range table {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Accent|draw.Bold, table[i].Label).To(helpKeys).Fit(draw.Text, table[i].Does, p.Left()-1)
	}
}
