package tty

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Read waits for input and returns what of it may be a key's. It returns an error, and never nothing, at a hang-up (EOF
// or EIO), after DrainBlockers and after Close. p has room for keyRoom bytes and
// keyGrowth more.
func (t *Terminal) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	for {
		n, err := t.line.Read(t.input[:min(len(t.input), (len(p)-keyRoom)/keyGrowth)])
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrClosed) {
			t.hangUp()
		}
		n = len(t.filter(p[:0], t.input[:n]))
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// filter appends to dst what of the input src may be a key's, and takes the terminal's answers out of it.
func (t *Terminal) filter(dst, src []byte) []byte {
	t.keys.accept = t.typing.Load()
	dst = t.keys.pass(dst, src, time.Now())
	if w, h := t.keys.takeReport(); w > 0 {
		t.answered(w, h)
	}
	return dst
}

// AcceptPaste reports whether somebody types a text, which is what pasted text is for; it is never taken for keys.
func (t *Terminal) AcceptPaste(on bool) { t.typing.Store(on) }

// Write keeps a copy of p for sending and returns at once. When the terminal is so far behind that p does not fit,
// p is dropped whole, as if it had been sent, and Damaged reports it. It does not allocate once the buffers have grown
// to the size of a frame.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	if t.ending {
		t.tail = append(t.tail, p...)
	}
	t.mu.Unlock()
	return t.out.write(p)
}

// Idle reports whether all that was written has been handed to the kernel: the time to write the next frame.
func (t *Terminal) Idle() bool { return t.out.unsent() == 0 }

// Unsent is how many bytes wait to be handed to the kernel.
func (t *Terminal) Unsent() int { return t.out.unsent() }

// Damaged reports whether output was lost since the last call, by a full buffer or by Drop: what the terminal shows is
// then unknown, and everything must be painted again.
func (t *Terminal) Damaged() bool { return t.out.takeDamaged() }

// Drop discards unsent output.
func (t *Terminal) Drop() { t.out.drop() }

// Baud is the speed that output is held to, in bits a second; 0 is no limit.
func (t *Terminal) Baud() int { return t.baud }

// Serial reports whether the terminal is a serial line: another one may be attached to it at any time, and nothing tells.
func (t *Terminal) Serial() bool { return t.serial }

// Hup is closed when the terminal has hung up, whether or not anyone reads or writes.
func (t *Terminal) Hup() <-chan struct{} { return t.hup }

func (t *Terminal) hangUp() { t.hupped.Do(func() { close(t.hup) }) }

// Alive asks the terminal whether it is still there: a SIGHUP may also mean `read the configuration again`.
func (t *Terminal) Alive() bool {
	select {
	case <-t.hup:
		return false
	default:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	if _, err := unix.IoctlGetTermios(t.line.fd, unix.TCGETS2); err != nil {
		t.hangUp()
		return false
	}
	return true
}
