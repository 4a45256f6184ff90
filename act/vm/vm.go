// Package vm starts, stops, restarts, reboots, pauses and migrates VMs by KubeVirt's subresources, with the rights of the helper's own
// account.
package vm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hypervisor-tui/act"
	"hypervisor-tui/act/node"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube/watch"
)

// VMs does the verbs of VMs. An object is named namespace/name.
type VMs struct{ API node.API }

// verb is how a verb is asked for.
//
// KubeVirt: the paths are of staging/src/kubevirt.io/client-go/kubevirt/typed/core/v1, the options in the bodies of
// staging/src/kubevirt.io/api/core/v1/types.go: StartOptions, StopOptions, RestartOptions, MigrateOptions, PauseOptions and UnpauseOptions
// have dryRun. softreboot has no options, so no rehearsal: whatever is sent reboots the guest.
type verb struct {
	resource, subresource string
	done                  string // what is so once KubeVirt has accepted it, before the VM's name
}

const (
	machines  = "virtualmachines"
	instances = "virtualmachineinstances"
)

var verbs = map[act.Verb]verb{
	act.VMStart:      {machines, "start", "KubeVirt starts "},
	act.VMStop:       {machines, "stop", "KubeVirt stops "},
	act.VMRestart:    {machines, "restart", "KubeVirt restarts "},
	act.VMMigrate:    {machines, "migrate", "KubeVirt migrates "},
	act.VMPause:      {instances, "pause", "KubeVirt has paused "},
	act.VMUnpause:    {instances, "unpause", "KubeVirt lets go on "},
	act.VMSoftReboot: {instances, "softreboot", "KubeVirt has asked for a reboot the guest of "},
}

// machine is what is read of a VirtualMachine.
type machine struct {
	Metadata struct {
		UID string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		RunStrategy string `json:"runStrategy"`
		Running     *bool  `json:"running"` // of old VMs, in its place
	} `json:"spec"`
	Status struct {
		Printable string `json:"printableStatus"`
	} `json:"status"`
}

// strategy is when KubeVirt runs the VM.
func (m *machine) strategy() string {
	switch {
	case m.Spec.Running == nil:
		return clean.String(m.Spec.RunStrategy)
	case *m.Spec.Running:
		return "Always"
	}
	return "Halted"
}

// instance is what is read of a VirtualMachineInstance.
type instance struct {
	Metadata struct {
		UID string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		Grace  *int64 `json:"terminationGracePeriodSeconds"`
		Domain struct {
			Features *struct {
				ACPI struct {
					Enabled *bool `json:"enabled"`
				} `json:"acpi"`
			} `json:"features"`
		} `json:"domain"`
	} `json:"spec"`
	Status struct {
		Phase      string `json:"phase"`
		NodeName   string `json:"nodeName"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

// is reports whether a condition holds.
func (i *instance) is(condition string) bool {
	for _, c := range i.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

// path is where an object of a VM is, in a group such as kubevirt.io.
func path(a act.Ask, group, resource string) (string, error) {
	namespace, vm, _ := strings.Cut(a.Object, "/")
	if !node.ValidName(namespace) || !node.ValidName(vm) {
		return "", errors.New("a VM is named namespace/name")
	}
	return fmt.Sprintf("/apis/%s/v1/namespaces/%s/%s/%s", group, namespace, resource, vm), nil
}

// get reads an object of a VM; there is none when found is false.
func (d VMs) get(ctx context.Context, a act.Ask, resource string, v any) (found bool, err error) {
	p, err := path(a, "kubevirt.io", resource)
	if err != nil {
		return false, err
	}
	err = d.API.Do(ctx, watch.Call{Method: http.MethodGet, Path: p, Agent: node.Agent(a.By)}, v)
	var no *watch.Refusal
	if errors.As(err, &no) && no.Code == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// put asks KubeVirt for what a verb says, or, with rehearsal, whether it would do it.
func (d VMs) put(ctx context.Context, a act.Ask, rehearsal bool) error {
	v, ok := verbs[a.Verb]
	if !ok {
		return errors.New("that cannot be done to a VM")
	}
	p, err := path(a, "subresources.kubevirt.io", v.resource)
	if err != nil {
		return err
	}
	q := watch.Call{Method: http.MethodPut, Path: p + "/" + v.subresource, Agent: node.Agent(a.By)}
	switch {
	case rehearsal && a.Verb == act.VMSoftReboot:
		return nil
	case rehearsal:
		q.Type, q.Body = "application/json", []byte(`{"dryRun":["All"]}`)
	case a.Verb != act.VMSoftReboot:
		q.Type, q.Body = "application/json", []byte(`{}`)
	}
	err = d.API.Do(ctx, q, nil)
	var no *watch.Refusal
	if errors.As(err, &no) {
		return fmt.Errorf("KubeVirt refuses it: %w", no)
	}
	return err
}

// Look implements act.Doer.
func (d VMs) Look(ctx context.Context, a act.Ask) (act.Facts, error) {
	var m machine
	switch found, err := d.get(ctx, a, machines, &m); {
	case err != nil:
		return act.Facts{}, err
	case !found:
		return act.Facts{}, errors.New("there is no such VM")
	}
	i := new(instance)
	switch found, err := d.get(ctx, a, instances, i); {
	case err != nil:
		return act.Facts{}, err
	case !found:
		i = nil
	}
	f := act.Facts{State: []string{m.Metadata.UID, m.strategy(), m.Status.Printable}}
	if i != nil {
		f.State = append(f.State, i.Metadata.UID, i.Status.Phase, i.Status.NodeName, fmt.Sprint("paused ", i.is("Paused")))
	}
	if a.Verb == act.VMSoftReboot {
		if err := i.reboots(); err != nil {
			return f, err
		}
	}
	if err := d.put(ctx, a, true); err != nil {
		return f, err
	}
	f.Will = slices.Concat([]string{now(a, &m, i)}, will(a.Verb, &m, i))
	return f, nil
}

// reboots says why KubeVirt would not ask the guest to reboot: the same as KubeVirt does, which cannot be asked without doing it.
//
// KubeVirt: pkg/virt-api/rest/lifecycle.go, SoftRebootVMIRequestHandler
func (i *instance) reboots() error {
	switch {
	case i == nil || i.Status.Phase != "Running":
		return errors.New("VM is not running")
	case i.is("Paused"):
		return errors.New("VMI is paused")
	case i.is("AgentConnected") || i.Spec.Domain.Features == nil:
		return nil
	}
	if acpi := i.Spec.Domain.Features.ACPI.Enabled; acpi != nil && !*acpi {
		return errors.New("VMI neither have the agent connected nor the ACPI feature enabled")
	}
	return nil
}

// now says how the VM is.
func now(a act.Ask, m *machine, i *instance) string {
	text := "VM " + a.Object
	if m.Status.Printable != "" {
		text += " is " + clean.String(m.Status.Printable)
	}
	if i != nil && i.Status.NodeName != "" {
		text += " on " + clean.String(i.Status.NodeName)
	}
	return text
}

// will says what a verb does.
func will(v act.Verb, m *machine, i *instance) (lines []string) {
	ends := "its guest is asked to shut down, then ended"
	if i != nil && i.Spec.Grace != nil {
		ends = fmt.Sprintf("its guest is asked to shut down, and ended after %d seconds", *i.Spec.Grace)
	}
	strategy := m.strategy()
	switch v {
	case act.VMStart:
		lines = append(lines, "it starts, where KubeVirt finds room")
		if strategy == "Halted" {
			lines = append(lines, "its run strategy becomes Always: it is started again whenever it ends")
		}
	case act.VMStop:
		lines = append(lines, ends)
		if strategy == "Always" || strategy == "Once" {
			lines = append(lines, "its run strategy becomes Halted: it stays off until somebody starts it")
		}
	case act.VMRestart:
		lines = append(lines, ends, "then it starts, where KubeVirt finds room")
	case act.VMSoftReboot:
		how := "by ACPI, which it may ignore"
		if i.is("AgentConnected") {
			how = "by its agent"
		}
		lines = append(lines, "its guest is asked to reboot, "+how, "KubeVirt cannot rehearse this")
	case act.VMPause:
		lines = append(lines, "its CPUs stop and its memory stays: it answers nothing until it is unpaused")
	case act.VMUnpause:
		lines = append(lines, "its CPUs go on")
	case act.VMMigrate:
		lines = append(lines, "it moves while it runs, to a node that KubeVirt chooses")
	}
	return lines
}

// Do implements act.Doer. KubeVirt answers when it has accepted what is asked for, and goes on by itself.
func (d VMs) Do(ctx context.Context, a act.Ask, _ act.Facts, _ func(act.Progress)) (string, error) {
	if err := d.put(ctx, a, false); err != nil {
		return "", err
	}
	return verbs[a.Verb].done + a.Object, nil
}
