package main

import (
	"context"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link"
	"hypervisor-tui/sample/nixos"
	"hypervisor-tui/sample/unit"
	"hypervisor-tui/screens/frame"
)

// feeds is everything that fills a frame: it starts the goroutines that read the host, the logs and the cluster.
type feeds struct {
	guard   *guard
	config  Config
	log     *journal.Log
	files   []*logFiles
	seen    source.Seen // how far the files of entries that are gone were read
	sampler *sample.Sampler
	kube    atomic.Pointer[kube.State]
	units   atomic.Pointer[sample.Units]
	system  atomic.Pointer[sample.System]
	now     chan struct{}      // wakes the sampler
	turns   uint64             // of the log's owner, as fill saw them last,
	turn    time.Duration      // and since when it has been in the same one; 0: it is not
	stop    context.CancelFunc // ends what the config can change: the sampler, its workers and the look for a kubeconfig
}

func newFeeds(c Config, g *guard) *feeds {
	return &feeds{
		guard:   g,
		config:  c,
		log:     journal.New(c.LogBufferSize, journalTabs(c)),
		sampler: newSampler(c),
		now:     make(chan struct{}, 1),
	}
}

func newSampler(c Config) *sample.Sampler {
	return sample.New(sample.Options{Interval: c.RefreshInterval, DenyMounts: c.Filesystems.Deny})
}

// startLogs starts the log and its sources; they end with ctx.
func (f *feeds) startLogs(ctx context.Context) {
	f.guard.keep(ctx, "log", f.log.Run)
	f.guard.keep(ctx, "log archives", f.log.Read)
	system := &source.System{Env: source.Host()}
	sink := f.log.Sink("system")
	f.guard.keep(ctx, "log source", func(ctx context.Context) error {
		source.Supervise(ctx, "system", system, sink)
		return nil
	})
	f.followFiles(ctx, f.config)
}

// startSampler starts what samples the host, and returns what it ends with, as the workers beside it are to.
func (f *feeds) startSampler(ctx context.Context) context.Context {
	ctx, f.stop = context.WithCancel(ctx)
	s := f.sampler
	f.guard.keep(ctx, "sampler", func(ctx context.Context) error { return s.Run(ctx, f.now) })
	return ctx
}

// startWorkers starts what is read beside the samples. They end with ctx.
func (f *feeds) startWorkers(ctx context.Context) {
	s, path := f.sampler, f.config.KubeconfigPath
	for _, w := range s.Workers() {
		f.guard.keep(ctx, w.Name, w.Run)
	}
	links, services, system := link.New(link.Options{Guests: s.Guests}), unit.New(unit.Options{}), nixos.New(nixos.Options{})
	f.guard.keep(ctx, "links", func(ctx context.Context) error { return links.Run(ctx, s.SetLinks) })
	f.guard.keep(ctx, "units", func(ctx context.Context) error { return services.Run(ctx, f.units.Store) })
	f.guard.keep(ctx, "system", func(ctx context.Context) error { return system.Run(ctx, f.system.Store) })
	if f.config.Profile == rescue {
		f.kube.Store(noKube())
		return
	}
	home, _ := os.UserHomeDir() // without one there is a place less to look in
	find := kube.Options{Path: path, Env: os.Getenv("KUBECONFIG"), Home: home}
	f.guard.keep(ctx, "cluster", func(ctx context.Context) error { return f.followCluster(ctx, find) })
}

// noKube is the cluster of a rescue system, whose memory is not spent on it.
func noKube() *kube.State {
	s := new(kube.State)
	s.Health.Gone(sample.Boottime(), "off in rescue")
	return s
}

// reconfigure puts c in force. The log keeps its newest entries; the sampler starts anew only when it is concerned.
func (f *feeds) reconfigure(ctx context.Context, c Config) {
	old := f.config
	f.config = c
	f.log.Reconfigure(c.LogBufferSize, journalTabs(c))
	f.followFiles(ctx, c)
	if c.RefreshInterval == old.RefreshInterval && c.KubeconfigPath == old.KubeconfigPath && c.Profile == old.Profile &&
		slices.Equal(c.Filesystems.Deny, old.Filesystems.Deny) {
		return
	}
	f.stop()
	f.sampler = newSampler(c)
	f.startWorkers(f.startSampler(ctx))
}

// refresh asks for a sample now. It never blocks.
func (f *feeds) refresh() {
	select {
	case f.now <- struct{}{}:
	default:
	}
}

// fill puts the newest snapshots of host and cluster into fr.
func (f *feeds) fill(fr *frame.Frame) {
	if h := f.sampler.Hosts().Latest(); h != nil {
		fr.Host = h
	}
	if n := f.sampler.Nets().Latest(); n != nil {
		fr.Net = n
	}
	if v := f.sampler.VMs().Latest(); v != nil {
		fr.VMs = v
	}
	fr.Kube, fr.Units, fr.System = f.kube.Load(), f.units.Load(), f.system.Load()
	fr.Sampling.Since, fr.Sampling.Source = f.sampler.Busy()
	switch turns := f.log.Turns(); {
	case turns != f.turns || turns%2 == 0:
		f.turns, f.turn = turns, 0
	case f.turn == 0:
		f.turn = sample.Boottime()
	}
	fr.Logging.Since = f.turn
}
