package console

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/pages"
)

// newLoop returns a loop of a whole console on a pty of 200x60 that nobody reads, and the pty's master. Its goroutines
// are not started: it shows what the test samples.
func newLoop(t *testing.T) (*session, *os.File) {
	t.Helper()
	master, slave := ttytest.OpenPty(t, 200, 60)
	terminal, err := tty.Open(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	screen, caps, err := draw.NewScreen(terminal, draw.ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(screen.Fini)
	c := config.Default()
	g := new(guard.Guard)
	collector := collect.New(c, g)
	news, err := collector.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	l := newSession(newTerminal(terminal, screen, caps, config.Display{}), appearance(c.Display, caps, nil), news,
		SessionOptions{Collector: collector, Guard: g, Screen: frame.Dashboard, first: loaded{config: c}, systemd: newNotifier()})
	l.past.keyed = time.Time{}
	l.frame.Now = time.Now().UTC()
	for range 3 {
		l.news.Sample()
	}
	return l, master
}

// discard takes what is drawn, until the pty is closed.
func discard(master *os.File) {
	buf := make([]byte, 1<<16)
	for {
		if _, err := master.Read(buf); err != nil {
			return
		}
	}
}

// TestTickAllocatesNothing: from the snapshots to the cells that differ, on each screen. What tcell does with those
// cells is another matter.
func TestTickAllocatesNothing(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	var none noScreen
	for i, name := range pages.Names() {
		l.console.Handle(draw.KeyF(i+1), &l.frame)
		fewest := 1e9
		for range 10 { // the runtime's own now and then come on top
			fewest = min(fewest, testing.AllocsPerRun(1, func() {
				l.news.Sample()
				l.gather(time.Now())
				l.console.Update(200, 60, &l.frame)
				l.console.Draw(l.canvas.Begin(200, 60), &l.frame)
				l.canvas.Flush(none)
			}))
		}
		if fewest > 0 {
			t.Errorf("%s: %v allocations a tick", name, fewest)
		}
	}
}

// noScreen is a screen that takes cells and does nothing with them.
type noScreen struct{}

func (noScreen) Put(int, int, string, tcell.Style) {}

// TestResizeIsDrawnSoon: with the next try for a frame, not with the next second.
func TestResizeIsDrawnSoon(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.draw(time.Now())
	ttytest.SetSize(t, master, 100, 30)
	if l.resize(); !l.behind {
		t.Fatal("no frame is due")
	}
	await.Until(t, "idle", l.tty.Idle)
	if l.draw(time.Now()); l.w != 100 || l.h != 30 || l.behind {
		t.Errorf("drawn at %dx%d, a frame due %v", l.w, l.h, l.behind)
	}
}

// stalled says that the kernel takes no more: what is unsent stays so, however long one looks.
func stalled(terminal Terminal) bool {
	for range 100 {
		if terminal.Idle() {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

// TestF31SkippedFrames: a frame that the terminal has no time for is counted once, is drawn as soon as it can be, and
// meanwhile nothing waits.
func TestF31SkippedFrames(t *testing.T) {
	l, master := newLoop(t)
	l.draw(time.Now())
	for !stalled(l.tty) { // nobody reads: the kernel takes some, then no more
		l.repaint = true
		l.draw(time.Now())
	}
	l.behind = false // the last one may have been skipped already, and counted
	drawn, skipped := l.frame.Self.Frames, l.frame.Self.Skipped
	for range 100 {
		l.tick(time.Now())
	}
	if l.frame.Self.Frames != drawn || l.frame.Self.Skipped != skipped+1 || !l.behind {
		t.Errorf("%d frames drawn on a busy terminal, %d skipped, behind %v", l.frame.Self.Frames-drawn, l.frame.Self.Skipped, l.behind)
	}
	for name, happens := range map[string]func(){
		"output was lost": func() { l.tty.Write(make([]byte, tty.MaxQueue)) },
		"it was stopped":  func() { l.signal(t.Context(), unix.SIGCONT) },
	} {
		l.repaint = false
		happens()
		if l.draw(time.Now()); !l.repaint {
			t.Errorf("%s: what the terminal shows counts as known", name)
		}
	}
	go discard(master)
	await.Until(t, "idle", l.tty.Idle)
	l.guard.Crashes.Add(3)
	l.draw(time.Now())
	if l.frame.Self.Crashes != 3 {
		t.Errorf("%d crashes are shown", l.frame.Self.Crashes)
	}
	if l.frame.Self.Frames != drawn+1 || l.behind {
		t.Errorf("%d frames drawn afterwards, behind %v", l.frame.Self.Frames-drawn, l.behind)
	}
}

// TestPausedPicture: a paused picture sends nothing, tick for tick, and is the same when it has to be sent again.
func TestPausedPicture(t *testing.T) {
	for _, name := range []string{frame.Dashboard, frame.Logs} {
		l, master := newLoop(t)
		go discard(master)
		l.show(name)
		l.frame.Self.Frames = 10 // the first samples are drawn at once
		l.draw(time.Now())
		await.Until(t, "idle", l.tty.Idle)
		l.key(t.Context(), ' ')
		await.Until(t, "idle", l.tty.Idle)
		l.frame.Page = &journal.Page{Query: l.lastQuery}
		frames, now := l.frame.Self.Frames, l.frame.Now
		for i := range 10 {
			l.news.Sample()
			l.tick(time.Now().Add(time.Duration(i) * time.Second))
			l.sampled()
			l.page()
		}
		if n := l.frame.Self.Frames - frames; n > 0 {
			t.Errorf("%s: %d frames while paused", name, n)
		}
		await.Until(t, "idle", l.tty.Idle)
		l.Repaint()
		if l.draw(now.Add(time.Minute)); l.frame.Self.Frames != frames+1 || l.frame.Now != now {
			t.Errorf("%s: %d frames, of %v instead of %v", name, l.frame.Self.Frames-frames, l.frame.Now, now)
		}
	}
}

// TestF33NoFrameBeforeTheSizeIsKnown: a terminal that may still answer gets none of the wrong size.
func TestF33NoFrameBeforeTheSizeIsKnown(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	ttytest.SetSize(t, master, 0, 0)
	if l.Repaint(); !l.tty.Asking() {
		t.Fatal("it was not asked")
	}
	await.Until(t, "idle", l.tty.Idle)
	if l.draw(time.Now()); l.tty.Asking() && (l.frame.Self.Frames > 0 || !l.behind) {
		t.Errorf("%d frames, a frame due %v", l.frame.Self.Frames, l.behind)
	}
}

// consoleTerminal is a terminal that may be one of the kernel's, and keeps which colours it was given.
type consoleTerminal struct {
	Terminal
	console  bool
	font     *tty.Font
	palettes []*tty.Palette
}

func (c *consoleTerminal) Console() bool             { return c.console }
func (c *consoleTerminal) Font(*tty.Font) *tty.Font  { return c.font }
func (c *consoleTerminal) SetPalette(p *tty.Palette) { c.palettes = append(c.palettes, p) }

// TestKeyAfterLongIsFromAnotherTerminal, on a line that anybody may attach to; nobody else sits at a console.
func TestKeyAfterLongIsFromAnotherTerminal(t *testing.T) {
	for _, c := range []struct {
		shared, console bool
		after           time.Duration
		repaint         bool
	}{
		{true, false, attachTime + time.Second, true},
		{true, false, attachTime, false},
		{false, false, time.Hour, false},
		{true, true, time.Hour, false},
	} {
		l, _ := newLoop(t)
		l.tty = &consoleTerminal{Terminal: l.tty, console: c.console}
		l.line.shared, l.repaint = c.shared, false
		now := time.Now()
		l.line.keyed = now.Add(-c.after)
		if l.attached(now); l.repaint != c.repaint || l.line.keyed != now {
			t.Errorf("%+v: sent again %v", c, l.repaint)
		}
	}
}

// TestF38KernelPrints: the picture is sent again for what the kernel prints on it and for nothing else, and not too often.
func TestF38KernelPrints(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	sink := l.collector.Log().Sink("kernel")
	logs := func(s journal.Severity) {
		if !sink.Try(journal.Entry{Unit: []byte("kernel"), Severity: s, Message: []byte("x")}) {
			t.Fatal("no room")
		}
	}
	logs(journal.Debug)
	if l.printed(journal.Warning); !l.line.healed.IsZero() {
		t.Error("sent again for what stays off the console")
	}
	logs(journal.Err)
	if l.printed(journal.Warning); l.line.healed.IsZero() {
		t.Error("not sent again")
	}
	logs(journal.Err)
	l.line.shared, l.line.full = true, time.Minute
	if l.watchTerminal(l.line.healed.Add(time.Second)); l.level.since != 0 {
		t.Error("at once once more")
	}
	if l.watchTerminal(l.line.healed.Add(time.Minute)); l.level.since == 0 {
		t.Error("never once more")
	}
	(<-l.answers)()
}

// TestFontIsLookedAtAgain: somebody may have given the console another one.
func TestFontIsLookedAtAgain(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	font := tty.NewFont("x")
	l.tty = &consoleTerminal{Terminal: l.tty, console: true, font: font}
	l.caps = draw.Caps{Own: true}
	for range fontBeats {
		l.tick(time.Now())
	}
	if l.font.since == 0 {
		t.Fatal("nobody asks")
	}
	for l.font.since != 0 { // a speaker is looked for, too
		(<-l.answers)()
	}
	if l.canvas.Appearance().Font != font {
		t.Error("it has the old one")
	}
}

// TestReloadPutsTheTerminalInOrder: its size and colours are the new configuration's; what else is known of it stays.
func TestReloadPutsTheTerminalInOrder(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	terminal := &consoleTerminal{Terminal: l.tty}
	l.tty, l.line.palette = terminal, &tty.LightPalette
	l.frame.Settings.Notes, l.frame.Settings.Slow, l.frame.Settings.Version = []string{"times are UTC"}, true, "1"
	c := config.Default()
	c.Size = config.Size{Width: 100, Height: 30}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.collector.StartSampler(ctx)
	l.apply(ctx, loaded{config: c})
	s := l.frame.Settings
	if w, h := l.tty.Size(); w != 100 || h != 30 || len(terminal.palettes) != 1 || terminal.palettes[0] != nil || l.line.palette != nil {
		t.Errorf("%dx%d, colours %v", w, h, terminal.palettes)
	}
	if len(s.Notes) != 1 || !s.Slow || s.Version != "1" || !l.repaint {
		t.Errorf("%+v", s)
	}
}

// TestThemeOnAKey: each press is the next theme, a console's palette with it; it lasts over a reload, and the configuration is
// not changed by it.
func TestThemeOnAKey(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	terminal := &consoleTerminal{Terminal: l.tty}
	l.tty, l.caps = terminal, draw.Caps{Own: true, Colors: 16, Linux: true, UTF8: true}
	l.recolour(config.Default().Display)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.collector.StartSampler(ctx)
	for i, want := range []string{"light", "mono", "dark", "light"} {
		l.repaint = false
		l.key(t.Context(), 'T')
		if got := l.canvas.Appearance().Theme.Name; got != want || (l.line.palette != nil) != (want == "light") {
			t.Errorf("press %d: %s, palette %v, want %s", i, got, l.line.palette, want)
		}
		if !strings.Contains(l.frame.Settings.Terminal, "theme "+want) {
			t.Errorf("press %d: the sources say %q", i, l.frame.Settings.Terminal)
		}
	}
	l.apply(ctx, loaded{config: config.Default()})
	if got := l.canvas.Appearance().Theme.Name; got != "light" || l.collector.Config().Theme != "auto" {
		t.Errorf("after a reload: %s, the configuration says %s", got, l.collector.Config().Theme)
	}
	l.caps.Colors = 0
	l.key(t.Context(), 'T')
	if got := l.canvas.Appearance().Theme.Name; got != "mono" {
		t.Errorf("without colours: %s", got)
	}
}

// TestF39HangupSignalOfADeadTerminal: SIGHUP may come before the terminal's end is seen otherwise, and then is that.
func TestF39HangupSignalOfADeadTerminal(t *testing.T) {
	l, master := newLoop(t)
	reloads := 0
	l.config.load = func() loaded { reloads++; return loaded{config: config.Default()} }
	if quit, err := l.signal(t.Context(), unix.SIGHUP); quit || err != nil {
		t.Errorf("of a terminal that is there: leave %v, %v", quit, err)
	}
	(<-l.answers)()
	if reloads != 1 {
		t.Errorf("%d reloads", reloads)
	}
	master.Close()
	if quit, err := l.signal(t.Context(), unix.SIGHUP); !quit || err != tty.ErrHangup || l.config.since != 0 {
		t.Errorf("of one that is gone: leave %v, %v, a reload since %v", quit, err, l.config.since)
	}
}

// TestF54ConfigHangs: whatever reading the configuration does, the loop goes on, says so, and asks once at a time.
func TestF54ConfigHangs(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	config := config.Default()
	config.Quit = true
	reads, answer := make(chan bool, 1000), make(chan loaded)
	told := &notifier{states: make(chan string, 1000)}
	l.systemd = told
	ready := func() (n int) {
		for len(told.states) > 0 {
			if <-told.states == daemon.SdNotifyReady {
				n++
			}
		}
		return n
	}
	l.config = reloads{silent: "not answering (x)", load: func() loaded { reads <- true; return <-answer }}
	l.frame.Settings = settings(config, "", "")

	hup := func() {
		t.Helper()
		if quit, err := l.signal(t.Context(), unix.SIGHUP); quit || err != nil {
			t.Fatalf("leave %v, %v", quit, err)
		}
	}
	hup()
	<-reads
	l.tick(time.Now())
	if l.frame.Settings.Banner != "" {
		t.Errorf("told at once: %q", l.frame.Settings.Banner)
	}
	same := await.Goroutines(t)
	for range 100 {
		hup()
	}
	if same(); len(reads) > 0 {
		t.Errorf("%d more reads", len(reads))
	}
	l.config.since -= configTimeout // as if so much time had passed
	l.tick(time.Now())
	if l.frame.Settings.Banner != "not answering (x)" || !l.frame.Settings.Quit {
		t.Errorf("banner %q, quit %v", l.frame.Settings.Banner, l.frame.Settings.Quit)
	}
	if n := ready(); n != 1 {
		t.Errorf("systemd is told %d times that the reload is over", n)
	}
	config.Quit = false
	answer <- loaded{config: config}
	(<-l.answers)()
	if l.frame.Settings.Banner != "" || l.frame.Settings.Quit {
		t.Errorf("after the answer: banner %q, quit %v", l.frame.Settings.Banner, l.frame.Settings.Quit)
	}
	if n := ready(); n != 0 {
		t.Errorf("systemd is told again, %d times", n)
	}
	<-reads // the hundred were after that one began: it is read again, once
	answer <- loaded{banner: "bad"}
	(<-l.answers)()
	if l.frame.Settings.Banner != "bad" || l.frame.Settings.Quit || l.config.since != 0 || len(reads) > 0 {
		t.Errorf("banner %q, quit %v, asked since %v, %d more reads", l.frame.Settings.Banner, l.frame.Settings.Quit, l.config.since, len(reads))
	}
	if n := ready(); n != 1 {
		t.Errorf("systemd is told %d times of the second one's end", n)
	}
}

// TestF53AsideThatCrashesMayBeAskedAgain: a crash is told, and what is asked aside is not lost for it.
func TestF53AsideThatCrashesMayBeAskedAgain(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	var a aside
	if !l.ask(&a, "test", func() func() { panic("a word") }) || l.ask(&a, "test", func() func() { return nil }) {
		t.Error("asked never, or twice")
	}
	(<-l.answers)()
	answered := false
	if !l.ask(&a, "test", func() func() { return func() { answered = true } }) {
		t.Error("not asked again")
	}
	(<-l.answers)()
	if !answered || l.guard.Crashes.Load() != 1 {
		t.Errorf("answered %v, %d crashes", answered, l.guard.Crashes.Load())
	}
}

// TestLoopEnds: each way out.
func TestLoopEnds(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(l *session, cancel context.CancelFunc, signals chan<- os.Signal, master *os.File)
		want error
	}{
		"context": {func(_ *session, cancel context.CancelFunc, _ chan<- os.Signal, _ *os.File) { cancel() }, nil},
		"quit":    {func(_ *session, _ context.CancelFunc, _ chan<- os.Signal, m *os.File) { m.WriteString("q") }, nil},
		"hang-up": {func(_ *session, _ context.CancelFunc, _ chan<- os.Signal, m *os.File) { m.Close() }, tty.ErrHangup},
		"SIGHUP of a terminal that is gone": {func(l *session, _ context.CancelFunc, s chan<- os.Signal, _ *os.File) {
			l.tty.Close()
			s <- unix.SIGHUP
		}, tty.ErrHangup},
	} {
		t.Run(name, func(t *testing.T) {
			l, master := newLoop(t)
			go discard(master)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			signals := make(chan os.Signal, 1)
			ended := make(chan error, 1)
			go func() { ended <- l.run(ctx, signals) }()
			c.act(l, cancel, signals, master)
			select {
			case err := <-ended:
				if err != c.want {
					t.Errorf("ended with %v, want %v", err, c.want)
				}
			case <-time.After(await.Limit):
				t.Fatal("goes on")
			}
		})
	}
}
