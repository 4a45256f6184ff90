package web

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/screens/screentest"
)

// hostile are names and messages that somebody else chose.
var hostile = []string{
	"<b>&amp;</b><script>alert(1)</script>", "漢字漢字", "😀🚀 emoji", "שלום עולם", "مرحبا", "data: 1 2", "event: end", "naïve–“quoted”…", "ｈａｌｆ ﾊﾝｶｸ",
	"\u202egnp.exe", "e\u0301\u0334z", "👨\u200d👩\u200d👧", "\x1b[31mred", "a\tb",
}

// hostileFrame is a host full of them.
func hostileFrame() *frame.Frame {
	f := frametest.Fixed()
	name := func(i int) string { return clean.String(hostile[i%len(hostile)]) }
	for i := range f.VMs.VMs {
		f.VMs.VMs[i].Name = name(i)
	}
	for i := range f.Net.Interfaces {
		if i%2 > 0 {
			f.Net.Interfaces[i].Name = name(i)
		}
	}
	for i := range f.Page.Rows {
		row := &f.Page.Rows[i]
		row.Start = len(f.Page.Text)
		f.Page.Text = journal.AppendPayload(f.Page.Text, []byte(hostile[i%len(hostile)]))
		row.End = len(f.Page.Text)
	}
	f.Host.Machine.Hostname = name(2)
	frametest.Checks(f)
	frametest.Derive(f)
	return f
}

// stage has sessions that draw a fixed frame, a second later each time that the test says so. It serves them on an address that it
// keeps over a restart.
type stage struct {
	testing.TB
	address string
	server  *http.Server
	lost    atomic.Bool  // what is sent on its connections reaches nobody from then on
	gone    atomic.Int32 // connections of which that is so

	mu     sync.Mutex
	frame  *frame.Frame
	full   bool          // no more sessions
	silent bool          // sessions draw nothing
	tick   chan struct{} // closed with each second
	state  state
}

// state is what a stage has seen of its viewers.
type state struct {
	sessions int // that run
	begun    int // that there were
	typed    []draw.Key
	w, h     int    // of the frame that was sent last
	text     string // what is on it
	roles    string
}

func newStage(t testing.TB) *stage {
	s := &stage{TB: t, address: "127.0.0.1:0", frame: hostileFrame(), tick: make(chan struct{})}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *stage) start() {
	s.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.Fatal(err)
	}
	s.address = l.Addr().String()
	l = &lossy{l, s}
	s.server = &http.Server{Handler: s.handler(), ReadTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // it ends with stop
}

// handler is the page, and what consoles of other nodes get.
func (s *stage) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", New(Options{Session: s.session, Picture: s.picture, Screens: pages.Names()}))
	mux.Handle("/v1/", NewPeers(s.session))
	return mux
}

func (s *stage) stop() { _ = s.server.Close() }

// lossy has connections that lose what is sent while the stage says so, and from then on.
type lossy struct {
	net.Listener
	stage *stage
}

func (l *lossy) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &lossyConn{Conn: c, stage: l.stage}, err
}

type lossyConn struct {
	net.Conn
	stage *stage
	gone  atomic.Bool
}

func (c *lossyConn) Write(p []byte) (int, error) {
	if c.stage.lost.Load() && !c.gone.Swap(true) {
		c.stage.gone.Add(1)
	}
	if c.gone.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (s *stage) url() string { return "http://" + s.address + "/" }

// second lets a second pass in the frame.
func (s *stage) second() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame.Now = s.frame.Now.Add(time.Second)
	s.frame.Tick++
	close(s.tick)
	s.tick = make(chan struct{})
}

// set changes the stage.
func (s *stage) set(change func(s *stage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// now returns what the stage has seen by now.
func (s *stage) now() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.state
	now.typed = slices.Clone(now.typed)
	return now
}

func (s *stage) console(first string) *screens.Console {
	return screens.New(pages.New(pages.Options{}), cmp.Or(first, frame.Dashboard), func(panel string, v any) { s.Errorf("%s crashed: %v", panel, v) })
}

func (s *stage) picture(_ context.Context, screen string, w, h int) (*draw.Canvas, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	console := screens.New(pages.New(pages.Options{}), screen, nil)
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	console.Update(w, h, s.frame)
	console.Draw(canvas.Begin(w, h), s.frame)
	return canvas, nil
}

// session is Options.Session.
func (s *stage) session(ctx context.Context, p *Page) error {
	s.mu.Lock()
	if s.full {
		s.mu.Unlock()
		return fmt.Errorf("a test: %w", ErrFull)
	}
	s.state.sessions++
	s.state.begun++
	s.mu.Unlock()
	defer s.set(func(s *stage) { s.state.sessions-- })
	console, canvas := s.console(p.Screen), draw.NewCanvas(screentest.Looks["colour"])
	due := true
	var handled []draw.Key
	for {
		s.mu.Lock()
		tick := s.tick
		if due && !s.silent && p.Idle() {
			due = false
			w, h := p.Size()
			console.Update(w, h, s.frame)
			console.Draw(canvas.Begin(w, h), s.frame)
			p.Nested(console.Escapes(s.frame))
			p.Send(canvas)
			now := &s.state
			now.w, now.h, now.text, now.roles = w, h, string(canvas.AppendText(nil)), string(canvas.AppendRoles(nil))
			now.typed = append(now.typed, handled...)
			handled = nil
		}
		var again <-chan time.Time
		if due && !s.silent {
			again = time.After(10 * time.Millisecond)
		}
		s.mu.Unlock()
		select {
		case <-p.Hup():
			return nil
		case <-p.Resized():
			due = true
		case <-tick:
			due = true
		case k := <-p.Keys():
			handled = append(handled, k)
			s.mu.Lock()
			cmd := console.Handle(k, s.frame)
			s.mu.Unlock()
			if cmd.Kind == screens.Quit {
				return nil
			}
			due = true
		case <-again:
		}
	}
}

// TestMain lets the tests wait beside each other.
func TestMain(m *testing.M) {
	await.Together()
	os.Exit(m.Run())
}

// lines are the rows of a picture as the page should show them.
func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
