// Package top finds the processes of this host that use the most CPU time and memory, virtual machines left out. It works
// only while somebody looks.
package top

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

// MaxRows is how many processes a list of Processes has at most.
const MaxRows = 64

const (
	scanEvery = 5 * time.Second
	firstScan = 500 * time.Millisecond // shares need a second scan: it does not wait for a whole interval
	restShare = 100                    // after a scan it rests for so many times as long as that took, 1 % of a CPU at most,
	restLimit = time.Minute            // but no longer: it may have waited
)

// Processes are the processes that use the most, without those of the VMs. A reader gets a copy through a Box and may keep
// the strings but not the slices beyond its next Latest.
type Processes struct {
	At       time.Duration // CLOCK_BOOTTIME of the scan
	Total    int           // processes there are, kernel threads and VMs included
	ByCPU    []Process     // those with the largest CPU, MaxRows at most; unknown ones last
	ByMemory []Process     // those with the most Memory, MaxRows at most
	Health   health.Health // Init before the first scan and while nobody looks
}

// Process is one process with all its threads. CPU is of the newest scan, Name, State and Memory are of when it had used the
// CPU for 50 ms since the time before, or a minute old at most while it uses it less; one that sleeps is not read. A new
// one that has used less than 5 ms is missing for a minute at most.
type Process struct {
	PID     int
	Name    string        // clean; the kernel cuts it to 15 bytes
	Unit    string        // systemd unit whose cgroup it is in; empty: none, or not known
	Pod     string        // UID of the pod whose cgroup it is in; empty: none, or not known
	Kernel  bool          // a thread of the kernel
	State   byte          // R, S, D, Z ... as in ps(1)
	Started time.Duration // CLOCK_BOOTTIME
	CPU     float64       // percent of one CPU between the last two scans, or since its start; NaN until known
	Memory  uint64        // bytes resident
}

// Copy makes dst equal to src without sharing the slices, whose memory dst keeps: it allocates only when one has grown.
func Copy(dst, src *Processes) {
	cpu, memory := dst.ByCPU[:0], dst.ByMemory[:0]
	*dst = *src
	dst.ByCPU, dst.ByMemory = append(cpu, src.ByCPU...), append(memory, src.ByMemory...)
}

// Watcher scans the processes while it has viewers. Without any its goroutine sleeps and no file is open.
type Watcher struct {
	root     string
	now      func() time.Duration
	guests   func() (list []qemu.Guest, why string)
	clock    func(pid int) (time.Duration, error) // cpuTime, but in tests
	viewers  atomic.Int32
	wake     chan struct{} // has a value when there may be a first viewer
	scanning procfile.Stopwatch
	settled  chan struct{} // closed when shares are known, or an error
	once     sync.Once
}

// New returns a Watcher of the processes below root. now is CLOCK_BOOTTIME, guests are the VMs that are not to be shown.
func New(root string, now func() time.Duration, guests func() (list []qemu.Guest, why string)) *Watcher {
	return &Watcher{root: root, now: now, guests: guests, clock: cpuTime, wake: make(chan struct{}, 1), settled: make(chan struct{})}
}

// View counts one viewer more, or one less. Any goroutine may call it.
func (w *Watcher) View(on bool) {
	if !on {
		w.viewers.Add(-1)
		return
	}
	if w.viewers.Add(1) == 1 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Hangs returns since when a scan has not come back that should have, 0 when there is no such. Any goroutine may call it.
func (w *Watcher) Hangs(now time.Duration) (since time.Duration) {
	if since = w.scanning.Since(); w.scanning.Hangs(now) {
		return since
	}
	return 0
}

// Wait returns when the CPU shares are known or cannot be had, when ctx ends, or when nobody looks.
func (w *Watcher) Wait(ctx context.Context) {
	if w.viewers.Load() == 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-w.settled:
	}
}

// Run scans while there are viewers, until ctx ends. publish copies what it gets, on this goroutine.
func (w *Watcher) Run(ctx context.Context, publish func(*Processes)) error {
	defer func() {
		var ended Processes
		ended.Health.Fail(w.now(), procfile.ErrStopped.Error())
		publish(&ended)
	}()
	defer w.scanning.Stop()
	for ctx.Err() == nil {
		if w.viewers.Load() > 0 {
			w.watch(ctx, publish)
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		}
	}
	return nil
}

// watch scans until nobody looks any more.
func (w *Watcher) watch(ctx context.Context, publish func(*Processes)) {
	publish(&Processes{})
	s := newScan(w.root, w.now, w.clock, w.guests)
	defer s.close()
	for first := true; ctx.Err() == nil && w.viewers.Load() > 0; first = false {
		begin := w.now()
		w.scanning.Start(begin)
		err := s.run()
		w.scanning.Stop()
		cost := w.now() - begin
		s.out.Health.Cost = cost
		tell(&s.out.Health, begin, err)
		publish(&s.out)
		wait := firstScan
		if !first {
			wait = max(wakeup.Until(time.Now(), scanEvery), min(restShare*cost, restLimit))
		}
		if !first || !s.out.Health.Has() {
			w.once.Do(func() { close(w.settled) })
		}
		wakeup.Pause(ctx, wait)
	}
	publish(&Processes{})
}

// tell records in h how the scan that began at the given time went.
func tell(h *health.Health, begin time.Duration, err error) {
	switch remark, fine := err.(procfile.Warning); {
	case err == nil:
		h.Good(begin)
	case fine:
		h.Good(begin)
		h.Err = string(remark)
	default:
		h.Bad(begin, secret.String(err.Error()))
	}
}
