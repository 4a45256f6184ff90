package history

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

// place is where a record was written.
type place struct {
	tier uint8
	seq  uint64
	at   int
}

var sumSeed = maphash.MakeSeed()

// sums returns a sum of what each record of a recording says, all of it, by its place.
func sums(r *Reader, in map[place]uint64) map[place]uint64 {
	clear(in)
	for tier := range r.tiers {
		for _, page := range r.tiers[tier] {
			r.load(tier, page.seq)
			if r.at.tier != tier || r.at.seq != page.seq {
				continue
			}
			at := pageHeader
			r.walk(func(rec *record, _ int) bool {
				var h maphash.Hash
				h.SetSeed(sumSeed)
				maphash.WriteComparable(&h, [4]int64{int64(rec.kind), rec.wall, int64(rec.boot), int64(len(rec.cells))})
				if rec.cells == nil {
					h.Write(rec.body)
				}
				for _, c := range rec.cells {
					maphash.WriteComparable(&h, c)
				}
				for _, text := range r.page.texts {
					h.WriteString(text)
				}
				in[place{uint8(tier), page.seq, at}] = h.Sum64()
				at = r.page.at
				return true
			})
		}
	}
	return in
}

// ask calls all that a Reader answers.
func ask(r *Reader, at time.Time) {
	var s frame.Snapshot
	strip := make([]frame.StripCell, 20)
	r.Span()
	r.BeforeBoot(secondBoot)
	r.Events(nil, at.Add(-time.Hour), at.Add(time.Hour))
	r.Strip(strip, at.Add(-time.Hour), at.Add(time.Hour))
	if p, ok := r.At(at); ok {
		r.Load(p, &s)
		r.Peaks(p, 30, func(time.Time, []float64) {})
		for _, n := range []int{1, -1, 70, -70} {
			if q, ok := r.Step(p, n); ok {
				r.Load(q, &s)
			}
		}
	}
}

// small is a frame of which many records fit into a page.
func small() *frame.Frame {
	f := frametest.Fixed()
	f.Net, f.Kube, f.System, f.Units, f.VMs = nil, nil, nil, nil, nil
	f.Host.Cores, f.Host.Disks, f.Host.Filesystems, f.Host.Sensors, f.Host.Fans = nil, nil, nil, nil, nil
	f.Problems, f.Sources, f.Alerts, f.Guests, f.Kernel = nil, nil, nil, nil, nil
	return f
}

// TestDamageIsNeverARecord: whatever is changed in a file, cut off it or lost of it, each record that is read is one that was
// written, and a file that is damaged is gone on in.
func TestDamageIsNeverARecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	f := small()
	for boot, id := range []string{firstBoot, secondBoot} {
		w := recording(t, path, id)
		for i := range 700 {
			s := sampled(f, i+boot*1000, startOfTests)
			s.Host.CPU.Busy, s.Host.Load[0] = float64(i%100), float64(i%7)
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
			if i%200 == 0 {
				if err := w.Event(&frame.Event{Kind: frame.UnitStarted, At: s.Now, Subject: "unit-" + strconv.Itoa(i)}); err != nil {
					t.Fatal(err)
				}
			}
			if i == 400 {
				if err := w.Burst(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	written := map[place]uint64{}
	sums(r, written)
	var used []int64 // offsets of pages that are written
	for tier := range r.tiers {
		for _, p := range r.tiers[tier] {
			used = append(used, r.offset(tier, p.slot))
		}
	}
	if len(written) < 500 || len(used) < 8 {
		t.Fatalf("%d records in %d pages", len(written), len(used))
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	damages := 2000
	if testing.Short() || raced {
		damages = 200
	}
	random, read, lost, unread := rand.New(rand.NewPCG(1, 2)), map[place]uint64{}, 0, 0
	for n := range damages {
		at := used[random.IntN(len(used))]
		switch random.IntN(8) {
		case 0:
			at = random.Int64N(int64(len(whole))) // anywhere
		case 1:
			at = random.Int64N(pagesAt)
		case 2:
			at += random.Int64N(pageHeader)
		case 3:
			at += random.Int64N(pageSize)
		default:
			at += random.Int64N(20 << 10) // where the records are
		}
		size, from := int64(1), at
		damaged := append([]byte(nil), whole[at:min(at+8192, int64(len(whole)))]...)
		switch kind := random.IntN(6); kind {
		case 0: // a bit
			damaged[0] ^= 1 << random.IntN(8)
		case 1: // bytes
			size = min(1+random.Int64N(64), int64(len(damaged)))
			for i := range size {
				damaged[i] = byte(random.Uint32())
			}
		case 2: // a block is lost
			from = at &^ 511
			size = min(512<<random.IntN(4), int64(len(whole))-from)
			damaged = make([]byte, size)
		case 3: // a block is that of another place
			from = at &^ 511
			size = 512
			damaged = whole[(used[random.IntN(len(used))]+random.Int64N(20<<10))&^511:][:size]
		case 4: // one record, over another
			size = min(1+random.Int64N(600), int64(len(damaged)))
			copy(damaged, whole[at-min(at, random.Int64N(900)):][:size])
		case 5: // cut off
			if err := file.Truncate(at); err != nil {
				t.Fatal(err)
			}
			size, damaged = int64(len(whole))-at, nil
		}
		size = min(size, int64(len(whole))-from)
		if damaged != nil {
			damaged = damaged[:size]
			if _, err := file.WriteAt(damaged, from); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := Open(path, time.UTC); err != nil {
			if from+size <= superblock || from >= 2*superblock {
				if damaged != nil {
					t.Errorf("damage %d: one superblock is sound, and %v", n, err)
				}
			}
			unread++
		} else {
			sums(r, read)
			for where, sum := range read {
				if written[where] != sum {
					t.Fatalf("damage %d at %d: a record at %+v was never written", n, from, where)
				}
			}
			lost += len(written) - len(read)
			ask(r, startOfTests.Add(time.Duration(random.IntN(3400))*time.Second))
			r.Close()
			if n%20 == 0 {
				goesOn(t, path)
				// Recording wrote elsewhere, too.
				from, size = 0, int64(len(whole))
			}
		}
		if _, err := file.WriteAt(whole[from:from+size], from); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d damages to %d records: %d records lost, %d times the file", damages, len(written), lost, unread)
	if lost == 0 || lost > damages*len(written)/4 {
		t.Errorf("%d records lost by %d damages", lost, damages)
	}
}

// goesOn records in a file that is damaged, and reads that.
func goesOn(t *testing.T, path string) {
	t.Helper()
	w, f := recording(t, path, secondBoot), small()
	s := sampled(f, 5000, startOfTests)
	if err := w.Append(s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, _ := r.Last()
	var back frame.Snapshot
	if info, err := r.Load(p, &back); err != nil || back.Host == nil || back.Host.Running != 5000 || !info.Last {
		t.Fatalf("recorded after damage: %+v, %v", info, err)
	}
}

// bulky makes of a frame one of whose records few fit into a page: texts that no other record has.
func bulky(f *frame.Frame, i int) {
	f.Problems = make([]frame.Problem, 10)
	for k := range f.Problems {
		f.Problems[k].Subject = strconv.Itoa(i) + "x" + noise[3000*k:3000*(k+1)]
	}
}

// noise is a text that nothing makes smaller.
var noise = func() string {
	b := make([]byte, 200<<10)
	rand.NewChaCha8([32]byte{1}).Read(b) // never fails
	return string(b)
}()

// TestManyLaps: a file that was written over many times has its newest records, each of them right, and says so of those that are
// gone.
func TestManyLaps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	r := reader(t, path)
	var old []Position
	const samples = 5 * 1500
	for i := 0; i < samples; i += 5 {
		s := sampled(f, i, startOfTests)
		bulky(f, i)
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
		if i%500 == 0 {
			r.Refresh()
			p, ok := r.Last()
			if !ok {
				t.Fatal("nothing is recorded")
			}
			old = append(old, p)
		}
	}
	if laps := w.tiers[0].seq / uint64(w.tiers[0].count); laps < 10 {
		t.Fatalf("%d laps", laps)
	}
	gone := 0
	check := func(p Position) bool {
		var s frame.Snapshot
		info, err := r.Load(p, &s)
		if err != nil {
			return false
		}
		i := int(info.Wall.Sub(startOfTests) / (2 * time.Second))
		if s.Host.Running != i || len(s.Problems) != 10 || !strings.HasPrefix(s.Problems[0].Subject, strconv.Itoa(i)+"x") {
			t.Errorf("the record of sample %d is that of %d", i, s.Host.Running)
		}
		return true
	}
	for _, p := range old { // the Reader looked before the last lap
		if !check(p) {
			gone++
		}
	}
	if gone < len(old)*3/4 || gone == len(old) {
		t.Errorf("%d of %d are gone", gone, len(old))
	}
	r.Refresh()
	p, ok := r.lastOf(0)
	n := 0
	for ; ok && p.tier == 0; p, ok = r.Step(p, -1) {
		if !check(p) {
			t.Errorf("%+v is gone", p)
		}
		n++
	}
	if pages := w.tiers[0].count; n < (pages-1)*3 {
		t.Errorf("%d records in %d pages", n, pages)
	}
}

// TestReaderIsLapped: while a writer goes round and round, a reader gets what was written or nothing.
func TestReaderIsLapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w := recording(t, path, firstBoot)
	if err := w.Append(sampled(small(), 0, startOfTests)); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	go func() {
		defer done.Store(true)
		f := small()
		for i := 5; i < 5*1500; i += 5 {
			s := sampled(f, i, startOfTests)
			bulky(f, i)
			if err := w.Append(s); err != nil {
				t.Error(err)
			}
		}
	}()
	r := reader(t, path)
	random, read := rand.New(rand.NewPCG(3, 4)), 0
	for n := 0; n < 50 || !done.Load(); n++ {
		if n%8 == 0 {
			r.Refresh()
		}
		tier := random.IntN(3)
		if len(r.tiers[tier]) == 0 {
			continue
		}
		var s frame.Snapshot
		info, err := r.Load(Position{tier, r.tiers[tier][random.IntN(len(r.tiers[tier]))].seq, random.IntN(3)}, &s)
		if err != nil {
			continue
		}
		read++
		if i := int(info.Wall.Sub(startOfTests) / (2 * time.Second)); s.Host.Running != i || i > 0 && !strings.HasPrefix(s.Problems[0].Subject, strconv.Itoa(i)+"x") {
			t.Fatalf("the record of sample %d is that of %d", i, s.Host.Running)
		}
	}
	if read == 0 {
		t.Error("nothing was read")
	}
}

// FuzzPage: a page that says anything, its checksums right, makes nothing that is too large, and nobody panics. Data is records:
// a byte for the kind, two for the length, the body.
func FuzzPage(f *testing.F) {
	var p page
	var c codec
	c.max = maxElements
	var v vector
	seed := frametest.Fixed()
	p.begin(pageHead{seq: 1, schema: layout().id})
	for i := range 3 {
		c.encode(&v, sampled(seed, i, startOfTests))
		p.add(&v, &c.texts, int64(i), time.Duration(i))
	}
	p.addBody(eventRecord, appendEvent(nil, &frame.Event{Kind: frame.LinkLost, Subject: "enp2s0"}), 4, 4)
	p.addBody(markRecord, []byte{byte(markEnd)}, 5, 5)
	var data []byte
	r := reading{head: p.head, bytes: p.bytes}
	r.rewind()
	for {
		rec, ok := r.next()
		if !ok {
			break
		}
		data = append(binary.LittleEndian.AppendUint16(append(data, byte(rec.kind)), uint16(len(rec.body))), rec.body...)
	}
	f.Add(data, false)
	f.Add(data, true)
	f.Add(append([]byte{byte(keyRecord), 0xff, 0xff, 0}, bytes.Repeat([]byte{0x3f}, 0xfffe)...), false)
	other := strings.Replace(layout().schema, "Running", "Walking", 1)
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		var p page
		h := pageHead{seq: 1, schema: layout().id}
		if old {
			h.schema = schemaID(other)
		}
		p.begin(h)
		n := 0
		for len(data) >= 3 {
			size := min(int(binary.LittleEndian.Uint16(data[1:])), len(data)-3)
			if !p.addBody(recordKind(data[0]), data[3:3+size], int64(n), time.Duration(n)) {
				break
			}
			data = data[3+size:]
			n++
		}
		rd := Reader{zone: time.UTC, converters: map[uint64]*converter{schemaID(other): newConverter(other, layout().schema)}}
		rd.page = reading{head: h, bytes: p.bytes}
		var s frame.Snapshot
		rd.walk(func(rec *record, _ int) bool {
			if len(rec.cells) > maxCells {
				t.Fatalf("%d cells", len(rec.cells))
			}
			if rec.kind == eventRecord {
				parseEvent(rec, time.UTC)
			}
			if own := rd.own(rec.cells); rec.isVector() && len(own) >= peakCount {
				decode(&s, own[peakCount:], rd.page.text, startOfTests, time.Hour)
			}
			return true
		})
	})
}
