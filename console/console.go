// Package console has the ways to run: the interactive session on a terminal, one picture or snapshot (Once), lines for a
// console that logs (Plain), and the question how everything is (Check).
package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
)

// startWait is how long the first frame waits for the first sample, the time zone and a console's font. They are there in
// some milliseconds unless something hangs; the frame is drawn without what is missing.
const startWait = 300 * time.Millisecond

// Run draws on a terminal until it is told to end. It returns ErrLogin when the user asked for a login prompt.
func Run(o Options) (err error) {
	first, late := firstLoad(o)
	c := first.config
	terminal, err := tty.Open(o.TTY, c.Baud)
	if err != nil {
		return err
	}
	terminal.SetSize(c.Size.Width, c.Size.Height)
	screen, caps, err := draw.NewScreen(terminal, draw.ScreenOptions{})
	if err != nil {
		return errors.Join(err, terminal.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := watchSignals(cancel)
	defer context.AfterFunc(ctx, func() { endAnyway(screen) })()
	g := new(guard.Guard)
	captured, err := process.CaptureOutput()
	if err != nil {
		return errors.Join(err, terminal.Close())
	}
	defer captured.Release()
	limit, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	fonts := guard.Begin(func() *tty.Font { return terminal.Font(nil) })
	collector := collect.New(c, g)
	news := collector.Subscribe()
	workers := collector.StartSampler(ctx) // all that is slower comes after the first frame
	zones := guard.Begin(localZone)
	if err := screen.Init(); err != nil {
		return errors.Join(err, terminal.Close())
	}
	// A panic on this goroutine is told after the terminal is itself again.
	defer screen.Fini()
	font, hasFont := guard.Within(limit, fonts, nil)
	l := &loop{
		tty: terminal, screen: screen, canvas: draw.NewCanvas(look(c, caps, font)), line: newLine(terminal, palette(c, caps)),
		collector: collector, news: news, guard: g, own: new(process.Usage), systemd: newNotifier(), answers: make(chan func(), asides),
		repaint: true,
		look:    func(f *tty.Font) draw.Look { return look(collector.Config(), caps, f) },
		config:  reloads{load: func() loaded { return load(o) }, silent: silent(o), caps: caps, told: late != nil},
	}
	l.show(firstScreen(c, o))
	defer l.systemd.close()
	l.frame.Settings = settings(c, first.banner, first.path)
	l.frame.Settings.Version = o.Version
	l.frame.Settings.Terminal = terminalText(l.canvas, caps, terminal.Baud())
	l.frame.Settings.Slow = terminal.Baud() > 0
	zone, hasZone := guard.Within(limit, zones, noZone)
	l.zoneIs(zone)
	guard.Within(limit, news.Sampled(), struct{}{})
	for !terminal.Idle() && limit.Err() == nil { // it has what starts the screen still to take
		time.Sleep(time.Millisecond)
	}
	l.draw(time.Now())
	l.systemd.tell(daemon.SdNotifyReady)
	if !hasFont {
		l.ask(&l.font, "font", func() func() { font := <-fonts; return func() { l.fontIs(font) } })
	}
	if !hasZone {
		l.ask(new(aside), "time zone", func() func() { zone := <-zones; return func() { l.zoneIs(zone) } })
	}
	if late != nil {
		l.ask(&l.config.aside, "config", func() func() { c := <-late; return func() { l.reloaded(ctx, c) } })
	}
	collector.StartLogs(ctx)
	startSelf(ctx, g, collector.Log(), captured)
	collector.StartWorkers(workers)
	g.Supervise(ctx, "own use", l.own.Follow)
	err = l.run(ctx, signals)
	l.systemd.tell(daemon.SdNotifyStopping)
	return err
}

// zoneIs makes z the zone that times are shown in.
func (l *loop) zoneIs(z zone) {
	l.frame.Now = time.Now().In(z.Location)
	s := *l.frame.Settings
	s.Notes = slices.DeleteFunc(slices.Clone(s.Notes), func(note string) bool { return note == noZone.note })
	if z.note != "" {
		s.Notes = append(s.Notes, z.note)
	}
	l.frame.Settings = &s
}

// endTime is how long a program that was told to end has to do so.
const endTime = 2 * time.Second

// endAnyway ends the program when it has not ended by itself, and puts the terminal back before that.
func endAnyway(screen *draw.Screen) {
	time.Sleep(endTime)
	ctx, cancel := context.WithTimeout(context.Background(), endTime/4)
	defer cancel()
	guard.InTime(ctx, screen.Abandon)
	os.Exit(1) // as after any failure
}

// watchSignals hands over the signals that the loop handles and ends the program, through cancel, on those that end it.
func watchSignals(cancel context.CancelFunc) <-chan os.Signal {
	signal.Ignore(unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU, unix.SIGTSTP)
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT)
	go func() {
		<-ends
		cancel()
	}()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGHUP, unix.SIGCONT)
	return signals
}

// startSelf makes what this process prints into log entries.
func startSelf(ctx context.Context, g *guard.Guard, log *journal.Log, c *process.Captured) {
	sink := log.Sink("self")
	var good health.Health
	good.Good(boottime.Now())
	sink.Report(good, "what this program prints itself")
	lines := source.NewSelf(sink)
	g.Supervise(ctx, "own output", func(ctx context.Context) error { return c.Pump(ctx, lines, lines.Flush) })
}

// terminalText says what the terminal is taken for.
func terminalText(c *draw.Canvas, caps draw.Caps, baud int) string {
	text := fmt.Sprintf("%s, %d colours, theme %s, glyphs %s", caps.Term, caps.Colors, c.Look().Theme.Name, c.Look().Glyphs.Name)
	if baud > 0 {
		text += fmt.Sprintf(", %d baud", baud)
	}
	return text
}
