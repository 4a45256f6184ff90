package draw

import (
	"fmt"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/gdamore/tcell/v2/terminfo"
)

// Screen is tcell's, with a Fini that always ends and a way to send a part of the picture again. One goroutine owns it.
type Screen struct {
	tcell.Screen
	tty     *Tty
	inner   innards           // of the same
	cells   *tcell.CellBuffer // what tcell thinks the terminal shows, under its lock
	restore []byte
	wipe    []byte
	started bool // Init has succeeded and Fini was not called since
}

// innards is what tcell's screens have beside their interface.
type innards interface {
	sync.Locker
	GetCells() *tcell.CellBuffer
	EventQ() chan tcell.Event
}

func newScreen(s tcell.Screen, t *Tty, e *terminfo.Terminfo) *Screen {
	in := s.(innards) // tcell's own type has all of it
	return &Screen{Screen: s, tty: t, inner: in, cells: in.GetCells(), restore: restoreSequence(e), wipe: wipeSequence(e)}
}

// restoreSequence is what tcell sends when it ends.
func restoreSequence(e *terminfo.Terminfo) []byte {
	return []byte(e.ShowCursor + e.ResetFgBg + e.AttrOff + e.ExitKeypad + e.EnableAutoMargin + e.Clear + e.ExitCA)
}

// wipeSequence empties the terminal and brings it into the state that drawing needs: another one may be at the other
// end of the line by now, or somebody else may have set it. It ends whatever sequence was cut off before it.
func wipeSequence(e *terminfo.Terminfo) []byte {
	const firstSet, wholeScrolls = "\x0f", "\x1b[r" // SI; DECSTBM without its margins
	return []byte(e.AttrOff + firstSet + wholeScrolls + e.EnterKeypad + e.HideCursor + e.EnableAcs + e.DisableAutoMargin + e.Clear)
}

// Init starts the screen. A terminal that does not know its size is asked where its last cell is, and has a second to
// answer.
func (s *Screen) Init() error {
	if err := s.tty.Start(); err != nil {
		return fmt.Errorf("start the terminal: %w", err)
	}
	s.tty.awaitSize()
	if err := s.Screen.Init(); err != nil {
		return fmt.Errorf("start the terminal: %w", err)
	}
	s.started = true
	return nil
}

// Wipe empties the terminal, whatever it shows and whatever size it has by now. The canvas has to be told.
func (s *Screen) Wipe() {
	s.tty.mute(true)
	s.Show() // tcell asks for the size here only, and then sends all that it remembers
	s.tty.mute(false)
	s.inner.Lock()
	defer s.inner.Unlock()
	s.cells.Fill(' ', tcell.StyleDefault)
	w, h := s.cells.Size()
	for y := range h {
		for x := range w {
			s.cells.SetDirty(x, y, false)
		}
	}
	_, _ = s.tty.Write(s.wipe) // a terminal that is gone is told elsewhere
}

// Resend makes the next Show send the cell at (x, y) whether or not tcell thinks that it is shown.
func (s *Screen) Resend(x, y int) {
	s.inner.Lock()
	defer s.inner.Unlock()
	s.cells.SetDirty(x, y, true)
}

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
	events := s.inner.EventQ()
	ended := make(chan struct{})
	go func() {
		s.Screen.Fini()
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
			s.tty.abandon(s.restore)
			return
		}
	}
}
