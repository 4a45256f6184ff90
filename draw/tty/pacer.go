package tty

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Pacer writes to a line no faster than it sends. Unlike a Tty it waits.
type Pacer struct {
	out    io.Writer
	budget budget
}

// NewPacer paces out to baud bits a second; 0 asks the terminal when out is one. What is not a slow line is not paced.
func NewPacer(out io.Writer, baud int) *Pacer {
	if f, ok := out.(*os.File); ok && baud <= 0 {
		if t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS2); err == nil {
			baud = pace(isSerial(int(f.Fd())), t, baud)
		}
	}
	return &Pacer{out: out, budget: newBudget(baud)}
}

// Write writes all of b, or returns the error of the line.
func (p *Pacer) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		n, wait := p.budget.take(time.Now(), len(b)-written)
		if n == 0 {
			time.Sleep(wait)
			continue
		}
		done, err := p.out.Write(b[written : written+n])
		written += done
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
