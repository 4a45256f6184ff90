package serve

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/internal/clean/secret"
)

const (
	notesAMinute = 20
	maxNote      = 300 // bytes of one
)

// notes is the log of what clients make happen: only so much of it each minute, since they could make any amount.
type notes struct {
	log    func(format string, args ...any)
	mu     sync.Mutex
	minute time.Time // when the one that is counted began
	said   int
	unsaid int
}

// say logs a line, cleaned, without secrets and cut, or counts it.
func (n *notes) say(format string, args ...any) {
	n.mu.Lock()
	now, unsaid := time.Now(), 0
	if now.Sub(n.minute) >= time.Minute {
		n.minute, n.said, unsaid, n.unsaid = now, 0, n.unsaid, 0
	}
	n.said++
	over := n.said > notesAMinute
	if over {
		n.unsaid++
	}
	n.mu.Unlock()
	if unsaid > 0 {
		n.log("serve: %d more lines like those before were left out", unsaid)
	}
	if over {
		return
	}
	text := secret.String(fmt.Sprintf(format, args...)) // the whole: a part of a secret is not known as one
	n.log("serve: %s", strings.ToValidUTF8(text[:min(len(text), maxNote)], ""))
}
