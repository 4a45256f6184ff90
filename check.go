package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hypervisor-tui/draw"
)

// check tells how the configuration is and what each source answers.
func check(out io.Writer, c Config, banner string, o options) error {
	path := configPath(o.config)
	switch {
	case banner != "":
		fmt.Fprintf(out, "config       failed  %s\n", banner)
	case path == "":
		fmt.Fprintf(out, "config       ok      no %s: defaults\n", defaultConfigPath)
	default:
		fmt.Fprintf(out, "config       ok      %s\n", path)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := snapshot(ctx, c, banner, o, tailRows)
	for i := range f.Sources {
		s := &f.Sources[i]
		text := s.Detail
		if s.Health.Err != "" {
			text = s.Health.Err
		}
		fmt.Fprintf(out, "%-20s %-7s %s\n", s.Name, s.Health.State, text)
	}
	if f.Kube != nil {
		for _, look := range f.Kube.Looked {
			fmt.Fprintf(out, "  looked at %s: %s\n", look.Path, look.Result)
		}
	}
	for i := range f.Problems {
		fmt.Fprintf(out, "problem: %s\n", f.Problems[i].AppendWhat(nil))
	}
	for _, note := range f.Settings.Notes {
		fmt.Fprintf(out, "note: %s\n", note)
	}
	tty, err := draw.OpenTty(o.tty, c.Baud)
	if err != nil {
		fmt.Fprintf(out, "%-20s %-7s %v\n", "terminal", "absent", err)
	} else {
		w, h := tty.Size()
		fmt.Fprintf(out, "%-20s %-7s %dx%d\n", "terminal", "ok", w, h)
		if err := tty.Close(); err != nil {
			return err
		}
	}
	if banner != "" {
		return errors.New("the configuration is not used: mend it and send SIGHUP")
	}
	return nil
}
