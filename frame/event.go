package frame

import (
	"strconv"
	"time"

	"hypervisor-tui/journal"
)

// Event is something that has happened to the host and that may explain what came after it.
type Event struct {
	Kind     EventKind
	At       time.Time // wall clock
	Severity journal.Severity
	Subject  string // the unit, link or VM, the problem in words, the generation
	Of       string // the namespace of a VM
	Detail   string // what is said beside: "exit code 1", "from node-01 to node-02"; empty: nothing
	Where    string // the page where to look; empty: none
	More     int    // times that the same happened soon after; not recorded
}

// EventKind says what has happened. The numbers are in recordings: new kinds come last.
type EventKind uint8

// The kinds of event.
const (
	ProblemBegan EventKind = iota
	ProblemEnded
	UnitStarted
	UnitRestarted
	UnitStopped
	UnitHasFailed
	LinkLost  // its carrier
	LinkBack  // its carrier
	VMStarted // here: it may have been moved
	VMStopped // here
	VMMigrated
	GenerationSwitched
	HostBooted
	ClockStepped
	RecordingBegan
	ActionDone // or failed, by the helper
	EventKindCount
)

// eventWords are what stands before and after the subject of each kind.
var eventWords = [EventKindCount]struct{ before, after string }{
	ProblemBegan: {"", ""}, ProblemEnded: {"over: ", ""},
	UnitStarted: {"", " started"}, UnitRestarted: {"", " restarted"}, UnitStopped: {"", " stopped"}, UnitHasFailed: {"", " failed"},
	LinkLost: {"", " lost its carrier"}, LinkBack: {"", " has a carrier again"},
	VMStarted: {"VM ", " now runs here"}, VMStopped: {"VM ", " runs here no longer"}, VMMigrated: {"VM ", " migrated"},
	GenerationSwitched: {"switched to generation ", ""}, HostBooted: {"host booted", ""}, ClockStepped: {"clock stepped", ""},
	RecordingBegan: {"recording began", ""}, ActionDone: {"", ""},
}

// AppendWhat appends the event in words, with how often it has happened, without its time.
func (e *Event) AppendWhat(dst []byte) []byte {
	words := eventWords[min(e.Kind, EventKindCount-1)]
	dst = append(dst, words.before...)
	if e.Of != "" && e.Kind != ProblemBegan && e.Kind != ProblemEnded {
		dst = append(append(dst, e.Of...), '/')
	}
	dst = append(append(dst, e.Subject...), words.after...)
	if e.More > 0 {
		dst = strconv.AppendInt(append(dst, " x "...), int64(e.More)+1, 10)
	}
	if e.Detail != "" {
		dst = append(append(dst, ": "...), e.Detail...)
	}
	return dst
}
