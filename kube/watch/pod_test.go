package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"hypervisor-tui/kube"
)

// What a kubelet says of a container.
func status(num protowire.Number, restarts uint64, parts ...[]byte) []byte {
	return sub(num, text(1, "c"), number(5, restarts), all(parts...))
}

func waiting(reason string) []byte { return sub(2, sub(1, text(1, reason))) }
func running() []byte              { return sub(2, sub(2, sub(1, number(1, 1_700_000_000)))) }
func ended(code uint64, reason string) []byte {
	return sub(2, sub(3, number(1, code), text(3, reason)))
}

func podCondition(kind, status, reason string, since uint64) []byte {
	return sub(2, text(1, kind), text(2, status), sub(4, number(1, since)), text(5, reason))
}

// TestB3WhyAPodDoesNotWork: what the kubelet says of its containers, and what is only wrong when it lasts.
func TestB3WhyAPodDoesNotWork(t *testing.T) {
	const app, starts = 8, 10 // containerStatuses, initContainerStatuses
	const made, changed, deleted = 1_690_000_000, 1_700_000_000, 1_710_000_000
	notReady := podCondition("Ready", "False", "ContainersNotReady", changed)
	for name, c := range map[string]struct {
		meta, status []byte
		why          string
		slow         bool
		works        bool
		restarts     int
		since        int64 // 0: not said
	}{
		"well":                       {nil, all(text(1, "Running"), podCondition("Ready", "True", "", changed), status(app, 1, running())), "", false, true, 1, 0},
		"nothing said":               {nil, text(1, "Running"), "", false, true, 0, 0},
		"crashes":                    {nil, all(text(1, "Running"), notReady, status(app, 412, waiting("CrashLoopBackOff")), status(app, 1, running())), "CrashLoopBackOff", false, false, 413, changed},
		"crashed a moment ago":       {nil, all(text(1, "Running"), notReady, status(app, 2, ended(1, "Error"))), "Error", false, false, 2, changed},
		"killed":                     {nil, all(text(1, "Running"), notReady, status(app, 2, ended(137, "OOMKilled"))), "OOMKilled", false, false, 2, changed},
		"no image":                   {nil, all(text(1, "Pending"), notReady, status(app, 0, waiting("ImagePullBackOff"))), "ImagePullBackOff", false, false, 0, changed},
		"not ready":                  {nil, all(text(1, "Running"), notReady, status(app, 9, running())), "not ready", true, false, 9, changed},
		"starts":                     {nil, all(text(1, "Pending"), notReady, status(app, 0, waiting("ContainerCreating"))), "ContainerCreating", true, false, 0, changed},
		"an init container works":    {nil, all(text(1, "Pending"), notReady, status(starts, 0, ended(0, "Completed"), number(4, 1)), status(starts, 1, running()), status(app, 0, waiting("PodInitializing"))), "Init:1/2", true, false, 1, changed},
		"init containers are done":   {nil, all(text(1, "Pending"), notReady, status(starts, 0, ended(0, "Completed"), number(4, 1)), status(app, 0, waiting("PodInitializing"))), "PodInitializing", true, false, 0, changed},
		"nothing of it is begun":     {nil, all(text(1, "Pending"), notReady), "Pending", true, false, 0, changed},
		"an init container fails":    {nil, all(text(1, "Pending"), notReady, status(starts, 5, waiting("CrashLoopBackOff")), status(app, 0, waiting("PodInitializing"))), "Init:CrashLoopBackOff", false, false, 5, changed},
		"an init container has run":  {nil, all(text(1, "Running"), podCondition("Ready", "True", "", changed), status(starts, 0, ended(0, "Completed")), status(app, 0, running())), "", false, true, 0, 0},
		"both fail":                  {nil, all(text(1, "Running"), notReady, status(starts, 1, waiting("CrashLoopBackOff")), status(app, 1, waiting("ErrImagePull"))), "ErrImagePull", false, false, 2, changed},
		"a sidecar of a job is done": {nil, all(text(1, "Running"), podCondition("Ready", "True", "", changed), status(app, 0, ended(0, "Completed")), status(app, 0, running())), "", false, true, 0, 0},
		"completed":                  {nil, all(text(1, "Succeeded"), podCondition("Ready", "False", "PodCompleted", changed), status(app, 0, ended(0, "Completed"))), "", false, false, 0, 0},
		"failed and over":            {nil, all(text(1, "Failed"), notReady, status(app, 3, ended(1, "Error"))), "Error", false, false, 3, changed},
		"evicted":                    {nil, all(text(1, "Failed"), text(3, "low on memory"), text(4, "Evicted"), status(app, 0, ended(137, "Error"))), "Evicted", false, false, 0, made},
		"failed":                     {nil, text(1, "Failed"), "", false, false, 0, 0},
		"ends":                       {sub(9, number(1, deleted)), all(text(1, "Running"), podCondition("Ready", "True", "", changed), status(app, 0, running())), "Terminating", true, false, 0, deleted},
		"ends and crashes":           {sub(9, number(1, deleted)), all(text(1, "Running"), notReady, status(app, 7, waiting("CrashLoopBackOff"))), "Terminating", true, false, 7, deleted},
		"finds no node":              {nil, all(text(1, "Pending"), podCondition("PodScheduled", "False", "Unschedulable", changed)), "Unschedulable", true, false, 0, changed},
		"waits for a gate":           {nil, all(text(1, "Pending"), podCondition("PodScheduled", "False", "SchedulingGated", changed)), "SchedulingGated", true, false, 0, changed},
		"is lost":                    {nil, all(text(1, "Unknown")), "Unknown", true, false, 0, made},
	} {
		s := new(scan)
		_, p := readPod(s, all(metadata("web", "a", "7", sub(8, number(1, made)), c.meta), sub(3, c.status)))
		if err := s.taken(); err != nil {
			t.Fatal(name, err)
		}
		since := int64(0)
		if !p.Since.IsZero() {
			since = p.Since.Unix()
		}
		if p.Why != c.why || p.Slow != c.slow || p.Works() != c.works || p.Restarts != c.restarts || since != c.since {
			t.Errorf("%s: %q slow %v works %v restarts %d since %d, want %q %v %v %d %d", name, p.Why, p.Slow, p.Works(), p.Restarts, since, c.why, c.slow, c.works, c.restarts, c.since)
		}
	}
	s := new(scan)
	last := func(at uint64) []byte { return sub(3, sub(3, sub(6, number(1, at)))) }
	if _, p := readPod(s, sub(3, text(1, "Running"), status(app, 1, last(changed)), status(app, 1, last(made)))); p.Restarted != time.Unix(changed, 0) {
		t.Errorf("restarted last at %v", p.Restarted)
	}
}

// TestWhatAPodSaysOfItself: containers as kubectl counts them, and of the one that does not work what is said beside why.
func TestWhatAPodSaysOfItself(t *testing.T) {
	const app, starts = 8, 10 // containerStatuses, initContainerStatuses
	ready := number(4, 1)
	lastEnd := func(code uint64, reason string) []byte { return sub(3, sub(3, number(1, code), text(3, reason))) }
	_, p := readPod(new(scan), all(
		sub(2, sub(2, text(1, "a")), sub(2, text(1, "b")), sub(20, text(1, "side"), text(24, "Always")), sub(20, text(1, "once"))),
		sub(3, text(1, "Running"), status(app, 37, sub(2, sub(1, text(1, "CrashLoopBackOff"), text(2, "back-off\n5m0s"))), lastEnd(1, "Error")),
			status(app, 0, running(), ready), status(starts, 0, running(), ready), status(starts, 0, ended(0, "Completed"), ready))))
	if p.Containers != 3 || p.ReadyContainers != 2 {
		t.Errorf("%d of %d containers are ready, want 2 of 3", p.ReadyContainers, p.Containers)
	}
	if p.Message != "back-off^J5m0s" || p.LastEnd != "exit code 1" {
		t.Errorf("message %q, last end %q", p.Message, p.LastEnd)
	}
	if _, p = readPod(new(scan), sub(3, text(1, "Running"), status(app, 1, waiting("CrashLoopBackOff"), lastEnd(137, "OOMKilled")))); p.LastEnd != "OOMKilled" {
		t.Errorf("last end %q", p.LastEnd)
	}
	unschedulable := sub(2, text(1, "PodScheduled"), text(2, "False"), text(5, "Unschedulable"), text(6, "0/3 nodes are available"))
	if _, p = readPod(new(scan), sub(3, text(1, "Pending"), unschedulable)); p.Message != "0/3 nodes are available" {
		t.Errorf("message %q", p.Message)
	}
}

// TestB3SystemPods: what is a part of the cluster says so by its priority class, its labels or its namespace.
func TestB3SystemPods(t *testing.T) {
	for name, c := range map[string]struct {
		namespace  string
		meta, spec []byte
		want       bool
	}{
		"a user's":                {"web", sub(11, text(1, "app"), text(2, "x")), text(24, "high"), false},
		"kube-system":             {"kube-system", nil, nil, true},
		"virt-handler, elsewhere": {"virtualization", sub(11, text(1, "kubevirt.io"), text(2, "virt-handler")), nil, true},
		"a VM":                    {"web", sub(11, text(1, "kubevirt.io"), text(2, "virt-launcher")), nil, false},
		"a CNI, elsewhere":        {"networking", nil, text(24, "system-node-critical"), true},
		"CoreDNS, elsewhere":      {"dns", nil, text(24, "system-cluster-critical"), true},
		"called like it":          {"my-kube-system", nil, nil, false},
	} {
		s := new(scan)
		if _, p := readPod(s, all(metadata(c.namespace, "a", "7", c.meta), sub(2, c.spec))); p.System != c.want {
			t.Errorf("%s: %v", name, p.System)
		}
	}
}

// TestB1ConditionsThatAreKept: Ready first, then what is wrong and what nobody can judge.
func TestB1ConditionsThatAreKept(t *testing.T) {
	condition := func(kind, status string) []byte { return sub(4, text(1, kind), text(2, status)) }
	_, n := readNode(new(scan), sub(3, condition("EtcdIsVoter", "True"), condition("MemoryPressure", "False"), condition("PIDPressure", "True"),
		condition("Mine", "False"), condition("Ready", "True")))
	want := []kube.Condition{{Type: "Ready", Status: "True", Good: kube.True}, {Type: "PIDPressure", Status: "True", Good: kube.False}, {Type: "Mine", Status: "False"}}
	if len(n.Conditions) != 3 || n.Conditions[0] != want[0] || n.Conditions[1] != want[1] || n.Conditions[2] != want[2] {
		t.Errorf("%+v", n.Conditions)
	}
	if _, n := readNode(new(scan), sub(3, condition("EtcdIsVoter", "False"))); len(n.Conditions) != 1 || n.Conditions[0].Good != kube.False {
		t.Errorf("%+v", n.Conditions)
	}
}

// TestB3ReadKubeVirt: its conditions, and the reason of the worst.
func TestB3ReadKubeVirt(t *testing.T) {
	_, k := readKubeVirt(new(scan), []byte(`{"metadata":{"name":"kubevirt"},"status":{"phase":"Deployed","observedKubeVirtVersion":"v1.6.0","conditions":[
		{"type":"Degraded","status":"True","reason":"Second","lastTransitionTime":"2026-11-01T00:00:00Z"},{"type":"Progressing","status":"False"},
		{"type":"Available","status":"False","reason":"First","lastTransitionTime":"2026-11-02T00:00:00Z"}]}}`))
	want := kube.KubeVirt{Phase: "Deployed", Version: "v1.6.0", Available: kube.False, Progressing: kube.False, Degraded: kube.True, Why: "First", Since: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}
	if k != want {
		t.Errorf("%+v, want %+v", k, want)
	}
}

// TestB15ReadClaimsAndClasses: which class, and whether somebody has chosen where the volume is to be.
func TestB15ReadClaimsAndClasses(t *testing.T) {
	for name, c := range map[string]struct {
		object []byte
		want   kube.PVC
	}{
		"of a class":       {sub(2, text(5, "local-path")), kube.PVC{StorageClass: "local-path"}},
		"of an old kind":   {metadata("a", "b", "7", sub(12, text(1, "volume.beta.kubernetes.io/storage-class"), text(2, "old"))), kube.PVC{StorageClass: "old"}},
		"its node chosen":  {metadata("a", "b", "7", sub(12, text(1, "volume.kubernetes.io/selected-node"), text(2, "hv"))), kube.PVC{Chosen: true}},
		"its volume named": {sub(2, text(3, "pv-7"), text(5, "x")), kube.PVC{StorageClass: "x", Chosen: true}},
		"made":             {metadata("a", "b", "7", sub(8, number(1, 1_700_000_000))), kube.PVC{Created: time.Unix(1_700_000_000, 0)}},
	} {
		if _, got := readClaim(new(scan), c.object); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for mode, waits := range map[string]bool{"WaitForFirstConsumer": true, "Immediate": false, "": false} {
		if m, c := readClass(new(scan), all(metadata("", "x", "7"), text(7, mode))); c.Waits != waits || m.key != "x" {
			t.Errorf("%s: %+v", mode, c)
		}
	}
}

// TestB16TimesThatNothingCanHave are not known, in both forms.
func TestB16TimesThatNothingCanHave(t *testing.T) {
	s := new(scan)
	for seconds, known := range map[uint64]bool{9467085600000000: false, 1 << 63: false, 1<<63 - 1: false, 0: false, 100: false, 1_700_000_000: true, ^uint64(0): false} {
		if got := s.time(number(1, seconds)); got.IsZero() == known {
			t.Errorf("%d: %v", seconds, got)
		}
	}
	for text, known := range map[string]bool{"300000-01-01T00:00:00Z": false, "9999-12-31T23:59:59Z": false, "0000-00-00T00:00:00Z": false,
		"-1-01-01T00:00:00Z": false, "1734-01-01T00:00:00Z": false, "0001-01-01T00:00:00Z": false, "": false, "2026-11-22T03:00:00Z": true} {
		if got := jsonTime(text); got.IsZero() == known {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestB13RKE2IsTold by the name of its annotation, and by the place of its configuration.
func TestB13RKE2IsTold(t *testing.T) {
	for key, rke2 := range map[string]bool{"rke2.io/node-args": true, "k3s.io/node-args": false} {
		_, n := readNode(new(scan), metadata("", "hv-1", "7", sub(12, text(1, key), text(2, `["server","--cni","flannel"]`))))
		if n.K3s == nil || n.K3s.RKE2 != rke2 || n.K3s.CNI != "flannel" || !n.K3s.Server {
			t.Errorf("%s: %+v", key, n.K3s)
		}
	}
	for path, rke2 := range map[string]bool{"/etc/rancher/rke2/config.yaml": true, "/etc/rancher/k3s/config.yaml": false} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		replace(t, filepath.Join(root, path), "token: hunter2\ncni: [multus, calico]\n")
		if k, from := readK3s(root); k.RKE2 != rke2 || !k.Server || k.CNI != "calico" || from != path {
			t.Errorf("%s: %+v of %s", path, k, from)
		}
	}
}
