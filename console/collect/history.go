package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
)

// Between two looks whether somebody records pass historyInterval while somebody does, else absentInterval: a recorder starts
// about when the console does.
const (
	historyInterval = 30 * time.Second
	absentInterval  = 5 * time.Second
)

// BootID names this boot; empty: it cannot be read.
func BootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// FollowHistory reads what the recording has of the time before this program: how old problems are, and how the last boot
// ended. Unless this program records itself, it goes on looking whether another one does. Only the goroutine that calls Reconfigure
// may call it.
func (c *Collector) FollowHistory(ctx context.Context, h config.History, here bool) {
	c.historyHere = here
	ctx, c.stopHistory = context.WithCancel(ctx)
	path := h.File()
	if why := h.Off(); why != "" {
		c.NoHistory(why)
		return
	}
	c.TellHistory(frame.Source{Name: frame.Recording, Detail: path + ", which has not answered yet"})
	c.guard.Supervise(ctx, "history", func(ctx context.Context) error {
		began := boottime.Now()
		known, err := history.Recall(path, BootID(), time.Now(), boottime.Now())
		c.recalled.Store(&known)
		if here {
			return nil
		}
		for {
			s := readHistory(h, err, boottime.Now()-began)
			c.TellHistory(s)
			err = nil
			interval := absentInterval
			if s.Health.State == health.OK {
				interval = historyInterval
			}
			if wakeup.Pause(ctx, interval); ctx.Err() != nil {
				return nil
			}
		}
	})
}

// silence is how long a process that has the file may write nothing beyond the time between two writes: longer than a slow disk takes
// to make the file.
const silence = time.Minute

// readHistory says how the recording is that another process makes, by the same configuration. It has been watched for so long.
func readHistory(h config.History, err error, watched time.Duration) frame.Source {
	path, silence := h.File(), silence+h.Sync
	s := frame.Source{Name: frame.Recording, Detail: path}
	now := boottime.Now()
	if err == nil {
		var r *history.Reader
		if r, err = history.Open(path, time.Local); err == nil {
			defer r.Close()
			oldest, newest := r.Span()
			switch {
			case r.Written() && time.Since(newest) > silence && watched < silence:
				s.Detail = path + ", by another process, whose next record has not come yet"
			case r.Written() && newest.IsZero():
				s.Health.Fail(now, "a process has the file, and records nothing")
			case r.Written() && time.Since(newest) > silence:
				s.Health.Fail(now, "a process has the file, and has recorded nothing since "+newest.Format("2 Jan 15:04:05"))
			case r.Written():
				s.Health.Good(now)
				s.Detail = fmt.Sprintf("%s, since %s, by another process", path, oldest.Format("2 Jan 15:04"))
			case newest.IsZero():
				s.Health.Gone(now, "nothing is recorded")
			default:
				s.Health.Gone(now, "nobody records; the last record is of "+newest.Format("2 Jan 15:04:05"))
			}
			return s
		}
	}
	if errors.Is(err, history.ErrNothing) {
		s.Health.Gone(now, "nobody records")
	} else {
		s.Health.Bad(now, clean.String(err.Error()))
	}
	return s
}

// NoHistory says why nothing is recorded.
func (c *Collector) NoHistory(why string) {
	s := frame.Source{Name: frame.Recording}
	s.Health.Gone(boottime.Now(), why)
	c.TellHistory(s)
}

// TellHistory says how recording goes.
func (c *Collector) TellHistory(s frame.Source) { c.recording.Store(&s) }

// unwatched is how long nobody may have looked at the host for what is wrong after it to be taken for what was wrong before it:
// longer than a restart takes, too short for much to end and come again.
const unwatched = 10 * time.Minute

// recall takes in what was recorded before this program started, once that is read.
func (s *Subscription) recall(f *frame.Snapshot) {
	f.Recording = s.collector.recording.Load()
	known := s.collector.recalled.Load()
	if known == nil {
		return
	}
	f.LastRun = known.LastRun
	if s.recalled || known.Newest == nil {
		return
	}
	s.recalled = true
	s.tracker.Inherit(&known.Tracker)
	if f.Boot-known.Newest.Boot <= unwatched {
		s.tracker.Remember(known.Newest.Problems)
		s.alerts.Restore(known.Newest.Alerts)
	}
}
