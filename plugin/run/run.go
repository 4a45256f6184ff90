// Package run runs a plugin, or asks the URL of one, and writes down the result: it is what the unit of a plugin does.
package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/plugin"
)

// grace is for what is still under way when a run is over: programs that the plugin has started and that have its output, or a
// killed one that the kernel holds. Tests change it.
var grace = time.Second

// maxReason bounds, in bytes, what is taken of standard error in place of output.
const maxReason = 1000

// Run runs a plugin once, until its timeout. It returns the file of its result, as plugin.ParseHeader reads it, and what the plugin
// printed to standard error, as it came. Nothing of its process group is left when Run returns, unless the kernel does not let it
// die. Run fails only when ctx is done; the plugin is killed then.
//
// It marks all descriptors of this process but the first three as not to be inherited.
func Run(ctx context.Context, s *plugin.Spec) (file, stderr []byte, err error) {
	h := plugin.Header{Began: boottime.Now()}
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	var output []byte
	if s.Kind == plugin.Scrape {
		h.End, output = scrape(limited, s)
	} else {
		h.End, output, stderr = command(limited, s.Command)
	}
	if ctx.Err() != nil {
		return nil, stderr, fmt.Errorf("plugin %s was ended before it was done: %w", s.Name, context.Cause(ctx))
	}
	h.Took = boottime.Now() - h.Began
	return append(h.Append(nil), output...), stderr, nil
}

// Failure returns the file of a result of what could not be run, and why.
func Failure(why error) []byte {
	end, output := failed(why)
	return append(plugin.Header{Began: boottime.Now(), End: end}.Append(nil), output...)
}

// failed is the end of what could not be run.
func failed(why error) (plugin.End, []byte) {
	return plugin.End{How: plugin.Failed}, []byte(strings.ReplaceAll(why.Error(), "\n", " ") + "\n")
}

// command runs a program until ctx is done, in a session and so a process group of its own. It returns how that ended, and what the
// program printed until then.
func command(ctx context.Context, argv []string) (end plugin.End, output, stderr []byte) {
	closeOnExec()
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	out, errs := bounded{full: kill}, bounded{full: kill}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(os.Environ()), &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var killed bool
	cmd.Cancel = func() error {
		killed = true
		return killGroup(cmd)
	}
	cmd.WaitDelay = grace
	if err := cmd.Start(); err != nil {
		end, output = failed(fmt.Errorf("%s: %w", argv[0], whyNot(argv[0], err)))
		return end, output, nil
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		_ = cmd.Wait() // the state of the process, and what it printed, say all
		_ = killGroup(cmd)
	}()
	var held <-chan time.Time
	select {
	case <-waited:
	case <-ctx.Done():
		held = time.After(2 * grace)
	}
	end.How = plugin.TimedOut
	select {
	case <-held: // it hangs in the kernel, on a network disk that is gone: no signal ends that
	case <-waited:
		switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
		case status.Exited():
			end = plugin.End{How: plugin.Exited, Code: uint8(status.ExitStatus())}
		case !killed:
			end = plugin.End{How: plugin.Signalled, Code: uint8(status.Signal())}
		}
	}
	output, over := out.all()
	stderr, tooMuch := errs.all()
	if over || tooMuch {
		end = plugin.End{How: plugin.Flooded}
	}
	if len(output) == 0 && end.How == plugin.Exited {
		output = stderr[:min(len(stderr), maxReason)]
	}
	return end, output, stderr
}

// killGroup kills the process group of what cmd started.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// bounded keeps the first plugin.MaxOutput bytes of what is written to it. Any goroutine may call its methods.
type bounded struct {
	full func() // is called when there are more

	mu   sync.Mutex // guards the rest
	kept []byte
	over bool // there are more
}

var errFull = fmt.Errorf("more than %d bytes", plugin.MaxOutput)

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(p), plugin.MaxOutput-len(b.kept))
	b.kept = append(b.kept, p[:n]...)
	if n < len(p) {
		b.over = true
		b.full()
		return n, errFull
	}
	return n, nil
}

// all returns a copy of what is kept, and whether there was more.
func (b *bounded) all() (kept []byte, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.kept), b.over
}

// environment returns what a plugin gets of the environment of this process: all but what systemd says to this process alone. Its
// words and numbers are those of the C locale.
//
// systemd: systemd.exec(5), "Environment variables in spawned processes"
func environment(own []string) []string {
	env := slices.DeleteFunc(own, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(notPassedOn, name)
	})
	return append(env, "LANG=C.UTF-8", "LC_ALL=C.UTF-8") // of two values a program gets the last
}

// notPassedOn are what systemd says to this process alone, and what would overrule LC_ALL.
var notPassedOn = []string{"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC", "FDSTORE", "LANGUAGE"}

// closeOnExec lets no program that this process starts have descriptors that it was started with itself, but the first three.
func closeOnExec() {
	open, _ := os.ReadDir("/proc/self/fd") // without /proc there are only those that Go opened, which are not inherited
	for _, f := range open {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// whyNot returns why a program was not started, in more words than the kernel has for it.
func whyNot(path string, err error) error {
	info, missing := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return errors.New("not a program of this machine: a script begins with #! and what runs it")
	case missing == nil && errors.Is(err, fs.ErrNotExist):
		return errors.New("what runs it is not there: the interpreter behind its #!, or the loader of a program of another system")
	case missing == nil && info.IsDir():
		return errors.New("it is a directory")
	case missing == nil && info.Mode()&0o111 == 0:
		return errors.New("it may not be run: it has no mode x")
	}
	var call *fs.PathError
	if errors.As(err, &call) {
		err = call.Err
	}
	if program, _, several := strings.Cut(path, " "); several && missing != nil {
		if _, missing = os.Stat(program); missing == nil {
			return fmt.Errorf("%w; the arguments belong behind the program, each as a text of its own", err)
		}
	}
	return err
}
