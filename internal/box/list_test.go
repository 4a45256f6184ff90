package box

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestChangesOfAListAreNotLost: those of several goroutines are all in it, and a list that was loaded stays as it was.
func TestChangesOfAListAreNotLost(t *testing.T) {
	var list atomic.Pointer[[]int]
	list.Store(new([]int))
	before := *list.Load()
	const goroutines, each = 4, 100
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for i := range each {
				Change(&list, func(l []int) []int { return append(l, i) })
			}
		})
	}
	wait.Wait()
	if n := len(*list.Load()); n != goroutines*each || len(before) != 0 {
		t.Errorf("it has %d entries, the first one %d", n, len(before))
	}
}
