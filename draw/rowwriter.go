package draw

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/gdamore/tcell/v2/terminfo"

	"hypervisor-tui/draw/tty"
)

// Terminal is what a Screen draws on; *tty.Terminal is one.
type Terminal interface {
	port
	AwaitSize()
	Abandon(sequence []byte)
	Console() bool
}

// port is the part of a Terminal that is needed while it draws.
type port interface {
	Start() error
	Stop() error
	Drain() error
	Close() error
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	Size() (w, h int)
}

// rowWriter is the terminal as tcell has it: a single row, which slides over the real ones. The canvas knows what changed
// wherever it is; tcell, with all rows of its own, would keep 192 bytes for each cell to find that out once more, and
// look at all of them for each frame.
//
// The row is named by the entry's way to move the cursor, which is therefore another one for each row.
type rowWriter struct {
	port
	entry *terminfo.Terminfo
	goTo  []string // the entry's SetCursor for each row
	hide  []byte   // what tcell sends before and after all that it draws: modesSequence hides the cursor
	width int
	row   int    // that tcell draws, or none
	frame []byte // drawn, and not sent
	taken bool   // what tcell writes goes into the frame
}

// none is no row.
const none = -1

func newRowWriter(p port, e *terminfo.Terminfo) *rowWriter {
	w := &rowWriter{port: p, entry: e, hide: []byte(e.HideCursor), width: tty.DefaultWidth, row: none}
	w.goTo = make([]string, tty.MaxHeight)
	for y := range w.goTo {
		w.goTo[y] = strings.Replace(e.SetCursor, "%p1%d", strconv.Itoa(y+1), 1)
	}
	return w
}

// WindowSize is tcell's question for the size.
func (w *rowWriter) WindowSize() (tcell.WindowSize, error) {
	return tcell.WindowSize{Width: w.width, Height: 1}, nil
}

// NotifyResize does nothing: tcell must not draw but in take.
func (w *rowWriter) NotifyResize(func()) {}

// measure asks for the terminal's width and reports whether it has changed.
func (w *rowWriter) measure() bool {
	width, _ := w.Size()
	changed := width != w.width
	w.width = width
	return changed
}

// take makes tcell draw its row into the frame.
func (w *rowWriter) take(s oneRow) {
	s.Lock()
	w.entry.SetCursor = w.goTo[max(w.row, 0)]
	s.Unlock()
	w.taken = true
	s.Show()
	w.taken = false
}

// Write is tcell's: what it draws, but for the cursor, which stays hidden.
func (w *rowWriter) Write(p []byte) (int, error) {
	if !w.taken {
		return w.port.Write(p)
	}
	drawn, _ := bytes.CutPrefix(p, w.hide)
	drawn, _ = bytes.CutSuffix(drawn, w.hide)
	w.frame = append(w.frame, drawn...)
	return len(p), nil
}

// send writes the frame.
func (w *rowWriter) send() {
	if len(w.frame) > 0 {
		_, _ = w.port.Write(w.frame) // a terminal that is gone is reported elsewhere
	}
	w.forget()
}

func (w *rowWriter) forget() { w.frame = w.frame[:0] }
