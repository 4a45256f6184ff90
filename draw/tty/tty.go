// Package tty is a terminal whose writes never block: it knows the speed, the size, the input and the font of consoles, serial
// lines and pseudo-terminals.
package tty

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a terminal for tcell whose writes never block: they are kept and sent by a goroutine of its own, no faster
// than the line takes them. All methods may be called from any goroutine, Read from
// one at a time.
type Terminal struct {
	line    *ttyLine // its descriptor is for ioctls under mu while not closed
	baud    int
	serial  bool
	console bool // one of the kernel's, as /dev/tty1
	out     *sender
	hup     chan struct{}
	hupped  sync.Once
	watched chan struct{} // closed when nobody waits for a hang-up any more

	input  [256]byte // these three are the reader's
	keys   keyFilter
	typing atomic.Bool // pasted text is wanted
	early  []byte      // keys that came while Init waited for the size

	mu     sync.Mutex
	closed bool
	saved  *unix.Termios // what Stop restores; nil unless started
	tail   []byte        // written since DrainBlockers: what puts the terminal back
	ending bool          // between DrainBlockers and Stop
	w, h   int           // as last asked

	fixedW, fixedH int // by SetSize
	columns, lines int // from the environment, for a terminal that does not know
	report         sizeReport

	fontMu sync.Mutex // guards fonts: a console may take long to tell its font
	fonts  fontReader
}

// Open opens the terminal at path, or the controlling terminal when path is empty, or, where there is not one, the
// terminal that is standard input.
//
// baud is the line's speed in bits a second; 0 asks the terminal. Only a serial line is paced then.
func Open(path string, baud int) (*Terminal, error) {
	if path != "" {
		return openTtyAt(path, baud)
	}
	if t, err := openTtyAt("/dev/tty", baud); err == nil {
		return t, nil
	}
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS2); err != nil {
		return nil, errors.New("open terminal: no controlling terminal, and standard input is none: name one with --tty")
	}
	return openTtyAt("/proc/self/fd/0", baud)
}

func openTtyAt(path string, baud int) (*Terminal, error) {
	l, err := openLine(path)
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	t, err := start(l, baud)
	if err != nil {
		return nil, err
	}
	t.columns, t.lines = sizeFrom("COLUMNS"), sizeFrom("LINES")
	return t, nil
}

// OpenFd makes a Terminal of a descriptor that another process has handed over; it is the Terminal's, also when there is
// an error. It must have been opened for this alone: the open file becomes non-blocking and stays so, which nobody may
// change or read from it meanwhile. What the environment says of a terminal is about another one and does not count.
func OpenFd(fd int) (*Terminal, error) {
	l, err := newLine(fd, "handed over")
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	return start(l, 0)
}

// start makes a Terminal of a line, which it closes when that is not a terminal.
func start(l *ttyLine, baud int) (*Terminal, error) {
	termios, err := unix.IoctlGetTermios(l.fd, unix.TCGETS2)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("open terminal %s: not a terminal", l.file.Name())
	}
	t := &Terminal{line: l, hup: make(chan struct{}), watched: make(chan struct{}), w: DefaultWidth, h: defaultHeight}
	t.console = isConsole(l.fd)
	t.serial = isSerial(l.fd)
	t.baud = pace(t.serial, termios, baud)
	t.out = startSender(l, t.baud, t.hangUp)
	go t.watch()
	return t, nil
}

// watch waits for a hang-up without reading, until Close.
func (t *Terminal) watch() {
	defer close(t.watched)
	if t.line.hup.wait() == nil {
		t.hangUp()
	}
}

// ErrHangup says that nobody is at the other end of the terminal any more.
var ErrHangup = errors.New("the terminal hung up")

// Start puts the terminal into raw mode; ErrHangup where it has hung up. Speed, word size and parity stay as whoever set up the line left them.
func (t *Terminal) Start() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return os.ErrClosed
	}
	saved, err := unix.IoctlGetTermios(t.line.fd, unix.TCGETS2)
	if err != nil {
		return notStarted("read the terminal's mode", err)
	}
	raw := *saved
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(t.line.fd, unix.TCSETS2, &raw); err != nil {
		return notStarted("set the terminal to raw mode", err)
	}
	if t.saved == nil {
		t.saved = saved
	}
	return t.line.SetReadDeadline(time.Time{})
}

// notStarted is why what Start does to the terminal failed: EIO is all that is left of one that has hung up.
func notStarted(what string, err error) error {
	if err == unix.EIO {
		return ErrHangup
	}
	return fmt.Errorf("%s: %w", what, err)
}

// DrainBlockers ends a Read that waits and discards unsent output: tcell calls it before it writes what puts the terminal back.
func (t *Terminal) Drain() error {
	t.mu.Lock()
	t.ending, t.tail = true, t.tail[:0]
	t.mu.Unlock()
	t.out.drop()
	return t.line.SetReadDeadline(time.Now())
}

// How long Stop waits for the terminal to take what puts it back: at first, and once its queue has been emptied.
const (
	restoreTime = 500 * time.Millisecond
	retryTime   = 100 * time.Millisecond
)

// Stop restores the mode that the terminal had before Start, after what was written last has left or restoreTime is
// over. A terminal that takes nothing loses what the kernel still holds for it, so that it ends with what puts it back.
func (t *Terminal) Stop() error {
	limit := time.Now().Add(restoreTime)
	if !t.out.waitSent(limit) {
		t.out.drop()
		t.mu.Lock()
		t.flushLocked(unix.TCOFLUSH)
		t.out.write(t.tail)
		t.mu.Unlock()
		limit = time.Now().Add(retryTime)
		t.out.waitSent(limit)
	}
	for time.Now().Before(limit) && t.queued() > 0 {
		time.Sleep(5 * time.Millisecond) // the kernel has no other way to tell that does not wait without limit
	}
	return t.restore()
}

// restore sets the saved mode again, at once. It may be called more than once.
func (t *Terminal) restore() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ending = false
	if t.saved == nil || t.closed {
		return nil
	}
	t.flushLocked(unix.TCIFLUSH) // half a key must not reach the shell
	if t.queuedLocked() > 0 {
		// Closing a serial line waits up to 30 s for output that nobody takes. Not on a pty, where this would take
		// back what its reader has not come to yet; there nothing counts as queued.
		t.flushLocked(unix.TCOFLUSH)
	}
	// TCSETS, not TCSETSW, which waits without limit for output to drain.
	err := unix.IoctlSetTermios(t.line.fd, unix.TCSETS2, t.saved)
	t.saved = nil
	if err != nil {
		return fmt.Errorf("restore the terminal's mode: %w", err)
	}
	return nil
}

// flushLocked discards what the kernel holds. A terminal that is gone has nothing to discard, hence no error.
func (t *Terminal) flushLocked(which int) {
	if !t.closed {
		_ = unix.IoctlSetInt(t.line.fd, unix.TCFLSH, which)
	}
}

// queued is how many bytes the kernel has not sent.
func (t *Terminal) queued() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.queuedLocked()
}

func (t *Terminal) queuedLocked() int {
	if t.closed {
		return 0
	}
	n, err := unix.IoctlGetInt(t.line.fd, unix.TIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}

// Close restores the terminal's mode if Stop has not, discards unsent output and ends all goroutines.
func (t *Terminal) Close() error {
	err := t.restore()
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return os.ErrClosed
	}
	t.closed = true
	t.mu.Unlock()
	t.out.close()
	err = errors.Join(err, t.line.Close())
	<-t.watched
	return err
}

// Abandon writes the given sequence in place of all that is unsent and closes the terminal, waiting for nothing.
func (t *Terminal) Abandon(sequence []byte) {
	t.out.drop()
	t.mu.Lock()
	t.flushLocked(unix.TCOFLUSH)
	t.mu.Unlock()
	if _, err := t.out.write(sequence); err == nil {
		t.out.waitSent(time.Now().Add(retryTime))
	}
	_ = t.Close() // the process is about to end: there is nobody to tell
}
