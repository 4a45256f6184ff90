package sample

import (
	"testing"

	"hypervisor-tui/sample/sampletest"
)

// TestNobodyWritesToANetThatSomebodyHas: whoever keeps a Net for long sees it as it was, and the others get theirs.
func TestNobodyWritesToANetThatSomebodyHas(t *testing.T) {
	l, names := newLAN(t), []string{"lo", "eth0"}
	l.SetLinks(reportOf(lo, eth0))
	l.step(0, names...)
	slow := l.step(1000, names...)
	for i := range uint64(10) {
		sampletest.Put(t, l.root, "/proc/net/dev", sampletest.NetDevOf(2000+i, names...))
		l.Sample() // nobody takes it
		if slow.Interfaces[1].RxBytes != 1000 || slow.Interfaces[0].Name != "lo" {
			t.Fatalf("%d samples on: %+v", i+1, slow.Interfaces[1])
		}
	}
	if n := l.Reader(0).Nets.Latest(); n.Interfaces[1].RxBytes != 2009 {
		t.Errorf("the newest: %+v", n.Interfaces[1])
	}
}

// TestACopyKeepsWhatItHasOfTheSameReading: with thousands of interfaces only the hardware's change in between.
func TestACopyKeepsWhatItHasOfTheSameReading(t *testing.T) {
	src, dst := &Net{counted: make([]Interface, 3), reading: 7, hardware: []int32{1}}, new(Net)
	src.show()
	CopyNet(dst, src)
	for i := range src.counted {
		src.counted[i].RxBytes = 5
	}
	if CopyNet(dst, src); dst.Interfaces[0].RxBytes != 0 || dst.Interfaces[1].RxBytes != 5 || dst.Interfaces[2].RxBytes != 0 {
		t.Errorf("the same reading: %+v", dst.counted)
	}
	src.reading++
	if CopyNet(dst, src); dst.Interfaces[0].RxBytes != 5 || dst.Interfaces[2].RxBytes != 5 {
		t.Errorf("the next: %+v", dst.counted)
	}
}

// TestACopyKeepsNoLinksAlive that its source has no more.
func TestACopyKeepsNoLinksAlive(t *testing.T) {
	src, dst := &Net{counted: []Interface{{Link: new(Link)}, {Link: new(Link)}}, reading: 1}, new(Net)
	CopyNet(dst, src)
	src.counted, src.reading = src.counted[:1], 2
	if CopyNet(dst, src); len(dst.Interfaces) != 1 || dst.counted[:2][1].Link != nil {
		t.Errorf("%+v", dst.counted[:2])
	}
}
