package box

import (
	"slices"
	"sync/atomic"
)

// Change puts what change makes of a copy in the place of a shared list, which is itself never changed: who has loaded it may go
// through it at leisure. Any goroutine may call it; change may be called more than once.
func Change[T any](list *atomic.Pointer[[]T], change func(list []T) []T) {
	for {
		old := list.Load()
		changed := change(slices.Clone(*old))
		if list.CompareAndSwap(old, &changed) {
			return
		}
	}
}
