package kube

import (
	"fmt"
	"testing"
)

// TestB3WhatDoesNotWorkIsNotRunning: a pod in phase Running that is not ready or crashes does not count, and the cluster's own
// on this node are listed.
func TestB3WhatDoesNotWorkIsNotRunning(t *testing.T) {
	o := new(Objects)
	o.Nodes.Put("here", Node{Name: "here"})
	pods := map[string]Pod{
		"kubevirt/crashes":    {Phase: "Running", Node: "here", System: true, Ready: False, Why: "CrashLoopBackOff", Restarts: 412},
		"kube-system/slow":    {Phase: "Running", Node: "here", System: true, Ready: False, Why: "not ready", Slow: true},
		"kube-system/nowhere": {Phase: "Pending", System: true, Why: "Unschedulable", Slow: true},
		"kube-system/often":   {Phase: "Running", Node: "here", System: true, Ready: True, Restarts: FewRestarts},
		"kube-system/seldom":  {Phase: "Running", Node: "here", System: true, Ready: True, Restarts: FewRestarts - 1},
		"kube-system/there":   {Phase: "Running", Node: "other", System: true, Why: "CrashLoopBackOff"},
		"kube-system/done":    {Phase: "Succeeded", Node: "here", System: true, Restarts: 9},
		"web/ours":            {Phase: "Running", Node: "here", Why: "CrashLoopBackOff"},
		"web/leaving":         {Phase: "Running", Node: "here", Ready: True, Why: "Terminating", Slow: true},
		"web/unjudged":        {Phase: "Running", Node: "here"},
		"web/well":            {Phase: "Running", Node: "here", Ready: True},
	}
	for key, p := range pods {
		o.putPod(key, p)
	}
	s := roll(o, &NodeIdentity{Hostname: "here"})
	if p := s.Pods; p.Running != 4 || p.NotReady != 5 || p.Total != len(pods) || p.Local != 8 {
		t.Errorf("%+v", p)
	}
	names := ""
	for _, p := range s.Ill {
		names += p.Namespace + "/" + p.Name + " "
	}
	if want := "kubevirt/crashes kube-system/nowhere kube-system/slow kube-system/often "; names != want {
		t.Errorf("%q, want %q", names, want)
	}
	if s := roll(o, &NodeIdentity{}); len(s.Ill) != 0 {
		t.Errorf("on no node known: %+v", s.Ill)
	}
	for i := range 2 * MaxNames {
		o.putPod(fmt.Sprint("kube-system/a", i), pods["kubevirt/crashes"])
	}
	if s := roll(o, &NodeIdentity{Hostname: "here"}); len(s.Ill) != MaxNames {
		t.Errorf("%d are listed", len(s.Ill))
	}
}

// TestB3KubeVirtInTrouble: what its conditions say, whatever its phase is called.
func TestB3KubeVirtInTrouble(t *testing.T) {
	for _, c := range []struct {
		k    KubeVirt
		want string
	}{
		{KubeVirt{Phase: "Deployed", Available: True, Degraded: False}, ""},
		{KubeVirt{Phase: "Deployed"}, ""},
		{KubeVirt{Phase: "Deployed", Available: False, Degraded: True}, "not available"},
		{KubeVirt{Phase: "Deployed", Available: True, Degraded: True}, "degraded"},
		{KubeVirt{Phase: "Deploying", Available: False}, "not available"},
		{KubeVirt{Phase: "Deleting", Available: False, Degraded: True}, ""},
	} {
		if got := c.k.Trouble(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.k, got, c.want)
		}
	}
}

// TestB15ClaimsThatWaitForAPod: a claim of a class that binds late, or of one that nobody knows, is not without its volume.
func TestB15ClaimsThatWaitForAPod(t *testing.T) {
	o := new(Objects)
	o.StorageClasses.Put("local-path", StorageClass{Waits: true})
	o.StorageClasses.Put("ceph", StorageClass{})
	for name, c := range map[string]PVC{
		"bound":   {Phase: "Bound", StorageClass: "local-path"},
		"late":    {Phase: "Pending", StorageClass: "local-path", Created: at},
		"chosen":  {Phase: "Pending", StorageClass: "local-path", Created: at, Chosen: true},
		"unknown": {Phase: "Pending", StorageClass: "gone", Created: at},
		"at-once": {Phase: "Pending", StorageClass: "ceph", Created: at},
		"none":    {Phase: "Pending", Created: at},
		"lost":    {Phase: "Lost", StorageClass: "local-path", Created: at},
	} {
		o.PVCs.Put("a/"+name, c)
	}
	s := new(State)
	o.Summarize(s, &NodeIdentity{})
	names := ""
	for _, u := range s.PVCs.Unbound {
		names += u.Name + " "
	}
	if names != "lost at-once chosen none " || s.PVCs.Waiting != 2 || s.PVCs.Bound != 1 || s.PVCs.Total != 7 {
		t.Errorf("%q %+v", names, s.PVCs)
	}
	o.StorageClasses.Put("gone", StorageClass{})
	if o.Summarize(s, &NodeIdentity{}); s.PVCs.Waiting != 1 {
		t.Errorf("a class that came changes nothing: %+v", s.PVCs)
	}
}

// TestDBudgetOfAnotherNamespace holds no pod of this one, whatever its labels.
func TestDBudgetOfAnotherNamespace(t *testing.T) {
	o, p := cluster()
	o.putPod("team/db", Pod{Owner: "StatefulSet", Labels: LabelsOf("app=db"), Node: "hv-1", Phase: "Running"})
	o.PDBs.Put("other/db", PDB{Labels: LabelsOf("app=db")})
	o.PDBs.Put("other/everything", PDB{})
	s := roll(o, p)
	if len(s.DrainBlockers) != 0 {
		t.Errorf("%+v", s.DrainBlockers)
	}
	o.PDBs.Put("team/db", PDB{Labels: LabelsOf("app=db")})
	if o.Summarize(s, p); len(s.DrainBlockers) != 1 || s.DrainBlockers[0].Name != "db" {
		t.Errorf("%+v", s.DrainBlockers)
	}
}

// TestF56DrainIsBounded: many pods and many budgets are not compared each with each for ever.
func TestF56DrainIsBounded(t *testing.T) {
	o, p := cluster()
	for i := range 2000 {
		o.putPod(fmt.Sprint("team/x", i), Pod{Owner: "ReplicaSet", Labels: LabelsOf("a=b"), Node: "hv-1"})
		o.PDBs.Put(fmt.Sprint("team/x", i), PDB{Labels: LabelsOf("c=d", "e=f")})
	}
	left := maxCompared
	for range 2000 {
		o.held("team", LabelsOf("a=b"), &left)
	}
	if left > 0 || left < -1<<20 {
		t.Errorf("%d bytes are left to compare", left)
	}
	roll(o, p)
}

// TestF56NamesThatAreCountedAreFew: beyond MaxCounts they are counted together, and nothing is lost.
func TestF56NamesThatAreCountedAreFew(t *testing.T) {
	o := new(Objects)
	for i := range 500 {
		o.putPod(fmt.Sprint("a/", i), Pod{Phase: fmt.Sprint("phase", i)})
		o.VMs.Put(fmt.Sprint("a/", i), VM{Status: fmt.Sprint("status", i)})
	}
	s := roll(o, &NodeIdentity{})
	for _, list := range [][]Count{s.Pods.ByPhase, s.Virt.Tally.ByStatus} {
		sum := 0
		for _, c := range list {
			sum += c.N
		}
		if len(list) != MaxCounts || sum != 500 {
			t.Errorf("%d names of %d", len(list), sum)
		}
	}
}

// TestF56RoomForObjects: what a list brings takes the place of what was there before it, and what is beyond the limits does not
// come in.
func TestF56RoomForObjects(t *testing.T) {
	o := new(Objects)
	for i := range MaxObjects {
		if !Keep(o, &o.Namespaces, fmt.Sprint("old", i), struct{}{}, 0) {
			t.Fatalf("no room for number %d", i)
		}
	}
	if Keep(o, &o.Namespaces, "one more", struct{}{}, 0) || !Keep(o, &o.Namespaces, "old7", struct{}{}, 0) {
		t.Error("more than there is room for, or the same once more")
	}
	o.Namespaces.Begin()
	for i := range MaxObjects {
		if !Keep(o, &o.Namespaces, fmt.Sprint("new", i), struct{}{}, 0) {
			t.Fatalf("what was there before takes the room of number %d", i)
		}
	}
	o.Namespaces.End()
	if o.Namespaces.Len() != MaxObjects || Keep(o, &o.Namespaces, "one more", struct{}{}, 0) {
		t.Errorf("%d", o.Namespaces.Len())
	}
	o.Namespaces.Empty()
	if o.bytes() != 0 {
		t.Errorf("%d bytes of nothing", o.bytes())
	}
	for i := 0; ; i++ {
		if !Keep(o, &o.Pods, fmt.Sprint(i), KeptPod{}, 1<<20) {
			if i < 10 || i > MaxBytes>>20 || o.bytes() > MaxBytes {
				t.Errorf("%d objects of a megabyte", i)
			}
			break
		}
	}
	if Keep(o, &o.VMs, "vm", VM{}, 1<<20) || !Keep(o, &o.Pods, "0", KeptPod{}, 0) || !Keep(o, &o.VMs, "vm", VM{}, 1<<19) {
		t.Error("all kinds share their room")
	}
	o.Pods.Drop("1")
	o.Pods.Drop("1")
	o.Pods.Drop("never there")
	left := o.bytes()
	for i := range MaxBytes >> 20 {
		o.Pods.Drop(fmt.Sprint(i))
	}
	o.VMs.Drop("vm")
	if o.bytes() != 0 || left <= 0 {
		t.Errorf("%d bytes, then %d", left, o.bytes())
	}
}

func TestParseUID(t *testing.T) {
	const uid = "0d4f6c1e-7a55-4c0b-9a53-6d2c8f3b1a90"
	want := UID{0x0d, 0x4f, 0x6c, 0x1e, 0x7a, 0x55, 0x4c, 0x0b, 0x9a, 0x53, 0x6d, 0x2c, 0x8f, 0x3b, 0x1a, 0x90}
	for text, want := range map[string]UID{uid: want, "0d4f6c1e7a554c0b9a536d2c8f3b1a90": want, uid[1:]: {}, uid + "0": {}, "": {}, "0D4F6C1E" + uid[8:]: {}, uid[:35] + "g": {}} {
		if got := ParseUID(text); got != want {
			t.Errorf("%q is %x, want %x", text, got, want)
		}
	}
	pods := Pods{List: []NamedPod{{Name: "none"}, {Name: "a", Pod: Pod{UID: want}}}}
	if p := pods.Pod(uid); p == nil || p.Name != "a" {
		t.Errorf("%q is %v", uid, p)
	}
	if p := pods.Pod(""); p != nil {
		t.Errorf("no UID is %v", p)
	}
}
