// Package journal keeps the newest log entries in a fixed ring with one owner, and answers the log screen's queries
// from it. Sources (journal/source) hand their entries to a Sink, the one way in, where they are sanitised, masked,
// graded and cut; the Log's goroutine owns everything behind it.
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

// Entry is one log entry on its way to a Sink. Unit, Pod and Message are raw bytes from outside: the Sink cleans and
// copies them, they stay the caller's.
type Entry struct {
	Time     time.Time // realtime stamp of the source
	Unit     []byte    // systemd unit without .service, or identifier; "kernel"; "self" for this program
	Pod      []byte    // namespace/name of the pod whose log file it is from; empty: from none
	PID      int       // 0: unknown
	Severity Severity  // the source's own priority; the text's severity replaces it where the text says one
	Message  []byte    // LF separates the lines of a multi-line message
	Full     int       // length of the whole message in bytes when the source has cut it; less than Message: not cut
	Lane     uint16    // which of its source's own orders it is part of, below 1<<15: a file's number, say
	Helper   bool      // the helper of this program wrote it, by the word of journald
	Place    Place     // where its source finds it again, its Time that above; zero: nowhere
}

// MaxMessage is where a message is cut, in bytes of clean text.
const MaxMessage = 4096
