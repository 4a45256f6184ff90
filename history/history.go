// Package history is the flight recorder: a file of fixed size that holds what the console knew, record by record, and what
// happened between them. One process writes it, any number read it.
package history

import (
	"time"

	"hypervisor-tui/frame"
)

// Query asks for one record. The newest query wins.
type Query struct {
	Number     uint64
	At         time.Time // the newest record that is not after it; zero: as said below, from the record shown
	Step       int       // so many records later, or earlier where negative
	Event      int       // the next event (1), or the one before (-1), and the record at it
	BeforeBoot bool      // the last record of the boot before
}

// Moment is a record as it was read.
type Moment struct {
	Query    uint64         // that it answers
	Snapshot frame.Snapshot // what was known then, its Past among it; Settings and Page are not recorded
}
