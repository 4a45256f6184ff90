// Package helper is the side with the rights: it answers on a Unix socket, says what a verb would do, does it when that is
// confirmed and still so, and tells the journal of all of it. Whoever may connect is the socket's to say.
package helper

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/clean"
)

const (
	maxClients = 8
	lookTime   = 20 * time.Second // for the facts of one plan
	doTime     = 2 * time.Minute  // for a verb that does not tell how far it is
	writeTime  = 5 * time.Second  // for a line to somebody who does not read
	between    = 3 * time.Second  // from the end of one verb to the next
	// pause is how long a client's next line waits, and a place for the next client: what all of them can have written down stays below
	// the 10,000 lines in 30 seconds beyond which journald drops those that count, too.
	pause = 25 * time.Millisecond
)

// Undo is what undoes a verb without us: a timer of PID 1.
type Undo interface {
	Arm(ctx context.Context, object string) error    // it will be undone, unless Disarm or another Arm comes before
	Disarm(ctx context.Context, object string) error // it is undone already, or is to stay
}

// Options are what a Helper goes by.
type Options struct {
	Host      string                // this host's name, as it is to be typed
	Verbs     []act.Verb            // that may be asked for
	Units     []string              // that verbs of units may be for
	Doers     map[act.Kind]act.Doer // what does them; a verb of another kind is refused
	Codes     *act.Codes            // checks one-time codes; nil while WantCodes is set: nothing is done
	WantCodes bool                  // each commit takes a code
	Undo      Undo                  // nil: nothing is undone by itself
	UndoAfter time.Duration
	Notebook  *Notebook        // what is under way, for the next helper
	Audit     func(Entry)      // tells the journal
	Idle      time.Duration    // Serve returns after so long without anybody
	Now       func() time.Time // nil: time.Now
}

// Entry is one line of what was asked for, and what became of it.
type Entry struct {
	What   string // Planned, Denied, Begun, Done or Failed
	Ask    act.Ask
	Why    string // or what was done
	Client Client
	Facts  []string // the state that a plan was made of
}

// What an Entry tells of.
const (
	Planned = "plan"
	Denied  = "denied"
	Begun   = "commit"
	Done    = "done"
	Failed  = "failed"
)

// Helper answers on a socket.
type Helper struct {
	options Options
	doing   sync.Mutex // one look or one verb at a time
	last    time.Time  // when the last verb ended; doing guards it

	mu    sync.Mutex
	count int           // clients
	left  chan struct{} // has a value when one has gone
}

// New returns a Helper.
func New(o Options) *Helper {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Helper{options: o, left: make(chan struct{}, 1)}
}

// Serve answers whoever connects to l until ctx ends, or nobody has been there for Options.Idle: then systemd starts the next helper
// when somebody comes. It closes l.
func (h *Helper) Serve(ctx context.Context, l *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients sync.WaitGroup
	defer clients.Wait()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	clients.Go(func() { h.retire(ctx, cancel) })
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		who, err := clientOf(c)
		if err != nil || !h.enter() {
			_ = c.Close()
			continue
		}
		clients.Go(func() {
			defer h.leave()
			defer c.Close()
			(&client{helper: h, conn: c, who: who}).run(ctx)
		})
	}
}

// retire calls end when nobody has been there for Options.Idle.
func (h *Helper) retire(ctx context.Context, end context.CancelFunc) {
	idle := time.NewTimer(h.options.Idle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.left:
		case <-idle.C:
			h.mu.Lock()
			empty := h.count == 0
			h.mu.Unlock()
			if empty {
				end()
				return
			}
		}
		idle.Reset(h.options.Idle)
	}
}

func (h *Helper) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count == maxClients {
		return false
	}
	h.count++
	return true
}

func (h *Helper) leave() {
	h.mu.Lock()
	h.count--
	h.mu.Unlock()
	select {
	case h.left <- struct{}{}:
	default:
	}
}

// client is one connection. Its plan is nobody else's.
type client struct {
	helper *Helper
	conn   *net.UnixConn
	who    Client
	plan   *plan // nil: none
}

// plan is what was answered to an Ask.
type plan struct {
	id      string
	ask     act.Ask
	rule    act.Rule
	facts   act.Facts
	expires time.Time
}

// run answers lines until the client has gone.
func (c *client) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	lines := make(chan []byte)
	go func() {
		defer cancel() // who has gone wants nothing any more: what runs ends
		in := bufio.NewScanner(c.conn)
		in.Buffer(make([]byte, 0, act.MaxLine), act.MaxLine)
		for in.Scan() {
			select {
			case lines <- slices.Clone(in.Bytes()):
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case line := <-lines:
			r, err := act.ReadRequest(line)
			switch {
			case err != nil:
				c.refuse(act.Ask{}, err.Error())
			case r.Hello != nil:
				c.welcome()
			case r.Plan != nil:
				r.Plan.By = fmt.Sprintf("uid %d", c.who.UID)
				c.makePlan(ctx, *r.Plan)
			case r.Commit != nil:
				c.commit(ctx, *r.Commit, lines)
			}
			time.Sleep(pause) // also for who has gone
		}
	}
}

// say sends a reply. Who does not read is gone.
func (c *client) say(r act.Reply) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := c.conn.Write(act.Append(nil, r)); err != nil {
		_ = c.conn.Close()
	}
}

// refuse says why nothing is done, also to the journal.
func (c *client) refuse(ask act.Ask, why string, will ...string) {
	c.tell(Denied, ask, why, nil)
	c.say(act.Reply{Refused: &act.Outcome{Text: sentence(why), Will: lines(will), Over: c.plan == nil}})
}

func (c *client) tell(what string, ask act.Ask, why string, facts []string) {
	c.helper.options.Audit(Entry{What: what, Ask: ask, Why: sentence(why), Client: c.who, Facts: facts})
}

func (c *client) welcome() {
	o := &c.helper.options
	w := &act.Welcome{Verbs: o.Verbs, Units: o.Units, Code: o.WantCodes, Stopped: o.Notebook.Stopped()}
	if o.Undo != nil {
		w.Undo = o.UndoAfter
	}
	c.say(act.Reply{Welcome: w})
}

// makePlan answers what a verb would do.
func (c *client) makePlan(ctx context.Context, ask act.Ask) {
	h := c.helper
	c.plan = nil
	rule, doer, why := h.allowed(ask)
	if why != "" {
		c.refuse(ask, why)
		return
	}
	if !h.doing.TryLock() {
		c.refuse(ask, "something else is being planned or done just now")
		return
	}
	facts, err := look(ctx, doer, ask)
	if so := act.Already(""); errors.As(err, &so) {
		c.undone(ask) // somebody else has
	}
	h.doing.Unlock()
	if err != nil {
		c.refuse(ask, err.Error())
		return
	}
	p := &plan{id: rand.Text(), ask: ask, rule: rule, facts: facts, expires: h.options.Now().Add(act.PlanLasts)}
	c.plan = p
	c.tell(Planned, ask, strings.Join(facts.Will, "; "), facts.State)
	planned := &act.Planned{Plan: p.id, Ask: ask, Will: lines(facts.Will), Blocks: lines(facts.Blocks), Force: facts.Force, Type: h.toType(p), Code: h.options.WantCodes}
	planned.More = len(facts.Will) - len(planned.Will) + len(facts.Blocks) - len(planned.Blocks)
	c.say(act.Reply{Planned: planned})
}

// toType is the name that is to be typed for p.
func (h *Helper) toType(p *plan) string {
	if p.rule.Host {
		return h.options.Host
	}
	return p.ask.Object
}

// allowed returns what does a verb, or why it may not be asked for.
func (h *Helper) allowed(ask act.Ask) (act.Rule, act.Doer, string) {
	o := &h.options
	rule, _ := act.RuleOf(ask.Verb)
	doer := o.Doers[rule.Kind]
	switch {
	case !slices.Contains(o.Verbs, ask.Verb) || doer == nil:
		return rule, nil, "that is not among what may be done here"
	case rule.Kind == act.Unit && !slices.Contains(o.Units, ask.Object):
		return rule, nil, "that unit is not among those of actions.units"
	case rule.Kind == act.Host && ask.Object != o.Host:
		return rule, nil, "this host is " + o.Host
	case ask.Undo && o.Undo == nil:
		return rule, nil, "nothing here would undo it: the timer is not set up"
	}
	return rule, doer, ""
}

func look(ctx context.Context, d act.Doer, ask act.Ask) (act.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return d.Look(ctx, ask)
}

// commit does what the plan says, or says why not.
func (c *client) commit(ctx context.Context, r act.Commit, lines <-chan []byte) {
	h, p := c.helper, c.plan
	now := h.options.Now()
	switch {
	case p == nil || r.Plan != p.id:
		c.refuse(act.Ask{}, "there is no such plan of yours: it was done, or never made")
		return
	case now.After(p.expires):
		c.plan = nil
		c.refuse(p.ask, fmt.Sprintf("the plan is older than %v: make another", act.PlanLasts))
		return
	case r.Typed != h.toType(p):
		c.refuse(p.ask, "another name was typed than "+h.toType(p))
		return
	case len(p.facts.Blocks) > 0 && !(r.Force && p.facts.Force):
		c.refuse(p.ask, "it is blocked: "+p.facts.Blocks[0])
		return
	}
	if !h.doing.TryLock() {
		c.refuse(p.ask, "something else is being planned or done just now")
		return
	}
	unlock := sync.OnceFunc(h.doing.Unlock)
	defer unlock()
	if wait := between - now.Sub(h.last); wait > 0 && wait <= between {
		c.refuse(p.ask, "something was done a moment ago: look what became of it first")
		return
	}
	if h.options.WantCodes { // last: what is refused for another reason costs no code
		if r.Code == "" {
			c.refuse(p.ask, "a one-time code is missing")
			return
		}
		if err := h.options.Codes.Check(r.Code, now); err != nil {
			c.refuse(p.ask, err.Error())
			return
		}
	}
	c.plan = nil // once
	doer := h.options.Doers[p.rule.Kind]
	facts, err := look(ctx, doer, p.ask)
	switch {
	case err != nil:
		c.refuse(p.ask, "it is not done, since it is not as it was: "+err.Error())
		return
	case !slices.Equal(facts.State, p.facts.State):
		c.refuse(p.ask, "it is not done, since something has changed in between: look at what it would do now", facts.Will...)
		return
	}
	c.tell(Begun, p.ask, strings.Join(facts.Will, "; "), facts.State)
	how, text := c.do(ctx, doer, p, facts, lines)
	unlock() // who is told may begin the next
	c.end(how, p.ask, text)
}

// do does it, and listens for a Cancel meanwhile. It returns how it ended, Done or Failed, in a sentence.
func (c *client) do(ctx context.Context, doer act.Doer, p *plan, facts act.Facts, lines <-chan []byte) (how, text string) {
	o, asked := &c.helper.options, ctx
	ctx, cancel := context.WithCancel(ctx)
	if !p.rule.Runs { // what is quick is done whole, whoever leaves meanwhile
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), doTime)
	}
	defer cancel()
	after := ""
	switch {
	case p.ask.Undo: // first: whatever comes, it will be undone
		if err := o.Undo.Arm(ctx, p.ask.Object); err != nil {
			return Failed, "nothing was done, since nothing would undo it: " + err.Error()
		}
	case p.rule.Timed && o.Undo != nil: // a timer of before would undo what is to stay
		if err := o.Undo.Disarm(ctx, p.ask.Object); err != nil {
			after = "; whether a timer of before undoes it is not known: " + err.Error()
		}
	}
	if p.rule.Runs {
		if err := o.Notebook.Begin(p.ask, o.Now()); err != nil {
			return Failed, "nothing was done, since it could not be noted: " + err.Error()
		}
	}
	type end struct {
		text string
		err  error
	}
	ended, progress := make(chan end, 1), make(chan act.Progress)
	go func() {
		text, err := doer.Do(ctx, p.ask, facts, func(at act.Progress) {
			select {
			case progress <- at:
			case <-ctx.Done():
			}
		})
		ended <- end{text, err}
	}()
	cancelled := false
	for {
		select {
		case at := <-progress:
			at.Text = sentence(at.Text)
			if p.rule.Runs {
				o.Notebook.At(at)
			}
			c.say(act.Reply{Progress: &at})
		case line := <-lines:
			if r, err := act.ReadRequest(line); err == nil && r.Cancel != nil && p.rule.Runs {
				cancelled = true
				cancel()
			}
		case e := <-ended:
			c.helper.last = o.Now()
			gone := p.rule.Runs && asked.Err() != nil
			if p.rule.Runs {
				o.Notebook.End(e.err != nil && gone && !cancelled)
			}
			how, text = Failed, ""
			switch {
			case e.err == nil:
				c.undone(p.ask)
				how, text = Done, e.text
			case cancelled:
				text = "cancelled: " + e.err.Error()
			case gone:
				text = "it was ended, since whoever asked for it has gone: " + e.err.Error()
			default:
				text = e.err.Error()
			}
			return how, text + after
		}
	}
}

// undone ends what would undo ask's opposite: it has been undone.
func (c *client) undone(ask act.Ask) {
	if o := &c.helper.options; ask.Verb == act.NodeUncordon {
		o.Notebook.Forget(ask.Object)
		if o.Undo != nil {
			ctx, cancel := context.WithTimeout(context.Background(), lookTime)
			defer cancel()
			_ = o.Undo.Disarm(ctx, ask.Object) // undoing what is undone does nothing
		}
	}
}

// end tells client and journal how it ended.
func (c *client) end(how string, ask act.Ask, text string) {
	c.tell(how, ask, text, nil)
	out := &act.Outcome{Text: sentence(text)}
	if how == Done {
		c.say(act.Reply{Done: out})
	} else {
		c.say(act.Reply{Failed: out})
	}
}

// lines are the first of texts, each clean and of at most act.MaxText bytes.
func lines(texts []string) (short []string) {
	for _, t := range texts[:min(len(texts), act.MaxLines)] {
		short = append(short, cut(clean.String(t), act.MaxText))
	}
	return short
}

// sentence is text, clean and not too long for a line.
func sentence(text string) string { return cut(clean.String(text), 4*act.MaxText) }

// cut is at most so many bytes of text, whole characters of it.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}

// Hostname is the name of this host, as it is to be typed.
func Hostname() (string, error) {
	name, err := os.Hostname()
	if err == nil && name == "" {
		err = errors.New("this host has no name")
	}
	return name, err
}
