package frame

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// toldOf is what is wrong with a cluster in which a test has changed something.
func toldOf(change func(*tracked)) string {
	f := clustered()
	change(f)
	return words(find(nil, f))
}

// TestB2KindsThatAreNotSeen are problems by name; those that nobody may see are one, and a moment without one is none.
func TestB2KindsThatAreNotSeen(t *testing.T) {
	kind := func(f *tracked, k kube.Kind, s health.State, age time.Duration, why string) {
		f.Kube.Kinds[k].Health = health.Health{State: s, Since: f.Boot - age, At: f.Boot - age, Err: why}
	}
	for name, c := range map[string]struct {
		change func(*tracked)
		want   string
	}{
		"failed": {func(f *tracked) {
			kind(f, kube.KindPod, health.Failed, 0, "HTTP 500: etcd")
			kind(f, kube.KindVM, health.Failed, time.Minute, "malformed JSON")
		}, "warning pods not seen: HTTP 500: etcd [dashboard]; warning virtualmachines not seen: malformed JSON [dashboard]; "},
		"stale":            {func(f *tracked) { kind(f, kube.KindPod, health.Stale, relisted, "it hung up") }, "warning pods not followed: it hung up [dashboard]; "},
		"stale for moment": {func(f *tracked) { kind(f, kube.KindPod, health.Stale, relisted-time.Second, "it hung up") }, ""},
		"API came back": {func(f *tracked) {
			kind(f, kube.KindPod, health.Stale, time.Minute, "refused")
			f.Kube.Health.Since = f.Boot - relisted + time.Second
		}, ""},
		"not installed": {func(f *tracked) { kind(f, kube.KindVM, health.Absent, time.Hour, "not installed") }, ""},
		"forbidden":     {func(f *tracked) { kind(f, kube.KindPod, health.Failed, time.Hour, "forbidden: list pods") }, "notice may not list pods [dashboard]; "},
		"much forbidden": {func(f *tracked) {
			kind(f, kube.KindPod, health.Failed, time.Hour, "forbidden: list pods")
			kind(f, kube.KindPVC, health.Failed, time.Hour, "forbidden: list persistentvolumeclaims")
		}, "notice may not list pods (and 1 more) [dashboard]; "},
		"too many":   {func(f *tracked) { f.Kube.Kinds[kube.KindPod].More = 50_000 }, "notice pods: more than 50000, not counted [dashboard]; "},
		"a flood":    {func(f *tracked) { f.Kube.Behind = f.Boot - time.Minute }, "warning API sends more than is taken in: its figures lag [dashboard]; "},
		"no API":     {func(f *tracked) { down(f, kube.Foreign, "answers, but is no API server") }, "crit API answers, but is no API server [dashboard]; "},
		"no objects": {func(f *tracked) { down(f, kube.NotReady, kube.NothingListed+"HTTP 500") }, "crit API answers, but nothing can be listed: HTTP 500 [dashboard]; "},
	} {
		if got := toldOf(c.change); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestB3PodsAndKubeVirt: what does not work is told at once, what starts, ends or is updated when it lasts.
func TestB3PodsAndKubeVirt(t *testing.T) {
	pod := func(why string, slow bool, age time.Duration) func(*tracked) {
		return func(f *tracked) {
			p := kube.NamedPod{Namespace: "kubevirt", Name: "virt-handler-x", Pod: kube.Pod{Why: why, Slow: slow}}
			if age >= 0 {
				p.Since = f.Now.Add(-age)
			}
			f.Kube.Ill = []kube.NamedPod{p}
		}
	}
	restarted := func(n int, age time.Duration) func(*tracked) {
		return func(f *tracked) {
			f.Kube.Ill = []kube.NamedPod{{Namespace: "kube-system", Name: "cni", Pod: kube.Pod{Restarts: n, Restarted: f.Now.Add(-age)}}}
		}
	}
	virt := func(k kube.KubeVirt, age time.Duration) func(*tracked) {
		return func(f *tracked) {
			k.Phase, k.Why = "Deployed", "Reason"
			if age >= 0 {
				k.Since = f.Now.Add(-age)
			}
			f.Kube.Virt.KubeVirt = k
			f.Kube.Kinds[kube.KindKubeVirt].Count = 1
		}
	}
	const unknown = -1
	for name, c := range map[string]struct {
		change func(*tracked)
		want   string
	}{
		"crashes":                    {pod("CrashLoopBackOff", false, 0), "err pod kubevirt/virt-handler-x CrashLoopBackOff [dashboard]; "},
		"crashes, nobody says when":  {pod("CrashLoopBackOff", false, unknown), "err pod kubevirt/virt-handler-x CrashLoopBackOff [dashboard]; "},
		"not ready for a moment":     {pod("not ready", true, longStart-time.Second), ""},
		"not ready for long":         {pod("not ready", true, longStart), "err pod kubevirt/virt-handler-x not ready [dashboard]; "},
		"not ready, who knows when":  {pod("not ready", true, unknown), ""},
		"restarts":                   {restarted(412, time.Minute), "err pod kube-system/cni keeps restarting, 412 restarts [dashboard]; "},
		"has restarted long ago":     {restarted(412, time.Hour), ""},
		"not available":              {virt(kube.KubeVirt{Available: kube.False}, time.Hour), "err KubeVirt not available: Reason [dashboard]; "},
		"degraded":                   {virt(kube.KubeVirt{Available: kube.True, Degraded: kube.True, Progressing: kube.False}, unknown), "err KubeVirt degraded: Reason [dashboard]; "},
		"is updated":                 {virt(kube.KubeVirt{Degraded: kube.True, Progressing: kube.True}, time.Minute), ""},
		"is updated for ever":        {virt(kube.KubeVirt{Degraded: kube.True, Progressing: kube.True}, longUpdate), "err KubeVirt degraded: Reason [dashboard]; "},
		"is updated, who knows when": {virt(kube.KubeVirt{Degraded: kube.True, Progressing: kube.True}, unknown), ""},
		"fine":                       {virt(kube.KubeVirt{Available: kube.True, Degraded: kube.False}, time.Hour), ""},
	} {
		if got := toldOf(c.change); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	stale := func(f *tracked) {
		pod("CrashLoopBackOff", false, 0)(f)
		f.Kube.Kinds[kube.KindPod].State, f.Kube.Kinds[kube.KindPod].Since = health.Stale, f.Boot
	}
	if got := toldOf(stale); got != "" {
		t.Errorf("held against old figures: %q", got)
	}
}

// TestB12FailedMigrations are told while what they were to move still runs as it did then.
func TestB12FailedMigrations(t *testing.T) {
	const failed = "warning migration of a/vm failed: no room [dashboard]; "
	for name, c := range map[string]struct {
		change func(f *tracked, m *kube.Migration, i *kube.VMI)
		want   string
	}{
		"still there":        {func(*tracked, *kube.Migration, *kube.VMI) {}, failed},
		"its VM is gone":     {func(f *tracked, _ *kube.Migration, i *kube.VMI) { i.Name = "another" }, ""},
		"its VM has ended":   {func(f *tracked, _ *kube.Migration, i *kube.VMI) { i.Phase = "Succeeded" }, ""},
		"started anew since": {func(f *tracked, m *kube.Migration, i *kube.VMI) { i.Created = m.Created.Add(time.Minute) }, ""},
		"who can see its VM?": {func(f *tracked, _ *kube.Migration, i *kube.VMI) {
			f.Kube.Kinds[kube.KindVMI].State = health.Absent
			i.Name = "x"
		}, failed},
		"moved by the next": {func(f *tracked, m *kube.Migration, i *kube.VMI) {
			i.Moving = &kube.Moving{UID: "2", Started: m.Created.Add(time.Minute), Completed: true}
		}, ""},
		"the next failed, too": {func(f *tracked, m *kube.Migration, i *kube.VMI) {
			i.Moving = &kube.Moving{UID: "2", Started: m.Created.Add(time.Minute), Completed: true, Failed: true}
		}, failed},
		"moved before": {func(f *tracked, m *kube.Migration, i *kube.VMI) {
			i.Moving = &kube.Moving{UID: "0", Started: m.Created.Add(-time.Minute), Completed: true}
		}, failed},
		"of no known time": {func(f *tracked, m *kube.Migration, i *kube.VMI) { m.Created, m.Ended = time.Time{}, time.Time{} }, ""},
		"of the far future": {func(f *tracked, m *kube.Migration, i *kube.VMI) {
			m.Created, m.Ended = f.Now.AddDate(90, 0, 0), f.Now.AddDate(90, 0, 0)
		}, ""},
		"of the day before":   {func(f *tracked, m *kube.Migration, i *kube.VMI) { m.Ended = f.Now.Add(-25 * time.Hour) }, ""},
		"of another instance": {func(f *tracked, m *kube.Migration, i *kube.VMI) { m.Namespace = "b" }, ""},
	} {
		got := toldOf(func(f *tracked) {
			f.Kube.Virt.Migrations = []kube.Migration{{Namespace: "a", Name: "m", VMI: "vm", Phase: "Failed", Created: f.Now.Add(-time.Hour), Moving: kube.Moving{UID: "1", Ended: f.Now.Add(-time.Hour), Why: "no room"}}}
			f.Kube.Virt.VMIs = []kube.VMI{{Namespace: "a", Name: "vm", Phase: "Running", Created: f.Now.Add(-2 * time.Hour)}}
			c.change(f, &f.Kube.Virt.Migrations[0], &f.Kube.Virt.VMIs[0])
		})
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestB12MoveWithoutAnEnd: a VM that has left this node long ago is not listed here because nobody said when.
func TestB12MoveWithoutAnEnd(t *testing.T) {
	for name, c := range map[string]struct {
		node string
		m    kube.Moving
		all  []kube.Migration
		here bool
	}{
		"it leaves":           {"other", kube.Moving{UID: "1", Source: "hv-1", Target: "third"}, []kube.Migration{{Phase: "Running", Moving: kube.Moving{UID: "1"}}}, true},
		"it comes":            {"other", kube.Moving{UID: "1", Source: "other", Target: "hv-1"}, []kube.Migration{{Phase: "Running", Moving: kube.Moving{UID: "1"}}}, true},
		"completed":           {"other", kube.Moving{UID: "1", Source: "hv-1", Target: "other", Completed: true}, nil, false},
		"failed":              {"other", kube.Moving{UID: "1", Source: "other", Target: "hv-1", Failed: true}, nil, false},
		"it has arrived":      {"other", kube.Moving{UID: "1", Source: "hv-1", Target: "other"}, []kube.Migration{{Phase: "Running", Moving: kube.Moving{UID: "1"}}}, false},
		"its migration ended": {"other", kube.Moving{UID: "1", Source: "other", Target: "hv-1"}, []kube.Migration{{Phase: "Failed", Moving: kube.Moving{UID: "1"}}}, false},
		"its migration went":  {"other", kube.Moving{UID: "1", Source: "other", Target: "hv-1"}, []kube.Migration{{Phase: "Running", Moving: kube.Moving{UID: "2"}}}, false},
		"of others":           {"other", kube.Moving{UID: "1", Source: "other", Target: "third"}, []kube.Migration{{Phase: "Running", Moving: kube.Moving{UID: "1"}}}, false},
	} {
		f := clustered()
		f.Kube.Nodes.Total = 3
		f.Kube.Virt.VMIs = []kube.VMI{{Namespace: "p", Name: "boots", Phase: "Running", Node: c.node, Moving: &c.m}}
		f.Kube.Virt.Migrations = c.all
		if got := MergeGuests(nil, &f.Snapshot); len(got) != 1 || got[0].Here != c.here {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestB16NoAgeOfWhatCannotBe: a time that nothing can have is not known, and no age overflows.
func TestB16NoAgeOfWhatCannotBe(t *testing.T) {
	f := clustered()
	for name, c := range map[string]struct {
		at    time.Time
		age   time.Duration
		known bool
	}{
		"none":           {time.Time{}, 0, false},
		"an hour ago":    {f.Now.Add(-time.Hour), time.Hour, true},
		"in a minute":    {f.Now.Add(time.Minute), 0, true},
		"in two days":    {f.Now.Add(48 * time.Hour), 0, false},
		"in 300 million": {time.Unix(9467085600000000, 0), 0, false},
		"the first year": {time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), 0, false},
		"the end":        {time.Unix(math.MaxInt64, 0), 0, false},
		"the beginning":  {time.Unix(math.MinInt64, 0), 0, false},
	} {
		if age, known := f.Age(c.at); age != c.age || known != c.known {
			t.Errorf("%s: %v %v", name, age, known)
		}
		if since := ago(&f.Snapshot, c.at); since > f.Boot || c.known != (since != 0) {
			t.Errorf("%s: since %v", name, since)
		}
	}
	problems := func(f *tracked) []Problem {
		f.Kube.Nodes.Faults = []kube.Fault{{Node: "hv-2", Condition: kube.Condition{Type: "Ready", Status: "False", Since: time.Unix(9467085600000000, 0)}}}
		return find(nil, f)
	}(f)
	if len(problems) != 1 || problems[0].Since != f.Boot {
		t.Errorf("%+v", problems)
	}
}

// TestEachRungIsOnTheLadder: whatever is broken, there is a step that says so.
func TestEachRungIsOnTheLadder(t *testing.T) {
	for rung := kube.Kubeconfig; rung.String() != "unknown"; rung++ {
		f := clustered()
		down(f, rung, "why")
		l := Diagnose(&f.Snapshot)
		if s := l.Cause(); s == nil || s.Detail != "why" {
			t.Errorf("%v: %+v", rung, s)
		}
		if got := words(find(nil, f)); !strings.Contains(got, "why") {
			t.Errorf("%v: %q", rung, got)
		}
	}
}

// TestF55HungCredentials: a file of the credentials that does not answer is a problem of its own, whether the API answers
// or not, but not beside itself as the cause.
func TestF55HungCredentials(t *testing.T) {
	hung := func(f *tracked) {
		f.Kube.Hung = kube.Hung{Why: "/etc/token not answering", Since: f.Boot - time.Minute}
	}
	const want = "credentials: /etc/token not answering"
	for name, c := range map[string]struct {
		change func(*tracked)
		times  int
	}{
		"API up":      {func(*tracked) {}, 1},
		"API refuses": {func(f *tracked) { down(f, kube.Dial, "refused") }, 1},
		"the cause":   {func(f *tracked) { down(f, kube.Kubeconfig, "/etc/token not answering") }, 0},
	} {
		if got := toldOf(func(f *tracked) { hung(f); c.change(f) }); strings.Count(got, want) != c.times {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestReasonsOfTheCluster: the newest warning about what is wrong, and no other object's.
func TestReasonsOfTheCluster(t *testing.T) {
	f := clustered()
	f.Kube.Virt.VMs = []kube.VM{{Namespace: "a", Name: "web", Status: "ErrorUnschedulable"}, {Namespace: "a", Name: "web-db", Status: "CrashLoopBackOff"}, {Namespace: "b", Name: "web", Status: "CrashLoopBackOff"}}
	f.Kube.Virt.VMs = append(f.Kube.Virt.VMs, kube.VM{Namespace: "c", Name: "bad", Status: "CrashLoopBackOff", Conditions: []kube.Condition{{Type: "Failure", Good: kube.False, Message: "no disk"}, {Type: "Ready", Message: "not running"}}},
		kube.VM{Namespace: "c", Name: "off", Status: "CrashLoopBackOff", Conditions: []kube.Condition{{Type: "Ready", Message: "not running"}}},
		kube.VM{Namespace: "c", Name: "warned", Status: "CrashLoopBackOff", Conditions: []kube.Condition{{Type: "Ready", Message: "not running"}}})
	f.Kube.Virt.VMIs = []kube.VMI{{Namespace: "a", Name: "nowhere", Conditions: []kube.Condition{{Type: "PodScheduled", Good: kube.False, Message: "no node"}}}}
	f.Kube.Virt.VMs = append(f.Kube.Virt.VMs, kube.VM{Namespace: "a", Name: "nowhere", Status: "ErrorUnschedulable"})
	f.Kube.Nodes.Faults = []kube.Fault{{Node: "hv-2", Condition: kube.Condition{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown"}}}
	f.Kube.Ill = []kube.NamedPod{{Namespace: "kube-system", Name: "cni", Pod: kube.Pod{Why: "CrashLoopBackOff"}}}
	f.Kube.Events = []kube.Event{
		{Kind: "Pod", Namespace: "a", Name: "virt-launcher-web-db-abcde", Message: "of web-db"},
		{Kind: "Pod", Namespace: "a", Name: "virt-launcher-web-abcde", Message: "0/3 nodes are available: 3 Insufficient memory."},
		{Kind: "VirtualMachine", Namespace: "a", Name: "web", Message: "older"},
		{Kind: "Pod", Namespace: "kube-system", Name: "cni", Message: "back-off 5m0s restarting failed container"},
		{Kind: "Pod", Namespace: "default", Name: "cni", Message: "another"},
		{Kind: "VirtualMachine", Namespace: "c", Name: "bad", Reason: "R", Message: "not this"},
		{Kind: "VirtualMachine", Namespace: "c", Name: "warned", Reason: "FailedCreate"},
	}
	got := map[string]string{}
	for _, p := range find(nil, f) {
		got[p.Of+"/"+p.Subject] = p.Reason
	}
	for subject, want := range map[string]string{"c/bad": "no disk", "c/off": "not running", "c/warned": "FailedCreate", "a/nowhere": "no node", "a/web": "0/3 nodes are available: 3 Insufficient memory.", "a/web-db": "of web-db", "b/web": "",
		"Ready/hv-2": "NodeStatusUnknown", "kube-system/cni": "back-off 5m0s restarting failed container"} {
		if got[subject] != want {
			t.Errorf("%s: %q, want %q", subject, got[subject], want)
		}
	}
}

// TestPodsOfThisNode: those that do not work are told, each once; those of VMs are left to their VMs, and what starts is none.
func TestPodsOfThisNode(t *testing.T) {
	pod := func(name string, p kube.Pod) kube.NamedPod { return kube.NamedPod{Namespace: "a", Name: name, Pod: p} }
	crashes := kube.Pod{Why: "CrashLoopBackOff", Restarts: 2, LastEnd: "OOMKilled"}
	own := crashes
	own.System = true
	launcher := crashes
	launcher.Owner = "VirtualMachineInstance"
	f := clustered()
	f.Kube.Ill = []kube.NamedPod{pod("cni", own)}
	f.Kube.Pods.List = []kube.NamedPod{pod("cni", own), pod("web", crashes), pod("virt-launcher-x-abcde", launcher), pod("starts", kube.Pod{Why: "ContainerCreating", Slow: true, Since: f.Now}), pod("works", kube.Pod{Phase: "Running"}), pod("is-over", kube.Pod{Phase: "Failed", Why: "Evicted"})}
	want := "err pod a/cni CrashLoopBackOff after OOMKilled, 2 restarts [dashboard]; warning pod a/web CrashLoopBackOff after OOMKilled, 2 restarts [dashboard]; "
	if got := words(find(nil, f)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.Kube.Ill, f.Kube.Pods.List = nil, nil
	for i := range 20 {
		f.Kube.Pods.List = append(f.Kube.Pods.List, pod(fmt.Sprintf("web-%02d", i), kube.Pod{Why: "ImagePullBackOff"}))
	}
	if found := find(nil, f); len(found) != 8 || string(found[7].AppendWhat(nil)) != "pod a/web-07 ImagePullBackOff (and 12 more)" {
		t.Errorf("%d: %s", len(found), words(found))
	}
}
