package link

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link/linktest"
)

// detailOf is what ip says of a link beyond what all links have; nil: nothing.
func detailOf(l *linktest.Link) *sample.LinkDetail {
	data, port := &l.Info.Data, &l.Info.Port
	d := &sample.LinkDetail{AltNames: strings.Join(l.AltNames, " "), VLAN: data.ID}
	switch l.Info.Kind {
	case "macvtap", "macvlan":
		d.Mode = data.Mode
	case "tun":
		d.Mode = data.Type
	case "bridge":
		d.Bridge = &sample.Bridge{STP: data.STP != 0, Filtering: data.Filtering != 0}
	case "bond":
		d.Bond = &sample.Bond{Mode: data.Mode, Active: data.Active, PartnerMAC: data.LACP.Partner, Ports: data.LACP.Ports}
		if d.Bond.PartnerMAC == "00:00:00:00:00:00" {
			d.Bond.PartnerMAC = ""
		}
	}
	if l.Info.MasterKind == "bond" {
		d.BondPort = &sample.BondPort{State: strings.ToLower(port.State), Link: strings.ToLower(port.MII), Failures: port.Failures, Aggregator: port.Aggregator}
	}
	return orNothing(d)
}

// orNothing is d, or nil when there is nothing in it.
func orNothing(d *sample.LinkDetail) *sample.LinkDetail {
	if reflect.DeepEqual(d, &sample.LinkDetail{}) {
		return nil
	}
	return d
}

// oracleDetail is the part of d that ip has, too.
func oracleDetail(d *sample.LinkDetail) *sample.LinkDetail {
	part := &sample.LinkDetail{AltNames: d.AltNames, Mode: d.Mode, VLAN: d.VLAN, BondPort: d.BondPort}
	if b := d.Bridge; b != nil {
		part.Bridge = &sample.Bridge{STP: b.STP, Filtering: b.Filtering}
	}
	if b := d.Bond; b != nil {
		part.Bond = &sample.Bond{Mode: b.Mode, Active: b.Active, PartnerMAC: b.PartnerMAC, Ports: b.Ports}
	}
	return orNothing(part)
}

// fromIP is the table that ip's answers make, without devices and nameservers.
func fromIP(t *testing.T) *sample.LinkTable {
	t.Helper()
	table := &sample.LinkTable{}
	for _, l := range linktest.Links(t) {
		n := &sample.Link{
			Index: l.Index, Name: clean.String(l.Name), FirstAddress: len(table.Addresses), AddressCount: len(l.Addresses),
			CarrierChanges: l.Stats.TX.CarrierChanges,
			SharedAttrs: &sample.SharedAttrs{
				Kind: l.Info.Kind, Master: clean.String(l.Master), MTU: l.MTU, State: strings.ToLower(l.State),
				AdminUp: slices.Contains(l.Flags, "UP"), Carrier: slices.Contains(l.Flags, "LOWER_UP"), Detail: detailOf(&l),
			},
		}
		if l.FarNSID != nil {
			n.Peer = &sample.Peer{Namespace: *l.FarNSID, Index: l.FarIndex}
		} else if l.Parent != l.Name {
			n.Parent = clean.String(l.Parent)
		}
		if l.Info.MasterKind == "bridge" {
			n.BridgePort = &sample.BridgePort{State: l.Info.Port.State}
		}
		switch l.LinkType {
		case "ether", "infiniband":
			n.MAC = l.MAC
		case "loopback":
			n.Kind = "loopback"
		}
		for _, a := range l.Addresses {
			cidr := a.Local + "/" + strconv.Itoa(a.Bits)
			table.Addresses = append(table.Addresses, sample.Address{CIDR: cidr, IPv6: a.Family == "inet6", Scope: a.Scope,
				Deprecated: a.Deprecated, Tentative: a.Tentative, Duplicate: a.Duplicate})
		}
		table.Links = append(table.Links, n)
	}
	for _, r := range linktest.Defaults(t) {
		g := sample.Gateway{Family: r.Family, Address: r.Gateway + r.Via.Host, Interface: clean.String(r.Dev), Metric: r.Metric,
			Table: sample.MainTable, Weight: r.Weight, OnLink: slices.Contains(r.Flags, "onlink")}
		if n, err := strconv.Atoi(r.Table); err == nil {
			g.Table = n
		}
		table.Gateways = append(table.Gateways, g)
	}
	slices.SortStableFunc(table.Gateways, func(a, b sample.Gateway) int {
		return cmp.Or(rank(a.Table)-rank(b.Table), a.Family-b.Family, a.Metric-b.Metric)
	})
	return table
}

// oracleTable is the part of a table that ip has, too.
func oracleTable(table *sample.LinkTable) *sample.LinkTable {
	part := &sample.LinkTable{Links: slices.Clone(table.Links), Addresses: table.Addresses, Gateways: slices.Clone(table.Gateways)}
	for i := range part.Gateways {
		part.Gateways[i].Neighbour, part.Gateways[i].MAC, part.Gateways[i].Silent = "", "", 0
	}
	for i := range part.Links {
		n, common := *part.Links[i], *part.Links[i].SharedAttrs
		n.SharedAttrs = &common
		n.Physical, n.VM, n.WhyVM, n.Detail = false, nil, "", oracleDetail(n.More())
		if n.BridgePort != nil {
			n.BridgePort = &sample.BridgePort{State: n.BridgePort.State}
		}
		if n.Peer != nil {
			n.Peer = &sample.Peer{Namespace: n.Peer.Namespace, Index: n.Peer.Index}
		}
		part.Links[i] = &n
	}
	return part
}

// compareWithIP holds w's table to ip's and returns it. On a host whose links change all the time it skips.
func compareWithIP(t *testing.T, w *Watcher) *sample.LinkTable {
	t.Helper()
	for range 20 {
		want := fromIP(t)
		table, err := w.Dump(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, fromIP(t)) {
			continue
		}
		check(t, table)
		if got := oracleTable(table); !same(got, want) {
			t.Errorf("got  %s\nwant %s", written(got), written(want))
		}
		return table
	}
	t.Skip("this host's links do not stay the same for one comparison")
	return nil
}

// written is a table as text for a message, with what its links point to.
func written(table *sample.LinkTable) string {
	b, err := json.Marshal(sample.LinkTable{Links: table.Links, Addresses: table.Addresses, Gateways: table.Gateways})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestDumpLikeIPOnThisHost(t *testing.T) {
	w := New(Options{})
	if _, err := w.Dump(context.Background()); err != nil {
		t.Skip("no rtnetlink here:", err)
	}
	compareWithIP(t, w)
}
