// Package process is about this process itself: what it prints, the memory it keeps, the timers of its threads, what it uses.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Captured holds fds 1 and 2 while the console runs: what anything in this process prints becomes log entries of unit
// self instead of damage on the screen. A Go fatal error goes to the original standard error.
type Captured struct {
	out      *os.File // the pipe's reading end
	original [2]int   // copies of fds 1 and 2 as they were
	stderr   *os.File // the copy of fd 2, for the runtime's last words
}

// CaptureOutput puts a pipe in the place of fds 1 and 2. The pipe's writing end does not block: when nobody reads, what
// is printed is lost, and the program goes on.
func CaptureOutput() (*Captured, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("capture standard output: %w", err)
	}
	c := &Captured{out: os.NewFile(uintptr(p[0]), "captured output")}
	for i := range c.original {
		fd, err := unix.FcntlInt(uintptr(i+1), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("keep standard output: %w", err), c.out.Close(), unix.Close(p[1]))
		}
		c.original[i] = fd
	}
	c.stderr = os.NewFile(uintptr(c.original[1]), "original standard error")
	if err := debug.SetCrashOutput(c.stderr, debug.CrashOptions{}); err != nil {
		return nil, fmt.Errorf("set the crash output: %w", err)
	}
	for i := range c.original {
		if err := unix.Dup3(p[1], i+1, 0); err != nil {
			return nil, fmt.Errorf("redirect standard output: %w", err)
		}
	}
	return c, unix.Close(p[1])
}

// Pump copies what is printed to lines until ctx ends. flush is called after each read.
func (c *Captured) Pump(ctx context.Context, lines io.Writer, flush func()) error {
	stop := context.AfterFunc(ctx, func() { _ = c.out.Close() }) // wakes the read; its result does not matter
	defer stop()
	buf := make([]byte, 8<<10)
	for {
		n, err := c.out.Read(buf)
		if n > 0 {
			if _, err := lines.Write(buf[:n]); err != nil {
				return fmt.Errorf("take in printed lines: %w", err)
			}
			flush()
		}
		if ctx.Err() != nil || err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read printed lines: %w", err)
		}
	}
}

// Release gives fds 1 and 2 back. The runtime prints its last words there by itself, and to its crash output as well.
func (c *Captured) Release() {
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{}) // nothing better can be done when this fails
	for i, fd := range c.original {
		_ = unix.Dup3(fd, i+1, 0)
	}
}
