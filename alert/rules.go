package alert

import (
	"time"

	"hypervisor-tui/frame"
)

// Rule says when a problem of one kind becomes an alert, and when that is over.
type Rule struct {
	For       time.Duration // the problem must be there for so long
	AfterBoot time.Duration // the same while the host has not been up for that long; 0: no longer than For
	Keep      time.Duration // the alert lasts for so long after the problem was seen last
	Latch     bool          // it lasts until somebody acknowledges it
	Bell      bool          // it rings, where its severity does
	Hides     []frame.Kind  // that follow from it: they call nobody while it is there
	OfSubject bool          // Hides holds for those of the same subject only
	Source    string        // by whose word the problem is there: what is stale there is not over; empty: by several
}

// rules are those of each kind. What is not here is told at once and kept for a minute.
var rules = [frame.KindCount]Rule{
	frame.APIDown: {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true,
		Hides: []frame.Kind{frame.APINotReady, frame.NodeFault, frame.PodFailing, frame.VMFailing, frame.ClaimUnbound, frame.KubeVirtIll, frame.KindUnseen, frame.MigrationFailed}},
	frame.APINotReady: {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true},
	frame.ServiceDown: {Keep: time.Minute, Bell: true, Source: "units",
		Hides: []frame.Kind{frame.APIDown, frame.APINotReady, frame.NodeFault, frame.PodFailing, frame.VMFailing, frame.ClaimUnbound, frame.KubeVirtIll, frame.KindUnseen}},
	frame.SamplerHangs:       {For: 10 * time.Second, Keep: time.Minute, Bell: true},
	frame.NodeFault:          {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "kubernetes"},
	frame.NoCarrier:          {For: 4 * time.Second, Keep: time.Minute, Bell: true, Hides: []frame.Kind{frame.GatewaySilent}, Source: "links"},
	frame.LinkDown:           {For: 4 * time.Second, Keep: time.Minute, Bell: true, Hides: []frame.Kind{frame.GatewaySilent}, Source: "links"},
	frame.AddressTaken:       {Keep: time.Minute, Bell: true, Source: "links"},
	frame.GatewaySilent:      {For: 10 * time.Second, Keep: time.Minute, Bell: true, Source: "links"},
	frame.BondDegraded:       {For: 10 * time.Second, Keep: time.Minute, Bell: true, Source: "links"},
	frame.MemoryErrors:       {Keep: time.Minute, Latch: true, Bell: true, Source: "memory errors"},
	frame.RemountedReadOnly:  {Keep: time.Minute, Latch: true, Bell: true, Source: "filesystems"},
	frame.PoolIll:            {Keep: time.Minute, Bell: true, Source: "ZFS pools"},
	frame.ArrayDegraded:      {Keep: time.Minute, Bell: true, Source: "md arrays"},
	frame.MountBroken:        {For: 10 * time.Second, Keep: time.Minute, Bell: true},
	frame.MountHangs:         {For: 10 * time.Second, Keep: time.Minute, Bell: true, Hides: []frame.Kind{frame.FilesystemFull, frame.InodesShort}, OfSubject: true},
	frame.OOMKill:            {Keep: 5 * time.Minute, Bell: true},
	frame.KernelFault:        {Keep: 5 * time.Minute, Bell: true},
	frame.MemoryShort:        {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "memory"},
	frame.FilesystemFull:     {For: time.Minute, Keep: 5 * time.Minute, Bell: true, Source: "filesystems"},
	frame.InodesShort:        {For: time.Minute, Keep: 5 * time.Minute, Bell: true, Source: "filesystems"},
	frame.ConntrackFull:      {For: 30 * time.Second, Keep: 2 * time.Minute, Bell: true, Source: "sockets"},
	frame.MemoryStalled:      {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.IOStalled:          {For: 30 * time.Second, AfterBoot: 3 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.CPUStalled:         {For: 5 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "pressure"},
	frame.UnitFailed:         {For: 5 * time.Second, Keep: 5 * time.Minute, Bell: true, Source: "units"},
	frame.UnitRestarting:     {For: 5 * time.Second, Keep: 5 * time.Minute, Bell: true, Source: "units"},
	frame.KubeVirtIll:        {For: 2 * time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "kubernetes"},
	frame.PodFailing:         {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "kubernetes"},
	frame.VMFailing:          {For: time.Minute, Keep: 2 * time.Minute, Bell: true, Source: "kubernetes"},
	frame.APIRefuses:         {For: 30 * time.Second, Keep: time.Minute},
	frame.CertificateExpires: {Keep: time.Minute},
	frame.KindUnseen:         {For: time.Minute, Keep: time.Minute, Source: "kubernetes"},
	frame.APIFloods:          {For: time.Minute, Keep: 2 * time.Minute},
	frame.MigrationFailed:    {Keep: time.Minute, Source: "kubernetes"},
	frame.KindForbidden:      {For: time.Minute, Keep: time.Minute, Source: "kubernetes"},
	frame.KindTooLarge:       {Keep: time.Minute, Source: "kubernetes"},
	frame.ClaimUnbound:       {For: 5 * time.Minute, Keep: 2 * time.Minute, Source: "kubernetes"},
	frame.SourceFailed:       {For: 30 * time.Second, Keep: time.Minute},
	frame.ConfigBad:          {Keep: time.Minute},
}

// Rules returns the rules as they are without any configuration.
func Rules() [frame.KindCount]Rule { return rules }
