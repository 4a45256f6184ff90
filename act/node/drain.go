package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/kube/watch"
)

// pace is how often a drain asks.
type pace struct {
	round   time.Duration // between two looks at what is left
	again   time.Duration // before a pod is evicted that could not be
	silence time.Duration // for which the API server may not answer
}

func (d Nodes) paced() pace {
	if d.pace == (pace{}) {
		return pace{round: 2 * time.Second, again: 10 * time.Second, silence: 2 * time.Minute}
	}
	return d.pace
}

// rehearse asks for each pod of a node what would become of it. Nothing changes by it.
func (d Nodes) rehearse(ctx context.Context, a act.Ask, n *object) (act.Facts, error) {
	pods, err := d.pods(ctx, a)
	if err != nil {
		return act.Facts{}, err
	}
	others, err := d.others(ctx, a)
	if err != nil {
		return act.Facts{}, err
	}
	f := act.Facts{Force: true, State: []string{n.state(), fmt.Sprintf("other nodes %t", others)}}
	staying := 0
	var leaving []*pod
	for _, p := range pods {
		if p.stays() {
			staying++
		} else {
			leaving = append(leaving, p)
		}
	}
	said := map[verdict][]string{}
	var lone, ending, losing []string
	err = d.each(ctx, a, leaving, true, func(p *pod, v verdict, why string) {
		name := p.name()
		if v != gone {
			f.State = append(f.State, p.fate(v))
		}
		switch {
		case v == granted && p.runsVM():
			ending = append(ending, name)
		case v == granted && p.controller() == "":
			lone = append(lone, name)
		case v == immobile:
			f.Blocks = append(f.Blocks, fmt.Sprintf("VM %s is to be moved and is not live-migratable: it stays", name))
		case v == blocked:
			f.Blocks = append(f.Blocks, name+": "+why)
		default:
			said[v] = append(said[v], name)
		}
		if v == granted && p.keeps() {
			losing = append(losing, name)
		}
	})
	if err != nil {
		return act.Facts{}, err
	}
	for _, name := range lone {
		f.Blocks = append(f.Blocks, name+" has no controller: it ends, and nothing starts it again")
	}
	if !others && len(leaving) > 0 {
		f.Blocks = append(f.Blocks, "no other node takes anything: what ends here waits, and no VM can move")
	}
	slices.Sort(f.Blocks)
	slices.Sort(f.State[2:])
	switch cordoned := n.Spec.Unschedulable; {
	case !cordoned:
		f.Will = append(f.Will, a.Object+" is cordoned: nothing new is placed on it")
	case a.Undo && n.ours() == "":
		f.Will = append(f.Will, a.Object+" is cordoned already, not by this console: it stays so")
	default:
		f.Will = append(f.Will, a.Object+" is cordoned already, "+n.whose())
	}
	for _, group := range []struct {
		names     []string
		one, many string
	}{
		{said[moves], "VM moves while it runs", "VMs move while they run"},
		{said[arrives], "VM is just arriving, and moves on", "VMs are just arriving, and move on"},
		{ending, "VM is not moved, its guest ends", "VMs are not moved, their guests end"},
		{said[granted], "pod restarts elsewhere", "pods restart elsewhere"},
		{losing, "pod loses what it keeps in an emptyDir", "pods lose what they keep in an emptyDir"},
		{said[follows], "disk goes with its VM", "disks go with their VMs"},
		{said[leaves], "pod is ending already", "pods are ending already"},
	} {
		f.Will = append(f.Will, Named(group.names, group.one, group.many)...)
	}
	if staying > 0 {
		f.Will = append(f.Will, fmt.Sprintf("%d stay: of DaemonSets, and static pods", staying))
	}
	if len(leaving) == 0 {
		f.Will = append(f.Will, "nothing else runs on it")
	}
	return f, nil
}

// maxNamed is how many lines of names say what becomes of one group.
const maxNamed = 4

// Named says what becomes of some, by name, in lines of at most act.MaxText bytes.
func Named(names []string, one, many string) (lines []string) {
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	line := fmt.Sprintf("%d %s: ", len(names), many)
	if len(names) == 1 {
		line = "1 " + one + ": "
	}
	for i, name := range names {
		if i > 0 {
			line += ", "
		}
		if len(line)+len(name) > act.MaxText-len(", and 1000 more") {
			if len(lines) == maxNamed-1 {
				return append(lines, fmt.Sprintf("%sand %d more", line, len(names)-i))
			}
			lines, line = append(lines, strings.TrimSpace(line)), "  "
		}
		line += name
	}
	return append(lines, line)
}

// others reports whether another node takes something new.
func (d Nodes) others(ctx context.Context, a act.Ask) (bool, error) {
	var some struct {
		Items []struct{} `json:"items"`
	}
	query := url.Values{"fieldSelector": {"spec.unschedulable=false,metadata.name!=" + a.Object}, "limit": {"1"}}
	err := d.API.Do(ctx, watch.Call{Method: http.MethodGet, Path: "/api/v1/nodes?" + query.Encode(), Agent: Agent(a.By)}, &some)
	return len(some.Items) > 0, err
}

// drain cordons a node and evicts what is to go, until nothing is left, only what cannot go is, or ctx ends. planned is the state that the
// plan was made of: no guest ends that did not end by it.
func (d Nodes) drain(ctx context.Context, a act.Ask, planned []string, tell func(act.Progress)) (string, error) {
	n, err := d.get(ctx, a)
	if err == nil && n == nil {
		err = errors.New("the cluster has no such node")
	}
	if err == nil && !n.Spec.Unschedulable {
		err = d.cordon(ctx, a)
	}
	if err != nil {
		return "", err
	}
	w := &work{nodes: d, ask: a, planned: planned, tell: tell, seen: map[string]bool{}, tried: map[string]try{}, heard: time.Now()}
	for {
		text, over, err := w.round(ctx)
		if over {
			return text, err
		}
		select {
		case <-ctx.Done():
			return "", w.ended("it was ended")
		case <-time.After(d.paced().round):
		}
	}
}

// work is a drain under way.
type work struct {
	nodes   Nodes
	ask     act.Ask
	planned []string
	tell    func(act.Progress)
	seen    map[string]bool // pods that were to go, by UID
	tried   map[string]try  // by UID
	left    []*pod          // that are to go and have not, as far as is known
	heard   time.Time       // when the API server answered last
}

// try is how an eviction went.
type try struct {
	when time.Time
	verdict
	why string
}

// round looks at what is left and evicts what is due. over is true when the drain has ended, with err or without. An API server that has
// just been started forbids for a moment what it allows: no error ends a drain at once.
func (w *work) round(ctx context.Context) (text string, over bool, err error) {
	err = w.look(ctx)
	if err == nil {
		err = w.evict(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return "", true, w.ended("it was ended")
	case errors.Is(err, errUncordoned):
		return "", true, fmt.Errorf("%w, %d of %d have left", err, len(w.seen)-len(w.left), len(w.seen))
	case err != nil && time.Since(w.heard) > w.nodes.paced().silence:
		return "", true, w.ended(fmt.Sprintf("%v, for %v", err, w.nodes.paced().silence))
	case err != nil:
		w.say(err.Error() + ": trying again")
		return "", false, nil
	}
	w.heard = time.Now()
	moving, ending, waiting, stuck := w.sort()
	switch {
	case len(w.left) == 0:
		return fmt.Sprintf("%s is drained, and stays cordoned: %d have left", w.ask.Object, len(w.seen)), true, nil
	case len(moving)+len(ending)+len(waiting) == 0 && len(stuck) > 0:
		return "", true, w.ended("the rest cannot go: " + strings.Join(stuck, ", "))
	}
	w.say(sentence("moving", moving) + sentence("ending", ending) + sentence("waiting", waiting) + sentence("staying", stuck))
	return "", false, nil
}

// errUncordoned ends a drain: what goes would come back.
var errUncordoned = errors.New("somebody has uncordoned it")

// look lists what is to go, as long as nothing new can come.
func (w *work) look(ctx context.Context) error {
	n, err := w.nodes.get(ctx, w.ask)
	switch {
	case err != nil:
		return err
	case n == nil || !n.Spec.Unschedulable:
		return errUncordoned
	}
	pods, err := w.nodes.pods(ctx, w.ask)
	if err != nil {
		return err
	}
	w.left = slices.DeleteFunc(pods, (*pod).stays)
	for _, p := range w.left {
		w.seen[p.Metadata.UID] = true
	}
	return nil
}

// evict evicts what is due. KubeVirt's webhook may have gone since the plan was made, and nothing but it keeps a guest alive: each VM is asked
// about again, and one that would end stays, unless the plan said so.
func (w *work) evict(ctx context.Context) error {
	now := time.Now()
	var due, vms []*pod
	for _, p := range w.left {
		switch t, tried := w.tried[p.Metadata.UID]; {
		case tried && now.Sub(t.when) < w.nodes.paced().again:
		case p.runsVM() && !slices.Contains(w.planned, p.fate(granted)):
			vms = append(vms, p)
		default:
			due = append(due, p)
		}
	}
	err := w.nodes.each(ctx, w.ask, vms, true, func(p *pod, v verdict, why string) {
		if v == granted {
			w.tried[p.Metadata.UID] = try{now, blocked, "its guest would end, which was not planned"}
		} else {
			due = append(due, p)
		}
	})
	if err != nil {
		return err
	}
	return w.nodes.each(ctx, w.ask, due, false, func(p *pod, v verdict, why string) {
		w.tried[p.Metadata.UID] = try{now, v, why}
	})
}

// sort says of what is left which moves, which ends, which waits for something, and which cannot go. A disk goes when its VM does.
func (w *work) sort() (moving, ending, waiting, stuck []string) {
	var disks []string
	for _, p := range w.left {
		switch t := w.tried[p.Metadata.UID]; t.verdict {
		case moves, arrives:
			moving = append(moving, p.name())
		case immobile:
			stuck = append(stuck, p.name()+" (not live-migratable)")
		case blocked:
			waiting = append(waiting, fmt.Sprintf("%s (%s)", p.name(), t.why))
		case follows:
			disks = append(disks, p.name())
		default:
			ending = append(ending, p.name())
		}
	}
	if len(stuck) == 0 {
		ending = append(ending, disks...)
	}
	return moving, ending, waiting, stuck
}

// sentence names the first of names and counts the others.
func sentence(what string, names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s %s. ", what, names[0])
	}
	slices.Sort(names)
	return fmt.Sprintf("%s %s and %d more. ", what, names[0], len(names)-1)
}

func (w *work) say(text string) {
	w.tell(act.Progress{Done: len(w.seen) - len(w.left), Of: len(w.seen), Text: strings.TrimSpace(text)})
}

// ended says where a drain that has not come to its end leaves the node. KubeVirt goes on with what it was told to move.
func (w *work) ended(why string) error {
	text := fmt.Sprintf("%s: %s stays cordoned until it is uncordoned, %d of %d have left", why, w.ask.Object, len(w.seen)-len(w.left), len(w.seen))
	var moving []string
	for _, p := range w.left {
		if w.tried[p.Metadata.UID].verdict == moves {
			moving = append(moving, p.name())
		}
	}
	if len(moving) > 0 {
		text += "; KubeVirt goes on " + strings.TrimSuffix(sentence("moving", moving), ". ")
	}
	return errors.New(text)
}
