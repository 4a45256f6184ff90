package screens

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// TestF15ScrollsThousandsOfLinks: wherever the list stands, each link has the same place in it, and what is on the screen
// are the links of those places.
func TestF15ScrollsThousandsOfLinks(t *testing.T) {
	f := fixedFrame()
	like := *f.Net.Interfaces[len(f.Net.Interfaces)-1]
	for i := range 3000 {
		one, link, traits := like, *like.Link, *like.LinkTraits
		link.Index, link.Name, link.AddressCount = 10_000+i, fmt.Sprintf("link%04d", i), 0
		traits.Kind, traits.Physical, traits.Master = "device", false, ""
		link.LinkTraits, one.Link = &traits, &link
		f.Net.Interfaces = append(f.Net.Interfaces, &one)
	}
	f.Net.Changes++
	names := map[int]string{}
	for _, l := range f.Net.Interfaces {
		names[l.Index] = l.Name
	}
	c := newConsole(frame.Network, func(panel string, v any) { t.Errorf("%s crashed: %v", panel, v) })
	canvas := draw.NewCanvas(looks["ascii"])
	n := c.network
	present(c, canvas, 80, 24, f)
	want := slices.Clone(n.rows)
	if all := len(slices.DeleteFunc(slices.Clone(want), func(row netRow) bool { return row.index < 10_000 })); all != 3000 {
		t.Fatalf("%d of 3000 links have a place", all)
	}
	for _, top := range []int{0, 1, 40, 1500, 2990, n.scroll.all - n.scroll.rows} {
		n.scroll.top = top
		present(c, canvas, 80, 24, f)
		if !slices.Equal(n.rows, want) {
			t.Fatalf("from row %d other places", top)
		}
		if top < 40 { // frames
			continue
		}
		rows := strings.Split(string(canvas.AppendText(nil)), "\n")
		first := slices.IndexFunc(n.rows, func(row netRow) bool { return row.choosable() && row.top >= n.scroll.top })
		body := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, names[int(n.rows[first].index)]) })
		seen := 0
		for _, p := range n.rows[first:] {
			if !p.choosable() {
				continue
			}
			if p.top-n.scroll.top >= n.scroll.rows {
				break
			}
			row := body + p.top - n.rows[first].top
			if seen++; body < 0 || !strings.Contains(rows[row], names[int(p.index)]) {
				t.Errorf("from row %d: %q is not in row %d of\n%s", top, names[int(p.index)], row, strings.Join(rows, "\n"))
			}
		}
		if seen < 5 {
			t.Errorf("from row %d only %d links are seen", top, seen)
		}
	}
}

// TestShrunkListIsDrawn: a list that has become shorter than where it stood is not blank.
func TestShrunkListIsDrawn(t *testing.T) {
	f := fixedFrame()
	c := newConsole(frame.Network, nil)
	canvas := draw.NewCanvas(looks["ascii"])
	present(c, canvas, 80, 24, f)
	for _, k := range []draw.Key{'v', draw.KeyEnd, 'v'} {
		c.Handle(k, f)
		present(c, canvas, 80, 24, f)
	}
	got := string(canvas.AppendText(nil))
	present(c, canvas, 80, 24, f)
	if again := string(canvas.AppendText(nil)); got != again {
		t.Errorf("first\n%s\nand then\n%s", got, again)
	}
}
