package act

import "context"

// Facts are what a verb would meet now, and what of that must still be so when it is done.
type Facts struct {
	Will   []string // what will happen, a line each
	Blocks []string // why it cannot be done, or not whole
	Force  bool     // it can be done although something blocks
	State  []string // whatever must not change between plan and commit: a phase, a version, an identifier
}

// Doer does what the verbs of one kind of object say, with the rights that it has. It is asked from one goroutine at a time.
type Doer interface {
	// Look reads the facts and changes nothing. An error is why the verb cannot be planned, in a sentence for the operator.
	Look(ctx context.Context, a Ask) (Facts, error)

	// Do does it, after Look has just found f. It tells how far it is, where the Rule says that it Runs, and ends early with
	// ctx. It returns what was done, in a sentence, and so does its error.
	Do(ctx context.Context, a Ask, f Facts, tell func(Progress)) (string, error)
}

// Already is an error of Look: there is nothing to do, since it is as the verb would make it.
type Already string

// Error is a sentence for the operator.
func (a Already) Error() string { return string(a) }
