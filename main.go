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
	"runtime/debug"
	"strings"
)

// version is set by the linker.
var version = "dev"

// The exit codes.
const (
	exitFine = iota
	exitFailure
	exitUsage
	exitLogin // where the config has login: true, and the user asked for a login prompt on this terminal
)

const (
	memoryLimit  = 64 << 20 // a ceiling for the garbage collector, well above what is used
	startPercent = 200      // while it starts, nearly all is kept: to collect would only make it late
	gcPercent    = 20       // then little garbage is made: a small heap is worth more than rare collections
)

func main() {
	// One: a second one costs wake-ups all day and gains nothing. Left automatic, the runtime reads the cgroup's limit
	// each second.
	runtime.GOMAXPROCS(1)
	slacken()
	limitMemory(startPercent)
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// limitMemory tells the garbage collector how much it may use, where the environment does not: percent of what is kept
// on top of it.
func limitMemory(percent int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// options are the flags.
type options struct {
	config, screen, tty, size         string
	once, json, plain, check, version bool
}

// command runs the program with its arguments and returns the exit code.
func command(args []string, out, errs io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return exitFine
	case err != nil:
		fmt.Fprintf(errs, "hypervisor-tui: %v (--help lists the flags)\n", err)
		return exitUsage
	case o.version:
		fmt.Fprintln(out, "hypervisor-tui", version)
		return exitFine
	}
	first, late := firstLoad(o)
	switch {
	case o.check:
		err = check(out, first, o)
	case o.once:
		err = once(out, first, o)
	case o.plain:
		err = plain(out, first, o)
	default:
		err = console(first, late, o)
	}
	switch {
	case errors.Is(err, errLogin):
		return exitLogin
	case err != nil:
		fmt.Fprintf(errs, "hypervisor-tui: %v\n", err)
		return exitFailure
	}
	return exitFine
}

const usage = `hypervisor-tui [flags]: the console of a NixOS, k3s and KubeVirt host

  --config PATH   YAML; default ` + defaultConfigPath + ` when it exists
  --screen NAME   logs, dashboard or network: the first screen
  --tty PATH      draw on this device instead of the controlling terminal
  --once          draw one frame of --screen as plain text on stdout, then exit
  --size WxH      with --once (default 80x24)
  --json          with --once: the snapshot as JSON instead of the picture
  --plain         append-only lines for logging consoles
  --check         read the config, try every source, say what each answers
  --version
`

// parseFlags reads the flags; an error says what to mend.
func parseFlags(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("hypervisor-tui", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.config, "config", "", "")
	flags.StringVar(&o.screen, "screen", "", "")
	flags.StringVar(&o.tty, "tty", "", "")
	flags.StringVar(&o.size, "size", "", "")
	flags.BoolVar(&o.once, "once", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.plain, "plain", false, "")
	flags.BoolVar(&o.check, "check", false, "")
	flags.BoolVar(&o.version, "version", false, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: there are only flags", flags.Arg(0))
	}
	return o, o.validate()
}

// validate finds flags that do not go together.
func (o *options) validate() error {
	modes := make([]string, 0, 3)
	for name, set := range map[string]bool{"--once": o.once, "--plain": o.plain, "--check": o.check} {
		if set {
			modes = append(modes, name)
		}
	}
	switch {
	case len(modes) > 1:
		return errors.New("--once, --plain and --check exclude each other: give one of them")
	case !o.once && o.json:
		return errors.New("--json goes with --once")
	case !o.once && o.size != "":
		return errors.New("--size goes with --once; for the console it is the key size of the config")
	case o.json && o.size != "":
		return errors.New("--size has no meaning with --json: leave one out")
	case o.tty != "" && (o.once || o.check):
		return errors.New("--tty has no meaning with --once or --check, which write to stdout")
	}
	if o.screen != "" && !knownScreen(o.screen) {
		return fmt.Errorf("--screen %q: it is one of %s", o.screen, strings.Join(screenNames(), ", "))
	}
	if o.size != "" {
		if _, err := parseSize(o.size); err != nil {
			return fmt.Errorf("--size: %w", err)
		}
	}
	return nil
}
