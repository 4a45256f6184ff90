package journal

import (
	"bytes"
	"time"

	"hypervisor-tui/internal/box"
)

// Action is what the helper of this program, hypervisor-tui --act, says it has done, or tried to.
type Action struct {
	N        uint64    // rises by one with each that is read
	Time     time.Time // realtime stamp
	Severity Severity
	Verb     string // such as node.drain
	Object   string
	Done     bool   // else it was begun and went wrong
	Text     string // how it ended, in the helper's words, and who asked for it
}

const actions = 32 // that are kept

// action keeps what the helper says it has done. Its plans and refusals are none. Any goroutine may call it.
func (l *Log) action(h *record, text []byte) {
	rest, ok := bytes.CutPrefix(text, []byte("act: "))
	verb, rest, hasObject := bytes.Cut(rest, []byte(" "))
	object, rest, hasEnd := bytes.Cut(rest, []byte(": "))
	how, rest, hasText := bytes.Cut(rest, []byte(": "))
	done := string(how) == "done"
	if !ok || !hasObject || !hasEnd || !hasText || !done && string(how) != "failed" {
		return
	}
	a := Action{Time: time.UnixMicro(h.micros), Severity: h.severity, Verb: string(verb), Object: string(object), Done: done, Text: string(rest)}
	box.Change(&l.acted, func(acted []Action) []Action {
		for i := range acted {
			if a.N = acted[i].N; a == acted[i] { // read again
				return acted
			}
		}
		a.N = 1
		if n := len(acted); n > 0 {
			a.N = acted[n-1].N + 1
		}
		acted = append(acted, a)
		return acted[max(len(acted)-actions, 0):]
	})
}

// Actions returns the newest of what the helper says it has done, as the sources have read it. Nobody changes what it returns. It does
// not allocate.
func (l *Log) Actions() []Action { return *l.acted.Load() }
