package draw

import (
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
)

// tape is a terminal that keeps in which order rows are sent, and how many cells.
type tape struct {
	*model
	rows []int
	sent int
}

func (p *tape) Put(x, y int, text string, style tcell.Style) {
	if n := len(p.rows); n == 0 || p.rows[n-1] != y {
		p.rows = append(p.rows, y)
	}
	p.sent++
	p.model.Put(x, y, text, style)
}

// TestF37HeaderGoesFirst: with little room each part of a large change starts with the header, whatever else waits, and
// all of it arrives in the end.
func TestF37HeaderGoesFirst(t *testing.T) {
	const w, h, room, head = 80, 24, 480, 3
	c := NewCanvas(testAppearance())
	p := &tape{model: newModel(t, w, h)}
	seen := map[int]bool{}
	parts, more := 0, true
	for ; more; parts++ {
		r := c.Begin(w, h)
		for y := range h {
			r.Sub(0, y, w, 1).Fill('a'+rune(y), Text)
		}
		r.Fill('x', Style(parts)%2)
		q := r.Pen(10, 1)
		q.Int(Text, int64(parts)) // the clock
		if parts > 0 {
			for y := range head {
				if y != 1 {
					c.shown[y*w] = cell{'?', Text} // a row of the header changed too
				}
			}
		}
		p.rows = p.rows[:0]
		sent := 0
		sent, more = c.FlushSome(p, room, head)
		if sent > room {
			t.Fatalf("%d cells with room for %d bytes", sent, room)
		}
		for i, y := range p.rows {
			seen[y] = true
			if i < min(head, len(p.rows)) && y != i && parts == 0 {
				t.Fatalf("part %d sends rows %v", parts, p.rows)
			}
		}
		if parts > 100 {
			t.Fatal("it never comes to an end")
		}
		r.Fill('x', Text)
	}
	if len(seen) != h {
		t.Errorf("%d rows of %d were sent", len(seen), h)
	}
	if least := w * h / room; parts < least {
		t.Errorf("%d parts for %d cells", parts, w*h)
	}
}

// TestF37GoesOnWhereItStopped: rows at the bottom do not wait for ever behind rows that change all the time.
func TestF37GoesOnWhereItStopped(t *testing.T) {
	const w, h = 80, 24
	c := NewCanvas(testAppearance())
	p := &tape{model: newModel(t, w, h)}
	c.Begin(w, h)
	c.Flush(p)
	waited := 0
	for n := 0; ; n++ {
		r := c.Begin(w, h)
		r.Sub(0, 2, w, 10).Fill(rune('a'+n%26), Text) // changes with each frame, and is more than there is room for
		r.Sub(0, h-1, w, 1).Fill('z', Text)
		p.rows = p.rows[:0]
		if _, more := c.FlushSome(p, 200, 2); !more {
			t.Fatal("there was room for all: nothing is tested")
		}
		waited = n
		if p.cells[(h-1)*w+w-1].text == "z" || n > 50 {
			break
		}
	}
	if waited > 6 {
		t.Errorf("the last row came after %d parts", waited)
	}
}

// TestF37LongRowKeepsNobodyWaiting: one that changes with each frame, and is longer than what there is room for.
func TestF37LongRowKeepsNobodyWaiting(t *testing.T) {
	const w, h = 80, 4
	c := NewCanvas(testAppearance())
	p := &tape{model: newModel(t, w, h)}
	for n := range 5 {
		r := c.Begin(w, h)
		r.Sub(0, 0, w, 1).Fill(rune('a'+n), Text)
		r.Sub(0, 1, w, 1).Fill('z', Text)
		c.FlushSome(p, 60, 0)
	}
	if p.cells[w].text != "z" {
		t.Error("the row below is still to come")
	}
}

// TestF37WipedStartsAtTheTop: what a slow line gets first after a wipe is the picture's beginning, wherever it was.
func TestF37WipedStartsAtTheTop(t *testing.T) {
	const w, h = 80, 8
	c := NewCanvas(testAppearance())
	p := &tape{model: newModel(t, w, h)}
	c.Begin(w, h).Fill('a', Text)
	for range 4 {
		c.FlushSome(p, 60, 1)
	}
	c.Cleared()
	p.rows = nil
	if c.FlushSome(p, 300, 1); len(p.rows) < 2 || p.rows[0] != 0 || p.rows[1] != 1 {
		t.Errorf("rows %v come first", p.rows)
	}
}

// TestF38Repair: rows are sent again in turn, changed or not, until each was.
func TestF38Repair(t *testing.T) {
	const w, h = 20, 7
	c := NewCanvas(testAppearance())
	p := &tape{model: newModel(t, w, h)}
	frame := func() {
		r := c.Begin(w, h)
		r.Fill('x', Text)
		c.Flush(p)
	}
	frame()
	p.garble()
	for _, want := range []string{"0 1 2", "3 4 5", "0 1 6", "2 3 4"} {
		p.rows, p.sent = nil, 0
		c.Repair(3)
		frame()
		got := make([]string, len(p.rows))
		for i, y := range p.rows {
			got[i] = string(rune('0' + y))
		}
		if strings.Join(got, " ") != want || p.sent != 3*w {
			t.Errorf("rows %v again, %d cells; want %s", got, p.sent, want)
		}
	}
	for i, v := range p.cells {
		if v.text != "x" {
			t.Fatalf("cell %d shows %q", i, v.text)
		}
	}
	NewCanvas(testAppearance()).Repair(1) // without a size there is nothing to repair
}

// TestF38WipeSendsNoBlanks: after a wipe the whole picture is there, whatever was, and blanks are not sent.
func TestF38WipeSendsNoBlanks(t *testing.T) {
	quietEnv(t)
	for _, term := range []string{"xterm-256color", "linux", "vt220"} {
		device, master := openTty(t, 80, 24)
		v := ttytest.View(master, 80, 24)
		s, _, err := NewScreen(device, ScreenOptions{Term: term, Locale: "C.UTF-8"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
		c := NewCanvas(testAppearance())
		sent := 0
		for _, foreign := range []string{"", "\x1b[3;4Hforeign", "\x1b(0\x0e"} {
			if _, err := device.Write([]byte(foreign)); err != nil {
				t.Fatal(err)
			}
			r := c.Begin(80, 24)
			q := r.Sub(10, 5, 30, 3).Frame("title", Title).Pen(0, 0)
			q.Text(Bad, "bad")
			s.Clear()
			c.Cleared()
			sent = c.Flush(s)
			s.Show()
			want := string(c.AppendText(nil))
			settled(t, device, v)
			v.See(func(v *vtscreen.Screen) {
				if got := v.String(); got != want {
					t.Errorf("%s shows after %q\n%s, want\n%s", term, foreign, got, want)
				}
				v.Replies = nil
			})
			if sent > 70 { // the frame has 66 cells, and a word
				t.Errorf("%s: %d cells sent", term, sent)
			}
		}
		s.Fini()
		master.Close()
		<-v.Done
	}
}
