package collect

import (
	"context"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/note"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/wakeup"
)

// followActions reads what the helper has left behind in a directory, until ctx ends: at once and then each 10 seconds.
func (c *Collector) followActions(ctx context.Context, directory string) error {
	var a frame.Actions
	ticks := wakeup.NewTicker(10 * time.Second)
	defer ticks.Stop()
	for {
		readActions(&a, directory, boottime.Now())
		published := a
		c.actions.Store(&published)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			ticks.Next()
		}
	}
}

// readActions brings a up to date.
func readActions(a *frame.Actions, directory string, now time.Duration) {
	left, err := note.Stopped(directory)
	if err != nil {
		a.Health.Bad(now, clean.String(err.Error()))
		return
	}
	health := a.Health
	health.Good(now)
	*a = frame.Actions{Health: health, Path: note.Path(directory)}
	if left != nil && left.Ask.Verb == act.NodeDrain {
		a.Stopped, a.At, a.Begun = clean.String(left.Ask.Object), strings.TrimSpace(left.At()), left.When
	}
}
