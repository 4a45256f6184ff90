package helper

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/note"
)

// Notebook keeps, in a file, what is under way: a helper that dies leaves it behind, and the next one tells of it, as does the
// console meanwhile. The nil Notebook keeps nothing.
type Notebook struct {
	directory string

	mu      sync.Mutex
	note    note.Note  // of what is under way; its verb is empty while nothing is
	holds   io.Closer  // while something is under way: this process does it
	stopped *note.Note // what was left behind; nil: nothing
}

// OpenNotebook reads what an earlier helper has left in directory.
func OpenNotebook(directory string) (*Notebook, error) {
	n := &Notebook{directory: directory}
	left, err := note.Read(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	n.stopped = left
	return n, err
}

// Stopped is what was begun and not ended, by this helper or an earlier one, in words; empty: nothing.
func (n *Notebook) Stopped() string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped == nil {
		return ""
	}
	return n.stopped.String()
}

// Begin notes that a verb begins, and forgets what was left behind.
func (n *Notebook) Begin(ask act.Ask, now time.Time) error {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	holds, err := note.Hold(n.directory)
	if err != nil {
		return err
	}
	begun := note.Note{Ask: ask, When: now}
	if err := begun.Write(n.directory); err != nil {
		return errors.Join(err, holds.Close())
	}
	n.stopped, n.note, n.holds = nil, begun, holds
	return nil
}

// At notes how far it is. That it cannot be noted changes nothing.
func (n *Notebook) At(p act.Progress) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.note.Done, n.note.Of = p.Done, p.Of
	_ = n.note.Write(n.directory)
}

// End notes that what was under way has ended, or, where it was left behind, that it has not.
func (n *Notebook) End(left bool) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.holds == nil {
		return
	}
	if left {
		stopped := n.note
		n.stopped = &stopped
	} else {
		_ = os.Remove(note.Path(n.directory)) // what stays is told as what was left behind
	}
	_ = n.holds.Close()
	n.note, n.holds = note.Note{}, nil
}

// Forget forgets what was left behind of an object: it is as it was.
func (n *Notebook) Forget(object string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped != nil && n.stopped.Ask.Object == object {
		n.stopped = nil
		_ = os.Remove(note.Path(n.directory))
	}
}
