package history

import (
	"slices"
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

// TestRecordComesBack: what was written comes back, and written again it is the same record.
func TestRecordComesBack(t *testing.T) {
	for name, change := range map[string]func(*frame.Frame){
		"host": func(*frame.Frame) {}, "healthy": frametest.Healthy, "sick": frametest.Sick, "migrating": frametest.Migrating, "crowded": frametest.Crowded, "plugins": frametest.Checks,
	} {
		f := frametest.Fixed()
		change(f)
		c := newCodec()
		var v, again vector
		c.encode(&v, &f.Snapshot)
		var s frame.Snapshot
		decode(&s, v.cells[peakCount:], c.texts.text, f.Now, f.Boot)
		if c.encode(&again, &s); len(again.cells) != len(v.cells) {
			t.Fatalf("%s: %d cells come back as %d", name, len(v.cells), len(again.cells))
		}
		for i := peakCount; i < len(v.cells); i++ {
			if v.cells[i] != again.cells[i] {
				t.Errorf("%s: cell %d of %d: %d comes back as %d", name, i, len(v.cells), v.cells[i], again.cells[i])
			}
		}
		t.Logf("%s: %d cells, %d texts, schema of %d bytes", name, len(v.cells), len(c.texts.all), len(layout().schema))
	}
}

// TestCountersAreNotRecorded: a record is the same whatever an exporter wants besides; the rates made of that are in it.
func TestCountersAreNotRecorded(t *testing.T) {
	f := frametest.Fixed()
	c := newCodec()
	var without, with vector
	c.encode(&without, &f.Snapshot)
	figure := procfile.Known(1 << 40)
	f.Counters = &sample.Counters{CPUs: make([]sample.CPUTicks, 7), Disks: make([]sample.DiskCounts, 7), Forks: figure}
	f.VMs.VMs[0].Totals = qemu.Totals{CPUTicks: figure, Read: figure, Written: figure, Received: figure, Sent: figure}
	f.System.Clock.Offset, f.System.Clock.MaxError = 1, 2
	if c.encode(&with, &f.Snapshot); !slices.Equal(with.cells, without.cells) {
		t.Error("they change the record")
	}
}

func BenchmarkEncode(b *testing.B) {
	f := frametest.Fixed()
	frametest.Sick(f)
	c := newCodec()
	var v vector
	c.encode(&v, &f.Snapshot)
	b.ReportAllocs()
	for b.Loop() {
		c.encode(&v, &f.Snapshot)
	}
}
