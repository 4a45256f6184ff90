package journal

import (
	"time"

	"hypervisor-tui/internal/health"
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
	Seen   bool   // someone looks at the newest entries of the tab: its errors are read
	Whole  uint64 // id of the row whose entry is wanted with all its fields, 0: none
}

// MaxRows is the most entries that a page holds.
const MaxRows = 200

// Move is how the bottom row moves from the anchor, always over rows: entries that pass the filter, equal ones that
// follow each other being one. It is carried out once: entries that come later do not move the page again. Where
// sources have archives it goes on in them beyond the ring's oldest entry, and a page that stays while the ring loses
// its anchor is read again from there; else such a page is the one that starts with the oldest match, and Page.AtEnd
// is set.
type Move uint8

// The moves. One that finds nothing stays at the anchor (or at the end) and sets Page.AtEnd, and Page.Failed where there
// is more to say. Older stops where the page is still full. PreviousError to Around lead to Page.Found, and half of the page
// is newer where there is such.
const (
	Stay Move = iota
	Older
	Newer
	Oldest // the page that starts with the oldest match
	Newest
	PreviousError // towards older
	NextError     // towards newer
	ToTime        // the first entry at or after Query.At
	Around        // the anchor, or what passes next to it
	PreviousBoot  // the last entry of the boot before the anchor's
)

// Filter chooses entries, and how they make rows. Its zero value with Least Debug passes all.
type Filter struct {
	Tab     int      // index into the tabs of New; 0 is all
	Least   Severity // the mildest severity shown: Debug shows everything
	Text    string   // in a message as it is written or shown; smart case: case-insensitive unless it has an upper-case letter; empty passes all
	Regexp  bool     // Text is an RE2 expression, its case as written (one that does not compile passes nothing and sets Page.Err)
	Exclude bool     // entries that match are hidden
	Each    bool     // each entry is a row of its own: equal ones that follow each other are not made one
	Raw     bool     // messages are shown, looked through and compared for repeats as they are written, not as AppendPayload reads them
}

// Tab is one choice on the log screen: a name and the units that belong to it. Units match without ".service"; no
// units at all matches everything. With a pod, as namespace/name, it holds what is from the pod's log files alone.
type Tab struct {
	Name  string
	Units []string
	Pod   string
}

// Page is one answer: a screenful of entries and the figures around it. It reaches the loop through a Box; its memory
// is the reader's until the next Latest.
type Page struct {
	Query   uint64 // Number of the Query that it answers, 0 before the first
	Err     string // why the filter could not be used
	Rows    []Row  // oldest first; the last is the bottom row
	Text    []byte // the messages
	Pending bool   // the scan or the reading has not finished: Rows may still change
	Percent int    // of the ring scanned so far, 0-100
	AtEnd   bool   // the move found nothing further
	Found   uint64 // id of the row that the move led to
	Failed  string // why the move led nowhere
	Past    bool   // the bottom row is older than the ring
	Deeper  bool   // a source has an archive: Older and the like go beyond the ring
	Reading Reading
	Whole   *Whole // what Query.Whole asked for, nil until it is read; never changed

	Newer     int // matching entries in the ring that are newer than the bottom row
	NewerRows int // and how many rows they make
	Older     int // matching entries in the ring older than the top row, as far as scanned
	Matches   int // matching entries in the ring, as far as scanned

	Entries   int // in the ring
	Capacity  int
	Bytes     int
	Total     uint64                // entries ever taken in
	Came      [SeverityCount]uint64 // the same by severity
	Later     uint64                // of them, those that came when their source had begun: the newest row that is not Earlier is the last of them, unless Pending
	Dropped   uint64                // entries lost before the ring, by a source or because intake could not keep up
	Truncated uint64                // messages that were cut to MaxMessage
	Oldest    time.Time             // stamp of the ring's oldest entry
	Counts    [SeverityCount]int    // in the ring, over the query's tab, whatever its other filters
	Unread    []int                 // for each tab, entries of Err or worse since it was last looked at
	Hour      Hour                  // what came in the last hour, over the query's tab
	Sources   []SourceState         // a small table, one row a source
}

// Row is one entry of a Page.
type Row struct {
	ID                   uint64 // of the newest of Repeats equal entries that follow each other
	First                uint64 // of the oldest
	Repeats              int
	Time                 int64 // realtime, microseconds since 1970
	Unit                 string
	Pod                  string // namespace/name of the pod whose log file it is from; empty: from none
	PID                  int
	Severity             Severity
	Start, End           int // what is shown of the message: Page.Text[Start:End]
	Kept, Full           int // bytes of the message as it was written: in memory, and uncut
	Source               uint16
	Earlier              bool   // it was there when its source began
	Seq                  uint64 // with Time and Source it names the entry, 0: it does not
	MatchStart, MatchEnd int    // first match of the filter within what is shown; equal: none. Where AppendPayload leaves it out, the message is shown as it was written
}

// Reading is what is being read from the archives for a page.
type Reading struct {
	Active  bool
	Entries uint64 // so far
	At      int64  // stamp of the last one, microseconds since 1970
}

// Message returns the row's text; it is the page's memory.
func (p *Page) Message(r *Row) []byte { return p.Text[r.Start:r.End] }

// SourceState is one log source as the owner last heard of it.
type SourceState struct {
	Name   string // journal, journalctl, kmsg, self
	Health health.Health
	Detail string // what it reads and why it was chosen
}
