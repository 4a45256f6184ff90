//go:build !nokube

package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/report/metrics"
	"hypervisor-tui/sample/textfile"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/serve"
	"hypervisor-tui/serve/attach"
	"hypervisor-tui/serve/web"
)

// Serve shows the console to others, until it is told to end: figures to Prometheus, screens to browsers and to terminals
// that are handed over.
func Serve(o Options) error {
	first, _ := firstLoad(o)
	c := first.config
	switch {
	case first.banner != "":
		return errors.New(first.banner)
	case !c.Serve.Any():
		return errors.New("nothing is to be served: set serve.exporter.enable, serve.web.enable, serve.attach.enable or serve.peers.enable")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := watchSignals(cancel, unix.SIGHUP)
	defer context.AfterFunc(ctx, func() { time.Sleep(endTime + abandonTime); os.Exit(1) })() // as after any failure
	g, systemd := new(guard.Guard), newNotifier()
	defer systemd.close()
	h, err := newHost(ctx, g, first, o)
	if err != nil {
		return err
	}
	defer h.news.Close()
	options := serve.Options{Config: c.Serve, Listen: o.Listen, Log: logLine}
	if c.Serve.Exporter.Enable {
		options.Metrics = serve.NewMetrics(h)
	}
	if c.Serve.Web.Enable {
		options.Web = web.New(web.Options{Session: h.browse, Picture: h.picture, Screens: pages.Names()})
	}
	if c.Serve.Peers.Enable {
		options.Peers = h.peers()
	}
	handedOver, clients, err := sockets(c.Serve)
	if err != nil {
		return err
	}
	options.Sockets = handedOver
	server, err := serve.New(options)
	if err != nil {
		return err
	}
	workers := h.collector.StartSampler(ctx)
	h.collector.StartLogs(ctx)
	h.collector.StartWorkers(workers)
	h.collector.FollowHistory(ctx, c.History, false)
	h.collector.FollowTextfiles(ctx, metrics.Serves)
	h.collector.FollowPeers(ctx, c.Peers)
	h.collector.FollowUsages(ctx, c.Prometheus)
	h.collector.FollowPlugins(ctx, c)
	g.Supervise(ctx, "own use", h.own.Follow)
	process.LimitMemory(process.GCPercent)
	time.AfterFunc(process.StartTime, process.TrimMemory)
	if timeout, err := daemon.SdWatchdogEnabled(false); err == nil && timeout > 0 {
		h.feed, h.feedEvery = func() { systemd.tell(daemon.SdNotifyWatchdog) }, timeout/2
	}
	go func() {
		for range signals {
			systemd.tell(reloading())
			if next := load(o); next.banner != "" {
				logLine("config: %s", next.banner)
			} else {
				h.do(ctx, func() { h.reload(ctx, next) })
			}
			server.Reload()
			systemd.tell(daemon.SdNotifyReady)
		}
	}()
	served := g.Supervise(ctx, "server", server.Run)
	left := make(chan struct{})
	go func() {
		defer close(left)
		if c.Serve.Attach.Enable {
			attach.Serve(ctx, attach.Options{Listener: clients, Path: c.Serve.Socket, Session: h.attach, Log: logLine})
		}
	}()
	systemd.tell(daemon.SdNotifyReady)
	<-g.Supervise(ctx, "owner", h.run)
	systemd.tell(daemon.SdNotifyStopping)
	limit := time.After(endTime) // a client keeps nobody
	for _, ended := range []<-chan struct{}{served, left} {
		select {
		case <-ended:
		case <-limit:
			return nil
		}
	}
	return nil
}

// sockets returns the sockets that systemd has handed over for HTTP, and the one that terminals are handed over on: nil where
// that is off, or this program is to make it.
//
// systemd: sd_listen_fds_with_names(3); FileDescriptorName= of systemd.socket(5)
func sockets(c config.Serve) (http []net.Listener, clients *net.UnixListener, err error) {
	named, err := activation.ListenersWithNames()
	if err != nil {
		return nil, nil, err
	}
	for name, listeners := range named {
		for _, l := range listeners {
			u, ok := l.(*net.UnixListener)
			switch {
			case name != "attach":
				http = append(http, l)
			case !ok || u.Addr().Network() != "unixpacket" || clients != nil:
				return nil, nil, errors.New("the socket attach of systemd is to be one of ListenSequentialPacket=, a path")
			default:
				clients = u
			}
		}
	}
	if !c.Attach.Enable {
		return http, nil, nil
	}
	if clients == nil && c.Socket == "" {
		err = errors.New("serve.attach.enable is true: set serve.socket, or have systemd hand over a socket of the name attach")
	}
	return http, clients, err
}

// checkServing says what --serve would find, where the configuration has something for it. Its files may never answer.
func checkServing(ctx context.Context, out io.Writer, c config.Serve) {
	if !c.Any() && len(c.Listen) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastTimeout)
	defer cancel()
	found, _ := guard.Within(ctx, guard.Begin(func() []serve.Finding {
		return append(serve.Check(ctx, serve.Options{Config: c}), checkTextfiles(c.Exporter)...)
	}),
		[]serve.Finding{{Name: "serve", State: "failed", Text: "its files are not answering"}})
	for _, f := range found {
		fmt.Fprintf(out, "%-20s %-7s %s\n", f.Name, f.State, clean.String(f.Text))
	}
}

// checkTextfiles says what the exporter would find in its directory of files, nothing where it has none.
func checkTextfiles(e config.ServeExporter) []serve.Finding {
	if !e.Enable || e.Textfiles == "" {
		return nil
	}
	f, err := textfile.New(textfile.Options{Directory: e.Textfiles, Reserved: metrics.Serves}).Read()
	switch {
	case err != nil:
		return []serve.Finding{{Name: "textfiles", State: "failed", Text: err.Error()}}
	case f.Failed:
		return []serve.Finding{{Name: "textfiles", State: "failed", Text: e.Textfiles + ": " + f.Health.Err}}
	}
	return []serve.Finding{{Name: "textfiles", State: "ok", Text: fmt.Sprintf("%s: %d series in %d files", e.Textfiles, f.Series, len(f.Files))}}
}

// host is what --serve knows of this host: one goroutine fills its frame, renders expositions, and makes and closes the
// subscriptions of the viewers, who are on goroutines of their own.
type host struct {
	collector *collect.Collector
	guard     *guard.Guard
	own       *process.Usage
	version   string
	zone      *time.Location
	asked     chan func()     // to be done by run
	ended     <-chan struct{} // closed when run is to end
	viewers   viewers

	// These are run's.
	loaded    loaded // what is in force
	metrics   metrics.Writer
	news      *collect.Subscription
	frame     frame.Frame
	filled    uint64 // counts how often frame was
	texts     [metrics.OpenMetrics + 1]texts
	brief     brief
	feed      func() // feeds systemd's watchdog; nil: there is none
	feedEvery time.Duration
}

// newHost returns a host that has not read anything yet.
func newHost(ctx context.Context, g *guard.Guard, first loaded, o Options) (*host, error) {
	h := &host{collector: collect.New(first.config, g), guard: g, own: new(process.Usage), version: o.Version, asked: make(chan func()), ended: ctx.Done(), loaded: first}
	var wants []collect.Want
	if first.config.Serve.Exporter.Enable {
		wants = append(wants, collect.WantCounters)
	}
	news, err := h.collector.Subscribe(wants...)
	if err != nil {
		return nil, err
	}
	h.news = news
	h.configure()
	limit, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	zone, _ := guard.Within(limit, guard.Begin(localZone), noZone)
	h.zone = zone.Location
	return h, nil
}

// run fills the frame with each sample, and once in an interval when none comes, and does what it is asked to until ctx ends.
func (h *host) run(ctx context.Context) error {
	late := time.NewTimer(0)
	defer late.Stop()
	var fed <-chan time.Time
	if h.feed != nil {
		t := time.NewTicker(h.feedEvery)
		defer t.Stop()
		fed = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.news.Sampled():
			h.fill(time.Now())
		case <-late.C:
			h.fill(time.Now())
		case f := <-h.asked:
			f()
			continue
		case <-fed:
			h.feed()
			continue
		}
		late.Reset(h.loaded.config.RefreshInterval + time.Second)
	}
}

// configure makes the frame go by the configuration in force.
func (h *host) configure() {
	h.frame.Settings = settings(h.loaded.config, "", h.loaded.path)
	h.frame.Settings.Version = h.version
}

// fill brings the frame up to date.
func (h *host) fill(now time.Time) {
	f := &h.frame
	f.Tick += uint64(max(h.loaded.config.RefreshInterval/time.Second, 1))
	f.Now = now.In(h.zone)
	f.Page = h.news.Log().Latest()
	h.own.Fill(&f.Self)
	f.Self.Crashes, f.Self.Viewers = h.guard.Crashes.Load(), h.viewers.number()
	h.news.Fill(&f.Snapshot)
	h.filled++
}

// do has f done by run, and reports whether that is so: not when ctx or the program ends before.
func (h *host) do(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	select {
	case h.asked <- func() { defer close(done); f() }:
		<-done
		return true
	case <-ctx.Done():
	case <-h.ended:
	}
	return false
}

// reload puts a configuration in force. What is served, and where, stays as it was at the start.
func (h *host) reload(ctx context.Context, next loaded) {
	if !reflect.DeepEqual(next.config.Serve, h.loaded.config.Serve) {
		logLine("config: what is served, and where, changes with the next start")
	}
	next.config.Serve = h.loaded.config.Serve
	h.loaded = next
	h.configure()
	h.collector.Reconfigure(ctx, next.config)
}
