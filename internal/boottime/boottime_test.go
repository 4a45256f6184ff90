package boottime

import "testing"

func TestBoottime(t *testing.T) {
	before := Now()
	if after := Now(); before <= 0 || after < before {
		t.Errorf("%v, then %v", before, after)
	}
	if n := testing.AllocsPerRun(20, func() { Now() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
