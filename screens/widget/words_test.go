package widget_test

import (
	"math"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/screentest"
	"hypervisor-tui/screens/widget"
)

// TestDLevels: at each limit, and of what is not known.
func TestDLevels(t *testing.T) {
	limits := frame.Limits{Warn: 90, Critical: 98}
	for _, c := range []struct {
		percent float64
		style   draw.Style
		mark    string
	}{{89.9, draw.Good, "  "}, {90, draw.Warn, "! "}, {97.9, draw.Warn, "! "}, {98, draw.Bad, "!!"}, {math.NaN(), draw.Dim, "  "}} {
		if style, mark := widget.Level(c.percent, limits), widget.LevelMark(c.percent, limits); style != c.style || mark != c.mark {
			t.Errorf("%v has the style %v and the mark %q, want %v and %q", c.percent, style, mark, c.style, c.mark)
		}
	}
}

// TestDNoCarrierIsBadWhereOneIsWanted: an address wants one, a socket that nobody uses does not.
func TestDNoCarrierIsBadWhereOneIsWanted(t *testing.T) {
	for addresses, want := range map[int]draw.Style{0: draw.Dim, 1: draw.Bad} {
		text, roles := screentest.Row(func(p *draw.Pen) {
			widget.LinkState(p, &sample.Interface{Link: &sample.Link{AddressCount: addresses, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true}}}, true)
		})
		_, role := screentest.Row(func(p *draw.Pen) { p.Text(want, "x") })
		if !strings.HasPrefix(text, "no carrier") || roles[0] != role[0] {
			t.Errorf("%d addresses: %q in %q, want %q", addresses, text, roles, role[:1])
		}
	}
}

// TestDTallItemIsShownFromItsTop, and what is in sight does not move the list.
func TestDTallItemIsShownFromItsTop(t *testing.T) {
	for _, c := range []struct{ top, item, height, want int }{{0, 3, 2, 0}, {0, 4, 2, 1}, {5, 3, 1, 3}, {0, 3, 10, 3}} {
		var s widget.Scroll
		s.Fit(5, 100)
		s.Top = c.top
		if s.Show(c.item, c.height); s.Top != c.want {
			t.Errorf("%+v: from row %d", c, s.Top)
		}
	}
}
