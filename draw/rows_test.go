package draw

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// rowDisplay shows what AppendRows says, from its description alone.
type rowDisplay struct {
	w, h int
	rows [][]cell
}

// take takes in one answer of AppendRows and returns how many rows it had.
func (d *rowDisplay) take(t *testing.T, text []byte) int {
	t.Helper()
	if len(text) == 0 {
		return 0
	}
	if !utf8.Valid(text) || bytes.ContainsAny(text, "\n\r\x00") {
		t.Fatalf("not a line of text: %q", text)
	}
	parts := strings.Split(string(text), "\t")
	var w, h int
	if _, err := fmt.Sscanf(parts[0], "%d %d", &w, &h); err != nil {
		t.Fatalf("%q: %v", parts[0], err)
	}
	if w != d.w || h != d.h {
		d.w, d.h, d.rows = w, h, make([][]cell, h)
	}
	for _, part := range parts[1:] {
		field := strings.SplitN(part, " ", 3)
		y, err := strconv.Atoi(field[0])
		if err != nil || len(field) != 3 || y >= h {
			t.Fatalf("row %q of %d", part, h)
		}
		d.rows[y] = rowCells(t, field[1], []rune(field[2]), w)
	}
	return len(parts) - 1
}

// rowCells are the cells of one row of w columns.
func rowCells(t *testing.T, runs string, text []rune, w int) []cell {
	t.Helper()
	var row []cell
	for len(runs) > 0 {
		letter := runs[0]
		mark := byte(0)
		if runs = runs[1:]; runs[0] == '-' || runs[0] == '=' {
			mark, runs = runs[0], runs[1:]
		}
		digits := len(runs) - len(strings.TrimLeft(runs, "0123456789"))
		n, err := strconv.Atoi(runs[:digits])
		if err != nil || n > len(text) {
			t.Fatalf("run of %q characters, %d are left", runs[:digits], len(text))
		}
		style := Style(letter|0x20) - 'a'
		if letter < 'a' {
			style |= Bold
		}
		for _, r := range text[:n] {
			if plain := r < utf8.RuneSelf || r >= '─' && r <= '▟'; plain != (mark == 0) {
				t.Fatalf("%q in a run with the mark %q", r, mark)
			}
			row = append(row, cell{r, style})
			if mark == '=' {
				row = append(row, cell{right, style})
			}
		}
		text, runs = text[n:], runs[digits:]
	}
	if len(text) > 0 || len(row) > w {
		t.Fatalf("%q is left of a row of %d columns, %d are there", string(text), len(row), w)
	}
	for len(row) < w {
		row = append(row, blank)
	}
	return row
}

// same holds the display to the canvas. The right half of a wide character is drawn with the left one, whatever its style.
func (d *rowDisplay) same(t *testing.T, c *Canvas) {
	t.Helper()
	for y := range c.h {
		row := slices.Clone(c.cells[y*c.w : (y+1)*c.w])
		for x := range row {
			if row[x].r == right {
				row[x].style = row[x-1].style
			}
		}
		if !slices.Equal(row, d.rows[y]) {
			t.Fatalf("row %d of %dx%d:\n%v is shown\n%v is drawn", y, c.w, c.h, d.rows[y], row)
		}
	}
}

// FuzzAppendRows draws frame after frame of random things and sizes; a display that only takes what differs shows each.
func FuzzAppendRows(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		seed := make([]byte, 300)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := script(data)
		c := NewCanvas(testAppearance())
		var d rowDisplay
		w, h := s.next()%40, s.next()%12
		for len(s) > 0 {
			if s.next()%16 == 0 {
				w, h = s.next()%40, s.next()%12
			}
			r := c.Begin(w, h)
			for range s.next() % 8 {
				scribble(r, &s)
			}
			if s.next()%16 == 0 {
				c.Invalidate()
			}
			d.take(t, c.AppendRows(nil))
			if w > 0 && h > 0 {
				d.same(t, c)
			}
			if again := c.AppendRows(nil); len(again) > 0 {
				t.Fatalf("the same frame again is %q", again)
			}
		}
	})
}

func TestAppendRowsSendsOnlyRowsThatDiffer(t *testing.T) {
	c := NewCanvas(testAppearance())
	var d rowDisplay
	for i, want := range []int{24, 1, 1, 0} {
		r := c.Begin(80, 24)
		p := r.Pen(3, 7)
		p.Text(Good|Bold, "tick ").Int(Text, int64(min(i, 2)))
		if got := d.take(t, c.AppendRows(nil)); got != want {
			t.Errorf("frame %d has %d rows, want %d", i, got, want)
		}
		d.same(t, c)
	}
}

func TestAppendRowsFormat(t *testing.T) {
	c := NewCanvas(testAppearance())
	r := c.Begin(20, 3)
	p := r.Pen(0, 0)
	p.Text(Text, "hello, ").Text(Dim|Bold, "ok")
	p = r.Pen(0, 1)
	p.Text(Text, "<b> ").Text(Border, "─█漢字é").Text(Selected, " ")
	if got, want := string(c.AppendRows([]byte("data: "))), "data: 20 3\t0 a7B2 hello, ok\t1 a4d2d=2d-1i1 <b> ─█漢字é \t2  "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAppendRowsAllocatesNothing holds that for a frame in which all changed, and for one in which nothing did.
func TestAppendRowsAllocatesNothing(t *testing.T) {
	c := NewCanvas(testAppearance())
	var dst []byte
	n := 0
	for name, draw := range map[string]func(){
		"all":     func() { n++; c.Begin(200, 60).Fill(rune('漢'+n%2), Style(n)%roleCount); dst = c.AppendRows(dst[:0]) },
		"nothing": func() { dst = c.AppendRows(dst[:0]) },
	} {
		draw()
		draw()
		if n := leastAllocs(draw); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
