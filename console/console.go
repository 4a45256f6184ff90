// Package console has the ways to run: the interactive session on a terminal, one picture or snapshot (Once), lines for a
// console that logs (Plain), and the question how everything is (Check).
package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
)

// Run draws on a terminal until it is told to end. It returns ErrLogin when the user asked for a login prompt.
func Run(o Options) (err error) {
	first, late := firstLoad(o)
	terminal, err := tty.Open(o.TTY, first.config.Baud)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := watchSignals(cancel, unix.SIGHUP, unix.SIGCONT)
	defer context.AfterFunc(ctx, func() { time.Sleep(endTime + abandonTime); os.Exit(1) })() // as after any failure
	g := new(guard.Guard)
	captured, err := process.CaptureOutput()
	if err != nil {
		return errors.Join(err, terminal.Close())
	}
	defer captured.Release()
	collector, usage, systemd := collect.New(first.config, g), new(process.Usage), newNotifier()
	defer systemd.close()
	news, err := collector.Subscribe()
	if err != nil {
		return errors.Join(err, terminal.Close())
	}
	defer news.Close()
	recorder, err := embedded(collector, first)
	if err != nil {
		return errors.Join(err, terminal.Close())
	}
	var written <-chan struct{}            // closes when the recorder has ended; nil: it was not started
	workers := collector.StartSampler(ctx) // all that is slower comes after the first frame
	err = Session(ctx, terminal, news, SessionOptions{
		Collector: collector, Guard: g, Usage: usage, Screen: o.Screen, Version: o.Version, Shell: o.Shell,
		first: first, late: late, load: func() loaded { next := load(o); recorder.reconfigure(next); return next }, silent: silent(o), signals: signals, systemd: systemd,
		started: func() {
			systemd.tell(daemon.SdNotifyReady)
			collector.StartLogs(ctx)
			startSelf(ctx, g, collector.Log(), captured)
			collector.StartWorkers(workers)
			collector.FollowPeers(ctx, first.config.Peers)
			collector.FollowUsages(ctx, first.config.Prometheus)
			collector.FollowPlugins(ctx, first.config)
			written = recorder.start(ctx, g, collector)
			g.Supervise(ctx, "own use", usage.Follow)
			time.AfterFunc(time.Second, func() { process.LimitMemory(process.GCPercent) })
			time.AfterFunc(process.StartTime, func() {
				_ = g.Run(ctx, "trim memory", func(context.Context) error { process.TrimMemory(); return nil }) // a crash has been told
			})
		},
	})
	systemd.tell(daemon.SdNotifyStopping)
	cancel()
	if written != nil {
		select {
		case <-written:
		case <-time.After(endTime): // a disk that hangs keeps nobody
		}
	}
	return err
}

// watchSignals hands over the signals of handled, and ends the program, through cancel, on those that end it. SIGCONT is for
// terminals alone: systemd sends it to each service that it ends.
func watchSignals(cancel context.CancelFunc, handled ...os.Signal) <-chan os.Signal {
	signal.Ignore(unix.SIGPIPE, unix.SIGTTIN, unix.SIGTTOU, unix.SIGTSTP)
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT)
	go func() {
		<-ends
		cancel()
	}()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, handled...)
	return signals
}

// logLine prints a line for the operator.
func logLine(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "level=info msg=%q\n", clean.String(fmt.Sprintf(format, args...)))
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
	text := fmt.Sprintf("%s, %d colours, theme %s, glyphs %s", caps.Term, caps.Colors, c.Appearance().Theme.Name, c.Appearance().Glyphs.Name)
	if baud > 0 {
		text += fmt.Sprintf(", %d baud", baud)
	}
	return text
}
