package alert

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// Rule says when a problem of one kind becomes an alert, and when that is over.
type Rule struct {
	For       time.Duration // the problem must be there for so long, by its own Since
	Elsewhere time.Duration // the same for one of another host; 0: For
	AfterBoot time.Duration // the host must have been up for so long
	Keep      time.Duration // the alert lasts for so long after the problem has gone
	Latch     bool          // it lasts until somebody acknowledges it
	Bell      bool          // it rings, where its severity does
	Hides     []frame.Kind  // that follow from it: they call nobody while it is there
	Of        relation      // for which of them Hides holds
	Source    string        // of the host, by whose word the problem is there: while it is stale nobody knows; empty: none
	Peers     bool          // it is listed only while the other nodes are asked
	Needs     string        // what must be known besides for the problem to be listed at all; empty: nothing
}

// What a problem may need to be listed, besides a kind of the cluster's objects by its name.
const (
	api     = "api"     // whether the API answers is known
	answers = "answers" // it does
	samples = "samples" // they come
)

// relation is for which subjects one problem is the cause of another.
type relation uint8

const (
	anySubject relation = iota
	sameSubject
	sameCable // of a gateway: the cable that it is behind
)

// holds reports whether cause is that of p, which is of a kind that it hides.
func (r relation) holds(p, cause *frame.Problem) bool {
	switch r {
	case sameSubject:
		return p.Subject == cause.Subject
	case sameCable:
		return p.Detail == cause.Subject || p.Detail == cause.Hit.Bridge
	}
	return true
}

// wait is how long a problem must be there.
func (r *Rule) wait(p *frame.Problem, f *frame.Snapshot) time.Duration {
	wait := r.For
	if p.Elsewhere && r.Elsewhere > 0 {
		wait = r.Elsewhere
	}
	if f.Boot < r.AfterBoot {
		wait = max(wait, r.AfterBoot-p.Since)
	}
	return wait
}

// stale reports whether the host's source of that name does not say how things are now.
func stale(name string, f *frame.Snapshot) bool {
	for i := range f.Sources {
		if s := &f.Sources[i]; s.Name == name {
			return s.Health.State != health.OK && s.Health.State != health.Absent
		}
	}
	return name != ""
}

// known reports whether a problem of the rule's kind would be listed if there were one.
func (r *Rule) known(f *frame.Snapshot) bool {
	switch {
	case stale(r.Source, f), r.Peers && f.Peers != nil && !f.Peers.Viewed:
		return false
	case r.Needs == "":
		return true
	case r.Needs == samples:
		return f.Host != nil && f.LateSince == 0
	case f.Kube == nil || f.Kube.Health.State == health.Init:
		return false
	case r.Needs == api || f.Kube.Health.State == health.Absent:
		return true
	case f.Kube.Health.State != health.OK:
		return false
	}
	for i := range f.Kube.Kinds {
		if kube.Kind(i).String() == r.Needs {
			return f.Kube.Kinds[i].State == health.OK || f.Kube.Kinds[i].State == health.Absent
		}
	}
	return true
}

// Rules are those of each kind.
type Rules [frame.KindCount]Rule

// ofAPI is what follows from an API that does not answer, or is not ready.
var ofAPI = []frame.Kind{frame.NodeFault, frame.PodFailing, frame.VMFailing, frame.ClaimUnbound, frame.KubeVirtIll, frame.KindUnseen,
	frame.MigrationFailed, frame.APIFloods}

var defaultRules = Rules{
	frame.APIDown:      {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Hides: ofAPI, Needs: api},
	frame.APINotReady:  {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Hides: ofAPI, Needs: api},
	frame.ServiceDown:  {Keep: time.Minute, Bell: true, Source: "units", Hides: append([]frame.Kind{frame.APIDown, frame.APINotReady}, ofAPI...)},
	frame.SamplerHangs: {For: 10 * time.Second, Keep: time.Minute, Bell: true},
	frame.NodeFault: {For: 30 * time.Second, Elsewhere: 2 * time.Minute, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true,
		Needs: kube.KindNode.String()},
	frame.NoCarrier:          {For: 4 * time.Second, Keep: time.Minute, Bell: true, Hides: []frame.Kind{frame.GatewaySilent}, Of: sameCable, Source: "links"},
	frame.LinkDown:           {For: 4 * time.Second, Keep: time.Minute, Bell: true, Hides: []frame.Kind{frame.GatewaySilent}, Of: sameCable, Source: "links"},
	frame.AddressTaken:       {Keep: time.Minute, Bell: true, Source: "links"},
	frame.GatewaySilent:      {For: 10 * time.Second, Keep: time.Minute, Bell: true, Source: "links"},
	frame.BondDegraded:       {For: 10 * time.Second, Keep: time.Minute, Bell: true, Source: "links"},
	frame.LinkErrors:         {For: 10 * time.Minute, Keep: 5 * time.Minute, Bell: true, Source: "interface counters"},
	frame.MemoryErrors:       {Keep: time.Minute, Latch: true, Bell: true, Source: "memory errors"},
	frame.RemountedReadOnly:  {Keep: time.Minute, Latch: true, Bell: true, Source: "filesystems"},
	frame.PoolIll:            {Keep: time.Minute, Bell: true, Source: "ZFS pools"},
	frame.ArrayDegraded:      {Keep: time.Minute, Bell: true, Source: "md arrays"},
	frame.MountBroken:        {For: 10 * time.Second, Keep: time.Minute, Bell: true, Needs: samples, Hides: []frame.Kind{frame.FilesystemFull, frame.InodesShort}, Of: sameSubject},
	frame.MountHangs:         {For: 10 * time.Second, Keep: time.Minute, Bell: true, Needs: samples, Hides: []frame.Kind{frame.FilesystemFull, frame.InodesShort}, Of: sameSubject},
	frame.OOMKill:            {Keep: 5 * time.Minute, Bell: true},
	frame.KernelFault:        {Keep: 5 * time.Minute, Bell: true},
	frame.MemoryShort:        {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "memory"},
	frame.FilesystemFull:     {For: time.Minute, Keep: 5 * time.Minute, Bell: true, Source: "filesystems"},
	frame.InodesShort:        {For: time.Minute, Keep: 5 * time.Minute, Bell: true, Source: "filesystems"},
	frame.FillsSoon:          {For: 10 * time.Minute, Keep: 10 * time.Minute, Bell: true, Source: "filesystems"},
	frame.TooHot:             {For: 10 * time.Second, Keep: 2 * time.Minute, Bell: true, Source: "sensors"},
	frame.FanStopped:         {For: 10 * time.Second, Keep: 2 * time.Minute, Bell: true, Source: "sensors"},
	frame.ConntrackFull:      {For: 30 * time.Second, Keep: 2 * time.Minute, Bell: true, Source: "sockets"},
	frame.MemoryStalled:      {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.IOStalled:          {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.CPUStalled:         {For: 5 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.UnitFailed:         {For: 5 * time.Second, Keep: 5 * time.Minute, Bell: true, Source: "units"},
	frame.UnitRestarting:     {For: 5 * time.Second, Keep: 5 * time.Minute, Bell: true, Source: "units"},
	frame.CheckFailed:        {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "plugins"},
	frame.KubeVirtIll:        {For: 2 * time.Minute, Keep: 2 * time.Minute, Bell: true, Needs: kube.KindKubeVirt.String()},
	frame.PodFailing:         {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Needs: kube.KindPod.String()},
	frame.VMFailing:          {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Needs: kube.KindVM.String()},
	frame.GuestPaused:        {Keep: 2 * time.Minute, Bell: true, Needs: kube.KindVMI.String()},
	frame.OrphanedVMs:        {For: 10 * time.Minute, Keep: 2 * time.Minute, Bell: true, Needs: kube.KindPod.String()},
	frame.APIRefuses:         {For: 30 * time.Second, Keep: time.Minute, Needs: api},
	frame.CertificateExpires: {Keep: time.Minute, Needs: answers},
	frame.KindUnseen:         {For: time.Minute, Keep: time.Minute, Needs: answers},
	frame.APIFloods:          {For: time.Minute, Keep: 2 * time.Minute, Needs: answers},
	frame.MigrationFailed:    {Keep: time.Minute, Needs: kube.KindMigration.String()},
	frame.DrainStopped:       {Keep: time.Minute, Source: "actions"},
	frame.KindForbidden:      {For: time.Minute, Keep: time.Minute, Needs: answers},
	frame.KindTooLarge:       {For: time.Minute, Keep: time.Minute, Needs: answers},
	frame.ClaimUnbound:       {For: 5 * time.Minute, Keep: 2 * time.Minute, Needs: kube.KindPVC.String()},
	frame.NodeDisagrees:      {For: 2 * time.Minute, Keep: 2 * time.Minute, Peers: true, Needs: kube.KindNode.String()},
	frame.PeerClock:          {For: 2 * time.Minute, Keep: 5 * time.Minute, Peers: true},
	frame.ClockAdrift:        {For: 10 * time.Minute, Keep: 2 * time.Minute, Source: "clock"},
	frame.SourceFailed:       {For: 30 * time.Second, Keep: time.Minute, Needs: samples},
	frame.ConfigBad:          {Keep: time.Minute},
}

// DefaultRules are the rules as they are without any configuration.
func DefaultRules() Rules { return defaultRules }
