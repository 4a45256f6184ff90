package journal

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// start runs l until the test ends.
func start(t testing.TB, l *Log) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return ctx
}

var everything = Filter{Least: Debug}

func TestFollowShowsNewEntriesWithoutAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(100, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
		ctx := start(t, l)
		s := l.Sink("test")
		l.Ask(Query{Number: 7, Rows: 3, Filter: everything})
		synctest.Wait()
		if p := l.Pages().Latest(); p.Query != 7 || len(p.Rows) != 0 || p.Pending {
			t.Fatalf("first page: %+v", p)
		}
		for i := range 10 {
			s.Put(ctx, Entry{Time: time.Now(), Unit: []byte("k3s"), Severity: Info, Message: fmt.Append(nil, "line ", i)})
		}
		s.Flush()
		time.Sleep(pageInterval)
		synctest.Wait()
		p := l.Pages().Latest()
		if len(p.Rows) != 3 || string(p.Message(&p.Rows[2])) != "line 9" || p.Older != 7 || p.Total != 10 {
			t.Fatalf("page: %+v", p)
		}
	})
}
