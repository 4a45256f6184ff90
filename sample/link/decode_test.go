package link

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nltest"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
)

func TestAppendLink(t *testing.T) {
	bridge := newLink(7, "br0", linkKind("bridge"), attribute(unix.IFLA_MASTER, word(9)))
	got, ok := decodeLink(bridge)
	want := linkMessage{
		index: 7, master: 9, name: "br0", kind: "bridge", hardware: unix.ARPHRD_ETHER, netns: -1, whole: true,
		flags: unix.IFF_UP | unix.IFF_LOWER_UP, state: 6, mac: "02:00:00:00:00:07", mtu: 1500, changes: -1,
	}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, b := range map[string][]byte{
		"empty":    nil,
		"short":    bridge[:unix.SizeofIfInfomsg-1],
		"no name":  bridge[:unix.SizeofIfInfomsg],
		"no index": newLink(0, "x"),
		"negative": newLink(-1, "x"),
		"a port":   append([]byte{unix.AF_BRIDGE}, bridge[1:]...),
	} {
		if got, ok := decodeLink(b); ok {
			t.Errorf("%s: got %+v, want nothing", name, got)
		}
	}
}

func TestAppendLinkBrokenAttributeKeepsThoseBefore(t *testing.T) {
	for _, broken := range [][]byte{{3, 0, 1, 0}, {255, 255, 1, 0, 0}, {0, 0, 0, 0}, {1, 2, 3}} {
		got, ok := decodeLink(newLink(7, "eth0", broken))
		if !ok || got.name != "eth0" || got.mtu != 1500 {
			t.Errorf("after %v: got %+v", broken, got)
		}
	}
}

func TestAppendAddress(t *testing.T) {
	ours, peer := []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}
	six := netip.MustParseAddr("fd00::2").AsSlice()
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"IPv4", newAddress(3, 24, attribute(unix.IFA_ADDRESS, ours), attribute(unix.IFA_LOCAL, ours)), "10.0.0.1/24"},
		{"point to point", newAddress(3, 32, attribute(unix.IFA_ADDRESS, peer), attribute(unix.IFA_LOCAL, ours)), "10.0.0.1/32"},
		{"IPv6 has no IFA_LOCAL", newAddress(3, 64, attribute(unix.IFA_ADDRESS, six)), "fd00::2/64"},
		{"no address", newAddress(3, 24), ""},
		{"prefix too long", newAddress(3, 33, attribute(unix.IFA_LOCAL, ours)), ""},
		{"five bytes", newAddress(3, 24, attribute(unix.IFA_LOCAL, make([]byte, 5))), ""},
		{"short", []byte{2, 24, 0}, ""},
	} {
		got := ""
		if a, ok := decodeAddress(c.b); ok {
			got = a.prefix.String()
			if a.index != 3 || a.scope != unix.RT_SCOPE_UNIVERSE {
				t.Errorf("%s: got %+v", c.name, a)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAppendHops(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.1.1")
	six := netip.MustParseAddr("fe80::1")
	oif := attribute(unix.RTA_OIF, word(4))
	via := attribute(unix.RTA_GATEWAY, a.AsSlice())
	changed := func(at int, to byte) []byte {
		route := newRoute(unix.AF_INET, via, oif)
		route[at] = to
		return route
	}
	several := attribute(unix.RTA_MULTIPATH, join(
		encodedHop(4, attribute(unix.RTA_GATEWAY, a.AsSlice())), encodedHop(5, attribute(unix.RTA_GATEWAY, b.AsSlice())), encodedHop(6)))
	for _, c := range []struct {
		name   string
		b      []byte
		family byte
		want   []nextHop
	}{
		{"one", newRoute(unix.AF_INET, via, oif, attribute(unix.RTA_PRIORITY, word(100))), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, metric: 100, table: sample.MainTable}}},
		{"on-link", newRoute(unix.AF_INET, oif), unix.AF_INET, []nextHop{{family: 4, index: 4, table: sample.MainTable}}},
		{"multipath", newRoute(unix.AF_INET, attribute(unix.RTA_PRIORITY, word(7)), several), unix.AF_INET,
			[]nextHop{{family: 4, gateway: a, index: 4, metric: 7, table: sample.MainTable, weight: 1}, {family: 4, gateway: b, index: 5, metric: 7, table: sample.MainTable, weight: 1}, {family: 4, index: 6, metric: 7, table: sample.MainTable, weight: 1}}},
		{"IPv6", newRoute(unix.AF_INET6, attribute(unix.RTA_GATEWAY, six.AsSlice()), oif), unix.AF_INET6, []nextHop{{family: 6, gateway: six, index: 4, metric: 0, table: sample.MainTable}}},
		{"IPv4 over an IPv6 gateway", newRoute(unix.AF_INET, oif, attribute(unix.RTA_VIA, append([]byte{10, 0}, six.AsSlice()...))),
			unix.AF_INET, []nextHop{{family: 4, gateway: six, index: 4, metric: 0, table: sample.MainTable}}},
		{"IPv4 in answer to IPv6", newRoute(unix.AF_INET, via, oif), unix.AF_INET6, nil},
		{"not default", changed(1, 24), unix.AF_INET, nil},
		{"blackhole", changed(7, unix.RTN_BLACKHOLE), unix.AF_INET, nil},
		{"a cached copy", changed(9, 2), unix.AF_INET, nil},
		{"flagged on-link", changed(8, unix.RTNH_F_ONLINK), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, table: sample.MainTable, onLink: true}}},
		{"table in the header", changed(4, 100), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, table: 100}}},
		{"table in an attribute", newRoute(unix.AF_INET, via, oif, attribute(unix.RTA_TABLE, word(1000))), unix.AF_INET,
			[]nextHop{{family: 4, gateway: a, index: 4, table: 1000}}},
		{"B14 for one type of service", changed(3, 0x10), unix.AF_INET, nil},
		{"B14 its link is down", changed(8, unix.RTNH_F_LINKDOWN), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, table: sample.MainTable, dead: true}}},
		{"B14 dead", changed(8, unix.RTNH_F_DEAD|unix.RTNH_F_ONLINK), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, table: sample.MainTable, dead: true, onLink: true}}},
		{"B14 preferred", newRoute(unix.AF_INET6, oif, attribute(unix.RTA_PREF, []byte{1})), unix.AF_INET6, []nextHop{{family: 6, index: 4, table: sample.MainTable, less: -1}}},
		{"B14 unwanted", newRoute(unix.AF_INET6, oif, attribute(unix.RTA_PREF, []byte{3})), unix.AF_INET6, []nextHop{{family: 6, index: 4, table: sample.MainTable, less: 1}}},
		{"B14 a nexthop object", newRoute(unix.AF_INET, attribute(routeObject, word(7))), unix.AF_INET, []nextHop{{family: 4, table: sample.MainTable, object: 7}}},
		{"B14 and what is in it", newRoute(unix.AF_INET, via, oif, attribute(routeObject, word(7))), unix.AF_INET, []nextHop{{family: 4, gateway: a, index: 4, table: sample.MainTable}}},
		{"leads nowhere", newRoute(unix.AF_INET, via), unix.AF_INET, nil},
		{"short", []byte{2, 0, 0}, unix.AF_INET, nil},
	} {
		if got := appendNextHops(nil, c.b, c.family); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// FuzzDecode feeds any bytes to the decoders: no panic, and nothing comes out that the join could trip over.
func FuzzDecode(f *testing.F) {
	for _, b := range kernelLinks() {
		f.Add(b)
	}
	ip := []byte{10, 0, 0, 1}
	f.Add(newLink(7, "br0", linkKind("bridge"), attribute(unix.IFLA_MASTER, word(9))))
	f.Add(newAddress(3, 24, attribute(unix.IFA_ADDRESS, ip), attribute(unix.IFA_LOCAL, ip)))
	f.Add(newRoute(unix.AF_INET, attribute(unix.RTA_GATEWAY, ip), attribute(unix.RTA_OIF, word(4))))
	f.Add(newRoute(unix.AF_INET, attribute(unix.RTA_MULTIPATH, join(encodedHop(4, attribute(unix.RTA_GATEWAY, ip)), encodedHop(5)))))
	f.Add(newRoute(unix.AF_INET6, attribute(unix.RTA_VIA, append([]byte{10, 0}, make([]byte, 16)...))))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		found := findings{around: polled{fdb: fdb{known: true}}}
		if l, ok := decodeLink(b); ok {
			if l.index <= 0 || l.name == "" {
				t.Errorf("link %+v", l)
			}
			found.links = append(found.links, l, l)
		}
		if a, ok := decodeAddress(b); ok {
			found.addresses = append(found.addresses, a)
		}
		for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
			found.hops = appendNextHops(found.hops, b, family)
		}
		decodePort(b)
		decodeNeighbour(b)
		decodeNSID(b)
		decodeListener(b)
		decodeVFs(b)
		decodeObject(b)
		check(t, tableOf(found))
	})
}

// FuzzAttributes holds attributes to the library's decoder: what that one accepts, both read alike.
func FuzzAttributes(f *testing.F) {
	f.Add(join(attribute(1, []byte("a")), attribute(2, word(3)), attribute(3, nil)))
	f.Add([]byte{4, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		type pair struct {
			kind uint16
			v    string
		}
		var ours []pair
		for kind, v := range attributes(b) {
			ours = append(ours, pair{kind, string(v)})
		}
		d, err := netlink.NewAttributeDecoder(b)
		if err != nil {
			return // it found out beforehand that b is broken
		}
		for i := 0; d.Next(); i++ {
			theirs := pair{d.Type(), string(d.Bytes())}
			if i == len(ours) && theirs.v == "" {
				return // it takes a length of 0, which is broken, for no payload
			}
			if i >= len(ours) || ours[i] != theirs {
				t.Fatalf("number %d: got %+v, the library %+v", i, ours, theirs)
			}
		}
	})
}

// TestB14NexthopObjects has routes that name objects, of which the kernel says no more.
func TestB14NexthopObjects(t *testing.T) {
	object := func(flags byte, attributes ...[]byte) []byte {
		return append([]byte{unix.AF_INET, 0, 0, 0, flags, 0, 0, 0}, join(attributes...)...)
	}
	a, b := []byte{10, 0, 0, 1}, []byte{10, 0, 1, 1}
	member := func(id uint32, weight byte) []byte { return append(word(id), weight-1, 0, 0, 0) }
	objects := map[uint32][]byte{
		1: object(0, attribute(unix.NHA_OIF, word(4)), attribute(unix.NHA_GATEWAY, a)),
		2: object(unix.RTNH_F_LINKDOWN, attribute(unix.NHA_OIF, word(5)), attribute(unix.NHA_GATEWAY, b)),
		3: object(0, attribute(unix.NHA_GROUP, join(member(1, 1), member(2, 20), member(4, 1)))),
		4: object(0, attribute(unix.NHA_BLACKHOLE, nil)),
	}
	s := &session{ctx: t.Context(), Conn: nltest.Dial(func(asked []netlink.Message) ([]netlink.Message, error) {
		id := binary.NativeEndian.Uint32(asked[0].Data[sizeofNhMsg+4:])
		answer := netlink.Message{Header: netlink.Header{Type: unix.RTM_NEWNEXTHOP, Sequence: asked[0].Header.Sequence, PID: nltest.PID}, Data: objects[id]}
		if objects[id] == nil {
			return nltest.Error(int(unix.ENOENT), asked)
		}
		return []netlink.Message{answer}, nil
	})}
	defer s.Close()
	one, two := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.1.1")
	got := s.resolve([]nextHop{{family: 4, index: 9}, {family: 4, object: 1, metric: 7}, {family: 4, object: 3}, {family: 4, object: 4}, {family: 4, object: 99}, {family: 6, index: 8}})
	want := []nextHop{{family: 4, index: 9}, {family: 4, index: 4, gateway: one, metric: 7}, {family: 4, index: 4, gateway: one, weight: 1},
		{family: 4, index: 5, gateway: two, weight: 20, dead: true}, {family: 6, index: 8}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	plain := []nextHop{{family: 4, index: 9}}
	if got := s.resolve(plain); &got[0] != &plain[0] {
		t.Error("hops without objects are copied")
	}
}
