package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"

	"hypervisor-tui/draw"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/frame"
)

// newLoop returns a loop of a whole console on a pty of 200x60 that nobody reads, and the pty's master. Its goroutines
// are not started: it shows what the test samples.
func newLoop(t *testing.T) (*loop, *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pty here: %v", err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Cols: 200, Rows: 60}); err != nil {
		t.Fatal(err)
	}
	tty, err := draw.OpenTty(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	screen, caps, err := draw.NewScreen(tty, draw.ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(screen.Fini)
	c := DefaultConfig()
	g := new(guard)
	l := &loop{
		tty: tty, screen: screen, canvas: draw.NewCanvas(look(c, caps, nil)), line: newLine(tty, nil), feeds: newFeeds(c, g), guard: g, own: newOwnUse(),
		console: screens.NewConsole(frame.Dashboard, g.caught), repaint: true, reload: func(*loop) {},
	}
	l.frame.Now, l.frame.Settings = time.Now().UTC(), settings(c, "", "")
	for range 3 {
		l.feeds.sampler.Sample()
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
	for s := range frame.ScreenCount {
		l.console.Key('1'+draw.Key(s), &l.frame)
		fewest := 1e9
		for range 10 { // the runtime's own now and then come on top
			fewest = min(fewest, testing.AllocsPerRun(1, func() {
				l.feeds.sampler.Sample()
				l.gather(time.Now())
				l.console.Draw(l.canvas.Begin(200, 60), &l.frame)
				l.canvas.Flush(none)
			}))
		}
		if fewest > 0 {
			t.Errorf("%v: %v allocations a tick", s, fewest)
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
	if err := pty.Setsize(master, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	if l.resize(); !l.behind {
		t.Fatal("no frame is due")
	}
	await.Until(t, "idle", l.tty.Idle)
	if l.draw(time.Now()); l.w != 100 || l.h != 30 || l.behind {
		t.Errorf("drawn at %dx%d, a frame due %v", l.w, l.h, l.behind)
	}
}

// stalled says that the kernel takes no more: what is unsent stays so, however long one looks.
func stalled(tty *draw.Tty) bool {
	for range 100 {
		if tty.Idle() {
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
	go discard(master)
	await.Until(t, "idle", l.tty.Idle)
	l.draw(time.Now())
	if l.frame.Self.Frames != drawn+1 || l.behind {
		t.Errorf("%d frames drawn afterwards, behind %v", l.frame.Self.Frames-drawn, l.behind)
	}
}

// TestPausedPicture: a paused picture sends nothing, tick for tick.
func TestPausedPicture(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	l.frame.Self.Frames = 10 // the first samples are drawn at once
	l.draw(time.Now())
	await.Until(t, "idle", l.tty.Idle)
	l.key(' ')
	frames := l.frame.Self.Frames
	for i := range 10 {
		l.feeds.sampler.Sample()
		l.tick(time.Now().Add(time.Duration(i) * time.Second))
		l.sampled()
		l.page()
	}
	if n := l.frame.Self.Frames - frames; n > 0 {
		t.Errorf("%d frames while paused", n)
	}
}

// TestF39HangupSignalOfADeadTerminal: SIGHUP may come before the terminal's end is seen otherwise, and then is that.
func TestF39HangupSignalOfADeadTerminal(t *testing.T) {
	l, master := newLoop(t)
	reloads := 0
	l.reload = func(*loop) { reloads++ }
	if quit, err := l.signal(unix.SIGHUP); quit || err != nil || reloads != 1 {
		t.Errorf("of a terminal that is there: leave %v, %v; %d reloads", quit, err, reloads)
	}
	master.Close()
	if quit, err := l.signal(unix.SIGHUP); !quit || err != errHangup || reloads != 1 {
		t.Errorf("of one that is gone: leave %v, %v; %d reloads", quit, err, reloads)
	}
}

// TestLoopEnds: each way out.
func TestLoopEnds(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(l *loop, cancel context.CancelFunc, signals chan<- os.Signal, master *os.File)
		want error
	}{
		"context": {func(_ *loop, cancel context.CancelFunc, _ chan<- os.Signal, _ *os.File) { cancel() }, nil},
		"quit":    {func(_ *loop, _ context.CancelFunc, _ chan<- os.Signal, m *os.File) { m.WriteString("q") }, nil},
		"hang-up": {func(_ *loop, _ context.CancelFunc, _ chan<- os.Signal, m *os.File) { m.Close() }, errHangup},
		"SIGHUP of a terminal that is gone": {func(l *loop, _ context.CancelFunc, s chan<- os.Signal, _ *os.File) {
			l.tty.Close()
			s <- unix.SIGHUP
		}, errHangup},
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
