package console

import (
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

// countingLine is a serial line that counts what it is sent.
type countingLine struct {
	Terminal
	baud  int
	bytes int
	ended chan struct{}
}

func (l *countingLine) Start() error                { return nil }
func (l *countingLine) Stop() error                 { return nil }
func (l *countingLine) Close() error                { return nil }
func (l *countingLine) AwaitSize()                  {}
func (l *countingLine) Size() (w, h int)            { return 80, 24 }
func (l *countingLine) Console() bool               { return false }
func (l *countingLine) Serial() bool                { return true }
func (l *countingLine) Baud() int                   { return l.baud }
func (l *countingLine) Write(b []byte) (int, error) { l.bytes += len(b); return len(b), nil }

func (l *countingLine) Drain() error {
	close(l.ended)
	return nil
}

func (l *countingLine) Read([]byte) (int, error) {
	<-l.ended
	return 0, io.EOF
}

// TestF37BytesOfAQuietHost: a minute of a host on which only last digits change, sampled each two seconds, takes less than
// half of what a line of 9600 baud sends, with its repair, and no more of a faster one than that has.
func TestF37BytesOfAQuietHost(t *testing.T) {
	const seconds = 60
	for _, c := range []struct {
		term, locale string
		baud, most   int // bytes a second
	}{
		{"vt220", "C", 9600, 300}, {"linux", "C.UTF-8", 9600, 400},
		{"vt220", "C", 115200, 500}, {"linux", "C.UTF-8", 115200, 750},
	} {
		for _, page := range pages.Names() {
			terminal := &countingLine{baud: c.baud, ended: make(chan struct{})}
			screen, caps, err := draw.NewScreen(terminal, draw.ScreenOptions{Term: c.term, Locale: c.locale})
			if err != nil {
				t.Fatal(err)
			}
			if err := screen.Init(); err != nil {
				t.Fatal(err)
			}
			l := &session{terminal: newTerminal(terminal, screen, caps, config.Display{}), w: 80, h: 24}
			l.canvas = draw.NewCanvas(appearance(config.Display{Theme: "auto", Glyphs: "auto"}, caps, nil))
			l.console = screens.New(pages.New(pages.Options{Ask: func(journal.Query) {}}), page, nil)
			l.frame = *quietFrame()
			random := rand.New(rand.NewPCG(37, 1))
			send := func() {
				for l.behind = true; l.behind; {
					l.behind = false
					l.console.Update(l.w, l.h, &l.frame)
					l.console.Draw(l.canvas.Begin(l.w, l.h), &l.frame)
					l.behind = l.Send(l.canvas)
				}
			}
			quietSecond(&l.frame, random)
			quietSecond(&l.frame, random)
			send()
			whole := terminal.bytes
			for range seconds {
				quietSecond(&l.frame, random)
				l.repairDue()
				send()
			}
			took := (terminal.bytes - whole) / seconds
			t.Logf("%s %d baud, %s: %d bytes for the whole picture, then %d a second", c.term, c.baud, page, whole, took)
			if took > c.most {
				t.Errorf("%s at %d baud takes %d bytes a second of %s, at most %d are wanted", c.term, c.baud, took, page, c.most)
			}
			screen.Fini()
		}
	}
}

// quietFrame is a host that hardly does anything, and has nothing wrong.
func quietFrame() *frame.Frame {
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Settings.Slow = true
	return f
}

// quietSecond is what one second changes, every other one with a new sample.
func quietSecond(f *frame.Frame, random *rand.Rand) {
	f.Tick++
	f.Now, f.Boot = f.Now.Add(time.Second), f.Boot+time.Second
	if f.Tick%2 == 1 {
		return
	}
	h, n := f.Host, f.Net
	h.Samples++
	h.At, h.Uptime = f.Boot, f.Boot
	for s := range h.Health {
		h.Health[s].At = f.Boot
	}
	percent := func() float64 { return 1 + 2*random.Float64() }
	bytes := func() float64 { return float64(random.IntN(20_000)) }
	h.CPU.Busy, h.CPU.User, h.CPU.System, h.CPU.IOWait = percent(), percent(), percent(), 0
	for i := range h.Cores {
		h.Cores[i].Busy = percent()
	}
	h.Load = [3]float64{0.04 + random.Float64()/50, 0.1, 0.2}
	h.Memory.Used = uint64(40*frametest.GiB + random.IntN(20*frametest.MiB))
	h.Memory.Dirty = uint64(random.IntN(frametest.MiB))
	h.DiskRead, h.DiskWrite = 0, bytes()
	h.Disks[0].Read, h.Disks[0].Write, h.Disks[0].Busy = 0, h.DiskWrite, 0
	n.At, n.Rx, n.Tx = f.Boot, bytes(), bytes()
	eth0 := n.Interfaces[1]
	eth0.RxRate, eth0.TxRate = n.Rx, n.Tx
	eth0.RxBytes, eth0.TxBytes = eth0.RxBytes+uint64(2*n.Rx), eth0.TxBytes+uint64(2*n.Tx)
	h.History.CPU.Push(h.CPU.Busy)
	h.History.Memory.Push(62.5)
	h.History.DiskRead.Push(0)
	h.History.DiskWrite.Push(h.DiskWrite)
	h.History.Rx.Push(n.Rx)
	h.History.Tx.Push(n.Tx)
}
