package viewers

import (
	"maps"
	"slices"
	"sync"
)

// Names is who looks at which of several things, by their names. Any goroutine may use it; NewNames makes one.
type Names struct {
	mu    sync.Mutex
	count map[string]int
	came  chan struct{}
}

// NewNames returns one at whose things nobody looks.
func NewNames() *Names { return &Names{count: map[string]int{}, came: make(chan struct{}, 1)} }

// Turn says that somebody looks at the thing named to, and not at the one named from any more; the empty name is nothing.
func (n *Names) Turn(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if from != "" {
		if n.count[from]--; n.count[from] == 0 {
			delete(n.count, from)
		}
	}
	if to == "" {
		return
	}
	if n.count[to]++; n.count[to] == 1 {
		select {
		case n.came <- struct{}{}:
		default:
		}
	}
}

// All returns the names of what is looked at, sorted. The caller owns the list.
func (n *Names) All() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.count))
}

// Came gets a value when somebody looks at what nobody looked at. One goroutine may wait for it.
func (n *Names) Came() <-chan struct{} { return n.came }
