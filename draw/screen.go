package draw

import (
	"fmt"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/gdamore/tcell/v2/terminfo"
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

// Screen draws on a terminal and ends in any case. tcell starts and ends it and reads its keys; it draws nothing. One
// goroutine owns it.
type Screen struct {
	tcell   engine
	wire    wire
	port    port
	tty     Terminal
	restore []byte
	modes   []byte
	clear   []byte
	started bool // Init has succeeded and Fini was not called since
}

// engine is a tcell screen, with what it has beside its interface.
type engine interface {
	tcell.Screen
	EventQ() chan tcell.Event
}

// oneCell is a port that tcell takes for a terminal of a single cell: it keeps 192 bytes for each.
type oneCell struct{ port }

func (oneCell) WindowSize() (tcell.WindowSize, error) {
	return tcell.WindowSize{Width: 1, Height: 1}, nil
}

// NotifyResize does nothing: tcell would draw then.
func (oneCell) NotifyResize(func()) {}

// newScreen makes a Screen that writes to p by entry e, which it owns from now on.
func newScreen(p port, e *terminfo.Terminfo, caps Caps) (*Screen, error) {
	e.EnableAcs = ""
	if !caps.UTF8 {
		e.EnableAcs = lineDrawing
	}
	s, err := tcell.NewTerminfoScreenFromTtyTerminfo(oneCell{p}, e)
	if err != nil {
		return nil, err
	}
	return &Screen{
		tcell: s.(engine), // tcell's own type is one
		wire:  newWire(caps.UTF8), port: p,
		restore: restoreSequence(e), modes: modesSequence(caps),
		clear: []byte(e.AttrOff + foreignInput + pasteMarked + e.Clear),
	}, nil
}

// What the terminal is to send. xterm, ctlseqs: DECCKM and DECKPNM; mouse and focus reports, marks around pasted text.
const (
	plainKeys    = "\x1b[?1l\x1b>" // the keypad sends what is printed on it
	foreignInput = "\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l"
	pasteMarked  = "\x1b[?2004h"
)

// restoreSequence is what tcell sends when it ends.
func restoreSequence(e *terminfo.Terminfo) []byte {
	return []byte(e.ShowCursor + e.ResetFgBg + e.AttrOff + e.ExitKeypad + e.EnableAutoMargin + e.Clear + e.ExitCA)
}

// modesSequence brings the terminal into the modes that drawing needs, but for the attributes of text, which each frame
// sets: another terminal may be at the other end of the line by now, or another program may have set them. It ends whatever
// was cut off before it.
//
// ECMA-48; man 4 console_codes for what is the Linux console's own
func modesSequence(caps Caps) []byte {
	const (
		endOfString  = "\x1b\\"
		ascii        = "\x1b(B\x0f"             // G0, and that one in use
		wholeScrolls = "\x1b[r"                 // DECSTBM without its margins
		replace      = "\x1b[4l"                // IRM
		plainScreen  = "\x1b[?1;5;6;7;25l\x1b>" // DECCKM, DECSCNM, DECOM, DECAWM, DECTCEM, DECKPNM
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
	if !caps.UTF8 {
		modes += lineDrawing
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
	s.wire.width, _ = s.port.Size()
	return s.tcell.Init()
}

// PollEvent waits for what was typed; nil is the end of the screen.
func (s *Screen) PollEvent() tcell.Event { return s.tcell.PollEvent() }

// Put draws r at (x, y), whatever the terminal shows there, with the next Show, and returns how many bytes that takes; a
// blank's are counted with what follows it. The fewest are needed when the cells of a row come one after the other.
func (s *Screen) Put(x, y int, r rune, a attr) int { return s.wire.put(x, y, r, a) }

// Show sends what was put since the last Show.
func (s *Screen) Show() {
	if frame := s.wire.end(); len(frame) > 0 {
		_, _ = s.port.Write(frame) // a terminal that is gone is told elsewhere
	}
}

// Wipe empties the terminal, whatever it shows and whatever size it has by now. The canvas has to be told.
func (s *Screen) Wipe() {
	s.wire.width, _ = s.port.Size()
	s.SetModes()
	_, _ = s.port.Write(s.clear) // a terminal that is gone is told elsewhere
}

// SetModes brings the terminal into the modes that drawing needs, whatever another program has left. What it shows
// stays, but drawing must go on with Show.
func (s *Screen) SetModes() {
	_, _ = s.port.Write(s.modes)
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
