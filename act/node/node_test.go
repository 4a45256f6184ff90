package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/kube/watch"
)

// cluster is an API server's nodes and pods, as far as a drain sees them. An eviction is answered by what refuses has for the pod; a pod
// that nothing refuses goes.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	nodes   map[string]map[string]any
	pods    []map[string]any
	refuses map[string]*watch.Refusal // by the pod's name
	fails   error                     // of everything
	evicted map[string]int            // by the pod's name, rehearsals left out
	calls   []watch.Call
	before  func(q watch.Call) // called without the lock
}

type thing = map[string]any

func newCluster(t *testing.T) *cluster {
	return &cluster{
		t: t, evicted: map[string]int{}, refuses: map[string]*watch.Refusal{},
		nodes: map[string]map[string]any{"hv1": {"metadata": thing{"name": "hv1", "uid": "n1", "resourceVersion": "7"}}, "hv2": {"metadata": thing{"name": "hv2", "uid": "n2"}}},
	}
}

// pod adds a pod of a ReplicaSet to hv1; change may be nil.
func (c *cluster) pod(name string, change func(p, meta thing)) {
	meta := thing{"name": name, "namespace": "ns", "uid": "u-" + name, "ownerReferences": []thing{{"kind": "ReplicaSet", "controller": true}}}
	p := thing{"metadata": meta, "status": thing{"phase": "Running"}}
	if change != nil {
		change(p, meta)
	}
	c.pods = append(c.pods, p)
}

// vm adds the pod of a VM to hv1. KubeVirt refuses its eviction with a sentence; empty: it does not.
func (c *cluster) vm(name, sentence string) {
	c.pod("virt-launcher-"+name, func(p, meta thing) {
		meta["labels"], meta["annotations"] = thing{"kubevirt.io": "virt-launcher"}, thing{"kubevirt.io/domain": name}
		meta["ownerReferences"] = []thing{{"kind": "VirtualMachineInstance", "controller": true}}
		p["spec"] = thing{"volumes": []thing{{"emptyDir": thing{}}}}
	})
	if sentence != "" {
		c.refuse("virt-launcher-"+name, http.StatusTooManyRequests,
			`admission webhook "virt-launcher-eviction-interceptor.kubevirt.io" denied the request: `+sentence)
	}
}

func (c *cluster) refuse(pod string, code int, message string, causes ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuses[pod] = &watch.Refusal{Code: code, Message: message, Causes: causes}
}

func (c *cluster) allow(pod string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refuses, pod)
}

func (c *cluster) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fails = err
}

// goes lets a pod vanish, as when its VM has moved.
func (c *cluster) goes(pod string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pods = slices.DeleteFunc(c.pods, func(p map[string]any) bool { return p["metadata"].(thing)["name"] == pod })
}

func (c *cluster) cordon(node, manager string, annotations thing) {
	n := c.nodes[node]
	n["spec"] = thing{"unschedulable": true}
	meta := n["metadata"].(thing)
	meta["annotations"] = annotations
	meta["managedFields"] = []thing{{"manager": manager, "fieldsV1": thing{"f:spec": thing{"f:unschedulable": thing{}}}}}
}

// Do implements API.
func (c *cluster) Do(ctx context.Context, q watch.Call, v any) error {
	if c.before != nil {
		c.before(q)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, q)
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.fails != nil {
		return c.fails
	}
	var answer any
	name, isNode := strings.CutPrefix(q.Path, "/api/v1/nodes/")
	switch {
	case strings.HasPrefix(q.Path, "/api/v1/nodes?"):
		others := maps.Clone(c.nodes)
		maps.DeleteFunc(others, func(name string, n map[string]any) bool { return name == "hv1" || n["spec"] != nil })
		if !strings.Contains(q.Path, "fieldSelector=spec.unschedulable%3Dfalse%2Cmetadata.name%21%3Dhv1&limit=1") {
			c.t.Error(q.Path)
		}
		answer = thing{"items": slices.Collect(maps.Values(others))}
	case isNode && q.Method == http.MethodGet:
		if answer = c.nodes[name]; c.nodes[name] == nil {
			return &watch.Refusal{Code: http.StatusNotFound}
		}
	case isNode && q.Method == http.MethodPatch:
		name, _, _ = strings.Cut(name, "?")
		var change struct {
			Spec     thing `json:"spec"`
			Metadata thing `json:"metadata"`
		}
		if err := json.Unmarshal(q.Body, &change); err != nil {
			c.t.Error(err)
		}
		if v := change.Metadata["resourceVersion"]; v != nil && v != c.nodes[name]["metadata"].(thing)["resourceVersion"] {
			return &watch.Refusal{Code: http.StatusConflict, Message: "the object has been modified"}
		}
		c.nodes[name]["spec"] = change.Spec
		if change.Spec["unschedulable"] == true {
			c.cordon(name, manager, change.Metadata["annotations"].(thing))
		}
	case strings.HasPrefix(q.Path, "/api/v1/pods?"):
		answer = thing{"items": c.pods}
	case strings.Contains(q.Path, "/eviction"):
		pod := strings.Split(q.Path, "/")[6]
		rehearsal := strings.HasSuffix(q.Path, "?dryRun=All")
		if rehearsal != strings.Contains(string(q.Body), `"dryRun":["All"]`) {
			c.t.Errorf("%s: %s", q.Path, q.Body)
		}
		uid := ""
		for _, p := range c.pods {
			if meta, _ := p["metadata"].(thing); meta["name"] == pod {
				uid = meta["uid"].(string)
			}
		}
		if want := fmt.Sprintf(`"preconditions":{"uid":%q}`, uid); uid != "" && !strings.Contains(string(q.Body), want) {
			c.t.Errorf("%s: %s, want %s", q.Path, q.Body, want)
		}
		if !rehearsal {
			c.evicted[pod]++
		}
		if no := c.refuses[pod]; no != nil {
			return no
		}
		if !rehearsal {
			c.pods = slices.DeleteFunc(c.pods, func(p map[string]any) bool { return p["metadata"].(thing)["name"] == pod })
		}
	default:
		c.t.Errorf("%s %s", q.Method, q.Path)
	}
	if v == nil || answer == nil {
		return nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// changes are the requests that change something.
func (c *cluster) changes() (n int) {
	for _, q := range c.calls {
		if q.Method != http.MethodGet && !strings.HasSuffix(q.Path, "dryRun=All") {
			n++
		}
	}
	return n
}

func (c *cluster) nodesOf() Nodes {
	return Nodes{API: c, pace: pace{round: time.Millisecond, again: time.Millisecond, silence: 20 * time.Millisecond}}
}

func ask(v act.Verb) act.Ask { return act.Ask{Verb: v, Object: "hv1", By: "uid 1000"} }

// The sentences of KubeVirt's webhook.
const (
	evacuation = `Eviction triggered evacuation of VMI "ns/%s"`
	progress   = `Evacuation in progress: Eviction triggered evacuation of VMI "ns/%s"`
	noMove     = `VMI %s is configured with an eviction strategy but is not live-migratable`
	target     = `Eviction request for target Pod`
	hotplug    = `cannot evict hotplug pod: hp-1 associated with running vmi: vm-a in namespace ns`
)

// filled is a cluster with a pod of each fate on hv1.
func filled(t *testing.T) *cluster {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	c.vm("vm-b", fmt.Sprintf(progress, "vm-b"))
	c.vm("vm-fixed", fmt.Sprintf(noMove, "vm-fixed"))
	c.vm("vm-none", "")
	c.vm("vm-new", target)
	c.pod("hp-1", func(_, meta thing) { meta["labels"] = thing{"kubevirt.io": "hotplug-disk"} })
	c.refuse("hp-1", http.StatusTooManyRequests, `admission webhook "x" denied the request: `+hotplug)
	c.pod("web-1", nil)
	c.pod("cache-1", func(p, _ thing) { p["spec"] = thing{"volumes": []thing{{"emptyDir": thing{}}}} })
	c.pod("db-0", nil)
	c.refuse("db-0", http.StatusTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.",
		"The disruption budget db needs 1 healthy pods and has 1 currently")
	c.pod("lone", func(_, meta thing) { delete(meta, "ownerReferences") })
	c.pod("ds-1", func(_, meta thing) { meta["ownerReferences"] = []thing{{"kind": "DaemonSet", "controller": true}} })
	c.pod("static", func(_, meta thing) { meta["annotations"] = thing{"kubernetes.io/config.mirror": "1"} })
	c.pod("ending", func(_, meta thing) { meta["deletionTimestamp"] = "2026-01-01T00:00:00Z" })
	return c
}

// TestRehearsal: a plan says by name what moves, ends, stays and cannot go. Making it changes nothing.
func TestRehearsal(t *testing.T) {
	c := filled(t)
	f, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain))
	if err != nil {
		t.Fatal(err)
	}
	will := []string{
		"hv1 is cordoned: nothing new is placed on it",
		"2 VMs move while they run: ns/vm-a, ns/vm-b",
		"1 VM is just arriving, and moves on: ns/vm-new",
		"1 VM is not moved, its guest ends: ns/vm-none",
		"2 pods restart elsewhere: ns/cache-1, ns/web-1",
		"1 pod loses what it keeps in an emptyDir: ns/cache-1",
		"1 disk goes with its VM: ns/hp-1",
		"1 pod is ending already: ns/ending",
		"2 stay: of DaemonSets, and static pods",
	}
	blocks := []string{
		"VM ns/vm-fixed is to be moved and is not live-migratable: it stays",
		"ns/db-0: The disruption budget db needs 1 healthy pods and has 1 currently",
		"ns/lone has no controller: it ends, and nothing starts it again",
	}
	if !slices.Equal(f.Will, will) || !slices.Equal(f.Blocks, blocks) || !f.Force {
		t.Errorf("will\n%s\nblocks\n%s, force %v", strings.Join(f.Will, "\n"), strings.Join(f.Blocks, "\n"), f.Force)
	}
	if n := c.changes(); n != 0 {
		t.Errorf("%d requests change something", n)
	}
	for _, q := range c.calls {
		if q.Agent != "hypervisor-tui-act (uid 1000)" {
			t.Errorf("%s: User-Agent %q", q.Path, q.Agent)
		}
	}
	again, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain))
	if err != nil || !slices.Equal(again.State, f.State) {
		t.Errorf("the same cluster has another state: %v", err)
	}
	for name, change := range map[string]func(c *cluster){
		"a pod more":           func(c *cluster) { c.pod("web-2", nil) },
		"a pod less":           func(c *cluster) { c.goes("web-1") },
		"another of that name": func(c *cluster) { c.goes("web-1"); c.pod("web-1", func(_, m thing) { m["uid"] = "u2" }) },
		"another verdict":      func(c *cluster) { c.allow("db-0") },
		"cordoned":             func(c *cluster) { c.cordon("hv1", "kubectl", nil) },
		"no other node":        func(c *cluster) { c.cordon("hv2", "kubectl", nil) },
	} {
		c := filled(t)
		change(c)
		if other, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain)); err != nil || slices.Equal(other.State, f.State) {
			t.Errorf("%s is not in the state: %v", name, err)
		}
	}
}

// TestCordonedBefore: a drain leaves the cordon of somebody else as theirs, and says before that it will not end by itself.
func TestCordonedBefore(t *testing.T) {
	c := newCluster(t)
	c.cordon("hv1", "kubectl", nil)
	d, a := c.nodesOf(), ask(act.NodeDrain)
	a.Undo = true
	f, err := d.Look(t.Context(), a)
	if err != nil || f.Will[0] != "hv1 is cordoned already, not by this console: it stays so" {
		t.Errorf("%q, %v", f.Will, err)
	}
	if _, err := d.Do(t.Context(), a, f, func(act.Progress) {}); err != nil || c.changes() > 0 {
		t.Errorf("%d changes, %v", c.changes(), err)
	}
}

// TestNoOtherNode: where nothing else takes anything, the plan says so.
func TestNoOtherNode(t *testing.T) {
	c := newCluster(t)
	delete(c.nodes, "hv2")
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	f, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain))
	if err != nil || !slices.ContainsFunc(f.Blocks, func(s string) bool { return strings.Contains(s, "no other node") }) {
		t.Errorf("%q, %v", f.Blocks, err)
	}
}

// TestHostileText: what the API server says reaches nobody's terminal as it is, and no name goes into another path.
func TestHostileText(t *testing.T) {
	c := newCluster(t)
	c.cordon("hv1", manager, thing{cordonedBy: "\x1b]0;x\a"})
	c.pod("a\x1b[2J", nil)
	c.vm("b\u202e\x9b", "")
	c.pod("../../../api/v1/nodes/hv1?", nil)
	c.pod("nothing", func(p, _ thing) { delete(p, "metadata") })
	c.before = func(q watch.Call) {
		if strings.Contains(q.Path, "evict") && strings.Count(strings.TrimSuffix(q.Path, "?dryRun=All"), "/") != 7 || strings.Count(q.Path, "?") > 1 {
			t.Errorf("asked %q", q.Path)
		}
	}
	c.refuse("nothing", http.StatusTooManyRequests, "no")
	f, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range slices.Concat(f.Will, f.Blocks) {
		if strings.ContainsAny(line, "\x1b\a\u202e\u009b") {
			t.Errorf("%q", line)
		}
	}
}

// TestNamed: names fill lines that a plan can show, and those left out are counted.
func TestNamed(t *testing.T) {
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("namespace/virtual-machine-%03d", i))
	}
	lines := Named(names, "VM moves", "VMs move")
	shown := strings.Count(strings.Join(lines, ""), "namespace/")
	if len(lines) != maxNamed || !strings.HasPrefix(lines[0], "500 VMs move: namespace/virtual-machine-000, ") ||
		!strings.HasSuffix(lines[maxNamed-1], fmt.Sprintf(", and %d more", 500-shown)) {
		t.Errorf("%q", lines)
	}
	for _, l := range lines {
		if len(l) > act.MaxText {
			t.Errorf("%d bytes: %s", len(l), l)
		}
	}
}

// TestCordon: what is so already is refused, and says by whom it was done.
func TestCordon(t *testing.T) {
	for name, s := range map[string]struct {
		verb    act.Verb
		prepare func(c *cluster)
		refused string // empty: it is done
	}{
		"cordon":               {act.NodeCordon, nil, ""},
		"cordon again":         {act.NodeCordon, func(c *cluster) { c.cordon("hv1", manager, thing{cordonedBy: "uid 7, then"}) }, "by this console, uid 7, then"},
		"cordoned by another":  {act.NodeCordon, func(c *cluster) { c.cordon("hv1", "kubectl", nil) }, "not by this console"},
		"uncordon":             {act.NodeUncordon, func(c *cluster) { c.cordon("hv1", "kubectl", nil) }, ""},
		"uncordon again":       {act.NodeUncordon, nil, "hv1 is not cordoned"},
		"no such node":         {act.NodeCordon, func(c *cluster) { delete(c.nodes, "hv1") }, "no such node"},
		"no API server":        {act.NodeCordon, func(c *cluster) { c.fails = errors.New("the API server: refused") }, "the API server: refused"},
		"no such node to undo": {act.NodeUncordon, func(c *cluster) { delete(c.nodes, "hv1") }, "no such node"},
	} {
		c := newCluster(t)
		if s.prepare != nil {
			s.prepare(c)
		}
		d := c.nodesOf()
		f, err := d.Look(t.Context(), ask(s.verb))
		if s.refused != "" {
			if err == nil || !strings.Contains(err.Error(), s.refused) || c.changes() > 0 {
				t.Errorf("%s: %v, want refused: %s", name, err, s.refused)
			}
			continue
		}
		if err != nil || len(f.Will) == 0 || len(f.State) == 0 {
			t.Errorf("%s: %+v, %v", name, f, err)
			continue
		}
		if _, err := d.Do(t.Context(), ask(s.verb), f, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		after, err := d.get(t.Context(), ask(s.verb))
		if err != nil || after.Spec.Unschedulable != (s.verb == act.NodeCordon) {
			t.Errorf("%s: %+v, %v", name, after, err)
		}
		if s.verb == act.NodeCordon && !strings.HasPrefix(after.ours(), "uid 1000, ") {
			t.Errorf("%s: %q cordoned it", name, after.ours())
		}
	}
}

// TestUndo: only the cordon in force is undone, and only when it is ours.
func TestUndo(t *testing.T) {
	ours := thing{cordonedBy: "uid 1000, then"}
	for name, s := range map[string]struct {
		prepare func(c *cluster)
		undone  bool
		fails   bool
	}{
		"ours":                  {func(c *cluster) { c.cordon("hv1", manager, ours) }, true, false},
		"another's":             {func(c *cluster) { c.cordon("hv1", "kubectl", nil) }, false, false},
		"another's, after ours": {func(c *cluster) { c.cordon("hv1", "kubectl", ours) }, false, false},
		"ours, not tracked": {func(c *cluster) {
			c.cordon("hv1", manager, ours)
			delete(c.nodes["hv1"]["metadata"].(thing), "managedFields")
		}, true, false},
		"of our manager, not marked": {func(c *cluster) { c.cordon("hv1", manager, nil) }, false, false},
		"uncordoned":                 {func(c *cluster) {}, false, false},
		"no such node":               {func(c *cluster) { delete(c.nodes, "hv1") }, false, false},
		"no API server":              {func(c *cluster) { c.fails = errors.New("refused") }, false, true},
		"changed just now": {func(c *cluster) {
			c.cordon("hv1", manager, ours)
			c.before = func(q watch.Call) {
				if q.Method == http.MethodPatch {
					c.nodes["hv1"]["metadata"].(thing)["resourceVersion"] = "8"
				}
			}
		}, false, true},
	} {
		c := newCluster(t)
		s.prepare(c)
		text, err := c.nodesOf().Undo(t.Context(), "hv1")
		spec, _ := c.nodes["hv1"]["spec"].(thing)
		undone := c.changes() > 0 && spec["unschedulable"] == nil
		if (err != nil) != s.fails || undone != s.undone || err == nil && text == "" {
			t.Errorf("%s: %q, %v, undone %v", name, text, err, undone)
		}
	}
}

// TestNoSuchName: what is no name of a node is asked for nowhere.
func TestNoSuchName(t *testing.T) {
	for _, name := range []string{"..", "hv1/status", "hv1?x=y", "hv1,metadata.name=x", "HV1", "-"} {
		c := newCluster(t)
		if _, err := c.nodesOf().Look(t.Context(), act.Ask{Verb: act.NodeDrain, Object: name}); err == nil || len(c.calls) > 0 {
			t.Errorf("%s: %v, %d requests", name, err, len(c.calls))
		}
	}
}

// TestPages: a list is asked for page by page, what is null in it does no harm, and one without an end is an error.
func TestPages(t *testing.T) {
	page := 0
	next := func(q watch.Call) (answer string) {
		page++
		if want := map[int]string{1: "/x?limit=100", 2: "/x?continue=a%2Fb&limit=100"}[page]; want != "" && q.Path != want {
			t.Errorf("page %d is %s, want %s", page, q.Path, want)
		}
		return `{"metadata":{"continue":"a/b"},"items":[{"metadata":{"name":"p"}},null]}`
	}
	all, err := list[pod](t.Context(), answering(func(q watch.Call) string {
		if page == 2 {
			return `{"items":null}`
		}
		return next(q)
	}), act.Ask{}, "/x", url.Values{})
	if err != nil || len(all) != 4 || all[1] == nil {
		t.Errorf("%d of 4, %v", len(all), err)
	}
	if all, err := list[pod](t.Context(), answering(next), act.Ask{}, "/x", url.Values{}); err == nil || len(all) > maxObjects || page > maxObjects {
		t.Errorf("without an end: %d, %v, after %d pages", len(all), err, page)
	}
}

// answering is an API server that answers with JSON.
type answering func(q watch.Call) string

func (f answering) Do(_ context.Context, q watch.Call, v any) error {
	return json.Unmarshal([]byte(f(q)), v)
}
