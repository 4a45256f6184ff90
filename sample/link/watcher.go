// Package link fills sample.LinkReport: what the kernel's links, addresses and default routes are (rtnetlink), what the
// hardware behind them is (sysfs, ethtool) and whom the host asks for names (/etc/resolv.conf). It runs off the tick,
// since a driver that holds the kernel's rtnl lock can keep it waiting for minutes.
package link

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

const (
	beat     = 5 * time.Second  // between two dumps
	patience = 10 * time.Second // after which a dump is given up, where the kernel lets it be
)

// Options says where the Watcher reads.
type Options struct {
	Root string // before /sys and /etc: a test's tree. The ioctl, which knows no tree, is asked only when it is empty
}

// Watcher finds out about links. Its Run and Dump may be called from any goroutine; they share nothing that changes.
type Watcher struct {
	root string
	dial dialer
	now  func() time.Duration // CLOCK_BOOTTIME
}

// New returns a Watcher of the network namespace that the process is in. It opens nothing yet.
func New(o Options) *Watcher {
	return &Watcher{root: o.Root, dial: dialRoute, now: sample.Boottime}
}

// outcome is how one dump ended.
type outcome struct {
	table *sample.LinkTable
	err   error
	crash string // a panic and its trace, to be raised again where somebody recovers
	cost  time.Duration
}

// Run dumps at once and then each 5 seconds, and calls publish from its own goroutine after each dump, and at each beat
// that a dump has not answered. A report is immutable, and its Table is the same pointer while nothing changed; after a
// failure it is the last good one. Run ends with ctx's error when ctx ends, and for nothing else. What panics in a dump
// panics again in Run.
func (w *Watcher) Run(ctx context.Context, publish func(*sample.LinkReport)) error {
	var (
		report sample.LinkReport
		began  time.Duration
		busy   bool
	)
	// One answer fits in, so that a dump which comes back after Run has left does not linger.
	answers := make(chan outcome, 1)
	start := func() {
		busy, began = true, w.now()
		go func() { answers <- w.attempt(ctx) }()
	}
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	start()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			if !busy {
				start()
				continue
			}
			// Never a second dump beside one that hangs: it would hang as well.
			report.Health.Bad(w.now(), "rtnetlink: not answering "+seconds(w.now()-began))
		case o := <-answers:
			busy = false
			if o.crash != "" {
				panic(o.crash)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			take(&report, &o, w.now())
		}
		publish(&sample.LinkReport{Table: report.Table, Health: report.Health})
	}
}

// attempt is one dump as Run wants it: given up after a while, and never panicking on a goroutine that nobody guards.
func (w *Watcher) attempt(ctx context.Context) (o outcome) {
	began := w.now()
	defer func() {
		if p := recover(); p != nil {
			o.crash = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
		o.cost = w.now() - began
	}()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o.table, o.err = w.Dump(ctx)
	return o
}

// take moves an outcome into the report.
func take(r *sample.LinkReport, o *outcome, now time.Duration) {
	r.Health.Cost = o.cost
	if o.err != nil {
		r.Health.Bad(now, clean.String(o.err.Error()))
		return
	}
	r.Health.Good(now)
	if r.Table == nil || !same(r.Table, o.table) {
		r.Table = o.table
	}
}

// Dump asks for everything once. The table is the caller's. Errors name what was asked: "dump links: ...".
func (w *Watcher) Dump(ctx context.Context) (*sample.LinkTable, error) {
	f, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	f.devices = devices(w.root, f.links)
	f.dns = nameservers(w.root)
	return f.table(), nil
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + "s" }
