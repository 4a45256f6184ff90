package draw

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"hypervisor-tui/draw/vtscreen"
)

// paper is a tcell.Tty whose terminal is a vtscreen.
type paper struct {
	mu      sync.Mutex
	screen  *vtscreen.Screen
	resized func()
	ended   chan struct{}
	once    sync.Once
}

func (p *paper) Start() error { return nil }
func (p *paper) Stop() error  { return nil }

func (p *paper) Drain() error {
	p.once.Do(func() { close(p.ended) })
	return nil
}

func (p *paper) Close() error { return p.Drain() }

func (p *paper) NotifyResize(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resized = f
}

func (p *paper) WindowSize() (tcell.WindowSize, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return tcell.WindowSize{Width: p.screen.W, Height: p.screen.H}, nil
}

func (p *paper) Read([]byte) (int, error) {
	<-p.ended
	return 0, io.EOF
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.Write(b)
}

// cells is what the terminal shows. Nothing but our own sequences may have reached it.
func (p *paper) cells(t *testing.T) []vtscreen.Cell {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.screen.Foreign) > 0 || p.screen.Pending() != "" {
		t.Fatalf("sequences that are none of ours: %q, %q", p.screen.Foreign, p.screen.Pending())
	}
	var all []vtscreen.Cell
	for y := range p.screen.H {
		for x := range p.screen.W {
			all = append(all, p.screen.Cell(x, y))
		}
	}
	return all
}

func (p *paper) text() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []byte(p.screen.String())
}

// resize changes the terminal's size and waits until tcell has seen it.
func (p *paper) resize(t *testing.T, s tcell.Screen, w, h int) {
	t.Helper()
	p.mu.Lock()
	p.screen.Resize(w, h)
	resized := p.resized
	p.mu.Unlock()
	resized()
	limit := time.AfterFunc(time.Minute, func() { t.Error("tcell did not see the resize"); s.Fini() })
	defer limit.Stop()
	for e := s.PollEvent(); e != nil; e = s.PollEvent() {
		if r, ok := e.(*tcell.EventResize); ok {
			if gotW, gotH := r.Size(); gotW == w && gotH == h {
				return
			}
		}
	}
	t.FailNow()
}

// onPaper starts tcell with a terminal's entry on a paper of w by h cells.
func onPaper(t *testing.T, term string, w, h int) (*Screen, *paper) {
	t.Helper()
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("TCELL_TRUECOLOR", "disable")
	entry, err := lookupEntry(term)
	if err != nil {
		t.Fatal(err)
	}
	uniseg.EastAsianAmbiguousWidth = 1 // as NewScreen has it
	p := &paper{screen: vtscreen.New(w, h), ended: make(chan struct{})}
	s, err := tcell.NewTerminfoScreenFromTtyTerminfo(p, entry)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Fini)
	return newScreen(s, nil, entry, Caps{}), p
}

// TestIncrementsAreOneFullPaint is FuzzFlush through the real tcell, down to the bytes, and for F29: texts that nobody
// has sanitised bring none of their own sequences onto the wire.
func TestIncrementsAreOneFullPaint(t *testing.T) {
	for _, term := range []string{"xterm-256color", "xterm", "linux", "screen", "tmux-256color", "vt220"} {
		t.Run(term, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, uint64(len(term))))
			w, h := 40, 12
			s, p := onPaper(t, term, w, h)
			p.resize(t, s, w, h)
			c := NewCanvas(testLook())
			for round := range 25 {
				for range 10 {
					r := c.Begin(w, h)
					script := make(script, 400)
					for i := range script {
						script[i] = byte(random.Uint32())
					}
					for range random.IntN(12) {
						scribble(r, &script)
					}
					c.Flush(s)
					s.Show()
					if got, want := p.text(), c.AppendText(nil); !bytes.Equal(got, want) {
						t.Fatalf("round %d: the terminal shows\n%s\nthe canvas is\n%s", round, got, want)
					}
				}
				same(t, c, s, p, w)
				w, h = 1+random.IntN(50), 1+random.IntN(15)
				p.resize(t, s, w, h)
				c.Begin(w, h)
				c.Forget()
				c.Flush(s)
				s.Sync()
			}
		})
	}
}

// same holds that the terminal shows what it shows after one full paint, with the same attributes.
func same(t *testing.T, c *Canvas, s *Screen, p *paper, w int) {
	t.Helper()
	before := p.cells(t)
	c.Forget()
	c.Flush(s)
	s.Sync()
	after := p.cells(t)
	for i := range before {
		if before[i] != after[i] {
			t.Fatalf("cell %d,%d shows %+v, after one full paint %+v", i%w, i/w, before[i], after[i])
		}
	}
}
