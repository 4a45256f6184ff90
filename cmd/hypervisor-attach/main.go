// Command hypervisor-attach shows the console of a running `hypervisor-tui --serve` on this terminal, which it hands over
// through a socket. It never reads the terminal itself, and puts it back when the server cannot.
//
// It is small on purpose, since each viewer over SSH has one: it imports nothing of ours, and no fmt.
package main

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	defaultSocket = "/run/hypervisor-tui/console.sock"

	help = `hypervisor-attach [--socket PATH] [--fallback -- COMMAND [ARGUMENT...]]

Shows the console of hypervisor-tui --serve on this terminal.

  --socket PATH   the server's socket; default ` + defaultSocket + `
  --fallback      what to run in its place when no server answers
`
)

// What came of it. The first three are exit codes.
const (
	fine   = iota // the user quit, or a signal ended it
	failed        // the console cannot be shown, or has ended by itself
	misuse
	absent // no server that can show it here
)

func main() {
	path, fallback := defaultSocket, []string(nil)
	for args := os.Args[1:]; len(args) > 0; {
		switch {
		case args[0] == "--socket" && len(args) > 1:
			path, args = args[1], args[2:]
		case args[0] == "--fallback" && len(args) > 2 && args[1] == "--":
			fallback, args = args[2:], nil
		case args[0] == "--help":
			_, _ = os.Stdout.WriteString(help)
			return
		default:
			_, _ = os.Stderr.WriteString(help)
			os.Exit(misuse)
		}
	}
	code, why := show(path)
	if why != "" {
		_, _ = os.Stderr.WriteString("hypervisor-attach: " + why + "\n")
	}
	if code == absent {
		if len(fallback) > 0 {
			err := become(fallback)
			_, _ = os.Stderr.WriteString("hypervisor-attach: run " + fallback[0] + ": " + err.Error() + "\n")
		}
		code = failed
	}
	os.Exit(code)
}

// become runs another program in place of this one, and returns only when it cannot.
func become(command []string) error {
	if strings.Contains(command[0], "/") {
		return unix.Exec(command[0], command, os.Environ())
	}
	var err error = unix.ENOENT
	for dir := range strings.SplitSeq(os.Getenv("PATH"), ":") {
		if e := unix.Exec(dir+"/"+command[0], command, os.Environ()); e != unix.ENOENT {
			err = e
		}
	}
	return err
}
