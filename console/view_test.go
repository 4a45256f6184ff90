package console

import (
	"context"
	"strings"
	"sync"
	"testing"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/await"
)

// sheet is a Display of 120x60 that keeps the last picture as text.
type sheet struct {
	keys chan draw.Key
	hup  chan struct{}

	mu      sync.Mutex
	picture string
}

func newSheet() *sheet { return &sheet{keys: make(chan draw.Key), hup: make(chan struct{})} }

func (s *sheet) Size() (w, h int)         { return 120, 60 }
func (s *sheet) Resized() <-chan struct{} { return nil }
func (s *sheet) Keys() <-chan draw.Key    { return s.keys }
func (s *sheet) Hup() <-chan struct{}     { return s.hup }
func (s *sheet) Idle() bool               { return true }
func (s *sheet) Repaint()                 {}
func (s *sheet) Send(c *draw.Canvas) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.picture = string(c.AppendDrawn(nil))
	return false
}

func (s *sheet) shows(text string) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Contains(s.picture, text)
	}
}

// TestViewer: a viewer sees what the console sees, takes the configuration that another goroutine has read, is offered no
// login prompt, sees no message that is not for him, and leaves with q or when nobody is there any more.
func TestViewer(t *testing.T) {
	c := config.Default()
	c.Login = true
	g := new(guard.Guard)
	collector := collect.New(c, g)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	view := func(o SessionOptions) (*sheet, <-chan error) {
		news, err := collector.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		o.Collector, o.Guard, o.Viewer, o.first = collector, g, "alice", loaded{config: c}
		s, end := newSheet(), make(chan error, 1)
		go func() { end <- View(ctx, s, news, o) }()
		return s, end
	}
	s, end := view(SessionOptions{Screen: "logs", HideLogs: true})
	collector.StartSampler(ctx)
	await.Until(t, "no messages", s.shows("serve.web.logs is false"))
	s.keys <- draw.KeyF(2)
	await.Until(t, "the dashboard", s.shows("── Memory"))
	s.keys <- draw.KeyF12
	s.keys <- 'i'
	await.Until(t, "who looks", s.shows("a page of alice"))
	s.keys <- draw.KeyEsc
	s.keys <- 'A'
	next := c
	next.Display.Screen = "network"
	next.Logs = []config.Log{{Name: "another-tab", JournalUnits: []string{"u"}}}
	collector.Reconfigure(ctx, next)
	s.keys <- draw.KeyF(1)
	await.Until(t, "the tabs of the new configuration", s.shows("another-tab"))
	s.keys <- 'q'
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// TestViewerGone: a session ends when nobody is at its display any more.
func TestViewerGone(t *testing.T) {
	c := config.Default()
	collector := collect.New(c, new(guard.Guard))
	news, err := collector.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	s := newSheet()
	close(s.hup)
	if err := View(t.Context(), s, news, SessionOptions{Collector: collector, Guard: new(guard.Guard), first: loaded{config: c}}); err != tty.ErrHangup {
		t.Error(err)
	}
}
