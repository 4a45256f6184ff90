//go:build !nokube

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/apitest"
)

// actHelper is the built program as the helper that acts, and a connection to it.
type actHelper struct {
	t      *testing.T
	config string
	state  string // its StateDirectory
	socket string
	cmd    *exec.Cmd
	conn   net.Conn
	in     *bufio.Reader
}

// newActHelper starts a helper that may do everything to c's nodes and VMs.
func newActHelper(t *testing.T, c *apitest.Cluster, user string) *actHelper {
	t.Helper()
	h := &actHelper{t: t, state: t.TempDir()}
	h.socket = filepath.Join(h.state, "socket")
	h.config = writeFile(t, "config.yaml", fmt.Sprintf("actions: {enable: true, cluster: true, vms: true, socket: %s, kubeconfigPath: %s}\n",
		h.socket, writeFile(t, "kubeconfig", c.Kubeconfig(user))))
	h.start()
	t.Cleanup(h.kill)
	return h
}

func (h *actHelper) start() {
	h.t.Helper()
	h.cmd = exec.Command(program(h.t, ""), "--act", "--config", h.config)
	h.cmd.Env = environment(h.t, "STATE_DIRECTORY="+h.state)
	h.cmd.Stderr = h.t.Output()
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	await.Until(h.t, "the helper answers", func() bool {
		c, err := net.Dial("unix", h.socket)
		h.conn = c
		return err == nil
	})
	h.in = bufio.NewReader(h.conn)
}

// kill ends the helper as kill -9 does.
func (h *actHelper) kill() {
	_ = h.cmd.Process.Kill() // it may have ended
	_ = h.cmd.Wait()
	_ = h.conn.Close()
}

// ask sends a request and returns the next reply.
func (h *actHelper) ask(r act.Request) act.Reply {
	h.t.Helper()
	_ = h.conn.SetDeadline(time.Now().Add(await.Limit))
	if _, err := h.conn.Write(act.Append(nil, r)); err != nil {
		h.t.Fatal(err)
	}
	return h.next()
}

func (h *actHelper) next() act.Reply {
	h.t.Helper()
	line, err := h.in.ReadBytes('\n')
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := act.ReadReply(line)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// planned asks what a verb would do to the first node.
func (h *actHelper) planned(v act.Verb) *act.Planned {
	h.t.Helper()
	r := h.ask(act.Request{Plan: &act.Ask{Verb: v, Object: apitest.Node(0)}})
	if r.Planned == nil {
		h.t.Fatalf("%s: %+v", v, r.Refused)
	}
	return r.Planned
}

// TestRealAPIAct: the built helper plans a drain, refuses it when the node has changed since, and drains. Killed in the middle it is
// started again and tells what was begun; --undo takes the cordon back, and says when it cannot.
func TestRealAPIAct(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Create("/api/v1/namespaces", apitest.Object{"metadata": apitest.Object{"name": apitest.Namespace}})
	for i := range 2 {
		c.Create("/api/v1/nodes", apitest.Object{"metadata": apitest.Object{"name": apitest.Node(i), "labels": apitest.Object{"a": "b"}}})
	}
	c.Evictions(func(apitest.Eviction) string { return `Eviction triggered evacuation of VMI "vms/vm-a"` })
	c.Create(apitest.In("/api/v1/pods"), apitest.Object{
		"metadata": apitest.Object{
			"name": "virt-launcher-vm-a", "labels": apitest.Object{"kubevirt.io": "virt-launcher"}, "annotations": apitest.Object{"kubevirt.io/domain": "vm-a"},
		},
		"spec": apitest.Object{"nodeName": apitest.Node(0), "containers": []apitest.Object{{"name": "a", "image": "registry.example/a"}}},
	})
	cordoned := func() bool {
		spec, _ := c.Get("/api/v1/nodes/" + apitest.Node(0))["spec"].(apitest.Object)
		return spec["unschedulable"] == true
	}
	h := newActHelper(t, c, apitest.Admin)
	welcome := h.ask(act.Request{Hello: &act.Hello{}}).Welcome
	if welcome == nil || !slices.Contains(welcome.Verbs, act.NodeDrain) || !slices.Contains(welcome.Verbs, act.VMMigrate) || slices.Contains(welcome.Verbs, act.HostReboot) || welcome.Undo != 30*time.Minute {
		t.Errorf("welcome %+v", welcome)
	}
	const moves = "1 VM moves while it runs: vms/vm-a"
	await.Until(t, "the API server asks the webhook", func() bool { return slices.Contains(h.planned(act.NodeDrain).Will, moves) })
	p := h.planned(act.NodeDrain)
	c.Patch("/api/v1/nodes/"+apitest.Node(0), apitest.Object{"spec": apitest.Object{"unschedulable": true}})
	r := h.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: p.Type}})
	if r.Refused == nil || !strings.Contains(r.Refused.Text, "something has changed") || !slices.Contains(r.Refused.Will, "hv-0 is cordoned already, not by this console") {
		t.Errorf("after the node has changed: %+v", r.Refused)
	}
	c.Patch("/api/v1/nodes/"+apitest.Node(0), apitest.Object{"spec": apitest.Object{"unschedulable": nil}})
	p = h.planned(act.NodeDrain)
	r = h.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: p.Type}})
	if r.Progress == nil || r.Progress.Of != 1 || !strings.Contains(r.Progress.Text, "moving vms/vm-a") || !cordoned() {
		t.Fatalf("drained: %+v, cordoned %v", r, cordoned())
	}
	h.kill()
	h.start()
	if w := h.ask(act.Request{Hello: &act.Hello{}}).Welcome; w == nil || !strings.Contains(w.Stopped, "drain of hv-0") {
		t.Errorf("after it was killed: %+v", w)
	}

	undo := func() ran {
		return run(t, environment(t, "STATE_DIRECTORY="+h.state), "--undo", apitest.Node(0), "--config", h.config)
	}
	c.KillAPI()
	if got := undo(); got.code != exitFailure || !strings.Contains(got.stderr, "the API server: refused") {
		t.Errorf("without an API server: %d, %s", got.code, got.stderr)
	}
	c.StartAPI()
	if got := undo(); got.code != exitFine || !strings.Contains(got.stderr, "not cordoned any more") || cordoned() {
		t.Errorf("undone: %d, %s, cordoned %v", got.code, got.stderr, cordoned())
	}
	h.kill()
	h.start()
	if w := h.ask(act.Request{Hello: &act.Hello{}}).Welcome; w == nil || w.Stopped != "" {
		t.Errorf("after it was undone: %+v", w)
	}
	if r := h.ask(act.Request{Plan: &act.Ask{Verb: act.VMStart, Object: "vms/vm-a"}}); r.Refused == nil || !strings.Contains(r.Refused.Text, "no such VM") {
		t.Errorf("a VM without KubeVirt: %+v", r)
	}
}
