package console

import (
	"bufio"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
)

// offer makes l one that offers actions, whose helper is at a socket.
func offer(l *session, socket string) {
	c := *l.collector.Config()
	c.Actions.Enable, c.Actions.Units, c.Actions.Socket = true, []string{"k3s.service"}, socket
	reconfigure(l, c)
	l.show(frame.Logs)
}

// reconfigure puts a configuration in force and starts nothing.
func reconfigure(l *session, c config.Config) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l.collector.Reconfigure(ctx, c)
}

// helperAt answers at a socket as a helper does that may restart k3s, and drain. It returns what it was asked for.
func helperAt(t *testing.T) (socket string, asked <-chan act.Request) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	requests := make(chan act.Request, 16)
	serve := func(c net.Conn) {
		defer c.Close()
		for in := bufio.NewScanner(c); in.Scan(); {
			r, err := act.ReadRequest(in.Bytes())
			if err != nil {
				return
			}
			requests <- r
			var reply act.Reply
			switch {
			case r.Hello != nil:
				reply.Welcome = &act.Welcome{Verbs: []act.Verb{act.UnitRestart}, Units: []string{"k3s.service"}}
			case r.Plan != nil:
				reply.Planned = &act.Planned{Plan: "p", Ask: *r.Plan, Will: []string{"it is restarted"}, Type: "k3s.service"}
			case r.Commit != nil:
				reply.Done = &act.Outcome{Text: "it is restarted"}
			default:
				continue
			}
			if _, err := c.Write(act.Append(nil, reply)); err != nil {
				return
			}
		}
		requests <- act.Request{} // gone
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return socket, requests
}

// typeIn presses the keys of a text.
func typeIn(t *testing.T, l *session, text string) {
	t.Helper()
	for _, c := range text {
		l.key(t.Context(), draw.Key(c))
	}
}

// TestActionsAreAskedForWhileTheyAreShown: nobody is asked before x, and the connection ends with the overlay; what is typed is done
// once.
func TestActionsAreAskedForWhileTheyAreShown(t *testing.T) {
	l, master := newLoop(t)
	go discard(master)
	socket, asked := helperAt(t)
	offer(l, socket)
	now := func() string {
		await.Until(t, "idle", l.tty.Idle)
		l.draw(time.Now())
		return string(l.canvas.AppendText(nil))
	}
	if now(); l.frame.Act != nil || l.acting.client != nil || l.acting.changed != nil {
		t.Fatal("the helper is asked although nobody looks")
	}
	next := func(what string, is func(r act.Request) bool) {
		t.Helper()
		var r act.Request
		await.Until(t, what, func() bool {
			now()
			select {
			case r = <-asked:
				return true
			default:
				return false
			}
		})
		if !is(r) {
			t.Fatalf("asked %+v, want %s", r, what)
		}
	}
	sees := func(text string) {
		t.Helper()
		await.Until(t, text, func() bool { return strings.Contains(now(), text) })
	}
	l.key(t.Context(), 'x')
	next("hello", func(r act.Request) bool { return r.Hello != nil })
	sees("What would it do?")
	l.key(t.Context(), draw.KeyEnter)
	next("a plan", func(r act.Request) bool {
		return r.Plan != nil && *r.Plan == act.Ask{Verb: act.UnitRestart, Object: "k3s.service"}
	})
	sees("it is restarted")
	sees("name       _")
	typeIn(t, l, "k3s.service")
	l.key(t.Context(), draw.KeyEnter)
	next("a commit", func(r act.Request) bool {
		return r.Commit != nil && *r.Commit == act.Commit{Plan: "p", Typed: "k3s.service"}
	})
	sees("done")
	l.key(t.Context(), draw.KeyEsc)
	next("the end", func(r act.Request) bool { return r == act.Request{} })
	if now(); l.frame.Act != nil || l.acting.client != nil {
		t.Error("it is asked although nobody looks any more")
	}
	l.key(t.Context(), 'x')
	next("hello", func(r act.Request) bool { return r.Hello != nil })
	sees("What would it do?")
	await.Until(t, "idle", l.tty.Idle)
	l.tick(l.past.keyed.Add(backAfter)) // whoever opened it has left
	next("the end", func(r act.Request) bool { return r == act.Request{} })
}

// TestWhoIsOfferedActions: the console's own session where the configuration says so, and nobody who looks from elsewhere.
func TestWhoIsOfferedActions(t *testing.T) {
	for _, c := range []struct {
		enable bool
		viewer string
		want   bool
	}{{false, "", false}, {true, "", true}, {true, "somebody", false}} {
		l, _ := newLoop(t)
		l.viewer = c.viewer
		if c.enable {
			offer(l, "/nowhere")
		}
		l.frame.Settings = l.settings(loaded{config: *l.collector.Config()})
		l.key(t.Context(), 'x')
		if l.console.ShowsActions() != c.want || (l.acting.client != nil) != c.want {
			t.Errorf("enabled %v, for %q: %v", c.enable, c.viewer, l.console.ShowsActions())
		}
		l.leaveAct()
	}
}

// TestOperatorsSessionEnds: nobody has touched a key, and that was said for a minute; what runs is not left alone, and other sessions
// do not end.
func TestOperatorsSessionEnds(t *testing.T) {
	for _, c := range []struct {
		shell, enable bool
		unlock        string
		want          time.Duration
	}{
		{true, true, config.BySession, 10 * time.Minute}, {false, true, config.BySession, 0}, {true, false, config.BySession, 0}, {true, true, config.ByCode, 0},
	} {
		l, _ := newLoop(t)
		o := SessionOptions{Collector: l.collector, Guard: l.guard, Shell: c.shell}
		conf := *l.collector.Config()
		conf.Actions.Enable, conf.Actions.Unlock, conf.Quit, conf.Login = c.enable, c.unlock, false, true
		o.first.config = conf
		reconfigure(l, conf)
		made := newSession(l.display, l.canvas.Appearance(), l.news, o)
		if made.idle != c.want || made.frame.Settings.Quit != c.shell || c.shell && made.frame.Settings.Login {
			t.Errorf("%+v: it ends after %v, %+v", c, made.idle, made.frame.Settings)
		}
	}

	l, master := newLoop(t)
	go discard(master)
	l.idle = 10 * time.Minute
	l.key(t.Context(), draw.KeyF3)
	l.key(t.Context(), ' ')
	keyed := l.past.keyed
	at := func(passed time.Duration, over bool, says string) {
		t.Helper()
		await.Until(t, "idle", l.tty.Idle)
		if got := l.idles(keyed.Add(passed)); got != over {
			t.Errorf("after %v: over %v", passed, got)
		}
		l.tick(keyed.Add(passed))
		if text := string(l.canvas.AppendText(nil)); strings.Contains(text, "This session ends") != (says != "") || !strings.Contains(text, says) {
			t.Errorf("after %v, want %q:\n%s", passed, says, text)
		}
	}
	at(8*time.Minute, false, "")
	at(9*time.Minute, false, "This session ends in 60 s: nobody has touched a key. Any key keeps it.")
	if l.console.Paused() {
		t.Error("a picture that stands still says nothing of that")
	}
	at(9*time.Minute+50*time.Second, false, "This session ends in 10 s")
	await.Until(t, "idle", l.tty.Idle)
	l.key(t.Context(), draw.KeyF2)
	if l.frame.Leaving != 0 {
		t.Error("a key does not keep it")
	}
	keyed = l.past.keyed
	at(9*time.Minute+59*time.Second, false, "This session ends in 1 s")
	at(10*time.Minute, true, "")

	offer(l, "/nowhere")
	l.console.Handle('x', &l.frame)
	l.frame.Act = &act.Dialogue{Stage: act.Doing, Ask: act.Ask{Verb: act.NodeDrain, Object: "hv1"}}
	if l.idles(keyed.Add(20 * time.Minute)) {
		t.Error("it ends while a drain runs")
	}
	l.frame.Act = &act.Dialogue{Stage: act.Choosing}
	if l.idles(keyed.Add(29*time.Minute)) || !l.idles(keyed.Add(30*time.Minute)) {
		t.Error("it does not count from the end of the drain")
	}
}
