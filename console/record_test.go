package console

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
)

// TestF42RecorderFeedsItsWatchdog however seldom it samples, and while a large file is made, for minutes.
func TestF42RecorderFeedsItsWatchdog(t *testing.T) {
	c := config.Default()
	c.RefreshInterval = time.Minute
	c.History.Path = filepath.Join(t.TempDir(), "state/flight")
	collector := collect.New(c, new(guard.Guard))
	news, err := collector.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()
	news.Sample()
	synctest.Test(t, func(t *testing.T) {
		const wanted = 30 * time.Second
		r := newRecorder(collector, news, c, true)
		r.frame.Settings = settings(c, "", "")
		made, asked := make(chan struct{}), 0
		r.create = func(history.WriterOptions) (*history.Writer, error) {
			asked++
			<-made
			return nil, errors.New("no")
		}
		fed := 0
		r.feed, r.feedEvery = func() { fed++ }, wanted
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.run(ctx) }()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if fed != 20 || asked != 1 {
			t.Errorf("in 10 minutes it is fed %d times, and the file was made %d times", fed, asked)
		}
		close(made)
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestRecordingBeginsWithWhatWasMissed: what happened before the file was open is recorded, and nothing twice.
func TestRecordingBeginsWithWhatWasMissed(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	events := []frame.Event{{Kind: frame.HostBooted, At: at}, {Kind: frame.VMStarted, At: at.Add(20 * time.Second)}}
	for newest, want := range map[time.Time]int{{}: 2, at.Add(-time.Hour): 2, at: 1, at.Add(time.Minute): 0} {
		if got := missed(events, newest); len(got) != want || want == 1 && got[0].Kind != frame.VMStarted {
			t.Errorf("after a record of %v: %v, want %d", newest, got, want)
		}
	}
	if got := missed(nil, at); len(got) != 0 {
		t.Errorf("of nothing %v", got)
	}
}
