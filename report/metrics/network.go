package metrics

import (
	"path"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// ofNet is of for a source of the network.
func ofNet(s sample.Source) func(*frame.Frame) *health.Health {
	return func(f *frame.Frame) *health.Health {
		if f.Host == nil || f.Net == nil {
			return nil
		}
		return &f.Host.Health[s]
	}
}

// networkGroups are the interfaces. They come after all else that is limited: when there is no room, those that are mere ports
// are left out.
func networkGroups() []group {
	return []group{
		{title: "Interface counters", collector: "netdev", source: ofNet(sample.NetDev), families: []family{
			traffic("node_network_receive_bytes_total", "Bytes received.", func(l *sample.Interface) uint64 { return l.RxBytes }),
			traffic("node_network_receive_packets_total", "Packets received.", func(l *sample.Interface) uint64 { return l.RxPackets }),
			traffic("node_network_receive_errs_total", "Broken packets received.", func(l *sample.Interface) uint64 { return l.RxErrors }),
			traffic("node_network_receive_drop_total", "Packets received and dropped.", func(l *sample.Interface) uint64 { return l.RxDropped }),
			traffic("node_network_transmit_bytes_total", "Bytes sent.", func(l *sample.Interface) uint64 { return l.TxBytes }),
			traffic("node_network_transmit_packets_total", "Packets sent.", func(l *sample.Interface) uint64 { return l.TxPackets }),
			traffic("node_network_transmit_errs_total", "Packets that could not be sent.", func(l *sample.Interface) uint64 { return l.TxErrors }),
			traffic("node_network_transmit_drop_total", "Packets to send that were dropped.", func(l *sample.Interface) uint64 { return l.TxDropped }),
		}},
		{title: "Interfaces", collector: "netclass", source: ofNet(sample.Links), every: slow, families: []family{
			link("node_network_up", gauge, "1 while the operational state is up.", func(l *sample.Interface) (uint64, bool) { return one(l.State == "up"), l.State != "" }),
			link("node_network_carrier", gauge, "1 while there is a carrier; not of an interface that is switched off.", func(l *sample.Interface) (uint64, bool) { return one(l.Carrier), l.AdminUp }),
			link("node_network_carrier_changes_total", counter, "How often the carrier came or went.", func(l *sample.Interface) (uint64, bool) { return uint64(l.CarrierChanges), l.CarrierChanges >= 0 }),
			link("node_network_mtu_bytes", gauge, "Largest packet.", func(l *sample.Interface) (uint64, bool) { return uint64(l.MTU), l.MTU > 0 }),
			link("node_network_speed_bytes", gauge, "Bytes a second that the cable carries.", func(l *sample.Interface) (uint64, bool) {
				mbps := l.More().SpeedMbps
				return uint64(mbps) * 125000, mbps > 0
			}),
			link("node_network_iface_id", gauge, "Index of the interface.", func(l *sample.Interface) (uint64, bool) { return uint64(l.Index), true }),
			{name: "node_network_info", labels: "device,address,duplex,operstate,adminstate", help: "What an interface is.", write: func(w *Writer, f *frame.Frame) {
				w.eachNIC(f, func(l *sample.Interface) {
					admin := "down"
					if l.AdminUp {
						admin = "up"
					}
					if l.Index > 0 {
						w.uint(1, l.Name, l.MAC, l.More().Duplex, l.State, admin)
					}
				})
			}},
			{name: "hypervisor_interface_vm_info", labels: "device,namespace,name", help: "The virtual machine that an interface leads to.", write: func(w *Writer, f *frame.Frame) {
				w.eachNIC(f, func(l *sample.Interface) {
					if l.VM != nil {
						w.uint(1, l.Name, l.VM.Namespace, l.VM.Name)
					}
				})
			}},
		}},
		{title: "Bonds", collector: "bonding", source: ofNet(sample.Links), every: slow, families: []family{
			{name: "node_bonding_slaves", labels: "master", help: "Interfaces of the bond.", write: func(w *Writer, f *frame.Frame) {
				w.eachNIC(f, func(l *sample.Interface) {
					if b := l.More().Bond; b != nil {
						w.number(b.Slaves, l.Name)
					}
				})
			}},
			{name: "node_bonding_active", labels: "master", help: "Of these, those whose link is up.", write: func(w *Writer, f *frame.Frame) {
				w.eachNIC(f, func(l *sample.Interface) {
					if b := l.More().Bond; b != nil {
						w.number(b.Up, l.Name)
					}
				})
			}},
		}},
	}
}

// traffic is the family of one counter of the interfaces.
func traffic(name, help string, value func(*sample.Interface) uint64) family {
	return family{name: name, kind: counter, labels: "device", help: help, write: func(w *Writer, f *frame.Frame) {
		w.eachNIC(f, func(l *sample.Interface) {
			if l.Counted {
				w.uint(value(l), l.Name)
			}
		})
	}}
}

// link is the family of one figure of the interfaces that are known by more than their name.
func link(name string, k kind, help string, value func(*sample.Interface) (v uint64, known bool)) family {
	return family{name: name, kind: k, labels: "device", help: help, write: func(w *Writer, f *frame.Frame) {
		w.eachNIC(f, func(l *sample.Interface) {
			if v, known := value(l); known && l.Index > 0 {
				w.uint(v, l.Name)
			}
		})
	}}
}

// visibility is whether an interface has series.
type visibility uint8

const (
	shown   visibility = iota
	denied             // nobody wants it
	leftOut            // there is no room for it
)

// chooseNICs says of each interface whether it has series. Of the room that is left all that are more than a mere port come
// first, then as many ports as fit, with all their series or none.
func (w *Writer) chooseNICs(f *frame.Frame) {
	w.nics = w.nics[:0]
	if f.Net == nil {
		return
	}
	ports := len(f.Net.Interfaces)
	if w.options.MaxSeries > 0 {
		ports = (w.options.MaxSeries - w.series) / w.table.nic
	}
	for _, l := range f.Net.Interfaces {
		v := shown
		if deniedBy(w.options.Deny, l.Name) {
			v = denied
		} else if !l.Plain {
			ports--
		}
		w.nics = append(w.nics, v)
	}
	for i, l := range f.Net.Interfaces {
		if l.Plain && w.nics[i] == shown {
			if ports--; ports < 0 {
				w.nics[i] = leftOut
			}
		}
	}
}

func deniedBy(globs []string, name string) bool {
	for _, glob := range globs {
		if ok, _ := path.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// eachNIC visits the interfaces; the series of those that there is no room for are counted only.
func (w *Writer) eachNIC(f *frame.Frame, visit func(*sample.Interface)) {
	for i, l := range f.Net.Interfaces {
		if w.nics[i] != denied {
			w.omitting = w.nics[i] == leftOut
			visit(l)
		}
	}
	w.omitting = false
}
