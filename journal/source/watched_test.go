package source

import (
	"context"
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
func run(src Source, sink *journal.Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- src.Run(ctx, sink) }()
	return func() error { cancel(); return <-ended }
}
