// Package note is what the helper writes down while a verb runs that takes long, in a file that others may read: one that was begun
// and has not ended, though nobody does it any more, is found there.
package note

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/clean"
)

// Directory is where systemd lets the helper keep what outlives it.
const Directory = "/var/lib/hypervisor-tui-act"

// Note is what is known of a verb that runs, or ran.
type Note struct {
	Ask  act.Ask   `json:"ask"`
	When time.Time `json:"when"` // it began
	Done int       `json:"done"`
	Of   int       `json:"of"` // 0: not known
}

// String is the note in words.
func (n *Note) String() string {
	rule, _ := act.RuleOf(n.Ask.Verb)
	return fmt.Sprintf("%s of %s, begun %s, stopped%s", rule.Word, clean.String(n.Ask.Object), n.When.Format("2 Jan 15:04"), n.At())
}

// At is how far it is, as it follows on other words: " at 12 of 37". It is empty where that is not known.
func (n *Note) At() string {
	if n.Of <= 0 {
		return ""
	}
	return fmt.Sprintf(" at %d of %d", n.Done, n.Of)
}

// Path is the file of the note in a directory.
func Path(directory string) string { return filepath.Join(directory, "running.json") }

// lockPath is the file that whoever does it holds a lock on: a process that has died holds none.
func lockPath(directory string) string { return filepath.Join(directory, "running.lock") }

// readable is the mode of both files: the console's user reads them.
const readable = 0o644

// maxNote is how many bytes of a file are read.
const maxNote = 4 << 10

// Read reads the note in a directory. There is none, fs.ErrNotExist, when everything that was begun has ended.
func Read(directory string) (*Note, error) {
	path := Path(directory)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNote))
	n := new(Note)
	if err == nil {
		err = json.Unmarshal(text, n)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, ok := act.RuleOf(n.Ask.Verb); !ok {
		return nil, fmt.Errorf("%s has no verb", path)
	}
	return n, nil
}

// Write replaces the note in a directory. Others may read it: the console says what it has.
func (n *Note) Write(directory string) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	next := Path(directory) + ".new"
	if err := os.WriteFile(next, text, readable); err != nil {
		return err
	}
	if err := os.Chmod(next, readable); err != nil { // whatever the umask
		return err
	}
	return os.Rename(next, Path(directory))
}

// Hold says that somebody does what the note in a directory tells of, until what it returns is closed or this process ends.
func Hold(directory string) (io.Closer, error) {
	f, err := os.OpenFile(lockPath(directory), os.O_RDWR|os.O_CREATE, readable)
	if err != nil {
		return nil, err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := errors.Join(f.Chmod(readable), unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", lockPath(directory), err)
	}
	return f, nil
}

// held reports whether somebody Holds. To ask takes no lock.
//
// Linux: fcntl(2), F_OFD_GETLK
func held(directory string) (bool, error) {
	f, err := os.Open(lockPath(directory))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, fmt.Errorf("%s: %w", lockPath(directory), err)
	}
	return lock.Type != unix.F_UNLCK, nil
}

// Stopped returns the note of what was begun and has not ended, and that nobody does any more; nil: there is nothing of that.
func Stopped(directory string) (*Note, error) {
	n, err := Read(directory)
	if err == nil {
		var busy bool
		if busy, err = held(directory); err == nil && !busy {
			n, err = Read(directory) // it may have ended in between
		} else {
			n = nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return n, err
}
