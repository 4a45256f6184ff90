package draw

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/vtscreen"
)

// paper is a port whose terminal is a vtscreen.
type paper struct {
	mu     sync.Mutex
	screen *vtscreen.Screen
	wrote  bytes.Buffer
	ended  chan struct{}
	once   sync.Once
}

func newPaper(w, h int) *paper { return &paper{screen: vtscreen.New(w, h), ended: make(chan struct{})} }

func (p *paper) Start() error { return nil }
func (p *paper) Stop() error  { return nil }

func (p *paper) Drain() error {
	p.once.Do(func() { close(p.ended) })
	return nil
}

func (p *paper) Close() error { return p.Drain() }

func (p *paper) Size() (w, h int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.W, p.screen.H
}

func (p *paper) Read([]byte) (int, error) {
	<-p.ended
	return 0, io.EOF
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote.Write(b)
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
			c := p.screen.Cell(x, y)
			if a := &c.Attr; c.Rune == ' ' && a.Bg < 0 && !a.Reverse {
				*a = vtscreen.Plain // there is nothing to see of the others
			}
			all = append(all, c)
		}
	}
	return all
}

func (p *paper) text() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []byte(p.screen.String())
}

// resize changes the terminal's size, and the screen with it.
func (p *paper) resize(s *Screen, w, h int) {
	p.mu.Lock()
	p.screen.Resize(w, h)
	p.mu.Unlock()
	s.Clear()
}

// onPaper starts a screen with a terminal's entry.
func onPaper(t *testing.T, p *paper, term, charset string) *Screen {
	t.Helper()
	t.Setenv("LC_ALL", charset)
	t.Setenv("TCELL_TRUECOLOR", "disable")
	entry, err := lookupEntry(term)
	if err != nil {
		t.Fatal(err)
	}
	narrow()
	s, err := newScreen(p, entry, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.tcell.Fini)
	return s
}

// TestIncrementsAreOneFullPaint is FuzzFlush through the real tcell, down to the bytes, and for F29: texts that nobody
// has sanitised bring none of their own sequences onto the wire.
func TestIncrementsAreOneFullPaint(t *testing.T) {
	for _, term := range []string{"xterm-256color", "xterm", "linux", "screen", "tmux-256color", "vt220"} {
		t.Run(term, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, uint64(len(term))))
			w, h := 40, 12
			p := newPaper(w, h)
			s := onPaper(t, p, term, "C.UTF-8")
			look := testAppearance()
			if s.tcell.Colors() == 0 {
				look.Theme = MonoTheme() // as everywhere: tcell shows black without colours in reverse
			}
			c := NewCanvas(look)
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
				p.resize(s, w, h)
				c.Begin(w, h)
				c.Cleared()
			}
		})
	}
}

// TestF37CursorIsHiddenByTheModes: and not before and after each of the rows that a frame is drawn in.
func TestF37CursorIsHiddenByTheModes(t *testing.T) {
	const hide = "\x1b[?25"
	for _, term := range entries {
		p := newPaper(40, 12)
		s := onPaper(t, p, term, "C.UTF-8")
		for y := range 12 {
			s.Put(y, y, "x", tcell.StyleDefault)
		}
		p.wrote.Reset()
		s.Show()
		if strings.Contains(p.wrote.String(), hide) || p.wrote.Len() > 12*(jumpBytes+len("\x1b[mx")) {
			t.Errorf("%s: %q", term, &p.wrote)
		}
		if _, err := p.Write([]byte(hide + "h")); err != nil {
			t.Fatal(err)
		}
		s.SetModes()
		if p.screen.Visible {
			t.Errorf("%s: the modes leave the cursor visible", term)
		}
	}
}

// same holds that the terminal shows what it shows after one full paint, with the same attributes.
func same(t *testing.T, c *Canvas, s *Screen, p *paper, w int) {
	t.Helper()
	before := p.cells(t)
	s.Clear()
	c.Cleared()
	c.Flush(s)
	s.Show()
	after := p.cells(t)
	for i := range before {
		if before[i] != after[i] {
			t.Fatalf("cell %d,%d shows %+v, after one full paint %+v", i%w, i/w, before[i], after[i])
		}
	}
}
