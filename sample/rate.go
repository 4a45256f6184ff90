package sample

import (
	"math"
	"time"
)

// perSecond is the rate of a counter that went from before to now over an interval of CLOCK_BOOTTIME. It is NaN when
// the interval is not positive and when the counter went back: a reset, a wrap at 2^32 or 2^64 and a replugged device
// all look the same, and a guess between them could be off by 4 GiB. It is the only place where a rate is made.
func perSecond(before, now uint64, over time.Duration) float64 {
	if over <= 0 || now < before {
		return math.NaN()
	}
	return float64(now-before) / over.Seconds()
}

// perOperation is what one operation of an interval took in the mean, in the unit of the time counter. It is NaN when
// there was no operation and when a counter went back.
func perOperation(before, now, operationsBefore, operations uint64) float64 {
	if now < before || operations <= operationsBefore {
		return math.NaN()
	}
	return float64(now-before) / float64(operations-operationsBefore)
}

// total adds up the rates of several devices. It is NaN as long as there is no rate in it, and as soon as one of them
// is not known: a sum without one of its parts would be false.
type total struct {
	sum   float64
	parts int
}

func (t *total) add(rate float64) {
	t.sum += rate
	t.parts++
}

func (t *total) value() float64 {
	if t.parts == 0 {
		return math.NaN()
	}
	return t.sum
}

// percent is part of whole, NaN when there is no whole.
func percent(part, whole uint64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return 100 * float64(part) / float64(whole)
}
