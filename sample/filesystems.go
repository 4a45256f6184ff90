package sample

import (
	"bytes"
	"context"
	"hash/maphash"
	"math"
	"os"
	"path"
	"slices"
	"strings"
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
	seen   uint64        // the worker's: the mark of the table that the pool was made from; 0: none
	pool   *proberPool[mount, usage]
	forced atomic.Pointer[[]int]            // ids of the mounts that the kernel itself made read-only
	odd    atomic.Pointer[procfile.Warning] // about the mount table; nil: there is nothing to say
}

func (r *filesystemsReader) read(now time.Duration, h *Host, _ *Net) error {
	probes, remark, err := r.pool.list(now)
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
		f.Inodes, f.InodesFree = u.inodes, u.inodes-u.inodesUsed
	}
	return f
}

// watch follows the mount table until ctx ends.
func (r *filesystemsReader) watch(ctx context.Context) error {
	defer r.pool.end()
	defer r.table.Close()
	defer r.pool.work.Stop()
	r.seen = 0
	for {
		r.pool.work.Start(r.pool.now())
		r.look(ctx)
		r.pool.work.Stop()
		wakeup.Pause(ctx, mountsPause)
		r.waitForChange(ctx)
		if ctx.Err() != nil {
			return nil
		}
	}
}

// look reads the mount table and, when it is not the one of last time, makes the pool fit it.
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
		r.pool.fail(err)
		return
	}
	r.seen = max(r.mark.Sum64(), 1)
	forced := forcedReadOnly(mounts)
	r.forced.Store(&forced)
	r.odd.Store(odd)
	r.pool.set(ctx, chooseMounts(mounts, r.deny))
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

// mount is one filesystem that is asked how full it is. Its id tells it from an earlier one at the same place.
type mount struct {
	id                 int
	number             string // major:minor of its device
	point              string // where it is, as statfs must have it
	name, device, kind string // mount point, device and type as they are shown
}

func newMount(m *mountLine) mount {
	return mount{
		id:     m.id,
		number: m.number,
		point:  m.point,
		name:   procfile.Clean([]byte(m.point)),
		device: procfile.Clean([]byte(unescape(m.source))),
		kind:   procfile.Clean([]byte(m.kind)),
	}
}

// mountLine is what one line of mountinfo says. Points are as statfs must have them, other words as they stand.
type mountLine struct {
	id, parent          int
	number, point       string
	kind, source        string
	writable            bool // the mount is
	readOnly, emergency bool // the filesystem is, and has become so by an error
}

// parseMount parses a line of mountinfo, whose end may be missing.
//
// Kernel: Documentation/filesystems/proc.rst, "/proc/<pid>/mountinfo"
func parseMount(line []byte) (m mountLine, ok bool) {
	var words [6][]byte // id, parent, number, root, point, options
	for i := range words {
		if words[i], line = procfile.CutWord(line); len(words[i]) == 0 {
			return m, false
		}
	}
	_, line, ok = bytes.Cut(line, []byte(" - ")) // other fields come before it, as many as there are
	kind, line := procfile.CutWord(line)
	source, options := cutField(line)
	id, err1 := parseCount(words[0])
	parent, err2 := parseCount(words[1])
	if !ok || err1 != nil || err2 != nil || len(kind) == 0 || words[4][0] != '/' {
		return m, false
	}
	return mountLine{
		id: id, parent: parent, number: string(words[2]), point: unescape(string(words[4])),
		kind: string(kind), source: string(source),
		writable: hasOption(words[5], "rw"), readOnly: hasOption(options, "ro"), emergency: hasOption(options, "emergency_ro"),
	}, true
}

// cutField cuts a field off that may be empty: then two blanks follow one another.
func cutField(line []byte) (field, rest []byte) {
	field, rest, _ = bytes.Cut(bytes.TrimPrefix(line, []byte(" ")), []byte(" "))
	return field, rest
}

func hasOption(list []byte, option string) bool {
	for one := range bytes.SplitSeq(bytes.TrimSpace(list), []byte(",")) {
		if string(one) == option {
			return true
		}
	}
	return false
}

// covered says of each mount of a table whether another one lies on it, or on a directory above it, so that its path
// leads to that one. A mount lies on its parent: on a directory above mine it came after mine, or it would be my parent.
func covered(table []mountLine) []bool {
	type place struct {
		parent int
		point  string
	}
	lies := make(map[place]int, len(table)) // the last one there
	ids := make(map[int]int, len(table))
	for i := range table {
		ids[table[i].id] = i
		if table[i].parent != table[i].id { // else it is the first of all, and lies on none
			lies[place{table[i].parent, table[i].point}] = i
		}
	}
	const looking, seen, hidden = 1, 2, 3
	state := make([]uint8, len(table))
	var buried func(i int) bool // the place where it lies is covered
	buried = func(i int) bool {
		if state[i] != 0 {
			return state[i] == hidden // one that is its own parent's parent is not
		}
		state[i] = looking
		m := &table[i]
		above, known := ids[m.parent]
		first := known && above == i // it lies on none
		on, is := lies[place{m.parent, m.point}]
		hides := is && on != i && !first
		for dir := m.point; !hides && known && len(dir) > len("/"); {
			dir = path.Dir(dir)
			on, is = lies[place{m.parent, dir}]
			hides = is && on != above
		}
		if hides || known && !first && buried(above) {
			state[i] = hidden
			return true
		}
		state[i] = seen
		return false
	}
	result := make([]bool, len(table))
	for i := range table {
		on, is := lies[place{table[i].id, table[i].point}]
		result[i] = is && on != i || buried(i)
	}
	return result
}

// pseudoTypes hold no data, and df leaves them out or shows them with 0 blocks. They are not even asked: to look at an
// autofs mounts what is behind it. rootfs is what an initramfs was unpacked into: memory, that counts as used there, and
// as good as full of the half of it that it may take.
var pseudoTypes = []string{
	"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl",
	"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs",
	"fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal",
}

// clutterBelow are the directories in which kubelet, the container runtimes and systemd mount one filesystem for each
// container or unit; what they hold is on a filesystem that is shown.
var clutterBelow = []string{
	"/var/lib/kubelet/", "/run/k3s/", "/run/containerd/", "/var/lib/docker/", "/run/netns/", "/run/credentials/",
}

// chooseMounts returns the mounts that are shown: those of df, which shows a device once, at its shortest mount point,
// and of several mounts at one point the last; without those that another one covers, without containers' clutter and
// without those that match a glob of deny (path.Match on the mount point). An overlay is shown only where it is the
// root, as inside a container.
func chooseMounts(table []mountLine, deny []string) []mount {
	var chosen []mount
	hidden := covered(table)
	for i := range table {
		if hidden[i] {
			continue
		}
		next := newMount(&table[i])
		if slices.Contains(pseudoTypes, next.kind) || clutter(&next) {
			continue
		}
		chosen = slices.DeleteFunc(chosen, func(c mount) bool { return c.point == next.point })
		same := slices.IndexFunc(chosen, func(c mount) bool { return c.number == next.number })
		switch {
		case same < 0:
			chosen = append(chosen, next)
		case len(next.point) < len(chosen[same].point):
			chosen[same] = next
		}
	}
	return slices.DeleteFunc(chosen, func(c mount) bool { return denied(c.point, deny) })
}

// writableTypes are made to be written to: one that is read-only although its mount is not has had an error.
var writableTypes = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "vfat", "exfat", "ntfs3", "bcachefs"}

// forcedReadOnly returns the ids of the mounts whose filesystem the kernel has made read-only by itself. A remount by
// hand makes the mount read-only too. ext4 has since Linux 6.15 a state of its own for it, of which statfs says nothing.
//
// Kernel: fs/proc_namespace.c, show_mountinfo; fs/ext4/super.c, ext4_handle_error
func forcedReadOnly(table []mountLine) []int {
	var ids []int
	for i := range table {
		m := &table[i]
		if m.emergency || m.writable && m.readOnly && slices.Contains(writableTypes, m.kind) {
			ids = append(ids, m.id)
		}
	}
	return ids
}

func clutter(m *mount) bool {
	switch m.kind {
	case "squashfs":
		return true // read-only and always full
	case "overlay":
		return m.point != "/"
	}
	return slices.ContainsFunc(clutterBelow, func(dir string) bool { return strings.HasPrefix(m.point, dir) })
}

func denied(point string, globs []string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := path.Match(glob, point)
		return ok && err == nil
	})
}

// unescape turns the \ooo of mountinfo back into the byte that it stands for: blank, tab, newline, backslash, #.
//
// Kernel: fs/seq_file.c, mangle_path
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func octal(c byte) bool { return '0' <= c && c <= '7' }

// usage is what statfs says of one mount, in bytes.
type usage struct {
	total, used, available uint64 // available is for users without privilege: total may be more than both together
	inodes, inodesUsed     uint64
	readOnly               bool
	remounted              bool // it is read-only and has been read-write
}

// statfsProber asks how full a mount is. On a dead mount it may hang for ever, and no signal ends it. It asks by
// path, which unix.Statfs copies each time: a descriptor kept open would keep the mount from being unmounted.
type statfsProber struct {
	path   string
	statfs func(path string, into *unix.Statfs_t) error
	st     unix.Statfs_t
	wrote  bool // the mount has been read-write
}

func (q *statfsProber) ask(u *usage) error {
	for {
		err := q.statfs(q.path, &q.st)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return unreachable(err)
		}
		*u = newUsage(&q.st)
		q.wrote = q.wrote || !u.readOnly
		u.remounted = u.readOnly && q.wrote
		return nil
	}
}

func (q *statfsProber) close() {}

// unreachable is err when it means that who has the filesystem does not answer, and otherwise that it cannot be reached
// from here, which says nothing of the filesystem: its path leads elsewhere, or through what we may not enter.
func unreachable(err error) error {
	switch err {
	case unix.EIO, unix.EREMOTEIO, unix.ESTALE, unix.ETIMEDOUT, unix.ENOTCONN, unix.ECONNABORTED, unix.ECONNREFUSED,
		unix.ECONNRESET, unix.ESHUTDOWN, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENETDOWN, unix.ENETUNREACH:
		return err
	case unix.EACCES, unix.EPERM:
		return errMayNotLook
	case unix.ENOENT, unix.ENOTDIR, unix.ELOOP:
		return errHiddenMount
	}
	return procfile.Absent(err.Error())
}

const (
	errMayNotLook  = procfile.Absent("may not look: a directory above it is closed to this user")
	errHiddenMount = procfile.Absent("cannot be reached: its path leads elsewhere")
)

// newUsage counts as df does: used is what is not free, available what users without privilege may still take. A count
// below zero, as when the reserve is in use, is none.
//
// Kernel: statfs(2)
func newUsage(st *unix.Statfs_t) usage {
	block := uint64(st.Frsize)
	if block == 0 {
		block = uint64(st.Bsize)
	}
	u := usage{
		total:    procfile.Times(st.Blocks, block),
		used:     procfile.Times(st.Blocks-positive(st.Bfree, st.Blocks), block),
		readOnly: st.Flags&unix.ST_RDONLY != 0,
	}
	u.available = procfile.Times(positive(st.Bavail, st.Blocks), block)
	if st.Ffree <= st.Files { // else it does not count them
		u.inodes, u.inodesUsed = st.Files, st.Files-st.Ffree
	}
	return u
}

// positive is how many of all blocks n is: none when it is more, which is less than none.
func positive(n, all uint64) uint64 {
	if n > all {
		return 0
	}
	return n
}
