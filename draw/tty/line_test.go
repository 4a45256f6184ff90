package tty

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// waited is what all epoll sets of this process, the runtime's too, wait for on a descriptor.
func waited(t *testing.T, fd int) (events uint32) {
	t.Helper()
	sets, err := os.ReadDir("/proc/self/fdinfo")
	if err != nil {
		t.Skip(err)
	}
	for _, set := range sets {
		text, _ := os.ReadFile("/proc/self/fdinfo/" + set.Name()) // gone since the listing
		for _, line := range strings.Split(string(text), "\n") {
			var of int
			var mask uint32
			if n, _ := fmt.Sscanf(line, "tfd: %d events: %x", &of, &mask); n == 2 && of == fd {
				events |= mask
			}
		}
	}
	return events
}

// TestRoomIsWaitedForOnlyWhenThereIsNone: a terminal that takes what is written wakes nobody; one that was full does
// once.
func TestRoomIsWaitedForOnlyWhenThereIsNone(t *testing.T) {
	tty, master := onPty(t, 80, 24)
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	if e := waited(t, tty.line.fd); e&unix.EPOLLIN == 0 || e&unix.EPOLLOUT != 0 {
		t.Fatalf("before the first byte: waits for %#x", e)
	}
	text := strings.Repeat("x", 64<<10) // more than a pty holds
	tty.Write([]byte(text))
	await.Until(t, "waiting for room", func() bool { return waited(t, tty.line.fd)&unix.EPOLLOUT != 0 })
	got, buf := 0, make([]byte, 4096)
	for got < len(text) {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	if !tty.out.waitSent(time.Now().Add(await.Limit)) {
		t.Fatal("not sent")
	}
	if e := waited(t, tty.line.fd); e&unix.EPOLLOUT != 0 {
		t.Errorf("after all is sent: waits for %#x", e)
	}
}

// TestCloseIsNoHangUp: a Read that Close ends says closed, and nobody takes that for the terminal's end.
func TestCloseIsNoHangUp(t *testing.T) {
	tty, _ := onPty(t, 80, 24)
	failed := make(chan error, 1)
	go func() {
		_, err := tty.Read(make([]byte, 256))
		failed <- err
	}()
	time.Sleep(10 * time.Millisecond) // it waits, mostly; the other way round must hold as well
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read: %v", err)
	}
	select {
	case <-tty.Hup():
		t.Error("a hang-up")
	default:
	}
}
