package console

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
)

// Display is where a session is seen, and where its keys come from: a terminal, a page in a browser. None of its methods
// waits.
type Display interface {
	Size() (w, h int)                // in cells
	Resized() <-chan struct{}        // has a value when Size may have changed; nil: it is seen with the next second
	Keys() <-chan draw.Key           // closed: it has failed
	Hup() <-chan struct{}            // closed when nobody is there any more
	Idle() bool                      // it has taken what was sent: only then is a frame drawn
	Repaint()                        // the next Send sends every cell
	Send(c *draw.Canvas) (more bool) // sends what differs from what it shows, or a part of it: then there is more
}

// Terminal is what a session needs of the terminal that it draws on; *tty.Terminal is one. None of its methods waits but
// Font, Close and Abandon.
type Terminal interface {
	draw.Terminal
	Alive() bool
	Hup() <-chan struct{} // closed when it has hung up
	Idle() bool           // it has taken all that was written
	Damaged() bool        // something that was written is lost; said once
	Asking() bool         // it may still answer what size it has
	AskSize() bool
	SetSize(w, h int)
	AcceptPaste(bool)
	Baud() int    // 0: it takes whatever comes
	Serial() bool // somebody else may sit at its other end by now
	Font(old *tty.Font) *tty.Font
	SetPalette(*tty.Palette)
}

// SessionOptions are what a session goes by beside its display and its frames.
type SessionOptions struct {
	Collector *collect.Collector
	Guard     *guard.Guard
	Usage     *process.Usage
	Screen    string // the first one; empty: as the configuration says
	Version   string // of the program
	Shell     bool   // it is somebody's login shell: it can be left, and hands nothing over

	// These are a viewer's; the process's own session has none of them.
	Viewer   string          // who looks: he can change nothing but what he sees
	HideLogs bool            // and is not to see the messages of the log
	Peer     bool            // and does so from the console of another node
	Term     string          // of the terminal that was handed over
	Resized  <-chan struct{} // has a value when its size may have changed

	first loaded // the configuration at the start

	// These are the process's own session's; another one has none of them.
	late    <-chan loaded // brings it when first does not have it
	load    func() loaded // reads it again
	silent  string        // the banner while that does not answer
	signals <-chan os.Signal
	systemd *notifier
	started func() // called after the first frame
}

// startWait is how long the first frame waits for the first sample, the time zone and a console's font. They are there in
// some milliseconds unless something hangs; the frame is drawn without what is missing.
const startWait = 300 * time.Millisecond

// A session that was told to end has endTime to do so; then its terminal is put back without it, in abandonTime.
const (
	endTime     = 2 * time.Second
	abandonTime = endTime / 4
)

// Session shows what s brings on t, which it closes, until ctx ends (nil), the user quits (nil) or asks for a login prompt
// (ErrLogin), or the terminal hangs up. There may be several, each with a Subscription of its own.
func Session(ctx context.Context, t Terminal, s *collect.Subscription, o SessionOptions) error {
	c := o.first.config
	if o.Viewer == "" {
		t.SetSize(c.Size.Width, c.Size.Height)
	}
	like := draw.ScreenOptions{Term: o.Term}
	if o.Term != "" {
		like.Locale = "C.UTF-8" // one for the process: tcell takes it from there
	}
	screen, caps, err := draw.NewScreen(t, like)
	if err != nil {
		return errors.Join(err, t.Close())
	}
	defer context.AfterFunc(ctx, func() { abandon(screen) })()
	limit, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	fonts := guard.Begin(func() *tty.Font { return t.Font(nil) })
	zones := guard.Begin(localZone)
	if err := screen.Init(); err != nil {
		return errors.Join(err, t.Close())
	}
	// A panic on this goroutine is told after the terminal is itself again.
	defer screen.Fini()
	font, hasFont := guard.Within(limit, fonts, nil)
	l := newSession(newTerminal(t, screen, caps, c.Display), appearance(c.Display, caps, font), s, o)
	l.resizes = o.Resized
	l.frame.Settings.Terminal = terminalText(l.canvas, caps, t.Baud())
	l.frame.Settings.Slow = t.Baud() > 0
	for !t.Idle() && limit.Err() == nil { // it has what starts the screen still to take
		time.Sleep(time.Millisecond)
	}
	l.begin(limit, zones)
	if !hasFont {
		l.ask(&l.font, "font", func() func() { font := <-fonts; return func() { l.fontIs(font) } })
	}
	if o.late != nil {
		l.ask(&l.config.aside, "config", func() func() { c := <-o.late; return func() { l.reloaded(ctx, c) } })
	}
	if o.started != nil {
		o.started()
	}
	return l.run(ctx, o.signals)
}

// View is Session on a display that is no terminal.
func View(ctx context.Context, d Display, s *collect.Subscription, o SessionOptions) error {
	limit, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	l := newSession(d, viewed, s, o)
	l.frame.Settings.Terminal = "a page of " + o.Viewer
	if o.Peer {
		l.frame.Settings.Terminal = "the console of another node, " + o.Viewer
	}
	l.begin(limit, guard.Begin(localZone))
	return l.run(ctx, nil)
}

// viewed is how pages are drawn: their colours are the browser's.
var viewed = draw.Appearance{Theme: draw.DarkTheme(256), Glyphs: draw.UnicodeGlyphs()}

// newSession returns a session that has drawn nothing yet.
func newSession(d Display, a draw.Appearance, s *collect.Subscription, o SessionOptions) *session {
	l := &session{
		display: d, canvas: draw.NewCanvas(a), collector: o.Collector, news: s, guard: o.Guard, own: cmp.Or(o.Usage, new(process.Usage)),
		systemd: cmp.Or(o.systemd, new(notifier)), answers: make(chan func(), asides),
		config: reloads{load: o.load, silent: o.silent, told: o.late != nil}, adopted: o.Collector.Config(), viewer: o.Viewer, hideLogs: o.HideLogs, peer: o.Peer,
	}
	l.terminal, _ = d.(*terminal)
	if l.shell = o.Shell; l.shell && l.offersActions() && l.adopted.Actions.Unlock == config.BySession {
		l.idle = l.adopted.Actions.Idle
	}
	l.past.keyed = time.Now()
	l.show(cmp.Or(o.Screen, o.first.config.Screen))
	l.frame.Settings = l.settings(o.first)
	l.frame.Settings.Version = o.Version
	return l
}

// begin draws the first frame, when the first sample and the time zone have come or limit has ended.
func (l *session) begin(limit context.Context, zones <-chan zone) {
	zone, hasZone := guard.Within(limit, zones, noZone)
	l.zoneIs(zone)
	guard.Within(limit, l.news.Sampled(), struct{}{})
	l.draw(time.Now())
	if !hasZone {
		l.ask(new(aside), "time zone", func() func() { zone := <-zones; return func() { l.zoneIs(zone) } })
	}
}

// abandon puts the terminal back for a session that has not ended by itself in time.
func abandon(screen *draw.Screen) {
	time.Sleep(endTime)
	ctx, cancel := context.WithTimeout(context.Background(), abandonTime)
	defer cancel()
	guard.InTime(ctx, screen.Abandon)
}

// zoneIs makes z the zone that times are shown in.
func (l *session) zoneIs(z zone) {
	l.frame.Now = time.Now().In(z.Location)
	s := *l.frame.Settings
	s.Notes = slices.DeleteFunc(slices.Clone(s.Notes), func(note string) bool { return note == noZone.note })
	if z.note != "" {
		s.Notes = append(s.Notes, z.note)
	}
	l.frame.Settings = &s
}
