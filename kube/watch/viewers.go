package watch

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Viewers counts those who look at something, which is made only while somebody does. Any goroutine may use it.
type Viewers struct {
	count atomic.Int32
	came  chan struct{}
	mu    sync.Mutex
	whole map[string]int // how many look at which whole, by name
}

// NewViewers returns one that counts nobody.
func NewViewers() *Viewers { return &Viewers{came: make(chan struct{}, 1), whole: map[string]int{}} }

// Come counts one more.
func (v *Viewers) Come() {
	if v.count.Add(1) == 1 {
		v.wake()
	}
}

// Leave counts one less.
func (v *Viewers) Leave() { v.count.Add(-1) }

// Turn says that one of them looks at the thing named to whole, and not at the one named from any more; the empty name is
// nothing.
func (v *Viewers) Turn(from, to string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if from != "" {
		if v.whole[from]--; v.whole[from] == 0 {
			delete(v.whole, from)
		}
	}
	if to != "" {
		if v.whole[to]++; v.whole[to] == 1 {
			v.wake()
		}
	}
}

// Whole returns the names of what is looked at whole, sorted.
func (v *Viewers) Whole() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.whole))
}

// wake makes what is looked at be made now.
func (v *Viewers) wake() {
	select {
	case v.came <- struct{}{}:
	default:
	}
}
