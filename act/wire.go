package act

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// The protocol is lines of JSON on a Unix stream socket, each of at most MaxLine bytes with its newline: the console sends a
// Request, the helper answers with one Reply or, to a Commit, with several, the last of which is Done, Refused or Failed. One
// connection has one plan at a time.
const (
	MaxLine   = 4 << 10
	MaxObject = 253 + 1 + 253 // bytes of an object's name: namespace/name
	MaxTyped  = 253
	MaxLines  = 24 // of Will and of Blocks, of at most MaxText bytes each; More counts the rest
	MaxText   = 120
	PlanLasts = time.Minute
)

// Request is what the console asks for: exactly one field is set.
type Request struct {
	Hello  *Hello  `json:"hello,omitempty"`
	Plan   *Ask    `json:"plan,omitempty"`
	Commit *Commit `json:"commit,omitempty"`
	Cancel *Cancel `json:"cancel,omitempty"`
}

// Hello asks which verbs this user may ask for.
type Hello struct{}

// Ask asks what a verb would do. Nothing changes by it.
type Ask struct {
	Verb   Verb   `json:"verb"`
	Object string `json:"object"`
	Undo   bool   `json:"undo,omitempty"` // of a verb that is Timed: PID 1 undoes it after Welcome.Undo
	By     string `json:"-"`              // who asks, such as "uid 1000": the helper knows it, nobody can say it
}

// Commit does what a plan says, when nothing that the plan was made of has changed since.
type Commit struct {
	Plan  string `json:"plan"`            // Planned.Plan
	Typed string `json:"typed"`           // what somebody typed: the name that Planned.Type asks for
	Code  string `json:"code,omitempty"`  // the one-time code, where Planned.Code asks for one
	Force bool   `json:"force,omitempty"` // although Planned.Blocks has something, where Planned.Force allows it
}

// Cancel ends what runs. What has been done stays.
type Cancel struct{}

// Reply is what the helper answers: exactly one field is set.
type Reply struct {
	Welcome  *Welcome  `json:"welcome,omitempty"`
	Planned  *Planned  `json:"planned,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Done     *Outcome  `json:"done,omitempty"`    // it is done
	Refused  *Outcome  `json:"refused,omitempty"` // nothing was done
	Failed   *Outcome  `json:"failed,omitempty"`  // it was begun, and went wrong
}

// Welcome says what this user may ask for.
type Welcome struct {
	Verbs   []Verb        `json:"verbs"`
	Units   []string      `json:"units,omitempty"`   // the units that verbs of units are for
	Code    bool          `json:"code,omitempty"`    // each commit takes a one-time code
	Undo    time.Duration `json:"undo,omitempty"`    // nanoseconds: after how long PID 1 undoes a Timed verb; 0: it cannot
	Stopped string        `json:"stopped,omitempty"` // what an earlier helper had begun and not ended, in words
}

// Planned is what a verb will do. It can be committed once, within PlanLasts, by the user who asked.
type Planned struct {
	Plan   string   `json:"plan"`
	Ask    Ask      `json:"ask"`
	Will   []string `json:"will"`             // what will happen, a line each
	Blocks []string `json:"blocks,omitempty"` // why it cannot be done, or not whole
	More   int      `json:"more,omitempty"`   // lines that are left out of both
	Force  bool     `json:"force,omitempty"`  // it can be done although something blocks
	Type   string   `json:"type"`             // the name that is to be typed
	Code   bool     `json:"code,omitempty"`   // a one-time code is to be typed, too
}

// Progress says how far it is.
type Progress struct {
	Done int    `json:"done"`
	Of   int    `json:"of"`
	Text string `json:"text,omitempty"`
}

// Outcome is how it ended, in a sentence.
type Outcome struct {
	Text string   `json:"text"`
	Will []string `json:"will,omitempty"` // of Refused: what would happen now, where that has changed
	Over bool     `json:"over,omitempty"` // of a refused Commit: its plan is gone, another is to be made
}

// errForm is a line that is not of the protocol. It never quotes the line, which may have a code in it.
var errForm = errors.New("not a line of the protocol")

// ReadRequest decodes a line. What is wrong with it is said without quoting it.
func ReadRequest(line []byte) (Request, error) {
	var r Request
	if err := decode(line, &r); err != nil {
		return Request{}, err
	}
	set := 0
	for _, there := range []bool{r.Hello != nil, r.Plan != nil, r.Commit != nil, r.Cancel != nil} {
		if there {
			set++
		}
	}
	switch {
	case set != 1:
		return Request{}, fmt.Errorf("%w: it has not exactly one request", errForm)
	case r.Plan != nil:
		return r, r.Plan.check()
	case r.Commit != nil && (len(r.Commit.Plan) > 64 || len(r.Commit.Typed) > MaxTyped || len(r.Commit.Code) > 16):
		return Request{}, fmt.Errorf("%w: a field is too long", errForm)
	}
	return r, nil
}

// check says what is wrong with what is asked for.
func (a *Ask) check() error {
	rule, ok := RuleOf(a.Verb)
	switch {
	case !ok:
		return errors.New("there is no such verb")
	case a.Object == "" || len(a.Object) > MaxObject || !printable(a.Object):
		return errors.New("the object's name is empty, too long, or has characters that no name has")
	case a.Undo && !rule.Timed:
		return errors.New("that cannot be undone by itself")
	}
	return nil
}

// printable reports whether name has the characters only that names of units, nodes, VMs, links and hosts have.
func printable(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '`' || c == '$' {
			return false
		}
	}
	return true
}

// ReadReply decodes a line of the helper's.
func ReadReply(line []byte) (Reply, error) {
	var r Reply
	if err := decode(line, &r); err != nil {
		return Reply{}, err
	}
	set := 0
	for _, there := range []bool{r.Welcome != nil, r.Planned != nil, r.Progress != nil, r.Done != nil, r.Refused != nil, r.Failed != nil} {
		if there {
			set++
		}
	}
	if set != 1 {
		return Reply{}, fmt.Errorf("%w: it has not exactly one reply", errForm)
	}
	return r, nil
}

// decode takes one value, all of whose fields are known.
func decode(line []byte, v any) error {
	if len(line) > MaxLine || !utf8.Valid(line) {
		return fmt.Errorf("%w: it is longer than %d bytes, or not UTF-8", errForm, MaxLine)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		return errForm
	}
	return nil
}

// Append appends v, a Request or a Reply, as a line. Lists that make it too long are cut, and counted in More.
func Append(dst []byte, v any) []byte {
	text, err := json.Marshal(v)
	if r, ok := v.(Reply); ok && (err != nil || len(text) >= MaxLine) {
		text, err = json.Marshal(r.shorter())
	}
	if err != nil || len(text) >= MaxLine {
		text = []byte(`{"failed":{"text":"the answer is too long for a line"}}`)
	}
	return append(append(dst, text...), '\n')
}

// shorter is r with lists of half the length, and so on until it fits.
func (r Reply) shorter() Reply {
	if r.Planned == nil {
		return r
	}
	p := *r.Planned
	r.Planned = &p
	for {
		text, err := json.Marshal(r)
		if err != nil || len(text) < MaxLine || len(p.Will)+len(p.Blocks) == 0 {
			return r
		}
		will, blocks := len(p.Will)/2, len(p.Blocks)/2
		p.More += len(p.Will) - will + len(p.Blocks) - blocks
		p.Will, p.Blocks = p.Will[:will], p.Blocks[:blocks]
	}
}
