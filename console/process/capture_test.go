package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"hypervisor-tui/console/guard"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source"
)

// printed is what childCapture's libraries print.
var printed = []string{"by fmt", "by println", "by klog, an error", "by a program that it starts", "straight to descriptor 1"}

// childCapture prints in every way there is while the output is captured, and then the log's entries.
func childCapture() int {
	c, err := CaptureOutput()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, fd := range c.original {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			fmt.Fprintf(c.stderr, "programs that are started get descriptor %d: %v\n", fd, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
	defer cancel()
	log := journal.New(100, []journal.Tab{{Name: "All"}})
	g := new(guard.Guard)
	g.Supervise(ctx, "log", log.Run)
	view, err := log.NewView()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	view.Ask(journal.Query{Number: 1, Rows: 50, Filter: journal.Filter{Least: journal.Debug}})
	lines := source.NewSelf(log.Sink("self"))
	g.Supervise(ctx, "own output", func(ctx context.Context) error { return c.Pump(ctx, lines, lines.Flush) })

	fmt.Println(printed[0])
	println(printed[1])
	klog.Error(printed[2])
	klog.Flush()
	echo := exec.Command("echo", printed[3])
	echo.Stdout = os.Stdout
	if err := echo.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	_, _ = unix.Write(1, []byte(printed[4]+"\n"))

	report := entries(ctx, view, len(printed))
	c.Release()
	fmt.Print(report)
	return 0
}

// entries waits for n entries and returns them, one a line.
func entries(ctx context.Context, log *journal.View, n int) string {
	for {
		if page := log.Latest(); page != nil && len(page.Rows) >= n {
			var b strings.Builder
			for i := range page.Rows {
				fmt.Fprintf(&b, "%s: %s\n", page.Rows[i].Unit, page.Message(&page.Rows[i]))
			}
			return b.String()
		}
		select {
		case <-log.Changed():
		case <-ctx.Done():
			return "too few entries\n"
		}
	}
}

// TestCapturedOutput: whatever anything in the process prints becomes entries of unit self, and nothing of it is seen.
func TestCapturedOutput(t *testing.T) {
	t.Parallel()
	r := runChild(t, "capture")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, on the real standard error %q", r.code, r.stderr)
	}
	for _, want := range printed {
		found := false
		for line := range strings.Lines(r.out) {
			found = found || strings.HasPrefix(line, "self: ") && strings.Contains(line, want)
		}
		if !found {
			t.Errorf("no entry of self for what is printed %s in\n%s", want, r.out)
		}
	}
	if n := strings.Count(r.out, "\n"); n != len(printed) {
		t.Errorf("%d lines, want the %d entries only:\n%s", n, len(printed), r.out)
	}
}

// childCrash dies of a fatal error of the runtime while its output is captured and nobody reads it.
func childCrash() {
	if _, err := CaptureOutput(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	flood := bytes.Repeat([]byte("x"), 4096)
	for range 1000 {
		_, _ = os.Stderr.Write(flood) // far more than the pipe holds: nothing of this waits
	}
	go func() { panic("last words") }()
	time.Sleep(await.Limit)
}

// TestF41LastWordsWhileCaptured: the runtime's last words go to the original standard error, even when the pipe is full.
func TestF41LastWordsWhileCaptured(t *testing.T) {
	t.Parallel()
	r := runChild(t, "crash while captured")
	if r.code != 2 || !strings.Contains(r.stderr, "last words") || !strings.Contains(r.stderr, "childCrash") {
		t.Errorf("exit code %d, on the original standard error %q", r.code, r.stderr)
	}
}
