// Package collect starts the goroutines that read the host, the logs and the cluster, and fills frames from what they found.
package collect

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"hypervisor-tui/act/note"
	"hypervisor-tui/alert"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
	"hypervisor-tui/journal/source/logfile"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link"
	"hypervisor-tui/sample/nixos"
	"hypervisor-tui/sample/textfile"
	"hypervisor-tui/sample/unit"
)

// Collector starts the goroutines that read the host, the logs and the cluster, and hands what they have found to its
// subscribers.
type Collector struct {
	guard       *guard.Guard
	config      atomic.Pointer[config.Config]
	log         *journal.Log
	files       []*logFiles
	seen        logfile.Seen // how far the files of entries that are gone were read
	sampler     atomic.Pointer[sample.Sampler]
	kube        atomic.Pointer[kube.State]
	nodes       *viewers.Count // who look at the nodes one by one
	whole       *viewers.Names // who look at one of them whole: for the cluster,
	measured    *viewers.Names // and the same for Prometheus
	peers       atomic.Pointer[peer.State]
	peerViewers *viewers.Count // who look at them
	asksPeers   follower
	usages      atomic.Pointer[peer.Usages]
	asksUsages  follower
	plugins     atomic.Pointer[plugin.State] // nil: none are followed
	readPlugins follower
	units       atomic.Pointer[sample.Units]
	system      atomic.Pointer[sample.System]
	rules       atomic.Pointer[alert.Rules]
	recalled    atomic.Pointer[history.Recalled]
	recording   atomic.Pointer[frame.Source]
	stopHistory context.CancelFunc               // ends FollowHistory; nil: it was not called
	historyHere bool                             // this program records itself
	textfiles   atomic.Pointer[textfile.Figures] // nil: FollowTextfiles was not called, or has read nothing yet
	actions     atomic.Pointer[frame.Actions]    // nil: actions are off, or nothing is known yet
	now         chan struct{}                    // wakes the sampler
	subscribers []*Subscription                  // those that are open
	first       *Subscription                    // of those there have been while others were; nil: it is closed, or there was none
	stop        context.CancelFunc               // ends what the config can change: the sampler, its workers and the look for a kubeconfig
}

// New returns a Collector that has started nothing yet.
func New(c config.Config, g *guard.Guard) *Collector {
	made := &Collector{guard: g, nodes: viewers.New(), peerViewers: viewers.New(), whole: viewers.NewNames(), measured: viewers.NewNames(), log: journal.New(c.LogBufferSize, config.Tabs(c)), now: make(chan struct{}, 1)}
	made.config.Store(&c)
	made.rules.Store(c.Alerts.Rules)
	made.renew()
	return made
}

// Log is the journal of this host.
func (c *Collector) Log() *journal.Log { return c.log }

// Config is the configuration in force, which nobody changes. Any goroutine may ask.
func (c *Collector) Config() *config.Config { return c.config.Load() }

// StartLogs starts the log and its sources; they end with ctx.
func (c *Collector) StartLogs(ctx context.Context) {
	c.guard.Supervise(ctx, "log", c.log.Run)
	c.guard.Supervise(ctx, "log archives", c.log.Read)
	system := &source.System{Env: source.Host()}
	sink := c.log.Sink("system")
	c.guard.Supervise(ctx, "log source", func(ctx context.Context) error {
		source.Supervise(ctx, "system", system, sink)
		return nil
	})
	c.followFiles(ctx, *c.Config())
}

// StartSampler starts what samples the host, and returns what it ends with, as the workers beside it are to.
func (c *Collector) StartSampler(ctx context.Context) context.Context {
	ctx, c.stop = context.WithCancel(ctx)
	s := c.sampler.Load()
	c.guard.Supervise(ctx, "sampler", func(ctx context.Context) error { return s.Run(ctx, c.now) })
	return ctx
}

// StartWorkers starts what is read beside the samples. They end with ctx.
func (c *Collector) StartWorkers(ctx context.Context) {
	s, path := c.sampler.Load(), c.Config().KubeconfigPath
	for _, w := range s.Workers() {
		c.guard.Supervise(ctx, w.Name, w.Run)
	}
	links, services, system := link.New(link.Options{Guests: s.Guests}), unit.New(unit.Options{}), nixos.New(nixos.Options{})
	c.guard.Supervise(ctx, "links", func(ctx context.Context) error { return links.Run(ctx, s.SetLinks) })
	c.guard.Supervise(ctx, "units", func(ctx context.Context) error { return services.Run(ctx, c.units.Store) })
	c.guard.Supervise(ctx, "system", func(ctx context.Context) error { return system.Run(ctx, c.system.Store) })
	if c.Config().Actions.Enable {
		c.guard.Supervise(ctx, "actions", func(ctx context.Context) error { return c.followActions(ctx, note.Directory) })
	}
	if c.Config().Profile == config.Rescue {
		c.kube.Store(noKube())
		return
	}
	home, _ := os.UserHomeDir() // without one there is a place less to look in
	find := kube.Options{Path: path, Env: os.Getenv("KUBECONFIG"), Home: home}
	c.guard.Supervise(ctx, "cluster", func(ctx context.Context) error { return c.followCluster(ctx, find) })
}

// noKube is the cluster of a rescue system, whose memory is not spent on it.
func noKube() *kube.State {
	s := new(kube.State)
	s.Health.Gone(boottime.Now(), "off in rescue")
	return s
}

// Reconfigure puts next in force. The log keeps its newest entries; the sampler starts anew only when it is concerned.
func (c *Collector) Reconfigure(ctx context.Context, next config.Config) {
	old := c.Config()
	c.config.Store(&next)
	c.rules.Store(next.Alerts.Rules)
	c.log.Reconfigure(next.LogBufferSize, config.Tabs(next))
	c.followFiles(ctx, next)
	if c.stopHistory != nil && next.History != old.History {
		c.stopHistory()
		c.FollowHistory(ctx, next.History, c.historyHere)
	}
	if c.asksPeers.stop != nil && !reflect.DeepEqual(next.Peers, old.Peers) {
		c.FollowPeers(ctx, next.Peers)
	}
	if c.asksUsages.stop != nil && next.Prometheus != old.Prometheus {
		c.FollowUsages(ctx, next.Prometheus)
	}
	if !reflect.DeepEqual(next.Plugins, old.Plugins) || next.Profile != old.Profile {
		c.FollowPlugins(ctx, next)
	}
	if reflect.DeepEqual(next.Sampling, old.Sampling) {
		return
	}
	c.stop()
	c.renew()
	c.StartWorkers(c.StartSampler(ctx))
}

// Follow gives the log of a pod, namespace/name, or of a unit a tab until the next call or Reconfigure: the one that an entry
// of logs makes for the unit, or one more, the last. A pod's log files are followed, unless an entry of logs does so already. It returns
// all tabs, and which it is. Only the goroutine that calls Reconfigure may call it.
func (c *Collector) Follow(ctx context.Context, of string) (tabs []journal.Tab, at int) {
	tabs, next := config.Tabs(*c.Config()), *c.Config()
	namespace, name, isPod := strings.Cut(of, "/")
	unit := strings.TrimSuffix(of, ".service")
	if isPod {
		tabs, at = append(tabs, journal.Tab{Name: name, Pod: of}), len(tabs)
		if l, ok := config.PodLog(next, namespace, name); ok {
			next.Logs = append(slices.Clip(next.Logs), l)
		}
	} else if at = slices.IndexFunc(tabs, func(t journal.Tab) bool { return slices.Contains(t.Units, unit) }); at < 0 {
		tabs, at = append(tabs, journal.Tab{Name: unit, Units: []string{unit}}), len(tabs)
	}
	c.log.Reconfigure(c.Config().LogBufferSize, tabs)
	c.followFiles(ctx, next)
	return tabs, at
}

// Refresh asks for a sample now. It never blocks.
func (c *Collector) Refresh() {
	select {
	case c.now <- struct{}{}:
	default:
	}
}

// renew makes a sampler for the configuration in force and the subscribers there are.
func (c *Collector) renew() {
	in := c.Config()
	next := sample.New(sample.Options{Interval: in.RefreshInterval, DenyMounts: in.Filesystems.Deny})
	for _, s := range c.subscribers {
		s.reader.Store(next.NewReader(s.counters))
	}
	c.sampler.Store(next)
}
