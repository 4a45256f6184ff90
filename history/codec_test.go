package history

import (
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

// TestRecordComesBack: what was written comes back, and written again it is the same record.
func TestRecordComesBack(t *testing.T) {
	for name, change := range map[string]func(*frame.Frame){
		"host": func(*frame.Frame) {}, "healthy": frametest.Healthy, "sick": frametest.Sick, "migrating": frametest.Migrating, "crowded": frametest.Crowded,
	} {
		f := frametest.Fixed()
		change(f)
		c := codec{max: maxElements}
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
		t.Logf("%s: %d cells, %d texts, schema of %d bytes", name, len(v.cells), len(c.texts.all), len(ownSchema))
	}
}

func BenchmarkEncode(b *testing.B) {
	f := frametest.Fixed()
	frametest.Sick(f)
	c := codec{max: maxElements}
	var v vector
	c.encode(&v, &f.Snapshot)
	b.ReportAllocs()
	for b.Loop() {
		c.encode(&v, &f.Snapshot)
	}
}
