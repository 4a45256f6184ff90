package frame

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// down makes the API of f stale for three minutes because of a rung.
func down(f *tracked, rung kube.Check, why string) {
	f.Kube.Health = health.Health{State: health.Stale, At: now - 3*time.Minute, Since: now - 3*time.Minute, Err: why}
	f.Kube.Cause = kube.Cause{Check: rung, Why: why}
}

// service makes k3s.service, or another unit, one that f watches.
func service(f *tracked, name, active string) {
	u := sample.Unit{Name: name, Active: active}
	f.Units = &sample.Units{Watched: []sample.Unit{u, {Name: "containerd.service", Active: "active"}}, Health: health.Health{State: health.OK, At: now}}
	if active == "failed" {
		f.Units.Failed = []sample.Unit{u}
	}
}

// TestF10CauseOfADeadAPI climbs from the disk to the API server's own checks: the first broken rung is told, once.
func TestF10CauseOfADeadAPI(t *testing.T) {
	full := func(f *tracked) { f.Host.Filesystems = []sample.Filesystem{filesystem("/", 100, 10)} }
	const disk = "crit / 100% full [dashboard]; "
	for _, c := range []struct {
		name   string
		change func(*tracked)
		want   string
	}{
		{"answers", func(f *tracked) { service(f, "k3s.service", "active") }, ""},
		{"refused", func(f *tracked) { down(f, kube.Dial, "refused") }, "crit API down: refused [dashboard]; "},
		{"its service runs", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s.service", "active") }, "crit API down: refused [dashboard]; "},
		{"its service failed", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s.service", "failed") }, "crit API down: k3s.service failed [logs]; "},
		{"its service is stopped", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "rke2-server.service", "inactive") },
			"crit API down: rke2-server.service inactive [logs]; "},
		{"its service starts", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s.service", "activating") },
			"warning API down: k3s.service activating [logs]; "},
		{"the agent before it is stopped", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s-agent.service", "inactive") },
			"crit API down: k3s-agent.service inactive [logs]; "},
		{"the agent before it is stopped, by IPv6", func(f *tracked) {
			down(f, kube.Dial, "refused")
			service(f, "k3s-agent.service", "inactive")
			f.Kube.Server = "https://[::1]:6443"
		}, "crit API down: k3s-agent.service inactive [logs]; "},
		{"a stopped agent is not on the way", func(f *tracked) {
			down(f, kube.Dial, "refused")
			service(f, "k3s-agent.service", "inactive")
			f.Kube.Server = "https://10.0.0.1:6443"
		}, "crit API down: refused [dashboard]; "},
		{"a failed service and an API elsewhere that answers", func(f *tracked) { service(f, "k3s.service", "failed") }, "crit k3s.service failed [logs]; "},
		{"the disk is full", func(f *tracked) {
			down(f, kube.NotReady, "not ready: etcd")
			service(f, "k3s.service", "active")
			full(f)
		},
			"crit API down: / is full [dashboard]; " + disk},
		{"the disk is full and the service failed of it", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s.service", "failed"); full(f) },
			"crit API down: / is full [dashboard]; crit k3s.service failed [logs]; " + disk},
		{"a full disk spoils no certificate", func(f *tracked) {
			down(f, kube.TLS, "certificate expired on 2026-11-01")
			service(f, "k3s.service", "active")
			full(f)
		},
			"crit API down: certificate expired on 2026-11-01 [dashboard]; " + disk},
		{"a full disk of an agent", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s-agent.service", "active"); full(f) },
			"crit API down: refused [dashboard]; " + disk},
		{"another disk is full", func(f *tracked) {
			down(f, kube.Dial, "refused")
			service(f, "k3s.service", "active")
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 10, 10), filesystem("/var/lib/rancher", 20, 10), filesystem("/var/lib/ranch", 100, 1)}
		}, "crit API down: refused [dashboard]; crit /var/lib/ranch 100% full [dashboard]; "},
		{"the disk of RKE2 is full", func(f *tracked) {
			down(f, kube.NotReady, "not ready: etcd")
			service(f, "rke2-server.service", "active")
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 10, 10), filesystem("/var/lib/rancher/rke2", 100, 10)}
		}, "crit API down: /var/lib/rancher/rke2 is full [dashboard]; crit /var/lib/rancher/rke2 100% full [dashboard]; "},
		{"a failed unit has the name of a node", func(f *tracked) {
			f.Kube.Nodes.Faults = []kube.Fault{{Node: "k3s.service", Condition: kube.Condition{Type: "PIDPressure", Status: "True"}}}
			service(f, "k3s.service", "failed")
		}, "crit k3s.service failed [logs]; warning node k3s.service PIDPressure [dashboard]; "},
		{"no answer", func(f *tracked) { down(f, kube.Silent, "no answer in time") }, "crit API down: no answer in time [dashboard]; "},
		{"the clock", func(f *tracked) { down(f, kube.TLS, "certificate not yet valid: is this host's clock right?") },
			"crit API down: certificate not yet valid: is this host's clock right? [dashboard]; "},
		{"checks by name", func(f *tracked) {
			down(f, kube.NotReady, "not ready: etcd, log")
			f.Kube.Cause.Checks = []string{"etcd", "log"}
		}, "crit API not ready: etcd, log [dashboard]; "},
		{"unauthorized", func(f *tracked) {
			down(f, kube.Unauthorized, "unauthorized: the kubeconfig's credentials are not accepted")
		},
			"warning cluster not seen: unauthorized: the kubeconfig's credentials are not accepted [dashboard]; "},
		{"forbidden", func(f *tracked) { down(f, kube.Forbidden, "forbidden") }, "warning cluster not seen: forbidden [dashboard]; "},
		{"the kubeconfig cannot be read", func(f *tracked) { f.Kube.Health = health.Health{State: health.Failed, Err: "/k: permission denied"} },
			"warning cluster not seen: /k: permission denied [dashboard]; "},
	} {
		f := clustered()
		c.change(f)
		if got := words(find(nil, f)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestCauseIsAsOldAsTheOutage, whatever the first broken rung becomes while it lasts.
func TestCauseIsAsOldAsTheOutage(t *testing.T) {
	f := clustered()
	down(f, kube.Dial, "refused")
	all := find(nil, f)
	service(f, "k3s.service", "failed")
	f.Boot += time.Minute
	for _, p := range [][]Problem{all, find(all, f)} {
		if len(p) != 1 || p[0].Since != now-3*time.Minute {
			t.Errorf("%+v", p)
		}
	}
}

func TestClimb(t *testing.T) {
	states := func(f *tracked) string {
		text := ""
		for _, s := range Diagnose(&f.Snapshot) {
			text += string("?+!-"[s.State])
		}
		return text
	}
	// disk service kubeconfig connection answer certificates API-server credentials rights ready
	for _, c := range []struct {
		name   string
		change func(*tracked)
		want   string
	}{
		{"before the first look", func(f *tracked) { f.Kube = nil }, "??????????"},
		{"before the first answer", func(f *tracked) { f.Kube.Health = health.Health{} }, "??????????"},
		{"no kubeconfig", func(f *tracked) { f.Kube.Health = health.Health{State: health.Absent} }, "??????????"},
		{"answers", func(f *tracked) { service(f, "k3s.service", "active") }, "?+++++++++"},
		{"all is known", func(f *tracked) {
			service(f, "k3s.service", "active")
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 50, math.NaN())}
		}, "++++++++++"},
		{"a disk that nobody here may look at", func(f *tracked) {
			service(f, "k3s.service", "active")
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 50, math.NaN())}
			f.Host.Filesystems[0].Health.Gone(now, "permission denied")
		}, "?+++++++++"},
		{"refused", func(f *tracked) { down(f, kube.Dial, "refused"); service(f, "k3s.service", "failed") }, "?!+!------"},
		{"no answer", func(f *tracked) { down(f, kube.Silent, "no answer") }, "??++!-----"},
		{"TLS", func(f *tracked) { down(f, kube.TLS, "expired") }, "??+++!----"},
		{"a web server", func(f *tracked) { down(f, kube.Foreign, "answers, but is no API server") }, "??++++!---"},
		{"401", func(f *tracked) { down(f, kube.Unauthorized, "unauthorized") }, "??+++++!--"},
		{"403", func(f *tracked) { down(f, kube.Forbidden, "forbidden") }, "??++++++!-"},
		{"not ready", func(f *tracked) { down(f, kube.NotReady, "etcd") }, "??+++++++!"},
		{"the file", func(f *tracked) { f.Kube.Health = health.Health{State: health.Failed} }, "??!-------"},
		{"a hung disk", func(f *tracked) {
			down(f, kube.NotReady, "etcd")
			service(f, "k3s.service", "active")
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 50, math.NaN())}
			f.Host.Filesystems[0].Health = health.Health{State: health.Stale}
		}, "!++++++++!"},
	} {
		f := clustered()
		c.change(f)
		if got := states(f); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestClusterProblems: what the API says is wrong while it answers, with its true age.
func TestClusterProblems(t *testing.T) {
	ago := func(f *tracked, d time.Duration) time.Time { return f.Now.Add(-d) }
	migration := func(f *tracked, name, phase string, age time.Duration) kube.Migration {
		return kube.Migration{Namespace: "a", Name: name, VMI: "vm", Phase: phase, Created: ago(f, age), Moving: kube.Moving{Ended: ago(f, age), Why: "no room"}}
	}
	for _, c := range []struct {
		name   string
		change func(*tracked)
		want   string
		age    time.Duration // of the first
	}{
		{"nodes", func(f *tracked) {
			f.Kube.Nodes.Faults = []kube.Fault{
				{Node: "hv-1", Condition: kube.Condition{Type: "DiskPressure", Status: "True", Since: ago(f, time.Minute)}},
				{Node: "hv-2", Condition: kube.Condition{Type: "Ready", Status: "Unknown", Since: ago(f, 90*24*time.Hour)}},
				{Node: "hv-3", Condition: kube.Condition{Type: "PIDPressure", Status: "True"}}}
		}, "err node hv-1 DiskPressure [dashboard]; err node hv-2 NotReady [dashboard]; warning node hv-3 PIDPressure [dashboard]; ", time.Minute},
		{"this node", func(f *tracked) {
			f.Kube.Nodes.Faults = []kube.Fault{{Node: "hv-1", Condition: kube.Condition{Type: "Ready", Status: "False", Since: ago(f, 90*24*time.Hour)}}}
		}, "crit node hv-1 NotReady [dashboard]; ", 90 * 24 * time.Hour},
		{"VMs", func(f *tracked) {
			f.Kube.Virt.VMs = []kube.VM{{Namespace: "a", Name: "x", Status: "Running"},
				{Namespace: "b", Name: "y", Status: "ErrorUnschedulable", Since: ago(f, time.Minute)}, {Namespace: "c", Name: "z", Status: "CrashLoopBackOff", Since: ago(f, time.Hour)}}
		}, "err VM b/y ErrorUnschedulable [dashboard]; err VM c/z CrashLoopBackOff [dashboard]; ", time.Minute},
		{"many VMs, those here first", func(f *tracked) {
			for i := range 20 {
				name, node := fmt.Sprintf("vm-%02d", i), "hv-2"
				if i == 19 {
					node = "hv-1"
				}
				f.Kube.Virt.VMs = append(f.Kube.Virt.VMs, kube.VM{Namespace: "a", Name: name, Status: "CrashLoopBackOff", Since: ago(f, time.Minute)})
				f.Kube.Virt.VMIs = append(f.Kube.Virt.VMIs, kube.VMI{Namespace: "a", Name: name, Phase: "Running", Node: node})
			}
		}, "err VM a/vm-19 CrashLoopBackOff [dashboard]; err VM a/vm-00 CrashLoopBackOff [dashboard]; err VM a/vm-01 CrashLoopBackOff [dashboard]; err VM a/vm-02 CrashLoopBackOff [dashboard]; " +
			"err VM a/vm-03 CrashLoopBackOff [dashboard]; err VM a/vm-04 CrashLoopBackOff [dashboard]; err VM a/vm-05 CrashLoopBackOff [dashboard]; " +
			"err VM a/vm-06 CrashLoopBackOff (and 12 more in error) [dashboard]; ", time.Minute},
		{"a migration", func(f *tracked) {
			f.Kube.Virt.Migrations = []kube.Migration{migration(f, "m", "Failed", time.Hour)}
			f.Kube.Virt.VMIs = []kube.VMI{{Namespace: "a", Name: "vm", Phase: "Running", Created: ago(f, 2*time.Hour)}}
		},
			"warning migration of a/vm failed: no room [dashboard]; ", time.Hour},
		{"a migration, tried again", func(f *tracked) {
			f.Kube.Virt.Migrations = []kube.Migration{migration(f, "n", "Running", time.Minute), migration(f, "m", "Failed", time.Hour)}
		}, "", 0},
		{"a migration of the day before yesterday", func(f *tracked) { f.Kube.Virt.Migrations = []kube.Migration{migration(f, "m", "Failed", 48*time.Hour)} }, "", 0},
		{"claims", func(f *tracked) {
			f.Kube.PVCs = kube.PVCs{Total: 13, Bound: 6, Waiting: 4, Unbound: []kube.Unbound{{Namespace: "a", Name: "disk", Phase: "Lost", Created: ago(f, time.Hour)}}}
		}, "err PVC a/disk Lost (and 2 more without a volume) [dashboard]; ", 0},
		{"a claim that waits", func(f *tracked) {
			f.Kube.PVCs = kube.PVCs{Total: 1, Unbound: []kube.Unbound{{Namespace: "a", Name: "disk", Phase: "Pending", Created: ago(f, time.Hour)}}}
		}, "notice PVC a/disk Pending [dashboard]; ", time.Hour},
		{"a new claim", func(f *tracked) {
			f.Kube.PVCs = kube.PVCs{Total: 1, Unbound: []kube.Unbound{{Namespace: "a", Name: "disk", Phase: "Pending", Created: ago(f, time.Minute)}}}
		}, "", 0},
		{"certificates", func(f *tracked) {
			f.Kube.ServerCert.NotAfter, f.Kube.ClientCert.NotAfter = f.Now.Add(29*24*time.Hour+time.Hour), f.Now.Add(6*24*time.Hour+time.Hour)
		}, "err client certificate expires in 6 days [dashboard]; warning API server's certificate expires in 29 days [dashboard]; ", 24*24*time.Hour - time.Hour},
		{"a certificate in time", func(f *tracked) { f.Kube.ServerCert.NotAfter = f.Now.Add(31 * 24 * time.Hour) }, "", 0},
		{"a certificate that has expired", func(f *tracked) { f.Kube.ServerCert.NotAfter = f.Now.Add(-time.Hour) }, "err API server's certificate has expired [dashboard]; ", 30*24*time.Hour + time.Hour},
	} {
		f := clustered()
		c.change(f)
		got := find(nil, f)
		if words(got) != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, words(got), c.want)
		} else if len(got) > 0 && f.Boot-got[0].Since != c.age {
			t.Errorf("%s: %v old, want %v", c.name, f.Boot-got[0].Since, c.age)
		}
	}
}

// TestStaleClusterIsNotJudged: what was wrong before the API went is not told as if it were so now.
func TestStaleClusterIsNotJudged(t *testing.T) {
	f := clustered()
	f.Kube.Virt.VMs = []kube.VM{{Namespace: "b", Name: "y", Status: "ErrorUnschedulable"}}
	f.Kube.Kinds[kube.KindVM].State, f.Kube.Kinds[kube.KindVM].Since = health.Stale, f.Boot
	if got := words(find(nil, f)); got != "" {
		t.Error(got)
	}
	f.Kube.Kinds[kube.KindVM].State = health.OK
	down(f, kube.Dial, "refused")
	if got := find(nil, f); len(got) != 1 || got[0].Severity != journal.Crit {
		t.Error(words(got))
	}
}

// TestTwoConditionsOfANode keep each its own age.
func TestTwoConditionsOfANode(t *testing.T) {
	f := clustered()
	f.Kube.Nodes.Faults = []kube.Fault{
		{Node: "hv-2", Condition: kube.Condition{Type: "DiskPressure", Since: f.Now.Add(-time.Minute)}},
		{Node: "hv-2", Condition: kube.Condition{Type: "MemoryPressure", Since: f.Now.Add(-time.Hour)}}}
	all := find(find(nil, f), f)
	if len(all) != 2 || all[0].Since == all[1].Since {
		t.Errorf("%+v", all)
	}
}
