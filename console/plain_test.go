package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/journal"
)

// TestF59PlainWhileTheClockIsBehind: what comes is printed once, whatever its stamp says, and what was there is not,
// even when another source starts later.
func TestF59PlainWhileTheClockIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := journal.New(1000, []journal.Tab{{Name: "All"}})
		ctx, cancel := context.WithCancel(t.Context())
		go log.Run(ctx)
		view, err := log.NewView()
		if err != nil {
			t.Fatal(err)
		}
		view.Ask(journal.Query{Number: 1, Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}})
		p := &printer{log: view}
		p.frame.Now = time.Now()
		put := func(s *journal.Sink, text string, ago time.Duration) {
			if !s.Try(journal.Entry{Time: time.Now().Add(-ago), Unit: []byte("unit"), Message: []byte(text)}) {
				t.Fatal("no room")
			}
		}
		printed := func() (texts []string) {
			time.Sleep(time.Second)
			synctest.Wait()
			p.text = p.text[:0]
			p.entries()
			for line := range strings.Lines(string(p.text)) {
				texts = append(texts, line[strings.LastIndexByte(line, ' ')+1:len(line)-1])
			}
			return texts
		}
		a := log.Sink("a")
		put(a, "old", time.Hour)
		put(a, "ahead", -time.Hour) // the clock has been set back since
		a.Flush()
		a.Backfilled(true)
		time.Sleep(time.Second)
		put(a, "first", 2*time.Hour)
		put(a, "second", 2*time.Hour)
		a.Flush()
		if got := printed(); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("%q", got)
		}
		b := log.Sink("b")
		for i := range 400 {
			put(b, "x", time.Duration(400-i)*time.Minute)
		}
		b.Flush()
		b.Backfilled(true)
		put(a, "third", 2*time.Hour)
		a.Flush()
		if got := printed(); !slices.Equal(got, []string{"third"}) {
			t.Errorf("%q", got)
		}
		if got := printed(); len(got) > 0 {
			t.Errorf("%q", got)
		}
		for i := range 250 {
			put(a, fmt.Sprint(i), 3*time.Hour)
		}
		a.Flush()
		if got := printed(); len(got) != journal.MaxRows+1 || got[1] != "50" || !strings.HasPrefix(string(p.text), "... 50 log entries came too fast to print\n") {
			t.Errorf("%q", got)
		}
		cancel()
		synctest.Wait()
	})
}
