package screens_test

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
)

// TestFirstTenSeconds: what goes wrong is in the verdict line of every page at 80x24, and why in full at most two keys away.
// Each is found at the first look; a stall takes 10 seconds, see frame.
func TestFirstTenSeconds(t *testing.T) {
	api := func(rung kube.Check, why string, checks ...string) func(*frame.Frame) {
		return func(f *frame.Frame) {
			f.Kube.Health = health.Health{State: health.Stale, At: f.Boot, Since: f.Boot, Err: why}
			f.Kube.Cause = kube.Cause{Check: rung, Why: why, Checks: checks}
		}
	}
	vm := func(status, why string) func(*frame.Frame) {
		return func(f *frame.Frame) {
			v := &f.Kube.Virt.VMs[4]
			v.Status, v.Since = status, f.Now
			f.Kube.Events = []kube.Event{{Kind: "Pod", Namespace: v.Namespace, Name: "virt-launcher-" + v.Name + "-x7k2p", Reason: "Failed", Message: why, Last: f.Now}}
		}
	}
	const unschedulable = "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, 2 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
	const notReady = "Kubelet stopped posting node status: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized"
	const backOff = "back-off 5m0s restarting failed container=virt-handler pod=virt-handler-7xk2p_kubevirt(5e0b4a57-b2f7-4b2f-9a57-1a2b3c4d5e6f)"
	for name, c := range map[string]struct {
		change  func(*frame.Frame)
		verdict string // begins so
		keys    []draw.Key
		reason  string
	}{
		"API server killed": {api(kube.Dial, "refused"), "API down: refused 4s [F2]", []draw.Key{'!', draw.KeyEnter}, "connection    https://127.0.0.1:6443 refused"},
		"etcd killed": {api(kube.NotReady, "not ready: etcd, etcd-readiness", "etcd", "etcd-readiness"), "API not ready: etcd, etcd-readiness 4s [F2]",
			[]draw.Key{'!'}, "API not ready: etcd, etcd-readiness"},
		"cable": {func(f *frame.Frame) {
			for _, l := range f.Net.Interfaces {
				if l.Name == "eth1" {
					l.Carrier, l.State = false, "down"
				}
			}
		}, "eth1 no carrier 4s: br-storage, 2 VMs [F3]", []draw.Key{'!'}, "eth1 no carrier: br-storage, 2 VMs"},
		"disk": {func(f *frame.Frame) { f.Host.Filesystems[0].UsedPercent = 97 }, "/ 97% full 4s [F2]", []draw.Key{'!', draw.KeyEnter}, "97.0%"},
		"VM crashes": {vm("CrashLoopBackOff", "guest panicked: internal error: qemu unexpectedly closed the monitor"), "VM team-0/vm-04 CrashLoopBackOff 4s [F2]",
			[]draw.Key{'!'}, "guest panicked: internal error: qemu unexpectedly closed the monitor"},
		"VM has no node": {vm("ErrorUnschedulable", unschedulable), "VM team-0/vm-04 ErrorUnschedulable 4s [F2]", []draw.Key{'!'}, unschedulable},
		"node": {func(f *frame.Frame) {
			f.Kube.Nodes.Ready, f.Kube.Nodes.Faults = 2, []kube.Fault{{Node: "hypervisor-02", VMs: 4, Pods: 14,
				Condition: kube.Condition{Type: "Ready", Status: "Unknown", Message: notReady, Since: f.Now}}}
		}, "node hypervisor-02 NotReady 4s: 4 VMs, 10 pods [F2]", []draw.Key{'!'}, notReady},
		"pod": {func(f *frame.Frame) {
			f.Kube.Ill = []kube.NamedPod{{Namespace: "kubevirt", Name: "virt-handler-7xk2p", Pod: kube.Pod{Why: "CrashLoopBackOff", Restarts: 12, Since: f.Now, Message: backOff, LastEnd: "exit code 1"}}}
		}, "pod kubevirt/virt-handler-7xk2p CrashLoopBackOff after exit co", []draw.Key{'!'}, backOff},
		"pod's log": {func(f *frame.Frame) {
			f.Kube.Pods.List = append(f.Kube.Pods.List, kube.NamedPod{Namespace: "web", Name: "pay-6c8f9d", Pod: kube.Pod{Why: "CrashLoopBackOff", Restarts: 1, Since: f.Now}})
		}, "pod web/pay-6c8f9d CrashLoopBackOff, 1 restart 4s [F2]", []draw.Key{'!', draw.KeyEnter}, "following  /pay-6c8f9d"},
		"CPU": {func(f *frame.Frame) { f.Host.Pressure.CPUSome, f.Host.Pressure.CPUSome60 = 63, 15 }, "CPU stalled 63% 4s: team-1/vm-12 uses 2.5 CPUs [F2]", []draw.Key{'!'}, "team-1/vm-12 uses 2.5 CPUs"},
		"OOM kill": {func(f *frame.Frame) {
			f.Kernel = []journal.KernelEvent{{Kind: journal.OutOfMemory, Time: f.Now, Severity: journal.Err,
				Text: "Out of memory: Killed process 4711 (qemu-system-x86) total-vm:33554432kB, anon-rss:31457280kB"}}
		}, "out of memory: killed qemu-system-x86 4s [F1]", []draw.Key{'!'}, "Out of memory: Killed process 4711 (qemu-system-x86) total-vm:33554432kB, anon-rss:31457280kB"},
		"unit": {func(f *frame.Frame) {
			f.Units.Failed = []sample.Unit{{Name: "smartd.service", Active: "failed", Sub: "failed", Since: f.Now}}
		}, "smartd.service failed 4s [F1]", []draw.Key{'!', draw.KeyEnter}, "following  /smartd"},
		"check": {func(f *frame.Frame) {
			f.Checks = &plugin.State{Health: health.Health{State: health.OK, At: f.Boot, Since: f.Boot}, Results: []plugin.Result{
				{Name: "raid", Status: plugin.Critical, At: f.Boot, Interval: time.Minute, Timeout: 10 * time.Second, Text: "md0 is degraded: 1 of 2 disks, nvme1n1p3 has failed"}}}
		}, "check raid: md0 is degraded: 1 of 2 disks, nvme1n1p3 has failed 4s [F5]", []draw.Key{'!', draw.KeyEnter, draw.KeyEnter}, "raid  critical  for 4s"},
	} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		c.change(f)
		tracker := new(frame.Tracker)
		for range 2 {
			if tracker.Derive(&f.Snapshot); len(f.Problems) != 1 {
				t.Fatalf("%s: %d problems, want one", name, len(f.Problems))
			}
			f.Now, f.Boot = f.Now.Add(4*time.Second), f.Boot+4*time.Second
		}
		f.Now, f.Boot = f.Now.Add(-4*time.Second), f.Boot-4*time.Second
		for _, page := range []string{frame.Logs, frame.Dashboard, frame.Network} {
			if row := strings.Split(shot(t, page, 80, 24, f), "\n")[3]; !strings.HasPrefix(row, " ! "+c.verdict) {
				t.Errorf("%s: the verdict on %s is %q, want %q", name, page, row, c.verdict)
			}
		}
		if text := shot(t, frame.Dashboard, 80, 24, f, c.keys...); !strings.Contains(letters(text), letters(c.reason)) {
			t.Errorf("%s: after %d keys %q is not there:\n%s", name, len(c.keys), c.reason, text)
		}
	}
}

// letters is text without blanks, line breaks and the frame of an overlay: a reason goes over several rows.
func letters(text string) string {
	return strings.NewReplacer(" ", "", "\n", "", "|", "").Replace(text)
}

// TestOverlaysCutNothing: what has no room in its column at 80 columns has a row of its own.
func TestOverlaysCutNothing(t *testing.T) {
	const mount = "/var/lib/kubelet/plugins/kubernetes.io/csi/driver.longhorn.io/0f3a/globalmount"
	const why = "open /sys/class/hwmon: permission denied, and this is a reason that is longer than its column"
	f := frametest.Fixed()
	f.Host.Filesystems[0].Mount, f.Host.Filesystems[1].RemountedRO = mount[:70], true
	f.Host.Health[sample.Sensors] = health.Health{State: health.Failed, Err: why}
	f.Kube.Health = health.Health{State: health.Failed, Since: f.Boot, Err: why}
	f.Kube.Cause = kube.Cause{Check: kube.TLS, Why: why}
	f.Net.Gateways[0].Neighbour = "none"
	frametest.Derive(f)
	for _, c := range []struct {
		page string
		keys []draw.Key
		want []string
	}{
		{frame.Dashboard, []draw.Key{'d'}, []string{mount[:70], "became read-only"}},
		{frame.Dashboard, []draw.Key{'i'}, []string{why}},
		{frame.Dashboard, []draw.Key{'i', draw.KeyPageDown}, []string{why}},
		{frame.Network, []draw.Key{'j', 'j', draw.KeyEnter}, []string{"metric 100, not asked for lately"}},
	} {
		text := shot(t, c.page, 80, 40, f, c.keys...)
		for _, want := range c.want {
			if !strings.Contains(letters(text), letters(want)) {
				t.Errorf("%s after %q: %q is missing:\n%s", c.page, c.keys, want, text)
			}
		}
	}
}
