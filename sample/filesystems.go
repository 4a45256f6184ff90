package sample

import (
	"bytes"
	"context"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/wakeup"
)

const (
	statfsEvery = 5 * time.Second  // how full a disk is changes slowly
	mountsEvery = 10 * time.Second // the mount table is looked at that often even when nobody says that it changed,
	mountsPause = time.Second      // and not more often than that while pods come and go
	mountinfo   = "/proc/self/mountinfo"
)

// filesystemsReader gathers what the probes of the mounts have answered.
type filesystemsReader struct {
	root   string
	deny   []string
	table  kept   // the worker's
	seen   []byte // the worker's: the mount table that the roster was made from
	roster *roster[mount, usage]
	forced atomic.Pointer[[]int] // ids of the mounts that the kernel itself made read-only
}

func (r *filesystemsReader) read(now time.Duration, h *Host, _ *Net) error {
	l := r.roster.listing.Load()
	if l == nil {
		return errNotYet
	}
	if l.probes == nil && l.err != nil {
		return l.err // the filesystems stay what they were
	}
	var forced []int
	if f := r.forced.Load(); f != nil {
		forced = *f
	}
	h.Filesystems = h.Filesystems[:0]
	for _, p := range l.probes {
		a := p.latest(now, statfsEvery)
		if p.health.At != 0 && a.value.total == 0 {
			continue // no blocks: nothing that could be full
		}
		f := newFilesystem(p, a)
		if slices.Contains(forced, p.key.id) {
			f.ReadOnly, f.RemountedRO = true, true
		}
		h.Filesystems = append(h.Filesystems, f)
	}
	if l.err == nil && l.left > 0 {
		return errLeftOut
	}
	return l.err
}

func (r *filesystemsReader) close() {} // the mount table is the worker's

// newFilesystem is a mount as its probe answered last; a is nil before the first answer.
func newFilesystem(p *probe[mount, usage], a *answer[usage]) Filesystem {
	f := Filesystem{
		Mount:         p.key.name,
		Device:        p.key.device,
		Type:          p.key.kind,
		UsedPercent:   math.NaN(),
		InodesPercent: math.NaN(),
		Health:        p.health,
	}
	if a != nil {
		u := &a.value
		f.Total, f.Used, f.Available = u.total, u.used, u.available
		f.ReadOnly, f.RemountedRO = u.readOnly, u.remounted
		f.UsedPercent = percent(u.used, u.used+u.available)
		f.InodesPercent = percent(u.inodesUsed, u.inodes)
	}
	return f
}

// watch follows the mount table until ctx ends.
func (r *filesystemsReader) watch(ctx context.Context) error {
	defer r.roster.end()
	defer r.table.close()
	r.seen = nil
	for {
		r.look(ctx)
		pause(ctx, mountsPause)
		r.waitForChange(ctx)
		if ctx.Err() != nil {
			return nil
		}
	}
}

// look reads the mount table and, when it is not the one of last time, makes the roster fit it.
func (r *filesystemsReader) look(ctx context.Context) {
	text, err := r.table.read()
	if err == nil && r.seen != nil && bytes.Equal(text, r.seen) {
		return
	}
	var mounts []*procfs.MountInfo
	if err == nil {
		r.seen = append(r.seen[:0], text...)
		mounts, err = readMounts(r.root)
	}
	if err != nil {
		r.seen = nil
		r.roster.fail(r.table.fail(err))
		return
	}
	forced := forcedReadOnly(mounts)
	r.forced.Store(&forced)
	r.roster.set(ctx, chooseMounts(mounts, r.deny))
}

func readMounts(root string) ([]*procfs.MountInfo, error) {
	fs, err := procfs.NewFS(root + "/proc")
	if err != nil {
		return nil, err
	}
	return fs.GetMounts()
}

// waitForChange returns when the mount table has changed since it was last asked, after mountsEvery, or when ctx ends.
// The kernel reports a change as an error condition of the open file, once for each time that it was opened: a second
// one lies in the runtime's poller, which wakes us without holding a thread, and then the kept one says whether it was
// about a change.
//
// Kernel: proc_pid_mounts(5)
func (r *filesystemsReader) waitForChange(ctx context.Context) {
	f, err := os.OpenFile(r.root+mountinfo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		pause(ctx, mountsEvery)
		return
	}
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil || !r.table.opened || f.SetReadDeadline(time.Now().Add(wakeup.Until(time.Now(), mountsEvery))) != nil {
		pause(ctx, mountsEvery) // not a file of procfs, then
		return
	}
	defer context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })()
	conn.Read(func(uintptr) bool {
		fds := [1]unix.PollFd{{Fd: int32(r.table.fd), Events: unix.POLLPRI}}
		n, err := unix.Poll(fds[:], 0)
		return n > 0 && err == nil
	})
}

// pause returns after d or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
