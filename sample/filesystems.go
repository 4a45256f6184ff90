package sample

import (
	"context"
	"hash/maphash"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
)

const (
	statfsEvery = 5 * time.Second  // how full a disk is changes slowly
	mountsEvery = 10 * time.Second // the mount table is looked at that often even when nobody says that it changed,
	mountsPause = time.Second      // and not more often than that while pods come and go
	mostMounts  = 20000            // lines of the mount table that are looked at
	mountinfo   = "/proc/self/mountinfo"
)

const errOddMount = procfile.Warning("a line of " + mountinfo + " is not understood")

// filesystemsReader gathers what the probes of the mounts have answered.
type filesystemsReader struct {
	root   string
	deny   []string
	table  procfile.File // the worker's
	mark   maphash.Hash  // the worker's: of the mount table
	seen   uint64        // the worker's: the mark of the table that the roster was made from; 0: there is none
	roster *proberPool[mount, usage]
	forced atomic.Pointer[[]int]            // ids of the mounts that the kernel itself made read-only
	odd    atomic.Pointer[procfile.Warning] // about the mount table; nil: there is nothing to say
}

func (r *filesystemsReader) read(now time.Duration, h *Host, _ *Net) error {
	probes, remark, err := r.roster.list(now)
	if err != nil {
		return err
	}
	var forced []int
	if f := r.forced.Load(); f != nil {
		forced = *f
	}
	h.Filesystems = h.Filesystems[:0]
	for _, p := range probes {
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
	if odd := r.odd.Load(); odd != nil && remark == nil {
		return *odd
	}
	return remark
}

func (r *filesystemsReader) close() {} // the mount table is the worker's

// newFilesystem is a mount as its probe answered last; a is nil before the first answer.
func newFilesystem(p *probe[mount, usage], a *probeResult[usage]) Filesystem {
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
		f.UsedPercent = procfile.Percent(u.used, u.used+u.available)
		f.InodesPercent = procfile.Percent(u.inodesUsed, u.inodes)
	}
	return f
}

// watch follows the mount table until ctx ends.
func (r *filesystemsReader) watch(ctx context.Context) error {
	defer r.roster.end()
	defer r.table.Close()
	defer r.roster.work.Stop()
	r.seen = 0
	for {
		r.roster.work.Start(r.roster.now())
		r.look(ctx)
		r.roster.work.Stop()
		wakeup.Pause(ctx, mountsPause)
		r.waitForChange(ctx)
		if ctx.Err() != nil {
			return nil
		}
	}
}

// look reads the mount table and, when it is not the one of last time, makes the roster fit it.
func (r *filesystemsReader) look(ctx context.Context) {
	r.mark.Reset()
	err := r.table.Lines(func(line []byte) error {
		r.mark.Write(line)
		return r.mark.WriteByte('\n')
	})
	if err == nil && r.seen == max(r.mark.Sum64(), 1) {
		return
	}
	var mounts []mountLine
	var odd *procfile.Warning
	if err == nil {
		mounts, odd, err = readMounts(&r.table)
	}
	if err != nil {
		r.seen = 0
		r.roster.fail(err)
		return
	}
	r.seen = max(r.mark.Sum64(), 1)
	forced := forcedReadOnly(mounts)
	r.forced.Store(&forced)
	r.odd.Store(odd)
	r.roster.set(ctx, chooseMounts(mounts, r.deny))
}

// readMounts reads the mount table, and says what is to be said about it. Lines that it does not understand hide no
// others; a table in which it understands none is no mount table.
func readMounts(table *procfile.File) (mounts []mountLine, odd *procfile.Warning, err error) {
	why := procfile.Warning("")
	err = table.Lines(func(line []byte) error {
		m, ok := parseMount(line)
		switch {
		case !ok:
			why = errOddMount
		case len(mounts) == mostMounts:
			why = procfile.ErrLeftOut
			return procfile.ErrLeftOut
		default:
			mounts = append(mounts, m)
		}
		return nil
	})
	if why == "" {
		return mounts, nil, err
	}
	if len(mounts) == 0 {
		return nil, nil, table.Fail(procfile.ErrFields)
	}
	if err != nil && why != procfile.ErrLeftOut {
		return nil, nil, err
	}
	return mounts, &why, nil
}

// waitForChange returns when the mount table has changed since it was last asked, after mountsEvery, or when ctx ends.
// The kernel reports a change as an error condition of the open file, once for each time that it was opened: a second
// one lies in the runtime's poller, which wakes us without holding a thread, and then the kept one reports whether it was
// about a change.
//
// Kernel: proc_pid_mounts(5)
func (r *filesystemsReader) waitForChange(ctx context.Context) {
	f, err := os.OpenFile(r.root+mountinfo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		wakeup.Pause(ctx, mountsEvery)
		return
	}
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil || !r.table.Opened || f.SetReadDeadline(time.Now().Add(wakeup.Until(time.Now(), mountsEvery))) != nil {
		wakeup.Pause(ctx, mountsEvery) // not a file of procfs, then
		return
	}
	defer context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })()
	conn.Read(func(uintptr) bool {
		fds := [1]unix.PollFd{{Fd: int32(r.table.FD), Events: unix.POLLPRI}}
		n, err := unix.Poll(fds[:], 0)
		return n > 0 && err == nil
	})
}
