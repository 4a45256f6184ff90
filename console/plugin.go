//go:build !nokube

package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/plugin/run"
)

// Plugin runs the plugin o.Plugin once. In its unit it leaves the result in the folder that systemd made for that, a configuration that
// is wrong as well; it fails where it left none, or the configuration is wrong. Elsewhere it writes to out what the console would
// understand.
func Plugin(out io.Writer, o Options) error {
	folder := ""
	directories, inUnit := os.LookupEnv("RUNTIME_DIRECTORY")
	if inUnit {
		var err error
		if folder, err = run.Folder(directories, o.Plugin); err != nil {
			return err
		}
	}
	s, err := pluginNamed(o)
	if err != nil {
		if inUnit {
			err = errors.Join(err, run.Write(folder, run.Failure(err)))
		}
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP)
	defer stop()
	file, stderr, err := run.Run(ctx, s)
	if err == nil && inUnit {
		err = run.Write(folder, file)
	}
	if inUnit {
		_, _ = os.Stderr.Write(stderr) // the journal's
	}
	if err != nil || inUnit {
		return err
	}
	if os.Geteuid() == 0 {
		fmt.Fprintln(os.Stderr, "note: it ran as root; its unit runs it as another user, in a sandbox")
	}
	if !utf8Locale() {
		out = asciiWriter{out}
	}
	return tellPlugin(out, s, file, stderr)
}

// pluginNamed returns the plugin o.Plugin of the configuration.
func pluginNamed(o Options) (*plugin.Spec, error) {
	c, err := config.Load(o.Config)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range c.Plugins.List {
		if c.Plugins.List[i].Name == o.Plugin {
			return &c.Plugins.List[i], nil
		}
		names = append(names, c.Plugins.List[i].Name)
	}
	file := cmp.Or(o.Config, config.DefaultPath)
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no plugin %q: plugins.list of %s is empty", o.Plugin, file)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("there is no plugin %q: plugins.list of %s has %s", o.Plugin, file, strings.Join(names, ", "))
}

// maxTold bounds the lines of standard error that are told.
const maxTold = 50

// exitCodes are how a plugin of each kind that is run ends.
var exitCodes = [plugin.KindCount]struct {
	most  uint8
	words string
}{
	plugin.Check:   {uint8(plugin.Unknown), "a check ends with exit code 0 for ok, 1 for warning, 2 for critical, 3 for unknown"},
	plugin.Metrics: {0, "metrics end with exit code 0, however things are: warn and critical of the configuration say that"},
	plugin.Screen:  {0, "a screen ends with exit code 0, however things are: that is its status"},
}

// tellPlugin writes what the console understands of a result, and what the plugin printed to standard error.
func tellPlugin(out io.Writer, s *plugin.Spec, file, stderr []byte) error {
	r := s.Result(file)
	h, _, _ := plugin.ParseHeader(file) // of run's own
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }
	line("status", r.Status.String())
	said := r.Text
	switch {
	case r.Mute():
		said = "(it printed nothing)"
	case said == "":
		said = "(it printed no text)"
	}
	for i, text := range append([]string{said}, r.More...) {
		line([]string{"text", ""}[min(i, 1)], text)
	}
	took := fmt.Sprintf("%d ms", r.Took.Milliseconds())
	if h.End.How == plugin.Exited && s.Kind != plugin.Scrape {
		took += fmt.Sprintf(", exit code %d", h.End.Code)
	}
	line("took", took)
	if right := exitCodes[s.Kind]; h.End.How == plugin.Exited && h.End.Code > right.most {
		line("mend", right.words)
	}
	if len(r.Figures) > 0 {
		line()
		line("figure", "value", "unit", "warning", "critical", "min", "max")
	}
	for _, f := range r.Figures {
		line(f.Label, number(f.Value), f.Unit, f.Warn.String(), f.Critical.String(), number(f.Min), number(f.Max))
	}
	if r.Left > 0 {
		line(fmt.Sprintf("and %d more, which are left out", r.Left))
	}
	if r.Page != nil && (r.Page.Title != "" || len(r.Page.Blocks) > 0) {
		tellPage(line, r.Page)
	}
	if told := strings.Split(strings.TrimSpace(string(clean.AppendLines(nil, stderr))), "\n"); told[0] != "" {
		line()
		line("standard error:")
		for _, text := range told[:min(len(told), maxTold)] {
			line("  " + text)
		}
		if left := len(told) - maxTold; left > 0 {
			line(fmt.Sprintf("  and %d more lines", left))
		}
	}
	return w.Flush()
}

// tellPage writes a plugin's screen, a line of cells at a time.
func tellPage(line func(cells ...string), page *plugin.Page) {
	judged := func(s plugin.Status, is bool) string {
		if is {
			return s.String()
		}
		return ""
	}
	line()
	line("screen: " + page.Title)
	for _, b := range page.Blocks {
		line()
		for _, p := range b.Pairs {
			line(p.Name, p.Value, judged(p.Status, p.Judged))
		}
		if t := b.Table; t != nil {
			var names []string
			for _, c := range t.Columns {
				names = append(names, c.Name)
			}
			line(names...)
			for _, row := range t.Rows {
				line(append(slices.Clone(row.Cells), judged(row.Status, row.Judged))...)
			}
		}
		if g := b.Gauge; g != nil {
			line(g.Label, strings.TrimSpace(fmt.Sprintf("%s of %s %s", number(g.Value), number(g.Of), g.Unit)), judged(g.Status, g.Judged))
		}
		if s := b.Series; s != nil {
			cells := []string{s.Label, s.Unit, ""}
			for _, v := range s.Points {
				cells[2] += number(v) + " "
			}
			line(cells...)
		}
	}
}

// number is a figure as exact as it is known; -- when it is not.
func number(v float64) string {
	if math.IsNaN(v) {
		return "--"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// checkPlugins says of each plugin what it reported last, and whether its command could be run by who asks. It runs none: as another
// user than that of its unit, and outside of its sandbox, a plugin would tell of something else.
func checkPlugins(ctx context.Context, out io.Writer, c config.Config, path string, f *frame.Frame) {
	ctx, cancel := context.WithTimeout(ctx, lastTimeout)
	defer cancel()
	configured := ""
	if path != "" && path != config.DefaultPath {
		configured = " --config " + path
	}
	known, commands := f.Checks.Known(), make([]<-chan string, len(c.Plugins.List))
	for i := range commands {
		if command := c.Plugins.List[i].Command; len(command) > 0 {
			commands[i] = guard.Begin(func() string { return runnable(command[0]) })
		}
	}
	for i, command := range commands {
		s := &c.Plugins.List[i]
		state, text := health.Init.String(), "its result was not read in time"
		switch {
		case c.Profile == config.Rescue:
			state, text = health.Absent.String(), "profile rescue reads no plugins"
		case i < len(known):
			state, text = lastWord(f.Checks, &known[i], f.Boot)
		}
		if command != nil {
			said, _ := guard.Within(ctx, command, s.Command[0]+" is not answering")
			text += "; " + said
		}
		fmt.Fprintf(out, "%-20s %-7s %s; to try it: hypervisor-tui --plugin %s%s\n", "plugin "+s.Name, state, text, s.Name, configured)
	}
}

// lastWord is the status of a plugin's newest result, and how old that is and what it says, or why there is none.
func lastWord(all *plugin.State, r *plugin.Result, now time.Duration) (status, text string) {
	switch {
	case r.Pending() && all.Silent(r):
		return r.Status.String(), "has not run, as " + resultOf(all, r) + " is not there: is its timer started?"
	case r.Pending():
		return r.Status.String(), "has not run yet: " + resultOf(all, r) + " is not there"
	case r.At == 0:
		return r.Status.String(), r.Text
	}
	text = max(now-r.At, 0).Round(time.Second).String() + " ago"
	if all.Silent(r) {
		text = "silent, last " + text
	}
	if r.Text != "" {
		text += ": " + strings.TrimRight(r.Text, "; ") // check_disk ends so
	}
	return r.Status.String(), text
}

// resultOf is the path of a plugin's result.
func resultOf(all *plugin.State, r *plugin.Result) string {
	return filepath.Join(all.Directory, r.Name, plugin.File)
}

// runnable says whether this user could run a program.
func runnable(path string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return path + ": " + errors.Unwrap(err).Error()
	case info.IsDir():
		return path + " is a folder"
	case unix.Access(path, unix.X_OK) != nil:
		return path + " may not be run by this user"
	}
	return path + " can be run"
}
