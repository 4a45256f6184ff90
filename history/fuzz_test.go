package history

import (
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/report"
	"hypervisor-tui/screens/pages"
)

// FuzzCells changes cells of a record, cuts it or writes all of it: whatever a file says, it is read, drawn and reported
// without a panic, and takes no more memory than a record of that many cells may.
func FuzzCells(f *testing.F) {
	source := frametest.Fixed()
	frametest.Sick(source)
	source.Checks = usual(source.Boot, 1)
	c := newCodec()
	var v vector
	c.encode(&v, &source.Snapshot)
	valid := v.cells[peakCount:]
	values := [...]cell{unknown, -1, 0, 1, 2, 3, 77, 1000, 1 << 20, 1 << 40, math.MaxInt64, math.MinInt64 + 1}
	f.Add([]byte{})
	f.Add([]byte{0, 0, 3})
	for i := range 64 {
		seed := make([]byte, 0, 96)
		for k := range 32 {
			seed = binary.LittleEndian.AppendUint16(seed, uint16((i*len(valid)/64+k*7)%len(valid)))
			seed = append(seed, byte(i+k))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, changes []byte) {
		cells := append([]cell(nil), valid...)
		if len(changes) > 0 && changes[0]%8 == 7 {
			cells = cells[:len(cells)*int(changes[0])/256]
		}
		for len(changes) >= 3 && len(cells) > 0 {
			cells[int(binary.LittleEndian.Uint16(changes))%len(cells)] = values[int(changes[2])%len(values)]
			changes = changes[3:]
		}
		b := &frame.Frame{}
		decode(&b.Snapshot, cells, c.texts.text, source.Now, source.Boot)
		b.Settings = source.Settings
		for _, page := range pages.Names() {
			for _, keys := range [][]draw.Key{nil, {'!'}, {'v', draw.KeyEnd, draw.KeyEnter}, {'i'}} {
				drawn(t, page, keys, 80, 24, b)
			}
		}
		if err := report.Write(io.Discard, b); err != nil {
			t.Error(err)
		}
	})
}

// TestHostileListsTakeLittle: lists that say that they have a million elements, each with lists that say the same, take memory for
// what cells there are.
func TestHostileListsTakeLittle(t *testing.T) {
	cells := make([]cell, maxCells)
	for _, pattern := range [][]cell{{math.MaxInt32}, {1}, {1024}, {1, 1024}, {1, 1, 1, 1, 1, 1, 1, 1 << 20}, {math.MaxInt64, 0}} {
		for i := range cells {
			cells[i] = pattern[i%len(pattern)]
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var s frame.Snapshot
		decode(&s, cells, func(cell) string { return "" }, frametest.Fixed().Now, frametest.Boot)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 128<<20 {
			t.Errorf("%v: %d MiB for %d cells", pattern, taken>>20, len(cells))
		}
	}
}
