package tty

import (
	"time"

	"golang.org/x/sys/unix"
)

// sizeReport is what a terminal said about where its last cell is.
type sizeReport struct {
	w, h   int       // 0: it has never answered
	asked  time.Time // when it was asked last, zero once it has answered
	silent bool      // it left the last question but this one unanswered: nobody waits for it again
}

const (
	// answerTime is how long an answer is waited for. Over a slow line that is busy it takes a fraction of that.
	answerTime = time.Second
	// lateTime is how long an answer counts as one: later, and without a question, somebody else has sent it.
	lateTime = 5 * time.Second
	// leastReport keeps a key that looks like an answer, as Shift-F3 does on an xterm, from being one.
	leastReport = 3
)

// askLastCell saves the cursor, moves it as far as it goes, asks where it is and puts it back.
const askLastCell = "\x1b7\x1b[999;999H\x1b[6n\x1b8"

// AskSize asks a terminal that does not know its size where its last cell is, and reports whether that had to be asked.
// The answer counts for Size as soon as it comes; Asking reports whether it may still come.
func (t *Terminal) AskSize() bool {
	t.mu.Lock()
	ask := false
	if !t.closed && t.fixedW <= 0 {
		ws, err := unix.IoctlGetWinsize(t.line.fd, unix.TIOCGWINSZ)
		ask = err == nil && (ws.Col == 0 && t.columns <= 0 || ws.Row == 0 && t.lines <= 0)
	}
	if ask {
		t.report.silent = !t.report.asked.IsZero()
		t.report.asked = time.Now()
	}
	t.mu.Unlock()
	if ask {
		_, _ = t.out.write([]byte(askLastCell)) // a terminal that is gone is reported elsewhere
	}
	return ask
}

// Asking reports whether to wait with the next frame: the terminal was asked for its size less than a second ago, has not
// answered yet, and is one that answers.
func (t *Terminal) Asking() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.report.asked.IsZero() && !t.report.silent && time.Since(t.report.asked) < answerTime
}

// answered takes in what a cursor report says.
func (t *Terminal) answered(w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.report.asked.IsZero() || time.Since(t.report.asked) > lateTime || w < leastReport || h < leastReport {
		return
	}
	t.report = sizeReport{w: w, h: h}
}

// AwaitSize asks for the size, where that is needed, and waits for the answer. It reads from the terminal, which nobody
// else does yet; keys that come meanwhile are kept for Read.
func (t *Terminal) AwaitSize() {
	if !t.AskSize() {
		return
	}
	_ = t.line.SetReadDeadline(time.Now().Add(answerTime))
	for t.Asking() {
		n, err := t.line.Read(t.input[:])
		t.early = t.filter(t.early, t.input[:n])
		if err != nil {
			break // the deadline, or a hang-up, which the next Read finds again
		}
	}
	_ = t.line.SetReadDeadline(time.Time{})
}
