package checks

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"hypervisor-tui/draw"
	"hypervisor-tui/plugin"
)

// appendValue appends a value with its unit: bytes as sizes, of other units the number as it is, with at least three digits
// that count. A counter has no unit. NaN is --.
func appendValue(dst []byte, v float64, unit string) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "--"...)
	case unit == "B" && v >= 0 && v < 1<<70:
		return draw.AppendSize(dst, v)
	case unit == "%" && (v > 0 && v < 0.05 || v >= 99.95 && v < 100): // it is neither 0 nor 100
		return append(strconv.AppendFloat(dst, min(v, 99.9999), 'g', 6, 64), '%')
	case unit == "%" && v >= 0 && v < 99_999:
		return draw.AppendPercent(dst, v)
	}
	dst = appendRounded(dst, v)
	if unit == "" || unit == "c" {
		return dst
	}
	return append(append(dst, ' '), unit...)
}

// appendRounded appends v as short as people write it: whole numbers whole, others with three digits or more that count.
func appendRounded(dst []byte, v float64) []byte {
	size := math.Abs(v)
	switch {
	case v == 0:
		return append(dst, '0') // there is a -0
	case size >= 1e15 || size < 1e-4:
		return strconv.AppendFloat(dst, v, 'g', 4, 64)
	case v == math.Trunc(v) || size >= 1000:
		return strconv.AppendFloat(dst, v, 'f', 0, 64)
	case size >= 100:
		return strconv.AppendFloat(dst, v, 'f', 1, 64)
	case size >= 1:
		return strconv.AppendFloat(dst, v, 'f', 2, 64)
	}
	return strconv.AppendFloat(dst, v, 'g', 3, 64)
}

// appendLimit appends an end of a range as it was written, where that is short: 0.9995 is not 1.
func appendLimit(dst []byte, v float64) []byte {
	const short = 7
	if size, start := math.Abs(v), len(dst); size >= 1e-4 && size < 1e7 {
		if exact := strconv.AppendFloat(dst, v, 'f', -1, 64); len(exact) <= start+short {
			return exact
		}
	}
	return appendRounded(dst, v)
}

// figure is a figure of a result, and whether its ranges are believed.
type figure struct {
	*plugin.Figure
	believed bool
}

// belief is which ranges of a result are believed: those that are not 0 for both warning and critical, and these zeros.
type belief struct{ ranges, zeros bool }

// believed returns the belief in the ranges of a result's figures: they must say together what the result says. Some plugins print
// numbers there that are no ranges as Nagios defines them: check_swap below what there must be free, check_file_age 0 for none. By
// those a figure would be called bad, or good, that is not. Zeros are for none where the others say without them what the result says.
func believed(res *plugin.Result) belief {
	if res.Kind != plugin.Check { // there it is these that make the status
		return belief{true, true}
	}
	others, all := plugin.OK, plugin.OK
	for i := range res.Figures {
		f := &res.Figures[i]
		s, judged := f.Judge()
		if !judged {
			continue
		}
		if s.Compare(all) < 0 {
			all = s
		}
		if !zeros(f) && s.Compare(others) < 0 {
			others = s
		}
	}
	b := belief{ranges: others == res.Status || all == res.Status}
	b.zeros = all == res.Status && (others != res.Status || all == plugin.OK)
	return b
}

// zeros reports whether both ranges of f are 0.
func zeros(f *plugin.Figure) bool {
	zero := plugin.Range{Set: true}
	return f.Warn == zero && f.Critical == zero
}

// figure is f, with the belief in its ranges.
func (b belief) figure(f *plugin.Figure) figure {
	return figure{f, b.ranges && (b.zeros || !zeros(f))}
}

// status is what the ranges make of a figure; false: there are none that are believed, or the value is not known.
func (f figure) status() (plugin.Status, bool) {
	if s, judged := f.Judge(); judged && f.believed {
		return s, true
	}
	return plugin.OK, false
}

// appendRange appends for which values somebody is to be alerted, in words: nothing where that is not said, and no more than the
// numbers of a range that is not believed.
func (f figure) appendRange(dst []byte, r *plugin.Range) []byte {
	value := func(v float64) {
		switch f.Unit {
		case "B":
			dst = appendValue(dst, v, "B")
		case "%":
			dst = append(appendLimit(dst, v), '%')
		default:
			dst = appendLimit(dst, v)
		}
	}
	noLow, noHigh := math.IsInf(r.Low, -1), math.IsInf(r.High, 1)
	alone := r.Low == 0 && !r.Inside && !(f.Value < 0) // it was written as a number alone
	word, first, second := "outside ", r.Low, r.High
	switch {
	case !r.Set:
		return dst
	case noLow && noHigh && r.Inside:
		return append(dst, "always"...)
	case noLow && noHigh:
		return append(dst, "never"...)
	case r.Inside && noLow:
		word, first, second = "up to ", r.High, math.NaN()
	case r.Inside && noHigh:
		word, second = "at least ", math.NaN()
	case r.Inside:
		word = "from "
	case noHigh:
		word, second = "below ", math.NaN()
	case noLow, alone:
		word, first, second = "above ", r.High, math.NaN()
	}
	if f.believed {
		dst = append(dst, word...)
	}
	value(first)
	if !math.IsNaN(second) {
		dst = append(dst, " to "...)
		value(second)
	}
	return dst
}

// share is how much a figure is, in percent, of what it can be at most, or of what is critical; NaN: nobody says what that is.
func (f figure) share() float64 {
	low := 0.0
	if !math.IsNaN(f.Min) {
		low = f.Min
	}
	high, c := f.Max, &f.Critical
	switch {
	case f.Unit == "c":
		return math.NaN()
	case f.Unit == "%" && math.IsNaN(high):
		high = 100
	case math.IsNaN(high) && f.believed && c.Set && !c.Inside && c.Low <= low:
		high = c.High
	}
	if !(high > low) || math.IsInf(high, 0) || math.IsInf(low, 0) || f.Value < low {
		return math.NaN()
	}
	return 100 * (f.Value - low) / (high - low)
}

// statusStyle is the style of what a plugin judges so, or does not.
func statusStyle(s plugin.Status, judged bool) draw.Style {
	switch {
	case !judged:
		return draw.Text
	case s == plugin.OK:
		return draw.Good
	case s == plugin.Critical:
		return draw.Bad
	}
	return draw.Warn
}

// nth is the nth of a result's figures, those that are critical first, then those to be warned of; false: there are fewer.
func nth(res *plugin.Result, n int) (figure, bool) {
	trust := believed(res)
	for _, want := range [...]plugin.Status{plugin.Critical, plugin.Warning, plugin.OK} {
		for i := range res.Figures {
			f := trust.figure(&res.Figures[i])
			if s, _ := f.status(); s != want {
				continue
			}
			if n == 0 {
				return f, true
			}
			n--
		}
	}
	return figure{}, false
}

// draw draws a figure on a row: its label, a gauge where it is a share of something and there is room, its value.
func (f figure) draw(r draw.Region) {
	const label, gauge = 10, 8
	p := r.Pen(0, 0)
	fitLabel(&p, draw.Dim, f.Label, label)
	left := r.W() - label - 1
	if gauge+1+f.valueWidth() <= left {
		f.drawGauge(r.Sub(label+1, 0, gauge, 1))
	}
	f.drawValue(&p, label+1, left)
}

// fitLabel writes a label in at most n columns. Of a path that is longer its end is told: the beginnings of many are alike.
func fitLabel(p *draw.Pen, s draw.Style, label string, n int) {
	if !strings.HasPrefix(label, "/") || draw.Columns(label) <= n || n < 2 {
		p.Fit(s, label, n)
		return
	}
	for draw.Columns(label) > n-1 {
		_, size := utf8.DecodeRuneInString(label)
		label = label[size:]
	}
	p.Glyph(draw.Accent, draw.Before).Text(s, label)
}

// drawGauge draws a gauge as wide as r, where the figure is a share of something.
func (f figure) drawGauge(r draw.Region) {
	style := draw.Accent
	if status, judged := f.status(); judged {
		style = statusStyle(status, true)
	}
	if of := f.share(); !math.IsNaN(of) {
		r.Gauge(0, of, style)
	}
}

// valueWidth is how many columns the value takes.
func (f figure) valueWidth() int {
	var room [64]byte
	text, _ := f.appendJudged(room[:0])
	return draw.ColumnsBytes(text, len(text))
}

// drawValue writes the value flush right in n columns from column x on.
func (f figure) drawValue(p *draw.Pen, x, n int) {
	var room [64]byte
	text, style := f.appendJudged(room[:0])
	flushRight(p, x, n, style, text)
}

// appendJudged appends the value, with a sign where it is not as it should be, and returns the style of that.
func (f figure) appendJudged(dst []byte) ([]byte, draw.Style) {
	status, judged := f.status()
	dst = appendValue(dst, f.Value, f.Unit)
	switch {
	case judged && status == plugin.Critical:
		dst = append(dst, "!!"...)
	case judged && status == plugin.Warning:
		dst = append(dst, '!')
	}
	return dst, statusStyle(status, judged)
}
