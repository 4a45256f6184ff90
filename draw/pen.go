package draw

import (
	"time"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// Pen writes along one row of a Region from left to right and stops at its edge. It lives on the caller's stack and
// its methods return it, so that a line reads in one piece. Those that stand in hundreds of places are not copied into each:
// that would be 0.2 MB of program.
type Pen struct {
	r    Region
	x, y int
	buf  [64]byte
}

// Pen returns a pen at (x, y).
//
//go:noinline
func (r Region) Pen(x, y int) Pen { return Pen{r: r, x: x, y: y} }

// X is the column that is written next.
func (p *Pen) X() int { return p.x }

// Left is how many columns are left in the row.
func (p *Pen) Left() int { return max(p.r.w-p.x, 0) }

// To moves to column x.
func (p *Pen) To(x int) *Pen {
	p.x = x
	return p
}

// Skip leaves n columns as they are.
func (p *Pen) Skip(n int) *Pen {
	p.x += n
	return p
}

// Fade draws what follows dim while on, as Region.Faded does.
func (p *Pen) Fade(on bool) *Pen {
	p.r.faded = on
	return p
}

// Text writes a literal of the program's own. What does not fit is cut at the region's edge.
//
//go:noinline
func (p *Pen) Text(s Style, text string) *Pen {
	for _, v := range text {
		p.rune(s, v)
	}
	return p
}

// Bytes writes text from outside that its source has sanitised. Whatever is not drawable nevertheless becomes U+FFFD.
func (p *Pen) Bytes(s Style, text []byte) *Pen {
	for len(text) > 0 && p.x < p.r.w {
		v, n := utf8.DecodeRune(text)
		p.rune(s, v)
		text = text[n:]
	}
	return p
}

func (p *Pen) rune(s Style, v rune) {
	if p.x < p.r.w {
		p.r.Set(p.x, p.y, v, s)
	}
	p.x += max(clean.Width(v), 1)
}

// Glyph writes g.
//
//go:noinline
func (p *Pen) Glyph(s Style, g Glyph) *Pen { return p.Text(s, p.r.Glyph(g)) }

// Name is what g is drawn with here.
func (p *Pen) Name(g Glyph) string { return p.r.Glyph(g) }

// Fit writes text into at most n columns; what is longer is cut and ends with the glyph Ellipsis.
func (p *Pen) Fit(s Style, text string, n int) *Pen {
	n = min(n, p.Left())
	if n <= 0 {
		return p
	}
	if Columns(text) <= n {
		return p.Text(s, text)
	}
	end := p.x + n
	mark := p.r.Glyph(Ellipsis)
	for _, v := range text {
		if p.x+max(clean.Width(v), 1) > end-1 {
			break
		}
		p.rune(s, v)
	}
	p.Text(s, mark)
	p.x = end
	return p
}

// FitBytes is Fit for text from outside, with the glyph More at the cut.
func (p *Pen) FitBytes(s Style, text []byte, n int) *Pen {
	n = min(n, p.Left())
	if n <= 0 {
		return p
	}
	if ColumnsBytes(text, n+1) <= n {
		return p.Bytes(s, text)
	}
	end := p.x + n
	for len(text) > 0 {
		v, size := utf8.DecodeRune(text)
		if p.x+max(clean.Width(v), 1) > end-1 {
			break
		}
		p.rune(s, v)
		text = text[size:]
	}
	p.x = end - 1
	p.Glyph(Accent, More)
	p.x = end
	return p
}

// Int writes v.
func (p *Pen) Int(s Style, v int64) *Pen {
	return p.figure(s, AppendInt(p.buf[:0], v))
}

// IntRight writes v right-aligned in n columns.
func (p *Pen) IntRight(s Style, v int64, n int) *Pen {
	return p.right(s, AppendInt(p.buf[:0], v), n)
}

// Percent writes v as " 45.2%" right-aligned in 6 columns; NaN is --.
func (p *Pen) Percent(s Style, v float64) *Pen {
	return p.right(s, AppendPercent(p.buf[:0], v), 6)
}

// Share writes v as 45.2%, not aligned; NaN is --.
func (p *Pen) Share(s Style, v float64) *Pen {
	return p.figure(s, AppendPercent(p.buf[:0], v))
}

// Size writes a number of bytes right-aligned in n columns: 32.1 GiB.
func (p *Pen) Size(s Style, v uint64, n int) *Pen {
	return p.right(s, AppendSize(p.buf[:0], float64(v)), n)
}

// Rate writes bytes a second right-aligned in n columns: 1.2 MiB/s; NaN is --.
func (p *Pen) Rate(s Style, v float64, n int) *Pen {
	return p.right(s, AppendRate(p.buf[:0], v), n)
}

// BitRate writes v bytes a second in bits, right-aligned in n columns: 9.4 Gbit/s; NaN is --.
func (p *Pen) BitRate(s Style, v float64, n int) *Pen {
	return p.right(s, AppendBitRate(p.buf[:0], v), n)
}

// Amount writes v bytes right-aligned in n columns: 1.2 MiB; NaN is --.
func (p *Pen) Amount(s Style, v float64, n int) *Pen {
	return p.right(s, AppendSize(p.buf[:0], v), n)
}

// Float writes v with prec decimals right-aligned in n columns; NaN is --.
func (p *Pen) Float(s Style, v float64, prec, n int) *Pen {
	return p.right(s, AppendFloat(p.buf[:0], v, prec), n)
}

// Right writes text right-aligned in n columns.
func (p *Pen) Right(s Style, text string, n int) *Pen {
	return p.right(s, append(p.buf[:0], text...), n)
}

// SizeOf writes used of total in total's unit: 32.1/64.0 GiB.
func (p *Pen) SizeOf(s Style, used, total uint64) *Pen {
	return p.figure(s, AppendSizeOf(p.buf[:0], float64(used), float64(total)))
}

// Age writes a time span in its two largest units: 15d 7h.
func (p *Pen) Age(s Style, d time.Duration) *Pen {
	return p.figure(s, AppendAge(p.buf[:0], d))
}

// AgeRight is Age right-aligned in n columns.
func (p *Pen) AgeRight(s Style, d time.Duration, n int) *Pen {
	return p.right(s, AppendAge(p.buf[:0], d), n)
}

// Uptime writes a time span in its three largest units: 15d 7h 32m.
func (p *Pen) Uptime(s Style, d time.Duration) *Pen {
	return p.Bytes(s, AppendUptime(p.buf[:0], d))
}

// Date writes the date of t as Jan 02.
func (p *Pen) Date(s Style, t time.Time) *Pen {
	return p.Bytes(s, t.AppendFormat(p.buf[:0], "Jan 02"))
}

// Time writes the time of day of t.
func (p *Pen) Time(s Style, t time.Time) *Pen {
	return p.Bytes(s, t.AppendFormat(p.buf[:0], "15:04:05"))
}

// Stamp writes t in full, with its zone.
func (p *Pen) Stamp(s Style, t time.Time) *Pen {
	return p.Bytes(s, t.AppendFormat(p.buf[:0], "2006-01-02 15:04:05.000000 MST"))
}

func (p *Pen) right(s Style, text []byte, n int) *Pen {
	if pad := n - ColumnsBytes(text, n); pad > 0 {
		p.x += pad
	}
	return p.figure(s, text)
}

// figure writes text, or an ellipsis and nothing after it where that has no room: a number without its end is another one.
func (p *Pen) figure(s Style, text []byte) *Pen {
	n := p.Left()
	if n == 0 || len(text) <= n || ColumnsBytes(text, n+1) <= n {
		return p.Bytes(s, text)
	}
	p.Glyph(s, Ellipsis)
	return p.To(p.r.w)
}

// Columns is the width of text in cells.
func Columns(text string) int {
	n := 0
	for _, v := range text {
		n += max(clean.Width(v), 1)
	}
	return n
}

// ColumnsBytes is the width of text in cells, counted no further than limit.
func ColumnsBytes(text []byte, limit int) int {
	n := 0
	for len(text) > 0 && n < limit {
		v, size := utf8.DecodeRune(text)
		n += max(clean.Width(v), 1)
		text = text[size:]
	}
	return n
}

// CutColumns is how many bytes of text fill at most n columns, at least one rune.
func CutColumns[T ~string | ~[]byte](text T, n int) int {
	used, end := 0, 0
	for end < len(text) {
		var next [utf8.UTFMax]byte
		v, size := utf8.DecodeRune(next[:copy(next[:], text[end:])])
		used += max(clean.Width(v), 1)
		if used > n && end > 0 {
			break
		}
		end += size
	}
	return end
}
