package frame

import (
	"cmp"
	"math"
	"strconv"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// Problem is one thing that is wrong.
type Problem struct {
	Severity  journal.Severity
	Kind      Kind
	Subject   string        // the mount, interface, source, node or VM
	Of        string        // which of several: the namespace of a VM, the condition of a node
	Elsewhere bool          // of another host: it comes after those of this one
	Percent   float64       // how full, or how much of the time, where that is what is wrong
	N         int           // of a certificate the days that are left, of a clock by how much it is off, of a pod its restarts, of a kind of objects the most that are counted
	More      int           // that are wrong likewise and are not told of one by one
	Detail    string        // in few words what is wrong, where the kind does not say it
	Ended     string        // how a pod's container ended before: "OOMKilled", "exit code 1"; of a check that it is silent; empty: nobody says
	Reason    string        // why, in full: the words of who says so; empty: nobody says
	Since     time.Duration // CLOCK_BOOTTIME from which it has been so
	Where     string        // the page where to look
	Hit       Hit

	atLeast bool      // it may have been so before Since, of which no more is known
	said    time.Time // what the kernel said: one that is said later is as old as that
}

// Hit is whom a problem hits, or who makes it. What is zero is not known, or not hit.
type Hit struct {
	Bridge      string // that hangs on a cable
	MoreBridges int    // that do, too
	VMs, Pods   int
	Namespace   string // of the VM that uses most of the CPUs
	Name        string
	CPUs        float64 // that it uses
}

// Dated reports whether the words tell when, so that the age is not to be told beside them.
func (p *Problem) Dated() bool { return p.Kind == CertificateExpires }

// AppendWhat appends the problem in words, with whom it hits, without its age.
func (p *Problem) AppendWhat(dst []byte) []byte { return p.AppendWhom(p.AppendShort(dst)) }

// AppendWhom appends whom the problem hits, if that is known, as it follows on the problem and its age: ": br0, 12 VMs".
func (p *Problem) AppendWhom(dst []byte) []byte {
	h, before := &p.Hit, ": "
	if h.Bridge != "" {
		dst, before = append(append(dst, before...), h.Bridge...), ", "
		if h.MoreBridges > 0 {
			dst = append(strconv.AppendInt(append(dst, " and "...), int64(h.MoreBridges), 10), " more"...)
		}
	}
	for _, c := range [...]struct {
		n    int
		what string
	}{{h.VMs, " VM"}, {h.Pods, " pod"}} {
		if c.n == 0 {
			continue
		}
		dst = append(strconv.AppendInt(append(dst, before...), int64(c.n), 10), c.what...)
		if before = ", "; c.n > 1 {
			dst = append(dst, 's')
		}
	}
	if h.CPUs > 0 {
		dst = append(dst, before...)
		if h.Namespace != "" {
			dst = append(append(dst, h.Namespace...), '/')
		}
		dst = strconv.AppendFloat(append(append(dst, h.Name...), " uses "...), h.CPUs, 'f', 1, 64)
		dst = append(dst, " CPUs"...)
	}
	return dst
}

// findProblems lists what is wrong in f in dst, which it reuses, in no order and without ages. open is what was wrong before:
// what is wrong already is judged by a lower limit.
func findProblems(dst []Problem, f *Snapshot, open []Problem) []Problem {
	dst = findConfig(dst[:0], f)
	dst = findCluster(dst, f)
	dst = findPeers(dst, f)
	dst = findStopped(dst, f)
	dst = findLate(dst, f)
	dst = findKernel(dst, f)
	if f.Host != nil {
		dst = findMemory(dst, f, open)
		dst = findStalls(dst, f, open)
		dst = findFilesystems(dst, f, open)
		dst = findHardware(dst, f)
		dst = findHeat(dst, f)
	}
	if f.Net != nil {
		dst = findNetwork(dst, f, open)
	}
	if f.Units != nil && f.Units.Health.Has() {
		dst = findUnits(dst, f)
	}
	if f.Checks != nil && f.Checks.Health.Has() {
		dst = findChecks(dst, f)
	}
	return findSources(dst, f)
}

// sortProblems is an insertion sort: the list is short, and sort.Slice allocates.
func sortProblems(p []Problem) {
	for i := 1; i < len(p); i++ {
		for j := i; j > 0 && p[j].Compare(&p[j-1]) < 0; j-- {
			p[j], p[j-1] = p[j-1], p[j]
		}
	}
}

// Compare is negative when p is worse than q, and positive when q is.
func (p *Problem) Compare(q *Problem) int {
	switch {
	case p.Severity != q.Severity:
		return int(p.Severity) - int(q.Severity)
	case p.Elsewhere != q.Elsewhere:
		if q.Elsewhere {
			return -1
		}
		return 1
	case p.Kind != q.Kind:
		return int(p.Kind) - int(q.Kind)
	}
	return cmp.Compare(q.Percent, p.Percent)
}

func findConfig(dst []Problem, f *Snapshot) []Problem {
	if f.Settings.Banner == "" {
		return dst
	}
	return append(dst, Problem{Severity: journal.Err, Kind: ConfigBad, Detail: f.Settings.Banner, Where: Dashboard})
}

// findStopped tells of a drain that nobody goes on with.
func findStopped(dst []Problem, f *Snapshot) []Problem {
	a := f.Actions
	if a == nil || !a.Health.Has() || a.Stopped == "" {
		return dst
	}
	return append(dst, Problem{Severity: journal.Warning, Kind: DrainStopped, Subject: a.Stopped, Elsewhere: a.Stopped != hostname(f), Detail: a.At, Since: ago(f, a.Begun),
		Reason: "Whoever asked for it has left, or the helper has died. The node is as it was left then: drain it again, or uncordon it.", Where: Nodes})
}

// findLate tells of samples that do not come, and of what the sampler waits for.
func findLate(dst []Problem, f *Snapshot) []Problem {
	if f.LateSince == 0 {
		return dst
	}
	p := Problem{Severity: journal.Crit, Kind: SamplerHangs, Since: f.LateSince, Where: Dashboard}
	if f.Sampling.Since != 0 {
		p.Detail = sampleDetails[f.Sampling.Source]
	}
	return append(dst, p)
}

// judge appends a problem when percent is beyond a limit. What is a problem already, or a critical one, stays so until percent
// is below that limit by the margin: a value that wanders round it is one problem.
func judge(dst, open []Problem, percent float64, l Limits, p Problem) []Problem {
	if before := same(open, &p); before != nil {
		l.Warn -= l.Margin
		if before.Severity == journal.Crit {
			l.Critical -= l.Margin
		}
	}
	switch {
	case math.IsNaN(percent) || percent < l.Warn:
		return dst
	case percent >= l.Critical:
		p.Severity = journal.Crit
	default:
		p.Severity = journal.Warning
	}
	p.Percent = percent
	return append(dst, p)
}

func findMemory(dst []Problem, f *Snapshot, open []Problem) []Problem {
	h := f.Host
	if !h.Health[sample.Meminfo].Has() {
		return dst
	}
	return judge(dst, open, h.Memory.UsedPercent(), f.Settings.Memory, Problem{Kind: MemoryShort, Where: Dashboard})
}

// findStalls tells of a host whose tasks wait instead of working, after 10 seconds of it at most, and until it was over for
// most of a minute. Some tasks wait for a disk or memory on every host: only where all do it is told.
func findStalls(dst []Problem, f *Snapshot, open []Problem) []Problem {
	const begins, ends = 50, 10 // percent of 10 seconds, of 60
	if !f.Host.Health[sample.Pressure].Has() {
		return dst
	}
	psi := &f.Host.Pressure
	for _, c := range [...]struct {
		kind     Kind
		ten, all float64
		reason   string
	}{
		{CPUStalled, psi.CPUSome, psi.CPUSome60, "Tasks that could run waited for a CPU: that share of the last 10 seconds (PSI cpu some)."},
		{MemoryStalled, psi.MemoryFull, psi.MemoryFull60, "No task ran because all waited for memory: that share of the last 10 seconds (PSI memory full)."},
		{IOStalled, psi.IOFull, psi.IOFull60, "No task ran because all waited for a disk: that share of the last 10 seconds (PSI io full)."},
	} {
		p := Problem{Severity: journal.Warning, Kind: c.kind, Percent: c.ten, Reason: c.reason, Where: Dashboard}
		if c.kind == CPUStalled {
			p.Hit = busiest(f)
		}
		if c.all >= ends && (c.ten >= begins || same(open, &p) != nil) {
			dst = append(dst, p)
		}
	}
	return dst
}

// busiest names the VM that uses most of the host's CPUs, if one uses a tenth of them.
func busiest(f *Snapshot) (most Hit) {
	if f.VMs == nil || !f.VMs.Health.Has() {
		return Hit{}
	}
	for i := range f.VMs.VMs {
		if v := &f.VMs.VMs[i]; v.Cores >= float64(len(f.Host.Cores))/10 && v.Cores > most.CPUs {
			most = Hit{Namespace: v.Namespace, Name: v.Name, CPUs: v.Cores}
		}
	}
	return most
}

func findFilesystems(dst []Problem, f *Snapshot, open []Problem) []Problem {
	for i := range f.Host.Filesystems {
		fs := &f.Host.Filesystems[i]
		if fs.Health.State == health.Stale || fs.Health.State == health.Failed { // what this user may not look at is neither
			p := Problem{Severity: journal.Crit, Kind: MountHangs, Subject: fs.Mount, Since: fs.Health.Since, Where: Dashboard}
			if fs.Health.Err != notAnswering { // its server or its disk does, with an error
				p.Kind, p.Detail = MountBroken, fs.Health.Err
			}
			dst = append(dst, p)
		}
		if fs.RemountedRO {
			dst = append(dst, Problem{Severity: journal.Crit, Kind: RemountedReadOnly, Subject: fs.Mount, Where: Logs})
		}
		if !fs.Health.Has() || fs.ReadOnly {
			continue // a read-only image is always full
		}
		dst = judge(dst, open, fs.UsedPercent, f.Settings.Filesystem, Problem{Kind: FilesystemFull, Subject: fs.Mount, Where: Dashboard})
		dst = judge(dst, open, fs.InodesPercent, f.Settings.Filesystem, Problem{Kind: InodesShort, Subject: fs.Mount, Where: Dashboard})
	}
	return dst
}

// findHardware tells of arrays that do not run or have lost a disk, of pools that are ill, and of memory that has lost data.
func findHardware(dst []Problem, f *Snapshot) []Problem {
	for i := range f.Host.Arrays {
		a := &f.Host.Arrays[i]
		p := Problem{Severity: journal.Err, Kind: ArrayDegraded, Subject: a.Name, Detail: a.Ill(), Where: Dashboard}
		switch {
		case p.Detail == "":
			continue
		case a.State == "broken":
			p.Severity = journal.Crit
		case !a.Degraded && a.State != "inactive":
			p.Severity = journal.Warning // it has all the disks that it needs
		}
		dst = append(dst, p)
	}
	for i := range f.Host.Pools {
		if p := &f.Host.Pools[i]; p.State != "ONLINE" {
			dst = append(dst, Problem{Severity: journal.Crit, Kind: PoolIll, Subject: p.Name, Detail: p.State, Where: Dashboard})
		}
	}
	for i := range f.Host.EDAC {
		if f.Host.EDAC[i].Uncorrected > 0 {
			dst = append(dst, Problem{Severity: journal.Crit, Kind: MemoryErrors, Subject: f.Host.EDAC[i].Name, Where: Dashboard})
		}
	}
	return dst
}

// findUnits tells of units that failed or that systemd starts again and again; those that carry the cluster weigh more.
// One that the problems found so far give as the reason is not told of twice.
func findUnits(dst []Problem, f *Snapshot) []Problem {
	for i := range f.Units.Failed {
		u := &f.Units.Failed[i]
		if blamed(dst, u.Name) {
			continue
		}
		p := Problem{Severity: journal.Err, Kind: UnitFailed, Subject: u.Name, Detail: u.Why, Since: boottime(f, u.Since), Where: Logs}
		if watched(f.Units, u.Name) {
			p.Severity, p.Kind = journal.Crit, ServiceDown
		}
		dst = append(dst, p)
	}
	for i := range f.Units.Restarting {
		u := &f.Units.Restarting[i]
		dst = append(dst, Problem{Severity: journal.Err, Kind: UnitRestarting, Subject: u.Name, Detail: u.Why, Since: boottime(f, u.Since), Where: Logs})
	}
	return dst
}

func blamed(found []Problem, unit string) bool {
	for i := range found {
		if found[i].Kind == APIDown && found[i].Subject == unit {
			return true
		}
	}
	return false
}

// ago is a time of the wall clock as CLOCK_BOOTTIME, which is negative before this boot; 0 when it is not known.
func ago(f *Snapshot, at time.Time) time.Duration {
	age, known := f.Age(at)
	if !known {
		return 0
	}
	return f.Boot - age
}

// Age is how long ago a time of the wall clock was, 0 for one that is about to be: clocks differ. It is not known of the zero
// time, and of one that is no time at which anything can have happened.
func (f *Snapshot) Age(at time.Time) (age time.Duration, known bool) {
	const skew, ever = 24 * time.Hour, 100 * 365 * 24 * time.Hour
	age = f.Now.Sub(at)
	if at.IsZero() || age < -skew || age > ever {
		return 0, false
	}
	return max(age, 0), true
}

// boottime is ago for what cannot have been before this boot.
func boottime(f *Snapshot, at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(ago(f, at), 1)
}

func watched(u *sample.Units, name string) bool {
	for i := range u.Watched {
		if u.Watched[i].Name == name {
			return true
		}
	}
	return false
}

func findSources(dst []Problem, f *Snapshot) []Problem {
	sources := f.Sources
	if f.LateSince != 0 {
		sources = sources[min(int(sample.SourceCount), len(sources)):] // findLate tells of those of the samples
	}
	for i := range sources {
		s := &sources[i]
		if s.Health.State != health.Failed && s.Health.State != health.Stale || s.Name == cluster || s.Name == Processes {
			continue // findCluster says more of the cluster; a problem does not depend on what is looked at
		}
		dst = append(dst, Problem{Severity: journal.Warning, Kind: SourceFailed, Subject: s.Name, Detail: s.Health.Err,
			Since: s.Health.Since, Where: Dashboard})
	}
	return dst
}
