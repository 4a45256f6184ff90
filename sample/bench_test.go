package sample

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
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
	m := &bigMachine{t, ownMachine(t, "hypervisor"), reportOf()}
	sampletest.Put(t, m.root, "/proc/stat", manyCPUs(sampletest.Fixture(t, "hypervisor/proc/stat"), upTo(bigCPUs)))
	nics, err := procfile.ParseNetDev([]byte(manyNICs(sampletest.Fixture(t, "hypervisor/proc/net/dev"), bigNICs)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, nic := range nics {
		m.links.Table.Links = append(m.links.Table.Links, &Link{Index: i, Name: string(nic.Name), SharedAttrs: &SharedAttrs{Physical: i%2 == 0}})
	}
	return m
}

// sampler has read the machine twice.
func (m *bigMachine) sampler() *Sampler {
	s := New(Options{Root: m.root})
	m.Cleanup(s.Close)
	s.Reader(0)
	s.SetLinks(m.links)
	s.Sample()
	s.Sample()
	return s
}

// sideBySide reports what a call of each costs, in microseconds of CPU: all threads', so that the garbage is paid by
// whoever leaves it.
func sideBySide(b *testing.B, ours func(), procfs func() error) {
	b.Helper()
	ours()
	if err := procfs(); err != nil {
		b.Skip("procfs: ", err)
	}
	b.ResetTimer()
	cost := func(f func()) float64 {
		begin := processTime(b)
		for range b.N {
			f()
		}
		return float64((processTime(b) - begin).Nanoseconds()) / 1e3 / float64(b.N)
	}
	us := cost(ours)
	them := cost(func() { _ = procfs() })
	b.ReportMetric(0, "ns/op") // of both together it would mean nothing
	b.ReportMetric(us, "µs-ours")
	b.ReportMetric(them, "µs-procfs")
	b.ReportMetric(them/us, "times")
	b.ReportMetric(sampletest.Allocations(ours), "allocs-ours")
}

// processTime is what this process has used up.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// BenchmarkFile reads each file of each machine, ours up to the finished rates, procfs' as far as it goes.
func BenchmarkFile(b *testing.B) {
	type tree struct{ name, root string }
	many := machine(b, "hypervisor")
	sampletest.Put(b, many, "/proc/net/dev", manyNICs(sampletest.Fixture(b, "hypervisor/proc/net/dev"), 1000))
	trees := []tree{{"nics1000", many}}
	for _, m := range machines {
		trees = append(trees, tree{m.name, machine(b, m.name)})
	}
	for _, tree := range trees {
		root := tree.root
		s := New(Options{Root: root})
		b.Cleanup(s.Close)
		s.SetLinks(reportOf())
		s.Sample()
		fs := oracle(b, root)
		disks, err := blockdevice.NewFS(root+"/proc", b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range []struct {
			name   string
			source Source
			procfs func() error
		}{
			{"stat", Stat, func() error { _, err := fs.Stat(); return err }},
			{"meminfo", Meminfo, func() error { _, err := fs.Meminfo(); return err }},
			{"loadavg", Loadavg, func() error { _, err := fs.LoadAvg(); return err }},
			{"pressure", Pressure, func() error { return pressures(fs) }},
			{"diskstats", Diskstats, func() error { _, err := disks.ProcDiskstats(); return err }},
			{"netdev", NetDev, func() error { _, err := fs.NetDev(); return err }},
			{"sockstat", Sockets, func() error { _, err := fs.NetSockstat(); return err }},
		} {
			b.Run(tree.name+"/"+file.name, func(b *testing.B) {
				step := s.stepOf(file.source)
				sideBySide(b, func() { s.run(step, s.now()) }, file.procfs)
			})
		}
	}
}

func (s *Sampler) stepOf(source Source) *source {
	for i := range s.steps {
		if s.steps[i].source == source {
			return &s.steps[i]
		}
	}
	return nil
}

func pressures(fs procfs.FS) error {
	for _, resource := range []string{"cpu", "memory", "io"} {
		if _, err := fs.PSIStatsForResource(resource); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkHost256CPU200NIC500Disk is a whole sample, published and taken, against the four largest files by procfs.
func BenchmarkHost256CPU200NIC500Disk(b *testing.B) {
	m := newBigMachine(b)
	s := m.sampler()
	fs := oracle(b, m.root)
	disks, err := blockdevice.NewFS(m.root+"/proc", m.root+"/sys")
	if err != nil {
		b.Fatal(err)
	}
	sideBySide(b, func() {
		s.Sample()
		s.Reader(0).Hosts.Latest()
		s.Reader(0).Nets.Latest()
	}, func() error {
		if _, err := fs.Stat(); err != nil {
			return err
		}
		if _, err := fs.Meminfo(); err != nil {
			return err
		}
		if _, err := fs.NetDev(); err != nil {
			return err
		}
		_, err := disks.ProcDiskstats()
		return err
	})
}

// BenchmarkSource is what each source costs of that.
func BenchmarkSource(b *testing.B) {
	s := newBigMachine(b).sampler()
	for i := range s.steps {
		step := &s.steps[i]
		b.Run(fmt.Sprintf("%d-%T", step.source, step.reader), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.run(step, s.now())
			}
		})
	}
}

// BenchmarkSampleLive has in it what the running kernel takes to write its files.
func BenchmarkSampleLive(b *testing.B) {
	s := New(Options{})
	b.Cleanup(s.Close)
	s.Reader(0)
	s.Sample()
	b.ReportAllocs()
	for b.Loop() {
		s.Sample()
	}
}

// BenchmarkSurvey is what is looked up off the tick, each 10 s.
func BenchmarkSurvey(b *testing.B) {
	root := machine(b, "hypervisor")
	for _, survey := range []struct {
		name string
		look func(root string) error
	}{
		{"frequency", func(root string) error { _, err := readMHz(root); return err }},
		{"arrays", func(root string) error { _, err := readArrays(root); return err }},
		{"pools", func(root string) error { _, err := readPools(root); return err }},
		{"edac", func(root string) error { _, err := readEDAC(root); return err }},
	} {
		b.Run(survey.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := survey.look(root); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
