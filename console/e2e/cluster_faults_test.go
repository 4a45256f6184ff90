//go:build !nokube

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube"
	"hypervisor-tui/kube/apitest"
)

// until waits for a snapshot, and holds each one on the way to what is never shown. It returns the screens of that
// moment, which go test -v prints.
func (v *viewer) until(what string, is func(clusterJSON) bool) string {
	v.t.Helper()
	for limit := time.Now().Add(await.Limit); ; time.Sleep(20 * time.Millisecond) {
		s := v.snapshot()
		v.neverFalse(what, s)
		if is(s) {
			break
		}
		if time.Now().After(limit) {
			v.t.Fatalf("never %s; it is %v, %v, %v\n%s", what, s.Kubernetes["state"], s.Kubernetes["cause"], s.Kubernetes["kinds"], v.screen(frame.Dashboard))
		}
	}
	text := v.screen(frame.Dashboard) + v.screen(frame.Dashboard, 'i', draw.KeyEnd)
	v.t.Logf("%s:\n%s", what, text)
	return text
}

// neverFalse holds a snapshot to what is true whatever happens: a figure is there exactly while its kind has a value, and
// a cause while there is trouble.
func (v *viewer) neverFalse(what string, s clusterJSON) {
	v.t.Helper()
	states := map[string]string{}
	for _, kind := range list(s.Kubernetes, "kinds") {
		states[said(kind, "name")] = said(kind, "state")
		known := said(kind, "state") == "ok" || said(kind, "state") == "stale"
		if known != (at(kind, "count") != nil) {
			v.t.Fatalf("on the way to %s: %v", what, kind)
		}
	}
	for kind, figure := range map[string]any{
		"nodes": at(s.Kubernetes, "nodes", "total"), "pods": at(s.Kubernetes, "pods", "total"), "services": at(s.Kubernetes, "services", "total"),
		"persistentvolumeclaims": at(s.Kubernetes, "pvcs", "total"), "virtualmachines": at(s.KubeVirt, "vms", "total"),
	} {
		if known := states[kind] == "ok" || states[kind] == "stale"; known != (figure != nil) {
			v.t.Fatalf("on the way to %s: %s is %q, and the figure %v", what, kind, states[kind], figure)
		}
	}
	trouble := s.Kubernetes["state"] == "stale" || s.Kubernetes["state"] == "failed"
	if trouble != (at(s.Kubernetes, "cause", "rung") != nil) {
		v.t.Fatalf("on the way to %s: %v, cause %v", what, s.Kubernetes["state"], s.Kubernetes["cause"])
	}
}

// shows holds screens to texts that must be on them.
func shows(t *testing.T, screens string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(screens, text) {
			t.Errorf("%q is missing on\n%s", text, screens)
		}
	}
}

// broken says that a snapshot names a rung, and keeps figures from before if it should.
func broken(rung, why string, pods any) func(clusterJSON) bool {
	return func(s clusterJSON) bool {
		return said(s.Kubernetes, "cause", "rung") == rung && strings.Contains(said(s.Kubernetes, "cause", "why"), why) && at(s.Kubernetes, "pods", "total") == pods
	}
}

// TestF10RealAPIKilled: API server and store are killed and come back. What was known stays, with its age, and the reason
// is told.
func TestF10RealAPIKilled(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	v.agree(c, "all there is")
	counts := v.snapshot().Kubernetes
	pods := at(counts, "pods", "total")
	figures := fmt.Sprintf("/%v", pods.(float64)-at(counts, "pods", "succeeded").(float64))

	c.KillAPI()
	shows(t, v.until("the API server is dead", broken("connection", "refused", pods)), "API down", figures, "connection", "refused", " old)")
	c.StartAPI()
	v.agree(c, "all there is again")

	c.KillStore()
	shows(t, v.until("the store is dead", broken("ready", "etcd", pods)), "not ready", figures, "etcd")
	c.StartStore()
	c.Ready()
	v.agree(c, "all there is, once more")
}

// listed waits for a picture of F4, and holds each one on the way to have all nodes.
func (v *viewer) listed(what string, is func(screen string) bool) {
	v.t.Helper()
	for limit := time.Now().Add(await.Limit); ; time.Sleep(20 * time.Millisecond) {
		screen := v.screen(frame.Nodes)
		for i := range 3 {
			if !strings.Contains(screen, " "+apitest.Node(i)+" ") {
				v.t.Fatalf("on the way to %s %s is not listed\n%s", what, apitest.Node(i), screen)
			}
		}
		if is(screen) {
			v.t.Logf("%s:\n%s", what, screen)
			return
		}
		if time.Now().After(limit) {
			v.t.Fatalf("never %s\n%s", what, screen)
		}
	}
}

// TestF10RealAPIKilledUnderNodes: F4 keeps its list when the API server is killed, with an age that grows, and what has changed
// meanwhile takes its place without an empty list in between. Who comes while it is dead gets the reason, then the list.
func TestF10RealAPIKilledUnderNodes(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	v.agree(c, "all there is")
	mark := regexp.MustCompile(`\([^)]* old\)`)
	v.listed("fresh", func(screen string) bool { return !mark.MatchString(screen) })

	c.KillAPI()
	first := ""
	v.listed("old", func(screen string) bool { first = mark.FindString(screen); return first != "" })
	v.listed("older", func(screen string) bool { age := mark.FindString(screen); return age != "" && age != first })
	late := newViewer(t, c.Kubeconfig(apitest.Admin))
	await.Until(t, "the reason in place of a list", func() bool { return late.state.Load() != nil && strings.Contains(late.screen(frame.Nodes), "refused") })

	c.StartAPI()
	c.Patch("/api/v1/nodes/"+apitest.Node(1), object{"spec": object{"unschedulable": true}})
	changed := func(screen string) bool { return !mark.MatchString(screen) && strings.Contains(screen, "cordoned") }
	v.listed("what has changed", changed)
	v.agree(c, "all there is again")
	await.Until(t, "the list, for who came later", func() bool { return changed(late.screen(frame.Nodes)) })
	late.agree(c, "all there is, for who came later")
}

// TestF4RealAPICredentials: the clients' certificates are made anew, as when k3s starts after a year.
func TestF4RealAPICredentials(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	v.agree(c, "all there is")
	pods := at(v.snapshot().Kubernetes, "pods", "total")
	c.RenewCredentials()
	c.KillAPI()
	c.StartAPI()
	shows(t, v.until("the credentials are refused", broken("credentials", "unauthorized", pods)), "not seen", "credentials", "unauthorized")
	v.use(c.Kubeconfig(apitest.Admin))
	v.agree(c, "all there is again")
}

// TestF5RealAPIRights: an account that may see nothing is let in, and out again.
func TestF5RealAPIRights(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Viewer))
	shows(t, v.until("nothing is allowed", broken("rights", "forbidden", nil)), "not seen", "forbidden: list pods")
	c.Let()
	v.may(c, "all is allowed")
	c.Forbid()
	c.KillAPI() // who follows already is not asked again for minutes
	c.StartAPI()
	shows(t, v.until("nothing is allowed again", broken("rights", "forbidden", nil)), "not seen", "forbidden: list pods")
	c.Let()
	v.may(c, "all is allowed again")
}

// TestF6RealAPIKinds: KubeVirt is not installed, comes, goes and comes again.
func TestF6RealAPIKinds(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	absent := func(s clusterJSON) bool {
		for i, kind := range list(s.Kubernetes, "kinds") {
			if virtual := i >= int(kube.KindVM); i != int(kube.KindNodeMetrics) && virtual != (said(kind, "state") == "absent") {
				return false
			}
		}
		return s.Kubernetes["state"] == "ok" && s.KubeVirt["state"] == "absent" && s.KubeVirt["error"] == "not installed"
	}
	shows(t, v.until("KubeVirt is not there", absent), "not installed")
	c.Load(thisHost(t))
	v.agree(c, "KubeVirt")
	c.Undefine()
	shows(t, v.until("KubeVirt is gone", absent), "not installed")
	c.Define()
	v.until("KubeVirt is back, without VMs", func(s clusterJSON) bool {
		return s.KubeVirt["state"] == "ok" && at(s.KubeVirt, "vms", "total") == number(0)
	})
}
