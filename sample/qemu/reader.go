// Package qemu finds the QEMU processes of this host and samples what each of its VMs uses.
package qemu

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
)

const (
	qemuEvery  = 5 * time.Second // a new VM has its figures within 10
	mostGuests = 512             // each keeps up to five descriptors open
)

// guest is one QEMU process as the scan found it.
type guest struct {
	pid   int
	start uint64 // USER_HZ ticks from boot to its start: with pid it names a process once and for all
	qemuArgs
	rank            rank
	cgroup          string // directory below the root whose io.stat counts its I/O; empty: whyDisk says why
	whyDisk, whyNet string // why these figures cannot be had
}

// guests is what a scan has found. It is immutable.
type guests struct {
	list    []guest  // by namespace, name and pid
	stacked []uint64 // major numbers of block devices that lie on others
	err     error    // the scan failed, and these are the earlier ones; or a remark
	outward []Guest  // the list as others see it
}

// Reader follows the QEMU processes that its worker finds.
type Reader struct {
	scan      qemuScan
	now       func() time.Duration
	scanning  procfile.Stopwatch
	found     atomic.Pointer[guests]
	ready     chan struct{} // closed with the first scan
	once      sync.Once
	followed  *guests // the sampler's, as are all below
	followers []*follower
	VMs       VMs                // of the last Read
	text      []byte             // one buffer for the files of all followers
	lines     []procfile.NetLine // of the last net/dev
}

// New returns a Reader of the processes below root, which Watch finds; now is CLOCK_BOOTTIME.
func New(root string, now func() time.Duration) *Reader {
	return &Reader{scan: newQEMUScan(root), now: now, ready: make(chan struct{})}
}

// Watch looks for QEMU processes until ctx ends.
func (r *Reader) Watch(ctx context.Context) error {
	defer r.end()
	defer r.scanning.Stop()
	for ctx.Err() == nil {
		r.scanning.Start(r.now())
		r.publish(r.scan.run())
		r.scanning.Stop()
		wakeup.Pause(ctx, wakeup.Until(time.Now(), qemuEvery))
	}
	return nil
}

// end publishes that the search has stopped. Those that were found are still followed.
func (r *Reader) end() {
	last := guests{err: procfile.ErrStopped}
	if found := r.found.Load(); found != nil {
		last.list, last.stacked = found.list, found.stacked
	}
	r.publish(&last)
}

func (r *Reader) publish(g *guests) {
	if old := r.found.Load(); old == nil || !g.same(old) {
		g.face()
		r.found.Store(g)
	}
	r.once.Do(func() { close(r.ready) })
}

// Wait returns when the first scan has ended, or when ctx ends.
func (r *Reader) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.ready:
	}
}

// Read samples the VMs that the last scan has found. After an error Vms holds those that could be read.
func (r *Reader) Read(now time.Duration) error {
	found := r.found.Load()
	hangs := r.scanning.Hangs(now)
	switch {
	case found == nil && hangs:
		return procfile.ErrNotAnswering
	case found == nil:
		return procfile.ErrNotYet
	}
	if found != r.followed {
		r.follow(found)
	}
	r.VMs.At = now
	r.VMs.VMs = r.VMs.VMs[:0]
	for _, f := range r.followers {
		if f.gone {
			continue
		}
		// In place: a VM is large, and a pointer to one on the stack would make it escape.
		r.VMs.VMs = append(r.VMs.VMs, VM{})
		if !r.sample(f, now, &r.VMs.VMs[len(r.VMs.VMs)-1]) {
			r.VMs.VMs = r.VMs.VMs[:len(r.VMs.VMs)-1]
			f.gone = true
			f.close()
		}
	}
	if hangs {
		return procfile.ErrNotAnswering // nobody knows of new ones
	}
	return found.err
}

// Close gives the descriptors back; the next Read opens the files again.
func (r *Reader) Close() {
	for _, f := range r.followers {
		f.close()
	}
}

// follow makes the followers fit what was found. Those that stay keep their files and counters. It allocates.
func (r *Reader) follow(found *guests) {
	old := make(map[guest]*follower, len(r.followers))
	for _, f := range r.followers {
		old[f.guest] = f
	}
	next := make([]*follower, 0, len(found.list))
	for _, g := range found.list {
		f, ok := old[g]
		if !ok {
			f = newFollower(r.scan.root, g)
		}
		delete(old, g)
		next = append(next, f)
	}
	for _, f := range old {
		f.close()
	}
	r.followed, r.followers = found, next
}
