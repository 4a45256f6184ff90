package client

import (
	"bufio"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/await"
)

// helper is the other end, which says what the test wants.
type helper struct {
	t    *testing.T
	path string
	l    net.Listener
	conn net.Conn
	in   *bufio.Reader
}

func newHelper(t *testing.T) *helper {
	t.Helper()
	h := &helper{t: t, path: filepath.Join(t.TempDir(), "socket")}
	var err error
	if h.l, err = net.Listen("unix", h.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.l.Close() })
	return h
}

func (h *helper) accept() {
	h.t.Helper()
	var err error
	if h.conn, err = h.l.Accept(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.conn.Close() })
	h.in = bufio.NewReader(h.conn)
}

func (h *helper) takes() act.Request {
	h.t.Helper()
	line, err := h.in.ReadBytes('\n')
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := act.ReadRequest(line)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *helper) says(r act.Reply) { _, _ = h.conn.Write(act.Append(nil, r)) }

// TestConversation: hello, plan, a slip, commit with progress, the end, and a plan that has changed.
func TestConversation(t *testing.T) {
	h := newHelper(t)
	c := Open(t.Context(), h.path)
	defer c.Close()
	at := func(stage act.Stage) *act.Dialogue {
		t.Helper()
		await.Until(t, "the stage", func() bool { return c.State().Stage == stage })
		return c.State()
	}
	h.accept()
	if r := h.takes(); r.Hello == nil {
		t.Fatalf("first it sends %+v", r)
	}
	h.says(act.Reply{Welcome: &act.Welcome{Verbs: []act.Verb{act.UnitRestart}}})
	if s := at(act.Choosing); len(s.Welcome.Verbs) != 1 {
		t.Errorf("welcome %+v", s.Welcome)
	}
	ask := act.Ask{Verb: act.UnitRestart, Object: "a.service"}
	plan := func() {
		t.Helper()
		c.Ask(act.Request{Plan: &ask})
		at(act.Planning)
		if r := h.takes(); r.Plan == nil || *r.Plan != ask {
			t.Fatalf("it sends %+v", r)
		}
		h.says(act.Reply{Planned: &act.Planned{Plan: "p", Ask: ask, Will: []string{"x"}, Type: "a.service"}})
		if s := at(act.Deciding); s.Planned.Type != "a.service" || s.Expires.IsZero() {
			t.Errorf("planned %+v", s.Planned)
		}
	}
	commit := func() {
		t.Helper()
		c.Ask(act.Request{Commit: &act.Commit{Plan: "p", Typed: "a"}})
		at(act.Doing)
		if r := h.takes(); r.Commit == nil {
			t.Fatalf("it sends %+v", r)
		}
	}
	plan()
	commit()
	h.says(act.Reply{Refused: &act.Outcome{Text: "another name was typed"}})
	if s := at(act.Deciding); s.Refused == nil || s.Planned == nil {
		t.Errorf("after a slip %+v", s)
	}
	commit()
	h.says(act.Reply{Progress: &act.Progress{Done: 1, Of: 2}})
	await.Until(t, "progress", func() bool { p := c.State().Progress; return p != nil && p.Done == 1 })
	h.says(act.Reply{Done: &act.Outcome{Text: "it is done"}})
	if s := at(act.Choosing); s.Done == nil || s.Planned != nil {
		t.Errorf("at the end %+v", s)
	}
	plan()
	commit()
	h.says(act.Reply{Refused: &act.Outcome{Text: "it has changed", Will: []string{"y"}, Over: true}})
	if s := at(act.Choosing); s.Refused == nil || s.Done != nil {
		t.Errorf("after a change %+v", s)
	}
	plan()
	commit()
	h.conn.Close()
	if s := at(act.Gone); s.Failed == nil || !strings.Contains(s.Err, "has ended") {
		t.Errorf("the helper went: %+v", s)
	}
}

// TestNoHelper: each way not to get one has its words.
func TestNoHelper(t *testing.T) {
	gone := newHelper(t)
	gone.l.(*net.UnixListener).SetUnlinkOnClose(false)
	gone.l.Close()
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "not set up", gone.path: "nobody listens",
	} {
		c := Open(t.Context(), path)
		await.Until(t, "it says why", func() bool { return c.State().Stage == act.Gone })
		if err := c.State().Err; !strings.Contains(err, want) {
			t.Errorf("%s: %q, want %q", path, err, want)
		}
		c.Close()
		c.done.Wait()
	}
	h := newHelper(t)
	c := Open(t.Context(), h.path)
	h.accept()
	h.takes()
	_, _ = h.conn.Write([]byte("HTTP/1.1 400 Bad Request\n"))
	await.Until(t, "it says why", func() bool { return c.State().Stage == act.Gone })
	if err := c.State().Err; !strings.Contains(err, "does not answer: not a line of the protocol") {
		t.Errorf("%q", err)
	}
	c.Close()
	c.done.Wait()
}

// TestClose leaves nothing behind, wherever the conversation stands.
func TestClose(t *testing.T) {
	h := newHelper(t)
	c := Open(t.Context(), h.path)
	h.accept()
	h.takes()
	c.Close()
	c.done.Wait()
	if _, err := h.in.ReadByte(); err == nil {
		t.Error("the connection is open")
	}
}
