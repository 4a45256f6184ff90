package helper

import (
	"bufio"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/note"
	"hypervisor-tui/internal/await"
)

// doer does nothing and says so. Its facts are what the test sets.
type doer struct {
	mu    sync.Mutex
	facts act.Facts
	err   error // of Look
	done  []act.Ask
	do    func(ctx context.Context, tell func(act.Progress)) error
}

func (d *doer) Look(context.Context, act.Ask) (act.Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.facts, d.err
}

func (d *doer) Do(ctx context.Context, a act.Ask, _ act.Facts, tell func(act.Progress)) (string, error) {
	d.mu.Lock()
	d.done = append(d.done, a)
	d.mu.Unlock()
	if d.do != nil {
		return "", d.do(ctx, tell)
	}
	return "it is done", nil
}

func (d *doer) set(f act.Facts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.facts = f
}

func (d *doer) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.done)
}

// stage is a helper on a socket of its own, with a clock that stands.
type stage struct {
	t      *testing.T
	path   string
	doer   *doer
	undo   *undo
	secret []byte
	ended  chan error

	mu    sync.Mutex
	now   time.Time
	audit []Entry
}

type undo struct {
	mu    sync.Mutex
	calls []string
	err   error
}

func (u *undo) Arm(_ context.Context, object string) error    { return u.call("arm " + object) }
func (u *undo) Disarm(_ context.Context, object string) error { return u.call("disarm " + object) }
func (u *undo) call(what string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls = append(u.calls, what)
	return u.err
}

func newStage(t *testing.T, change func(*Options)) *stage {
	t.Helper()
	s := &stage{t: t, path: filepath.Join(t.TempDir(), "act.sock"), doer: new(doer), undo: new(undo), ended: make(chan error, 1),
		secret: []byte("12345678901234567890"), now: time.Unix(1_800_000_000, 0)}
	s.doer.facts = act.Facts{Will: []string{"it stops and starts"}, State: []string{"active"}}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.path})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Host: "hv1", Verbs: []act.Verb{act.UnitRestart, act.NodeCordon, act.NodeUncordon, act.NodeDrain}, Units: []string{"a.service"},
		Doers: map[act.Kind]act.Doer{act.Unit: s.doer, act.Node: s.doer}, Undo: s.undo, UndoAfter: 30 * time.Minute, Idle: time.Hour,
		Audit: func(e Entry) { s.mu.Lock(); defer s.mu.Unlock(); s.audit = append(s.audit, e) },
		Now:   func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now },
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { s.ended <- New(o).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *stage) entries(what string) (found []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.audit {
		if e.What == what {
			found = append(found, e)
		}
	}
	return found
}

// talk is one connection.
type talk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (s *stage) connect() *talk {
	s.t.Helper()
	c, err := net.Dial("unix", s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return &talk{s.t, c, bufio.NewReader(c)}
}

func (c *talk) send(r act.Request) {
	c.t.Helper()
	if _, err := c.conn.Write(act.Append(nil, r)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *talk) receive() act.Reply {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
	line, err := c.in.ReadBytes('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := act.ReadReply(line)
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return r
}

func (c *talk) ask(r act.Request) act.Reply {
	c.t.Helper()
	c.send(r)
	return c.receive()
}

var restart = act.Ask{Verb: act.UnitRestart, Object: "a.service"}

// planned asks for a plan, which there must be.
func (c *talk) planned(a act.Ask) *act.Planned {
	c.t.Helper()
	r := c.ask(act.Request{Plan: &a})
	if r.Planned == nil {
		c.t.Fatalf("no plan of %+v: %+v", a, r.Refused)
	}
	return r.Planned
}

// refused holds that a commit is refused for a reason.
func (c *talk) refused(r act.Commit, why string) {
	c.t.Helper()
	got := c.ask(act.Request{Commit: &r})
	if got.Refused == nil || !strings.Contains(got.Refused.Text, why) {
		c.t.Errorf("answered %+v, refused %+v, want refused: %s", got, got.Refused, why)
	}
}

func (c *talk) done(r act.Commit) {
	c.t.Helper()
	if got := c.ask(act.Request{Commit: &r}); got.Done == nil {
		c.t.Errorf("answered refused %+v, failed %+v, want done", got.Refused, got.Failed)
	}
}

// TestCommit: what was planned is done once, by who planned it, under the right name, in time, while it is as it was.
func TestCommit(t *testing.T) {
	s := newStage(t, nil)
	c := s.connect()
	p := c.planned(restart)
	if p.Type != "a.service" || p.Code || !slices.Equal(p.Will, []string{"it stops and starts"}) {
		t.Errorf("planned %+v", p)
	}
	c.refused(act.Commit{Plan: p.Plan, Typed: "b.service"}, "another name was typed")
	c.refused(act.Commit{Plan: "p", Typed: "a.service"}, "no such plan of yours")
	s.connect().refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "no such plan of yours")
	if n := s.doer.times(); n != 0 {
		t.Fatalf("done %d times before it was confirmed", n)
	}
	c.done(act.Commit{Plan: p.Plan, Typed: "a.service"})
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "no such plan of yours")
	p = c.planned(restart)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "a moment ago")
	s.pass(between)
	c.done(act.Commit{Plan: p.Plan, Typed: "a.service"})
	s.pass(between)
	p = c.planned(restart)
	s.pass(act.PlanLasts + time.Second)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "older than")
	p = c.planned(restart)
	s.doer.set(act.Facts{Will: []string{"it starts"}, State: []string{"inactive"}})
	got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "a.service"}})
	if got.Refused == nil || !strings.Contains(got.Refused.Text, "has changed") || !slices.Equal(got.Refused.Will, []string{"it starts"}) {
		t.Errorf("after a change: %+v", got.Refused)
	}
	if n := s.doer.times(); n != 2 {
		t.Errorf("done %d times, want 2", n)
	}
	if n := len(s.entries("done")); n != 2 {
		t.Errorf("%d results in the journal, want 2", n)
	}
	if n := len(s.entries("denied")); n != 7 {
		t.Errorf("%d refusals in the journal, want 7: %+v", n, s.entries("denied"))
	}
	for _, e := range s.entries("plan") {
		if e.Client.UID == 0 && e.Client.PID == 0 {
			t.Errorf("the journal does not say who: %+v", e)
		}
	}
}

// TestWhoAsks: what is looked at and done is so for whoever has connected.
func TestWhoAsks(t *testing.T) {
	s := newStage(t, nil)
	c := s.connect()
	p := c.planned(restart)
	c.done(act.Commit{Plan: p.Plan, Typed: "a.service"})
	s.doer.mu.Lock()
	defer s.doer.mu.Unlock()
	if got, want := s.doer.done[0].By, fmt.Sprintf("uid %d", os.Getuid()); got != want {
		t.Errorf("it is done for %q, want %q", got, want)
	}
}

// TestNotOnTheList: verbs, units and hosts that are not on the list are refused before anybody looks at them.
func TestNotOnTheList(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Undo = nil })
	c := s.connect()
	for why, a := range map[string]act.Ask{
		"not among what may be done": {Verb: act.UnitStop, Object: "a.service"},
		"not among those":            {Verb: act.UnitRestart, Object: "sshd.service"},
		"among what may":             {Verb: act.VMStart, Object: "default/vm"},
		"nothing here would undo it": {Verb: act.NodeCordon, Object: "hv1", Undo: true},
	} {
		if got := c.ask(act.Request{Plan: &a}); got.Refused == nil || !strings.Contains(got.Refused.Text, why) {
			t.Errorf("%+v: %+v, want refused: %s", a, got, why)
		}
	}
	if n := len(s.entries("denied")); n != 4 {
		t.Errorf("%d refusals in the journal, want 4", n)
	}
}

// TestBlocked: what is blocked is done only where that can be, and somebody says so.
func TestBlocked(t *testing.T) {
	s := newStage(t, nil)
	s.doer.facts.Blocks = []string{"a PDB has no room"}
	c := s.connect()
	p := c.planned(restart)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service", Force: true}, "a PDB has no room")
	s.doer.set(act.Facts{Blocks: []string{"a PDB has no room"}, Force: true})
	p = c.planned(restart)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "a PDB has no room")
	c.done(act.Commit{Plan: p.Plan, Typed: "a.service", Force: true})
}

// TestCodes: where codes are asked for, nothing is done without the right one, which nobody ever sees in the journal.
func TestCodes(t *testing.T) {
	var codes *act.Codes
	s := newStage(t, func(o *Options) {
		var err error
		codes, err = act.NewCodes(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")), act.CodeState{}, func(act.CodeState) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		o.WantCodes, o.Codes = true, codes
	})
	c := s.connect()
	p := c.planned(restart)
	right := act.Code(s.secret, s.now.Unix()/30)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service"}, "code is missing")
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service", Code: "000000"}, "wrong code")
	c.done(act.Commit{Plan: p.Plan, Typed: "a.service", Code: right})
	p = c.planned(restart)
	next := act.Commit{Plan: p.Plan, Typed: "a.service", Code: act.Code(s.secret, s.now.Unix()/30+1)}
	c.refused(next, "a moment ago")
	s.pass(between)
	c.done(next) // what was refused for another reason has cost no code
	s.pass(between)
	p = c.planned(restart)
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service", Code: right}, "used before")
	for range 4 {
		c.refused(act.Commit{Plan: p.Plan, Typed: "a.service", Code: "000000"}, "wrong code")
	}
	c.refused(act.Commit{Plan: p.Plan, Typed: "a.service", Code: act.Code(s.secret, s.now.Unix()/30+1)}, "none is looked at")
	for _, e := range slices.Concat(s.entries("denied"), s.entries("done"), s.entries("commit")) {
		if strings.Contains(e.Why, right) || strings.Contains(e.Why, "000000") {
			t.Errorf("a code is in the journal: %s", e.Why)
		}
	}
	if n := s.doer.times(); n != 2 {
		t.Errorf("done %d times, want twice", n)
	}
}

// TestCodeWhileBusy: whoever has a code is told at once that something else is being done, and keeps the code.
func TestCodeWhileBusy(t *testing.T) {
	s := newStage(t, func(o *Options) {
		codes, err := act.NewCodes(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")), act.CodeState{}, func(act.CodeState) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		o.WantCodes, o.Codes = true, codes
	})
	begun, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.doer.do = func(context.Context, func(act.Progress)) (err error) {
		once.Do(func() { close(begun); <-end; err = errors.New("it has ended") })
		return err
	}
	first, second := s.connect(), s.connect()
	p, other := first.planned(restart), second.planned(restart)
	step := s.now.Unix() / 30
	first.send(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "a.service", Code: act.Code(s.secret, step)}})
	<-begun
	late := act.Commit{Plan: other.Plan, Typed: "a.service", Code: act.Code(s.secret, step+1)}
	second.refused(late, "something else is being planned or done")
	close(end)
	if r := first.receive(); r.Failed == nil {
		t.Errorf("the first: %+v", r)
	}
	s.pass(between)
	second.done(late)
}

// TestNoSecret: a helper that is to check codes and has no secret does nothing.
func TestNoSecret(t *testing.T) {
	s := newStage(t, func(o *Options) { o.WantCodes = true })
	c := s.connect()
	p := c.planned(restart)
	for _, code := range []string{"", "000000", "755224"} {
		if got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "a.service", Code: code}}); got.Refused == nil {
			t.Errorf("code %q: %+v", code, got)
		}
	}
	if n := s.doer.times(); n != 0 {
		t.Errorf("done %d times", n)
	}
}

// TestDrain: it tells how far it is, ends by Cancel, and is left in the notebook when whoever asked for it goes, or the helper
// dies.
func TestDrain(t *testing.T) {
	dir := t.TempDir()
	book, err := OpenNotebook(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, func(o *Options) { o.Notebook = book })
	s.doer.do = func(ctx context.Context, tell func(act.Progress)) error {
		tell(act.Progress{Done: 12, Of: 37, Text: "moving"})
		<-ctx.Done()
		return errors.New("25 pods are still there")
	}
	drain := act.Ask{Verb: act.NodeDrain, Object: "node1", Undo: true}
	c := s.connect()
	p := c.planned(drain)
	if p.Type != "hv1" {
		t.Errorf("%q is to be typed, want this host's name", p.Type)
	}
	if got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "hv1"}}); got.Progress == nil || got.Progress.Done != 12 {
		t.Errorf("%+v, want progress", got)
	}
	other := s.connect()
	if got := other.ask(act.Request{Plan: &restart}); got.Refused == nil || !strings.Contains(got.Refused.Text, "something else") {
		t.Errorf("meanwhile: %+v", got)
	}
	if n, err := note.Read(dir); err != nil || n.Done > 12 {
		t.Errorf("noted %+v, %v", n, err)
	}
	if n, err := note.Stopped(dir); n != nil || err != nil {
		t.Errorf("it runs, and is told as stopped: %v, %v", n, err)
	}
	if again, err := OpenNotebook(dir); err != nil || !strings.Contains(again.Stopped(), "drain of node1") {
		t.Errorf("the next helper tells %q, %v", again.Stopped(), err)
	}
	if got := c.ask(act.Request{Cancel: &act.Cancel{}}); got.Failed == nil || !strings.Contains(got.Failed.Text, "cancelled: 25 pods") {
		t.Errorf("cancelled: %+v", got)
	}
	if got := c.ask(act.Request{Hello: &act.Hello{}}); got.Welcome == nil || got.Welcome.Stopped != "" {
		t.Errorf("after a Cancel: %+v", got.Welcome)
	}
	s.pass(between)
	p = c.planned(drain)
	c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "hv1"}})
	c.conn.Close()
	await.Until(t, "it has ended", func() bool { return len(s.entries("failed")) == 2 })
	if got := other.ask(act.Request{Hello: &act.Hello{}}); got.Welcome == nil || !strings.Contains(got.Welcome.Stopped, "drain of node1") {
		t.Errorf("after it was left: %+v", got.Welcome)
	}
	if n, err := note.Stopped(dir); n == nil || err != nil {
		t.Errorf("after it was left the console is told %v, %v", n, err)
	}
	s.pass(between)
	s.doer.do = nil
	p = other.planned(act.Ask{Verb: act.NodeUncordon, Object: "node1"})
	other.done(act.Commit{Plan: p.Plan, Typed: "node1"})
	if got := other.ask(act.Request{Hello: &act.Hello{}}); got.Welcome == nil || got.Welcome.Stopped != "" {
		t.Errorf("after it is as it was: %+v", got.Welcome)
	}
	if err := book.Begin(drain, s.now); err != nil {
		t.Fatal(err)
	}
	book.End(true)
	s.doer.err = act.Already("node1 is not cordoned")
	if got := other.ask(act.Request{Plan: &act.Ask{Verb: act.NodeUncordon, Object: "node1"}}); got.Refused == nil || book.Stopped() != "" {
		t.Errorf("after somebody else has uncordoned it: %+v, and %q is told", got, book.Stopped())
	}
	if want := []string{"arm node1", "arm node1", "disarm node1", "disarm node1"}; !slices.Equal(s.undo.calls, want) {
		t.Errorf("undo: %q, want %q", s.undo.calls, want)
	}
}

// TestNoteIsReadByOthers: the console, another user, reads what is under way, whatever the helper's umask is.
func TestNoteIsReadByOthers(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077)) // of the whole process; none of these tests runs beside another
	dir := t.TempDir()
	book, err := OpenNotebook(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Begin(act.Ask{Verb: act.NodeDrain, Object: "node1"}, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "running.json"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestNoUndoNoAct: what would not be undone is not done.
func TestNoUndoNoAct(t *testing.T) {
	s := newStage(t, nil)
	s.undo.err = errors.New("access denied")
	c := s.connect()
	p := c.planned(act.Ask{Verb: act.NodeCordon, Object: "node1", Undo: true})
	got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "node1"}})
	if got.Failed == nil || !strings.Contains(got.Failed.Text, "nothing was done") || s.doer.times() != 0 {
		t.Errorf("%+v, done %d times", got, s.doer.times())
	}
}

// TestStaysDone: what is to stay is not undone by a timer of before.
func TestStaysDone(t *testing.T) {
	s := newStage(t, nil)
	c := s.connect()
	p := c.planned(act.Ask{Verb: act.NodeDrain, Object: "node1"})
	c.done(act.Commit{Plan: p.Plan, Typed: "hv1"})
	if want := []string{"disarm node1"}; !slices.Equal(s.undo.calls, want) {
		t.Errorf("undo: %q, want %q", s.undo.calls, want)
	}
	s.pass(between)
	s.undo.err = errors.New("access denied")
	p = c.planned(act.Ask{Verb: act.NodeDrain, Object: "node1"})
	got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "hv1"}})
	if got.Done == nil || got.Done.Text != "it is done; whether a timer of before undoes it is not known: access denied" {
		t.Errorf("%+v, %+v", got.Done, got.Failed)
	}
}

// TestNotTheProtocol: what is no request is refused, a line that never ends ends the connection, and the helper goes on.
func TestNotTheProtocol(t *testing.T) {
	s := newStage(t, nil)
	c := s.connect()
	c.conn.Write([]byte("GET / HTTP/1.1\n"))
	if got := c.receive(); got.Refused == nil {
		t.Errorf("%+v", got)
	}
	long := s.connect()
	long.conn.Write([]byte(strings.Repeat("a", 2*act.MaxLine)))
	if _, err := long.in.ReadBytes('\n'); err == nil {
		t.Error("a line without an end is answered")
	}
	for range 3 * maxClients { // the places of those that left are free
		s.connect().conn.Close()
	}
	await.Until(t, "an answer", func() bool {
		last := s.connect()
		defer last.conn.Close()
		_, _ = last.conn.Write(act.Append(nil, act.Request{Hello: &act.Hello{}}))
		line, _ := last.in.ReadBytes('\n')
		return strings.Contains(string(line), "welcome")
	})
}

// TestAuditIsNotDrowned: no crowd of clients, each with a plan or a refusal after the other, makes so many entries that journald, by its
// defaults, drops some.
//
// systemd: journald.conf(5), RateLimitBurst=
func TestAuditIsNotDrowned(t *testing.T) {
	if most := maxClients * int(30*time.Second/pause); most >= 10_000 {
		t.Errorf("%d entries in 30 seconds", most)
	}
}

// TestRetires: it ends by itself when nobody has been there for a while.
func TestRetires(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Idle = 50 * time.Millisecond })
	c := s.connect()
	c.ask(act.Request{Hello: &act.Hello{}})
	c.conn.Close()
	err := <-s.ended
	s.ended <- err
	if err != nil {
		t.Error(err)
	}
}
