package tty

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/internal/await"
)

// fakeLine takes bytes as fast as they come, and remembers when.
type fakeLine struct {
	mu    sync.Mutex
	start time.Time
	text  []byte
	worst float64 // most bytes ahead of what the line can have sent
	rate  float64 // bytes a second
	err   error
}

func (l *fakeLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	l.text = append(l.text, p...)
	l.worst = max(l.worst, float64(len(l.text))-time.Since(l.start).Seconds()*l.rate)
	return len(p), nil
}

func (l *fakeLine) SetWriteDeadline(time.Time) error { return nil }

// TestF37BudgetOf9600: what the kernel gets is never more than a tenth of a second ahead of the line, and the line
// never runs dry.
func TestF37BudgetOf9600(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &fakeLine{start: time.Now(), rate: 960}
		s := startSender(line, 9600, func() { t.Error("failed") })
		frame := bytes.Repeat([]byte("0123456789"), 412) // 80x24 on xterm
		for range 5 {
			s.write(frame)
			if !s.waitSent(time.Now().Add(time.Minute)) {
				t.Fatal("not sent in a minute")
			}
		}
		took := time.Since(line.start).Seconds()
		if want := float64(len(line.text)) / line.rate; took > want || took < want-burst.Seconds()-0.001 {
			t.Errorf("%d bytes took %.3f s, the line needs %.3f s", len(line.text), took, want)
		}
		if line.worst > line.rate*burst.Seconds() {
			t.Errorf("%.0f bytes ahead of the line", line.worst)
		}
		if len(line.text) != 5*len(frame) {
			t.Errorf("%d bytes sent of %d", len(line.text), 5*len(frame))
		}
		s.close()
	})
}

func TestBudgetNeverExceeded(t *testing.T) {
	for _, baud := range []int{50, 110, 300, 1200, 9600, 38400, 115200, 921600, 1_000_000} {
		b := newBudget(baud)
		start := time.Unix(0, 0)
		now, sent := start, 0
		for i := range 20_000 {
			n, wait := b.take(now, 1+i%maxChunk)
			if n == 0 && wait <= 0 {
				t.Fatalf("%d baud: neither bytes nor a wait", baud)
			}
			sent += n
			allowed := now.Sub(start).Seconds()*float64(baud)/10 + max(burst.Seconds()*float64(baud)/10, 1)
			if float64(sent) > allowed+1e-6 {
				t.Fatalf("%d baud: %d bytes after %v, allowed are %.2f", baud, sent, now.Sub(start), allowed)
			}
			now = now.Add(wait + time.Duration(i%7)*time.Microsecond)
		}
		if sent == 0 {
			t.Errorf("%d baud: nothing in %v", baud, now.Sub(start))
		}
	}
}

func TestDropWhilePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &fakeLine{start: time.Now(), rate: 960}
		s := startSender(line, 9600, func() { t.Error("failed") })
		s.write(bytes.Repeat([]byte("x"), 9600))
		time.Sleep(time.Second)
		before := s.unsent()
		s.drop()
		if before == 0 || s.unsent() != 0 || !s.takeDamaged() {
			t.Errorf("unsent %d before and %d after drop", before, s.unsent())
		}
		got := len(line.text)
		time.Sleep(time.Minute)
		if len(line.text) > got {
			t.Errorf("%d bytes more after drop", len(line.text)-got)
		}
		s.drop()
		if s.takeDamaged() {
			t.Error("dropping nothing is damage")
		}
		s.close()
	})
}

func TestSenderFails(t *testing.T) {
	failed := make(chan struct{})
	line := &fakeLine{err: errors.New("gone")}
	s := startSender(line, 0, func() { close(failed) })
	s.write([]byte("x"))
	ttytest.Within(t, "failure", func() { <-failed })
	if s.unsent() != 0 {
		t.Error("keeps what cannot be sent")
	}
	if _, err := s.write([]byte("x")); err != line.err {
		t.Errorf("Write after failure: %v", err)
	}
	s.close()
}

// TestHugeFrameIsTakenWhole: or a screen whose frame exceeds the bound could never be painted.
func TestHugeFrameIsTakenWhole(t *testing.T) {
	line := &fakeLine{}
	s := startSender(line, 0, nil)
	defer s.close()
	huge := bytes.Repeat([]byte("x"), 2*MaxQueue)
	for range 3 {
		s.write(huge)
		if !s.waitSent(time.Now().Add(await.Limit)) || s.takeDamaged() {
			t.Fatal("not sent")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(s.queue) > MaxQueue {
		t.Errorf("keeps %d bytes of memory", cap(s.queue))
	}
	if len(line.text) != 3*len(huge) {
		t.Errorf("%d bytes sent of %d", len(line.text), 3*len(huge))
	}
}

// countingLine takes everything and keeps nothing.
type countingLine struct{}

func (countingLine) Write(p []byte) (int, error)      { return len(p), nil }
func (countingLine) SetWriteDeadline(time.Time) error { return nil }

func TestWriteDoesNotAllocate(t *testing.T) {
	s := startSender(countingLine{}, 0, nil)
	defer s.close()
	frame := make([]byte, 12_000)
	limit := time.Now().Add(time.Hour)
	write := func() {
		s.write(frame)
		for s.unsent() > 0 && time.Now().Before(limit) {
			<-s.sent
		}
	}
	for range 4 {
		write()
	}
	if n := testing.AllocsPerRun(200, write); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestSizeDoesNotAllocate(t *testing.T) {
	tty, _ := onPty(t, 80, 24)
	if n := testing.AllocsPerRun(100, func() { tty.Size(); tty.Idle(); tty.Damaged() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTtyWrite(b *testing.B) {
	s := startSender(countingLine{}, 0, nil)
	defer s.close()
	frame := make([]byte, 12_000)
	b.ReportAllocs()
	for b.Loop() {
		s.write(frame)
		s.waitSent(time.Now().Add(await.Limit))
	}
}
