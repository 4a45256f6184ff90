package draw

import (
	"math"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
)

// sink is a terminal that takes cells and shows nothing.
type sink struct{ cells int }

func (s *sink) Put(int, int, string, tcell.Style) {
	s.cells++
}

// leastAllocs is the least that 20 calls allocate, of several tries: others in the process may allocate too.
func leastAllocs(f func()) float64 {
	least := math.Inf(1)
	for range 5 {
		least = min(least, testing.AllocsPerRun(1, func() { // of all 20: the average is rounded down
			for range 20 {
				f()
			}
		}))
	}
	return least
}

func TestDrawingAllocatesNothing(t *testing.T) {
	at := time.Date(2026, 11, 2, 3, 4, 5, 6, time.UTC)
	text := []byte("outside text 漢字 \x1b\xff that is longer than its room")
	p := series()
	for i := range 300 {
		p.push(float64(i))
	}
	var out sink
	c := NewCanvas(testAppearance())
	n := int64(0)
	for name, draw := range map[string]func(){
		"Begin": func() { c.Begin(200, 60) },
		"Flush": func() {
			r := c.Begin(200, 60)
			n++
			r.Fill(rune('a'+n%26), Style(n)%roleCount)
			r.Sub(0, 0, 50, 50).Fill('漢', Text)
			c.Flush(&out)
		},
		"Flush of all":     func() { c.Invalidate(); c.Flush(&out) },
		"Flush of nothing": func() { c.Flush(&out) },
		"text": func() {
			q := c.Begin(200, 60).Pen(0, 0)
			q.Text(Text, "own").Bytes(Dim, text).To(0).Fit(Text, "own text", 5).FitBytes(Text, text, 20).Right(Text, "right", 9)
			q.Glyph(Good, OK).Skip(1).To(3)
			_ = q.Name(UpDown)
		},
		"numbers": func() {
			q := c.Begin(200, 60).Pen(0, 0)
			q.Int(Text, n).IntRight(Text, n, 8).Percent(Text, 45.2).Share(Text, math.NaN()).Size(Text, 1<<40, 9).SizeOf(Text, 1<<30, 1<<34)
			q.Rate(Text, 1e9, 12).Float(Text, 2.345, 2, 6)
			q.To(0).Age(Text, time.Hour).AgeRight(Text, time.Hour, 9).Uptime(Text, time.Hour).Date(Text, at).Time(Text, at).Stamp(Text, at)
		},
		"regions": func() {
			r := c.Begin(200, 60)
			r.CutTop(1).Rule(0, "title")
			in := r.CutLeft(80).Inset(1).Frame("frame", Title)
			in.Divide(3)
			in.Scrolled(5, 100).Sub(1, 1, 9, 9).Restyle(Selected)
		},
		"pictures": func() {
			r := c.Begin(200, 60)
			r.Gauge(0, 47.3, Good)
			r.Gauge(1, math.NaN(), Good)
			r.Sub(0, 5, 100, 5).Spark(p, 3, 300, Good)
			r.Sub(3, 3, 1, 1).Heat(47, Warn)
		},
		"text of the canvas": func() { textOut = c.AppendText(textOut[:0]) },
	} {
		draw()
		if got := leastAllocs(draw); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
	if out.cells == 0 {
		t.Error("nothing was flushed")
	}
}

var textOut = make([]byte, 0, 1<<17)

func BenchmarkFlushUnchanged200x60(b *testing.B) {
	c := NewCanvas(testAppearance())
	r := c.Begin(200, 60)
	r.Fill('x', Text)
	var out sink
	c.Flush(&out)
	b.ReportAllocs()
	for b.Loop() {
		c.Flush(&out)
	}
}

func BenchmarkFlushChanged200x60(b *testing.B) {
	c := NewCanvas(testAppearance())
	r := c.Begin(200, 60)
	var out sink
	b.ReportAllocs()
	n := rune(0)
	for b.Loop() {
		n++
		r.Fill('a'+n%26, Text)
		c.Flush(&out)
	}
}

func BenchmarkBegin200x60(b *testing.B) {
	c := NewCanvas(testAppearance())
	b.ReportAllocs()
	for b.Loop() {
		c.Begin(200, 60)
	}
}
