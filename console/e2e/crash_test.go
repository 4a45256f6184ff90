package e2e

import (
	"strconv"
	"strings"
	"testing"
)

func faulty(fault string) setup {
	return setup{tags: "faults", env: []string{"HYPERVISOR_TUI_FAULT=" + fault}}
}

// TestF41PanelCrash: the panel says crashed, header, footer and the other screens live, the log has the reason.
func TestF41PanelCrash(t *testing.T) {
	t.Parallel()
	o := faulty("logs panel")
	o.args = []string{"--screen", "logs"}
	s := start(t, o)
	s.await("logs crashed", "Node:", footer)
	s.keys("2")
	s.until("the dashboard", func(text string) bool {
		return strings.Contains(text, "── Memory") && !strings.Contains(text, "crashed")
	})
	s.sources("crashes ")
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
	if s.stderr() != "" {
		t.Errorf("on standard error: %s", s.stderr())
	}
}

// TestF41SourceCrash: a goroutine of a source crashes; the log says so as unit self, it starts again, the rest lives.
func TestF41SourceCrash(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"links", "sampler", "filesystems", "log source", "cluster"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := faulty("panic " + name)
			o.args, o.w, o.h = []string{"--screen", "logs"}, 160, 40
			s := start(t, o)
			s.await(footer)
			s.keys("/" + name + "\r")
			s.await("self["+strconv.Itoa(s.cmd.Process.Pid)+"]: panic: "+name+": fault switch", name+" crashed: fault switch; again in 1s")
			s.keys("3")
			s.await("── Physical interfaces")
			s.until("the links are there", func(text string) bool {
				return strings.Contains(text, "lo ") && !strings.Contains(text, "Pod CIDR: --")
			})
			s.keys("2")
			s.await("── Memory")
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

// TestF41SourceCrashesAlways: nobody waits for a source that never comes up.
func TestF41SourceCrashesAlways(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the sampler crashes until it is given up")
	}
	t.Parallel()
	s := start(t, faulty("panic always sampler"))
	s.await("── Memory", footer)
	s.keys("3")
	s.await("Physical interfaces", "sampler not answering")
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF41LoopCrash: the loop itself panics: the terminal is itself again, the trace is where standard error went.
func TestF41LoopCrash(t *testing.T) {
	t.Parallel()
	s := start(t, faulty("panic loop"))
	if code, _ := s.exit(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	s.restored()
	if !strings.Contains(s.stderr(), "panic: fault switch") || !strings.Contains(s.stderr(), "fault.Frame") {
		t.Errorf("on standard error: %s", s.stderr())
	}
	if n := strings.Count(s.stderr(), "fault switch"); n != 1 {
		t.Errorf("the trace is there %d times:\n%s", n, s.stderr())
	}
}

// TestF41FatalError: what no recover catches; systemd resets the terminal, the trace is where standard error went. The
// headline is not: the runtime prints it before it turns to its crash output.
func TestF41FatalError(t *testing.T) {
	t.Parallel()
	s := start(t, faulty("fatal"))
	if code, _ := s.exit(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if !strings.Contains(s.stderr(), "sync.(*Mutex).Unlock") || !strings.Contains(s.stderr(), "fault.Frame") {
		t.Errorf("on standard error: %s", s.stderr())
	}
	if strings.Contains(s.text(), "fatal error") {
		t.Errorf("the terminal shows\n%s", s.text())
	}
}
