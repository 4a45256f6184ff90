package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/alert"
	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
)

// Record records what the console knows until it is told to end.
func Record(o Options) error {
	first, _ := firstLoad(o)
	c := first.config
	switch {
	case first.banner != "":
		return errors.New(first.banner)
	case c.History.Off() != "":
		return errors.New("recording is " + c.History.Off())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := watchSignals(cancel, unix.SIGHUP)
	defer context.AfterFunc(ctx, func() { time.Sleep(endTime + abandonTime); os.Exit(1) })() // a disk that hangs keeps nobody
	g, systemd := new(guard.Guard), newNotifier()
	defer systemd.close()
	collector := collect.New(recorded(c), g)
	news, err := collector.Subscribe()
	if err != nil {
		return err
	}
	defer news.Close()
	r := newRecorder(collector, news, c, true)
	r.frame.Settings = settings(c, "", first.path)
	workers := collector.StartSampler(ctx)
	collector.StartLogs(ctx)
	collector.StartWorkers(workers)
	collector.FollowHistory(ctx, c.History, true)
	collector.FollowPlugins(ctx, c)
	process.LimitMemory(process.GCPercent)
	time.AfterFunc(process.StartTime, process.TrimMemory)
	if timeout, err := daemon.SdWatchdogEnabled(false); err == nil && timeout > 0 {
		r.feed, r.feedEvery = func() { systemd.tell(daemon.SdNotifyWatchdog) }, timeout/2
	}
	systemd.tell(daemon.SdNotifyReady)
	go func() {
		for range signals {
			systemd.tell(reloading())
			next := load(o)
			if next.banner != "" {
				fmt.Fprintf(os.Stderr, "level=error msg=%q\n", "config: "+next.banner)
			}
			r.reconfigure(next)
			systemd.tell(daemon.SdNotifyReady)
		}
	}()
	<-g.Supervise(ctx, "recorder", r.run)
	systemd.tell(daemon.SdNotifyStopping)
	return nil
}

// recorded is the configuration of what is read for a recording alone: of the log only the messages of the kernel and the helper matter.
func recorded(c config.Config) config.Config {
	c.LogBufferSize, c.Logs = 100, nil
	return c
}

// recordsItself reports whether a console records where nobody else does: the place is the environment's, not that of another
// process's file.
func recordsItself(h config.History) bool { return h.Off() == "" && h.Path == "" }

// busyInterval is between two tries to record where another process does, or where that fails.
const busyInterval = 30 * time.Second

// recorder hands each sample to a recording. One goroutine runs it.
type recorder struct {
	collector *collect.Collector
	news      *collect.Subscription
	path      string
	history   config.History
	interval  time.Duration
	alone     bool // it is all that this process does: it tells of alerts, and takes a configuration of its own
	frame     frame.Snapshot
	writer    *history.Writer // nil: it does not record now
	create    func(history.WriterOptions) (*history.Writer, error)
	opening   <-chan opened // brings the file while it is made, which takes long for a large one; nil: it is not
	tried     time.Duration // CLOCK_BOOTTIME of the last try to open the file; 0: never
	began     bool          // it has just begun,
	newest    time.Time     // and the newest record was of then; zero: none
	since     string        // what the recording reaches back to, in words
	said      string        // the error that was told
	reload    chan loaded
	announcer announcer
	feed      func()        // feeds systemd's watchdog; nil: there is none
	feedEvery time.Duration // how often it wants to be
}

// opened is what opening the file has brought.
type opened struct {
	path   string
	writer *history.Writer
	oldest time.Time // record; zero: it has none
	newest time.Time // the same
	err    error
}

// embedded returns the recorder of a console, nil where it does not record.
func embedded(collector *collect.Collector, first loaded) (*recorder, error) {
	if first.banner != "" || !recordsItself(first.config.History) { // what cannot be read may say no
		return nil, nil
	}
	news, err := collector.Subscribe()
	if err != nil {
		return nil, err
	}
	r := newRecorder(collector, news, first.config, false)
	r.frame.Settings = settings(first.config, "", first.path)
	return r, nil
}

// start makes a console's recorder run, and what was recorded be read. It returns what closes once ctx has ended and all is written.
func (r *recorder) start(ctx context.Context, g *guard.Guard, collector *collect.Collector) <-chan struct{} {
	done := make(chan struct{})
	close(done)
	collector.FollowHistory(ctx, collector.Config().History, r != nil)
	if r == nil {
		return done
	}
	return g.Supervise(ctx, "recorder", r.run)
}

func newRecorder(collector *collect.Collector, news *collect.Subscription, c config.Config, alone bool) *recorder {
	return &recorder{collector: collector, news: news, path: c.History.File(), history: c.History, interval: c.RefreshInterval, alone: alone,
		reload: make(chan loaded, 1), create: history.Create, announcer: announcer{socket: journald}}
}

// run records until ctx ends.
func (r *recorder) run(ctx context.Context) error {
	defer r.close()
	ticker := wakeup.NewTicker(r.interval)
	defer func() { ticker.Stop() }()
	var fed <-chan time.Time
	if r.feed != nil {
		t := time.NewTicker(r.feedEvery)
		defer t.Stop()
		fed = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-r.reload:
			r.apply(ctx, next)
			ticker.Stop()
			ticker = wakeup.NewTicker(r.interval)
		case <-ticker.C:
			ticker.Next()
			r.turn(time.Now())
		case o := <-r.opening:
			r.opening = nil
			r.opened(o)
		case <-fed:
			r.feed()
		}
	}
}

// turn records a sample.
func (r *recorder) turn(now time.Time) {
	f := &r.frame
	f.Now = now
	f.Tick += uint64(r.interval / time.Second)
	f.Page = r.news.Log().Latest()
	happened := r.news.Fill(f)
	r.announce(happened.Alerts)
	if f.Host == nil {
		return
	}
	if r.writer == nil && r.opening == nil && r.records() && (r.tried == 0 || f.Boot-r.tried >= busyInterval) {
		r.tried = f.Boot
		r.opening = guard.Begin(r.open())
	}
	if r.writer == nil {
		return
	}
	err := r.writer.Append(f)
	events := happened.Events
	if r.began {
		r.began, events = false, missed(f.Events, r.newest)
		err = cmp.Or(err, r.writer.Event(&frame.Event{Kind: frame.RecordingBegan, At: f.Now, Severity: journal.Info}))
	}
	for i := range events {
		err = cmp.Or(err, r.writer.Event(&events[i]))
	}
	for i := range happened.Alerts {
		if a := &happened.Alerts[i]; !a.Over && a.Severity <= journal.Crit {
			err = cmp.Or(err, r.writer.Burst())
		}
	}
	r.tell(err)
}

// announce writes what has begun or is over into the journal, where this process does nothing but record: three consoles would
// write it three times.
func (r *recorder) announce(changes []alert.Change) {
	for i := range changes {
		if r.alone {
			r.announcer.announce(&changes[i], &r.frame)
		}
	}
}

// missed returns the events after the newest record: they happened while the file was not open yet.
func missed(events []frame.Event, newest time.Time) []frame.Event {
	known := slices.IndexFunc(events, func(e frame.Event) bool { return e.At.After(newest) })
	if known < 0 {
		return nil
	}
	return events[known:]
}

// records reports whether it is to record where nobody else does.
func (r *recorder) records() bool {
	return r.history.Off() == "" && (r.alone || recordsItself(r.history))
}

// open returns what opens the file, where nobody else records. What it returns may run on any goroutine.
func (r *recorder) open() func() opened {
	create, options := r.create, history.WriterOptions{Path: r.path, Size: r.history.Size, Sync: r.history.Sync, BootID: collect.BootID()}
	return func() (o opened) {
		defer func() {
			if v := recover(); v != nil { // nobody guards the goroutine that this runs on
				o.err = fmt.Errorf("crashed: %v", v)
			}
		}()
		o.path = options.Path
		if o.err = os.MkdirAll(filepath.Dir(o.path), 0o750); o.err != nil {
			return o
		}
		if o.writer, o.err = create(options); o.err != nil {
			return o
		}
		if reader, err := history.Open(o.path, time.Local); err == nil {
			o.oldest, o.newest = reader.Span()
			_ = reader.Close() // it was read only
		}
		return o
	}
}

// opened begins to record, where that is possible.
func (r *recorder) opened(o opened) {
	switch {
	case o.writer != nil && (o.path != r.path || !r.records()): // the configuration has changed meanwhile
		r.writer = o.writer
		r.close()
	case o.writer != nil:
		if o.oldest.IsZero() {
			o.oldest = r.frame.Now
		}
		r.writer, r.began, r.newest, r.since = o.writer, true, o.newest, ", since "+o.oldest.Format("2 Jan 15:04")
		r.tell(nil)
	case errors.Is(o.err, history.ErrBusy):
		s := frame.Source{Name: frame.Recording, Detail: o.path + ", by another process"}
		s.Health.Good(boottime.Now())
		r.collector.TellHistory(s)
	case !r.alone: // nobody has asked for a recording here
		r.collector.NoHistory("cannot record: " + clean.String(o.err.Error()))
	default:
		r.tell(o.err)
	}
}

// tell says how recording goes; an error is printed once.
func (r *recorder) tell(err error) {
	s := frame.Source{Name: frame.Recording, Detail: r.path + r.since}
	if err == nil {
		s.Health.Good(r.frame.Boot)
		r.said = ""
	} else {
		s.Health.Fail(r.frame.Boot, clean.String(err.Error()))
		if text, _, _ := strings.Cut(err.Error(), "\n"); text != r.said {
			r.said = text
			fmt.Fprintf(os.Stderr, "level=error msg=%q\n", text)
		}
	}
	r.collector.TellHistory(s)
}

// reconfigure hands over a configuration that was read; a bad one changes nothing. Any goroutine may call it; it never waits.
func (r *recorder) reconfigure(next loaded) {
	if r == nil || next.banner != "" {
		return
	}
	select {
	case <-r.reload: // an older one that was not taken
	default:
	}
	select {
	case r.reload <- next:
	default:
	}
}

// apply puts a configuration in force.
func (r *recorder) apply(ctx context.Context, next loaded) {
	c := next.config
	r.frame.Settings, r.interval = settings(c, "", next.path), c.RefreshInterval
	if r.alone {
		r.collector.Reconfigure(ctx, recorded(c))
	}
	if c.History != r.history || c.History.File() != r.path {
		r.close()
		r.history, r.path, r.tried = c.History, c.History.File(), 0
		switch {
		case r.history.Off() != "":
			r.collector.NoHistory(r.history.Off())
		case !r.records():
			r.collector.NoHistory("not by this program: history.path names the file of another, which is read after the next start")
		}
	}
}

// close ends the recording in good order.
func (r *recorder) close() {
	if r.writer == nil {
		return
	}
	if err := r.writer.Close(); err != nil {
		fmt.Fprintf(os.Stderr, "level=error msg=%q\n", err.Error())
	}
	r.writer = nil
}
