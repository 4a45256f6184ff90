// Package journal keeps the newest log entries in a fixed ring with one owner, and answers the log screen's queries
// from it. Its entries come from the sources in journal/source, already sanitised.
package journal

import "time"

// Severity is syslog's: 0 is the worst.
type Severity uint8

// The eight severities of syslog (RFC 5424).
const (
	Emerg Severity = iota
	Alert
	Crit
	Err
	Warning
	Notice
	Info
	Debug
	SeverityCount
)

var severityNames = [SeverityCount]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// String is the name used in --json.
func (s Severity) String() string {
	if s >= SeverityCount {
		return "unknown"
	}
	return severityNames[s]
}

// Entry is one log entry on its way into the ring. The byte slices are the caller's; the ring copies them.
type Entry struct {
	Time     time.Time // realtime stamp of the source
	Unit     []byte    // systemd unit without .service, or identifier; "kernel"; "self" for this program
	PID      int       // 0: unknown
	Severity Severity  // parsed from the text where the text says, else the source's own priority
	Message  []byte    // sanitised; LF separates the lines of a multi-line message
	Full     int       // length of the whole message in bytes before it was cut to MaxMessage
}

// MaxMessage is where a message is cut, in bytes.
const MaxMessage = 4096
