package linktest

import (
	"slices"
	"strconv"
	"testing"
)

// Link is a part of what "ip -j -d -s -s addr" says of one.
type Link struct {
	Index    int      `json:"ifindex"`
	Name     string   `json:"ifname"`
	AltNames []string `json:"altnames"`
	Parent   string   `json:"link"`
	FarIndex int      `json:"link_index"`
	FarNSID  *int     `json:"link_netnsid"`
	Master   string   `json:"master"`
	Flags    []string `json:"flags"`
	MTU      int      `json:"mtu"`
	State    string   `json:"operstate"`
	LinkType string   `json:"link_type"`
	MAC      string   `json:"address"`
	Info     Info     `json:"linkinfo"`
	Stats    struct {
		RX Counters `json:"rx"`
		TX Counters `json:"tx"`
	} `json:"stats64"`
	Addresses []Address `json:"addr_info"`
}

// Counters are those of one direction.
type Counters struct {
	Bytes          uint64 `json:"bytes"`
	Errors         uint64 `json:"errors"`
	Dropped        uint64 `json:"dropped"`
	CarrierChanges int    `json:"carrier_changes"`
}

// Address is one of a link's.
type Address struct {
	Family string `json:"family"`
	Local  string `json:"local"`
	Bits   int    `json:"prefixlen"`
	Scope  string `json:"scope"`

	Deprecated bool `json:"deprecated"`
	Tentative  bool `json:"tentative"`
	Duplicate  bool `json:"dadfailed"`
}

// CIDR is the address with the length of its prefix.
func (a *Address) CIDR() string { return a.Local + "/" + strconv.Itoa(a.Bits) }

// Info is what "ip -d" says of a link's kind and of its master's.
type Info struct {
	Kind string `json:"info_kind"`
	Data struct {
		STP       int    `json:"stp_state"`
		Filtering int    `json:"vlan_filtering"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		ID        int    `json:"id"`
		Active    string `json:"active_slave"`
		LACP      struct {
			Ports   int    `json:"num_ports"`
			Partner string `json:"partner_mac"`
		} `json:"ad_info"`
	} `json:"info_data"`
	MasterKind string `json:"info_slave_kind"`
	Port       struct {
		State      string `json:"state"`
		MII        string `json:"mii_status"`
		Failures   int    `json:"link_failure_count"`
		Aggregator int    `json:"ad_aggregator_id"`
	} `json:"info_slave_data"`
}

// Links is what ip says of all links, by index.
func Links(t *testing.T) []Link {
	t.Helper()
	var links []Link
	Ask(t, &links, "ip", "-j", "-d", "-s", "-s", "addr")
	slices.SortFunc(links, func(a, b Link) int { return a.Index - b.Index })
	return links
}

// route is a part of what "ip -j route" says.
type route struct {
	Type    string `json:"type"`
	Metric  int    `json:"metric"`
	Table   string `json:"table"`
	Several []Hop  `json:"nexthops"`
	Hop
}

// Hop is one next hop of a default route: what the route says of itself, and what it says of the hop.
type Hop struct {
	Family int    `json:"-"` // 4 or 6
	Metric int    `json:"-"`
	Table  string `json:"-"` // empty: the main one

	Gateway string `json:"gateway"`
	Via     struct {
		Host string `json:"host"`
	} `json:"via"`
	Dev    string   `json:"dev"`
	Weight int      `json:"weight"`
	Flags  []string `json:"flags"`
}

// Defaults is what ip says of the default routes that lead somewhere, those of all tables, in ip's order.
func Defaults(t *testing.T) []Hop {
	t.Helper()
	var all []Hop
	for _, family := range []int{4, 6} {
		var routes []route
		Ask(t, &routes, "ip", "-j", "-"+strconv.Itoa(family), "route", "show", "default", "table", "all")
		for _, r := range routes {
			if r.Type != "" && r.Type != "unicast" {
				continue
			}
			hops := r.Several
			if len(hops) == 0 {
				hops = []Hop{r.Hop}
			}
			for _, h := range hops {
				h.Family, h.Metric, h.Table = family, r.Metric, r.Table
				all = append(all, h)
			}
		}
	}
	return all
}
