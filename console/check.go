package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw/tty"
)

// Check tells how the configuration is and what each source answers.
func Check(out io.Writer, o Options) error {
	first, _ := firstLoad(o)
	if !utf8Locale() {
		out = asciiWriter{out}
	}
	c, path, banner := first.config, first.path, first.banner
	switch {
	case banner != "":
		fmt.Fprintf(out, "config       failed  %s\n", banner)
	case path == "":
		fmt.Fprintf(out, "config       ok      no %s: defaults\n", config.DefaultPath)
	default:
		fmt.Fprintf(out, "config       ok      %s\n", path)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f, _, err := snapshot(ctx, first, o)
	if err != nil {
		return err
	}
	for i := range f.Sources {
		s := &f.Sources[i]
		text := s.Detail
		if s.Health.Err != "" {
			text = s.Health.Err
		}
		fmt.Fprintf(out, "%-20s %-7s %s\n", s.Name, s.Health.State, text)
	}
	if f.Kube != nil {
		for _, look := range f.Kube.Candidates {
			fmt.Fprintf(out, "  looked at %s: %s\n", look.Path, look.Result)
		}
	}
	for i := range f.Problems {
		fmt.Fprintf(out, "problem: %s\n", f.Problems[i].AppendWhat(nil))
	}
	for _, note := range f.Settings.Notes {
		fmt.Fprintf(out, "note: %s\n", note)
	}
	checkServing(ctx, out, c.Serve)
	fmt.Fprintln(out, checkTerminal(ctx, c, o))
	if banner != "" {
		return errors.New("the configuration is not used: mend it and send SIGHUP")
	}
	return nil
}

// checkTerminal says what the terminal is like. One that cannot be opened at once may never be.
func checkTerminal(ctx context.Context, c config.Config, o Options) string {
	const row = "%-20s %-7s %v"
	ctx, cancel := context.WithTimeout(ctx, lastTimeout)
	defer cancel()
	said, _ := guard.Within(ctx, guard.Begin(func() string {
		terminal, err := tty.Open(o.TTY, c.Baud)
		if err != nil {
			return fmt.Sprintf(row, "terminal", "absent", err)
		}
		defer terminal.Close()
		w, h := terminal.Size()
		return fmt.Sprintf(row, "terminal", "ok", fmt.Sprintf("%dx%d", w, h))
	}), fmt.Sprintf(row, "terminal", "failed", "not answering"))
	return said
}
