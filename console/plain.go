package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/report"
)

const statusBeat = time.Minute

// Plain prints lines for a console that logs what it gets: a status line a minute and log entries as they come, ASCII
// of 80 columns, never faster than the line's baud rate.
func Plain(out io.Writer, o Options) (err error) {
	first, _ := firstLoad(o)
	if o.TTY != "" {
		f, failed := os.OpenFile(o.TTY, os.O_WRONLY, 0) // which makes no controlling terminal of it
		if failed != nil {
			return fmt.Errorf("open the terminal: %w", failed)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchSignals(cancel, unix.SIGHUP) // it has nothing to read again
	c, g := first.config, new(guard.Guard)
	collector := collect.New(c, g)
	news, err := collector.Subscribe()
	if err != nil {
		return err
	}
	defer news.Close()
	recorder, err := embedded(collector, first)
	if err != nil {
		return err
	}
	news.Log().Ask(journal.Query{Number: 1, Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}})
	collector.StartLogs(ctx)
	collector.StartWorkers(collector.StartSampler(ctx))
	collector.FollowPlugins(ctx, c)
	written := recorder.start(ctx, g, collector)
	limit, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	zone, _ := guard.Within(limit, guard.Begin(localZone), noZone)
	p := &printer{out: tty.NewPacer(out, c.Baud), log: news.Log(), news: news, own: new(process.Usage)}
	g.Supervise(ctx, "own use", p.own.Follow)
	p.frame.Settings = settings(c, first.banner, first.path)
	p.frame.Now = time.Now().In(zone.Location)
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, "plain", p.run) }() // a write to a stopped line may never return
	select {
	case err = <-done:
	case <-ctx.Done():
	}
	cancel()
	select {
	case <-written:
	case <-time.After(endTime): // a disk that hangs keeps nobody
	}
	return err
}

// printer is what --plain prints.
type printer struct {
	out     io.Writer
	log     *journal.View
	news    *collect.Subscription
	own     *process.Usage
	frame   frame.Frame
	printed uint64 // of the entries that came since the start, or left out
	text    []byte
}

// run prints until ctx ends or the line fails.
func (p *printer) run(ctx context.Context) error {
	tick := time.NewTicker(statusBeat)
	defer tick.Stop()
	first := time.After(betweenSamples + 100*time.Millisecond) // the second sample, with rates
	for {
		p.text = p.text[:0]
		select {
		case <-ctx.Done():
			return nil
		case <-first:
			process.LimitMemory(process.GCPercent)
			p.status()
		case <-tick.C:
			p.status()
		case <-p.log.Changed():
			p.entries()
		}
		if _, err := p.out.Write(p.text); err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
	}
}

// status adds the line, or two, that say how the host is.
func (p *printer) status() {
	f := &p.frame
	f.Now = time.Now().In(f.Now.Location())
	p.own.Fill(&f.Self)
	p.news.Fill(&f.Snapshot)
	p.text = report.AppendStatus(p.text, f)
}

// entries adds what has come since the last time and since the start, whatever the clock says, and how much of it was too
// much to print.
func (p *printer) entries() {
	page := p.log.Latest()
	if page == nil || page.Pending {
		return
	}
	p.frame.Page = page
	number := page.Later // of the newest row that came since
	for i := range page.Rows {
		if !page.Rows[i].Earlier {
			number--
		}
	}
	if number > p.printed {
		p.text = fmt.Appendf(p.text, "... %d log entries came too fast to print\n", number-p.printed)
	}
	for i := range page.Rows {
		if r := &page.Rows[i]; !r.Earlier {
			if number++; number > p.printed {
				p.text = report.AppendEntry(p.text, page, r, p.frame.Now.Location())
			}
		}
	}
	p.printed = page.Later
}
