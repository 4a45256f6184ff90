package journal

import (
	"bytes"
	"time"
)

// tagsMax is how long the tags of a CRI line may be with their blank; today they are F or P alone.
const tagsMax = 16

// CRI is a line of a container's log file. Payload is the line's own memory.
//
// Kubernetes: design-proposals-archive/node/kubelet-cri-logging.md
type CRI struct {
	Time    time.Time
	Partial bool   // the next line of the same stream goes on with the payload
	Stderr  bool   // else stdout
	Payload []byte // what the container wrote
}

// ParseCRI reads "RFC3339Nano stdout|stderr F|P payload". ok is false for anything else. It does not allocate.
func ParseCRI(line []byte) (c CRI, ok bool) {
	if len(line) < 5 || line[4] != '-' { // most lines end here
		return c, false
	}
	var n int
	if c.Time, n = stamp(line); n == 0 || n == len(line) || line[n] != ' ' {
		return c, false
	}
	rest := line[n+1:]
	switch {
	case bytes.HasPrefix(rest, []byte("stdout ")):
	case bytes.HasPrefix(rest, []byte("stderr ")):
		c.Stderr = true
	default:
		return c, false
	}
	rest = rest[len("stdout "):]
	tags := bytes.IndexByte(rest[:min(len(rest), tagsMax)], ' ') // more of them may follow the first after a colon
	if tags < 1 || tags > 1 && rest[1] != ':' || rest[0] != 'F' && rest[0] != 'P' {
		return c, false
	}
	c.Partial = rest[0] == 'P'
	c.Payload = rest[tags+1:]
	return c, true
}

// criPayload returns what a container wrote when text is a line of a CRI log file, else text.
func criPayload(text []byte) []byte {
	if line, ok := ParseCRI(text); ok {
		return line.Payload
	}
	return text
}
