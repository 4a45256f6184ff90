package journal

import (
	"context"
	"hash/maphash"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/box"
)

// pageInterval is the shortest time between pages that differ by new entries or counts only.
const pageInterval = time.Second / 8

// firstEntries is how many entries are merged at most.
const firstEntries = 50_000

// Log keeps the newest entries; its views answer queries about them. One goroutine, Run, owns the ring: it takes in the
// sinks' batches, and between two of them does a slice of the scan for one view, so that neither stalls the other. What
// the ring does not have, older entries and whole ones, another goroutine, Read, reads from the archives of the sources
// and hands over. All methods but these two may be called from any goroutine.
type Log struct {
	wake   chan struct{} // capacity 1: there is something to look at
	config atomic.Pointer[config]
	sinks  atomic.Pointer[[]*Sink]
	views  atomic.Pointer[[]*View]
	kernel [Debug + 1]atomic.Uint64      // entries of the kernel that came, by their own severity
	events atomic.Pointer[[]KernelEvent] // see KernelEvents; ordered by their time
	acted  atomic.Pointer[[]Action]      // see Actions; as they came
	made   atomic.Uint32                 // sinks so far
	turns  atomic.Uint64                 // see Turns
	seed   maphash.Seed                  // of the intakes

	reading  chan struct{} // capacity 1: a view has a request
	disk     chan struct{} // capacity 1: full while a request is being read; that one owns spare
	spare    *reader       // not in use, may be nil
	progress atomic.Uint64 // rises as requests are read

	// Run's own from here on.
	ring    *ring
	sources []archived // that can be read again; replaced, never changed
	found   []archived // scratch of archives
	next    int        // the view that is served next
	slice   int        // what the searches of a turn may cost
	hours   []hour     // a tab each
	total   uint64
	came    [SeverityCount]uint64               // of them, by severity
	later   uint64                              // of them, those that came when their source had begun
	gone    struct{ dropped, truncated uint64 } // of closed sinks
	stale   bool                                // all pages are older than the ring or the counts
}

type config struct {
	capacity int
	tabs     []Tab
}

// New returns a Log for capacity entries, all its memory taken. The first tab is everything, whatever its units.
func New(capacity int, tabs []Tab) *Log {
	l := &Log{
		wake:    make(chan struct{}, 1),
		ring:    newRing(capacity, firstID, newUnits(tabs)),
		reading: make(chan struct{}, 1),
		disk:    make(chan struct{}, 1),
		hours:   make([]hour, len(tabs)),
		slice:   sliceCost,
		seed:    maphash.MakeSeed(),
	}
	l.sinks.Store(new([]*Sink))
	l.views.Store(new([]*View))
	l.events.Store(new([]KernelEvent))
	l.acted.Store(new([]Action))
	return l
}

// Sink returns the way in for a new source. Its name is the row's in Page.Sources.
func (l *Log) Sink(name string) *Sink {
	s := newSink(l, name)
	box.Change(&l.sinks, func(sinks []*Sink) []*Sink { return append(sinks, s) })
	l.poke()
	return s
}

// kernelUnit is the unit of the kernel's own entries.
const kernelUnit = "kernel"

// Kernel is how many entries of the kernel have come that are worse than least, which is beyond Debug for all of them.
// The kernel also prints those on its consoles whose severity is below its console log level.
func (l *Log) Kernel(least Severity) uint64 {
	n := uint64(0)
	for i := range l.kernel[:min(least, Debug+1)] {
		n += l.kernel[i].Load()
	}
	return n
}

// Reconfigure changes the capacity and the tabs; the newest entries are kept under their ids.
func (l *Log) Reconfigure(capacity int, tabs []Tab) {
	l.config.Store(&config{capacity, tabs})
	l.poke()
}

func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Turns rises whenever the ring's owner starts a turn and ends one, which takes milliseconds: it is odd during one. Who
// sees the same odd number for long knows that the owner hangs.
func (l *Log) Turns() uint64 { return l.turns.Load() }

// Run owns the ring until ctx ends, and returns its error. It is called once.
func (l *Log) Run(ctx context.Context) error {
	timer := time.NewTimer(pageInterval)
	defer timer.Stop()
	for ctx.Err() == nil {
		l.turns.Add(1)
		more := l.turn()
		due := l.publishDue()
		l.turns.Add(1)
		if more {
			runtime.Gosched() // whoever puts entries may want the only processor
			continue
		}
		var wait <-chan time.Time
		if due > 0 {
			timer.Reset(due)
			wait = timer.C
		}
		select {
		case <-l.wake:
			l.stale = true
		case <-wait:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// turn takes in what the sinks have, does a slice of work for the views in turn, and reports whether there is more to do.
func (l *Log) turn() (more bool) {
	if c := l.config.Swap(nil); c != nil {
		l.apply(c)
	}
	taken := l.drain()
	l.mergeFirst()
	views := *l.views.Load()
	for _, v := range views {
		v.takeIn()
	}
	// However many look, intake goes on: where entries come, the searches get little at first, and more the longer none do.
	if l.slice = min(2*l.slice, sliceCost); taken {
		l.slice = firstSlice
	}
	for rest, n := l.slice, len(views); rest > 0 && n > 0; n-- {
		l.next = (l.next + 1) % len(views)
		rest = views[l.next].scan(rest)
	}
	for _, v := range views {
		more = more || !v.settled()
	}
	return taken || more
}

func (l *Log) apply(c *config) {
	if c.capacity != len(l.ring.slots) {
		l.ring = l.ring.resized(c.capacity)
	}
	l.setTabs(c.tabs)
	l.restart()
}

// setTabs replaces the tabs. Those that were there before keep their last hour and their unread errors; of a new one the
// ring is counted.
func (l *Log) setTabs(tabs []Tab) {
	u, hours, views := l.ring.units, l.hours, *l.views.Load()
	old := u.tabs
	u.setTabs(tabs)
	l.hours = make([]hour, len(tabs))
	unread := make([][]int, len(views))
	for i := range unread {
		unread[i] = make([]int, len(tabs))
	}
	for tab := range tabs {
		before := slices.IndexFunc(old, tabs[tab].equal)
		if before < 0 {
			l.countHour(tab)
			continue
		}
		l.hours[tab] = hours[before]
		for i, v := range views {
			if before < len(v.unread) {
				unread[i][tab] = v.unread[before]
			}
		}
	}
	for i, v := range views {
		v.unread = unread[i]
	}
}

// countHour counts what the ring has for a tab.
func (l *Log) countHour(tab int) {
	h, now := &l.hours[tab], minuteOf(time.Now().UnixMicro())
	for id := l.ring.oldest(); id < l.ring.next; id++ {
		if e := l.ring.at(id); l.ring.units.sets[tab].has(e.unit()) {
			h.add(minuteOf(e.time), now, e.severity())
		}
	}
	if l.ring.count > 0 && l.total > uint64(l.ring.count) {
		h.since = minuteOf(l.ring.at(l.ring.oldest()).time) + 1
	}
}

// restart makes every view look through the ring anew, which is another one.
func (l *Log) restart() {
	for _, v := range *l.views.Load() {
		v.restart()
	}
}

// drain takes in what the sinks have handed over by now, at most all their batches once.
func (l *Log) drain() (taken bool) {
	sinks := *l.sinks.Load()
	l.archives(sinks)
	for _, s := range sinks {
		closed := s.closed.Load() // before the batches: a Flush before Close is not lost
		for range sinkBatches {
			select {
			case b := <-s.ready:
				l.take(s, b)
				s.free <- b
				taken = true
			default:
			}
		}
		if closed {
			l.forget(s)
		}
	}
	return taken
}

func (l *Log) take(s *Sink, b *batch) {
	at, now := 0, time.Now()
	if s.began.at.IsZero() && len(b.records) > 0 {
		s.began = beginning{now, now.Sub(time.UnixMicro(b.records[0].micros))}
	}
	minute := minuteOf(now.UnixMicro())
	for i := range b.records {
		h := &b.records[i]
		text := at + h.unit
		end := text + h.message
		id := l.ring.push(s.number, h, b.data[at:text], b.data[text:end])
		l.booked(l.ring.at(id), minute)
		if h.lane&earlierBit == 0 {
			l.later++
		}
		at = end
	}
	l.total += uint64(len(b.records))
	b.records, b.data = b.records[:0], b.data[:0]
	l.stale = true
}

// booked counts a new entry for its tabs.
func (l *Log) booked(e *slot, minute int64) {
	u, unit, severity := l.ring.units, e.unit(), e.severity()
	l.came[severity]++
	if severity <= Err {
		for _, v := range *l.views.Load() {
			v.book(unit)
		}
	}
	for tab := range l.hours {
		if u.sets[tab].has(unit) {
			l.hours[tab].add(minuteOf(e.time), minute, severity)
		}
	}
}

// mergeFirst merges the first entries of the sources, each time when one of them has put all that it starts with. What
// comes later stays in the order of its arrival.
func (l *Log) mergeFirst() {
	due := false
	for _, s := range *l.sinks.Load() {
		if fills := s.fills.Load(); s.merged != fills {
			s.merged, due = fills, true
		}
	}
	if due && l.total <= firstEntries && !l.ring.sorted() {
		l.ring = l.ring.merged(time.Now().UnixMicro())
		l.restart()
	}
}

func (l *Log) forget(s *Sink) {
	l.gone.dropped += s.dropped.Load()
	l.gone.truncated += s.truncated.Load()
	box.Change(&l.sinks, func(sinks []*Sink) []*Sink {
		return slices.DeleteFunc(sinks, func(o *Sink) bool { return o == s })
	})
	l.stale = true
}

// publishDue hands out each view's page that is due. It returns when the next one is, 0 if none is.
func (l *Log) publishDue() (due time.Duration) {
	stale := l.stale
	l.stale = false
	for _, v := range *l.views.Load() {
		v.stale = v.stale || stale
		if wait := v.publishDue(); wait > 0 && (due == 0 || wait < due) {
			due = wait
		}
	}
	return due
}
