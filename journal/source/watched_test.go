package source

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

// watched is a Log that runs until the test ends, and one sink into it.
type watched struct {
	*journal.Log
	sink     *journal.Sink
	patience time.Duration
}

func watch(t *testing.T) watched { return watchRing(t, 5000) }

func watchRing(t *testing.T, entries int) watched {
	l := journal.New(entries, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	l.Ask(journal.Query{Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug}})
	return watched{l, l.Sink("test"), await.Limit}
}

// await returns the first page that ok accepts.
func (w watched) await(t *testing.T, what string, ok func(p *journal.Page) bool) *journal.Page {
	t.Helper()
	deadline := time.After(w.patience)
	for {
		select {
		case <-w.Changed():
			if p := w.Pages().Latest(); ok(p) {
				return p
			}
		case <-deadline:
			t.Fatalf("%s: not within %v", what, w.patience)
		}
	}
}

// rows awaits n entries and returns them as text.
func (w watched) rows(t *testing.T, n int) (list []string) {
	t.Helper()
	p := w.await(t, "entries", func(p *journal.Page) bool { return len(p.Rows) >= n })
	for i := range p.Rows {
		list = append(list, p.Rows[i].Unit+": "+string(p.Message(&p.Rows[i])))
	}
	return list
}

// run starts src on its own; stop ends it and returns what Run returned.
func run(src interface {
	Run(ctx context.Context, sink *journal.Sink) error
}, sink *journal.Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- src.Run(ctx, sink) }()
	return func() error { cancel(); return <-ended }
}

// until is await that is content with the page at hand.
func (w watched) until(t *testing.T, what string, ok func(p *journal.Page) bool) *journal.Page {
	t.Helper()
	if p := w.Pages().Latest(); p != nil && ok(p) {
		return p
	}
	return w.await(t, what, ok)
}

// health awaits a report that holds all words.
func (w watched) health(t *testing.T, words ...string) journal.SourceState {
	t.Helper()
	return w.until(t, strings.Join(words, " "), func(p *journal.Page) bool {
		if len(p.Sources) == 0 {
			return false
		}
		s := p.Sources[0]
		text := s.Health.State.String() + " " + s.Detail + " " + s.Health.Err
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}).Sources[0]
}

// count awaits n entries.
func (w watched) count(t *testing.T, n int) {
	t.Helper()
	w.until(t, fmt.Sprint(n, " entries"), func(p *journal.Page) bool { return p.Total >= uint64(n) })
}

func appendFile(t *testing.T, path, text string) {
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

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// on is an archive's Newer up to the end.
func on(a journal.Archive) func(context.Context, journal.Place, func(journal.Entry) bool) error {
	return func(ctx context.Context, from journal.Place, put func(journal.Entry) bool) error {
		return a.Newer(ctx, from, journal.Place{Time: math.MaxInt64}, put)
	}
}
