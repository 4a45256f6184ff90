// Package journaltest runs a journal.Log for the tests of its sources.
package journaltest

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
)

// Watched is a Log that runs until the test ends, and one sink into it.
type Watched struct {
	*journal.Log
	*journal.View
	Input   *journal.Sink
	Timeout time.Duration
}

// Watch runs a Log of 5000 entries.
func Watch(t *testing.T) Watched { return WatchRing(t, 5000) }

// WatchRing runs a Log of so many entries.
func WatchRing(t *testing.T, entries int) Watched {
	l := journal.New(entries, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	v, err := l.NewView()
	if err != nil {
		t.Fatal(err)
	}
	v.Ask(journal.Query{Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug}})
	return Watched{l, v, l.Sink("test"), await.Limit}
}

// Await returns the first page that ok accepts.
func (w Watched) Await(t *testing.T, what string, ok func(p *journal.Page) bool) *journal.Page {
	t.Helper()
	deadline := time.After(w.Timeout)
	for {
		select {
		case <-w.Changed():
			if p := w.Latest(); ok(p) {
				return p
			}
		case <-deadline:
			t.Fatalf("%s: not within %v", what, w.Timeout)
		}
	}
}

// Rows awaits n entries and returns them as text.
func (w Watched) Rows(t *testing.T, n int) (list []string) {
	t.Helper()
	p := w.Await(t, "entries", func(p *journal.Page) bool { return len(p.Rows) >= n })
	for i := range p.Rows {
		list = append(list, p.Rows[i].Unit+": "+string(p.Message(&p.Rows[i])))
	}
	return list
}

// Run starts src on its own; stop ends it and returns what Run returned.
func Run(src interface {
	Run(ctx context.Context, sink *journal.Sink) error
}, sink *journal.Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- src.Run(ctx, sink) }()
	return func() error { cancel(); return <-ended }
}

// Until is await that is content with the page at hand.
func (w Watched) Until(t *testing.T, what string, ok func(p *journal.Page) bool) *journal.Page {
	t.Helper()
	if p := w.Latest(); p != nil && ok(p) {
		return p
	}
	return w.Await(t, what, ok)
}

// Health awaits a report that holds all words.
func (w Watched) Health(t *testing.T, words ...string) journal.SourceState {
	t.Helper()
	return w.Until(t, strings.Join(words, " "), func(p *journal.Page) bool {
		if len(p.Sources) == 0 {
			return false
		}
		s := p.Sources[0]
		text := s.Health.State.String() + " " + s.Detail + " " + s.Health.Err
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}).Sources[0]
}

// Count awaits n entries.
func (w Watched) Count(t *testing.T, n int) {
	t.Helper()
	w.Until(t, fmt.Sprint(n, " entries"), func(p *journal.Page) bool { return p.Total >= uint64(n) })
}

// AppendFile appends text to a file, which it makes when it is not there.
func AppendFile(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Rename renames a file.
func Rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// On is an archive's Newer up to the end.
func On(a journal.Archive) func(context.Context, journal.Place, func(journal.Entry) bool) error {
	return func(ctx context.Context, from journal.Place, put func(journal.Entry) bool) error {
		return a.Newer(ctx, from, journal.Place{Time: math.MaxInt64}, put)
	}
}
