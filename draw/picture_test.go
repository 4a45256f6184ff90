package draw

import (
	"bytes"
	"strings"
	"testing"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
)

// text is what p shows, the rows without their ends.
func (p *Picture) text() string {
	c := NewCanvas(testAppearance())
	c.Begin(p.Size()).Picture(p)
	return string(c.AppendText(nil))
}

// sound holds the cells of p to what a canvas may have.
func (p *Picture) sound(t *testing.T) {
	t.Helper()
	if p.w > tty.MaxWidth || p.h > tty.MaxHeight || len(p.cells) != p.w*p.h {
		t.Fatalf("%d cells for %dx%d", len(p.cells), p.w, p.h)
	}
	for i, v := range p.cells {
		x := i % max(p.w, 1)
		switch wide := x+1 < p.w && p.cells[i+1].r == right; {
		case v.style.role() >= roleCount:
			t.Fatalf("cell %d has the role %d", i, v.style)
		case v.r == right && (x == 0 || clean.Width(p.cells[i-1].r) != 2):
			t.Fatalf("cell %d is a right half of nothing", i)
		case v.r != right && (clean.Width(v.r) == 2) != wide:
			t.Fatalf("cell %d, %q, is as wide as another", i, v.r)
		case v.r != right && clean.Width(v.r) == 0:
			t.Fatalf("cell %d is %q", i, v.r)
		}
	}
}

// TestPictureShowsWhatIsDrawnElsewhere goes through frames of all kinds of cells, of which only what differs is said.
func TestPictureShowsWhatIsDrawnElsewhere(t *testing.T) {
	there, here := NewCanvas(testAppearance()), NewCanvas(testAppearance())
	var p Picture
	for i, size := range [][2]int{{80, 24}, {80, 24}, {40, 10}, {200, 60}, {80, 24}} {
		r := there.Begin(size[0], size[1])
		r.Frame("VMs 漢字", Accent)
		r.Gauge(2, 63, Warn)
		pen := r.Pen(3, 4+i)
		pen.Text(Good|Bold, "tick ").Int(Text, int64(i)).Bytes(Dim, []byte(" é漢字 שלום")).Text(Selected, " ")
		if err := p.Apply(there.AppendRows(nil)); err != nil {
			t.Fatal(err)
		}
		p.sound(t)
		here.Begin(size[0], size[1]).Picture(&p)
		for what, say := range map[string]func(*Canvas) []byte{
			"text":  func(c *Canvas) []byte { return c.AppendText(nil) },
			"roles": func(c *Canvas) []byte { return c.AppendRoles(nil) },
		} {
			if got, want := string(say(here)), string(say(there)); got != want {
				t.Errorf("%s of frame %d:\n%s\nis drawn there, here it is\n%s", what, i, want, got)
			}
		}
	}
}

// TestPictureOfOthers: what is no text of a canvas never reaches a cell.
func TestPictureOfOthers(t *testing.T) {
	for _, c := range []struct{ name, data, shows, err string }{
		{"controls", "6 1\t0 a6 a\x1b\x00\u0085\x7fb", "a\ufffd\ufffd\ufffd\ufffdb\n", ""},
		{"not UTF-8", "4 1\t0 a4 a\xff\xc3", "", "row 0: runs and text that are not as long as each other"},
		{"bytes that are no character", "4 1\t0 a4 a\xff\xc3b", "a\ufffd\ufffdb\n", ""},
		{"wide, said to be narrow", "4 1\t0 a1a-1a1 a漢b", "a\ufffdb\n", ""},
		{"narrow, said to be wide", "4 1\t0 a1a=1a1 aéb", "a\ufffd\ufffdb\n", ""},
		{"combining", "4 1\t0 a2a-1a1 ae\u0301b", "ae\ufffdb\n", ""},
		{"right to left override", "4 1\t0 a1a-1a1 a\u202eb", "a\ufffdb\n", ""},
		{"a role of later", "4 1\t0 Z4 abcd", "abcd\n", ""},
		{"fewer cells than there may be", "1 1\t0 a1 a", "a\n", ""},
		{"nothing", "", "", `a picture of "" cells`},
		{"no size", "\t0 a1 a", "", `a picture of "" cells`},
		{"no height", "80 ", "", `a picture of "80 " cells`},
		{"no width", "0 24", "", `a picture of "0 24" cells`},
		{"too wide", "401 24", "", `a picture of "401 24" cells`},
		{"too high", "80 151", "", `a picture of "80 151" cells`},
		{"huge", "99999999999999999999 24", "", `a picture of "99999999999999999999" cells`},
		{"more than a size", "80 24 7\t0  ", "", `a picture of "80 24 7" cells`},
		{"below", "80 24\t24 a1 a", "", `row "24 a1 a" of 24`},
		{"above", "80 24\t-1 a1 a", "", `row "-1 a1 a" of 24`},
		{"no runs", "80 24\t0 ", "", "row 0: runs and text that are not as long as each other"},
		{"no role", "80 24\t0 !1 a", "", "row 0: a run that is none"},
		{"no number", "80 24\t0 a a", "", "row 0: a run that is none"},
		{"a run of nothing", "80 24\t0 a0 ", "", "row 0: a run that is none"},
		{"a run without end", "80 24\t0 a99999999999999999999 a", "", "row 0: a run that is none"},
		{"beside", "4 1\t0 a5 abcde", "", "row 0: more columns than the picture has"},
		{"half beside", "3 1\t0 a2a=1 ab漢", "", "row 0: more columns than the picture has"},
		{"more runs than text", "4 1\t0 a3 ab", "", "row 0: runs and text that are not as long as each other"},
		{"more text than runs", "4 1\t0 a1 ab", "", "row 0: runs and text that are not as long as each other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Picture
			err := p.Apply([]byte(c.data))
			p.sound(t)
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err[:min(len(c.err), 30)])):
				t.Errorf("%v, want %q", err, c.err)
			case c.err == "" && p.text() != c.shows:
				t.Errorf("it shows %q, want %q", p.text(), c.shows)
			}
		})
	}
}

// TestPictureInOtherGlyphs: what was drawn in all of Unicode is drawn in the runes of this terminal, in the same columns.
func TestPictureInOtherGlyphs(t *testing.T) {
	there := NewCanvas(testAppearance())
	r := there.Begin(24, 5)
	r.Frame("", Text)
	pen := r.Pen(2, 1)
	for _, g := range []Glyph{OK, Wrong, Up, Down, Ellipsis, More, Dot, Cable} {
		pen.Glyph(Text, g).Skip(1)
	}
	r.Sub(2, 2, 20, 1).Gauge(0, 47.5, Text)
	pen = r.Pen(2, 3)
	pen.Text(Text, "▁▂▃▄▅▆▇█ ▀█ é漢 ├─ x")
	var p Picture
	if err := p.Apply(there.AppendRows(nil)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		a    Appearance
		want string
	}{
		{"unicode", testAppearance(), "┌──────────────────────┐\n│ ✓ ✗ ↑ ↓ … » · ═      │\n│ █████████▌░░░░░░░░░░ │\n│ ▁▂▃▄▅▆▇█ ▀█ é漢 ├─ x │\n└──────────────────────┘\n"},
		{"console", Appearance{Glyphs: VTGlyphs(nil), Font: tty.NewFont(commonFont)},
			"┌──────────────────────┐\n│ + x ↑ ↓ » » · =      │\n│ █████████▒░░░░░░░░░░ │\n│ ░░░▒▒▒██ ▒█ ??? ├─ x │\n└──────────────────────┘\n"},
		{"ascii", Appearance{Glyphs: ASCIIGlyphs(), Font: tty.NewFont("")},
			"+----------------------+\n| + x ^ v > > - =      |\n| ##########.......... |\n| ..::||## :# ??? |- x |\n+----------------------+\n"},
	} {
		c.a.Theme = MonoTheme()
		here := NewCanvas(c.a)
		here.Begin(24, 5).Picture(&p)
		if got := string(here.AppendDrawn(nil)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestPictureInEveryGlyph: each rune of UnicodeGlyphs is drawn with one column, and in ASCII where there is nothing else.
func TestPictureInEveryGlyph(t *testing.T) {
	all := UnicodeGlyphs()
	runes := strings.Join(all.names[:], "") + string(all.Sparks) + string(all.Drops) + string(all.Eighths)
	for _, g := range []*Glyphs{ASCIIGlyphs(), VTGlyphs(nil), VTGlyphs(tty.NewFont(""))} {
		for _, r := range runes {
			if v := g.redrawn(r); clean.Width(v) != 1 || g.Name == "ascii" && v > '~' {
				t.Errorf("%q is %q in %s", r, v, g.Name)
			}
		}
	}
}

// TestPictureIsClipped: a region draws no more of a picture than there is room for, and faded it is dim.
func TestPictureIsClipped(t *testing.T) {
	var p Picture
	if err := p.Apply([]byte("6 3\t0 G2g=2 ab漢字\t1 g6 second\t2 a5 third")); err != nil {
		t.Fatal(err)
	}
	c := NewCanvas(testAppearance())
	c.Begin(8, 4).Sub(1, 1, 5, 2).Faded(true).Picture(&p)
	if got, want := string(c.AppendText(nil)), "\n ab漢\n secon\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if roles := c.AppendRoles(nil); bytes.ContainsAny(roles, "!") {
		t.Errorf("it is not dim:\n%s", roles)
	}
}

// TestPictureAllocatesNothing once it has its size.
func TestPictureAllocatesNothing(t *testing.T) {
	there, here := NewCanvas(testAppearance()), NewCanvas(testAppearance())
	r := there.Begin(200, 60)
	r.Fill('x', Warn)
	pen := r.Pen(0, 30)
	pen.Text(Bad, "漢字")
	wide := there.AppendRows(nil)
	there.Begin(200, 60).Fill('─', Border)
	lines := there.AppendRows(nil)
	var p, other Picture
	if n := leastAllocs(func() {
		for _, data := range [][]byte{wide, lines} {
			if err := p.Apply(data); err != nil {
				t.Fatal(err)
			}
		}
		other.Copy(&p)
		here.Begin(200, 60).Picture(&other)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzPicture: whatever comes, only sound cells are kept, and the next whole picture is shown as it is.
func FuzzPicture(f *testing.F) {
	c := NewCanvas(testAppearance())
	c.Begin(20, 3).Frame("漢字", Accent)
	f.Add(c.AppendRows(nil))
	for _, seed := range []string{"6 1\t0 a6 a\x1b\x00\u0085\x7fb", "4 1\t0 a1a=1a1 aéb", "3 2\t1 Z1Z-1=1 a漢", "80 24", "\t\t", "400 150\t149 a9999 x"} {
		f.Add([]byte(seed))
	}
	whole, want := []byte("4 2\t0 a4 abcd\t1 a1a=1 x漢"), "abcd\nx漢\n"
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Picture
		for range 2 {
			_ = p.Apply(data)
			p.sound(t)
		}
		if err := p.Apply(whole); err != nil || p.text() != want {
			t.Errorf("%v, it shows %q", err, p.text())
		}
	})
}
