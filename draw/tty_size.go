package draw

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"
)

// What a terminal has that does not know its size.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// WindowSize asks the terminal for its size, in cells. Where it says 0, as a serial line does, what $COLUMNS or $LINES
// said at the opening counts, else what the terminal at the other end answered to AskSize, else 80x24. The answer lies
// within 1x1 and MaxWidth x MaxHeight.
func (t *Tty) WindowSize() (tcell.WindowSize, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := os.ErrClosed
	if !t.closed {
		var ws *unix.Winsize
		if ws, err = unix.IoctlGetWinsize(t.fd, unix.TIOCGWINSZ); err == nil {
			t.w = cells(MaxWidth, t.fixedW, int(ws.Col), t.columns, t.report.w, defaultWidth)
			t.h = cells(MaxHeight, t.fixedH, int(ws.Row), t.lines, t.report.h, defaultHeight)
		}
	}
	if err != nil {
		return tcell.WindowSize{}, fmt.Errorf("ask the terminal's size: %w", err)
	}
	return tcell.WindowSize{Width: t.w, Height: t.h}, nil
}

// SetSize makes the terminal w by h cells large, whatever it says itself; zeros take that back.
func (t *Tty) SetSize(w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fixedW, t.fixedH = w, h
}

// Size is WindowSize; of a terminal that is gone it is the last one known.
func (t *Tty) Size() (w, h int) {
	_, err := t.WindowSize()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && !t.closed {
		t.hangUp()
	}
	return t.w, t.h
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

// resizePause lets a storm of resizes cause few repaints.
const resizePause = 50 * time.Millisecond

// resizeWatch calls back after SIGWINCH.
type resizeWatch struct {
	quit chan struct{}
	done sync.WaitGroup
}

// NotifyResize calls cb when the kernel says that the size changed, but not at once again; nil ends that. The kernel
// tells only a program that has the terminal as its controlling one.
func (t *Tty) NotifyResize(cb func()) {
	t.mu.Lock()
	old := t.resize
	t.resize = nil
	if cb != nil && !t.closed {
		r := &resizeWatch{quit: make(chan struct{})}
		r.done.Go(func() { r.run(cb) })
		t.resize = r
	}
	t.mu.Unlock()
	if old != nil {
		close(old.quit)
		old.done.Wait()
	}
}

func (r *resizeWatch) run(cb func()) {
	changed := make(chan os.Signal, 1) // one that comes during the pause is kept
	signal.Notify(changed, unix.SIGWINCH)
	defer signal.Stop(changed)
	for {
		select {
		case <-changed:
			cb()
		case <-r.quit:
			return
		}
		select {
		case <-time.After(resizePause):
		case <-r.quit:
			return
		}
	}
}
