package procfile

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const maxSmall = 64 << 10 // bytes

// Small returns the first 64 KiB of a regular file, or nil. A FIFO in a file's place does not make it wait.
func Small(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	if s, err := f.Stat(); err != nil || !s.Mode().IsRegular() {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSmall))
	if err != nil {
		return nil
	}
	return text
}
