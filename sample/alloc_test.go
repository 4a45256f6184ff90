package sample

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"hypervisor-tui/sample/sampletest"
)

func TestNoReaderAllocates(t *testing.T) {
	for _, root := range []string{"testdata/vm2", "testdata/bare", "testdata/hostile", ""} {
		s := New(Options{Root: root})
		s.SetLinks(reportOf(lo, eth0, br0))
		s.NewReader(true)
		begin(t, s)
		s.WaitSlow(context.Background())
		s.Sample()
		for i := range s.steps {
			step := &s.steps[i]
			if n := sampletest.Allocations(func() { s.run(step, s.now()) }); n != 0 && !(root == "testdata/hostile" && step.source == Identity) {
				t.Errorf("%q, source %d: %v allocations", root, step.source, n)
			}
		}
		if n := sampletest.Allocations(func() { s.files.count(&s.counters) }); n != 0 || !s.counting {
			t.Errorf("%q, file handles: %v allocations, counting %v", root, n, s.counting)
		}
	}
}

func TestSampleDoesNotAllocate(t *testing.T) {
	m := newBigMachine(t)
	s := m.sampler()
	i := 0
	n := sampletest.Allocations(func() {
		i++
		s.Sample()
		if h, n := s.Reader(0).Hosts.Latest(), s.Reader(0).Nets.Latest(); len(h.Cores) != bigCPUs || len(h.Disks) != bigDisks || len(n.Interfaces) != bigNICs {
			t.Fatalf("%d cores, %d disks, %d interfaces", len(h.Cores), len(h.Disks), len(n.Interfaces))
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Of all that the probes do, only statfs allocates: a copy of the path.
func TestProbesHardlyAllocate(t *testing.T) {
	root, c := hwmonTree(t), sampletest.NewClock()
	sampletest.Put(t, root, mountinfo, mountinfoOf("/", "/proc"))
	s := New(Options{Root: root, Now: c.Now})
	s.surveys = nil // they are made to allocate
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	const mounts = 2
	n := sampletest.Allocations(func() {
		c.Pass(time.Minute)
		s.Sample()
		for s.filesystems.idle() < mounts {
			time.Sleep(10 * time.Microsecond)
		}
	})
	if n > mounts {
		t.Errorf("%v allocations", n)
	}
}

// lists hands each slice of the struct that p points to to f.
func lists(p any, f func(reflect.Value)) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Slice {
			f(v.Field(i))
		}
	}
}

// testCopy holds that a copy has all that the original has, shares no list with it, and allocates once.
func testCopy[T any](t *testing.T, copyTo func(dst, src *T)) {
	src, dst := new(T), new(T)
	lists(src, func(list reflect.Value) { list.Set(reflect.MakeSlice(list.Type(), 1, 1)) })
	copyTo(dst, src)
	if !reflect.DeepEqual(src, dst) {
		t.Errorf("%+v\nis not %+v", dst, src)
	}
	var theirs []unsafe.Pointer
	lists(src, func(list reflect.Value) { theirs = append(theirs, list.UnsafePointer()) })
	lists(dst, func(list reflect.Value) {
		if slices.Contains(theirs, list.UnsafePointer()) {
			t.Errorf("a list of %v is shared", list.Type().Elem())
		}
	})
	if n := sampletest.Allocations(func() { copyTo(dst, src) }); n != 0 {
		t.Errorf("%v allocations of a %T", n, src)
	}
}

func TestCopiesShareNothing(t *testing.T) {
	testCopy(t, CopyHost)
	testCopy(t, CopyCounters)
	net := &Net{counted: make([]Interface, 2), reading: 1, Histories: make([]NICHistory, 1)}
	var copied Net
	CopyNet(&copied, net)
	net.counted[1].RxBytes = 1
	net.History(0).Rx.Push(1)
	if copied.History(0).Rx.Len() != 0 || copied.Interfaces[1].RxBytes != 0 {
		t.Errorf("%+v", copied)
	}
	if n := sampletest.Allocations(func() { net.reading++; CopyNet(&copied, net) }); n != 0 {
		t.Errorf("%v allocations of a net", n)
	}
}
