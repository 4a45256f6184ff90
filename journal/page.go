package journal

import (
	"time"

	"hypervisor-tui/sample/box"
)

// Query is what the log screen wants to see. The newest query wins; an unanswered older one is dropped.
type Query struct {
	Number uint64    // given by the asker, rising; comes back in Page.Query
	Rows   int       // entries wanted, at most MaxRows
	Anchor uint64    // id of the newest entry wanted (the bottom row); 0 follows the ring's newest
	Move   Move      // from Anchor, before the page is cut
	Count  int       // how many matching entries to move, for Older and Newer
	At     time.Time // for ToTime
	Filter Filter
}

// MaxRows is the most entries that a page holds.
const MaxRows = 200

// Move is how the bottom row moves from the anchor, always over entries that pass the filter. It is carried out once:
// entries that come later do not move the page again. When the ring has lost the anchor of a page that stays, the page
// is the one that starts with the oldest match, and Page.AtEnd is set.
type Move uint8

// The moves. One that finds nothing stays at the anchor (or at the ring's end) and sets Page.AtEnd. Older stops where
// the page is still full.
const (
	Stay Move = iota
	Older
	Newer
	Oldest // the page that starts with the ring's oldest match
	Newest
	PreviousError // towards older
	NextError     // towards newer
	ToTime        // the first entry at or after Query.At
)

// Filter chooses entries. Its zero value with Least Debug passes all.
type Filter struct {
	Tab     int      // index into the tabs of New; 0 is all
	Least   Severity // the mildest severity shown: Debug shows everything
	Text    string   // smart case: case-insensitive unless it has an upper-case letter; empty passes all
	Regexp  bool     // Text is an RE2 expression, its case as written (one that does not compile passes nothing and sets Page.Err)
	Exclude bool     // entries that match are hidden
}

// Tab is one choice on the log screen: a name and the units that belong to it. Units match without ".service"; no
// units at all matches everything.
type Tab struct {
	Name  string
	Units []string
}

// Page is one answer: a screenful of entries and the figures around it. It reaches the loop through a Box; its memory
// is the reader's until the next Latest.
type Page struct {
	Query   uint64 // Number of the Query that it answers, 0 before the first
	Err     string // why the filter could not be used
	Rows    []Row  // oldest first; the last is the bottom row
	Text    []byte // the messages
	Pending bool   // the scan has not finished: Rows may still grow
	Percent int    // of the ring scanned so far, 0-100
	AtEnd   bool   // the move found nothing further
	Found   uint64 // id of the entry that the move led to; the bottom row may be a newer one, so that the page is full

	Newer   int // matching entries that are newer than the bottom row
	Older   int // matching entries older than the top row, as far as scanned
	Matches int // matching entries in the ring, as far as scanned

	Entries   int // in the ring
	Capacity  int
	Bytes     int
	Total     uint64             // entries ever taken in
	Dropped   uint64             // entries lost before the ring, by a source or because intake could not keep up
	Truncated uint64             // messages that were cut to MaxMessage
	Oldest    time.Time          // stamp of the ring's oldest entry
	Counts    [SeverityCount]int // in the ring, over the query's tab, whatever its other filters
	Errors    []int              // for each tab, entries of Err or worse in the ring
	Sources   []SourceState      // a small table, one row a source
}

// Row is one entry of a Page.
type Row struct {
	ID                   uint64
	Time                 int64 // realtime, microseconds since 1970
	Unit                 string
	PID                  int
	Severity             Severity
	Start, End           int // message: Page.Text[Start:End]
	Full                 int // length of the uncut message
	MatchStart, MatchEnd int // first match of the filter within the message; equal: none
}

// Message returns the row's text; it is the page's memory.
func (p *Page) Message(r *Row) []byte { return p.Text[r.Start:r.End] }

// SourceState is one log source as the owner last heard of it.
type SourceState struct {
	Name   string // journalctl, kmsg, self
	Health box.Health
	Detail string // what it reads and why it was chosen
}
