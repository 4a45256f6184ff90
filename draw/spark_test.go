package draw

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// points is a ring of the newest values, most of them at most.
type points struct {
	values []float64
	pushed uint64
	most   int
}

func (p *points) Len() int       { return len(p.values) }
func (p *points) Pushed() uint64 { return p.pushed }

func (p *points) Peak(from, to int) float64 {
	peak := math.NaN()
	for _, v := range p.values[from:to] {
		if !math.IsNaN(v) && !(v <= peak) {
			peak = v
		}
	}
	return peak
}

func (p *points) push(v float64) {
	p.values = append(p.values, v)
	p.pushed++
	if len(p.values) > p.most {
		p.values = p.values[1:]
	}
}

func series(values ...float64) *points {
	p := &points{most: 300}
	for _, v := range values {
		p.push(v)
	}
	return p
}

// TestSparkDown: the columns hang from the axis; half a cell is the least that there is a rune for.
func TestSparkDown(t *testing.T) {
	for _, c := range []struct {
		glyphs *Glyphs
		want   string
	}{{UnicodeGlyphs(), " ▀▀██\n   ▀█\n"}, {ASCIIGlyphs(), " ':##\n   :#\n"}} {
		got := picture(c.glyphs, 5, 2, func(r Region) { r.SparkDown(series(0, 1, 25, 75, 100), 1, 100, Good) })
		if got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.glyphs.Name, got, c.want)
		}
	}
}

// TestSparkLevels: each column is in the style of its own peak.
func TestSparkLevels(t *testing.T) {
	c := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: ASCIIGlyphs()})
	r := c.Begin(3, 1)
	r.SparkLevels(series(10, 100, 50), 1, 100, func(peak float64) Style {
		if peak >= 90 {
			return Bad
		}
		return Good
	})
	if got := string(c.AppendRoles(nil)); got != "+!+\n" {
		t.Errorf("%q", got)
	}
}

func TestSpark(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		points *points
		w, h   int
		each   int
		want   string
	}{
		{"empty", series(), 3, 1, 1, "\n"},
		{"levels", series(0, 1, 12.5, 25, 50, 87.5, 100), 7, 1, 1, " ▁▁▂▄▇█\n"},
		{"newest on the right", series(100), 4, 1, 1, "   █\n"},
		{"only the newest", series(100, 100, 0, 0, 50), 3, 1, 1, "  ▄\n"},
		{"gap", series(50, nan, 50), 3, 1, 1, "▄ ▄\n"},
		{"all gaps", series(nan, nan), 2, 1, 1, "\n"},
		{"beyond the top", series(1000, math.MaxFloat64), 2, 1, 1, "██\n"},
		{"negative", series(-5, 50), 2, 1, 1, " ▄\n"},
		{"two rows", series(25, 50, 75, 100), 4, 2, 1, "  ▄█\n▄███\n"},
		{"peaks of three", series(0, 50, 0, 100, nan, 0, 25), 3, 1, 3, "▄█▂\n"},
		{"gaps within a column", series(nan, 50, nan, nan), 2, 1, 2, "▄\n"},
		{"each of none", series(50), 2, 1, 0, "\n"},
	} {
		got := picture(UnicodeGlyphs(), c.w, c.h, func(r Region) { r.Spark(c.points, c.each, 100, Good) })
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSparkTiersAndTops(t *testing.T) {
	p := series(0, 1, 25, 50, 75, 100)
	for i, want := range []string{" ▁▂▄▆█\n", " ▄▄▄██\n", " ..:|#\n"} {
		if got := picture(tiers()[i], 6, 1, func(r Region) { r.Spark(p, 1, 100, Good) }); got != want {
			t.Errorf("%s: %q, want %q", tiers()[i].Name, got, want)
		}
	}
	for _, top := range []float64{0, -1, math.NaN()} {
		if got := picture(UnicodeGlyphs(), 6, 1, func(r Region) { r.Spark(p, 1, top, Good) }); got != " ▁▁▁▁▁\n" {
			t.Errorf("top %v: %q: what is above 0 shows, no more is known", top, got)
		}
	}
	if got := picture(UnicodeGlyphs(), 2, 1, func(r Region) { r.Spark(series(1, math.Inf(1)), 1, 100, Good) }); got != "▁█\n" {
		t.Errorf("infinity is drawn as %q", got)
	}
}

// TestSparkColumnsKeepTheirPoints pushes point after point: the picture stays but for its newest column, until that is
// full and all move on by one.
func TestSparkColumnsKeepTheirPoints(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := NewCanvas(testAppearance())
	for width := 1; width <= 320; width += 1 + width/7 {
		p := &points{most: 300}
		each := max(p.most/width, 1)
		column := func() []string {
			c.Begin(width, 1).Spark(p, each, 1, Good)
			text := strings.TrimSuffix(string(c.AppendText(nil)), "\n")
			return strings.Split(text+strings.Repeat(" ", width-Columns(text)), "")
		}
		before := column()
		for i := range 700 {
			p.push(random.Float64())
			after := column()
			old := before[:width-1]
			if i%each == 0 {
				old = before[1:]
			}
			for x := range old {
				if after[x] != old[x] && p.Len() >= (width-x)*each {
					t.Fatalf("width %d, point %d: column %d changed from %q to %q\n%q\n%q", width, i, x, old[x], after[x], before, after)
				}
			}
			before = after
		}
	}
}

func TestHeat(t *testing.T) {
	for _, c := range []struct {
		percent            float64
		unicode, vt, ascii string
	}{
		{math.NaN(), ".", ".", "."}, {-1, "▁", "▄", "."}, {0, "▁", "▄", "."}, {50, "▄", "▄", ":"}, {100, "█", "█", "#"}, {300, "█", "█", "#"},
	} {
		for i, want := range []string{c.unicode, c.vt, c.ascii} {
			got := picture(tiers()[i], 1, 1, func(r Region) { r.Heat(c.percent, Good) })
			if got != want+"\n" {
				t.Errorf("%v%% in %s is %q, want %q", c.percent, tiers()[i].Name, got, want)
			}
		}
	}
}
