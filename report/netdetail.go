package report

import (
	"strconv"
	"strings"

	"hypervisor-tui/sample"
)

type address struct {
	Address    string `json:"address"`
	Scope      string `json:"scope"`
	Deprecated bool   `json:"deprecated"`
	Tentative  bool   `json:"tentative"`
	Duplicate  bool   `json:"duplicate"`
}

type bond struct {
	Mode       *string `json:"mode"`
	Active     *string `json:"active_slave"`
	PartnerMAC *string `json:"partner_mac"`
	Ports      *int    `json:"aggregator_ports"`
	Slaves     *int    `json:"slaves"`
	Up         *int    `json:"slaves_up"`
}

type bondSlave struct {
	State      *string `json:"state"`
	Link       *string `json:"link"`
	Failures   *int    `json:"failures"`
	Aggregator *int    `json:"aggregator"`
}

type farEnd struct {
	Namespace *int    `json:"namespace"`
	Index     *int    `json:"index"`
	Name      *string `json:"name"`
}

type function struct {
	Number int     `json:"number"`
	Bus    *string `json:"bus"`
	Name   *string `json:"name"`
	MAC    *string `json:"mac"`
	VLAN   *int    `json:"vlan"`
	State  *string `json:"state"`
	VM     *string `json:"vm"`
}

// detail fills in what only some interfaces have. Of an object that an interface has nothing of each key is null.
func (k *link) detail(n *sample.Net, l *sample.Interface) {
	d := l.More()
	k.AltNames = append([]string{}, strings.Fields(d.AltNames)...)
	k.Parent, k.Bus, k.Firmware = text(l.Parent), text(d.Bus), text(d.Firmware)
	k.Port, k.Autoneg, k.Mode = text(d.Port), text(d.Autoneg), text(d.Mode)
	k.CarrierChanges, k.VLAN = count(l.CarrierChanges), known(d.VLAN, d.VLAN > 0)
	k.Details = addressDetails(n, l)
	k.VM, k.WhyVM, k.VMs = vmName(l.VM), text(l.WhyVM), vmNames(d.VMs)
	k.Uplinks, k.Above = append([]string{}, d.Uplinks...), append([]string{}, d.Above...)
	k.VFs = functions(d.VFs)
	if b := d.Bond; b != nil {
		k.Bond = bond{text(b.Mode), text(b.Active), text(b.PartnerMAC), known(b.Ports, b.Ports > 0), &b.Slaves, &b.Up}
	}
	if b := d.BondPort; b != nil {
		k.Slave = bondSlave{text(b.State), text(b.Link), &b.Failures, known(b.Aggregator, b.Aggregator > 0)}
	}
	if f := l.Far; f != nil {
		k.Far = farEnd{&f.Namespace, &f.Index, text(f.Name)}
	}
}

func addressDetails(n *sample.Net, l *sample.Interface) []address {
	list := make([]address, 0, l.AddressCount)
	for _, a := range n.Addresses[l.FirstAddress : l.FirstAddress+l.AddressCount] {
		list = append(list, address{a.CIDR, a.Scope, a.Deprecated, a.Tentative, a.Duplicate})
	}
	return list
}

func functions(all []sample.VF) []function {
	list := make([]function, 0, len(all))
	for i := range all {
		vf := &all[i]
		list = append(list, function{vf.Number, text(vf.Bus), text(vf.Name), text(vf.MAC), known(vf.VLAN, vf.VLAN > 0), text(vf.State), vmName(vf.VM)})
	}
	return list
}

// vmName is namespace/name, the name alone of a guest that is not KubeVirt's, qemu-PID of one without a name; null for
// none.
func vmName(vm *sample.AttachedVM) *string {
	if vm == nil {
		return nil
	}
	name := vm.Name
	switch {
	case name == "":
		name = "qemu-" + strconv.Itoa(vm.PID)
	case vm.Namespace != "":
		name = vm.Namespace + "/" + name
	}
	return &name
}

func vmNames(vms []sample.AttachedVM) []string {
	list := make([]string, 0, len(vms))
	for i := range vms {
		list = append(list, *vmName(&vms[i]))
	}
	return list
}
