package serve

import (
	"fmt"
	"slices"
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
	said   []string  // in it
	unsaid int       // in it
}

// say logs a line, clean, without secrets and cut. It counts those beyond notesAMinute, and those that the minute has already.
func (n *notes) say(format string, args ...any) {
	text := secret.String(fmt.Sprintf(format, args...)) // the whole: a part of a secret is not known as one
	text = strings.ToValidUTF8(text[:min(len(text), maxNote)], "")
	n.mu.Lock()
	now, unsaid := time.Now(), 0
	if now.Sub(n.minute) >= time.Minute {
		n.minute, n.said, unsaid, n.unsaid = now, n.said[:0], n.unsaid, 0
	}
	again := len(n.said) == notesAMinute || slices.Contains(n.said, text)
	if again {
		n.unsaid++
	} else {
		n.said = append(n.said, text)
	}
	n.mu.Unlock()
	if unsaid > 0 {
		n.log("serve: %d more such lines were left out", unsaid)
	}
	if !again {
		n.log("serve: %s", text)
	}
}
