package e2e

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// TestF45ReadOnly: nothing can be written anywhere.
func TestF45ReadOnly(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const script = `
		for place in / /tmp "$HOME"; do mount --bind "$place" "$place" && mount -o remount,bind,ro "$place" || exit 9; done
		! (: > "$HOME/x") 2>/dev/null || exit 8
		exec "$@"`
	s := start(t, setup{unshared: true, script: script})
	s.await("── Memory", footer)
	s.keys("1")
	s.await(" All ")
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF45NoHome: no home, no temporary directory, an empty environment.
func TestF45NoHome(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"no home":           `unset HOME; exec "$@"`,
		"home is a file":    `HOME=/dev/null exec "$@"`,
		"nowhere to write":  `TMPDIR=/proc HOME=/proc XDG_RUNTIME_DIR=/proc exec "$@"`,
		"empty environment": `exec env -i "$@"`,
		"descriptors shut":  `exec "$@" 2>&-`,
		"other directory":   `d=$(mktemp -d) && cd "$d" && rmdir "$d" && exec "$@"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{script: script})
			s.await("Memory", footer)
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
		})
	}
}

// TestF46Descriptors: with 32 descriptors, and with fewer than the sources need, the console is there and says which
// sources fail; when there are more again they work.
func TestF46Descriptors(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"32", "20"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{w: 132, h: 50, script: "ulimit -n " + limit + ` && exec "$@"`})
			s.await("Node:", footer)
			s.keys("i")
			s.await("Sources", "cost")
			await.Until(t, "all sources have said something", func() bool { return !strings.Contains(s.text(), " init ") })
			t.Logf("%d descriptors open of %s; failing: %q", s.count("fd"), limit, failing(s.text()))
			if limit == "20" {
				s.await("too many open files")
			}
			more := unix.Rlimit{Cur: 1024, Max: 1024}
			if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &more, nil); err != nil {
				t.Logf("not tried with more again: %v", err)
			} else {
				s.recovered()
			}
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr())
			}
			s.restored()
			if s.stderr() != "" {
				t.Errorf("on standard error: %s", s.stderr())
			}
		})
	}
}

// TestF46DescriptorsLater: the descriptors run out while it runs, and are there again.
func TestF46DescriptorsLater(t *testing.T) {
	if testing.Short() {
		t.Skip("long: sources fail, and are tried again later")
	}
	t.Parallel()
	s := start(t, setup{w: 132, h: 50})
	s.await("Node:", footer)
	s.keys("i")
	s.await("Sources", "cost")
	s.recovered() // none has failed yet
	var before unix.Rlimit
	few := unix.Rlimit{Cur: 8}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		t.Skipf("cannot change its limits: %v", err)
	}
	few.Max = before.Max
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &few, nil); err != nil {
		t.Skipf("cannot change its limits: %v", err)
	}
	s.await("too many open files")
	t.Logf("failing: %q", failing(s.text()))
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &before, nil); err != nil {
		t.Fatal(err)
	}
	raised := time.Now()
	s.recovered()
	t.Logf("all sources worked again after %v", time.Since(raised))
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// recovered waits, with the sources overlay open, until each source has answered and none lacks descriptors.
func (s *session) recovered() {
	s.t.Helper()
	s.until("all sources work", func(text string) bool {
		return !strings.Contains(text, " init ") && !strings.Contains(text, "too many open files")
	})
}

// failing are the rows of the sources overlay that say failed or stale.
func failing(text string) (rows []string) {
	for row := range strings.Lines(text) {
		if strings.Contains(row, " failed ") || strings.Contains(row, " stale ") {
			rows = append(rows, strings.Join(strings.Fields(strings.Trim(row, "│\n ")), " "))
		}
	}
	return rows
}
