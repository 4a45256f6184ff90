// Package viewers counts those who look at something that is made only while somebody does.
package viewers

import "sync/atomic"

// Count is how many look. Any goroutine may use it; New makes one.
type Count struct {
	number atomic.Int32
	came   chan struct{}
}

// New returns one that counts nobody.
func New() *Count { return &Count{came: make(chan struct{}, 1)} }

// Come counts one more.
func (c *Count) Come() {
	if c.number.Add(1) == 1 {
		select {
		case c.came <- struct{}{}:
		default:
		}
	}
}

// Leave counts one less.
func (c *Count) Leave() { c.number.Add(-1) }

// Any reports whether somebody looks.
func (c *Count) Any() bool { return c.number.Load() > 0 }

// Came gets a value when somebody comes while nobody looks. One goroutine may wait for it.
func (c *Count) Came() <-chan struct{} { return c.came }
