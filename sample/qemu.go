package sample

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/sample/wakeup"
)

const (
	qemuEvery  = 10 * time.Second
	mostGuests = 512 // each keeps up to five descriptors open
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

// qemuReader follows the QEMU processes that its worker finds.
type qemuReader struct {
	scan      qemuScan
	now       func() time.Duration
	scanning  stopwatch
	found     atomic.Pointer[guests]
	ready     chan struct{} // closed with the first scan
	once      sync.Once
	followed  *guests // the sampler's, as are all below
	followers []*follower
	vms       VMs
	text      []byte    // one buffer for the files of all followers
	lines     []netLine // of the last net/dev
}

func newQEMUReader(root string, now func() time.Duration) *qemuReader {
	return &qemuReader{scan: newQEMUScan(root), now: now, ready: make(chan struct{})}
}

// watch looks for QEMU processes until ctx ends.
func (r *qemuReader) watch(ctx context.Context) error {
	defer r.end()
	defer r.scanning.stop()
	for ctx.Err() == nil {
		r.scanning.start(r.now())
		r.publish(r.scan.run())
		r.scanning.stop()
		wakeup.Pause(ctx, wakeup.Until(time.Now(), qemuEvery))
	}
	return nil
}

// end says that nobody looks for new ones any more. Those that were found are still followed.
func (r *qemuReader) end() {
	last := guests{err: errStopped}
	if found := r.found.Load(); found != nil {
		last.list, last.stacked = found.list, found.stacked
	}
	r.publish(&last)
}

func (r *qemuReader) publish(g *guests) {
	if old := r.found.Load(); old == nil || !g.same(old) {
		g.face()
		r.found.Store(g)
	}
	r.once.Do(func() { close(r.ready) })
}

// wait returns when the first scan has ended, or when ctx ends.
func (r *qemuReader) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.ready:
	}
}

func (r *qemuReader) read(now time.Duration) error {
	found := r.found.Load()
	hangs := r.scanning.hangs(now)
	switch {
	case found == nil && hangs:
		return errNotAnswering
	case found == nil:
		return errNotYet
	}
	if found != r.followed {
		r.follow(found)
	}
	r.vms.At = now
	r.vms.VMs = r.vms.VMs[:0]
	for _, f := range r.followers {
		if f.gone {
			continue
		}
		// In place: a VM is large, and a pointer to one on the stack would make it escape.
		r.vms.VMs = append(r.vms.VMs, VM{})
		if !r.sample(f, now, &r.vms.VMs[len(r.vms.VMs)-1]) {
			r.vms.VMs = r.vms.VMs[:len(r.vms.VMs)-1]
			f.gone = true
			f.close()
		}
	}
	if hangs {
		return errNotAnswering // nobody knows of new ones
	}
	return found.err
}

func (r *qemuReader) close() {
	for _, f := range r.followers {
		f.close()
	}
}

// follow makes the followers fit what was found. Those that stay keep their files and counters. It allocates.
func (r *qemuReader) follow(found *guests) {
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
