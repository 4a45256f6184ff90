package sample

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

const (
	kib = 1024
	gib = 1 << 30
)

func TestARCCountsAsAvailable(t *testing.T) {
	const size, least = 135290173440, 33817337344
	m := sampled(t, machine(t, "hypervisor")).Reader(0).Hosts.Latest().Memory
	if want := uint64(88120344*kib + size - least); m.ARC != size || m.Available != want || m.Used != m.Total-want {
		t.Errorf("ARC %d, available %d, used %d, want %d available", m.ARC, m.Available, m.Used, want)
	}
	for _, c := range []struct {
		name                                string
		available, size, least, reclaimable uint64
		want                                uint64
	}{
		{"an ARC below its minimum", 4 * gib, 1 * gib, 2 * gib, 0, 4 * gib},
		{"one that the kernel counts already", 4 * gib, 2 * gib, 1 * gib, 3 * gib, 4 * gib},
		{"more than there can be", 6 * gib, 7 * gib, 1 * gib, 0, 8 * gib},
		{"some", 4 * gib, 2 * gib, 1 * gib, 1 * gib, 5 * gib},
	} {
		m := Memory{Total: 8 * gib, Available: c.available}
		m.addARC(c.size, c.least, c.reclaimable)
		if m.Available != c.want || m.Used != m.Total-c.want || m.ARC != c.size {
			t.Errorf("%s: %+v, want %d", c.name, m, c.want)
		}
	}
	if m := sampled(t, "testdata/vm2").Reader(0).Hosts.Latest().Memory; m.ARC != 0 || m.Used != m.Total-24060904*kib {
		t.Errorf("without ZFS: %+v", m)
	}
}

func TestARCRefusesWhatCannotBe(t *testing.T) {
	for text, want := range map[string]error{
		"":                            procfile.ErrFields,
		"size 4 1\n":                  procfile.ErrFields,
		"size 4\nc_min 4 1\n":         procfile.ErrNumber,
		"size 4 -1\nc_min 4 1\n":      procfile.ErrNumber,
		"c_min 4 1\nsize 4 1\n":       nil,
		"c_min 4 1\nsized 4 1\nsize ": procfile.ErrNumber,
	} {
		if _, _, err := parseARC([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestHugePagesOfEachSize(t *testing.T) {
	h := sampled(t, machine(t, "hypervisor")).Reader(0).Hosts.Latest()
	want := []HugePages{{2048 * kib, 65536, 4096, 512}, {gib, 256, 64, 0}}
	if !slices.Equal(h.Huge, want) {
		t.Errorf("%+v, want %+v", h.Huge, want)
	}
	if h.Huge[0].Total != h.Memory.HugePages || h.Huge[0].Size != h.Memory.HugePageSize {
		t.Errorf("meminfo says %+v", h.Memory)
	}
	root := ownMachine(t, "hypervisor")
	s := sampled(t, root)
	sampletest.Put(t, root, hugepages+"hugepages-2048kB/free_hugepages", "none\n")
	s.Sample()
	h = s.Reader(0).Hosts.Latest()
	if got := h.Health[Huge]; got.State.String() != "stale" || !slices.Equal(h.Huge, want) {
		t.Errorf("%v %q, %+v", got.State, got.Err, h.Huge)
	}
}

func FuzzARC(f *testing.F) {
	f.Add([]byte(fmt.Sprintf("size 4 %d\nc_min 4 %d\n", gib, kib)), uint64(gib), uint64(0))
	f.Fuzz(func(t *testing.T, text []byte, available, reclaimable uint64) {
		size, least, err := parseARC(text)
		if err != nil {
			return
		}
		m := Memory{Total: 2 * gib, Available: available}
		m.addARC(size, least, reclaimable)
		if m.Used > m.Total || m.Available < available {
			t.Errorf("%q, %d, %d: %+v", text, available, reclaimable, m)
		}
	})
}

func FuzzClock(f *testing.F) {
	f.Add([]byte("cpu MHz\t\t: 2096.039\n"), "0-3,8")
	f.Fuzz(func(t *testing.T, text []byte, online string) {
		if v, err := parseCPUInfo(text); err == nil && !(v > 0) {
			t.Errorf("%q: %v", text, v)
		}
		if picked := spread(online, mostClocks); len(picked) > mostClocks {
			t.Errorf("%q: %v", online, picked)
		}
	})
}
