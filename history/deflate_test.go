package history

import (
	"bytes"
	"fmt"
	"testing"

	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
)

// TestKeyOfALargeHost: a key of a host with thousand links of containers, 500 VMs in its cluster and all else that a large one
// has fits into half a page, whole.
func TestKeyOfALargeHost(t *testing.T) {
	f, crowd := frametest.Fixed(), frametest.Fixed()
	large(f)
	frametest.Crowded(crowd)
	f.Kube.Virt, f.VMs = crowd.Kube.Virt, crowd.VMs
	for i := len(f.Net.Interfaces); i < maxElements; i++ {
		f.Net.Interfaces = append(f.Net.Interfaces, &sample.Interface{Plain: true, Counted: true, RxRate: float64(i * 1234), TxRate: float64(i * 777), Link: &sample.Link{Index: 1000 + i,
			Name: fmt.Sprintf("veth%08x", i*7919), MAC: fmt.Sprintf("52:54:00:12:%02x:%02x", i/256, i%256), Peer: &sample.Peer{Namespace: i, Index: 2, Name: "eth0"},
			SharedAttrs: &sample.SharedAttrs{Kind: "veth", Master: "cni0", State: "up", AdminUp: true, Carrier: true, MTU: 1450, BridgePort: &sample.BridgePort{State: "forwarding"}}}})
	}
	c := newCodec()
	var v vector
	var p page
	c.encode(&v, &f.Snapshot)
	p.begin(pageHead{seq: 1, schema: layout().id})
	if !p.add(&v, &c.texts, 0, 0) || p.used > pageSize/2 || c.cut != 0 {
		t.Fatalf("%d cells take %d bytes, %d entries are left out", len(v.cells), p.used, c.cut)
	}
	r := reading{head: p.head, bytes: p.bytes}
	r.rewind()
	if rec, ok := r.next(); !ok || len(rec.cells) != len(v.cells) {
		t.Errorf("%d cells come back as %d", len(v.cells), len(rec.cells))
	}
}

// TestKeyThatIsABomb: a few bytes that say that they are many are no key.
func TestKeyThatIsABomb(t *testing.T) {
	var d deflater
	bomb, fits := d.append(nil, make([]byte, maxKey+1), pageSize)
	if !fits {
		t.Fatal("no bomb")
	}
	var p page
	p.begin(pageHead{seq: 1})
	p.addBody(keyRecord, bomb, 0, 0)
	r := reading{head: p.head, bytes: p.bytes}
	r.rewind()
	if rec, ok := r.next(); ok {
		t.Errorf("%d bytes give %d cells", len(bomb), len(rec.cells))
	}
	whole, fits := d.append(nil, bytes.Repeat([]byte{1}, maxKey), pageSize)
	if back, ok := new(inflater).inflate(whole); !fits || !ok || len(back) != maxKey {
		t.Errorf("%d bytes that are allowed come back as %d", maxKey, len(back))
	}
}
