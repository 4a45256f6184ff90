package procfile

import "errors"

// What a reader has to say when it has nothing from its worker.
var (
	ErrNotYet       = errors.New("its worker has not found anything yet")
	ErrStopped      = errors.New("its worker has ended")
	ErrNotAnswering = errors.New(NotAnswering)
)

// NotAnswering is what is said of a source that has been asked for longer than it may take.
const NotAnswering = "not answering"

// Absent is an error that means: this host has no such thing.
type Absent string

// Error is what this host has not.
func (n Absent) Error() string { return string(n) }

// Warning is an error of a reader that did what it had to: the source is fine, and there is something to say about it.
type Warning string

// Error is what there is to say.
func (r Warning) Error() string { return string(r) }

// ErrLeftOut says that there are more of something than are looked at.
const ErrLeftOut = Warning("too many of them: some are left out")
