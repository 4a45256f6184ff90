package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
)

type kubevirt struct {
	State     string     `json:"state"`
	Error     *string    `json:"error"`
	Phase     *string    `json:"phase"`
	Version   *string    `json:"version"`
	VMs       kubeVMs    `json:"vms"`
	Instances []instance `json:"instances"`

	Available   *bool   `json:"available"`
	Progressing *bool   `json:"progressing"`
	Degraded    *bool   `json:"degraded"`
	Why         *string `json:"degraded_because"`

	Defined     []defined   `json:"defined"`
	Migrations  []migration `json:"migrations"`
	DataVolumes *int        `json:"data_volumes"`
}

type kubeVMs struct {
	Running   *int           `json:"running"`
	Stopped   *int           `json:"stopped"`
	Migrating *int           `json:"migrating"`
	Error     *int           `json:"error"`
	Paused    *int           `json:"paused"`
	Other     *int           `json:"other"`
	Total     *int           `json:"total"`
	ByStatus  map[string]int `json:"by_status"`
}

type instance struct {
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	Phase      *string  `json:"phase"`
	Node       *string  `json:"node"`
	IPs        []string `json:"ips"`
	Ready      *bool    `json:"ready"`
	Paused     *bool    `json:"paused"`
	Migratable *bool    `json:"migratable"`
	VCPUs      *int     `json:"vcpus"`
	Memory     *uint64  `json:"memory_bytes"`
	WhyNot     *string  `json:"not_migratable_because"`
	Agent      *bool    `json:"agent"`
	Evacuating *string  `json:"evacuating_from"`
}

type defined struct {
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Status    *string `json:"status"`
	Since     *string `json:"since"`
}

type migration struct {
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Instance  *string `json:"instance"`
	Phase     *string `json:"phase"`
	Source    *string `json:"source"`
	Target    *string `json:"target"`
	Created   *string `json:"created"`
	Ended     *string `json:"ended"`
	Why       *string `json:"failed_because"`
}

// newKubeVirt has the state of the kind VirtualMachine while the API answers, or did, and the cluster's otherwise:
// without its API nobody knows whether KubeVirt is installed.
func newKubeVirt(f *frame.Frame) kubevirt {
	s := f.Kube
	if s == nil {
		s = new(kube.State)
	}
	h := &s.Health
	if h.Has() {
		h = &s.Kinds[kube.KindVM].Health
	}
	t := &s.Virt.Tally
	v := kubevirt{State: h.State.String(), Error: text(h.Err), Instances: []instance{}, Defined: []defined{}, Migrations: []migration{}}
	if s.Kinds[kube.KindKubeVirt].Has() {
		v.Phase, v.Version, v.Why = text(s.Virt.Phase), text(s.Virt.Version), text(s.Virt.Why)
		v.Available, v.Progressing, v.Degraded = truth(s.Virt.Available), truth(s.Virt.Progressing), truth(s.Virt.Degraded)
	}
	v.VMs = kubeVMs{
		Running: figure(s, kube.KindVM, t.Running), Stopped: figure(s, kube.KindVM, t.Stopped), Migrating: figure(s, kube.KindVM, t.Migrating),
		Error: figure(s, kube.KindVM, t.Error), Paused: figure(s, kube.KindVM, t.Paused), Other: figure(s, kube.KindVM, t.Other),
		Total: figure(s, kube.KindVM, t.Total), ByStatus: counts(s, kube.KindVM, t.ByStatus),
	}
	v.DataVolumes = figure(s, kube.KindDataVolume, s.Virt.Volumes)
	if s.Kinds[kube.KindVM].Has() {
		for _, m := range s.Virt.VMs {
			v.Defined = append(v.Defined, defined{m.Namespace, m.Name, text(m.Status), stamp(m.Since, time.RFC3339)})
		}
	}
	if s.Kinds[kube.KindInstance].Has() {
		for i := range s.Virt.Instances {
			v.Instances = append(v.Instances, newInstance(&s.Virt.Instances[i]))
		}
	}
	if s.Kinds[kube.KindMigration].Has() {
		for i := range s.Virt.Migrations {
			v.Migrations = append(v.Migrations, newMigration(&s.Virt.Migrations[i]))
		}
	}
	return v
}

func newInstance(i *kube.Instance) instance {
	return instance{
		Namespace: i.Namespace, Name: i.Name, Phase: text(i.Phase), Node: text(i.Node), IPs: append([]string{}, i.IPs...),
		Ready: truth(i.Ready), Paused: truth(i.Paused), Migratable: truth(i.Migratable), VCPUs: known(i.VCPUs, i.VCPUs > 0),
		Memory: known(i.Memory, i.Memory > 0), WhyNot: text(i.WhyNot), Agent: truth(i.Agent), Evacuating: text(i.Evacuating),
	}
}

func truth(t kube.Truth) *bool { return known(t == kube.True, t != kube.Unknown) }

func newMigration(m *kube.Migration) migration {
	return migration{
		Namespace: m.Namespace, Name: m.Name, Instance: text(m.Instance), Phase: text(m.Phase), Source: text(m.Source), Target: text(m.Target),
		Created: stamp(m.Created, time.RFC3339), Ended: stamp(m.Ended, time.RFC3339), Why: text(m.Why),
	}
}
