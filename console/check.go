package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/peer"
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
	checkPeers(out, f.Peers)
	checkPrometheus(ctx, out, c.Prometheus, f)
	checkPlugins(ctx, out, c, path, f)
	fmt.Fprintln(out, checkTerminal(ctx, c, o))
	if banner != "" {
		return errors.New("the configuration is not used: mend it and send SIGHUP")
	}
	return nil
}

// maxCheckedPeers is how many peers are told of one by one.
const maxCheckedPeers = 50

// checkPeers says what each peer answers, where they are asked: those that the configuration names, and others that do not answer.
func checkPeers(out io.Writer, s *peer.State) {
	const row = "%-20s %-7s %s\n"
	if s == nil {
		return
	}
	if !s.Until.IsZero() {
		state, word := health.OK, "is valid until"
		if time.Now().After(s.Until) {
			state, word = health.Failed, "expired on"
		}
		fmt.Fprintf(out, row, "peers", state, "the certificate that this host shows them "+word+" "+s.Until.UTC().Format("2006-01-02 15:04 UTC"))
	}
	told := 0
	for i := range s.Peers {
		p := &s.Peers[i]
		if !p.Named && p.Health.State == health.OK {
			continue
		}
		if told++; told > maxCheckedPeers {
			continue
		}
		text := p.Health.Err
		switch {
		case p.Asked == 0:
			text = "not asked"
		case p.Health.State == health.OK:
			text = fmt.Sprintf("answers in %v as %s", p.Health.Cost.Round(time.Millisecond), p.Summary.Node)
			if p.Offset != 0 {
				text += fmt.Sprintf(", its clock is off by %v", p.Offset.Abs().Round(time.Second))
			}
		}
		fmt.Fprintf(out, row, "peer "+p.Name, p.Health.State, p.Address.String()+": "+text)
	}
	if rest := told - maxCheckedPeers; rest > 0 {
		fmt.Fprintf(out, "and %d more peers\n", rest)
	}
}

// longTimeout is longer than a question to Prometheus may take.
const longTimeout = 3 * time.Second

// checkPrometheus says what Prometheus has of this host's node, where it is asked. The files that it takes may never answer.
func checkPrometheus(ctx context.Context, out io.Writer, c config.Prometheus, f *frame.Frame) {
	if c.URL == "" {
		return
	}
	node, addresses := "", []string(nil)
	switch {
	case f.Kube != nil && f.Kube.Local != nil:
		node, addresses = f.Kube.Local.Name, []string{f.Kube.Local.InternalIP}
	case f.Host != nil:
		node = f.Host.Machine.Hostname
	}
	ctx, cancel := context.WithTimeout(ctx, longTimeout)
	defer cancel()
	silent := peer.Usage{Health: health.Health{State: health.Failed, Err: "its files are not answering"}}
	u, _ := guard.Within(ctx, guard.Begin(func() peer.Usage { return collect.UsageOf(ctx, c, node, addresses...) }), silent)
	text := u.Health.Err
	if u.Health.State == health.OK {
		text = fmt.Sprintf("answers in %v; of %s it has CPU of %d and memory of %d of %d times in six hours", u.Health.Cost.Round(time.Millisecond), node,
			u.CPU.Known, u.Memory.Known, max(u.CPU.Points.Len(), u.Memory.Points.Len()))
	}
	fmt.Fprintf(out, "%-20s %-7s %s: %s\n", "prometheus", u.Health.State, c.URL, text)
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
