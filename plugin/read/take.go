package read

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"hypervisor-tui/plugin"
)

var (
	errNone     = errors.New("it is not there")
	errFolder   = errors.New("it is a link, or no folder")
	errWritable = errors.New("its group or others may write to it")
	errLarge    = fmt.Errorf("it has more than %d KiB", plugin.MaxOutput>>10)
	errBusy     = errors.New("it is being written")
)

// beforeOpen and afterOpen are called by take between its steps, for tests.
var beforeOpen, afterOpen = func() {}, func() {}

// take returns what is in the result of a plugin, by descriptors alone, so that nothing can be put in the place of what was
// looked at. It follows no link, waits for no writer of a named pipe, and opens no device. errNone: there is none. errBusy: somebody
// wrote to it meanwhile, instead of putting a new file in its place. f gets the stamps of what was taken, none with an error.
func (r *Reader) take(base int, name string, f *file) (text []byte, err error) {
	f.taken = stamp{}
	dir, err := openat(base, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	switch {
	case err == unix.ENOTDIR:
		return nil, errors.New("its folder is a link, or no folder")
	case err != nil:
		return nil, reason(err)
	}
	defer unix.Close(dir)
	var folder, s unix.Stat_t
	if err := unix.Fstat(dir, &folder); err != nil {
		return nil, err
	}
	if folder.Mode&0o022 != 0 {
		return nil, errors.New("its group or others may write to its folder")
	}
	// Stat before open, as opening is an act on some devices. O_NONBLOCK, as a FIFO may still come between the two.
	err = unix.Fstatat(dir, plugin.File, &s, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		err = r.trust(&s, folder.Uid)
	}
	if err != nil {
		return nil, reason(err)
	}
	beforeOpen()
	fd, err := openat(dir, plugin.File, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, reason(err)
	}
	defer unix.Close(fd)
	if err = unix.Fstat(fd, &s); err == nil {
		err = r.trust(&s, folder.Uid)
	}
	if err != nil {
		return nil, err
	}
	taken := stampOf(&s)
	afterOpen()
	if text, err = readAll(fd, make([]byte, s.Size)); err != nil {
		return nil, err
	}
	if err = unix.Fstat(fd, &s); err != nil {
		return nil, err
	}
	if int64(len(text)) != taken.size || s.Size != taken.size || s.Mtim != taken.modified {
		return nil, errBusy
	}
	f.folder, f.taken = stampOf(&folder), taken
	return text, nil
}

// trust returns why a file is no result of a plugin whose folder that user owns, nil where it is one.
func (r *Reader) trust(s *unix.Stat_t, owner uint32) error {
	switch {
	case s.Mode&unix.S_IFMT == unix.S_IFLNK:
		return unix.ELOOP
	case s.Mode&unix.S_IFMT != unix.S_IFREG:
		return errors.New("it is no regular file")
	case s.Uid != 0 && s.Uid != r.user && s.Uid != owner:
		return fmt.Errorf("it belongs to user %d, not to root or to the owner of its folder", s.Uid)
	case s.Mode&0o022 != 0:
		return errWritable
	case s.Size > maxFile:
		return errLarge
	}
	return nil
}

// reason is err in words that say what is wrong with a file of a plugin; errNone where there is none.
func reason(err error) error {
	switch err {
	case unix.ENOENT:
		return errNone
	case unix.ENOTDIR:
		return errFolder
	case unix.ELOOP:
		return errors.New("it is a link")
	}
	return err
}

// openat is openat(2) of what no child inherits.
func openat(dir int, name string, flags int) (int, error) {
	for {
		f, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return f, err
		}
	}
}

// readAll reads into buffer what is left of a file, as far as it fits in.
func readAll(f int, buffer []byte) ([]byte, error) {
	for n := 0; ; {
		more, err := unix.Read(f, buffer[n:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case more == 0:
			return buffer[:n], nil
		default:
			n += more
		}
	}
}
