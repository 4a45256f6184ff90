package sample

import "errors"

// What a reader has to say when it has nothing from its worker.
var (
	errNotYet       = errors.New("its worker has not found anything yet")
	errStopped      = errors.New("its worker has ended")
	errNotAnswering = errors.New(notAnswering)
)

// notAnswering is what is said of a source that has been asked for longer than it may take.
const notAnswering = "not answering"

// none is an error that means: this host has no such thing.
type none string

func (n none) Error() string { return string(n) }

// remark is an error of a reader that did what it had to: the source is fine, and there is something to say about it.
type remark string

func (r remark) Error() string { return string(r) }

// errLeftOut says that there are more of something than are looked at.
const errLeftOut = remark("too many of them: some are left out")
