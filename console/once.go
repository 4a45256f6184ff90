package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
	"hypervisor-tui/report"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

const (
	betweenSamples = 500 * time.Millisecond
	timeout        = 3 * time.Second // for sources that are slow to answer the first time
	lastTimeout    = time.Second     // for the sample that is shown
	tailRows       = 50
)

// Once prints one picture, the snapshot as JSON, or the figures for Prometheus.
func Once(out io.Writer, o Options) error {
	first, _ := firstLoad(o)
	c := first.config
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	take := snapshot
	if o.At != "" {
		take = snapshotAt
	}
	f, log, err := take(ctx, first, o)
	if err != nil {
		return err
	}
	switch {
	case o.JSON:
		return report.Write(out, f)
	case o.Metrics:
		return writeMetrics(out, f, c.Serve.Exporter)
	}
	size := config.Size{Width: 80, Height: 24}
	if o.Size != "" {
		size, _ = config.ParseSize(o.Size) // validated with the flags
	}
	canvas := draw.NewCanvas(appearance(c.Display, draw.Caps{UTF8: utf8Locale()}, nil)) // without colours: the theme is mono
	var asked uint64
	ask := func(q journal.Query) {
		asked, q.Seen = q.Number, false // nobody looks: what was unread stays so
		log.Ask(q)
	}
	picture := screens.New(pages.New(pages.Options{Ask: ask}), cmp.Or(o.Screen, c.Screen), nil)
	picture.Update(size.Width, size.Height, f)
	if asked != 0 {
		f.Page = answerTo(ctx, log, asked)
		picture.Update(size.Width, size.Height, f)
	}
	picture.Draw(canvas.Begin(size.Width, size.Height), f)
	if _, err := out.Write(canvas.AppendDrawn(nil)); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// asciiWriter takes text, and replaces what is not ASCII.
type asciiWriter struct{ io.Writer }

func (w asciiWriter) Write(p []byte) (int, error) {
	if _, err := w.Writer.Write(draw.AppendASCII(nil, p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// utf8Locale reports whether standard output takes more than ASCII.
func utf8Locale() bool {
	locale := strings.ToLower(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}

// snapshot samples the host twice, so that there are rates, and waits for what is slow to answer the first time.
func snapshot(ctx context.Context, first loaded, o Options) (*frame.Frame, *journal.View, error) {
	c, g := first.config, new(guard.Guard)
	collector := collect.New(c, g)
	var wants []collect.Want
	if o.Metrics {
		wants = append(wants, collect.WantCounters)
	}
	news, err := collector.Subscribe(wants...)
	if err != nil {
		return nil, nil, err
	}
	// Scripts get the messages as they were written.
	news.Log().Ask(journal.Query{Number: 1, Rows: tailRows, Filter: journal.Filter{Least: journal.Debug, Each: o.JSON, Raw: o.JSON}})
	news.ViewProcesses(!o.Metrics)
	news.ViewNodes(!o.Metrics)
	collector.StartLogs(ctx)
	collector.StartWorkers(ctx)
	collector.FollowHistory(ctx, c.History, false)
	collector.FollowPlugins(ctx, c)
	if o.Metrics {
		followExported(ctx, collector)
	} else {
		collector.FollowPeers(ctx, c.Peers)
	}
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	local := guard.Begin(localZone)
	sampled := guard.InTime(limit, news.Sample)
	wakeup.Pause(limit, betweenSamples)
	news.WaitSlow(limit)
	f := &frame.Frame{Snapshot: frame.Snapshot{Settings: settings(c, first.banner, first.path), Final: true}}
	f.Settings.Version = o.Version
	zone, _ := guard.Within(limit, local, noZone)
	if zone.note != "" {
		f.Settings.Notes = append(f.Settings.Notes, zone.note)
	}
	f.Page = backfilled(limit, news.Log())
	for limit.Err() == nil && !(news.ClusterSettled() && news.PeersSettled() && news.PluginsSettled()) {
		wakeup.Pause(limit, 10*time.Millisecond)
	}
	own := new(process.Usage)
	last, stop := context.WithTimeout(ctx, lastTimeout)
	defer stop()
	if sampled {
		guard.InTime(last, news.Sample)
	}
	guard.InTime(last, own.Measure)
	f.Now = time.Now().In(zone.Location)
	own.Fill(&f.Self)
	f.Self.Crashes = g.Crashes.Load()
	news.Fill(&f.Snapshot)
	return f, news.Log(), nil
}

// answerTo waits for the whole page that answers a query, and returns what there is when it does not come in time.
func answerTo(ctx context.Context, log *journal.View, query uint64) *journal.Page {
	ctx, cancel := context.WithTimeout(ctx, lastTimeout)
	defer cancel()
	for {
		page := log.Latest()
		if page != nil && page.Query == query && !page.Pending {
			return page
		}
		select {
		case <-log.Changed():
		case <-ctx.Done():
			return page
		}
	}
}

// backfilled waits until the log's sources have answered and no more entries come, or ctx ends.
func backfilled(ctx context.Context, log *journal.View) *journal.Page {
	const quiet = 250 * time.Millisecond
	for {
		page := log.Latest()
		wait := timeout
		if page != nil && page.Query != 0 && !page.Pending && answered(page) {
			wait = quiet
		}
		select {
		case <-log.Changed():
		case <-ctx.Done():
			return page
		case <-time.After(wait):
			return page
		}
	}
}

// answered reports whether each log source has said how it is.
func answered(page *journal.Page) bool {
	for i := range page.Sources {
		if page.Sources[i].Health.State == health.Init {
			return false
		}
	}
	return len(page.Sources) > 0
}
