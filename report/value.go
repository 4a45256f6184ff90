package report

import (
	"math"
	"time"
)

// known is v where ok, and null otherwise. It stands in hundreds of figures, each of which would get a copy of it.
//
//go:noinline
func known[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

// number is v, null for NaN.
func number(v float64) *float64 { return known(v, !math.IsNaN(v) && !math.IsInf(v, 0)) }

// count is n, null for -1.
func count(n int) *int { return known(n, n >= 0) }

// positive is the first of ns that is above 0, null if none.
func positive[N int | int64 | uint64 | float64](ns ...N) *N {
	for _, n := range ns {
		if n > 0 {
			return &n
		}
	}
	return nil
}

// text is s, null for the empty string.
func text(s string) *string { return known(s, s != "") }

// stamp is t in a layout of RFC 3339, null for a time that it has no form for: the zero time, years of five digits.
func stamp(t time.Time, layout string) *string {
	year := t.Year()
	if t.IsZero() || year < 1 || year > 9999 {
		return nil
	}
	return known(t.Format(layout), true)
}

// listed is list where ok, and empty otherwise.
func listed[T any](list []T, ok bool) []T {
	if !ok {
		return nil
	}
	return list
}
