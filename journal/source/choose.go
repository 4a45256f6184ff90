package source

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
)

// socketInterval is how often awaitJournal checks for a journald.
const socketInterval = 10 * time.Second

// Env is where the system's logs are found.
type Env struct {
	Socket string // exists while a journald runs
	Roots  []file.Root
	Kmsg   string
}

// Host is this machine's Env.
func Host() Env {
	return Env{
		Socket: "/run/systemd/journal/socket",
		Roots:  []file.Root{{Path: "/var/log/journal"}, {Path: "/run/log/journal", Volatile: true}},
		Kmsg:   "/dev/kmsg",
	}
}

const (
	nativeName     = "journal"
	journalctlName = "journalctl"
	kmsgName       = "kmsg"
)

// Choose says which log of the system to read: the journal's files where a journald runs, through journalctl when their
// format is newer than we know, else the kernel's own. why is a sentence for the operator that says how to mend it.
func Choose(env Env) (name string, src Source, why string) {
	if missing := env.missing(); missing != "" {
		return kmsgName, &Kmsg{Path: env.Kmsg}, "kernel messages only: " + missing
	}
	const read = "the system journal, its files read directly"
	newer := file.Newer(env.Roots)
	if newer == nil {
		return nativeName, &Native{Roots: env.Roots, Yield: true}, read
	}
	if _, err := exec.LookPath(journalctlExe); err != nil {
		return nativeName, &Native{Roots: env.Roots}, read + "; without " + newer.Error() + ", and no journalctl in PATH"
	}
	return journalctlName, &Journalctl{}, "the system journal, followed by journalctl: " + newer.Error()
}

// missing says what the journal lacks, "" for nothing.
func (env Env) missing() string {
	if _, err := os.Stat(env.Socket); err != nil {
		return "no journald runs here (" + env.Socket + " is missing); it is looked for every 10 s"
	}
	for _, root := range env.Roots {
		if info, err := os.Stat(root.Path); err == nil && info.IsDir() {
			return ""
		}
	}
	return "journald keeps no files; set Storage=persistent or volatile in journald.conf"
}

// System is the system's log, whatever it is: it chooses at each start, and leaves the kernel's log for the journal
// when a journald comes up.
type System struct {
	Env Env

	name string
	src  Source // goes on where it was when it is chosen again
}

// Run follows the chosen log until ctx ends or that log fails.
func (s *System) Run(ctx context.Context, sink *journal.Sink) error {
	for {
		where := strings.Join(paths(s.Env.Roots), ", ")
		sink.Touches(&where)
		name, src, why := Choose(s.Env)
		sink.Touches(nil)
		s.use(name, src)
		sink.Rename(s.name)
		sink.Report(sink.State().Health, why)
		if s.name != kmsgName {
			return s.src.Run(ctx, sink)
		}
		if err := s.untilJournal(ctx, sink); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// use makes src the one that is run. One that was run already goes on where it was; journalctl goes on where the files
// were read to, and keeps the journal.
func (s *System) use(name string, src Source) {
	old, native := s.src.(*Native)
	switch next := src.(type) {
	case *Native:
		if native {
			old.Yield = next.Yield
		}
		if s.name == journalctlName {
			return
		}
	case *Journalctl:
		if native {
			next.cursor = old.cursor()
		}
	}
	if name != s.name {
		s.name, s.src = name, src
	}
}

// untilJournal follows the chosen source until there is a journal to follow; then it returns nil. A source that can
// never work is waited out.
func (s *System) untilJournal(ctx context.Context, sink *journal.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	looked := make(chan struct{})
	defer func() { cancel(); <-looked }()
	go func() {
		defer close(looked)
		defer cancel()
		s.awaitJournal(ctx)
	}()
	err := s.src.Run(ctx, sink)
	if err == nil {
		absent(sink)
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// awaitJournal returns when there is a journal, or ctx ends.
func (s *System) awaitJournal(ctx context.Context) {
	tick := wakeup.NewTicker(socketInterval)
	defer tick.Stop()
	for s.Env.missing() != "" {
		select {
		case <-tick.C:
			tick.Next()
		case <-ctx.Done():
			return
		}
	}
}
