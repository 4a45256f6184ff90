// Package order sorts lists of structs by one copy of the code: slices.SortFunc and SortStableFunc are compiled anew for
// each type of them, which is 10 to 30 kB of program each.
package order

import "sort"

// By sorts all and keeps the order of those that are alike. compare is negative when a comes before b. A list that is in
// order already costs one look at each pair, and no memory.
func By[E any](all []E, compare func(a, b *E) int) {
	for i := 1; i < len(all); i++ {
		if compare(&all[i], &all[i-1]) < 0 {
			sort.Stable(&list[E]{all, compare})
			return
		}
	}
}

type list[E any] struct {
	all     []E
	compare func(a, b *E) int
}

func (l *list[E]) Len() int           { return len(l.all) }
func (l *list[E]) Less(i, j int) bool { return l.compare(&l.all[i], &l.all[j]) < 0 }
func (l *list[E]) Swap(i, j int)      { l.all[i], l.all[j] = l.all[j], l.all[i] }
