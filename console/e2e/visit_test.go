//go:build !nokube

package e2e

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
)

// TestVisitNode: o on F4 shows another node's console on every kind of terminal, its pages go by keys, Esc closes what is open
// there, then comes back.
func TestVisitNode(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	n := m.serveNode("hv2", "127.0.1.2")
	for _, c := range []struct {
		name, config string
		env          []string
		ascii        bool
	}{
		{"xterm", "", []string{"TERM=xterm-256color", "LC_ALL=C.UTF-8"}, false},
		{"linux", "", []string{"TERM=linux", "LC_ALL=C.UTF-8"}, false},
		{"vt220 of seven bits", "", []string{"TERM=vt220", "LC_ALL=C"}, true},
		{"9600 baud", "baud: 9600\n", []string{"TERM=vt220", "LC_ALL=C"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{env: c.env, args: []string{"--config", writeFile(t, "config.yaml", m.config(c.config))}})
			s.await("Node:")
			s.keys("4")
			s.await("hv2")
			s.keys("o")
			s.await("hv2 live  "+n.address, "Esc comes back", "Node: hv2", footer)
			s.keys("3")
			s.await("Physical interfaces")
			s.keys("1")
			s.await(" All ")
			s.keys("2")
			s.await("Node: hv2", "Memory", "Disk I/O", "Kubernetes and KubeVirt", footer)
			s.keys("?")
			s.await(" Keys ", "Ctrl-C comes back")
			s.keys("\x1b")
			s.until("the help there is closed", func(text string) bool {
				return strings.Contains(text, "Esc comes back") && !strings.Contains(text, " Keys ") && strings.Contains(text, "Disk I/O")
			})
			s.see(func(v *vtscreen.Screen) {
				if text := v.String(); c.ascii && strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
					t.Errorf("more than seven bits in\n%s", text)
				}
			})
			s.resize(100, 30)
			s.onRow(30, footer)
			s.await("Node: hv2")
			s.keys("\x1b")
			s.until("this console is back", func(text string) bool {
				return strings.Contains(text, "F4 Nodes") && !strings.Contains(text, "comes back") && strings.Contains(text, "answers")
			})
			s.keys("oq")
			s.until("q there ends the visit, not this console", func(text string) bool { return !strings.Contains(text, "comes back") })
			if !s.running() {
				t.Error("it has ended")
			}
		})
	}
}

// TestVisitedNodeDies: a node that is stopped leaves its picture, with its age, while the clock here goes on, and is back when it
// goes on; one that is killed is said to be, and so is one that is dead before.
func TestVisitedNodeDies(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a node is silent for six seconds until that is said")
	}
	t.Parallel()
	m := newMesh(t)
	n := m.serveNode("hv2", "127.0.1.2")
	s := start(t, setup{w: 120, h: 40, args: []string{"--config", writeFile(t, "config.yaml", m.config(""))}})
	s.await("Node:")
	s.keys("4")
	s.await("hv2")
	s.keys("o")
	s.await("hv2 live")
	s.keys("3")
	s.await("Physical interfaces")
	n.signal(unix.SIGSTOP)
	s.until("the picture is old", func(text string) bool {
		return strings.Contains(text, " old  "+n.address) && strings.Contains(text, "no connection for ") && strings.Contains(text, "nothing has come for 6 s") &&
			strings.Contains(text, "Physical interfaces")
	})
	clocks := map[string]bool{}
	s.until("the clock here goes on", func(text string) bool {
		first, _, _ := strings.Cut(text, "\n")
		clocks[clock.FindString(first)] = true
		return len(clocks) > 3
	})
	before := 0
	s.see(func(*vtscreen.Screen) { before = s.clears })
	s.keys("1?x\x0c") // lost: nobody is there; the last is for this console, which has taken all of them then
	s.until("a full repaint", func(string) (ok bool) {
		s.see(func(*vtscreen.Screen) { ok = s.clears > before })
		return ok
	})
	n.signal(unix.SIGCONT)
	s.await("hv2 live", "Physical interfaces", "Esc comes back")
	n.signal(unix.SIGKILL)
	s.await("no connection for ", "nobody listens there (connection refused)", "Physical interfaces")
	s.keys("\x1b")
	s.until("this console is back", func(text string) bool { return !strings.Contains(text, "comes back") })
	s.keys("o")
	s.await("hv2   "+n.address, "no connection for ", "nobody listens there (connection refused)", "By its own word", " ago")
	s.keys("q")
	s.until("this console is back", func(text string) bool { return !strings.Contains(text, "comes back") })
	if !s.running() {
		t.Error("it has ended")
	}
}
