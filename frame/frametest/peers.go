package frametest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// Peers is Nodes(n), of six or more, whose nodes are asked how they are: of the one that the API does not call ready a summary
// comes, the last is silent, the one before has another's certificate, the one before that another time, and the one before that
// was not asked yet. The second says that something is wrong.
func Peers(n int) func(*frame.Frame) {
	return func(f *frame.Frame) {
		Nodes(n)(f)
		f.Peers = &peer.State{Viewed: true, Health: OK(), List: "/var/lib/hypervisor-tui/peers.json", Kept: f.Now.Add(-40 * time.Second)}
		rows := slices.Clone(f.Kube.Fleet.Rows)
		slices.SortFunc(rows, func(a, b kube.NodeRow) int { return strings.Compare(a.InternalIP, b.InternalIP) })
		for i := range rows {
			if !rows[i].Here {
				f.Peers.Peers = append(f.Peers.Peers, peerOf(f, &rows[i], place(&rows[i]), n))
			}
		}
		slices.SortFunc(f.Peers.Peers, func(a, b peer.Peer) int { return strings.Compare(a.Name, b.Name) })
		Derive(f)
	}
}

// place is which of the nodes of Nodes a row is.
func place(r *kube.NodeRow) int {
	a := netip.MustParseAddr(r.InternalIP).As4()
	return int(a[2]-1)*100 + int(a[3]) - 100
}

func peerOf(f *frame.Frame, r *kube.NodeRow, i, n int) peer.Peer {
	age := time.Duration(1+i*7%15) * time.Second
	p := summarized(f, r.Name, r.InternalIP, i, age)
	p.Said = peer.Said{Ready: r.Ready, At: f.Now.Add(-time.Second)}
	switch i {
	case n / 2:
		p.Summary.API = "dial 192.168.1.10:6443: no route to host"
	case 1:
		p.Summary.Severity, p.Summary.Problems, p.Summary.Worst, p.Summary.Since = "crit", 3, "/var/lib/longhorn 97% full", f.Now.Add(-3*time.Hour)
	case n - 1:
		quiet(f, &p, 12*time.Minute, "no answer in 2 s")
	case n - 2:
		quiet(f, &p, 40*time.Second, "its certificate is for hypervisor-99, not for "+r.Name)
		p.Reached, p.Summary, p.Heard = true, nil, time.Time{}
		p.Health.State, p.Health.At = health.Failed, 0
	case n - 3:
		p.Offset = 10*time.Minute + 3*time.Second
	case n - 4:
		p.Health, p.Asked, p.Heard = health.Health{}, 0, f.Now.Add(-3*time.Hour)
	}
	return p
}

// summarized is a peer that answered an age ago.
func summarized(f *frame.Frame, name, address string, i int, age time.Duration) peer.Peer {
	busy, used, all, fullest, vms := float64(i*17%80), uint64(i*29%200)*GiB, uint64(256*GiB), float64(30+i*7%50), i*5%20
	return peer.Peer{
		Name: name, Address: netip.AddrPortFrom(netip.MustParseAddr(address), 9101), Asked: f.Boot - age, Heard: f.Now.Add(-age),
		Health: health.Health{State: health.OK, At: f.Boot - age, Since: f.Boot - time.Hour},
		Summary: &peer.Summary{Node: name, Time: f.Now.Add(-age), Version: "1.0.0", Uptime: 86400, CPU: &busy, MemoryUsed: &used, Memory: &all, Fullest: &fullest, VMs: &vms,
			Ready: "True", API: "ok"},
	}
}

// quiet makes of a peer one that has not answered for so long.
func quiet(f *frame.Frame, p *peer.Peer, age time.Duration, why string) {
	p.Health = health.Health{State: health.Stale, At: f.Boot - age, Since: f.Boot - age, Err: why}
	p.Asked, p.Heard = f.Boot-7*time.Second, f.Now.Add(-age)
}

// Named is a host without a cluster whose configuration names it and four others: one is silent, one says that something is wrong.
func Named(f *frame.Frame) {
	f.Peers = &peer.State{Viewed: true, Health: OK()}
	for i := range 4 {
		p := summarized(f, fmt.Sprintf("hv%d", i+2), fmt.Sprintf("10.0.0.%d", i+2), i+2, time.Duration(i+2)*time.Second)
		p.Named, p.Summary.Ready, p.Summary.API = true, "", ""
		f.Peers.Peers = append(f.Peers.Peers, p)
	}
	quiet(f, &f.Peers.Peers[2], 95*time.Minute, "nobody listens there (connection refused)")
	f.Peers.Peers[2].Reached = true
	s := f.Peers.Peers[1].Summary
	s.Severity, s.Problems, s.Worst, s.Since = "err", 1, "smartd.service failed: exit code 1", f.Now.Add(-26*time.Hour)
	quiet(f, &f.Peers.Peers[3], 3*time.Minute, "no answer in 2 s")
	self := summarized(f, "hypervisor-01", "192.168.1.100", 1, time.Second)
	quiet(f, &self, time.Minute, "nobody listens there (connection refused)")
	f.Peers.Peers = append([]peer.Peer{self}, f.Peers.Peers...)
	Derive(f)
}

// Remembered is Peers(8) on a host that was started after the API server had gone: the nodes are those of the list on the disk, and
// what they say is all there is to know.
func Remembered(f *frame.Frame) {
	Peers(8)(f)
	f.Kube = &kube.State{Health: health.Health{State: health.Failed, Since: Boot - 3*time.Minute, Err: "refused"}, Cause: kube.Cause{Check: kube.Dial, Why: "refused", Retry: Boot + 4*time.Second}}
	f.Peers.Kept = f.Now.Add(-26 * time.Minute)
	for i := range f.Peers.Peers {
		f.Peers.Peers[i].Said.At = f.Peers.Kept
	}
	Derive(f)
}
