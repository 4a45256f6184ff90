package collect

import (
	"context"
	"slices"

	"hypervisor-tui/console/config"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
	"hypervisor-tui/journal/source/logfile"
)

// logFiles is one entry of logs whose files are followed.
type logFiles struct {
	log   config.Log
	stop  context.CancelFunc
	ended chan struct{}  // closed when it has ended after stop; the rest is good then
	files *logfile.Files // nil: it hangs and cannot go on
	sink  *journal.Sink
}

// followFiles follows the files of next.Logs and no others. What was read of a file is not read again, whichever entry names
// it now: an entry that is the same as before goes on, one with the name or a file pattern of another goes on in its
// place, and how far the files of the others were read is known.
func (c *Collector) followFiles(ctx context.Context, next config.Config) {
	old := c.files
	logs := slices.DeleteFunc(slices.Clone(next.Logs), func(l config.Log) bool { return len(l.Files) == 0 })
	before := make([]*logFiles, len(logs)) // nil: it is a new one
	for _, fits := range [...]func(a, b *config.Log) bool{sameFiles, sameName, sharesFiles} {
		for i := range logs {
			at := slices.IndexFunc(old, func(r *logFiles) bool { return before[i] == nil && fits(&r.log, &logs[i]) })
			if at >= 0 {
				before[i] = old[at]
				old = slices.Delete(old, at, at+1)
			}
		}
	}
	stopped := slices.Clone(old)
	for i, r := range before {
		if r != nil && !sameFiles(&r.log, &logs[i]) {
			stopped = append(stopped, r)
		}
	}
	for _, r := range stopped {
		r.stop()
	}
	go func() {
		for _, r := range old {
			<-r.ended
			r.sink.Close()
		}
	}()
	c.files = nil
	for i, r := range before {
		if r == nil || !sameFiles(&r.log, &logs[i]) {
			r = c.follow(ctx, logs[i], r, stopped)
		}
		c.files = append(c.files, r)
	}
}

func sameFiles(a, b *config.Log) bool {
	return a.Name == b.Name && a.Format == b.Format && slices.Equal(a.Files, b.Files)
}

func sameName(a, b *config.Log) bool { return a.Name == b.Name }

func sharesFiles(a, b *config.Log) bool {
	return slices.ContainsFunc(a.Files, func(pattern string) bool { return slices.Contains(b.Files, pattern) })
}

// follow starts the file source of one entry when those that were stopped have ended, in the place of before if that is
// one of them. When it is stopped itself its row stays among the sources; what it has put stays in any case.
func (c *Collector) follow(ctx context.Context, l config.Log, before *logFiles, stopped []*logFiles) *logFiles {
	ctx, cancel := context.WithCancel(ctx)
	r := &logFiles{log: l, stop: cancel, ended: make(chan struct{})}
	name := l.Name + " files"
	go func() {
		defer close(r.ended)
		for _, s := range stopped {
			<-s.ended
		}
		if before != nil && before.files != nil {
			r.files, r.sink = before.files, before.sink
			r.sink.Rename(name)
		} else {
			r.files, r.sink = &logfile.Files{Seen: &c.seen}, c.log.Sink(name)
			if before != nil {
				before.sink.Close()
			}
		}
		r.files.Choose(l.Name, l.Files, logfile.Format(l.Format))
		<-c.guard.Supervise(ctx, name, func(ctx context.Context) error {
			if !source.Supervise(ctx, name, r.files, r.sink) {
				r.files = nil
			}
			return nil
		})
		<-ctx.Done() // where it can never work
	}()
	return r
}
