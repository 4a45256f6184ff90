package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
)

// pane is the program in a tmux of its own.
type pane struct {
	t      *testing.T
	tmux   string
	socket string
	env    []string
}

func newPane(t *testing.T, term string, w, h int) *pane {
	t.Helper()
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("no tmux here")
	}
	dir, err := os.MkdirTemp("", "tmux") // not t.TempDir: a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &pane{t, tmux, fmt.Sprintf("hypervisor-tui-test-%d-%s-%d", os.Getpid(), term, w),
		environment(t, "TMUX_TMPDIR="+dir, "SHELL=/bin/sh")}
	t.Cleanup(func() { _ = p.command("kill-server").Run() }) // the server of this socket only; it may have ended
	start := fmt.Sprintf("TERM=%s LC_ALL=C.UTF-8 TZ=UTC %s; echo exit code $?; exec sleep 600", term, program(t, ""))
	// A session of its own size, whatever the terminals of others are.
	p.run("-u", "-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h), "-s", "console", start, ";",
		"set", "-g", "status", "off", ";", "set", "-g", "window-size", "manual", ";", "resize-window", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h))
	return p
}

func (p *pane) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.tmux, append([]string{"-L", p.socket}, args...)...)
	cmd.Env = p.env
	return cmd
}

func (p *pane) run(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *pane) text() string { return p.run("capture-pane", "-p", "-t", "console") }

// press sends keys by tmux's names.
func (p *pane) press(keys ...string) {
	p.t.Helper()
	p.run(append([]string{"send-keys", "-t", "console"}, keys...)...)
}

// await waits until the pane shows all of the texts.
func (p *pane) await(texts ...string) {
	p.t.Helper()
	p.until("shows "+strings.Join(texts, ", "), func(text string) bool {
		for _, want := range texts {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

func (p *pane) until(what string, ok func(text string) bool) {
	p.t.Helper()
	text := p.text()
	for limit := time.Now().Add(await.Limit); !ok(text); text = p.text() {
		if time.Now().After(limit) {
			p.t.Fatalf("not within %v: %s\n%s", await.Limit, what, text)
		}
		time.Sleep(30 * time.Millisecond) // each look starts a process
	}
}

// TestTmux walks through the program as a person would, on the terminals that it is for.
func TestTmux(t *testing.T) {
	t.Parallel()
	for _, term := range []string{"linux", "vt220", "xterm-256color"} {
		for _, size := range [][2]int{{80, 24}, {200, 60}} {
			t.Run(fmt.Sprintf("%s %dx%d", term, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				p := newPane(t, term, size[0], size[1])
				p.walk()
			})
		}
	}
}

func (p *pane) walk() {
	p.t.Helper()
	p.await("Node:", "Memory", "Disk I/O", footer)
	p.press("F1")
	p.await(" All ", "following")
	p.press("F3")
	p.await("Physical interfaces", "lo ")
	p.press("F4")
	p.await("── Nodes", "no kubeconfig")
	p.press("F5")
	p.await("No checks are set up")
	p.press("F2")
	p.await("Disk I/O")
	p.press("3")
	p.await("Physical interfaces")
	p.press("2")
	p.await("Disk I/O")
	p.press("1")
	p.await(" All ", "following")
	for _, want := range []string{"Disk I/O", "Physical interfaces", "── Nodes", "── Checks", " All "} {
		p.press("Tab")
		p.await(want)
	}
	p.press("?")
	p.await("Keys", "the oldest entry")
	p.press("Escape")
	p.until("the help is closed", func(text string) bool { return !strings.Contains(text, "the oldest entry") })
	p.press("i")
	p.await("Sources", "/proc/uptime")
	p.press("i")
	p.until("the overlay is closed", func(text string) bool { return !strings.Contains(text, "/proc/uptime") })
	p.press("/", "e", "r", "r", "o", "r", "1")
	p.await(" /error1")
	p.press("BSpace")
	p.until("a shorter filter", func(text string) bool { return strings.Contains(text, " /error") && !strings.Contains(text, "/error1") })
	p.press("Enter")
	p.await("following", "/error")
	p.press("Escape")
	p.until("no filter", func(text string) bool { return !strings.Contains(text, "/error ") })
	p.scroll()
	p.press("Space")
	p.await("PAUSED")
	p.press("Space")
	p.until("no pause", func(text string) bool { return !strings.Contains(text, "PAUSED") })
	p.press("q")
	p.await("exit code 0")
}

// scroll goes to the oldest entry and back, where there are entries.
func (p *pane) scroll() {
	p.t.Helper()
	p.press("Home")
	if strings.Contains(p.text(), "no entr") {
		p.t.Log("no log entries here: nothing to scroll")
		return
	}
	// A key is for the page that is seen: the answer to Home has to be there first.
	newer := regexp.MustCompile(`paused, [1-9]`)
	p.until("older entries, or all of them", func(text string) bool {
		return newer.MatchString(text) || strings.Contains(text, "paused, 0") && strings.Contains(text, "\n\n")
	})
	p.press("Down")
	p.press("Up")
	p.await("paused, ")
	p.press("End")
	p.await("following")
}
