package sample

import (
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
)

// usage is what statfs says of one mount, in bytes.
type usage struct {
	total, used, available uint64 // available is for users without privilege: total may be more than both together
	inodes, inodesUsed     uint64
	readOnly               bool
	remounted              bool // it is read-only and has been read-write
}

// statfsQuestion asks how full a mount is. On a dead mount it may hang for ever, and no signal ends it. It asks by
// path, which unix.Statfs copies each time: a descriptor kept open would keep the mount from being unmounted.
type statfsQuestion struct {
	path   string
	statfs func(path string, into *unix.Statfs_t) error
	st     unix.Statfs_t
	wrote  bool // the mount has been read-write
}

func (q *statfsQuestion) ask(u *usage) error {
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

func (q *statfsQuestion) close() {}

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
