package tty

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// What a terminal has that does not know its size.
const (
	DefaultWidth  = 80
	defaultHeight = 24
)

// MaxWidth and MaxHeight are the most cells that are drawn: what lies beyond stays empty.
const (
	MaxWidth  = 400
	MaxHeight = 150
)

// Size asks the terminal for its size, in cells; of a terminal that is gone it is the last one known. Where it says 0,
// as a serial line does, what $COLUMNS or $LINES said at the opening counts, else what the terminal at the other end
// answered to AskSize, else 80x24. The answer lies within 1x1 and MaxWidth x MaxHeight.
func (t *Terminal) Size() (w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return t.w, t.h
	}
	ws, err := unix.IoctlGetWinsize(t.line.fd, unix.TIOCGWINSZ)
	if err != nil {
		t.hangUp()
		return t.w, t.h
	}
	t.w = cells(MaxWidth, t.fixedW, int(ws.Col), t.columns, t.report.w, DefaultWidth)
	t.h = cells(MaxHeight, t.fixedH, int(ws.Row), t.lines, t.report.h, defaultHeight)
	return t.w, t.h
}

// SetSize makes the terminal w by h cells large, whatever it says itself; zeros take that back.
func (t *Terminal) SetSize(w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fixedW, t.fixedH = w, h
}

// cells returns the first number that is a size, most at most.
func cells(most int, numbers ...int) int {
	for _, n := range numbers {
		if n > 0 {
			return min(n, most)
		}
	}
	return 0
}

// sizeFrom returns the number that an environment variable holds, 0 for none.
func sizeFrom(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return 0
	}
	return n
}
