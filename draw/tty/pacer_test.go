package tty

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// line is a writer that knows when each byte came, and fails after a while.
type line struct {
	bytes.Buffer
	fails int // after so many bytes; 0: never
}

var errLine = errors.New("the line is cut")

func (l *line) Write(b []byte) (int, error) {
	if l.fails > 0 && l.Len()+len(b) > l.fails {
		n, _ := l.Buffer.Write(b[:l.fails-l.Len()])
		return n, errLine
	}
	return l.Buffer.Write(b)
}

func TestF37PacerKeepsToTheLine(t *testing.T) {
	for _, c := range []struct {
		baud, bytes   int
		least, atMost time.Duration
	}{
		{9600, 9600, 9900 * time.Millisecond, 10 * time.Second}, // ten bits a byte; the last of them may still be on the line
		{300, 90, 2900 * time.Millisecond, 3 * time.Second},
		{9600, 0, 0, 0},
		{0, 1 << 20, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out line
			text := bytes.Repeat([]byte("x"), c.bytes)
			start := time.Now()
			n, err := NewPacer(&out, c.baud).Write(text)
			took := time.Since(start)
			if n != c.bytes || err != nil || !bytes.Equal(out.Bytes(), text) {
				t.Errorf("%d bytes at %d baud: %d written, %v", c.bytes, c.baud, n, err)
			}
			if took < c.least || took > c.atMost {
				t.Errorf("%d bytes at %d baud took %v, want %v to %v", c.bytes, c.baud, took, c.least, c.atMost)
			}
		})
	}
}

func TestPacerTellsWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &line{fails: 500}
		if n, err := NewPacer(out, 9600).Write(make([]byte, 1000)); n != 500 || !errors.Is(err, errLine) {
			t.Errorf("%d written, %v", n, err)
		}
	})
}

func TestPacerOfAFileDoesNotWait(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if p := NewPacer(f, 0); p.budget.perByte != 0 {
		t.Error("a file is paced")
	}
}
