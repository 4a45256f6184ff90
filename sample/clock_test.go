package sample

import "testing"

func TestBoottime(t *testing.T) {
	before := Boottime()
	if after := Boottime(); before <= 0 || after < before {
		t.Errorf("%v, then %v", before, after)
	}
	if n := testing.AllocsPerRun(20, func() { Boottime() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
