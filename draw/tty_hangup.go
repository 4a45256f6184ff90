package draw

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// hangupWatch waits for a terminal's hang-up without reading from it.
//
// The runtime's poller only waits for input or room for output. So the terminal is put into an epoll set of its own
// that asks for nothing, which reports hang-ups all the same, and the poller waits for that set to become readable:
// no thread blocks and nothing wakes up in between.
type hangupWatch struct {
	set  *os.File
	done chan struct{}
}

func watchHangup(fd int, hup func()) (*hangupWatch, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("watch for a hang-up: %w", err)
	}
	w := &hangupWatch{done: make(chan struct{})}
	// Non-blocking first: NewFile gives only such descriptors to the poller.
	if err = unix.SetNonblock(set, true); err == nil {
		err = unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{})
	}
	w.set = os.NewFile(uintptr(set), "hang-up watch")
	if err != nil {
		w.set.Close()
		return nil, fmt.Errorf("watch for a hang-up: %w", err)
	}
	conn, err := w.set.SyscallConn()
	if err != nil {
		w.set.Close()
		return nil, fmt.Errorf("watch for a hang-up: %w", err)
	}
	go func() {
		defer close(w.done)
		var events [1]unix.EpollEvent
		n := 0
		_ = conn.Read(func(set uintptr) bool { // an error is our own close
			n, _ = unix.EpollWait(int(set), events[:], 0)
			return n > 0
		})
		if n > 0 {
			hup()
		}
	}()
	return w, nil
}

func (w *hangupWatch) close() {
	w.set.Close()
	<-w.done
}
