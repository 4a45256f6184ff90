package screens

import (
	"math"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// actionsName is the name of the overlay with what can be done.
const actionsName = "actions"

// deed is a verb and what it is for.
type deed struct {
	rule   act.Rule
	object string
}

// actions is the overlay of the key x: what can be done to what is chosen, what it would do, and how far it is. What it shows of
// that is Frame.Act; who runs the console makes that of the requests that come as commands.
type actions struct {
	*Sheet
	chosen *deed // what the page has chosen, its rule has only the kind; nil: nothing
	deeds  []deed
	at     int  // in deeds
	moved  bool // another of them is chosen: it is to come into sight
	undo   bool // what is Timed is undone by itself
	foot   int  // rows at the bottom that do not scroll

	// Of the conversation as it was drawn last: a key answers what was seen.
	stage act.Stage
	plan  string        // Planned.Plan
	want  string        // what is to be typed
	typed widget.Prompt // the name, then the code
	name  string        // what was typed first, where a code comes after it; empty: not yet
	ended bool          // what runs was told to end
}

// Chooser is what a page or an overlay has whose chosen row something can be done to.
type Chooser interface {
	Chosen(f *frame.Frame) (kind act.Kind, name string, ok bool)
}

// OfferActions binds the key x, which offers what can be done. Without it there is none.
func (c *Console) OfferActions() {
	if find(c.common, 'x') == nil {
		first := slices.IndexFunc(c.common, func(b Binding) bool { return b.Hint != "" }) // of those that the footer names, as far as it has room
		c.common = slices.Insert(c.common, first, BindOverlay("x", "what can be done to what is chosen", "Actions", c.openActions, 'x'))
	}
}

// ShowsActions reports whether what can be done is looked at: only then is the helper asked.
func (c *Console) ShowsActions() bool { return c.overlay != nil && c.overlay.Name() == actionsName }

// LeaveActions closes what can be done: whoever opened it has left.
func (c *Console) LeaveActions() {
	if c.ShowsActions() {
		c.put(nil)
	}
}

// ActionRuns reports whether something is being done that ends when nobody looks at it any more.
func (c *Console) ActionRuns(f *frame.Frame) bool { return c.ShowsActions() && runs(dialogue(f)) }

func (c *Console) openActions(f *frame.Frame) Screen {
	if f.Past != nil {
		return nil
	}
	a := &actions{undo: true}
	top := c.pages[c.active]
	if c.overlay != nil {
		top = c.overlay
	}
	if chooser, ok := top.(Chooser); ok {
		if kind, name, ok := chooser.Chosen(f); ok {
			a.chosen = &deed{act.Rule{Kind: kind}, name}
		}
	}
	a.Sheet = NewSheet(actionsName, "Actions", Wide, nil)
	a.keys = nil // they depend on the stage: the last row says them
	return a
}

// dialogue is what is known of the conversation with the helper.
func dialogue(f *frame.Frame) *act.Dialogue {
	if f.Act == nil {
		return new(act.Dialogue)
	}
	return f.Act
}

// runs reports whether something is being done that ends with the overlay.
func runs(d *act.Dialogue) bool {
	rule, _ := act.RuleOf(d.Ask.Verb)
	return d.Stage == act.Doing && rule.Runs
}

// spent reports whether a plan cannot be committed: it is too old by now, or something blocks it.
func spent(d *act.Dialogue, f *frame.Frame) bool {
	return len(d.Planned.Blocks) > 0 && !d.Planned.Force || !f.Now.Before(d.Expires)
}

// Handle implements Screen. Nothing is confirmed by a key alone, and nothing hides what is being done.
func (a *actions) Handle(k draw.Key, f *frame.Frame) (Command, bool) {
	d := dialogue(f)
	switch {
	case runs(d): // no key takes the overlay away: what runs would end
		if (k == 'c' || k == 'C') && !a.ended {
			a.ended = true
			return request(act.Request{Cancel: &act.Cancel{}}), true
		}
		return Command{}, k != draw.KeyCtrlL && !(k == draw.KeyEsc && a.ended)
	case k == draw.KeyCtrlZ: // a picture that stands still would lie
		return Command{}, true
	case d.Stage == act.Deciding:
		return a.decide(k, d, f)
	case k == ' ' || k == 'p':
		return Command{}, true
	case d.Stage == act.Choosing && a.stage == act.Choosing:
		return a.choose(k, d)
	}
	return Command{}, a.scroll.Key(k)
}

// choose takes a key while the list of what may be done is looked at.
func (a *actions) choose(k draw.Key, d *act.Dialogue) (Command, bool) {
	switch k {
	case draw.KeyUp, 'k':
		a.at, a.moved = max(a.at-1, 0), true
	case draw.KeyDown, 'j':
		a.at, a.moved = max(min(a.at+1, len(a.deeds)-1), 0), true
	case 'u':
		a.undo = !a.undo
	case draw.KeyEnter:
		if a.at < len(a.deeds) {
			chosen := &a.deeds[a.at]
			return request(act.Request{Plan: &act.Ask{Verb: chosen.rule.Verb, Object: chosen.object, Undo: a.undoes(chosen, d)}}), true
		}
	default:
		return Command{}, a.scroll.Key(k)
	}
	return Command{}, true
}

// undoes reports whether a deed is to be undone by itself.
func (a *actions) undoes(chosen *deed, d *act.Dialogue) bool {
	return a.undo && chosen.rule.Timed && d.Welcome != nil && d.Welcome.Undo > 0
}

// decide takes a key while a plan is looked at: the name that it asks for, and then the code.
func (a *actions) decide(k draw.Key, d *act.Dialogue, f *frame.Frame) (Command, bool) {
	switch {
	case k == draw.KeyEsc:
		return Command{Kind: Close}, true
	case d.Planned.Plan != a.plan: // it has come, and was not seen
		return Command{}, k.IsRune() || k == draw.KeyEnter
	case spent(d, f):
		if k == draw.KeyEnter {
			again := d.Ask
			return request(act.Request{Plan: &again}), true
		}
		return Command{}, a.scroll.Key(k) || k.IsRune()
	}
	switch a.typed.Key(k) {
	case widget.NotTyped:
		return Command{}, a.scroll.Key(k)
	case widget.Entered:
		typed := strings.TrimSpace(a.typed.Text)
		a.typed = widget.Prompt{Open: true}
		switch {
		case typed == "":
			return Command{}, true
		case d.Planned.Code && a.name == "":
			a.name = typed
			return Command{}, true
		}
		c := &act.Commit{Plan: d.Planned.Plan, Typed: typed}
		if d.Planned.Code {
			c.Typed, c.Code = a.name, typed
		}
		c.Typed, c.Force = strings.CutSuffix(c.Typed, anyway)
		a.name = ""
		return request(act.Request{Commit: c}), true
	}
	return Command{}, true
}

// anyway is typed behind the name where something blocks that can be passed over.
const anyway = " anyway"

func request(r act.Request) Command { return Command{Kind: Act, Request: &r} }

// Update implements Screen.
func (a *actions) Update(w, h int, f *frame.Frame) {
	d := dialogue(f)
	plan := ""
	if d.Planned != nil {
		plan = d.Planned.Plan
	}
	if d.Stage != a.stage || plan != a.plan {
		a.stage, a.plan, a.ended, a.name = d.Stage, plan, false, ""
		a.typed = widget.Prompt{Open: true}
		a.scroll.Top = 0
		if a.want = ""; d.Planned != nil {
			if a.want = d.Planned.Type; len(d.Planned.Blocks) > 0 {
				a.want += anyway
			}
		}
	}
	a.list(d, f)
	width := w - 2
	a.foot = rows(width, func(view draw.Region) draw.Region { return a.bottom(view, d, f) })
	body := rows(width, func(view draw.Region) draw.Region { return a.body(view, d, len(a.deeds)) })
	a.w, a.h = w, body+a.foot+2
	a.scroll.Fit(max(min(a.h, h)-2-a.foot, 0), body)
	if a.moved {
		a.moved = false
		group := a.at
		for group > 0 && a.deeds[group-1].object == a.deeds[a.at].object {
			group--
		}
		upTo := func(deeds int) int {
			return rows(width, func(view draw.Region) draw.Region { return a.body(view, d, deeds) })
		}
		first, last := 0, upTo(a.at+1)
		if group > 0 {
			first = upTo(group)
		}
		if a.at < len(a.deeds)-1 {
			last++ // the last row may say how much more there is
		}
		a.scroll.Show(first, last-first) // with the name of the object, where there is room for it
		a.scroll.Show(last-2, min(2, last))
	}
}

// rows is how many rows draw takes on so many columns.
func rows(width int, draws func(draw.Region) draw.Region) int {
	view := draw.Nowhere(width)
	return view.H() - draws(view).H()
}

// Draw implements Screen.
func (a *actions) Draw(r draw.Region, f *frame.Frame) {
	d := dialogue(f)
	inside := widget.OverlayBox(r, a.w, a.h, a.title)
	foot := inside.CutBottom(min(a.foot, inside.H()))
	a.body(inside.Scrolled(a.scroll.Top, math.MaxInt16), d, len(a.deeds))
	widget.MoreBelow(inside, &a.scroll)
	a.bottom(foot, d, f)
}

// list makes the list of what may be done: to what is chosen, and where that is no interface or node to units and to this host.
func (a *actions) list(d *act.Dialogue, f *frame.Frame) {
	a.deeds = a.deeds[:0]
	if d.Welcome == nil {
		return
	}
	if a.chosen != nil {
		a.offer(d, a.chosen.rule.Kind, a.chosen.object)
	}
	if a.chosen == nil || a.chosen.rule.Kind == act.VM {
		for _, unit := range d.Welcome.Units {
			a.offer(d, act.Unit, unit)
		}
		a.offer(d, act.Host, hostname(f))
	}
	a.at = max(min(a.at, len(a.deeds)-1), 0)
}

// offer adds what may be done to an object.
func (a *actions) offer(d *act.Dialogue, kind act.Kind, object string) {
	for _, v := range d.Welcome.Verbs {
		if rule, ok := act.RuleOf(v); ok && rule.Kind == kind {
			a.deeds = append(a.deeds, deed{rule, object})
		}
	}
}

// body draws where the conversation stands: so many of what may be done where it is at that.
func (a *actions) body(view draw.Region, d *act.Dialogue, deeds int) draw.Region {
	view = ended(view, d)
	switch d.Stage {
	case act.Connecting:
		line(&view, draw.Dim, "the helper is asked what may be done")
	case act.Gone:
		view = widget.Wrapped(view, 1, draw.Warn, d.Err)
	case act.Choosing:
		view = a.menu(view, d, deeds)
	case act.Planning:
		heading(&view, d)
		line(&view, draw.Dim, "the helper looks at what that would do")
	case act.Deciding:
		heading(&view, d)
		view = plan(view, d.Planned)
	case act.Doing:
		heading(&view, d)
		doing(&view, d)
	}
	return view
}

// bottom draws what does not scroll: what is typed, and the keys.
func (a *actions) bottom(view draw.Region, d *act.Dialogue, f *frame.Frame) draw.Region {
	view.CutTop(1)
	switch {
	case d.Stage == act.Choosing && a.timed(d):
		keysOf(&view, "Enter", "What would it do?", "u", "For a time, or until undone", "Esc", "Close")
	case d.Stage == act.Choosing && len(a.deeds) > 0:
		keysOf(&view, "Enter", "What would it do?", "Esc", "Close")
	case d.Stage == act.Deciding && spent(d, f):
		if f.Now.Before(d.Expires) {
			line(&view, draw.Bad, "That cannot be done while it is so.")
		} else {
			line(&view, draw.Warn, "The plan is older than a minute: it counts no more.")
		}
		keysOf(&view, "Enter", "Look again", "Esc", "Close")
	case d.Stage == act.Deciding:
		a.prompt(&view, d, f)
	case runs(d) && !a.ended:
		keysOf(&view, "c", "End it here; what is done stays")
	case runs(d):
		line(&view, draw.Warn, "The helper was told to end it.")
		keysOf(&view, "Esc", "Close without waiting for that")
	default:
		keysOf(&view, "Esc", "Close")
	}
	return view
}

// line draws a line.
func line(view *draw.Region, style draw.Style, text string) {
	p := view.CutTop(1).Pen(1, 0)
	p.Fit(style, text, p.Left()-1)
}

// keysOf draws the keys of a stage, in pairs of key and meaning, as far as they fit whole.
func keysOf(view *draw.Region, pairs ...string) {
	p := view.CutTop(1).Pen(1, 0)
	for i := 0; i+1 < len(pairs) && p.Left() > len(pairs[i])+len(pairs[i+1])+1; i += 2 {
		hint(&p, pairs[i], pairs[i+1])
	}
}

// deedWidth is the column behind the words for how something ended, and for what is typed.
const deedWidth = 12

// ended draws how the last verb ended.
func ended(view draw.Region, d *act.Dialogue) draw.Region {
	for _, end := range [...]struct {
		o     *act.Outcome
		mark  draw.Glyph
		style draw.Style
		word  string
	}{{d.Done, draw.OK, draw.Good, "done"}, {d.Failed, draw.Wrong, draw.Bad, "failed"}, {d.Refused, draw.Attention, draw.Warn, "refused"}} {
		if end.o == nil {
			continue
		}
		p := view.Pen(1, 0)
		p.Glyph(end.style, end.mark).Skip(1).Text(end.style|draw.Bold, end.word)
		view = widget.Wrapped(view, deedWidth, draw.Text, end.o.Text)
		for _, will := range end.o.Will {
			p := view.Pen(1, 0)
			p.Text(draw.Dim, "now")
			view = widget.Wrapped(view, deedWidth, draw.Text, will)
		}
		view.CutTop(1)
	}
	return view
}

// menu draws the first of what may be done.
func (a *actions) menu(view draw.Region, d *act.Dialogue, deeds int) draw.Region {
	if d.Welcome.Stopped != "" {
		p := view.Pen(1, 0)
		p.Glyph(draw.Warn, draw.Attention)
		view = widget.Wrapped(view, 3, draw.Warn, d.Welcome.Stopped)
		view.CutTop(1)
	}
	if len(a.deeds) == 0 {
		if a.chosen != nil {
			p := view.CutTop(1).Pen(1, 0)
			p.Fit(draw.Title, a.chosen.object, p.Left()-1)
		}
		return widget.Wrapped(view, 1, draw.Dim, "Nothing may be done here. VMs are chosen on F2, interfaces on F3, nodes on F4; docs/actions.md says what the helper may do.")
	}
	for i := range a.deeds[:min(deeds, len(a.deeds))] {
		it := &a.deeds[i]
		if i == 0 || a.deeds[i-1].object != it.object {
			if i > 0 {
				view.CutTop(1)
			}
			line(&view, draw.Title, it.object)
		}
		row := view.CutTop(1)
		p := row.Pen(3, 0)
		p.Text(draw.Text, it.rule.Word).To(16).Fit(draw.Dim, it.rule.Does, p.Left()-1)
		if a.undoes(it, d) {
			p.Text(draw.Dim, ", for ").Age(draw.Accent, d.Welcome.Undo)
		}
		if i == a.at {
			row.Restyle(draw.Selected)
		}
	}
	return view
}

// timed reports whether some of what may be done may be for a time.
func (a *actions) timed(d *act.Dialogue) bool {
	return d.Welcome.Undo > 0 && slices.ContainsFunc(a.deeds, func(it deed) bool { return it.rule.Timed })
}

// heading draws what is asked for.
func heading(view *draw.Region, d *act.Dialogue) {
	rule, _ := act.RuleOf(d.Ask.Verb)
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title, rule.Word).Skip(1).Fit(draw.Accent|draw.Bold, d.Ask.Object, p.Left()-12)
	if d.Ask.Undo && d.Welcome != nil {
		p.Text(draw.Dim, " for ").Age(draw.Accent, d.Welcome.Undo)
	}
}

// plan draws what blocks a plan, and what it would do.
func plan(view draw.Region, plan *act.Planned) draw.Region {
	for _, b := range plan.Blocks {
		p := view.Pen(1, 0)
		p.Glyph(draw.Bad|draw.Bold, draw.Wrong)
		view = widget.Wrapped(view, 3, draw.Bad, b)
	}
	for _, w := range plan.Will {
		p := view.Pen(1, 0)
		p.Glyph(draw.Dim, draw.Dot)
		view = widget.Wrapped(view, 3, draw.Text, w)
	}
	if plan.More > 0 {
		p := view.CutTop(1).Pen(3, 0)
		p.Text(draw.Dim, "and ").Int(draw.Text, int64(plan.More)).Text(draw.Dim, " more")
	}
	return view
}

// prompt asks for the name, and then for the code, which nobody is to see.
func (a *actions) prompt(view *draw.Region, d *act.Dialogue, f *frame.Frame) {
	label := func(text string) {
		p := view.Pen(1, 0)
		p.Text(draw.Dim, text)
	}
	label("type")
	*view = widget.Wrapped(*view, deedWidth, draw.Accent|draw.Bold, a.want)
	label("name")
	p := view.CutTop(1).Pen(deedWidth, 0)
	if a.name == "" {
		p.Fit(draw.Text, a.typed.Text, p.Left()-2).Text(draw.Accent|draw.Bold, "_")
	} else {
		p.Fit(draw.Text, a.name, p.Left()-2)
		label("code")
		p := view.CutTop(1).Pen(deedWidth, 0)
		for range min(len(a.typed.Text), p.Left()-2) {
			p.Text(draw.Text, "*")
		}
		p.Text(draw.Accent|draw.Bold, "_")
	}
	p = view.CutTop(1).Pen(1, 0)
	if d.Planned.Code && a.name == "" {
		hint(&p, "Enter", "Then the code")
	} else {
		hint(&p, "Enter", "Do it")
	}
	hint(&p, "Esc", "Leave it")
	left := (d.Expires.Sub(f.Now) + time.Second - 1) / time.Second
	p.Text(draw.Dim, "the plan counts for ").Int(draw.Text, int64(left)).Text(draw.Dim, " s more")
}

// doing draws how far it is.
func doing(view *draw.Region, d *act.Dialogue) {
	at := d.Progress
	if at == nil || at.Of <= 0 {
		line(view, draw.Dim, "it is being done")
		return
	}
	gauge := view.CutTop(1)
	gauge.Sub(1, 0, gauge.W()-2, 1).Gauge(0, 100*float64(at.Done)/float64(at.Of), draw.Good)
	p := view.CutTop(1).Pen(1, 0)
	p.Int(draw.Text, int64(at.Done)).Text(draw.Dim, " of ").Int(draw.Text, int64(at.Of)).Skip(2).Fit(draw.Text, at.Text, p.Left()-1)
}
