package frame

import (
	"cmp"
	"strings"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
)

const (
	soon        = 30 * 24 * time.Hour // before a certificate expires
	verySoon    = 7 * 24 * time.Hour
	longPending = 15 * time.Minute // a claim waits no longer for a volume when all is well
	recently    = 24 * time.Hour   // how long a failed migration is reported
	longStart   = 10 * time.Minute // no pod takes longer to start, to end, or to stay up after a restart
	longUpdate  = 30 * time.Minute // nor KubeVirt to be deployed or updated
	relisted    = 10 * time.Second // after which a kind that is followed anew is followed again when all is well
)

// findCluster tells why the API does not answer, and what it says is wrong while it does. What it said before is not
// held against the cluster.
func findCluster(dst []Problem, f *Snapshot) []Problem {
	if f.Kube == nil {
		return dst
	}
	k := f.Kube
	dst = findCertificate(dst, f, "API server's", &k.ServerCert)
	dst = findCertificate(dst, f, "client", &k.ClientCert)
	if k.Hung.Why != "" && k.Cause.Check != kube.Kubeconfig { // there it is the cause
		dst = append(dst, Problem{Severity: journal.Warning, Kind: SourceFailed, Subject: "credentials",
			Detail: k.Hung.Why, Since: k.Hung.Since, Where: Dashboard})
	}
	switch k.Health.State {
	case health.Stale, health.Failed:
		return findCause(dst, f)
	case health.OK:
		dst = findKinds(dst, f)
		dst = findNodes(dst, f)
		dst = findKubeVirt(dst, f)
		dst = findPods(dst, f)
		dst = findVMs(dst, f)
		dst = findPaused(dst, f)
		dst = findOrphans(dst, f)
		dst = findMigrations(dst, f)
		dst = findClaims(dst, f)
	}
	return dst
}

// findCause names the first broken rung.
func findCause(dst []Problem, f *Snapshot) []Problem {
	l := Diagnose(f)
	p := Problem{Severity: journal.Crit, Kind: APIDown, Since: f.Kube.Health.Since, Where: Dashboard}
	s := l.Cause()
	p.Detail = s.Detail
	switch rung := brokenRung(f.Kube); {
	case s == &l[diskStep]:
		p.Subject = s.Subject
	case s == &l[serviceStep]:
		p.Subject, p.Where = s.Subject, Logs
		if s.Detail == "activating" {
			p.Severity = journal.Warning
		}
	case rung == kube.Kubeconfig || rung == kube.Unauthorized || rung == kube.Forbidden:
		p.Kind, p.Severity = APIRefuses, journal.Warning
	case rung == kube.NotReady && (len(f.Kube.Cause.Checks) > 0 || strings.HasPrefix(p.Detail, kube.NothingListed)), rung == kube.Foreign:
		p.Kind = APINotReady
	}
	return append(dst, p)
}

// findCertificate tells of one that is about to expire.
func findCertificate(dst []Problem, f *Snapshot, whose string, c *kube.Certificate) []Problem {
	left := c.NotAfter.Sub(f.Now)
	if c.NotAfter.IsZero() || left > soon {
		return dst
	}
	p := Problem{Severity: journal.Warning, Kind: CertificateExpires, Subject: whose, N: int(left / (24 * time.Hour)),
		Since: ago(f, c.NotAfter.Add(-soon)), Where: Dashboard}
	if left <= verySoon {
		p.Severity = journal.Err
	}
	switch {
	case left < 0:
		p.N, p.Detail = 0, "has expired"
	case p.N == 0:
		p.Detail = "expires within a day"
	}
	return append(dst, p)
}

// findNodes tells of nodes that are not ready or short of something; this one weighs more.
func findNodes(dst []Problem, f *Snapshot) []Problem {
	k := f.Kube
	if k.Kinds[kube.KindNode].State != health.OK {
		return dst
	}
	for i := range k.Nodes.Faults {
		c := &k.Nodes.Faults[i]
		p := Problem{Severity: journal.Warning, Kind: NodeFault, Subject: c.Node, Of: c.Type, Detail: c.Type, Reason: cmp.Or(c.Message, c.Reason),
			Hit: Hit{VMs: c.VMs, Pods: c.Pods - c.VMs}, Since: ago(f, c.Since), Where: Dashboard}
		if c.Type == "Ready" {
			p.Severity, p.Detail = journal.Err, "NotReady"
		}
		if k.Local != nil {
			if p.Elsewhere = c.Node != k.Local.Name; !p.Elsewhere {
				p.Severity--
			}
		}
		dst = append(dst, p)
	}
	return dst
}

// forbidden is how the reason begins why a kind may not be listed.
const forbidden = "forbidden"

// findKinds tells of kinds of objects that are not seen while the API answers, by name; of those that may not be seen all in
// one, since that is as somebody wanted it.
func findKinds(dst []Problem, f *Snapshot) []Problem {
	hidden := Problem{Severity: journal.Notice, Kind: KindForbidden, More: -1, Where: Dashboard}
	for i := range f.Kube.Kinds {
		k := &f.Kube.Kinds[i]
		p := Problem{Severity: journal.Warning, Kind: KindUnseen, Subject: kube.Kind(i).String(), Of: "not seen", Detail: k.Err, Since: k.Since, Where: Dashboard}
		switch {
		case k.State == health.Failed && strings.HasPrefix(k.Err, forbidden):
			if hidden.More++; hidden.More == 0 {
				hidden.Subject, hidden.Reason, hidden.Since = p.Subject, p.Detail, p.Since
			}
			continue
		case k.State == health.Failed:
		case k.State == health.Stale && f.Boot-max(k.Since, f.Kube.Health.Since) >= relisted:
			p.Of = "not followed"
		case k.State == health.OK && k.More > 0:
			p.Severity, p.Kind, p.N, p.Detail = journal.Notice, KindTooLarge, k.More, ""
		default:
			continue
		}
		dst = append(dst, p)
	}
	if hidden.More >= 0 {
		dst = append(dst, hidden)
	}
	if f.Kube.Behind != 0 {
		dst = append(dst, Problem{Severity: journal.Warning, Kind: APIFloods, Since: f.Kube.Behind, Where: Dashboard})
	}
	return dst
}

// findKubeVirt tells what KubeVirt says is wrong with itself, but while it is being deployed or updated.
func findKubeVirt(dst []Problem, f *Snapshot) []Problem {
	k := &f.Kube.Virt.KubeVirt
	kept := &f.Kube.Kinds[kube.KindKubeVirt]
	trouble := k.Trouble()
	if kept.State != health.OK || kept.Count == 0 || trouble == "" {
		return dst
	}
	age, known := f.Age(k.Since)
	if k.Progressing == kube.True && (!known || age < longUpdate) {
		return dst
	}
	return append(dst, Problem{Severity: journal.Err, Kind: KubeVirtIll, Subject: trouble, Detail: k.Why, Since: ago(f, k.Since), Where: Dashboard})
}

// findPods tells of the pods of this node that do not work, and of the cluster's own on none; those that are not the
// cluster's own weigh less, and the last of many counts those that are left. The pods of VMs are left to their VMs.
func findPods(dst []Problem, f *Snapshot) []Problem {
	const many = 8
	k := f.Kube
	if k.Kinds[kube.KindPod].State != health.OK {
		return dst
	}
	for i := range k.Ill {
		dst, _ = findPod(dst, f, &k.Ill[i], journal.Err)
	}
	told := 0
	for i := range k.Pods.List {
		pod := &k.Pods.List[i]
		if pod.System || pod.Owner == "VirtualMachineInstance" {
			continue
		}
		var failing bool
		if dst, failing = findPod(dst, f, pod, journal.Warning); !failing {
			continue
		}
		if told++; told > many {
			dst = dst[:len(dst)-1]
			dst[len(dst)-1].More++
		}
	}
	return dst
}

// findPod appends a problem if a pod does not work, and reports whether it does not.
func findPod(dst []Problem, f *Snapshot, pod *kube.NamedPod, severity journal.Severity) (_ []Problem, failing bool) {
	p := Problem{Severity: severity, Kind: PodFailing, Of: pod.Namespace, Subject: pod.Name, Detail: pod.Why, N: pod.Restarts, Ended: pod.LastEnd,
		Reason: cmp.Or(pod.Message, message(f.Kube.PodWarning(pod.Namespace, pod.Name))), Since: ago(f, pod.Since), Where: Dashboard}
	switch age, known := f.Age(pod.Since); {
	case pod.Ended():
		return dst, false
	case pod.Why != "" && pod.Slow && (!known || age < longStart):
		return dst, false
	case pod.Why == "":
		if since, known := f.Age(pod.Restarted); !known || since >= longStart || pod.Restarts < kube.FewRestarts {
			return dst, false
		}
		p.Detail, p.Since = "keeps restarting", 0
	}
	return append(dst, p), true
}

// findVMs tells of VMs in error, each by name, those of this node first; the last of many counts those that are left.
func findVMs(dst []Problem, f *Snapshot) []Problem {
	const many = 8
	k := f.Kube
	if k.Kinds[kube.KindVM].State != health.OK {
		return dst
	}
	told := 0
	for _, elsewhere := range [...]bool{false, true} {
		for i := range k.Virt.VMs {
			v := &k.Virt.VMs[i]
			if !v.Failing() || runsElsewhere(k, v) != elsewhere {
				continue
			}
			if told++; told > many {
				dst[len(dst)-1].More++
				continue
			}
			dst = append(dst, Problem{Severity: journal.Err, Kind: VMFailing, Elsewhere: elsewhere, Of: v.Namespace, Subject: v.Name, Detail: v.Status,
				Reason: WhyVM(k, v), Since: ago(f, v.Since), Where: Dashboard})
		}
	}
	return dst
}

// runsElsewhere reports whether another node has the VM.
func runsElsewhere(k *kube.State, v *kube.VM) bool {
	i := k.Instance(v.Namespace, v.Name)
	return k.Local != nil && i != nil && !i.Ended() && i.Node != "" && i.Node != k.Local.Name
}

// WhyVM is why a VM is in error: a condition that is bad says so, else the newest warning, else another condition.
func WhyVM(k *kube.State, v *kube.VM) string {
	conditions := [2][]kube.Condition{0: v.Conditions}
	if i := k.Instance(v.Namespace, v.Name); i != nil {
		conditions[1] = i.Conditions
	}
	other := ""
	for _, list := range conditions {
		for i := range list {
			c := &list[i]
			if c.Good == kube.False && c.Message != "" {
				return c.Message
			}
			other = cmp.Or(other, c.Message, c.Reason)
		}
	}
	return cmp.Or(message(k.VMWarning(v.Namespace, v.Name)), other)
}

// message is what a warning says, empty without one.
func message(e *kube.Event) string {
	if e == nil {
		return ""
	}
	return cmp.Or(e.Message, e.Reason)
}

// findMigrations tells of failed ones that were the last try to move what still runs as it did then, all in one: of the
// newest.
func findMigrations(dst []Problem, f *Snapshot) []Problem {
	k := f.Kube
	if k.Kinds[kube.KindMigration].State != health.OK {
		return dst
	}
	p := Problem{Severity: journal.Warning, Kind: MigrationFailed, More: -1, Where: Dashboard}
	for i := range k.Virt.Migrations {
		m := &k.Virt.Migrations[i]
		ended := m.Ended
		if ended.IsZero() {
			ended = m.Created
		}
		age, known := f.Age(ended)
		if m.Phase != "Failed" || !known || age > recently || triedSince(k.Virt.Migrations, m) || outlived(k, m) {
			continue
		}
		if p.More++; p.More == 0 {
			p.Of, p.Subject, p.Detail, p.Since = m.Namespace, m.VMI, m.Why, ago(f, ended)
		}
	}
	if p.More < 0 {
		return dst
	}
	return append(dst, p)
}

// triedSince reports whether there is a newer migration of the same instance.
func triedSince(all []kube.Migration, m *kube.Migration) bool {
	for i := range all {
		o := &all[i]
		if o.VMI == m.VMI && o.Namespace == m.Namespace && o.Created.After(m.Created) {
			return true
		}
	}
	return false
}

// outlived reports whether what a migration was to move is known to be gone, to have been started anew since, or to have been
// moved by another one.
func outlived(k *kube.State, m *kube.Migration) bool {
	if k.Kinds[kube.KindVMI].State != health.OK || !k.Kinds[kube.KindVMI].Has() {
		return false
	}
	i := k.Instance(m.Namespace, m.VMI)
	if i == nil || i.Ended() || !m.Created.IsZero() && i.Created.After(m.Created) {
		return true
	}
	last := i.Moving
	return last != nil && last.Over() && !last.Failed && last.UID != m.UID && last.Started.After(m.Created)
}

// findClaims tells of claims that have lost their volume or wait for one too long, all in one: of the worst.
func findClaims(dst []Problem, f *Snapshot) []Problem {
	k := f.Kube
	if k.Kinds[kube.KindPVC].State != health.OK || len(k.PVCs.Unbound) == 0 {
		return dst
	}
	c := &k.PVCs.Unbound[0]
	p := Problem{Severity: journal.Notice, Kind: ClaimUnbound, Of: c.Namespace, Subject: c.Name, More: k.PVCs.Total - k.PVCs.Bound - k.PVCs.Waiting - 1,
		Detail: c.Phase, Since: ago(f, c.Created), Where: Dashboard}
	switch age, known := f.Age(c.Created); {
	case c.Phase == "Lost":
		p.Severity, p.Since = journal.Err, 0
	case !known || age < longPending:
		return dst
	}
	return append(dst, p)
}

// findPaused tells of VMs of this node that QEMU has paused since their disk failed.
func findPaused(dst []Problem, f *Snapshot) []Problem {
	k := f.Kube
	if k.Local == nil || k.Kinds[kube.KindVMI].State != health.OK {
		return dst
	}
	for i := range k.Virt.VMIs {
		v := &k.Virt.VMIs[i]
		if v.Paused != kube.True || v.Node != k.Local.Name {
			continue
		}
		for j := range v.Conditions {
			if c := &v.Conditions[j]; c.Type == "Paused" && c.Reason == "PausedIOError" {
				dst = append(dst, Problem{Severity: journal.Crit, Kind: GuestPaused, Subject: v.Name, Of: v.Namespace, Reason: c.Message,
					Since: ago(f, c.Since), Where: Dashboard})
			}
		}
	}
	return dst
}

// findOrphans tells of VMs that run here while no virt-handler works on this node: nobody could stop, move or restart them.
func findOrphans(dst []Problem, f *Snapshot) []Problem {
	k := f.Kube
	if k.Local == nil || k.Kinds[kube.KindPod].State != health.OK || len(k.Pods.List) == kube.MaxPods ||
		f.VMs == nil || f.VMs.Health.State != health.OK {
		return dst
	}
	p := Problem{Severity: journal.Err, Kind: OrphanedVMs, Where: Dashboard,
		Reason: "VMs of KubeVirt run on this node, and no pod of virt-handler works on it: nothing can stop, move or restart them."}
	for i := range f.VMs.VMs {
		if f.VMs.VMs[i].Namespace != "" {
			p.N++
		}
	}
	for i := range k.Pods.List {
		if pod := &k.Pods.List[i]; strings.HasPrefix(pod.Name, "virt-handler-") && pod.Works() {
			return dst
		}
	}
	if p.N == 0 {
		return dst
	}
	return append(dst, p)
}
