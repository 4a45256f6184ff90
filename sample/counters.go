package sample

// counterBatch has the interfaces of one reading of the counters. Once published nobody writes to it until no Net has it any
// more. On a host with thousands of interfaces, whose counters are read seldom, it is one for all copies of a Net.
type counterBatch struct {
	interfaces []Interface
	holders    int // the Nets that have it; the sampling goroutine alone counts them
}

// CopyNet makes dst equal to src. It shares the page and copies what lies in src itself; only the goroutine that samples
// may call it. It allocates as CopyHost does.
func CopyNet(dst, src *Net) {
	interfaces, own, histories := dst.Interfaces[:0], dst.own[:0], dst.Histories[:0]
	src.page.hold(1)
	dst.page.hold(-1)
	*dst = *src
	dst.Interfaces = append(interfaces, src.Interfaces...)
	dst.own = append(own, src.own...)
	dst.Histories = append(histories, src.Histories...)
	dst.take()
}

// hold counts who has the page. One that nobody has keeps no links alive.
func (p *counterBatch) hold(more int) {
	if p == nil {
		return
	}
	if p.holders += more; p.holders == 0 {
		clear(p.interfaces)
	}
}

// show makes n hold the interfaces of a page.
func (n *Net) show(p *counterBatch) {
	p.hold(1)
	n.page.hold(-1)
	n.page = p
	n.Interfaces = n.Interfaces[:0]
	for i := range p.interfaces {
		n.Interfaces = append(n.Interfaces, &p.interfaces[i])
	}
	for i, at := range n.at {
		n.own[i] = p.interfaces[at]
	}
	n.take()
}

// take puts n's own interfaces among the others.
func (n *Net) take() {
	for i, at := range n.at {
		n.Interfaces[at] = &n.own[i]
	}
}

// counterBatches are the pages of one sampler.
type counterBatches []*counterBatch

// take is a page for n interfaces that no Net has. In the end there are as many as copies are under way; while pages are
// taken seldom, one is in use and one is spare.
func (p *counterBatches) take(n int, seldom bool) *counterBatch {
	var found *counterBatch
	kept := (*p)[:0]
	for _, page := range *p {
		switch {
		case page.holders > 0 || !seldom && cap(page.interfaces) >= n && found != nil:
			kept = append(kept, page)
		case found == nil && cap(page.interfaces) >= n:
			found = page
			kept = append(kept, page)
		}
	}
	clear((*p)[len(kept):])
	*p = kept
	if found == nil {
		found = &counterBatch{interfaces: make([]Interface, 0, n)}
		*p = append(*p, found)
	}
	found.interfaces = found.interfaces[:n]
	return found
}
