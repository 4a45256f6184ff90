package history

import "math"

// cell is one figure of a record as a whole number. unknown is a NaN.
type cell = int64

const unknown cell = math.MinInt64

// cellKind says how a figure becomes a cell, and which one a coarser tier keeps of several.
type cellKind uint8

// The kinds.
const (
	stateCell   cellKind = iota // a whole number; the last one is kept
	textCell                    // the number of a text; the last
	countCell                   // how many elements the list has that follows; the last
	totalCell                   // a float of 12 significant bits; the last
	shareCell                   // percent, in steps of 0.1; the mean is kept
	percentCell                 // percent, in steps of 1; the mean
	rateCell                    // a float of 7 significant bits, steps of 1.6 percent at most; the mean
	peakCell                    // a rateCell of which the largest is kept
	exactCell                   // a float as it is, infinities included; the last
)

// bits are the significant bits of the kinds that are floats.
func (k cellKind) bits() int {
	switch k {
	case totalCell:
		return 12
	case rateCell, peakCell:
		return 7
	}
	return 0
}

// cell returns v as a cell of the kind.
func (k cellKind) cell(v float64) cell {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0) && k != exactCell:
		return unknown
	case k == exactCell:
		return cell(math.Float64bits(v + 0)) // a zero without a sign: with one it is unknown
	case k == shareCell:
		return cell(math.Round(v * 10))
	case k.bits() == 0:
		return cell(math.Round(v))
	case v == 0:
		return 0
	}
	bits := k.bits()
	fraction, exponent := math.Frexp(math.Abs(v)) // 0.5 <= fraction < 1
	mantissa := cell(math.Round(math.Ldexp(fraction, bits)))
	c := cell(exponent+1100)<<(bits-1) + mantissa - 1<<(bits-1) // a mantissa that was rounded up to 1 is the next exponent's
	if v < 0 {
		return -c
	}
	return c
}

// value is the figure that c stands for.
func (k cellKind) value(c cell) float64 {
	switch {
	case c == unknown:
		return math.NaN()
	case k == exactCell:
		return math.Float64frombits(uint64(c))
	case k == shareCell:
		return float64(c) / 10
	case k.bits() == 0:
		return float64(c)
	case c == 0:
		return 0
	case c < 0:
		return -k.value(-c)
	}
	half := cell(1) << (k.bits() - 1)
	v := math.Ldexp(float64(half+c%half), int(min(c/half, 1<<20))-1100-k.bits())
	if math.IsInf(v, 0) { // no cell of ours
		return math.NaN()
	}
	return v
}

// averages reports whether a coarser tier keeps the mean.
func (k cellKind) averages() bool { return k == shareCell || k == percentCell || k == rateCell }

// unknownFigure is the figure that unknown stands for.
var unknownFigure = math.NaN()
