package sample

import (
	"math"
	"math/bits"

	"golang.org/x/sys/unix"
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
			return err
		}
		*u = newUsage(&q.st)
		q.wrote = q.wrote || !u.readOnly
		u.remounted = u.readOnly && q.wrote
		return nil
	}
}

func (q *statfsQuestion) close() {}

// newUsage counts as df does: used is what is not free, available what users without privilege may still take.
//
// Kernel: statfs(2)
func newUsage(st *unix.Statfs_t) usage {
	block := uint64(st.Frsize)
	if block == 0 {
		block = uint64(st.Bsize)
	}
	return usage{
		total:      times(st.Blocks, block),
		used:       times(st.Blocks-min(st.Bfree, st.Blocks), block),
		available:  times(min(st.Bavail, st.Blocks), block), // some count below zero when the reserve is in use
		inodes:     st.Files,
		inodesUsed: st.Files - min(st.Ffree, st.Files),
		readOnly:   st.Flags&unix.ST_RDONLY != 0,
	}
}

// times is a * b, or the most there is: a broken FUSE server may say anything.
func times(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 && low < math.MaxInt64 {
		return low
	}
	return math.MaxInt64 // so that two of them still add up
}
