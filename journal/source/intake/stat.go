package intake

import (
	"io/fs"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
)

// FileID names one file for as long as it lives: an inode's number alone is used again.
type FileID struct {
	dev, ino uint64
	Born     int64 // when it was made, in nanoseconds since 1970; 0 where the filesystem does not keep it
}

// Stat is what the kernel says of a file. Times are in nanoseconds since 1970.
type Stat struct {
	ID       FileID
	Size     int64
	Changed  int64 // when its content last did
	Mode     uint32
	UID, GID uint32
}

// Regular reports whether it is a regular file.
func (s *Stat) Regular() bool { return s.Mode&unix.S_IFMT == unix.S_IFREG }

// Directory reports whether it is a directory.
func (s *Stat) Directory() bool { return s.Mode&unix.S_IFMT == unix.S_IFDIR }

// StatPath asks for the file at path, through symbolic links.
func StatPath(path string) (Stat, error) { return statAt(unix.AT_FDCWD, path, 0) }

// StatFD asks for the file that fd is.
func StatFD(fd int) (Stat, error) { return statAt(fd, "", unix.AT_EMPTY_PATH) }

// statAt calls statx(2).
func statAt(fd int, path string, flags int) (Stat, error) {
	var x unix.Statx_t
	if err := unix.Statx(fd, path, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &x); err != nil {
		return Stat{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	s := Stat{
		ID:      FileID{dev: uint64(x.Dev_major)<<32 | uint64(x.Dev_minor), ino: x.Ino},
		Size:    int64(x.Size),
		Changed: nanos(x.Mtime),
		Mode:    uint32(x.Mode),
		UID:     x.Uid,
		GID:     x.Gid,
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.ID.Born = nanos(x.Btime)
	}
	return s, nil
}

func nanos(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }

// LineMax is how many bytes of a line are taken in; the rest is counted only.
const LineMax = 4 * journal.MaxMessage
