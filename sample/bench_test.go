package sample

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

const (
	bigCPUs, bigNICs, bigDisks = 256, 200, 500
)

// bigMachine is a tree of a machine that has a lot of everything.
type bigMachine struct {
	testing.TB
	root  string
	links *LinkReport
}

func newBigMachine(t testing.TB) *bigMachine {
	m := &bigMachine{t, copyOf(t, "vm2"), reportOf()}
	put(t, m.root, "/proc/stat", statOf(upTo(bigCPUs), 1234567))
	nics, disks := make([]string, bigNICs), make([]string, bigDisks)
	for i := range nics {
		nics[i] = fmt.Sprint("eth", i)
		m.links.Table.Interfaces = append(m.links.Table.Interfaces, Interface{Index: i, Name: nics[i], Physical: i%2 == 0})
	}
	for i := range disks {
		disks[i] = fmt.Sprintf("nvme%dn1", i)
		put(t, m.root, "/sys/block/"+disks[i]+"/device/model", "Model\n")
	}
	put(t, m.root, "/proc/net/dev", netDevOf(1234567890, nics...))
	put(t, m.root, "/proc/diskstats", diskstatsOf(1234567, disks...))
	return m
}

// sampler has read the machine twice.
func (m *bigMachine) sampler() *Sampler {
	s := New(Options{Root: m.root})
	m.Cleanup(s.Close)
	s.SetLinks(m.links)
	s.Sample()
	s.Sample()
	return s
}

func BenchmarkSample256CPU200NIC500Disk(b *testing.B) {
	s := newBigMachine(b).sampler()
	b.ReportAllocs()
	for b.Loop() {
		s.Sample()
		s.Hosts().Latest()
		s.Nets().Latest()
	}
}

// The same four files, read by prometheus/procfs.
func BenchmarkProcfs256CPU200NIC500Disk(b *testing.B) {
	m := newBigMachine(b)
	fs, err := procfs.NewFS(m.root + "/proc")
	if err != nil {
		b.Fatal(err)
	}
	disks, err := blockdevice.NewFS(m.root+"/proc", m.root+"/sys")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fs.Stat(); err != nil {
			b.Fatal(err)
		}
		if _, err := fs.Meminfo(); err != nil {
			b.Fatal(err)
		}
		if _, err := fs.NetDev(); err != nil {
			b.Fatal(err)
		}
		if _, err := disks.ProcDiskstats(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	s := newBigMachine(b).sampler()
	for i := range s.steps {
		step := &s.steps[i]
		name := strings.TrimPrefix(fmt.Sprintf("%T", step.reader), "*sample.")
		b.Run(strings.TrimSuffix(name, "Reader"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.run(step, s.now())
			}
		})
	}
}

// What the running kernel takes to write its files is in this one.
func BenchmarkSampleLive(b *testing.B) {
	s := New(Options{})
	s.Sample()
	b.ReportAllocs()
	for b.Loop() {
		s.Sample()
	}
}
