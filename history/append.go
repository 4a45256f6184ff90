package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
)

// burstCells is how many cells, without those of plugins, a record may have of which one is kept in memory for each sample, in case an alert begins: more
// than that would cost more CPU than all else, and what the finest tier has must do.
const burstCells = 4096

var errTooLarge = errors.New("history: a record is larger than a page can hold")

// Append takes the newest sample: each 10 seconds a record is made of it, and while a burst goes on each time. They are in memory
// until the next Sync: each write between two of them would cost a filesystem's journal three blocks more. It allocates only
// to grow. After the file has failed it returns that error, the first one, until the disk has what was recorded.
func (w *Writer) Append(s *frame.Snapshot) error {
	err := w.append(s)
	return cmp.Or(w.failed, err)
}

func (w *Writer) append(s *frame.Snapshot) (err error) {
	wall := s.Now.UnixMilli()
	if passed := s.Boot - w.boot; w.boot != 0 && (time.Duration(wall-w.wall)*time.Millisecond-passed).Abs() > 2*time.Second {
		err = w.mark(markClock)
	}
	w.wall, w.boot = wall, s.Boot
	finest, burst := &w.tiers[0], &w.tiers[burstTier]
	due := finest.due(s.Boot, intervals[0])
	if !due && w.bursting == 0 && w.now.checks > burstCells {
		return err
	}
	if w.codec.texts.full() {
		w.forget()
	}
	w.codec.encode(&w.now, s)
	switch {
	case w.bursting != 0:
		err = cmp.Or(err, w.record(burst, s))
		if s.Boot >= w.bursting {
			w.bursting = 0
			err = cmp.Or(err, w.save(burst))
			burst.page.used = 0
		}
	case w.now.checks <= burstCells || due:
		w.hold(&w.now)
	}
	if !due {
		return err
	}
	err = cmp.Or(err, w.record(finest, s))
	for i := 1; i < burstTier; i++ {
		t := &w.tiers[i]
		t.gather.add(&w.now)
		if t.due(s.Boot, intervals[i]) {
			_, e := w.put(t, t.gather.take())
			err = cmp.Or(err, e)
		}
	}
	if w.failed != nil || s.Boot-w.synced >= w.o.Sync {
		_ = w.Sync() // its error is in w.failed
	}
	return err
}

// due reports whether a tier is to have a record now. Samples come a little early or late.
func (t *tier) due(now, interval time.Duration) bool {
	return t.at == 0 || now-t.at >= interval-interval/20 || now < t.at
}

// forget makes all texts void; each tier goes on with a key.
func (w *Writer) forget() {
	w.codec.texts.forget()
	for i := range w.tiers {
		w.tiers[i].page.forget()
		w.tiers[i].gather.v.shape = 0 // its texts are void, its peaks are not
	}
}

// record adds the newest record to a tier: where no page can hold it as it is, without what plugins say, then with shorter lists.
func (w *Writer) record(t *tier, s *frame.Snapshot) error {
	fits, err := w.put(t, &w.now)
	for !fits && w.codec.max > 1 {
		if w.codec.checks.room > 0 {
			w.codec.checks.room = 0
		} else {
			w.codec.max /= 2
		}
		w.codec.encode(&w.now, s)
		fits, err = w.put(t, &w.now)
	}
	if !fits {
		err = cmp.Or(err, errTooLarge)
	}
	return err
}

// put adds a vector to a tier, in a new page where the one it writes is full. It reports whether a page can hold it.
func (w *Writer) put(t *tier, v *vector) (fits bool, err error) {
	t.at = w.boot
	if t.page.used > 0 && t.page.add(v, &w.codec.texts, w.wall, w.boot) {
		return true, nil
	}
	if t.page.used == pageHeader {
		return false, nil
	}
	err = w.turn(t)
	return t.page.add(v, &w.codec.texts, w.wall, w.boot), err
}

// turn begins the next page of a tier. What of the last one cannot be written is lost.
func (w *Writer) turn(t *tier) (err error) {
	if t.page.used > 0 {
		err = w.save(t)
	}
	if t.number == 0 {
		w.codec.max = min(2*w.codec.max, maxElements) // what was too much may be gone
		w.codec.checks.adapt(t.page.checked, w.boot-time.Duration(t.page.head.boot))
	}
	t.seq++
	t.slot = (t.slot + 1) % t.count
	t.page.begin(pageHead{tier: t.number, seq: t.seq, wall: w.wall, boot: int64(w.boot), bootID: w.bootID, schema: layout().id})
	return err
}

// fail keeps an error of the file until Sync finds that the disk has all, and returns the first one.
func (w *Writer) fail(err error) error {
	if w.failed == nil {
		w.failed = fmt.Errorf("history: %w", err)
	}
	return w.failed
}

// save writes what of a tier's page is not in the file.
func (w *Writer) save(t *tier) error {
	p := &t.page
	if p.used == 0 || p.saved == p.used {
		return nil
	}
	if _, err := w.file.WriteAt(p.bytes[p.saved:p.used], t.offset(t.slot)+int64(p.saved)); err != nil {
		return w.fail(err)
	}
	p.saved = p.used
	return nil
}

// body adds a record of another kind to a tier.
func (w *Writer) body(t *tier, kind recordKind, body []byte, wall int64) error {
	if t.page.used > 0 && t.page.addBody(kind, body, wall, w.boot) {
		return nil
	}
	err := w.turn(t)
	t.page.addBody(kind, body, wall, w.boot)
	return err
}

// mark adds a mark to the tiers that events are in.
func (w *Writer) mark(m mark) error {
	body := [1]byte{byte(m)}
	return cmp.Or(w.body(&w.tiers[0], markRecord, body[:], w.wall), w.body(&w.tiers[2], markRecord, body[:], w.wall))
}

// Event records that something has happened. It is kept as long as the finest tier and as the coarsest one.
func (w *Writer) Event(e *frame.Event) error {
	w.event = appendEvent(w.event[:0], e)
	wall := e.At.UnixMilli()
	if w.wall == 0 {
		w.wall = wall
	}
	return cmp.Or(w.body(&w.tiers[0], eventRecord, w.event, wall), w.body(&w.tiers[2], eventRecord, w.event, wall))
}

// heldPage is a page of the burst tier that is only in memory.
type heldPage struct {
	bytes  []byte
	used   int
	seq    uint64
	newest time.Duration // of its records
}

// hold keeps a vector in memory, in case an alert begins soon.
func (w *Writer) hold(v *vector) {
	t := &w.tiers[burstTier]
	p := &t.page
	if p.used > 0 && p.add(v, &w.codec.texts, w.wall, w.boot) {
		t.at = w.boot
		return
	}
	if p.used > 0 {
		w.held.bytes, p.bytes = p.bytes, w.held.bytes
		w.held.used, w.held.seq, w.held.newest = p.used, t.seq, t.at
	}
	t.seq++
	p.begin(pageHead{tier: t.number, seq: t.seq, wall: w.wall, boot: int64(w.boot), bootID: w.bootID, schema: layout().id})
	p.add(v, &w.codec.texts, w.wall, w.boot) // what is too large the finest tier says
	t.at = w.boot
}

// Burst says that a critical alert has begun: what memory holds of the last minutes is written, each sample of the next five
// minutes will be, and all that is written is on the disk when it returns.
func (w *Writer) Burst() error {
	t := &w.tiers[burstTier]
	var err error
	if w.bursting == 0 {
		if w.held.used > 0 && w.boot-w.held.newest < burstTime {
			t.slot = (t.slot + 1) % t.count
			if _, e := w.file.WriteAt(w.held.bytes[:w.held.used], t.offset(t.slot)); e != nil {
				err = w.fail(e)
			}
			w.held.used = 0
		}
		t.slot = (t.slot + 1) % t.count
	}
	w.bursting = w.boot + burstTime
	return cmp.Or(err, w.Sync())
}

// Flush hands all that was recorded to the kernel: it outlives this program.
func (w *Writer) Flush() (err error) {
	for i := range w.tiers {
		if i != burstTier || w.bursting != 0 {
			err = cmp.Or(err, w.save(&w.tiers[i]))
		}
	}
	return err
}

// Sync hands all that was recorded to the disk. What a disk says it has lost is written again with what comes next.
func (w *Writer) Sync() error {
	w.synced = w.boot
	err := w.Flush()
	if e := unix.Fdatasync(int(w.file.Fd())); e != nil {
		err = w.fail(e)
		for i := range w.tiers {
			w.tiers[i].page.saved = 0
		}
	}
	if err == nil {
		w.failed = nil
	}
	return err
}

// Close records that it was stopped in good order, and lets go of the file.
func (w *Writer) Close() error {
	var err error
	if w.boot != 0 {
		err = w.mark(markEnd)
	}
	return cmp.Or(err, w.Sync(), w.file.Close())
}

// gathered is what a coarser tier keeps of several records.
type gathered struct {
	v     vector // the newest, with the largest peaks
	sums  []float64
	ns    []int32
	n     int
	peaks [peakCount]cell // room for those of v
}

// add takes a record in. One whose lists have other lengths than those before, or elements of other names, makes it begin anew,
// but for the peaks: a mean is that of one thing.
func (g *gathered) add(v *vector) {
	if g.n == 0 || g.v.checks != v.checks || g.v.shape != v.shape || g.v.who != v.who {
		peaks := g.peaks[:0]
		for i := 0; g.n > 0 && i < min(peakCount, len(g.v.cells)); i++ {
			peaks = append(peaks, g.v.cells[i])
		}
		g.v.copyFrom(v)
		for i, p := range peaks {
			g.v.cells[i] = max(g.v.cells[i], p)
		}
		n := v.checks
		g.sums, g.ns = slices.Grow(g.sums[:0], n)[:n], slices.Grow(g.ns[:0], n)[:n]
		clear(g.sums)
		clear(g.ns)
		g.n = 0
	}
	g.n++
	g.v.cells = append(g.v.cells[:v.checks], v.cells[v.checks:]...)
	g.v.kinds = append(g.v.kinds[:v.checks], v.kinds[v.checks:]...)
	for i, c := range v.cells[:v.checks] {
		switch k := v.kinds[i]; {
		case k == peakCell:
			g.v.cells[i] = max(g.v.cells[i], c) // unknown is the smallest
		case !k.averages():
			g.v.cells[i] = c
		case c != unknown:
			g.sums[i] += k.value(c)
			g.ns[i]++
		}
	}
}

// take returns the record of all that was added; it is valid until the next add.
func (g *gathered) take() *vector {
	for i, k := range g.v.kinds[:g.v.checks] {
		if !k.averages() {
			continue
		}
		if g.v.cells[i] = unknown; g.ns[i] > 0 {
			g.v.cells[i] = k.cell(g.sums[i] / float64(g.ns[i]))
		}
	}
	g.n = 0
	return &g.v
}
