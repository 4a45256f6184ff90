package history

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

var startOfTests = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// reader opens a recording for a test.
func reader(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// TestWhatATornWriteLeftIsNotJoined: a power cut may lose a record and keep the one behind it. When recording goes on in the place
// of the lost one, what is behind belongs to nothing.
func TestWhatATornWriteLeftIsNotJoined(t *testing.T) {
	figure := func(c cell) *vector { return &vector{cells: []cell{c}, kinds: []cellKind{stateCell}} }
	var p page
	p.begin(pageHead{seq: 7, bootID: [16]byte{1}, schema: layout().id})
	var ends []int
	for i := range 3 {
		if i == 1 {
			p.forget() // a key, as the one that replaces it
		}
		p.add(figure(cell(5+i)), new(texts), int64(i), time.Duration(i))
		ends = append(ends, p.used)
	}
	disk := append([]byte(nil), p.bytes...)
	disk[ends[0]+recordStart] ^= 1 // the second is damaged
	sound := reading{head: p.head, bytes: disk, skim: true}
	sound.rewind()
	for more := true; more; {
		_, more = sound.next()
	}
	if sound.at != ends[0] {
		t.Fatalf("sound up to %d, want %d", sound.at, ends[0])
	}
	p.resume(&sound)
	p.add(figure(20), new(texts), 9, 9)
	if p.used != ends[1] {
		t.Fatalf("the record is no longer as long as the one it replaces: %d, %d", p.used, ends[1])
	}
	copy(disk[p.saved:p.used], p.bytes[p.saved:p.used])
	r := reading{head: p.head, bytes: disk}
	r.rewind()
	var got []cell
	for {
		rec, ok := r.next()
		if !ok {
			break
		}
		got = append(got, rec.cells[0])
	}
	if len(got) != 2 || got[0] != 5 || got[1] != 20 {
		t.Errorf("read %v, recorded were 5 and 20", got)
	}
}

// TestStepsCrossADamagedPage: one page that is lost stops nobody.
func TestStepsCrossADamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	first := [3]int64{}
	for i, page := 0, -1; page < 2; i += 5 {
		sample := sampled(f, i, startOfTests)
		bulky(f, i)
		if err := w.Append(sample); err != nil {
			t.Fatal(err)
		}
		if page != w.tiers[0].slot {
			page = w.tiers[0].slot
			first[page] = f.Now.UnixMilli()
		}
	}
	damage := w.tiers[0].offset(1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, damage, make([]byte, pageHeader+100))
	r := reader(t, path)
	overwriteIsSeen := r.tiers[0][1].seq
	if overwriteIsSeen != 3 {
		t.Fatalf("the page is still there: seq %d", overwriteIsSeen)
	}
	// The head is sound, the records are not.
	var head [pageHeader]byte
	h := r.tiers[0][0].pageHead
	h.seq, h.wall = 2, first[1]
	h.put(head[:])
	overwrite(t, path, damage, head[:])
	r.Refresh()
	end, _ := r.lastOf(0)
	start := Position{0, 1, 0}
	n := 0
	for p, ok := start, true; ok; n++ {
		var s frame.Snapshot
		if _, err := r.Load(p, &s); err != nil {
			t.Fatalf("%d steps on: %v", n, err)
		}
		if p == end {
			break
		}
		if p, ok = r.Step(p, 1); !ok {
			t.Fatalf("no step leads on after %d", n)
		}
	}
	for p := end; p != start; n-- {
		var ok bool
		if p, ok = r.Step(p, -1); !ok || n < 0 {
			t.Fatalf("no step leads back, %d are left", n)
		}
	}
}

// TestStepsLeaveABurst: behind the end of an incident is what came after it, and not the next incident.
func TestStepsLeaveABurst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	for i := range 4 * 1800 { // an incident at 1:00 and one at 3:00
		if err := w.Append(sampled(f, i, startOfTests)); err != nil {
			t.Fatal(err)
		}
		if i == 1800 || i == 3*1800 {
			if err := w.Burst(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	p, ok := r.At(startOfTests.Add(time.Hour))
	if !ok || p.tier != burstTier {
		t.Fatalf("there is no burst: %+v, %v", p, ok)
	}
	for _, by := range []int{1, -1} {
		at := r.wall(p)
		for q := p; ; {
			if q, ok = r.Step(q, by); !ok {
				break
			}
			now := r.wall(q)
			if gap := now.Sub(at).Abs(); gap > 20*time.Second {
				t.Errorf("a step of %d leads from %v to %v", by, at, now)
				break
			}
			at = now
		}
	}
}

// TestEventBeforeTheFirstRecord: it has a time, and so has the recording.
func TestEventBeforeTheFirstRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	if err := w.Event(&frame.Event{Kind: frame.RecordingBegan, At: startOfTests}); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(sampled(f, 1, startOfTests)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	if oldest, _ := r.Span(); oldest.Before(startOfTests) {
		t.Errorf("the oldest record is said to be of %v", oldest)
	}
	if e := r.Events(nil, startOfTests.Add(-time.Minute), startOfTests.Add(time.Minute)); len(e) != 1 {
		t.Errorf("events %+v", e)
	}
}

// TestCleanEndOfAFullPage: that recording was stopped in good order is said on the page that it was stopped on.
func TestCleanEndOfAFullPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	if err := w.Append(sampled(f, 0, startOfTests)); err != nil {
		t.Fatal(err)
	}
	event := frame.Event{Kind: frame.UnitStarted, At: f.Now, Subject: strings.Repeat("u", 300)}
	page := &w.tiers[0].page
	for seq := page.head.seq; page.head.seq == seq; { // events of one page, to the last byte
		room := len(page.bytes) - page.used - recordStart - len(appendEvent(nil, &frame.Event{}))
		if room < 900 {
			event.Subject, event.Detail = strings.Repeat("u", max(min(room-3, 300), 0)), strings.Repeat("d", max(min(room-303, 512), 0))
		}
		if room < 4 {
			break
		}
		if err := w.Event(&event); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	p, _ := r.Last()
	var s frame.Snapshot
	if info, err := r.Load(p, &s); err != nil || !info.Last {
		t.Errorf("%+v, %v", info, err)
	}
	// The page is full to the last byte or nearly so: what is recorded next begins another one.
	w = recording(t, path, firstBoot)
	if err := w.Append(sampled(f, 5, startOfTests)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r.Refresh()
	last, _ := r.Last()
	if info, err := r.Load(last, &s); err != nil || s.Host.Running != 5 || !info.Last {
		t.Errorf("sample %d, %+v, %v", s.Host.Running, info, err)
	}
}

// TestPeakOutlivesAChange: a coarser record has the largest figure, also when a list got longer after it.
func TestPeakOutlivesAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	for i := range 61 {
		s := sampled(f, i, startOfTests)
		s.Host.CPU.Busy = 10
		if i == 35 {
			s.Host.CPU.Busy = 96
		}
		if i == 50 {
			s.Problems = append(s.Problems, frame.Problem{})
		}
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	p, ok := r.lastOf(1)
	largest := math.NaN()
	r.Peaks(p, 1, func(_ time.Time, peaks []float64) { largest = peaks[peakCPU] })
	if !ok || largest != 96 {
		t.Errorf("the minute's largest is %v, %v", largest, ok)
	}
}

// TestCutFileGoesOn: a file that was cut short, as a copy that was broken off is, loses what was cut and nothing else.
func TestCutFileGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	for i := range 20 {
		if err := w.Append(sampled(f, i, startOfTests)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, MinSize/2); err != nil {
		t.Fatal(err)
	}
	w = recording(t, path, firstBoot)
	for i := 100; i < 120; i++ {
		if err := w.Append(sampled(f, i, startOfTests)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	for _, i := range []int{0, 15, 100, 115} {
		var s frame.Snapshot
		p, _ := r.At(startOfTests.Add(time.Duration(2*i) * time.Second))
		if _, err := r.Load(p, &s); err != nil || s.Host.Running != i {
			t.Errorf("sample %d: %d, %v", i, s.Host.Running, err)
		}
	}
}

// TestOneWriter: of many that try again and again, also where there is no file yet or one of another size, one writes, and what is
// at the path is its file.
func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	for n := range 24 {
		size := MinSize + int64(n/2)<<20 // as it is, of another size, or not there
		if n%4 == 3 {
			os.Remove(path)
		}
		var wait sync.WaitGroup
		var writes atomic.Bool
		writers := make([]*Writer, 8)
		for i := range writers {
			wait.Go(func() {
				for !writes.Load() && writers[i] == nil {
					w, err := Create(WriterOptions{Path: path, Size: size, Sync: time.Minute, BootID: firstBoot})
					if err != nil && !errors.Is(err, ErrBusy) {
						t.Error(err)
						return
					}
					if writers[i] = w; w != nil {
						writes.Store(true)
					}
				}
			})
		}
		wait.Wait()
		there, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		number := 0
		for _, w := range writers {
			if w == nil {
				continue
			}
			number++
			if mine, err := w.file.(*os.File).Stat(); err != nil || !os.SameFile(mine, there) {
				t.Errorf("try %d: one writes a file that is not at the path: %v", n, err)
			}
			w.file.Close()
		}
		if number != 1 {
			t.Errorf("try %d: %d write", n, number)
		}
	}
}

// TestClockStepsBack: what was recorded before the clock was set back is found by its time, as what came after is.
func TestClockStepsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	// 110 minutes, 90 back, and on: the second page begins at a time that the first one has, too.
	const step, event = 110 * 30, 100 * 30
	for i := 0; i < step || w.tiers[0].slot < 1; i += 5 {
		s := sampled(f, i, startOfTests)
		if i >= step {
			s.Now = s.Now.Add(-90 * time.Minute)
		}
		if i == event {
			if err := w.Event(&frame.Event{Kind: frame.LinkLost, At: s.Now, Subject: "enp2s0"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	at := startOfTests.Add(event * 2 * time.Second)
	if second := time.UnixMilli(r.tiers[0][1].wall); !second.Before(at.Add(-time.Hour)) || second.Before(startOfTests) {
		t.Fatalf("the second page begins at %v", second)
	}
	if e := r.Events(nil, at.Add(-time.Minute), at.Add(time.Minute)); len(e) != 1 {
		t.Errorf("events %+v", e)
	}
	strip := make([]frame.StripCell, 1)
	if r.Strip(strip, at.Add(-time.Minute), at.Add(time.Minute)); !strip[0].Recorded {
		t.Error("the strip has a gap")
	}
	var s frame.Snapshot
	p, _ := r.At(at)
	if info, err := r.Load(p, &s); err != nil || s.Host.Running != event {
		t.Errorf("sample %d, %+v, %v", s.Host.Running, info, err)
	}
}

// overwrite writes bytes into a file.
func overwrite(t testing.TB, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(b, at)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fickle is a file that takes no writes while err is set.
type fickle struct {
	file
	err error
}

func (f *fickle) WriteAt(p []byte, at int64) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.file.WriteAt(p, at)
}

// TestAFailureIsToldUntilTheDiskHasIt: what has failed is not well again because nothing was to be written since, nor because the
// kernel took it: only what the disk has is kept.
func TestAFailureIsToldUntilTheDiskHasIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	disk := &fickle{file: w.file}
	w.file = disk
	broken := errors.New("input/output error")
	last := ""
	for i := range 60 { // two minutes, with a disk that fails from 20 to 60 s
		disk.err = nil
		if i >= 10 && i < 30 {
			disk.err = broken
		}
		err := w.Append(sampled(f, i, startOfTests))
		state := "good"
		if errors.Is(err, broken) {
			state = "broken"
		} else if err != nil {
			t.Fatal(err)
		}
		if state != last {
			t.Logf("%s from sample %d", state, i)
		}
		if last == "broken" && state == "good" && i < 30 {
			t.Errorf("sample %d: it is called good while the disk takes nothing", i)
		}
		last = state
	}
	if last != "good" {
		t.Error("a minute after the disk has come back it is still called broken")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestEventsAreToldOnce: the finest tier and the coarsest one both have an event; it is read once, and not lost with the finest
// tier's page, also where the clock was set back before the oldest record.
func TestEventsAreToldOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	want := 0
	for i := 0; i < 5*700; i += 5 {
		s := sampled(f, i, startOfTests)
		bulky(f, i)
		if i >= 5*650 {
			s.Now = s.Now.Add(-2 * time.Hour)
		}
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			want++
			if err := w.Event(&frame.Event{Kind: frame.UnitStarted, At: s.Now, Subject: strconv.Itoa(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	times := map[string]int{}
	for _, e := range r.Events(nil, startOfTests.Add(-24*time.Hour), startOfTests.Add(24*time.Hour)) {
		times[e.Subject]++
	}
	missing := 0
	for i := 0; i < 5*700; i += 50 {
		switch n := times[strconv.Itoa(i)]; {
		case n == 0:
			missing++
		case n > 1:
			t.Errorf("the event of sample %d is told %d times", i, n)
		}
	}
	if missing != 0 {
		t.Errorf("%d of %d events are missing", missing, want)
	}
}
