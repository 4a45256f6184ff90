package frame

import (
	"time"

	"hypervisor-tui/journal"
)

// Event is something that has happened to the host and that may explain what came after it.
type Event struct {
	Kind     EventKind
	At       time.Time // wall clock
	Severity journal.Severity
	Subject  string // the unit, link, VM or problem in words
	Of       string // the namespace of a VM
	Detail   string // what is said beside: "exit code 1", "from node-01 to node-02"; empty: nothing
	Where    string // the page where to look; empty: none
}

// EventKind says what has happened.
type EventKind uint8

// The kinds of event.
const (
	ProblemBegan EventKind = iota
	ProblemEnded
	AlertBegan
	AlertEnded
	UnitStarted
	UnitRestarted
	UnitStopped
	UnitHasFailed
	LinkLost // its carrier
	LinkBack // its carrier
	VMStarted
	VMStopped
	VMMigrated
	GenerationSwitched
	HostBooted
	HostEnded // by a shutdown
	ClockStepped
	RecordingBegan
	ActionDone
	EventKindCount
)
