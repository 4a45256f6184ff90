package tty

import (
	"errors"
	"os"
	"sync"
	"time"
)

const (
	// maxQueue bounds what waits while the terminal takes nothing. A single write may be longer: one that finds the
	// queue empty is always taken, or a huge screen could never be painted.
	MaxQueue = 256 << 10
	// maxChunk is handed to the kernel at once, so that dropping takes effect soon.
	maxChunk = 4096
	// stallRetry bounds the wait for one wake-up from the kernel, in case it never comes.
	stallRetry = time.Second
)

// writer is the part of os.File that a sender needs.
type writer interface {
	Write([]byte) (int, error)
	SetWriteDeadline(time.Time) error
}

// sender hands bytes to a terminal from a goroutine of its own, at the line's speed.
type sender struct {
	out  writer
	fail func()        // called at an error that is the terminal's end
	wake chan struct{} // something changed for the goroutine
	sent chan struct{} // the queue became empty
	done chan struct{} // the goroutine ended

	mu      sync.Mutex
	budget  budget
	queue   []byte // waits
	current []byte // being sent; only the goroutine slices it, drop makes it nil
	spare   []byte // the memory of current, whole
	damaged bool
	closed  bool
	err     error // after which nothing is sent
}

func startSender(out writer, baud int, fail func()) *sender {
	s := &sender{
		out: out, fail: fail, budget: newBudget(baud),
		wake: make(chan struct{}, 1), sent: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go s.run()
	return s
}

func signalTo(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write queues a copy of p, or drops it whole.
func (s *sender) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	waiting := len(s.queue) + len(s.current)
	if waiting > 0 && waiting+len(p) > MaxQueue {
		s.damaged = true
		return len(p), nil
	}
	s.queue = append(s.queue, p...)
	signalTo(s.wake)
	return len(p), nil
}

func (s *sender) unsent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) + len(s.current)
}

func (s *sender) takeDamaged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.damaged
	s.damaged = false
	return d
}

// drop discards what is unsent, also in the middle of a sequence: what follows starts with ESC, which ends it.
func (s *sender) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue)+len(s.current) == 0 {
		return
	}
	s.queue, s.current = s.queue[:0], nil
	s.damaged = true
	s.interrupt()
}

// interrupt ends a Write that waits. The goroutine sets its deadlines under mu too, so none is set after this one
// without seeing what changed.
func (s *sender) interrupt() {
	_ = s.out.SetWriteDeadline(time.Unix(1, 0))
	signalTo(s.wake)
	signalTo(s.sent)
}

// close ends the goroutine. What is unsent is lost.
func (s *sender) close() {
	s.mu.Lock()
	s.closed, s.err = true, os.ErrClosed
	s.queue, s.current = nil, nil
	s.interrupt()
	s.mu.Unlock()
	<-s.done
}

// waitSent waits until nothing is unsent and reports whether that was before limit.
func (s *sender) waitSent(limit time.Time) bool {
	timer := time.NewTimer(time.Until(limit))
	defer timer.Stop()
	for s.unsent() > 0 {
		select {
		case <-s.sent:
		case <-timer.C:
			return s.unsent() == 0
		}
	}
	return true
}

func (s *sender) run() {
	defer close(s.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		chunk, wait, ok := s.next()
		switch {
		case !ok:
			return
		case len(chunk) > 0:
			n, err := s.out.Write(chunk)
			s.account(n, err)
		case wait > 0:
			pause.Reset(wait)
			select {
			case <-pause.C:
			case <-s.wake:
			}
		default:
			<-s.wake
		}
	}
}

// next returns what to send now, or how long the budget makes us wait, or neither when there is nothing to send.
func (s *sender) next() (chunk []byte, wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, 0, false
	}
	if len(s.current) == 0 {
		if len(s.queue) == 0 {
			return nil, 0, true
		}
		s.current, s.queue, s.spare = s.queue, s.spare[:0], s.queue
		if cap(s.queue) > MaxQueue {
			s.queue = nil // a huge frame's memory is not kept
		}
	}
	now := time.Now()
	n, wait := s.budget.take(now, min(len(s.current), maxChunk))
	if n > 0 {
		_ = s.out.SetWriteDeadline(now.Add(stallRetry))
	}
	return s.current[:n], wait, true
}

// account removes the n bytes that were sent.
func (s *sender) account(n int, err error) {
	s.mu.Lock()
	s.current = s.current[min(n, len(s.current)):] // drop may have emptied it
	failed := err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !s.closed
	if failed {
		s.err = err
		s.queue, s.current = s.queue[:0], nil
	}
	if len(s.queue)+len(s.current) == 0 {
		signalTo(s.sent)
	}
	s.mu.Unlock()
	if failed {
		s.fail()
	}
}
