package source

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// fileID names one file for as long as it lives: an inode's number alone is used again.
type fileID struct {
	dev, ino uint64
	born     int64 // when it was made, in nanoseconds since 1970; 0 where the filesystem does not keep it
}

// stat is what the kernel says of a file. Times are in nanoseconds since 1970.
type stat struct {
	id       fileID
	size     int64
	changed  int64 // when its content last did
	mode     uint32
	uid, gid uint32
}

func (s *stat) regular() bool   { return s.mode&unix.S_IFMT == unix.S_IFREG }
func (s *stat) directory() bool { return s.mode&unix.S_IFMT == unix.S_IFDIR }

func statPath(path string) (stat, error) { return statAt(unix.AT_FDCWD, path, 0) }
func statFD(fd int) (stat, error)        { return statAt(fd, "", unix.AT_EMPTY_PATH) }

// statAt calls statx(2).
func statAt(fd int, path string, flags int) (stat, error) {
	var x unix.Statx_t
	if err := unix.Statx(fd, path, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &x); err != nil {
		return stat{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	s := stat{
		id:      fileID{dev: uint64(x.Dev_major)<<32 | uint64(x.Dev_minor), ino: x.Ino},
		size:    int64(x.Size),
		changed: nanos(x.Mtime),
		mode:    uint32(x.Mode),
		uid:     x.Uid,
		gid:     x.Gid,
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.id.born = nanos(x.Btime)
	}
	return s, nil
}

func nanos(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
