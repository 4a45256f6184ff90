// Package collect starts the goroutines that read the host, the logs and the cluster, and fills frames from what they found.
package collect

import (
	"context"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
	"hypervisor-tui/journal/source/logfile"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link"
	"hypervisor-tui/sample/nixos"
	"hypervisor-tui/sample/unit"
)

// Collector is everything that fills a frame: it starts the goroutines that read the host, the logs and the cluster.
type Collector struct {
	guard   *guard.Guard
	Config  config.Config
	Log     *journal.Log
	files   []*logFiles
	seen    logfile.Seen // how far the files of entries that are gone were read
	Sampler *sample.Sampler
	Kube    atomic.Pointer[kube.State]
	units   atomic.Pointer[sample.Units]
	system  atomic.Pointer[sample.System]
	now     chan struct{}      // wakes the sampler
	turns   uint64             // of the log's owner, as fill saw them last,
	turn    time.Duration      // and since when it has been in the same one; 0: it is not
	stop    context.CancelFunc // ends what the config can change: the sampler, its workers and the look for a kubeconfig
}

// New returns a Collector that has started nothing yet.
func New(c config.Config, g *guard.Guard) *Collector {
	return &Collector{
		guard:   g,
		Config:  c,
		Log:     journal.New(c.LogBufferSize, config.Tabs(c)),
		Sampler: newSampler(c),
		now:     make(chan struct{}, 1),
	}
}

func newSampler(c config.Config) *sample.Sampler {
	return sample.New(sample.Options{Interval: c.RefreshInterval, DenyMounts: c.Filesystems.Deny})
}

// StartLogs starts the log and its sources; they end with ctx.
func (f *Collector) StartLogs(ctx context.Context) {
	f.guard.Supervise(ctx, "log", f.Log.Run)
	f.guard.Supervise(ctx, "log archives", f.Log.Read)
	system := &source.System{Env: source.Host()}
	sink := f.Log.Sink("system")
	f.guard.Supervise(ctx, "log source", func(ctx context.Context) error {
		source.Supervise(ctx, "system", system, sink)
		return nil
	})
	f.followFiles(ctx, f.Config)
}

// StartSampler starts what samples the host, and returns what it ends with, as the workers beside it are to.
func (f *Collector) StartSampler(ctx context.Context) context.Context {
	ctx, f.stop = context.WithCancel(ctx)
	s := f.Sampler
	f.guard.Supervise(ctx, "sampler", func(ctx context.Context) error { return s.Run(ctx, f.now) })
	return ctx
}

// StartWorkers starts what is read beside the samples. They end with ctx.
func (f *Collector) StartWorkers(ctx context.Context) {
	s, path := f.Sampler, f.Config.KubeconfigPath
	for _, w := range s.Workers() {
		f.guard.Supervise(ctx, w.Name, w.Run)
	}
	links, services, system := link.New(link.Options{Guests: s.Guests}), unit.New(unit.Options{}), nixos.New(nixos.Options{})
	f.guard.Supervise(ctx, "links", func(ctx context.Context) error { return links.Run(ctx, s.SetLinks) })
	f.guard.Supervise(ctx, "units", func(ctx context.Context) error { return services.Run(ctx, f.units.Store) })
	f.guard.Supervise(ctx, "system", func(ctx context.Context) error { return system.Run(ctx, f.system.Store) })
	if f.Config.Profile == config.Rescue {
		f.Kube.Store(noKube())
		return
	}
	home, _ := os.UserHomeDir() // without one there is a place less to look in
	find := kube.Options{Path: path, Env: os.Getenv("KUBECONFIG"), Home: home}
	f.guard.Supervise(ctx, "cluster", func(ctx context.Context) error { return f.followCluster(ctx, find) })
}

// noKube is the cluster of a rescue system, whose memory is not spent on it.
func noKube() *kube.State {
	s := new(kube.State)
	s.Health.Gone(boottime.Now(), "off in rescue")
	return s
}

// Reconfigure puts c in force. The log keeps its newest entries; the sampler starts anew only when it is concerned.
func (f *Collector) Reconfigure(ctx context.Context, c config.Config) {
	old := f.Config
	f.Config = c
	f.Log.Reconfigure(c.LogBufferSize, config.Tabs(c))
	f.followFiles(ctx, c)
	if c.RefreshInterval == old.RefreshInterval && c.KubeconfigPath == old.KubeconfigPath && c.Profile == old.Profile &&
		slices.Equal(c.Filesystems.Deny, old.Filesystems.Deny) {
		return
	}
	f.stop()
	f.Sampler = newSampler(c)
	f.StartWorkers(f.StartSampler(ctx))
}

// Refresh asks for a sample now. It never blocks.
func (f *Collector) Refresh() {
	select {
	case f.now <- struct{}{}:
	default:
	}
}

// Fill puts the newest snapshots of host and cluster into fr.
func (f *Collector) Fill(fr *frame.Frame) {
	if h := f.Sampler.Hosts().Latest(); h != nil {
		fr.Host = h
	}
	if n := f.Sampler.Nets().Latest(); n != nil {
		fr.Net = n
	}
	if v := f.Sampler.VMs().Latest(); v != nil {
		fr.VMs = v
	}
	fr.Kube, fr.Units, fr.System = f.Kube.Load(), f.units.Load(), f.system.Load()
	fr.Sampling.Since, fr.Sampling.Source = f.Sampler.Busy()
	switch turns := f.Log.Turns(); {
	case turns != f.turns || turns%2 == 0:
		f.turns, f.turn = turns, 0
	case f.turn == 0:
		f.turn = boottime.Now()
	}
	fr.Logging.Since = f.turn
}
