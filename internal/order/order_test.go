package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"hypervisor-tui/internal/order"
)

type row struct{ key, at int }

// TestByIsSortStableFunc for lists of every length up to 40, with few keys and many.
func TestByIsSortStableFunc(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		for _, keys := range []int{1, 3, 1000} {
			got := make([]row, n)
			for i := range got {
				got[i] = row{random.IntN(keys), i}
			}
			want := slices.Clone(got)
			slices.SortStableFunc(want, func(a, b row) int { return cmp.Compare(a.key, b.key) })
			order.By(got, func(a, b *row) int { return cmp.Compare(a.key, b.key) })
			if !slices.Equal(got, want) {
				t.Fatalf("%d rows of %d keys are %v, want %v", n, keys, got, want)
			}
		}
	}
}

// TestByAllocatesNothingInOrder: what is sorted at each tick comes in order.
func TestByAllocatesNothingInOrder(t *testing.T) {
	rows := []row{{1, 0}, {1, 1}, {2, 2}, {3, 3}}
	if n := testing.AllocsPerRun(20, func() { order.By(rows, func(a, b *row) int { return a.key - b.key }) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
