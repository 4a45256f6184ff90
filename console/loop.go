package console

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/fault"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

const retryBusy = 50 * time.Millisecond // after which a frame that the terminal was too busy for is tried again

// afterSample is how long after the second its frame is drawn: samples fall on whole seconds, and each shows at once.
const afterSample = 100 * time.Microsecond

// ErrLogin ends the program without a failure: who started it offers a login prompt.
var ErrLogin = errors.New("a login prompt was asked for")

// session is the one goroutine that draws a session. It takes snapshots, draws every cell of the canvas and hands what changed to
// the terminal; nothing in it waits but for its channels, and nothing in it touches a file: what may hang is asked aside.
type session struct {
	display   Display
	*terminal // the display, where it is one; else nil
	canvas    *draw.Canvas
	console   *screens.Console
	collector *collect.Collector
	news      *collect.Subscription
	guard     *guard.Guard
	own       *process.Usage
	frame     frame.Frame
	past      past
	visiting  visiting
	acting    acting
	shell     bool          // it is somebody's login shell
	idle      time.Duration // after so long without a key it ends; 0: never
	bell      bellState
	theme     string // that this session has chosen; empty: the configuration's
	systemd   *notifier
	answers   chan func() // of what is done beside the loop; has room for asides
	config    reloads     // with a nil load nothing is reloaded

	w, h          int            // as drawn last
	behind        bool           // a frame was due and the display was busy, or it has only got a part of it
	drawNext      bool           // the next sample is to be drawn at once
	lastQuery     uint64         // number of the newest query
	viewer        string         // who looks from elsewhere; empty: this is the process's own session
	peer          bool           // and does so from the console of another node
	hideLogs      bool           // the messages of the log are not for him
	hidden        journal.Page   // what he gets of the newest page
	adopted       *config.Config // what is shown goes by it, where another goroutine reads the configuration
	watchdogFed   time.Time      // when systemd's watchdog was fed
	watchdogEvery time.Duration  // how often it wants to be; 0: never
}

// run draws until ctx ends (nil), the user quits (nil) or asks for a login prompt (ErrLogin), or the terminal hangs up.
func (l *session) run(ctx context.Context, signals <-chan os.Signal) error {
	defer l.leaveVisit()
	defer l.news.ViewProcesses(false)
	defer l.news.ViewNodes(false)
	defer l.news.ViewNode("")
	defer l.leaveAct()
	if l.terminal != nil {
		l.guard.Supervise(ctx, "terminal input", l.poll)
	}
	tick := time.NewTimer(wakeup.Until(time.Now(), time.Second) + afterSample) // the first frame is there
	defer tick.Stop()
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	wake := l.watchdog()
	resized := make(chan os.Signal, 1) // of its own: a storm must not crowd out a reload
	if signals != nil {
		signal.Notify(resized, unix.SIGWINCH)
		defer signal.Stop(resized)
	}
	for {
		if l.behind {
			retry.Reset(retryBusy)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.display.Hup():
			return tty.ErrHangup
		case s := <-signals:
			if quit, err := l.signal(ctx, s); quit {
				return err
			}
		case <-resized:
			l.resize()
		case <-l.display.Resized():
			l.resize()
		case k, ok := <-l.display.Keys():
			if !ok {
				return tty.ErrHangup
			}
			if quit, err := l.key(ctx, k); quit {
				return err
			}
		case <-tick.C:
			now := time.Now()
			tick.Reset(wakeup.Until(now, time.Second) + afterSample)
			if l.idles(now) {
				return nil
			}
			l.tick(now)
		case <-retry.C:
			if l.behind {
				l.draw(time.Now())
			}
		case <-l.news.Log().Changed():
			l.page()
		case <-l.past.changed:
			l.draw(time.Now())
		case <-l.acting.changed:
			l.draw(time.Now())
		case <-l.visiting.changed:
			l.visited(time.Now())
		case <-l.news.Sampled():
			l.sampled()
		case answer := <-l.answers:
			answer()
		case <-wake:
		}
		l.turned()
	}
}

// watchdog prepares feeding systemd's watchdog; what it returns wakes the loop at half of its timeout. Only a loop
// turn that ends feeds it.
func (l *session) watchdog() <-chan time.Time {
	timeout, err := daemon.SdWatchdogEnabled(false)
	if l.systemd.states == nil || err != nil || timeout <= 0 {
		return nil
	}
	l.watchdogEvery = timeout / 2
	return time.NewTicker(l.watchdogEvery).C
}

// show sets the console up, with the page named first.
func (l *session) show(first string) {
	ask := func(q journal.Query) {
		l.lastQuery = q.Number
		l.news.Log().Ask(q)
	}
	l.console = screens.New(pages.New(pages.Options{Ask: ask, Crashed: l.guard.Caught}), first, l.guard.Caught)
	if l.offersActions() {
		l.console.OfferActions()
	}
}

// turned ends a turn of the loop.
func (l *session) turned() {
	if l.watchdogEvery == 0 {
		return
	}
	if now := time.Now(); now.Sub(l.watchdogFed) >= l.watchdogEvery/2 {
		l.watchdogFed = now
		l.systemd.tell(daemon.SdNotifyWatchdog)
	}
}

// signal handles one signal and reports whether to leave.
func (l *session) signal(ctx context.Context, s os.Signal) (quit bool, err error) {
	switch s {
	case unix.SIGHUP:
		if !l.tty.Alive() {
			return true, tty.ErrHangup
		}
		l.systemd.tell(reloading())
		l.reload(ctx)
	case unix.SIGCONT:
		l.repaint = true
		l.draw(time.Now())
	default:
		return true, nil
	}
	return false, nil
}

// resize makes a frame due, but not at once: a storm of resizes causes few repaints.
func (l *session) resize() { l.behind = true }

// reloading tells systemd that the reload has begun, with the time that Type=notify-reload goes by.
//
// systemd: sd_notify(3), RELOADING=1
func reloading() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return daemon.SdNotifyReloading
	}
	return daemon.SdNotifyReloading + "\nMONOTONIC_USEC=" + strconv.FormatInt(now.Nano()/1000, 10)
}

// key handles a key and reports whether to leave.
func (l *session) key(ctx context.Context, k draw.Key) (quit bool, err error) {
	now := time.Now()
	drawn := k != draw.KeyNone
	if l.terminal != nil {
		l.attached(now)
		drawn = drawn || l.repaint
	}
	l.past.keyed, l.frame.Leaving = now, 0
	if l.frame.Bell.Big { // whoever came has not seen what the key would do
		l.frame.Bell.Big, k, drawn = false, draw.KeyNone, true
	}
	switch cmd := l.console.Handle(k, l.shown()); cmd.Kind {
	case screens.Quit:
		return true, nil
	case screens.Login:
		return true, ErrLogin
	case screens.Refresh:
		l.drawNext = true
		l.collector.Refresh()
	case screens.Repaint:
		l.display.Repaint()
	case screens.Theme:
		l.nextTheme()
	case screens.Follow:
		l.follow(ctx, cmd.Of)
	case screens.Past:
		l.rewind(ctx, cmd.Rewind, now)
	case screens.Acknowledge:
		l.news.Alerts().Acknowledge()
	case screens.Mute:
		l.mute()
	case screens.Act:
		l.askHelper(cmd.Request)
	case screens.Visit:
		l.visit(ctx, cmd.Of)
	case screens.VisitKey:
		l.press(cmd.Key)
	case screens.VisitEnd:
		l.leaveVisit()
	}
	if l.terminal != nil {
		l.tty.AcceptPaste(l.console.Typing())
	}
	if !drawn {
		return false, nil
	}
	l.canvas.FromTop()
	l.draw(now)
	return false, nil
}

// tick draws the frame of this second.
func (l *session) tick(now time.Time) {
	l.frame.Tick++
	if now.Sub(l.past.keyed) >= backAfter { // whoever wanted another picture than that of now has left
		l.lookAgain()
		l.console.LeaveActions()
	}
	l.watchTerminal(now)
	l.watchConfig()
	l.followConfig()
	if l.console.Paused() && !l.resized() && (l.terminal == nil || !l.repaint) {
		return
	}
	l.repairDue()
	drawn := l.frame.Self.Frames
	if l.draw(now); l.frame.Self.Frames != drawn {
		l.ring()
	}
}

// lookAgain shows what is now, and goes on with that.
func (l *session) lookAgain() {
	if l.past.on {
		l.leavePast()
	}
	l.leaveVisit()
	l.console.Resume()
}

// repairDue makes the next frame repair some rows, as often as the width of the picture allows.
func (l *session) repairDue() {
	if l.terminal == nil {
		return
	}
	l.line.repairing = !l.behind && l.frame.Tick%uint64(max(l.w/repairCells, 1)) == 0
}

// page draws a log page that has come; a paused picture changes only for the answer to a key.
func (l *session) page() {
	if l.console.Active() != frame.Logs || l.console.Paused() && l.answered() {
		return
	}
	l.draw(time.Now())
}

// sampled draws a sample at once when it was asked for, and the first ones; later ones wait for the second.
func (l *session) sampled() {
	if l.drawNext || l.frame.Self.Frames < 4 {
		l.drawNext = false
		l.draw(time.Now())
	}
}

// resized reports whether the terminal has another size than the last frame. A program without a controlling terminal
// gets no signal for that, so it is asked at each tick.
func (l *session) resized() bool {
	w, h := l.display.Size()
	return w != l.w || h != l.h
}

// draw draws a frame unless the display is busy with the last one; then the frame is counted as skipped.
func (l *session) draw(now time.Time) {
	if !l.display.Idle() {
		if !l.behind {
			l.frame.Self.Skipped++
		}
		l.behind = true
		return
	}
	l.behind = false
	l.gather(now)
	fault.Frame(l.frame.Self.Frames, &l.frame.Page)
	if w, h := l.display.Size(); w != l.w || h != l.h {
		l.w, l.h = w, h
		if l.terminal != nil {
			l.repaint = true
		}
	}
	f := l.shown()
	l.console.Update(l.w, l.h, f)
	l.console.Draw(l.canvas.Begin(l.w, l.h), f)
	if d, ok := l.display.(interface{ Nested(bool) }); ok {
		d.Nested(l.console.Escapes(f))
	}
	l.behind = l.display.Send(l.canvas)
	l.frame.Self.Frames++
}

// answered reports whether the frame has the whole page that was asked for last.
func (l *session) answered() bool {
	page := l.frame.Page
	return page != nil && page.Query == l.lastQuery && !page.Pending
}

// latestPage is the newest page of the log, without messages for a viewer who is not to see them.
func (l *session) latestPage() *journal.Page {
	page := l.news.Log().Latest()
	if page == nil || !l.hideLogs {
		return page
	}
	return withoutMessages(page, &l.hidden)
}

// withoutMessages makes to what page is without the messages, and returns it.
func withoutMessages(page, to *journal.Page) *journal.Page {
	if page == nil {
		return nil
	}
	*to = *page
	to.Rows, to.Text, to.Whole = nil, nil, nil
	return to
}

// shownNode is the node that is looked at whole, as it is now; empty: none is.
func (l *session) shownNode() string {
	if l.past.on {
		return ""
	}
	return l.console.ShownNode()
}

// gather fills the frame from the newest snapshots. A paused picture keeps its own.
func (l *session) gather(now time.Time) {
	f := &l.frame
	l.news.ViewProcesses(!l.past.on && l.console.ShowsProcesses())
	l.news.ViewNodes(!l.past.on && l.console.ShowsNodes())
	l.news.ViewNode(l.shownNode())
	if !l.console.Paused() || !l.answered() {
		f.Page = l.latestPage()
	}
	if l.console.Paused() && f.Host != nil {
		return
	}
	f.Now = now.In(f.Now.Location())
	l.own.Fill(&f.Self)
	f.Self.Crashes = l.guard.Crashes.Load()
	l.called(l.news.Fill(&f.Snapshot).Alerts)
	f.Bell = l.bellNow(now)
	l.gatherPast(now)
	l.gatherVisit()
	l.gatherAct()
}
