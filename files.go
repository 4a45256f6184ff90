package main

import (
	"context"
	"slices"

	"hypervisor-tui/journal/source"
)

// logFiles is one entry of logs whose files are followed.
type logFiles struct {
	log  Log
	stop context.CancelFunc
}

// followFiles follows the files of c.Logs and no others. Entries that are the same as before go on where they are.
func (f *feeds) followFiles(ctx context.Context, c Config) {
	old := f.files
	f.files = nil
	for _, l := range c.Logs {
		if len(l.Files) == 0 {
			continue
		}
		at := slices.IndexFunc(old, func(r logFiles) bool { return r.log.sameFiles(&l) })
		if at >= 0 {
			f.files = append(f.files, old[at])
			old = slices.Delete(old, at, at+1)
		} else {
			f.files = append(f.files, f.follow(ctx, l))
		}
	}
	for _, r := range old {
		r.stop()
	}
}

func (l *Log) sameFiles(other *Log) bool {
	return l.Name == other.Name && l.Format == other.Format && slices.Equal(l.Files, other.Files)
}

// follow starts the file source of one entry. When it is stopped its row goes from the sources; its entries stay.
func (f *feeds) follow(ctx context.Context, l Log) logFiles {
	ctx, cancel := context.WithCancel(ctx)
	name := l.Name + " files"
	files := &source.Files{Unit: l.Name, Globs: l.Files, Format: source.Format(l.Format)}
	sink := f.log.Sink(name)
	f.guard.keep(ctx, name, func(ctx context.Context) error {
		defer func() {
			if ctx.Err() != nil {
				sink.Close()
			}
		}()
		source.Supervise(ctx, name, files, sink)
		return nil
	})
	return logFiles{l, cancel}
}
