package sample

import (
	"testing"

	"hypervisor-tui/sample/sampletest"
)

// TestNobodyWritesToAPageThatSomebodyHas: whoever keeps a Net for long sees it as it was, and the others get theirs.
func TestNobodyWritesToAPageThatSomebodyHas(t *testing.T) {
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
	const copies = 3 // of the box, beside the sampler's own
	if pages := netdevOf(l.Sampler).pages; len(pages) > copies+1 {
		t.Errorf("%d pages", len(pages))
	}
}

// TestOnePageIsForAllWhileNothingIsCounted: with thousands of interfaces that is nearly always.
func TestOnePageIsForAllWhileNothingIsCounted(t *testing.T) {
	l, names := newLAN(t), manyLinks(5000)
	for i := range 60 {
		l.pass(uint64(i), names...)
	}
	if pages := netdevOf(l.Sampler).pages; len(pages) > 2 {
		t.Errorf("%d pages", len(pages))
	}
}

// TestAPageThatNobodyHasKeepsNoLinksAlive: those of an older table are garbage.
func TestAPageThatNobodyHasKeepsNoLinksAlive(t *testing.T) {
	l, names := newLAN(t), manyLinks(1000)
	l.pass(0, names...)
	l.pass(1, names...)
	links := make([]Link, len(names))
	for i, name := range names {
		links[i] = Link{Index: 1 + i, Name: name, SharedAttrs: &SharedAttrs{}}
	}
	l.SetLinks(reportOf(links...))
	for i := range 3 { // until each copy has the new page, and none has been counted anew
		l.pass(uint64(i), names...)
	}
	for _, page := range netdevOf(l.Sampler).pages {
		for i := range page.interfaces {
			if link := page.interfaces[i].Link; link != nil && link.Index == 0 {
				t.Fatalf("%s of before the table, in a page of %d holders", link.Name, page.holders)
			}
		}
	}
}

func netdevOf(s *Sampler) *netdevReader {
	for i := range s.steps {
		if r, ok := s.steps[i].reader.(*netdevReader); ok {
			return r
		}
	}
	return nil
}
