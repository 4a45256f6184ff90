package e2e

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/sample/link/linktest"
)

// networkJSON is what `--once --json` says of the network, as far as ip and bridge say it, too.
type networkJSON struct {
	Interfaces []linkJSON    `json:"interfaces"`
	Bridges    []bridgeJSON  `json:"bridges"`
	Gateways   []gatewayJSON `json:"gateways"`
}

type linkJSON struct {
	Name           string        `json:"name"`
	Kind           *string       `json:"kind"`
	Master         *string       `json:"master"`
	MAC            *string       `json:"mac"`
	State          string        `json:"state"`
	Carrier        *bool         `json:"carrier"`
	MTU            int           `json:"mtu"`
	Addresses      []string      `json:"addresses"`
	Gateway4       *string       `json:"gateway4"`
	Gateway6       *string       `json:"gateway6"`
	RxBytes        uint64        `json:"rx_bytes"`
	TxBytes        uint64        `json:"tx_bytes"`
	RxErrors       uint64        `json:"rx_errors"`
	TxErrors       uint64        `json:"tx_errors"`
	RxDropped      uint64        `json:"rx_dropped"`
	TxDropped      uint64        `json:"tx_dropped"`
	AltNames       []string      `json:"altnames"`
	Parent         *string       `json:"parent"`
	CarrierChanges int           `json:"carrier_changes"`
	Mode           *string       `json:"mode"`
	VLAN           *int          `json:"vlan"`
	Details        []addressJSON `json:"address_details"`
	Bond           bondJSON      `json:"bond"`
	Slave          slaveJSON     `json:"bond_slave"`
	Far            farJSON       `json:"far_end"`
	VM             *string       `json:"vm"`
}

type addressJSON struct {
	Address    string `json:"address"`
	Scope      string `json:"scope"`
	Deprecated bool   `json:"deprecated"`
	Tentative  bool   `json:"tentative"`
	Duplicate  bool   `json:"duplicate"`
}

type bondJSON struct {
	Mode   *string `json:"mode"`
	Active *string `json:"active_slave"`
	Slaves *int    `json:"slaves"`
	Up     *int    `json:"slaves_up"`
}

type slaveJSON struct {
	State    *string `json:"state"`
	Link     *string `json:"link"`
	Failures *int    `json:"failures"`
}

type farJSON struct {
	Namespace *int `json:"namespace"`
	Index     *int `json:"index"`
}

type bridgeJSON struct {
	Name      string     `json:"name"`
	Addresses []string   `json:"addresses"`
	STP       bool       `json:"stp"`
	Filtering bool       `json:"vlan_filtering"`
	Learned   int        `json:"learned"`
	Ports     []portJSON `json:"ports"`
}

type portJSON struct {
	Name  string  `json:"name"`
	State string  `json:"state"`
	STP   string  `json:"port_state"`
	VM    *string `json:"vm"`
}

type gatewayJSON struct {
	Family    int     `json:"family"`
	Address   *string `json:"address"`
	Interface string  `json:"interface"`
	Metric    int     `json:"metric"`
	Table     int     `json:"table"`
	Weight    *int    `json:"weight"`
	OnLink    bool    `json:"onlink"`
	Neighbour *string `json:"neighbour"`
	MAC       *string `json:"neighbour_mac"`
}

// known is a value that a report has, nil for none.
func known[V comparable](v V) *V {
	var none V
	if v == none {
		return nil
	}
	return &v
}

// TestNetworkIsWhatIPSays holds the report and the screen to ip and bridge, field by field, in a namespace with all that
// a hypervisor's network has.
func TestNetworkIsWhatIPSays(t *testing.T) {
	t.Parallel()
	if !inNetwork(t) {
		return
	}
	vms := hypervisorNetwork(t)
	said := ipSaid{t, vms}
	for range 20 { // counters move while the kernel looks for its neighbours
		before := said.all()
		got := onceNetwork(t)
		if after := said.all(); !reflect.DeepEqual(before, after) {
			continue
		}
		hold(t, "interface", got.Interfaces, before.Interfaces)
		hold(t, "bridge", got.Bridges, before.Bridges)
		hold(t, "gateway", got.Gateways, before.Gateways)
		if len(got.Interfaces) < 11 || len(got.Bridges) != 2 || len(got.Gateways) != 6 {
			t.Errorf("%d interfaces, %d bridges, %d gateways: the namespace has more", len(got.Interfaces), len(got.Bridges), len(got.Gateways))
		}
		holdScreen(t, got)
		return
	}
	t.Skip("the network does not stay the same for one comparison")
}

// hold compares two lists, entry by entry.
func hold[E any](t *testing.T, what string, got, want []E) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w []byte
		if i < len(got) {
			g, _ = json.Marshal(got[i])
		}
		if i < len(want) {
			w, _ = json.Marshal(want[i])
		}
		if string(g) != string(w) {
			t.Errorf("%s %d:\ngot  %s\nwant %s", what, i, g, w)
		}
	}
}

func onceNetwork(t *testing.T) networkJSON {
	t.Helper()
	r := runCommand(t, exec.Command(program(t, ""), "--once", "--json"), environment(t))
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	var s struct {
		Network networkJSON `json:"network"`
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		t.Fatalf("%v in\n%s", err, r.out)
	}
	return s.Network
}

// ipSaid is what ip and bridge say, and which VM was put at which port.
type ipSaid struct {
	t   *testing.T
	vms map[string]string
}

func (s ipSaid) all() networkJSON {
	s.t.Helper()
	links, hops := linktest.Links(s.t), linktest.Defaults(s.t)
	n := networkJSON{Gateways: s.gateways(hops)}
	for i := range links {
		one := s.link(&links[i], links)
		for _, g := range n.Gateways { // in the order of their metric
			switch {
			case g.Interface != one.Name || g.Table != 254:
			case g.Family == 4 && one.Gateway4 == nil:
				one.Gateway4 = g.Address
			case g.Family == 6 && one.Gateway6 == nil:
				one.Gateway6 = g.Address
			}
		}
		n.Interfaces = append(n.Interfaces, one)
	}
	n.Bridges = s.bridges(links)
	return n
}

func (s ipSaid) link(l *linktest.Link, all []linktest.Link) linkJSON {
	up, data, port := slices.Contains(l.Flags, "UP"), &l.Info.Data, &l.Info.Port
	one := linkJSON{
		Name: l.Name, Kind: known(l.Info.Kind), Master: known(l.Master), State: strings.ToLower(l.State), MTU: l.MTU,
		Addresses: []string{}, Details: []addressJSON{}, AltNames: append([]string{}, l.AltNames...), VLAN: known(data.ID),
		RxBytes: l.Stats.RX.Bytes, RxErrors: l.Stats.RX.Errors, RxDropped: l.Stats.RX.Dropped,
		TxBytes: l.Stats.TX.Bytes, TxErrors: l.Stats.TX.Errors, TxDropped: l.Stats.TX.Dropped,
		CarrierChanges: l.Stats.TX.CarrierChanges, VM: known(s.vms[l.Name]),
	}
	if up {
		carrier := slices.Contains(l.Flags, "LOWER_UP")
		one.Carrier = &carrier
	}
	switch l.LinkType {
	case "loopback":
		one.Kind = known("loopback")
	default:
		one.MAC = known(l.MAC)
	}
	if l.FarNSID != nil {
		one.Far = farJSON{l.FarNSID, &l.FarIndex}
	} else {
		one.Parent = known(l.Parent)
	}
	switch l.Info.Kind {
	case "macvtap":
		one.Mode = known(data.Mode)
	case "tun":
		one.Mode = known(data.Type)
	case "bond":
		one.Bond = bondOf(l, all)
	}
	if l.Info.MasterKind == "bond" {
		one.Slave = slaveJSON{known(strings.ToLower(port.State)), known(strings.ToLower(port.MII)), &port.Failures}
	}
	for i := range l.Addresses {
		a := &l.Addresses[i]
		one.Addresses = append(one.Addresses, a.CIDR())
		one.Details = append(one.Details, addressJSON{a.CIDR(), a.Scope, a.Deprecated, a.Tentative, a.Duplicate})
	}
	return one
}

func bondOf(l *linktest.Link, all []linktest.Link) bondJSON {
	slaves, up := 0, 0
	for i := range all {
		if all[i].Master == l.Name {
			slaves++
			if slices.Contains(all[i].Flags, "LOWER_UP") {
				up++
			}
		}
	}
	return bondJSON{known(l.Info.Data.Mode), known(l.Info.Data.Active), &slaves, &up}
}

// bridges is what ip says of bridges, and bridge of their ports and of what they have learned.
func (s ipSaid) bridges(links []linktest.Link) []bridgeJSON {
	var ports []struct {
		Name   string `json:"ifname"`
		Master string `json:"master"`
		State  string `json:"state"`
	}
	linktest.Ask(s.t, &ports, "bridge", "-j", "link")
	var learned []struct {
		Master string `json:"master"`
		State  string `json:"state"`
	}
	linktest.Ask(s.t, &learned, "bridge", "-j", "fdb")
	var list []bridgeJSON
	for i := range links {
		l := &links[i]
		if l.Info.Kind != "bridge" {
			continue
		}
		one := bridgeJSON{Name: l.Name, Addresses: []string{}, STP: l.Info.Data.STP != 0, Filtering: l.Info.Data.Filtering != 0, Ports: []portJSON{}}
		for k := range l.Addresses {
			one.Addresses = append(one.Addresses, l.Addresses[k].CIDR())
		}
		for _, e := range learned {
			if e.Master == l.Name && e.State != "permanent" && e.State != "static" {
				one.Learned++
			}
		}
		for _, p := range ports {
			if p.Master == l.Name {
				at := slices.IndexFunc(links, func(l linktest.Link) bool { return l.Name == p.Name })
				one.Ports = append(one.Ports, portJSON{p.Name, strings.ToLower(links[at].State), p.State, known(s.vms[p.Name])})
			}
		}
		list = append(list, one)
	}
	return list
}

func (s ipSaid) gateways(hops []linktest.Hop) []gatewayJSON {
	var neighbours []struct {
		Address string   `json:"dst"`
		Dev     string   `json:"dev"`
		MAC     string   `json:"lladdr"`
		State   []string `json:"state"`
	}
	linktest.Ask(s.t, &neighbours, "ip", "-j", "neigh")
	var list []gatewayJSON
	for _, h := range hops {
		g := gatewayJSON{h.Family, known(h.Gateway), h.Dev, h.Metric, 254, known(h.Weight), slices.Contains(h.Flags, "onlink"), known("none"), nil}
		if n, err := strconv.Atoi(h.Table); err == nil {
			g.Table = n
		}
		for _, n := range neighbours {
			if n.Address == h.Gateway && n.Dev == h.Dev {
				g.Neighbour, g.MAC = known(strings.ToLower(n.State[0])), known(n.MAC)
			}
		}
		list = append(list, g)
	}
	slices.SortStableFunc(list, func(a, b gatewayJSON) int { // the main table first
		rank := func(g gatewayJSON) int { return (g.Table+1)%255*1_000_000 + g.Family*100_000 + g.Metric }
		return rank(a) - rank(b)
	})
	return list
}
