package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/act"
	"hypervisor-tui/kube/watch"
)

type thing = map[string]any

// kubevirt is KubeVirt with one VM, ns/vm-a. It refuses what refuses has, by the path.
type kubevirt struct {
	machine, instance thing // nil: none
	refuses           map[string]*watch.Refusal
	calls             []string // that change something or rehearse it, as they are sent
	agents            []string
}

func (k *kubevirt) Do(_ context.Context, q watch.Call, v any) error {
	k.agents = append(k.agents, q.Agent)
	const objects = "/apis/kubevirt.io/v1/namespaces/ns/"
	var answer thing
	switch {
	case q.Method == "GET" && q.Path == objects+"virtualmachines/vm-a":
		answer = k.machine
	case q.Method == "GET" && q.Path == objects+"virtualmachineinstances/vm-a":
		answer = k.instance
	default:
		k.calls = append(k.calls, fmt.Sprintf("%s %s %s %s", q.Method, q.Path, q.Type, q.Body))
		if no := k.refuses[q.Path]; no != nil {
			return no
		}
		return nil
	}
	if answer == nil {
		return &watch.Refusal{Code: 404, Message: "not found"}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func running() *kubevirt {
	return &kubevirt{
		machine: thing{"metadata": thing{"uid": "m1"}, "spec": thing{"runStrategy": "Always"}, "status": thing{"printableStatus": "Running"}},
		instance: thing{"metadata": thing{"uid": "i1"}, "spec": thing{"terminationGracePeriodSeconds": 180}, "status": thing{
			"phase": "Running", "nodeName": "hv1", "conditions": []thing{{"type": "AgentConnected", "status": "True"}},
		}},
	}
}

func ask(v act.Verb) act.Ask { return act.Ask{Verb: v, Object: "ns/vm-a", By: "uid 1000"} }

// TestRequests: each verb is rehearsed and then sent as KubeVirt's API has it, to the byte. A soft reboot has no options: it is sent once.
func TestRequests(t *testing.T) {
	const at = "PUT /apis/subresources.kubevirt.io/v1/namespaces/ns/"
	for v, path := range map[act.Verb]string{
		act.VMStart: "virtualmachines/vm-a/start", act.VMStop: "virtualmachines/vm-a/stop", act.VMRestart: "virtualmachines/vm-a/restart",
		act.VMMigrate: "virtualmachines/vm-a/migrate", act.VMPause: "virtualmachineinstances/vm-a/pause",
		act.VMUnpause: "virtualmachineinstances/vm-a/unpause", act.VMSoftReboot: "virtualmachineinstances/vm-a/softreboot",
	} {
		rehearsal := []string{at + path + ` application/json {"dryRun":["All"]}`}
		want := slices.Concat(rehearsal, []string{at + path + ` application/json {}`})
		if v == act.VMSoftReboot {
			rehearsal, want = nil, []string{at + path + "  "}
		}
		k := running()
		f, err := VMs{k}.Look(t.Context(), ask(v))
		if err != nil || !slices.Equal(k.calls, rehearsal) {
			t.Errorf("%s is rehearsed by %q, %v, want %q", v, k.calls, err, rehearsal)
			continue
		}
		text, err := VMs{k}.Do(t.Context(), ask(v), f, nil)
		if err != nil || !slices.Equal(k.calls, want) || !strings.HasSuffix(text, " ns/vm-a") {
			t.Errorf("%s is done by %q, %q, %v, want %q", v, k.calls, text, err, want)
		}
		if slices.ContainsFunc(k.agents, func(a string) bool { return a != "hypervisor-tui-act (uid 1000)" }) {
			t.Errorf("%s: User-Agents %q", v, k.agents)
		}
	}
	for _, r := range act.Rules {
		if _, ok := verbs[r.Verb]; ok != (r.Kind == act.VM) {
			t.Errorf("%s is known here: %v", r.Verb, ok)
		}
	}
}

// TestWill: a plan says how the VM is, and what a verb changes beyond what its name says.
func TestWill(t *testing.T) {
	halted := func(k *kubevirt) {
		k.machine["spec"], k.machine["status"], k.instance = thing{"runStrategy": "Halted"}, thing{"printableStatus": "Stopped"}, nil
	}
	for name, s := range map[string]struct {
		verb   act.Verb
		change func(k *kubevirt)
		want   []string // each a part of a line
	}{
		"start": {act.VMStart, halted, []string{"VM ns/vm-a is Stopped", "it starts", "run strategy becomes Always"}},
		"start, not running": {act.VMStart, func(k *kubevirt) { halted(k); k.machine["spec"] = thing{"running": false} },
			[]string{"is Stopped", "it starts", "becomes Always"}},
		"start by hand":  {act.VMStart, func(k *kubevirt) { halted(k); k.machine["spec"] = thing{"runStrategy": "Manual"} }, []string{"is Stopped", "it starts"}},
		"stop":           {act.VMStop, nil, []string{"VM ns/vm-a is Running on hv1", "ended after 180 seconds", "becomes Halted"}},
		"stop by hand":   {act.VMStop, func(k *kubevirt) { k.machine["spec"] = thing{"runStrategy": "Manual"} }, []string{"on hv1", "180 seconds"}},
		"grace unknown":  {act.VMRestart, func(k *kubevirt) { k.instance["spec"] = thing{} }, []string{"on hv1", "asked to shut down, then ended", "then it starts"}},
		"reboot":         {act.VMSoftReboot, nil, []string{"on hv1", "by its agent", "cannot rehearse"}},
		"reboot by ACPI": {act.VMSoftReboot, func(k *kubevirt) { delete(k.instance["status"].(thing), "conditions") }, []string{"on hv1", "by ACPI", "cannot rehearse"}},
		"no status yet":  {act.VMStart, func(k *kubevirt) { halted(k); delete(k.machine, "status") }, []string{"VM ns/vm-a", "it starts", "becomes Always"}},
		"migrate":        {act.VMMigrate, nil, []string{"on hv1", "it moves"}},
		"pause":          {act.VMPause, nil, []string{"on hv1", "CPUs stop"}},
		"unpause":        {act.VMUnpause, nil, []string{"on hv1", "CPUs go on"}},
	} {
		k := running()
		if s.change != nil {
			s.change(k)
		}
		f, err := VMs{k}.Look(t.Context(), ask(s.verb))
		if err != nil || len(f.Will) != len(s.want) {
			t.Errorf("%s: %q, %v, want %q", name, f.Will, err, s.want)
			continue
		}
		for i := range s.want {
			if !strings.Contains(f.Will[i], s.want[i]) {
				t.Errorf("%s: line %d is %q, want %q in it", name, i, f.Will[i], s.want[i])
			}
		}
	}
}

// TestRefused: what KubeVirt refuses is refused in its words, and what it cannot be asked is looked at before.
func TestRefused(t *testing.T) {
	const at = "/apis/subresources.kubevirt.io/v1/namespaces/ns/"
	words := `Operation cannot be fulfilled on virtualmachine.kubevirt.io "vm-a": Always does not support manual start requests`
	paused := []thing{{"type": "Paused", "status": "True"}}
	for name, s := range map[string]struct {
		verb   act.Verb
		object string
		change func(k *kubevirt)
		want   string
		calls  int
	}{
		"in its words": {act.VMStart, "", func(k *kubevirt) {
			k.refuses = map[string]*watch.Refusal{at + "virtualmachines/vm-a/start": {Code: 409, Message: words}}
		}, "KubeVirt refuses it: " + words, 1},
		"no such VM":               {act.VMStop, "", func(k *kubevirt) { k.machine = nil }, "there is no such VM", 0},
		"reboot of what is off":    {act.VMSoftReboot, "", func(k *kubevirt) { k.instance = nil }, "VM is not running", 0},
		"reboot of what starts":    {act.VMSoftReboot, "", func(k *kubevirt) { k.instance["status"] = thing{"phase": "Scheduled"} }, "VM is not running", 0},
		"reboot of what is paused": {act.VMSoftReboot, "", func(k *kubevirt) { k.instance["status"].(thing)["conditions"] = paused }, "VMI is paused", 0},
		"reboot of what cannot": {act.VMSoftReboot, "", func(k *kubevirt) {
			delete(k.instance["status"].(thing), "conditions")
			k.instance["spec"] = thing{"domain": thing{"features": thing{"acpi": thing{"enabled": false}}}}
		}, "neither have the agent connected nor the ACPI", 0},
		"no namespace": {act.VMStop, "vm-a", nil, "named namespace/name", 0},
		"another path": {act.VMStop, "ns/../../nodes", nil, "named namespace/name", 0},
		"a query":      {act.VMStop, "ns/vm-a?x=y", nil, "named namespace/name", 0},
		"no verb":      {act.NodeDrain, "", nil, "cannot be done to a VM", 0},
	} {
		k := running()
		if s.change != nil {
			s.change(k)
		}
		a := ask(s.verb)
		if s.object != "" {
			a.Object = s.object
		}
		_, err := VMs{k}.Look(t.Context(), a)
		if err == nil || !strings.Contains(err.Error(), s.want) || len(k.calls) != s.calls {
			t.Errorf("%s: %v, want %q; %q", name, err, s.want, k.calls)
		}
	}
	k := running()
	k.refuses = map[string]*watch.Refusal{at + "virtualmachines/vm-a/stop": {Code: 409, Message: words}}
	var no *watch.Refusal
	if text, err := (VMs{k}).Do(t.Context(), ask(act.VMStop), act.Facts{}, nil); !errors.As(err, &no) || text != "" {
		t.Errorf("refused when it is done: %q, %v", text, err)
	}
}

// TestStateTellsChanges: another instance, node, phase or strategy is another state; what changes every few seconds is not.
func TestStateTellsChanges(t *testing.T) {
	state := func(change func(k *kubevirt)) []string {
		k := running()
		change(k)
		f, err := VMs{k}.Look(t.Context(), ask(act.VMStop))
		if err != nil {
			t.Fatal(err)
		}
		return f.State
	}
	before := state(func(*kubevirt) {})
	for name, s := range map[string]struct {
		same   bool
		change func(k *kubevirt)
	}{
		"another VM":       {false, func(k *kubevirt) { k.machine["metadata"] = thing{"uid": "m2"} }},
		"another instance": {false, func(k *kubevirt) { k.instance["metadata"] = thing{"uid": "i2"} }},
		"no instance":      {false, func(k *kubevirt) { k.instance = nil }},
		"moved":            {false, func(k *kubevirt) { k.instance["status"].(thing)["nodeName"] = "hv2" }},
		"strategy":         {false, func(k *kubevirt) { k.machine["spec"] = thing{"runStrategy": "Manual"} }},
		"status":           {false, func(k *kubevirt) { k.machine["status"] = thing{"printableStatus": "Migrating"} }},
		"paused": {false, func(k *kubevirt) {
			k.instance["status"].(thing)["conditions"] = []thing{{"type": "Paused", "status": "True"}}
		}},
		"version": {true, func(k *kubevirt) { k.machine["metadata"] = thing{"uid": "m1", "resourceVersion": "9"} }},
	} {
		if after := state(s.change); slices.Equal(before, after) != s.same {
			t.Errorf("%s: %q before, %q after", name, before, after)
		}
	}
}

// TestOnTheWire: what goes over the wire is a rehearsal and then the request, each to the byte.
func TestOnTheWire(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, `{"status":{"phase":"Running"}}`)
			return
		}
		text, err := httputil.DumpRequest(r, true)
		if err != nil {
			t.Error(err)
		}
		got = append(got, strings.ReplaceAll(string(text), "\r\n", "\n"))
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	request := func(subresource, headers, body string) string {
		return "PUT /apis/subresources.kubevirt.io/v1/namespaces/ns/" + subresource + " HTTP/1.1\nHost: " + host + "\nAccept: application/json\n" +
			headers + "User-Agent: hypervisor-tui-act (uid 1000)\n\n" + body
	}
	d := VMs{watch.NewAPI(path)}
	for v, s := range map[act.Verb]struct {
		subresource string
		want        func(subresource string) []string
	}{
		act.VMMigrate: {"virtualmachines/vm-a/migrate", func(r string) []string {
			return []string{
				request(r, "Content-Length: 18\nContent-Type: application/json\n", `{"dryRun":["All"]}`),
				request(r, "Content-Length: 2\nContent-Type: application/json\n", `{}`),
			}
		}},
		act.VMSoftReboot: {"virtualmachineinstances/vm-a/softreboot", func(r string) []string {
			return []string{request(r, "Content-Length: 0\n", "")}
		}},
	} {
		got = nil
		f, err := d.Look(t.Context(), ask(v))
		if err == nil {
			_, err = d.Do(t.Context(), ask(v), f, nil)
		}
		want := s.want(s.subresource)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v\n%q, want\n%q", v, err, got, want)
		}
	}
}
