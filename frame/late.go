package frame

import (
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

const (
	lateIntervals = 3                 // refresh intervals after which it is shown that samples have stopped
	lateLinks     = 30 * time.Second  // they are looked at each 5 or 10 seconds
	lateUnits     = 35 * time.Second  // systemd is asked each 5 seconds and has 5 to answer
	lateSystem    = 30 * time.Second  // the files of the system are read each 10 seconds
	lateChecks    = 30 * time.Second  // the results of plugins are looked at each 2 seconds
	lateCluster   = time.Minute       // the API server is asked each 3 seconds
	lateHistory   = 150 * time.Second // who records says so at each sample, up to a minute apart; who looks for that, each 30 seconds
	lateLog       = 5 * time.Second   // the log's owner looks up many times a second

	notAnswering = "not answering"
)

// Busy says since when something has been under way that normally takes no time; 0: nothing is.
type Busy struct {
	Since  time.Duration // CLOCK_BOOTTIME
	Source sample.Source // of a sample: what it is at
}

// arrival is when a source was good last, and in which tick that was seen first. Ticks do not pass while the host is
// suspended or this program is stopped: then nothing can arrive, and nobody is to blame.
type arrival struct {
	at   time.Duration
	tick uint64
}

// late reports whether a source that was good at the given time, 0 for never, should have been so again by now.
func (a *arrival) late(at, timeout time.Duration, f *Snapshot) bool {
	if at != a.at {
		a.at, a.tick = at, f.Tick
	}
	switch {
	case f.Tick > 0:
		return f.Boot-at > timeout && time.Duration(f.Tick-a.tick)*time.Second >= timeout
	case at == 0:
		return f.Final
	}
	return f.Boot-at > timeout
}

// markLate makes stale what is shown as fresh although nothing has come for too long: a reader that hangs cannot say so
// itself.
func (t *Tracker) markLate(f *Snapshot) {
	t.lateSamples(f)
	if f.Host != nil && outdated(f.Host.Health[sample.Links], &t.links, lateLinks, f) {
		t.ownHost(f).Health[sample.Links].Bad(f.Boot, notAnswering)
	}
	if f.Units != nil && outdated(f.Units.Health, &t.units, lateUnits, f) {
		t.staleUnits = *f.Units
		f.Units = &t.staleUnits
		f.Units.Health.Bad(f.Boot, notAnswering)
	}
	t.markCluster(f)
	t.markChecks(f)
	if f.Recording != nil && outdated(f.Recording.Health, &t.recording, lateHistory, f) {
		t.staleRecording = *f.Recording
		f.Recording = &t.staleRecording
		f.Recording.Health.Bad(f.Boot, notAnswering)
	}
	if f.System == nil {
		return
	}
	nixos, clock := outdated(f.System.NixOS.Health, &t.nixos, lateSystem, f), outdated(f.System.Clock.Health, &t.clock, lateSystem, f)
	boot := outdated(f.System.LastBoot.Health, &t.lastBoot, lateSystem, f)
	if nixos || clock || boot {
		t.staleSystem = *f.System
		f.System = &t.staleSystem
	}
	if nixos {
		f.System.NixOS.Health.Bad(f.Boot, notAnswering)
	}
	if clock {
		f.System.Clock.Health.Bad(f.Boot, notAnswering)
	}
	if boot {
		f.System.LastBoot.Health.Bad(f.Boot, notAnswering)
	}
}

// markCluster makes the cluster stale that is late, and with it each kind that is called good: whether that is all there is
// nobody knows while the API server is not ready, though a stream may go on.
func (t *Tracker) markCluster(f *Snapshot) {
	if f.Kube == nil {
		return
	}
	late := outdated(f.Kube.Health, &t.cluster, lateCluster, f)
	if !late && f.Kube.Health.State != health.Stale {
		return
	}
	t.staleCluster = *f.Kube
	f.Kube = &t.staleCluster
	if late {
		f.Kube.Health.Bad(f.Boot, notAnswering)
	}
	for i := range f.Kube.Kinds {
		if k := &f.Kube.Kinds[i]; k.State == health.OK {
			k.At = min(k.At, f.Kube.Health.At)
			k.Bad(f.Kube.Health.Since, f.Kube.Health.Err)
		}
	}
}

// outdated reports whether h is called good and has been so for too long without a new value.
func outdated(h health.Health, a *arrival, timeout time.Duration, f *Snapshot) bool {
	late := a.late(h.At, timeout, f)
	return late && h.State == health.OK
}

// ownHost makes the host of f a copy that may be marked. The lists stay those of the sample, which others have, too.
func (t *Tracker) ownHost(f *Snapshot) *sample.Host {
	if t.staleHost == nil { // it is large, and seldom needed
		t.staleHost = new(sample.Host)
	}
	*t.staleHost = *f.Host
	f.Host = t.staleHost
	return f.Host
}

// lateSamples sets LateSince, and makes all that was sampled stale while it is set.
func (t *Tracker) lateSamples(f *Snapshot) {
	timeout := lateIntervals*f.Settings.Refresh - time.Second // the frame that shows it is up to a second later
	var at time.Duration
	if f.Host != nil {
		at = f.Host.At
	}
	late := t.samples.late(at, timeout, f)
	f.LateSince = 0
	switch {
	case f.Sampling.Since != 0 && (f.Final || f.Boot-f.Sampling.Since > timeout):
		f.LateSince = f.Sampling.Since
	case late && f.Sampling.Since != 0:
		f.LateSince = f.Sampling.Since
	case late && at != 0:
		f.LateSince = at
	case late:
		f.LateSince = max(f.Boot-time.Duration(f.Tick)*time.Second, 1) // there never was one
	}
	if f.LateSince == 0 || f.Host == nil {
		return
	}
	h := t.ownHost(f)
	for i := range h.Health {
		markSample(f, &h.Health[i], sample.Source(i))
	}
	if f.VMs != nil {
		t.staleVMs = *f.VMs
		f.VMs = &t.staleVMs
		markSample(f, &f.VMs.Health, sample.QEMU)
	}
}

// markSample says of a source of the host that it is late, and why.
func markSample(f *Snapshot, h *health.Health, s sample.Source) {
	if h.State != health.OK && h.State != health.Init {
		return // it has said itself what is wrong
	}
	why := notAnswering
	if f.Sampling.Since != 0 && s != f.Sampling.Source {
		why = waitsFor[f.Sampling.Source]
	}
	h.Bad(f.LateSince, why)
}

// waitsFor is why the other sources are late while one does not answer.
var waitsFor = func() (words [sample.SourceCount]string) {
	for i := range words {
		words[i] = "the sampler waits for " + sampleDetails[i]
	}
	return words
}()
