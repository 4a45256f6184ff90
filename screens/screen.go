package screens

import (
	"slices"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// Screen is a page, or an overlay over one. It holds view state only: what is selected, scrolled, typed. The loop's
// goroutine owns it. Its methods allocate nothing, but for Handle.
//
// A Screen may have more methods. A page with Typing() bool reports whether what is typed goes into a text and is no
// command. A page with Watched(bool) learns with each frame whether it is looked at: on the screen, nothing over it, and
// not paused. A page or an overlay with ShowsProcesses() bool reports whether what it draws has processes in it: they are
// read only while one on the screen does. ShowsNodes() bool is the same for the nodes of the cluster, State.Fleet, and
// an overlay with ShownNode() string says which of them it shows whole, State.Detail. A page with Escapes() bool reports whether
// Esc does anything on it. A page with Search(Command) can be shown with a Query. An overlay with Close() learns that it was
// closed.
type Screen interface {
	Name() string  // in --screen, in the configuration, and where it has crashed
	Title() string // in the footer and the help
	Keys() []Binding

	// Handle takes a key and reports whether it was one of its own.
	Handle(k draw.Key, f *frame.Frame) (Command, bool)

	// Update takes in a frame that is drawn next, on w by h cells. Besides Handle it is all that changes view state.
	Update(w, h int, f *frame.Frame)

	// Draw draws the frame that Update took in, and changes nothing.
	Draw(r draw.Region, f *frame.Frame)
}

// CommandKind is what a key asks for, beyond a new frame.
type CommandKind uint8

// The kinds of commands. Console itself opens and closes; the others are for who runs it.
const (
	None        CommandKind = iota
	Quit                    // end the program
	Refresh                 // sample now
	Repaint                 // send every cell
	Theme                   // draw in the next theme
	Login                   // hand the terminal to a login prompt
	Open                    // put Overlay over the page, or close the one of that name
	Close                   // take the overlay away
	Show                    // the page named Page, with Query
	Follow                  // Show, and for who runs it: give the log of Of a tab of its own
	Past                    // show what was recorded, as Rewind says
	Acknowledge             // somebody has seen all alerts that fire
	Mute                    // the terminal is to ring for nothing for a while, or again
	Visit                   // show the console of the node Of, by Console.Visit
	VisitKey                // Key is for that console
	VisitEnd                // back to this one
	Act                     // send Request to the helper
)

// Command is what a key asks for.
type Command struct {
	Kind    CommandKind
	Overlay Screen       // of Open
	Page    string       // of Show: a name, such as frame.Logs
	Query   string       // of Show: what the page is to look for; empty leaves it as it is
	At      time.Time    // of Show: what the log is to show, of all tabs; zero leaves it as it is
	Of      string       // of Follow: a pod, namespace/name, or a unit of systemd; of Visit: a node
	Key     draw.Key     // of Show: pressed there, to open an overlay; KeyNone: none. Of VisitKey: the key
	Rewind  Rewind       // of Past
	Request *act.Request // of Act
}

// Rewind is where in the recording to go: the newest record when it is zero.
type Rewind struct {
	At         time.Time // the record of that time
	Step       int       // so many records later, or earlier where negative
	Event      int       // to the next event, or the one before where negative
	BeforeBoot bool      // the last record of the boot before
	Leave      bool      // back to now
}

// PodLog returns the command that goes to what the log has about a pod, from whichever page or overlay it is returned. An
// Enter on a row is
//
//	func (s *pods) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
//		if k == draw.KeyEnter {
//			return screens.PodLog(pod.Namespace, pod.Name), true
//		}
//		...
//
// The page then has a tab with what the pod's containers write, from /var/log/pods, up to the next reload or pod; where
// these files cannot be read it says so. Until that tab is there, it follows the entries that name the pod: those of the
// kubelet (k3s) and of containerd, which say why it does not run.
func PodLog(namespace, name string) Command {
	return Command{Kind: Follow, Page: frame.Logs, Query: name, Of: namespace + "/" + name}
}

// UnitLog is PodLog for a unit of systemd: what it writes, whatever it calls itself there, and what systemd says of it. Until
// its tab is there, the page follows the entries that name the unit.
func UnitLog(name string) Command {
	return Command{Kind: Follow, Page: frame.Logs, Query: strings.TrimSuffix(name, ".service"), Of: name}
}

// Binding is one row of the help: keys that do one thing.
type Binding struct {
	Keys     []draw.Key
	Label    string // the keys as printed
	Does     string
	Hint     string // what the footer says of it; empty: nothing
	Anywhere bool   // they work while an overlay is open, too
	do       func(k draw.Key, f *frame.Frame) Command
}

// Arrows is the label that the footer draws as the arrows of the glyph tier.
const Arrows = "Up Down k j"

// Bind binds keys to do.
func Bind(label, does, hint string, do func(draw.Key, *frame.Frame), keys ...draw.Key) Binding {
	return command(label, does, hint, func(k draw.Key, f *frame.Frame) Command { do(k, f); return Command{} }, keys...)
}

// BindSwitch binds keys to switching on and off.
func BindSwitch(label, does, hint string, on *bool, keys ...draw.Key) Binding {
	return Bind(label, does, hint, func(draw.Key, *frame.Frame) { *on = !*on }, keys...)
}

// BindOverlay binds keys to the overlay that open returns, nil for none.
func BindOverlay(label, does, hint string, open func(*frame.Frame) Screen, keys ...draw.Key) Binding {
	return command(label, does, hint, func(_ draw.Key, f *frame.Frame) Command {
		if s := open(f); s != nil {
			return Command{Kind: Open, Overlay: s}
		}
		return Command{}
	}, keys...)
}

// Anywhere returns b for while an overlay is open, too.
func Anywhere(b Binding) Binding {
	b.Anywhere = true
	return b
}

func command(label, does, hint string, do func(draw.Key, *frame.Frame) Command, keys ...draw.Key) Binding {
	return Binding{Keys: keys, Label: label, Does: does, Hint: hint, do: do}
}

// find is the binding of k in table, nil if none.
func find(table []Binding, k draw.Key) *Binding {
	for i := range table {
		if slices.Contains(table[i].Keys, k) {
			return &table[i]
		}
	}
	return nil
}

// Base is what a screen is called and what its keys do; screens embed one.
type Base struct {
	name, title string
	keys        []Binding
}

// NewBase returns a Base.
func NewBase(name, title string, keys ...Binding) Base { return Base{name, title, keys} }

// Name implements Screen.
func (b *Base) Name() string { return b.name }

// Title implements Screen.
func (b *Base) Title() string { return b.title }

// Keys implements Screen.
func (b *Base) Keys() []Binding { return b.keys }

// Handle implements Screen.
func (b *Base) Handle(k draw.Key, f *frame.Frame) (Command, bool) {
	if key := find(b.keys, k); key != nil {
		return key.do(k, f), true
	}
	return Command{}, false
}
