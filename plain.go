package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/frame"
	"hypervisor-tui/screens/report"
)

const statusBeat = time.Minute

// plain prints lines for a console that logs what it gets: a status line a minute and log entries as they come, ASCII
// of 80 columns, never faster than the line's baud rate.
func plain(out io.Writer, c Config, banner string, o options) (err error) {
	if o.tty != "" {
		f, err := os.OpenFile(o.tty, os.O_WRONLY|unix.O_NOCTTY, 0)
		if err != nil {
			return fmt.Errorf("open the terminal: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchSignals(cancel)
	g := new(guard)
	feeds := newFeeds(c, g)
	feeds.log.Ask(journal.Query{Number: 1, Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}})
	feeds.startLogs(ctx)
	feeds.startHost(ctx)
	zone, _ := localZone()
	p := &printer{out: draw.NewPacer(out, c.Baud), feeds: feeds, own: newOwnUse(), began: time.Now()}
	p.frame.Settings = settings(c, banner, configPath(o.config))
	p.frame.Now = time.Now().In(zone)
	done := make(chan error, 1)
	go func() { done <- g.run(ctx, "plain", p.run) }() // a write to a stopped line may never return
	select {
	case err = <-done:
	case <-ctx.Done():
	}
	return err
}

// printer is what --plain prints.
type printer struct {
	out   io.Writer
	feeds *feeds
	own   *ownUse
	frame frame.Frame
	began time.Time
	last  uint64 // id of the newest entry seen
	text  []byte
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
			limitMemory(gcPercent)
			p.status()
		case <-tick.C:
			p.status()
		case <-p.feeds.log.Changed():
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
	f.Now, f.Boot = time.Now().In(f.Now.Location()), sample.Boottime()
	p.feeds.fill(f)
	p.own.read(&f.Self)
	f.Derive()
	p.text = report.AppendStatus(p.text, f)
}

// entries adds what was logged since the last time and since the start, and how much of it was too much to print.
func (p *printer) entries() {
	page := p.feeds.log.Pages().Latest()
	if page == nil || len(page.Rows) == 0 {
		return
	}
	p.frame.Page = page
	// What was logged before the start is not printed, so none of it is missing.
	if oldest := &page.Rows[0]; p.last != 0 && oldest.ID > p.last+1 && oldest.Time >= p.began.UnixMicro() {
		p.text = fmt.Appendf(p.text, "... %d log entries came too fast to print\n", oldest.ID-p.last-1)
	}
	for i := range page.Rows {
		r := &page.Rows[i]
		if r.ID > p.last && r.Time >= p.began.UnixMicro() {
			p.text = report.AppendEntry(p.text, page, r, p.frame.Now.Location())
		}
	}
	p.last = page.Rows[len(page.Rows)-1].ID
}
