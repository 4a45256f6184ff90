package qemu

import (
	"fmt"
	"testing"
	"time"
)

// A fixture's files cost less than procfs' to open and list: BenchmarkQEMUScanLive has the real ones.
func BenchmarkQEMUScan(b *testing.B) {
	for _, n := range []int{300, 2000} {
		q := newQEMUTree(b)
		for i := range n {
			q.process(1000+i, "worker", "/bin/worker")
		}
		for pid := 100; pid < 150; pid++ {
			q.vm(pid, "default_a")
		}
		b.Run(fmt.Sprintf("%dProcesses50VMs", n), func(b *testing.B) { benchmarkScan(b, q.root) })
		b.Run(fmt.Sprintf("%dProcesses50VMsFirst", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := newQEMUScan(q.root)
				s.run()
			}
		})
	}
}

func BenchmarkQEMUScanLive(b *testing.B) { benchmarkScan(b, "") }

func benchmarkScan(b *testing.B, root string) {
	s := newQEMUScan(root)
	for range settled + 1 {
		s.run()
	}
	b.ReportAllocs()
	for b.Loop() {
		s.run()
	}
	b.ReportMetric(float64(len(s.now)), "processes")
}

func BenchmarkQEMUSample50VMs(b *testing.B) {
	q := newQEMUTree(b)
	for pid := 100; pid < 150; pid++ {
		cgroup := q.vm(pid, "default_a")
		q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n")
	}
	r := follow(b, q.root)
	r.look()
	r.after(0)
	boxed := vmsBox()
	b.ReportAllocs()
	for b.Loop() {
		r.after(time.Second)
		boxed.Publish(&r.VMs)
		boxed.Latest()
	}
}
