package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/console/process"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/when"
	"hypervisor-tui/journal"
)

// instant reads a time of the command line.
func instant(typed string, now time.Time) (time.Time, error) {
	at, ok := when.Parse(typed, now)
	if !ok {
		return at, fmt.Errorf("--at %q: it is a time such as %q, %q or %q", typed, when.Examples[0], when.Examples[1], when.Examples[2])
	}
	return at, nil
}

// now is the time in the zone that is shown.
func now(ctx context.Context) time.Time {
	limit, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	zone, _ := guard.Within(limit, guard.Begin(localZone), noZone)
	return time.Now().In(zone.Location)
}

// recording is the file that is read, an error when there can be none.
func recording(first loaded) (string, error) {
	path := first.config.History.File()
	if path == "" {
		return "", fmt.Errorf("%w: history.path names no place for it, and neither do STATE_DIRECTORY, XDG_STATE_HOME and HOME", history.ErrNothing)
	}
	return path, nil
}

// snapshotAt returns what was known at a time, and the log, which is at that time too when it is wanted.
func snapshotAt(ctx context.Context, first loaded, o Options) (*frame.Frame, *journal.View, error) {
	real := now(ctx)
	at, err := instant(o.At, real)
	if err != nil {
		return nil, nil, err
	}
	path, err := recording(first)
	if err != nil {
		return nil, nil, err
	}
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := answering(limit, path, func() (*history.Moment, error) {
		return history.Read(&history.Query{Path: path, Zone: real.Location(), At: at})
	})
	const form = "2006-01-02 15:04:05"
	switch {
	case err != nil:
		return nil, nil, err
	case m.Snapshot.Past.Gap:
		return nil, nil, fmt.Errorf("nothing is recorded at %s: the nearest record is of %s", at.Format(form), m.Snapshot.Now.Format(form))
	}
	f := &frame.Frame{Snapshot: m.Snapshot}
	f.Settings, f.Final, f.Past.Real = settings(first.config, first.banner, first.path), true, real
	f.Settings.Version = o.Version
	own := new(process.Usage)
	guard.InTime(limit, own.Measure)
	own.Fill(&f.Self)
	collector := collect.New(first.config, new(guard.Guard))
	news, err := collector.Subscribe()
	if err != nil {
		return nil, nil, err
	}
	if cmp.Or(o.Screen, first.config.Screen) == frame.Logs && !o.JSON {
		news.Log().Ask(journal.Query{Number: 1, Rows: tailRows, Filter: journal.Filter{Least: journal.Debug}})
		collector.StartLogs(ctx)
		f.Page = backfilled(limit, news.Log())
	}
	return f, news.Log(), nil
}

// History prints what has happened, a line or a JSON object each: all that is recorded, or from a time on.
func History(out io.Writer, o Options) error {
	first, _ := firstLoad(o)
	path, err := recording(first)
	if err != nil {
		return err
	}
	real := now(context.Background())
	from := time.Time{}
	if o.At != "" {
		if from, err = instant(o.At, real); err != nil {
			return err
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	events, err := answering(limit, path, func() ([]frame.Event, error) {
		r, err := history.Open(path, real.Location())
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return r.Events(nil, from, real.Add(365*24*time.Hour)), nil
	})
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, e := range events {
		if o.JSON {
			err = lines.Encode(struct {
				At       time.Time `json:"at"`
				Severity string    `json:"severity"`
				What     string    `json:"what"`
				Where    string    `json:"where"`
			}{e.At, e.Severity.String(), string(e.AppendWhat(nil)), e.Where})
		} else {
			_, err = fmt.Fprintf(out, "%s  %-7s  %s\n", e.At.Format("2006-01-02 15:04:05"), e.Severity, e.AppendWhat(nil))
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// answering is what read brings of the recording at path, an error when that takes too long: a disk may hang.
func answering[T any](limit context.Context, path string, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	r, ok := guard.Within(limit, guard.Begin(func() result { v, err := read(); return result{v, err} }), result{})
	switch {
	case !ok:
		r.err = fmt.Errorf("%s is not answering", path)
	case errors.Is(r.err, history.ErrNothing):
		r.err = fmt.Errorf("%w in %s: hypervisor-tui --record records, or a console where history.enable is true", r.err, path)
	}
	return r.value, r.err
}
