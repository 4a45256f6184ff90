package watch

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"hypervisor-tui/kube"
)

func quantityOf(key, value string) []byte { return all(text(1, key), sub(2, text(1, value))) }

// container asks for CPU and memory.
func container(num int, cpu, memory string, more ...[]byte) []byte {
	var requests []byte
	if cpu != "" {
		requests = all(requests, sub(2, quantityOf("cpu", cpu)))
	}
	if memory != "" {
		requests = all(requests, sub(2, quantityOf("memory", memory)))
	}
	return sub(protowire.Number(num), text(1, "c"), sub(8, requests), all(more...))
}

func TestReadPod(t *testing.T) {
	for name, c := range map[string]struct {
		spec []byte
		cpu  int64
		mem  int64
	}{
		"two containers":                   {all(container(2, "100m", "128Mi"), container(2, "1", "1Gi")), 1100, 1<<30 + 128<<20},
		"a large init container":           {all(container(2, "100m", "1Gi"), container(20, "3", "1Mi")), 3000, 1 << 30},
		"a sidecar":                        {all(container(2, "100m", "1Mi"), container(20, "200m", "2Mi", text(24, "Always")), container(20, "150m", "1Mi")), 350, 3 << 20},
		"the overhead of its runtime":      {all(container(2, "100m", "1Mi"), sub(32, quantityOf("cpu", "50m"))), 150, 1 << 20},
		"what the pod asks for as a whole": {all(container(2, "100m", "1Mi"), sub(40, sub(2, quantityOf("cpu", "2")))), 2000, 1 << 20},
		"nothing":                          {container(2, "", ""), 0, 0},
		"no quantity":                      {container(2, "many", "1Mi"), 0, 1 << 20},
	} {
		s := new(scan)
		m, p := readPod(s, all(metadata("team", "a", "7"), sub(2, c.spec, text(10, "hv-1")), sub(3, text(1, "Running"))))
		if err := s.taken(); err != nil || m.key != "team/a" || string(m.version) != "7" {
			t.Errorf("%s: %v %+v", name, err, m)
		}
		if want := (kube.Pod{Phase: "Running", Node: "hv-1", CPU: c.cpu, Memory: c.mem, Containers: p.Containers}); p != want {
			t.Errorf("%s: %+v, want %+v", name, p, want)
		}
	}
}

func TestReadPodMetadata(t *testing.T) {
	s := new(scan)
	_, p := readPod(s, metadata("team", "a", "7", sub(11, text(1, "app"), text(2, "x")), sub(11, text(1, "tier"), text(2, "y")),
		sub(12, text(1, "kubernetes.io/config.mirror"), text(2, "1f")),
		sub(13, text(1, "Node"), number(6, 0)), sub(13, text(1, "ReplicaSet"), text(3, "a"), number(6, 1))))
	if want := (kube.Pod{Labels: kube.LabelsOf("app=x", "tier=y"), Owner: "ReplicaSet", Mirror: true}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
}

// TestReadPodUID: the kubelet names a pod's cgroup by its UID, and a static pod's by the hash of its file.
func TestReadPodUID(t *testing.T) {
	const uid, hash = "0d4f6c1e-7a55-4c0b-9a53-6d2c8f3b1a90", "3f1c8a529e0b4a57b2f71a2b3c4d5e6f"
	for want, fields := range map[string][]byte{
		uid:  metadata("team", "a", "7", text(5, uid)),
		hash: metadata("team", "b", "7", text(5, uid), sub(12, text(1, "kubernetes.io/config.hash"), text(2, hash))),
		"":   metadata("team", "c", "7", text(5, "none")),
	} {
		if _, p := readPod(new(scan), fields); p.UID != kube.ParseUID(want) || want != "" && p.UID == (kube.UID{}) {
			t.Errorf("%q is read as %x", want, p.UID)
		}
	}
}

func TestReadNode(t *testing.T) {
	condition := func(typ, status, reason string) []byte {
		return sub(4, text(1, typ), text(2, status), sub(4, number(1, 1_700_000_000)), text(5, reason), text(6, "a\nsentence"))
	}
	s := new(scan)
	_, n := readNode(s, all(
		metadata("", "hv-1", "7", sub(11, text(1, "node-role.kubernetes.io/master"), text(2, "true")), sub(11, text(1, "node-role.kubernetes.io/control-plane"), text(2, "true")),
			sub(11, text(1, "kubernetes.io/hostname"), text(2, "box\x1b[31m")),
			sub(12, text(1, "k3s.io/node-args"), text(2, `["server","--cluster-cidr","10.1.0.0/16"]`)), sub(12, text(1, "flannel.alpha.coreos.com/backend-type"), text(2, "vxlan"))),
		sub(2, text(1, "10.1.0.0/24"), number(4, 1), text(7, "10.1.0.0/24"), text(7, "fd00::/64")),
		sub(3, sub(1, quantityOf("cpu", "16")), sub(2, quantityOf("cpu", "15500m")), sub(2, quantityOf("memory", "64Gi")), sub(2, quantityOf("pods", "110")),
			condition("DiskPressure", "True", "Full"), condition("PIDPressure", "False", "Fine"), condition("Ready", "Unknown", "Gone"),
			sub(5, text(1, "Hostname"), text(2, "box")), sub(5, text(1, "InternalIP"), text(2, "10.0.0.1")), sub(7, text(1, "1f"), text(7, "v1.37.2+k3s1")))))
	if err := s.taken(); err != nil {
		t.Fatal(err)
	}
	since := time.Unix(1_700_000_000, 0)
	want := kube.Node{Name: "hv-1", Roles: []string{"control-plane", "master"}, Version: "v1.37.2+k3s1", Ready: "Unknown",
		Conditions: []kube.Condition{{Type: "Ready", Status: "Unknown", Reason: "Gone", Message: "a^Jsentence", Good: kube.False, Since: since}, {Type: "DiskPressure", Status: "True", Reason: "Full", Message: "a^Jsentence", Good: kube.False, Since: since}},
		Cordoned:   true, InternalIP: "10.0.0.1", MachineID: "1f", CapacityCPU: 16000, CPU: 15500, Memory: 64 << 30, Pods: 110,
		PodCIDRs: []string{"10.1.0.0/24", "fd00::/64"}, Flannel: "vxlan", K3s: &kube.K3s{Server: true, PodCIDR: "10.1.0.0/16"}, Hostname: "box\ufffd"}
	if !reflect.DeepEqual(n, want) {
		t.Errorf("%+v\nwant %+v", n, want)
	}
}

func TestReadTheOthers(t *testing.T) {
	s := new(scan)
	for name, c := range map[string]struct{ got, want any }{
		"headless":     {second(readService(s, all(metadata("a", "s", "1"), sub(2, text(3, "None"), text(4, "ClusterIP"))))), kube.Service{Type: "Headless"}},
		"node port":    {second(readService(s, sub(2, text(3, "10.43.0.1"), text(4, "NodePort")))), kube.Service{Type: "NodePort"}},
		"claim":        {second(readClaim(s, sub(3, text(1, "Bound")))), kube.PVC{Phase: "Bound"}},
		"budget":       {second(readBudget(s, all(sub(2, sub(2, sub(1, text(1, "app"), text(2, "x")))), sub(3, number(3, 2))))), kube.PDB{Allowed: 2, Labels: kube.LabelsOf("app=x")}},
		"unclear":      {second(readBudget(s, sub(2, sub(2, sub(2, text(1, "app")))))), kube.PDB{Unclear: true}},
		"every pod":    {second(readBudget(s, sub(2, sub(2, nil)))), kube.PDB{}},
		"no selector":  {second(readBudget(s, sub(2, nil))), kube.PDB{Unclear: true}},
		"everything":   {second(readBudget(s, sub(2, sub(2)))), kube.PDB{}},
		"service CIDR": {second(readServiceCIDR(s, sub(2, text(1, "10.43.0.0/16"), text(1, "fd00::/112")))), kube.ServiceCIDR{CIDRs: []string{"10.43.0.0/16", "fd00::/112"}}},
		"warning": {second(readWarning(s, all(sub(2, text(1, "Pod"), text(2, "team"), text(3, "a")), text(3, "BackOff"), text(4, "back\noff"), sub(5, text(1, "kubelet")),
			sub(7, number(1, 1_700_000_000)), number(8, 3), sub(11, number(1, 9), sub(2, number(1, 1_700_000_060)))))),
			kube.Event{Last: time.Unix(1_700_000_060, 0), Count: 9, Kind: "Pod", Namespace: "team", Name: "a", Reason: "BackOff", Message: "back^Joff", Source: "kubelet"}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
	if err := s.taken(); err != nil {
		t.Error(err)
	}
}

func second[T any](_ meta, v T) any { return v }

func TestReadInstance(t *testing.T) {
	s := new(scan)
	_, i := readInstance(s, []byte(`{"metadata":{"namespace":"vms","name":"a","creationTimestamp":"2026-11-22T03:00:00Z"},
		"spec":{"evictionStrategy":"LiveMigrate","domain":{"cpu":{"cores":2,"sockets":3},"memory":{"guest":"4Gi"}}},
		"status":{"phase":"Running","nodeName":"hv-1","evacuationNodeName":"hv-1","conditions":[{"type":"Ready","status":"True"},{"type":"Paused","status":"True"},
		{"type":"LiveMigratable","status":"False","reason":"DisksNotLiveMigratable","message":"a disk is local"}],
		"interfaces":[{"ipAddress":"10.0.0.1","ipAddresses":["10.0.0.1","fd00::1"]},{"ipAddress":"10.0.0.2"}],
		"migrationState":{"migrationUid":"1f","sourceNode":"hv-0","targetNode":"hv-1","failed":true,"failureReason":"late","mode":"PreCopy"}}}`))
	want := kube.VMI{Namespace: "vms", Name: "a", Phase: "Running", Node: "hv-1", IPs: []string{"10.0.0.1", "fd00::1", "10.0.0.2"},
		Ready: kube.True, Paused: kube.True, Migratable: kube.False, WhyNot: "a disk is local", VCPUs: 6, Memory: 4 << 30, Eviction: "LiveMigrate",
		Evacuating: "hv-1", Created: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
		Conditions: []kube.Condition{{Type: "Paused", Status: "True"}, {Type: "LiveMigratable", Status: "False", Reason: "DisksNotLiveMigratable", Message: "a disk is local"}},
		Moving:     &kube.Moving{UID: "1f", Source: "hv-0", Target: "hv-1", Failed: true, Why: "late", Mode: "PreCopy"}}
	if !reflect.DeepEqual(i, want) {
		t.Errorf("%+v\nwant %+v", i, want)
	}
	for text, vcpus := range map[string]int{
		`{"status":{"currentCPUTopology":{"cores":4}},"spec":{"domain":{"cpu":{"cores":2}}}}`:  4,
		`{"spec":{"domain":{"resources":{"requests":{"cpu":"1500m"}}}}}`:                       2,
		`{"spec":{"domain":{"cpu":{"cores":4294967295,"sockets":4294967295,"threads":9999}}}}`: 0,
		`{}`: 0,
	} {
		if _, i := readInstance(s, []byte(text)); i.VCPUs != vcpus {
			t.Errorf("%s: %d, want %d", text, i.VCPUs, vcpus)
		}
	}
}

func TestReadVM(t *testing.T) {
	_, v := readVM(new(scan), []byte(`{"metadata":{"namespace":"vms","name":"a"},"status":{"printableStatus":"CrashLoopBackOff","conditions":[
		{"type":"Ready","status":"False","reason":"GuestNotRunning","lastTransitionTime":"2026-11-22T03:00:00Z"},{"type":"LiveMigratable","status":"True"},
		{"type":"Failure","status":"True","reason":"FailedCreate","message":"no disk\n","lastTransitionTime":"2026-11-22T01:00:00Z"}]}}`))
	want := kube.VM{Namespace: "vms", Name: "a", Status: "CrashLoopBackOff", Since: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), Conditions: []kube.Condition{
		{Type: "Failure", Status: "True", Reason: "FailedCreate", Message: "no disk^J", Good: kube.False, Since: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)},
		{Type: "Ready", Status: "False", Reason: "GuestNotRunning", Since: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)}}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("%+v, want %+v", v, want)
	}
	if _, v := readVM(new(scan), []byte(`{"status":{"conditions":[{"type":"Ready"}]}}`)); !v.Since.IsZero() {
		t.Errorf("since %v, and nobody said when", v.Since)
	}
}

// TestReadingPodsAllocatesLittle: 10,000 pods are read at a start, and 50 a second after that.
func TestReadingPodsAllocatesLittle(t *testing.T) {
	s := new(scan)
	pod := all(metadata("team", "a-long-name-of-a-pod", "7", sub(11, text(1, "app"), text(2, "x"))),
		sub(2, container(2, "100m", "128Mi"), container(2, "100m", "128Mi"), text(10, "hv-1")), sub(3, text(1, "Running")))
	readPod(s, pod)
	if n := testing.AllocsPerRun(100, func() { readPod(s, pod) }); n > 4 {
		t.Errorf("%v allocations a pod", n)
	}
}

func TestNamesAreBounded(t *testing.T) {
	s := new(scan)
	for i := range 3 * maxNames {
		s.name([]byte(strings.Repeat("x", i%50) + time.Duration(i).String()))
	}
	if len(s.names) > maxNames {
		t.Errorf("%d names are kept", len(s.names))
	}
}

// fuzzed is one of each kind in both forms.
func fuzzed(f *testing.F) {
	f.Add([]byte{})
	f.Add(all(metadata("team", "a", "7", sub(13, text(1, "Node"))), sub(2, container(2, "100m", "1Gi"), container(20, "1", "1")), sub(3, text(1, "Running"), sub(4, text(1, "Ready")), sub(7, text(1, "x")))))
	f.Add([]byte(`{"type":"ADDED","object":{"metadata":{"name":"a"},"status":{"phase":"Running","interfaces":[{"ipAddress":"1"}],"conditions":[{}]}}}`))
	f.Add(frame("ADDED", podObject("a", "Running")))
	f.Add(enveloped(all(sub(1, text(2, "5")), sub(2, podObject("a", "Running")))))
}

// FuzzObjects: whatever the bytes, no reader of any kind panics, and nothing that it returns can reach a terminal raw.
func FuzzObjects(f *testing.F) {
	fuzzed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, s := new(kube.Objects), new(scan)
		for _, k := range kinds() {
			m, put := k.read(s, b)
			put(objects)
			_ = s.taken() // most are errors
			if strings.ContainsAny(m.key, "\x1b\n\x00") {
				t.Errorf("%s: raw key %q", k, m.key)
			}
		}
		state := new(kube.State)
		objects.Summarize(state, &kube.NodeIdentity{Hostname: "hv-1"})
	})
}

// FuzzStreams: the same for what is around the objects, which must come to an end.
func FuzzStreams(f *testing.F) {
	fuzzed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, form := range []form{protobuf, jsonText} {
			timer := time.NewTimer(time.Hour)
			defer timer.Stop()
			fresh := func() *paced {
				return &paced{body: bytes.NewReader(b), ctx: t.Context(), deadline: timer, timeout: time.Hour, left: maxObject,
					wire: newAllowance(1, 1), work: newAllowance(1<<40, 1<<40), cost: 1, token: make(chan struct{}, 1)}
			}
			s, in, events := new(scan), newEvents(form, fresh()), 0
			for e := (event{}); in.next(s, &e) == nil; events++ {
				if events > len(b) {
					t.Fatalf("%d events of %d bytes", events, len(b))
				}
			}
			objects := 0
			_, _ = readPage(form, fresh(), s, func([]byte) error { // most are errors
				if objects++; objects > len(b) {
					t.Fatalf("%d objects of %d bytes", objects, len(b))
				}
				return nil
			})
		}
	})
}
