package kube

import "testing"

// TestB1ConditionsAreJudgedByName: what is good for one condition is bad for another, and nobody can tell of the rest.
func TestB1ConditionsAreJudgedByName(t *testing.T) {
	for _, c := range []struct {
		kind, status string
		want         Truth
	}{
		{"Ready", "True", True}, {"Ready", "False", False}, {"Ready", "Unknown", False}, {"Ready", "", False},
		{"EtcdIsVoter", "True", True}, {"EtcdIsVoter", "False", False}, {"EtcdIsVoter", "Unknown", Unknown},
		{"MemoryPressure", "False", True}, {"MemoryPressure", "True", False}, {"DiskPressure", "True", False}, {"PIDPressure", "True", False},
		{"NetworkUnavailable", "True", False}, {"NetworkUnavailable", "False", True}, {"MemoryPressure", "Unknown", Unknown},
		{"KernelDeadlock", "True", False}, {"ReadonlyFilesystem", "True", False}, {"CorruptDockerOverlay2", "True", False},
		{"FrequentContainerdRestart", "True", False}, {"FrequentUnregisterNetDevice", "False", True}, {"KubeletUnhealthy", "True", False},
		{"RebootRequested", "True", Unknown}, {"RebootRequested", "False", Unknown}, {"GPUHealthy", "False", Unknown}, {"ready", "False", Unknown},
	} {
		condition := Condition{Type: c.kind, Status: c.status, Good: True}
		condition.Judge()
		if condition.Good != c.want {
			t.Errorf("%s=%s is judged %v, want %v", c.kind, c.status, condition.Good, c.want)
		}
	}
}

// TestB1OwnFaultsComeFirst: those of this node are not pushed out of the list by those of many others.
func TestB1OwnFaultsComeFirst(t *testing.T) {
	o := new(Objects)
	for _, name := range []string{"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "z"} {
		o.Nodes.Put(name, Node{Name: name, Conditions: []Condition{{Type: "DiskPressure", Status: "True", Good: False}, {Type: "Odd", Status: "True"}}})
	}
	faults := roll(o, &NodeIdentity{Hostname: "z"}).Nodes.Faults
	if len(faults) != MaxNames || faults[0].Node != "z" || faults[0].Type != "DiskPressure" || faults[1].Node != "a0" {
		t.Errorf("%+v", faults)
	}
}
