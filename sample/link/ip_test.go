package link

import (
	"context"
	"encoding/json"
	"math"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

// ipLink is a part of what "ip -j -d addr" says.
type ipLink struct {
	Index    int      `json:"ifindex"`
	Name     string   `json:"ifname"`
	Master   string   `json:"master"`
	Flags    []string `json:"flags"`
	MTU      int      `json:"mtu"`
	State    string   `json:"operstate"`
	LinkType string   `json:"link_type"`
	MAC      string   `json:"address"`
	Info     struct {
		Kind string `json:"info_kind"`
	} `json:"linkinfo"`
	Addresses []struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Bits   int    `json:"prefixlen"`
		Scope  string `json:"scope"`
	} `json:"addr_info"`
}

// ipRoute is a part of what "ip -j route" says.
type ipRoute struct {
	Type    string  `json:"type"`
	Metric  int     `json:"metric"`
	Several []ipHop `json:"nexthops"`
	ipHop
}

type ipHop struct {
	Gateway string `json:"gateway"`
	Via     struct {
		Host string `json:"host"`
	} `json:"via"`
	Dev string `json:"dev"`
}

// runIP runs ip and skips the test where there is none.
func runIP(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("no ip here to compare with")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// fromIP is the table that ip's answers make, without devices and nameservers.
func fromIP(t *testing.T) *sample.LinkTable {
	t.Helper()
	var links []ipLink
	parseIP(t, &links, "-j", "-d", "addr")
	slices.SortFunc(links, func(a, b ipLink) int { return a.Index - b.Index })
	table := &sample.LinkTable{}
	for _, l := range links {
		n := sample.Interface{
			Index: l.Index, Name: clean.String(l.Name), Kind: l.Info.Kind, Master: clean.String(l.Master), MTU: l.MTU,
			State: strings.ToLower(l.State), AdminUp: slices.Contains(l.Flags, "UP"), Carrier: slices.Contains(l.Flags, "LOWER_UP"),
			FirstAddress: len(table.Addresses), AddressCount: len(l.Addresses),
		}
		switch l.LinkType {
		case "ether", "infiniband":
			n.MAC = l.MAC
		case "loopback":
			n.Kind = "loopback"
		}
		for _, a := range l.Addresses {
			cidr := a.Local + "/" + strconv.Itoa(a.Bits)
			table.Addresses = append(table.Addresses, sample.Address{CIDR: cidr, IPv6: a.Family == "inet6", Scope: a.Scope})
		}
		table.Interfaces = append(table.Interfaces, n)
	}
	for _, family := range []int{4, 6} {
		var routes []ipRoute
		parseIP(t, &routes, "-j", "-"+strconv.Itoa(family), "route", "show", "default", "table", "main")
		slices.SortStableFunc(routes, func(a, b ipRoute) int { return a.Metric - b.Metric })
		for _, r := range routes {
			if r.Type != "" && r.Type != "unicast" {
				continue
			}
			hops := r.Several
			if len(hops) == 0 {
				hops = []ipHop{r.ipHop}
			}
			for _, h := range hops {
				g := sample.Gateway{Family: family, Address: h.Gateway + h.Via.Host, Interface: clean.String(h.Dev), Metric: r.Metric}
				table.Gateways = append(table.Gateways, g)
			}
		}
	}
	return table
}

func parseIP(t *testing.T, into any, args ...string) {
	t.Helper()
	out := runIP(t, args...)
	if len(strings.TrimSpace(string(out))) == 0 { // some versions say nothing for an empty list
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Skipf("this ip's JSON cannot be read: %v", err)
	}
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
		got := *table
		got.DNS = nil
		got.Interfaces = slices.Clone(table.Interfaces)
		for i := range got.Interfaces {
			n := &got.Interfaces[i]
			n.Physical, n.Driver, n.SpeedMbps, n.Duplex, n.RxRate, n.TxRate = false, "", 0, "", math.NaN(), math.NaN()
		}
		if !same(&got, want) {
			t.Errorf("got  %+v\nwant %+v", got, *want)
		}
		return table
	}
	t.Skip("this host's links do not stay the same for one comparison")
	return nil
}

func TestDumpLikeIPOnThisHost(t *testing.T) {
	w := New(Options{})
	if _, err := w.Dump(context.Background()); err != nil {
		t.Skip("no rtnetlink here:", err)
	}
	compareWithIP(t, w)
}
