package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

var kubevirtFigures = figures[frame.Frame]{
	{key: "state", kind: "state", help: "That of the kind virtualmachines: absent when KubeVirt is not installed, or when there is no cluster to ask; failed when it is forbidden.",
		value: func(f *frame.Frame) any { return virtHealth(f).State.String() }},
	{key: "error", kind: "text", help: "Why it is not ok.", null: "there is nothing to say", value: func(f *frame.Frame) any { return text(virtHealth(f).Err) }},
	{key: "phase", kind: "text", help: "Phase of the installation, such as Deployed.", null: "not known",
		value: func(f *frame.Frame) any { return text(virtOf(f).Phase) }},
	{key: "version", kind: "text", help: "Its version.", null: "not known", value: func(f *frame.Frame) any { return text(virtOf(f).Version) }},
	{key: "vms", help: "Virtual machines that are defined, by what KubeVirt calls their state.", inner: kubeVMsFigures,
		value: func(f *frame.Frame) any { return kubeVMsFigures.of(cluster(f)) }},
	{key: "instances", kind: list, help: "Virtual machines that run or are about to, on any node.", inner: instanceFigures, value: func(f *frame.Frame) any {
		return instanceFigures.list(listed(cluster(f).Virt.VMIs, cluster(f).Kinds[kube.KindVMI].Has()))
	}},
	{key: "available", kind: "boolean", help: "Its condition Available.", null: "not said", value: func(f *frame.Frame) any { return truth(virtOf(f).Available) }},
	{key: "progressing", kind: "boolean", help: "Its condition Progressing: it is being deployed or updated.", null: "not said",
		value: func(f *frame.Frame) any { return truth(virtOf(f).Progressing) }},
	{key: "degraded", kind: "boolean", help: "Its condition Degraded.", null: "not said", value: func(f *frame.Frame) any { return truth(virtOf(f).Degraded) }},
	{key: "degraded_because", kind: "text", help: "Reason of the worse of the two.", null: "nothing is said to be wrong",
		value: func(f *frame.Frame) any { return text(virtOf(f).Why) }},
	{key: "defined", kind: list, help: "The virtual machines that are defined, running or not.", inner: definedFigures, value: func(f *frame.Frame) any {
		return definedFigures.list(listed(cluster(f).Virt.VMs, cluster(f).Kinds[kube.KindVM].Has()))
	}},
	{key: "migrations", kind: list, help: "Migrations that go on, then the 20 newest that have ended.", inner: migrationFigures, value: func(f *frame.Frame) any {
		return migrationFigures.list(listed(cluster(f).Virt.Migrations, cluster(f).Kinds[kube.KindMigration].Has()))
	}},
	{key: "data_volumes", kind: "integer", help: "DataVolumes (CDI).", null: "not known, or not installed",
		value: func(f *frame.Frame) any { return figureOf(cluster(f), kube.KindDataVolume, cluster(f).Virt.Volumes) }},
}

var kubeVMsFigures = figures[kube.State]{
	{key: "running", kind: "integer", help: "Running.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Running) }},
	{key: "stopped", kind: "integer", help: "Stopped.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Stopped) }},
	{key: "migrating", kind: "integer", help: "Migrating: they run and move to another node.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Migrating) }},
	{key: "error", kind: "integer", help: "In an error, whichever.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Error) }},
	{key: "paused", kind: "integer", help: "Paused.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Paused) }},
	{key: "other", kind: "integer", help: "In any other state, such as Starting.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Other) }},
	{key: "total", kind: "integer", help: "All of them.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindVM, s.Virt.Tally.Total) }},
	{key: "by_status", kind: perName, help: "Number of virtual machines by printable status; `(none)` where nothing is said yet.",
		value: func(s *kube.State) any { return counts(s, kube.KindVM, s.Virt.Tally.ByStatus) }},
}

var instanceFigures = figures[kube.VMI]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(i *kube.VMI) any { return i.Namespace }},
	{key: "name", kind: "text", help: "Name.", value: func(i *kube.VMI) any { return i.Name }},
	{key: "phase", kind: "text", help: "Phase.", null: "not known", value: func(i *kube.VMI) any { return text(i.Phase) }},
	{key: "node", kind: "text", help: "Node that it runs on.", null: "it has none yet", value: func(i *kube.VMI) any { return text(i.Node) }},
	{key: "ips", kind: list, help: "Its addresses.", value: func(i *kube.VMI) any { return plain(i.IPs) }},
	{key: "ready", kind: "boolean", help: "Whether it is ready.", null: "not known", value: func(i *kube.VMI) any { return truth(i.Ready) }},
	{key: "paused", kind: "boolean", help: "Whether it is paused.", null: "not known", value: func(i *kube.VMI) any { return truth(i.Paused) }},
	{key: "migratable", kind: "boolean", help: "Whether it can move to another node.", null: "not known",
		value: func(i *kube.VMI) any { return truth(i.Migratable) }},
	{key: "vcpus", kind: "integer", help: "Virtual CPUs.", null: "not known", value: func(i *kube.VMI) any { return positive(i.VCPUs) }},
	{key: "memory_bytes", kind: "integer", help: "Memory that it was given.", null: "not known", value: func(i *kube.VMI) any { return positive(i.Memory) }},
	{key: "not_migratable_because", kind: "text", help: "Why it cannot.", null: "it can, or not known", value: func(i *kube.VMI) any { return text(i.WhyNot) }},
	{key: "agent", kind: "boolean", help: "Whether the guest's agent is connected.", null: "not known", value: func(i *kube.VMI) any { return truth(i.Agent) }},
	{key: "evacuating_from", kind: "text", help: "Node that it is to be moved off.", null: "it may stay",
		value: func(i *kube.VMI) any { return text(i.Evacuating) }},
}

var definedFigures = figures[kube.VM]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(m *kube.VM) any { return m.Namespace }},
	{key: "name", kind: "text", help: "Name.", value: func(m *kube.VM) any { return m.Name }},
	{key: "status", kind: "text", help: "Printable status.", null: "KubeVirt has not said", value: func(m *kube.VM) any { return text(m.Status) }},
	{key: "since", kind: "time", help: "When it became or ceased to be ready.", null: "KubeVirt has not said",
		value: func(m *kube.VM) any { return stamp(m.Since, time.RFC3339) }},
}

var migrationFigures = figures[kube.Migration]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(m *kube.Migration) any { return m.Namespace }},
	{key: "name", kind: "text", help: "Name of the migration.", value: func(m *kube.Migration) any { return m.Name }},
	{key: "instance", kind: "text", help: "Name of the instance that moves.", null: "not known", value: func(m *kube.Migration) any { return text(m.VMI) }},
	{key: "phase", kind: "text", help: "Phase.", null: "not known", value: func(m *kube.Migration) any { return text(m.Phase) }},
	{key: "source", kind: "text", help: "Node that it leaves.", null: "not known", value: func(m *kube.Migration) any { return text(m.Source) }},
	{key: "target", kind: "text", help: "Node that it goes to.", null: "not known", value: func(m *kube.Migration) any { return text(m.Target) }},
	{key: "created", kind: "time", help: "When it was asked for.", null: "not known", value: func(m *kube.Migration) any { return stamp(m.Created, time.RFC3339) }},
	{key: "ended", kind: "time", help: "When it ended.", null: "it has not, or not known",
		value: func(m *kube.Migration) any { return stamp(m.Ended, time.RFC3339) }},
	{key: "failed_because", kind: "text", help: "Why it failed.", null: "it did not, or not known", value: func(m *kube.Migration) any { return text(m.Why) }},
}

// virtHealth is that of the kind VirtualMachine while the API answers, or did, and the cluster's otherwise: without its
// API nobody knows whether KubeVirt is installed.
func virtHealth(f *frame.Frame) *health.Health {
	s := cluster(f)
	if s.Health.Has() {
		return &s.Kinds[kube.KindVM].Health
	}
	return &s.Health
}

// virtOf is what KubeVirt says of itself, nothing while that is not known.
func virtOf(f *frame.Frame) *kube.KubeVirt {
	if s := cluster(f); s.Kinds[kube.KindKubeVirt].Has() {
		return &s.Virt.KubeVirt
	}
	return &kube.KubeVirt{}
}

func truth(t kube.Truth) *bool { return known(t == kube.True, t != kube.Unknown) }
