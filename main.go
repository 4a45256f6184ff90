// Command hypervisor-tui is the console of a hypervisor: its logs, its health and its network on one screen that is
// always on. This file reads the command line and chooses what to do.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"hypervisor-tui/act/blink"
	"hypervisor-tui/console"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/process"
	"hypervisor-tui/screens/pages"
)

// version is set by the linker.
var version = "dev"

// The exit codes.
const (
	fine = iota
	failure
	misuse
	loginWanted // where the config has login: true, and the user asked for a login prompt on this terminal
)

func main() {
	// One: a second one costs wake-ups all day and gains nothing. Left automatic, the runtime reads the cgroup's limit
	// each second.
	runtime.GOMAXPROCS(1)
	process.SetTimerSlack()
	process.LimitMemory(process.StartPercent)
	// The kernel gives a process' signals to its first thread, and one that waits for a file which never answers takes
	// none: so nothing runs on it.
	runtime.LockOSThread()
	code := make(chan int)
	go func() { code <- command(os.Args[1:], os.Stdout, os.Stderr) }()
	os.Exit(<-code)
}

// flags are what the command line says.
type flags struct {
	console.Options
	once, plain, check, record, serve, history, act, version bool
}

// command runs the program with its arguments and returns the exit code.
func command(args []string, out, errs io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, help)
		return fine
	case err != nil:
		fmt.Fprintf(errs, "hypervisor-tui: %v (--help lists the flags)\n", err)
		return misuse
	case o.version:
		fmt.Fprintln(out, "hypervisor-tui", version)
		return fine
	}
	o.Shell = strings.HasPrefix(os.Args[0], "-") // login(1) calls a user's shell so
	switch {
	case o.check:
		err = console.Check(out, o.Options)
	case o.history:
		err = console.History(out, o.Options)
	case o.once:
		err = console.Once(out, o.Options)
	case o.record:
		err = console.Record(o.Options)
	case o.serve:
		err = console.Serve(o.Options)
	case o.act:
		err = console.Act(o.Options)
	case o.Undo != "":
		err = console.Undo(o.Options)
	case o.Plugin != "":
		err = console.Plugin(out, o.Options)
	case o.Blink != "":
		err = blink.Port(o.Blink)
	case o.plain:
		err = console.Plain(out, o.Options)
	default:
		err = console.Run(o.Options)
	}
	switch {
	case errors.Is(err, console.ErrLogin):
		return loginWanted
	case err != nil:
		fmt.Fprintf(errs, "hypervisor-tui: %v\n", err)
		return failure
	}
	return fine
}

const help = `hypervisor-tui [flags]: the console of a NixOS, k3s and KubeVirt host

  --config PATH   YAML; default ` + config.DefaultPath + ` when it exists
  --screen NAME   logs, dashboard, network, nodes or checks: the first screen
  --tty PATH      draw on this device instead of the controlling terminal
  --once          draw one frame of --screen as plain text on stdout, then exit
  --size WxH      with --once (default 80x24)
  --json          with --once: the snapshot as JSON instead of the picture
  --metrics       with --once: the figures for Prometheus instead of the picture
  --at TIME       with --once: as it was then: 03:12, -2h, yesterday 18:00
  --history       what has happened, a line each; with --at from then on, --json
  --plain         append-only lines for logging consoles
  --record        record what the console knows, until it is told to end
  --serve         show it to others, as the section serve of the config says
  --listen ADDR   with --serve: answer at this address and port, or path, too
  --act           do what the console is asked for, as its helper
  --undo NODE     uncordon a node that was cordoned for a time
  --plugin NAME   run a plugin of the config once, as its unit does, and say
                  what the console understands
  --blink NAME    let the light of an interface's port blink for 15 seconds
  --check         read the config, try every source, say what each answers
  --version
`

// parseFlags reads the flags; an error says what to mend.
func parseFlags(args []string) (flags, error) {
	o := flags{Options: console.Options{Version: version}}
	set := flag.NewFlagSet("hypervisor-tui", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&o.Config, "config", "", "")
	set.StringVar(&o.Screen, "screen", "", "")
	set.StringVar(&o.TTY, "tty", "", "")
	set.StringVar(&o.Size, "size", "", "")
	set.BoolVar(&o.once, "once", false, "")
	set.BoolVar(&o.JSON, "json", false, "")
	set.BoolVar(&o.Metrics, "metrics", false, "")
	set.BoolVar(&o.plain, "plain", false, "")
	set.BoolVar(&o.check, "check", false, "")
	set.StringVar(&o.At, "at", "", "")
	set.BoolVar(&o.history, "history", false, "")
	set.BoolVar(&o.record, "record", false, "")
	set.BoolVar(&o.serve, "serve", false, "")
	set.Func("listen", "", func(s string) error {
		o.Listen = append(o.Listen, s)
		if !config.ListenAddress(s) {
			return errors.New("it is an IP address with a port, such as 127.0.0.1:9101, or an absolute path")
		}
		return nil
	})
	set.BoolVar(&o.act, "act", false, "")
	set.StringVar(&o.Undo, "undo", "", "")
	set.StringVar(&o.Plugin, "plugin", "", "")
	set.StringVar(&o.Blink, "blink", "", "")
	set.BoolVar(&o.version, "version", false, "")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: there are only flags", set.Arg(0))
	}
	return o, o.validate()
}

// validate finds flags that do not go together.
func (o *flags) validate() error {
	var modes []string
	for _, m := range []struct {
		name string
		set  bool
	}{
		{"--once", o.once}, {"--plain", o.plain}, {"--check", o.check}, {"--record", o.record}, {"--serve", o.serve}, {"--history", o.history},
		{"--act", o.act}, {"--undo", o.Undo != ""}, {"--plugin", o.Plugin != ""}, {"--blink", o.Blink != ""},
	} {
		if m.set {
			modes = append(modes, m.name)
		}
	}
	switch {
	case len(modes) > 1:
		return fmt.Errorf("%s exclude each other: give one of them", strings.Join(modes, " and "))
	case !o.once && !o.history && o.JSON:
		return errors.New("--json goes with --once or --history")
	case !o.once && !o.history && o.At != "":
		return errors.New("--at goes with --once or --history; on the console it is the key p, then t")
	case !o.once && o.Size != "":
		return errors.New("--size goes with --once; for the console it is the key size of the config")
	case !o.once && o.Metrics:
		return errors.New("--metrics goes with --once; --serve has them at /metrics")
	case o.Metrics && (o.JSON || o.Size != "" || o.At != ""):
		return errors.New("--metrics excludes --json, --size and --at: leave one out")
	case o.JSON && o.Size != "":
		return errors.New("--size has no meaning with --json: leave one out")
	case !o.serve && len(o.Listen) > 0:
		return errors.New("--listen goes with --serve")
	case o.TTY != "" && len(modes) > 0 && !o.plain:
		return fmt.Errorf("--tty has no meaning with %s", modes[0])
	}
	if o.Screen != "" && !slices.Contains(pages.Names(), o.Screen) {
		return fmt.Errorf("--screen %q: it is one of %s", o.Screen, strings.Join(pages.Names(), ", "))
	}
	if o.Size != "" {
		if _, err := config.ParseSize(o.Size); err != nil {
			return fmt.Errorf("--size: %w", err)
		}
	}
	return nil
}
