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
	modes   []byte
	clear   []byte
	started bool // Init has succeeded and Fini was not called since
}

// innards is what tcell's screens have beside their interface.
type innards interface {
	sync.Locker
	GetCells() *tcell.CellBuffer
	EventQ() chan tcell.Event
}

func newScreen(s tcell.Screen, t *Tty, e *terminfo.Terminfo, caps Caps) *Screen {
	in := s.(innards) // tcell's own type has all of it
	return &Screen{
		Screen: s, tty: t, inner: in, cells: in.GetCells(),
		restore: restoreSequence(e), modes: modesSequence(e, caps),
		clear: []byte(e.AttrOff + e.EnterKeypad + e.HideCursor + e.Clear),
	}
}

// restoreSequence is what tcell sends when it ends.
func restoreSequence(e *terminfo.Terminfo) []byte {
	return []byte(e.ShowCursor + e.ResetFgBg + e.AttrOff + e.ExitKeypad + e.EnableAutoMargin + e.Clear + e.ExitCA)
}

// modesSequence brings the terminal into the modes that drawing needs, but for those that drawing itself sets: another
// terminal may be at the other end of the line by now, or another program may have set them. It ends whatever was cut
// off before it.
//
// ECMA-48; man 4 console_codes for what is the Linux console's own
func modesSequence(e *terminfo.Terminfo, caps Caps) []byte {
	const (
		endOfString  = "\x1b\\"
		ascii        = "\x1b(B\x0f" // G0, and that one in use
		wholeScrolls = "\x1b[r"     // DECSTBM without its margins
		replace      = "\x1b[4l"    // IRM
		plainScreen  = "\x1b[?5;6l" // DECSCNM, DECOM
		firstFont    = "\x1b[10m"
		utf8Text     = "\x1b%G"
	)
	modes := endOfString + ascii + wholeScrolls + replace + plainScreen
	if caps.Linux {
		modes += firstFont
	}
	if caps.Linux && caps.UTF8 {
		modes += utf8Text
	}
	return []byte(modes + e.EnableAcs + e.DisableAutoMargin)
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
	s.SetModes()
	_, _ = s.tty.Write(s.clear) // a terminal that is gone is told elsewhere
}

// SetModes brings the terminal into the modes that drawing needs, whatever another program has left. What it shows
// stays, but drawing must go on with Show.
func (s *Screen) SetModes() {
	_, _ = s.tty.Write(s.modes)
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
