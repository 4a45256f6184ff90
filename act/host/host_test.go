package host

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/act"
	"hypervisor-tui/act/node"
	"hypervisor-tui/act/unit"
	"hypervisor-tui/kube/watch"
)

// answers are what an API server says, by the path before its query.
type answers map[string]string

func (a answers) Do(_ context.Context, q watch.Call, v any) error {
	path, _, _ := strings.Cut(q.Path, "?")
	if path == "/api/v1/nodes/hv1" && len(a) > 0 && a[path] == "" {
		return &watch.Refusal{Code: 404}
	}
	text, ok := a[path]
	if !ok || q.Method != "GET" {
		return errors.New("the API server: refused")
	}
	return json.Unmarshal([]byte(text), v)
}

const (
	hv1    = `{"metadata":{"name":"hv1","uid":"n1"}}`
	clones = `{"items":[{"metadata":{"name":"a"},"status":{"nodeInfo":{"machineID":"m"}}},{"metadata":{"name":"b"},"status":{"nodeInfo":{"machineID":"m"}}}]}`
	label  = `{"items":[{"metadata":{"name":"a","labels":{"kubernetes.io/hostname":"HV1"}}},{"metadata":{"name":"b"},"status":{"nodeInfo":{"machineID":"m"}}}]}`
	byID   = `{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"},"spec":{"unschedulable":true},"status":{"nodeInfo":{"machineID":"m"}}}]}`
	runs   = `{"items":[
 {"metadata":{"name":"virt-launcher-vm-a","namespace":"ns","uid":"1","labels":{"kubevirt.io":"virt-launcher"},"annotations":{"kubevirt.io/domain":"vm-a"}}},
 {"metadata":{"name":"web-1","namespace":"ns","uid":"2"}},
 {"metadata":{"name":"ds-1","namespace":"ns","uid":"3","ownerReferences":[{"kind":"DaemonSet","controller":true}]}}]}`
	nothing = `{"items":[]}`
)

// TestLook: what runs here, whoever inhibits a reboot, and what is not known of either blocks it, and can be overruled.
func TestLook(t *testing.T) {
	for name, s := range map[string]struct {
		api    answers // nil: no cluster
		list   []unit.Inhibitor
		err    error
		will   []string // each a part of a line after the first
		blocks []string // each a part of a line
	}{
		"no cluster":   {nil, nil, nil, []string{"knows of no cluster"}, nil},
		"no API":       {answers{}, nil, nil, nil, []string{"not known: the API server: refused"}},
		"no node":      {answers{"/api/v1/nodes": clones}, nil, nil, nil, []string{"no node that is this host"}},
		"VMs and pods": {answers{"/api/v1/nodes/hv1": hv1, "/api/v1/pods": runs}, nil, nil, []string{"not cordoned"}, []string{"1 VM runs here and ends with it: ns/vm-a", "1 pod runs here: it is not drained: ns/web-1"}},
		"empty":        {answers{"/api/v1/nodes/hv1": hv1, "/api/v1/pods": nothing}, nil, nil, []string{"nothing but DaemonSets'", "not cordoned"}, nil},
		"by label":     {answers{"/api/v1/nodes": label, "/api/v1/pods": nothing}, nil, nil, []string{"nothing but", "not cordoned"}, nil},
		"drained":      {answers{"/api/v1/nodes": byID, "/api/v1/pods": nothing}, nil, nil, []string{"nothing but"}, nil},
		"pods unknown": {answers{"/api/v1/nodes/hv1": hv1}, nil, nil, nil, []string{"not known"}},
		"no logind":    {nil, nil, errors.New("logind does not answer"), []string{"no cluster"}, []string{"who inhibits a reboot is not known: logind"}},
		"inhibited": {nil, []unit.Inhibitor{
			{What: "sleep:shutdown", Who: "Backup", Why: "nightly", Mode: "block", PID: 812}, {What: "shutdown", Who: "Delayer", Mode: "delay"}, {What: "sleep", Who: "Sleeper", Mode: "block"},
		}, nil, []string{"no cluster"}, []string{"Backup (process 812) inhibits it: nightly"}},
	} {
		h := Host{MachineID: "m", Inhibitors: func(context.Context) ([]unit.Inhibitor, error) { return s.list, s.err }}
		if s.api != nil {
			h.Nodes = &node.Nodes{API: s.api}
		}
		f, err := h.Look(t.Context(), act.Ask{Verb: act.HostReboot, Object: "hv1", By: "uid 1000"})
		fits := func(got, want []string) bool {
			return slices.EqualFunc(got, want, func(g, w string) bool { return strings.Contains(g, w) })
		}
		if err != nil || !f.Force || !fits(f.Will, slices.Concat([]string{"hv1 reboots"}, s.will)) || !fits(f.Blocks, s.blocks) {
			t.Errorf("%s: will %q, blocks %q, force %v, %v", name, f.Will, f.Blocks, f.Force, err)
		}
	}
}

// TestStateTellsChanges: another pod, a cordon and another inhibitor are another state.
func TestStateTellsChanges(t *testing.T) {
	var list []unit.Inhibitor
	api := answers{"/api/v1/nodes/hv1": hv1, "/api/v1/pods": nothing}
	h := Host{Nodes: &node.Nodes{API: api}, Inhibitors: func(context.Context) ([]unit.Inhibitor, error) { return list, nil }}
	state := func() []string {
		f, err := h.Look(t.Context(), act.Ask{Verb: act.HostReboot, Object: "hv1"})
		if err != nil {
			t.Fatal(err)
		}
		return f.State
	}
	last := state()
	for name, change := range map[string]func(){
		"a pod": func() { api["/api/v1/pods"] = runs },
		"cordoned": func() {
			api["/api/v1/nodes/hv1"] = strings.Replace(hv1, `"uid":"n1"}`, `"uid":"n1"},"spec":{"unschedulable":true}`, 1)
		},
		"an inhibitor": func() { list = append(list, unit.Inhibitor{What: "shutdown", Who: "x", Mode: "block", PID: 1}) },
	} {
		change()
		if now := state(); slices.Equal(last, now) {
			t.Errorf("%s is not in the state %q", name, now)
		} else {
			last = now
		}
	}
}

// TestDo: a reboot that is refused is an error, and nothing else reboots.
func TestDo(t *testing.T) {
	times := 0
	h := Host{Reboot: func(context.Context) error { times++; return errors.New("polkit does not allow it") }}
	if _, err := h.Do(t.Context(), act.Ask{Verb: act.HostReboot, Object: "hv1"}, act.Facts{}, nil); err == nil || times != 1 {
		t.Errorf("%v, %d times", err, times)
	}
	if _, err := h.Do(t.Context(), act.Ask{Verb: act.NodeDrain, Object: "hv1"}, act.Facts{}, nil); err == nil || times != 1 {
		t.Errorf("another verb: %v, %d times", err, times)
	}
}
