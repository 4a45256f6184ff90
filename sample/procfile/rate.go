package procfile

import (
	"math"
	"time"
)

// Count is one figure that may not be known: the zero value is not.
type Count struct {
	Value uint64
	Known bool
}

// Known is a figure that is known.
func Known(value uint64) Count { return Count{value, true} }

// PerSecond is the rate of a figure that has grown by that much.
func (c Count) PerSecond(over time.Duration) float64 {
	if !c.Known {
		return math.NaN()
	}
	return PerSecond(0, c.Value, over)
}

// PerSecond is the rate of a counter that went from before to now over an interval of CLOCK_BOOTTIME. It is NaN when
// the interval is not positive and when the counter went back: a reset, a wrap at 2^32 or 2^64 and a replugged device
// all look the same, and a guess between them could be off by 4 GiB. It is the only place where a rate is made.
func PerSecond(before, now uint64, over time.Duration) float64 {
	if over <= 0 || now < before {
		return math.NaN()
	}
	return float64(now-before) / over.Seconds()
}

// PerOperation is what one operation of an interval took in the mean, in the unit of the time counter. It is NaN when
// there was no operation and when a counter went back.
func PerOperation(before, now, operationsBefore, operations uint64) float64 {
	if now < before || operations <= operationsBefore {
		return math.NaN()
	}
	return float64(now-before) / float64(operations-operationsBefore)
}

// Total adds up the rates of several devices. It is NaN as long as there is no rate in it, and as soon as one of them
// is not known: a sum without one of its parts would be false.
type Total struct {
	sum   float64
	parts int
}

// Add adds the rate of one device.
func (t *Total) Add(rate float64) {
	t.sum += rate
	t.parts++
}

// Value is the sum.
func (t *Total) Value() float64 {
	if t.parts == 0 {
		return math.NaN()
	}
	return t.sum
}

// Percent is part of whole, NaN when there is no whole.
func Percent(part, whole uint64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return 100 * float64(part) / float64(whole)
}
