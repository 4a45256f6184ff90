// Package wakeup lets what happens periodically happen at common moments.
package wakeup

import (
	"context"
	"time"
)

// Ticker is a time.Ticker whose ticks fall on whole multiples of its period by the wall clock, so that one wake-up
// serves all that happens periodically: to be woken costs more than most of what is done then. Next must be called
// after each tick. A clock that is set moves the ticks, not their distance.
type Ticker struct {
	*time.Ticker
	period time.Duration
}

// NewTicker returns a Ticker, which must be stopped. period must be above 0.
func NewTicker(period time.Duration) *Ticker {
	return &Ticker{time.NewTicker(Until(time.Now(), period)), period}
}

// Next sets the ticker to the next multiple of its period.
func (t *Ticker) Next() { t.Reset(Until(time.Now(), t.period)) }

// Until is how long it is from now to the next multiple of period by the wall clock, period at most and never 0.
func Until(now time.Time, period time.Duration) time.Duration {
	return now.Truncate(period).Add(period).Sub(now)
}

// Pause returns after d, or when ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
