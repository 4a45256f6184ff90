package frame

import (
	"math"
	"strings"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// Diagnosis is what the cluster's API stands on, from the bottom: this host's disk and service, then the rungs that a
// request climbs. The first broken one is the cause.
type Diagnosis [10]Check

// Check is one rung of the ladder.
type Check struct {
	Name    string // what is judged: "disk", "service", "connection"
	State   CheckState
	Subject string         // the mount, the unit, the kubeconfig or the server; empty: the name says it
	Detail  string         // in words how it is, where there is more to say than its state
	Old     *health.Health // what this is judged by, when it is not fresh; else nil
}

// CheckState is how a rung is.
type CheckState uint8

// The states of a rung.
const (
	NotKnown   CheckState = iota // it cannot be judged from here, or does not matter for this cluster
	Fine                         // it holds
	Broken                       // it does not
	NotReached                   // one below it is broken
)

const (
	diskStep = iota
	serviceStep
	firstRung
)

// rungs are the rungs of a request in the order in which they are climbed, and what they are called while they hold.
// Whether it answers is known before what it shows.
var rungs = [...]struct {
	kube.Check
	name string
}{
	{kube.Kubeconfig, "kubeconfig"}, {kube.Dial, "connection"}, {kube.Silent, "answer"}, {kube.TLS, "certificates"}, {kube.Foreign, "API server"},
	{kube.Unauthorized, "credentials"}, {kube.Forbidden, "rights"}, {kube.NotReady, "ready"},
}

// Diagnose judges each rung. It is pure.
func Diagnose(f *Snapshot) Diagnosis {
	var l Diagnosis
	l[diskStep].Name, l[serviceStep].Name = "disk", "service"
	for i := range rungs {
		l[firstRung+i].Name = rungs[i].name
	}
	if f.Kube == nil {
		return l
	}
	k := f.Kube
	broken := brokenRung(k)
	l[firstRung].Subject, l[firstRung+1].Subject = k.Kubeconfig, k.Server
	state := Fine
	if k.Health.State == health.Init || k.Health.State == health.Absent {
		state = NotKnown
	}
	for i := range rungs {
		s := &l[firstRung+i]
		s.State = state
		if rungs[i].Check == broken {
			s.State, s.Detail = Broken, cause(k)
			state = NotReached
		}
	}
	l.host(f, broken)
	return l
}

// Cause is the first broken rung, nil if none.
func (l *Diagnosis) Cause() *Check {
	for i := range l {
		if l[i].State == Broken {
			return &l[i]
		}
	}
	return nil
}

// brokenRung is the one that the API's state names. A state that is bad without a cause is about the file.
func brokenRung(k *kube.State) kube.Check {
	switch {
	case k.Health.State != health.Stale && k.Health.State != health.Failed:
		return kube.Answers
	case k.Cause.Check == kube.Answers || k.Cause.Check > kube.NotReady:
		return kube.Kubeconfig
	}
	return k.Cause.Check
}

func cause(k *kube.State) string {
	if k.Cause.Why != "" {
		return k.Cause.Why
	}
	return k.Health.Err
}

// host judges the service that carries the cluster on this host, and the disk below it. Neither is the reason of an API
// server that answers, nor of one elsewhere.
func (l *Diagnosis) host(f *Snapshot, broken kube.Check) {
	u := ClusterUnit(f.Units)
	if u == nil {
		return
	}
	down := broken == kube.Dial || broken == kube.Silent || broken == kube.Foreign || broken == kube.NotReady
	s := &l[serviceStep]
	s.Subject, s.Detail, s.Old = u.Name, u.Active, old(&f.Units.Health)
	data := dataPath(u.Name)
	switch {
	case u.Running():
		s.State = Fine
	case down && (data != "" || local(f.Kube.Server)):
		s.State = Broken
	}
	if f.Host == nil || data == "" {
		return
	}
	fs := under(f.Host.Filesystems, data)
	if fs == nil {
		return
	}
	s = &l[diskStep]
	s.Subject = fs.Mount
	if fs.Health.State == health.Absent {
		return // nobody here may look
	}
	s.State, s.Old = Fine, old(&f.Host.Health[sample.Filesystems])
	if why := unwritable(fs); why != "" {
		s.Detail = why
		s.State = NotKnown
		if down || l[serviceStep].State == Broken {
			s.State = Broken
		}
	}
}

// old returns h when it is of a value that is not fresh.
func old(h *health.Health) *health.Health {
	if h.State == health.Stale {
		return h
	}
	return nil
}

// ClusterUnit is the service that makes this host a node: k3s, RKE2 or a kubelet of its own; nil if none, or
// systemd has not said.
func ClusterUnit(u *sample.Units) *sample.Unit {
	if u == nil || !u.Health.Has() {
		return nil
	}
	for i := range u.Watched {
		if name := u.Watched[i].Name; !strings.HasPrefix(name, "containerd") {
			return &u.Watched[i]
		}
	}
	return nil
}

// dataPath is where the datastore of an API server lies that a unit runs; empty: it runs none.
func dataPath(unit string) string {
	switch unit {
	case "k3s.service":
		return "/var/lib/rancher/k3s"
	case "rke2-server.service":
		return "/var/lib/rancher/rke2"
	}
	return ""
}

// local reports whether a URL is of this host's loopback, where an agent's own service stands before the API server.
func local(server string) bool {
	_, host, _ := strings.Cut(server, "://")
	return strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "[::1]")
}

// under is the filesystem that path lies on, nil when it is not among all.
func under(all []sample.Filesystem, path string) *sample.Filesystem {
	var best *sample.Filesystem
	for i := range all {
		mount := strings.TrimSuffix(all[i].Mount, "/")
		rest, inside := strings.CutPrefix(path, mount)
		if inside && (rest == "" || rest[0] == '/') && (best == nil || len(all[i].Mount) > len(best.Mount)) {
			best = &all[i]
		}
	}
	return best
}

// unwritable says why nothing more can be written, empty when it can or nobody knows.
func unwritable(fs *sample.Filesystem) string {
	const full = 99.9 // percent
	switch {
	case fs.Health.State == health.Stale || fs.Health.State == health.Failed:
		return "does not answer"
	case !fs.Health.Has():
		return ""
	case fs.RemountedRO:
		return "has become read-only"
	case !math.IsNaN(fs.UsedPercent) && fs.UsedPercent >= full:
		return "is full"
	case !math.IsNaN(fs.InodesPercent) && fs.InodesPercent >= full:
		return "has no inodes left"
	}
	return ""
}
