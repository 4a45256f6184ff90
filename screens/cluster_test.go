package screens_test

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// TestF10HeaderTellsServiceAndAPI: what the service says and what the API says, and both when they differ.
func TestF10HeaderTellsServiceAndAPI(t *testing.T) {
	bad := func(rung kube.Check, checks ...string) func(*kube.State) {
		return func(k *kube.State) {
			k.Health = health.Health{State: health.Stale, At: frametest.Boot - 3*time.Minute, Since: frametest.Boot - 3*time.Minute, Err: "why"}
			k.Cause = kube.Cause{Check: rung, Why: "why", Checks: checks}
		}
	}
	fine := func(*kube.State) {}
	none := func(k *kube.State) {
		k.Health = health.Health{State: health.Absent, Err: "no kubeconfig"}
	}
	for _, c := range []struct {
		unit, active string
		api          func(*kube.State)
		want         string
	}{
		{"k3s.service", "active", fine, " K3s: ok Running "},
		{"k3s.service", "active", none, " K3s: ok active "},
		{"k3s.service", "failed", none, " K3s: x failed "},
		{"k3s.service", "active", bad(kube.Dial), " K3s: ! active, API down 3m "},
		{"k3s.service", "active", bad(kube.NotReady, "etcd"), " K3s: ! active, not ready 3m "},
		{"k3s.service", "active", bad(kube.Forbidden), " K3s: ! active, not seen 3m "},
		{"k3s.service", "activating", bad(kube.Dial), " K3s: x activating, down 3m "},
		{"rke2-server.service", "inactive", fine, " RKE2: ! inactive, API ok "},
		{"kubelet.service", "active", fine, " Kubelet: ok Running "},
		{"containerd.service", "active", fine, " K3s: ok API answers "},
		{"", "", bad(kube.Silent), " K3s: x API down 3m "},
		{"", "", none, " K3s: API: no kubeconfig "},
		{"", "", func(k *kube.State) { k.Health = health.Health{} }, " K3s: -- "},
	} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		c.api(f.Kube)
		f.Units.Watched = nil
		if c.unit != "" {
			f.Units.Watched = []sample.Unit{{Name: c.unit, Active: c.active}}
		}
		frametest.Derive(f)
		if row := strings.Split(shot(t, frame.Dashboard, 80, 24, f), "\n")[1]; !strings.HasPrefix(row, c.want) {
			t.Errorf("%s %s: %q, want %q", c.unit, c.active, row, c.want)
		}
	}
}

// TestF10OldKubeVirtStaysInItsColumn: its phase and age never run into the address beside them.
func TestF10OldKubeVirtStaysInItsColumn(t *testing.T) {
	for _, c := range []struct {
		phase string
		age   time.Duration
		want  string
	}{
		{"Deployed", 3 * time.Minute, " KubeVirt: Deployed (3m old) "},
		{"Deployed", 42 * time.Minute, " KubeVirt: Deployed (42m old) "},
		{"Deleted", 3 * time.Minute, " KubeVirt: Deleted (3m old) "},
		{"Deploying", 400 * 24 * time.Hour, " KubeVirt: Deploying (400d) "},
		{"SomethingNewAndLong", 42 * time.Minute, " KubeVirt: SomethingNe> (42m) "},
	} {
		f := frametest.Fixed()
		frametest.APIDown(f)
		f.Kube.Virt.Phase = c.phase
		f.Kube.Kinds[kube.KindKubeVirt].At = f.Boot - c.age
		row := strings.Split(shot(t, frame.Dashboard, 80, 24, f), "\n")[2]
		if !strings.HasPrefix(row, c.want) || !strings.HasPrefix(row[29:], " 192.168.1.100 ") {
			t.Errorf("%q, want %q and the address in its column", row, c.want)
		}
	}
}

// TestF10LadderIsWholeWhereItFits: what a rung is about is cut only when the row has no room for it.
func TestF10LadderIsWholeWhereItFits(t *testing.T) {
	f := frametest.Fixed()
	frametest.APIDown(f)
	f.Kube.Kubeconfig = "/var/lib/rancher/k3s/agent/kubelet.kubeconfig"
	f.Kube.Server = "https://api.some-where.example:6443"
	text := shot(t, frame.Dashboard, 80, 50, f, 'i')
	for _, want := range []string{f.Kube.Kubeconfig + " ", f.Kube.Server + " refused"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	f.Kube.Server = "https://" + strings.Repeat("long.", 12) + "example:6443"
	if text := shot(t, frame.Dashboard, 80, 50, f, 'i'); !strings.Contains(text, "> refused") {
		t.Errorf("why there is no answer is cut:\n%s", text)
	}
}

// TestNoFigureIsCut: a ratio that does not fit loses its total, never a digit.
func TestNoFigureIsCut(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Kube.Virt.Tally.Running, f.Kube.Virt.Tally.Total = 4500, 5000
	f.Kube.Pods = kube.Pods{Running: 9876, Total: 12345, Local: 110}
	for _, c := range []struct {
		w    int
		want string
	}{{80, "VMs: 4500  Pods: 9876\n"}, {132, "VMs: 4500  Pods: 9876/12345 here 110 "}} {
		if text := shot(t, frame.Dashboard, c.w, 40, f); !strings.Contains(text, c.want) {
			t.Errorf("at %d columns %q is missing:\n%s", c.w, c.want, text)
		}
	}
}

// TestHereIsToldWhereThereAreOtherNodes, and not where this is the only one.
func TestHereIsToldWhereThereAreOtherNodes(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	row := func() string { return strings.Split(shot(t, frame.Dashboard, 132, 40, f), "\n")[1] }
	if r := row(); !strings.Contains(r, "Pods: 45/48 here 17") {
		t.Error(r)
	}
	f.Kube.Nodes = kube.Nodes{Ready: 1, Total: 1}
	if r := row(); strings.Contains(r, "here") {
		t.Error(r)
	}
}

// squeeze makes one space of many.
func squeeze(text string) string {
	for strings.Contains(text, "  ") {
		text = strings.ReplaceAll(text, "  ", " ")
	}
	return text
}

// TestVMsHereOrOfTheCluster: the key toggles between them; a conflict is marked and explained.
func TestVMsHereOrOfTheCluster(t *testing.T) {
	f := frametest.Fixed()
	frametest.Migrating(f)
	here := squeeze(shot(t, frame.Dashboard, 120, 50, f))
	for _, want := range []string{"VMs here", "!team-0/vm-00", " team-0/vm-01 Migrating"} {
		if !strings.Contains(here, want) {
			t.Errorf("%q is missing:\n%s", want, here)
		}
	}
	for _, never := range []string{"vm-02", "vm-04", " Stopped "} {
		if strings.Contains(here, never) {
			t.Errorf("%q is there:\n%s", never, here)
		}
	}
	all := squeeze(shot(t, frame.Dashboard, 120, 50, f, 'v'))
	for _, want := range []string{"All VMs", "team-0/vm-02", "team-0/vm-04 Stopped"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing:\n%s", want, all)
		}
	}
	byName := []draw.Key{'s', 's', 's', 's', draw.KeyDown, draw.KeyEnter}
	if entry := shot(t, frame.Dashboard, 120, 50, f, byName...); !strings.Contains(entry, frame.NoProcess.String()) {
		t.Errorf("the entry does not explain the mark:\n%s", entry)
	}
}

// TestF5VMOfWhichAPartIsForbidden: what may not be seen is not said to be missing.
func TestF5VMOfWhichAPartIsForbidden(t *testing.T) {
	for kind, never := range map[kube.Kind]string{kube.KindVMI: "it does not run", kube.KindVM: "without a VirtualMachine"} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		f.Kube.Kinds[kind].Health = health.Health{State: health.Failed, Err: "forbidden: list " + kind.String()}
		text := shot(t, frame.Dashboard, 120, 50, f, 'v', 's', 's', 's', 's', draw.KeyDown, draw.KeyEnter)
		if strings.Contains(text, never) || kind == kube.KindVMI && !strings.Contains(text, "forbidden: list virtualmachineinstances") {
			t.Errorf("%s:\n%s", kind, text)
		}
	}
}

// TestF5NodeOfWhichAPartIsForbidden: a drain that nobody can judge is not said to meet nothing, nor are there 0 VMs.
func TestF5NodeOfWhichAPartIsForbidden(t *testing.T) {
	const nothing = "nothing that stands in its way"
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Kube.DrainBlockers = nil
	for _, c := range []struct {
		kind  kube.Kind
		state health.State
		err   string
		want  string
	}{
		{kube.KindPod, health.OK, "", nothing},
		{kube.KindVMI, health.Absent, "not installed", nothing},
		{kube.KindPod, health.Failed, "forbidden: list pods", "not known of pods: forbidden: list pods"},
		{kube.KindVMI, health.Failed, "forbidden: list virtualmachineinstances", "VMs forbidden: list virtualmachineinstances"},
		{kube.KindPDB, health.Init, "", "not known of poddisruptionbudgets: syncing"},
	} {
		kept := f.Kube.Kinds[c.kind]
		f.Kube.Kinds[c.kind] = kube.KindStatus{Health: health.Health{State: c.state, Err: c.err}}
		text := squeeze(shot(t, frame.Dashboard, 120, 60, f, 'n'))
		if !strings.Contains(text, c.want) || c.want != nothing && strings.Contains(text, nothing) || strings.Contains(text, "VMs 0") {
			t.Errorf("%q is missing:\n%s", c.want, text)
		}
		f.Kube.Kinds[c.kind] = kept
	}
}

// TestServicesByType puts the most first, equal ones by name, and says how many of type ClusterIP are headless.
func TestServicesByType(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	for _, c := range []struct {
		types []kube.Count
		want  string
	}{
		{[]kube.Count{{Name: "ClusterIP", N: 3}, {Name: "Headless", N: 1}, {Name: "LoadBalancer", N: 4}, {Name: "NodePort", N: 2}},
			"K8s Services: 10 (4 ClusterIP, 4 LoadBalancer, 2 NodePort), 1 headless\n"},
		{[]kube.Count{{Name: "ClusterIP", N: 5}, {Name: "ExternalName", N: 3}, {Name: "Headless", N: 2}}, "K8s Services: 10 (7 ClusterIP, 3 ExternalName), 2 headless\n"},
		{[]kube.Count{{Name: "ExternalName", N: 2}, {Name: "Headless", N: 8}}, "K8s Services: 10 (8 ClusterIP, 2 ExternalName), 8 headless\n"},
		{[]kube.Count{{Name: "ClusterIP", N: 10}}, "K8s Services: 10 (10 ClusterIP)\n"},
	} {
		f.Kube.Services = kube.Services{Total: 10, ByType: c.types}
		if text := shot(t, frame.Network, 132, 60, f); !strings.Contains(text, c.want) {
			t.Errorf("%q is missing:\n%s", c.want, text)
		}
	}
}

// TestOverlaysWithoutACluster say why they are empty.
func TestOverlaysWithoutACluster(t *testing.T) {
	for _, key := range []draw.Key{'n', 'w'} {
		if text := shot(t, frame.Dashboard, 80, 24, frametest.Fixed(), key); !strings.Contains(text, "API: no kubeconfig  ") {
			t.Errorf("%c:\n%s", key, text)
		}
	}
}

// TestDFiguresAreInTheirPlaces: each figure of the cluster differs from all others, and stands behind its own name.
func TestDFiguresAreInTheirPlaces(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	k := f.Kube
	k.Nodes = kube.Nodes{Ready: 6, Total: 7}
	k.Pods = kube.Pods{Running: 130, NotReady: 19, Total: 273, Succeeded: 124, Local: 23, LocalCPU: 2500, LocalMemory: 3 * frametest.GiB, ByPhase: []kube.Count{{Name: "Running", N: 149}, {Name: "Succeeded", N: 124}}}
	k.Services, k.PVCs, k.Namespaces = kube.Services{Total: 31}, kube.PVCs{Bound: 34, Total: 42, Waiting: 8}, 41
	k.Local.CPU, k.Local.Memory, k.Local.Pods = 15500, 60*frametest.GiB, 110
	k.Virt.Tally = kube.Tally{Running: 51, Stopped: 14, Migrating: 2, Paused: 10, Error: 18, Other: 26, Total: 97}
	frametest.Derive(f)
	picture := squeeze(shot(t, frame.Dashboard, 200, 60, f))
	for _, want := range []string{
		"VMs: 53/97 ", "Pods: 130/149 here 23 ", "Nodes: 6/7 Ready ", "Pods here: 23 ", "Pods: 130/149 Services: 31 PVCs: 34/42 Not ready: 19 Namespaces: 41 ", "Succeeded: 124",
		"Running: 51 Stopped: 14 Migrating: 2 Errors: 18 Paused: 10 Other: 26 ", "CPU 2.5/15.5 requested memory 3.0/60.0 GiB pods 23/110 ",
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("%q is missing:\n%s", want, picture)
		}
	}
	k.Local.CPU, k.Local.Memory, k.Local.Pods = 0, 0, 0
	picture = squeeze(shot(t, frame.Dashboard, 200, 60, f))
	if want := "CPU 2.5/n/a requested memory 3.0 GiB/n/a pods 23/n/a "; !strings.Contains(picture, want) {
		t.Errorf("%q is missing:\n%s", want, picture)
	}
	k.Kinds[kube.KindPod].More = 50_000
	picture = squeeze(shot(t, frame.Dashboard, 200, 60, f))
	for _, want := range []string{"Pods: >50000 ", "Pods: more than 50,000 "} {
		if !strings.Contains(picture, want) {
			t.Errorf("%q is missing:\n%s", want, picture)
		}
	}
	for _, never := range []string{"130/149", "Not ready", "pods 23/", "here 23"} {
		if strings.Contains(picture, never) {
			t.Errorf("%q of a part of the pods is there:\n%s", never, picture)
		}
	}
}

// TestB3KubeVirtInTroubleIsNotGreen, whatever its phase is called.
func TestB3KubeVirtInTroubleIsNotGreen(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Kube.Virt.Available, f.Kube.Virt.Degraded = kube.False, kube.True
	frametest.Derive(f)
	row := strings.Split(shot(t, frame.Dashboard, 80, 24, f), "\n")[2]
	if !strings.HasPrefix(row, " KubeVirt: ! not available ") {
		t.Errorf("%q", row)
	}
}
