// Package act is what can be done from the console: the verbs, the plan of what each will do, and the protocol between the
// console, which has no right to do anything, and the helper, which has. It is pure; act/helper is the helper, act/unit,
// act/node and act/vm do what the verbs say, act/client asks for it.
package act

import "slices"

// Kind is what a verb is done to.
type Kind uint8

// The kinds of objects, and how each is named.
const (
	Unit Kind = iota // of systemd: k3s.service
	Node             // of the cluster: hv1
	VM               // of KubeVirt: namespace/name
	Link             // of this host: eno1
	Host             // this host, by its name
)

// Verb is something that can be done: its kind of object, a dot, and what is done, such as unit.restart.
type Verb string

// The verbs.
const (
	UnitStart    Verb = "unit.start"
	UnitStop     Verb = "unit.stop"
	UnitRestart  Verb = "unit.restart"
	NodeCordon   Verb = "node.cordon"
	NodeUncordon Verb = "node.uncordon"
	NodeDrain    Verb = "node.drain"
	VMStart      Verb = "vm.start"
	VMStop       Verb = "vm.stop"
	VMRestart    Verb = "vm.restart"
	VMSoftReboot Verb = "vm.softreboot"
	VMPause      Verb = "vm.pause"
	VMUnpause    Verb = "vm.unpause"
	VMMigrate    Verb = "vm.migrate"
	LinkBlink    Verb = "link.blink"
	HostReboot   Verb = "host.reboot"
)

// Rule says what a verb is done to, and how it is asked for.
type Rule struct {
	Verb  Verb
	Kind  Kind
	Word  string // what is done, for a list: "restart"
	Does  string // what that means, in a few words
	Host  bool   // the name of this host is typed in place of the object's: it is the machine that must be the right one
	Timed bool   // it may be for a time, after which PID 1 undoes it
	Runs  bool   // it takes so long that it tells how far it is, and can be ended
}

// Rules are all verbs, by kind, in the order in which a list offers them.
var Rules = []Rule{
	{Verb: UnitRestart, Kind: Unit, Word: "restart", Does: "stop it, then start it"},
	{Verb: UnitStart, Kind: Unit, Word: "start", Does: "start it"},
	{Verb: UnitStop, Kind: Unit, Word: "stop", Does: "stop it until somebody starts it, or the next boot"},
	{Verb: NodeCordon, Kind: Node, Word: "cordon", Does: "place nothing new on it", Timed: true},
	{Verb: NodeUncordon, Kind: Node, Word: "uncordon", Does: "let things be placed on it again"},
	{Verb: NodeDrain, Kind: Node, Word: "drain", Does: "cordon it, then move or end what runs on it", Host: true, Timed: true, Runs: true},
	{Verb: VMStart, Kind: VM, Word: "start", Does: "start it"},
	{Verb: VMStop, Kind: VM, Word: "stop", Does: "ask the guest to shut down, then end it"},
	{Verb: VMRestart, Kind: VM, Word: "restart", Does: "stop it, then start it"},
	{Verb: VMSoftReboot, Kind: VM, Word: "soft reboot", Does: "ask the guest to reboot"},
	{Verb: VMPause, Kind: VM, Word: "pause", Does: "freeze its CPUs"},
	{Verb: VMUnpause, Kind: VM, Word: "unpause", Does: "let its CPUs go on"},
	{Verb: VMMigrate, Kind: VM, Word: "migrate", Does: "move it to another node while it runs"},
	{Verb: LinkBlink, Kind: Link, Word: "blink", Does: "let its port's light blink for 15 seconds"},
	{Verb: HostReboot, Kind: Host, Word: "reboot", Does: "reboot this host", Host: true},
}

// RuleOf is the rule of a verb; ok is false when there is no such verb.
func RuleOf(v Verb) (r Rule, ok bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Verb == v })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}
