package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/draw"
	"hypervisor-tui/journal/source"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/box"
	"hypervisor-tui/screens"
)

// console draws on a terminal until it is told to end.
func console(c Config, banner string, o options) (err error) {
	tty, err := draw.OpenTty(o.tty, c.Baud)
	if err != nil {
		return err
	}
	tty.SetSize(c.Size.Width, c.Size.Height)
	screen, caps, err := draw.NewScreen(tty, draw.ScreenOptions{})
	if err != nil {
		return errors.Join(err, tty.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := watchSignals(cancel)
	g := new(guard)
	feeds := newFeeds(c, g)
	captured, err := captureOutput()
	if err != nil {
		return errors.Join(err, tty.Close())
	}
	defer captured.release()
	if err := screen.Init(); err != nil {
		return errors.Join(err, tty.Close())
	}
	// A panic on this goroutine is told after the terminal is itself again.
	defer screen.Fini()
	l := &loop{
		tty: tty, screen: screen, canvas: draw.NewCanvas(look(c, caps, tty.Font(nil))), line: newLine(tty, palette(c, caps)),
		feeds: feeds, guard: g, own: newOwnUse(),
		console: screens.NewConsole(firstScreen(c, o), g.caught), repaint: true,
		look:   func(f *draw.Font) draw.Look { return look(feeds.config, caps, f) },
		reload: func(l *loop) { reload(ctx, l, o, caps) },
	}
	zone, note := localZone()
	l.frame.Now = time.Now().In(zone)
	l.frame.Settings = settings(c, banner, configPath(o.config))
	l.frame.Settings.Terminal = terminalText(l.canvas, caps, tty.Baud())
	l.frame.Settings.Slow = tty.Baud() > 0
	if note != "" {
		l.frame.Settings.Notes = append(l.frame.Settings.Notes, note)
	}
	feeds.sampler.Sample() // the first frame has figures; all that is slower comes after it
	l.draw(time.Now())
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	feeds.startLogs(ctx)
	startSelf(ctx, g, feeds, captured)
	feeds.startHost(ctx)
	err = l.run(ctx, signals)
	_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
	return err
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
func startSelf(ctx context.Context, g *guard, f *feeds, c *capture) {
	sink := f.log.Sink("self")
	var health box.Health
	health.Good(sample.Boottime())
	sink.Report(health, "what this program prints itself")
	lines := source.NewSelf(sink)
	g.keep(ctx, "own output", func(ctx context.Context) error { return c.pump(ctx, lines, lines.Flush) })
}

// reload reads the configuration again: a bad file keeps what is in force, with a banner; what changed is started anew.
func reload(ctx context.Context, l *loop, o options, caps draw.Caps) {
	c, err := LoadConfig(o.config)
	old := l.frame.Settings
	if err != nil {
		kept := *old
		kept.Banner = settings(l.feeds.config, err.Error(), "").Banner
		l.frame.Settings = &kept
		return
	}
	fresh := settings(c, "", configPath(o.config))
	fresh.Notes = old.Notes
	l.canvas.SetLook(look(c, caps, l.tty.Font(nil)))
	colours := palette(c, caps)
	if l.line.palette != nil && colours == nil {
		l.tty.SetPalette(nil)
	}
	l.line.palette, l.repaint = colours, true
	l.tty.SetSize(c.Size.Width, c.Size.Height)
	fresh.Terminal, fresh.Slow = terminalText(l.canvas, caps, l.tty.Baud()), old.Slow
	l.frame.Settings = fresh
	l.feeds.reconfigure(ctx, c)
}

// terminalText says what the terminal is taken for.
func terminalText(c *draw.Canvas, caps draw.Caps, baud int) string {
	text := fmt.Sprintf("%s, %d colours, theme %s, glyphs %s", caps.Term, caps.Colors, c.Look().Theme.Name, c.Look().Glyphs.Name)
	if baud > 0 {
		text += fmt.Sprintf(", %d baud", baud)
	}
	return text
}
