package draw

import (
	"fmt"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/gdamore/tcell/v2/terminfo"
)

// Screen draws on a Tty through tcell, a row at a time, and ends in any case. One goroutine owns it.
type Screen struct {
	tcell   oneRow
	cells   *tcell.CellBuffer // tcell's, under its lock: the row that is drawn
	writer  *rowWriter
	tty     Terminal
	wide    []int // columns of the row's wide characters
	restore []byte
	modes   []byte
	clear   []byte
	started bool // Init has succeeded and Fini was not called since
}

// oneRow is a tcell screen, with what it has beside its interface.
type oneRow interface {
	tcell.Screen
	sync.Locker
	GetCells() *tcell.CellBuffer
	EventQ() chan tcell.Event
}

// newScreen makes a Screen that writes to p by entry e, which it owns from now on.
func newScreen(p port, e *terminfo.Terminfo, caps Caps) (*Screen, error) {
	w := newRowWriter(p, e)
	s, err := tcell.NewTerminfoScreenFromTtyTerminfo(w, e)
	if err != nil {
		return nil, err
	}
	row := s.(oneRow) // tcell's own type has all of it
	return &Screen{
		tcell: row, cells: row.GetCells(), writer: w,
		restore: restoreSequence(e), modes: modesSequence(e, caps),
		clear: []byte(e.AttrOff + foreignInput + pasteMarked + e.Clear),
	}, nil
}

// What the terminal is to send. xterm, ctlseqs: DECCKM and DECKPNM; mouse and focus reports, marks around pasted text.
const (
	letters      = "\x1b(B\x0f"    // ASCII is G0, and that one in use
	plainKeys    = "\x1b[?1l\x1b>" // the keypad sends what is printed on it
	foreignInput = "\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l"
	pasteMarked  = "\x1b[?2004h"
)

// restoreSequence is what tcell sends when it ends.
func restoreSequence(e *terminfo.Terminfo) []byte {
	return []byte(e.ShowCursor + e.ResetFgBg + e.AttrOff + e.ExitKeypad + e.EnableAutoMargin + e.Clear + e.ExitCA)
}

// modesSequence brings the terminal into the modes that drawing needs, but for the attributes that drawing itself sets: another
// terminal may be at the other end of the line by now, or another program may have set them. It ends whatever was cut
// off before it.
//
// ECMA-48; man 4 console_codes for what is the Linux console's own
func modesSequence(e *terminfo.Terminfo, caps Caps) []byte {
	const (
		endOfString  = "\x1b\\"
		wholeScrolls = "\x1b[r"                 // DECSTBM without its margins
		replace      = "\x1b[4l"                // IRM
		plainScreen  = "\x1b[?1;5;6;7;25l\x1b>" // DECCKM, DECSCNM, DECOM, DECAWM, DECTCEM, DECKPNM
		firstFont    = "\x1b[10m"
		utf8Text     = "\x1b%G"
	)
	modes := endOfString + letters + wholeScrolls + replace + plainScreen
	if caps.Linux {
		modes += firstFont
	}
	if caps.Linux && caps.UTF8 {
		modes += utf8Text
	}
	if !caps.UTF8 {
		modes += e.EnableAcs
	}
	return []byte(modes)
}

// Init starts the screen. A terminal that does not know its size is asked where its last cell is, and has a second to
// answer.
func (s *Screen) Init() error {
	if err := s.tty.Start(); err != nil {
		return fmt.Errorf("start the terminal: %w", err)
	}
	s.tty.AwaitSize()
	if err := s.start(); err != nil {
		return fmt.Errorf("start the terminal: %w", err)
	}
	s.started = true
	return nil
}

func (s *Screen) start() error {
	s.writer.measure()
	return s.tcell.Init()
}

// PollEvent waits for what was typed; nil is the end of the screen.
func (s *Screen) PollEvent() tcell.Event { return s.tcell.PollEvent() }

// Put draws one character at (x, y), whatever the terminal shows there, with the next Show. The cells of a row come one
// after the other.
func (s *Screen) Put(x, y int, str string, style tcell.Style) {
	if y != s.writer.row {
		s.drawRow()
		s.writer.row = y
	}
	s.tcell.Lock()
	_, width := s.cells.Put(x, 0, str, style)
	s.cells.SetDirty(x, 0, true)
	s.tcell.Unlock()
	if width > 1 {
		s.wide = append(s.wide, x)
	}
}

// Show sends what was put since the last Show.
func (s *Screen) Show() {
	s.drawRow()
	s.writer.row = none
	s.writer.send()
}

// drawRow makes tcell draw the row that it is on. Afterwards all of tcell's cells count as shown again.
func (s *Screen) drawRow() {
	if s.writer.row == none {
		return
	}
	s.writer.take(s.tcell)
	s.tcell.Lock()
	defer s.tcell.Unlock()
	for _, x := range s.wide { // tcell leaves the right half to be drawn once the left one has gone
		s.cells.Put(x, 0, " ", tcell.StyleDefault)
		s.cells.SetDirty(x, 0, false)
		s.cells.SetDirty(x+1, 0, false)
	}
	s.wide = s.wide[:0]
}

// Clear empties the terminal, whatever it shows and whatever size it has by now. The canvas has to be told.
func (s *Screen) Clear() {
	if s.writer.measure() {
		s.writer.take(s.tcell) // tcell draws all cells anew then
		s.writer.forget()
	}
	s.SetModes()
	_, _ = s.writer.port.Write(s.clear) // a terminal that is gone is reported elsewhere
}

// SetModes brings the terminal into the modes that drawing needs, whatever another program has left. What it shows
// stays, but drawing must go on with Show.
func (s *Screen) SetModes() {
	_, _ = s.writer.port.Write(s.modes)
}

// Abandon restores and closes the terminal from any goroutine, for a program whose own one hangs. It may wait for ever
// where the terminal itself does.
func (s *Screen) Abandon() { s.tty.Abandon(s.restore) }

// finiTime is longer than Tty.Stop takes.
const finiTime = 900 * time.Millisecond

// Fini ends the screen, restores and closes the terminal. When tcell does not end, as after a panic inside it with its
// lock held, the terminal is restored without it.
func (s *Screen) Fini() {
	if !s.started {
		_ = s.tty.Close() // nothing to restore; whether it was open does not matter any more
		return
	}
	s.started = false
	events := s.tcell.EventQ()
	ended := make(chan struct{})
	go func() {
		s.tcell.Fini()
		close(ended)
	}()
	timer := time.NewTimer(finiTime)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-events: // tcell's goroutines do not end while they wait to post an event
		case <-timer.C:
			s.tty.Abandon(s.restore)
			return
		}
	}
}
