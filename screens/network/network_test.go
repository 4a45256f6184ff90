package network

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

// TestF15ScrollsThousandsOfLinks: wherever the list stands, each link has the same place in it, and what is on the screen
// are the links of those places.
func TestF15ScrollsThousandsOfLinks(t *testing.T) {
	f := frametest.Fixed()
	like := *f.Net.Interfaces[len(f.Net.Interfaces)-1]
	for i := range 3000 {
		one, link, traits := like, *like.Link, *like.SharedAttrs
		link.Index, link.Name, link.AddressCount = 10_000+i, fmt.Sprintf("link%04d", i), 0
		traits.Kind, traits.Physical, traits.Master = "device", false, ""
		link.SharedAttrs, one.Link = &traits, &link
		f.Net.Interfaces = append(f.Net.Interfaces, &one)
	}
	f.Net.Changes++
	names := map[int]string{}
	for _, l := range f.Net.Interfaces {
		names[l.Index] = l.Name
	}
	n := New()
	c := screentest.New(frame.Network, func(panel string, v any) { t.Errorf("%s crashed: %v", panel, v) }, func(func(journal.Query)) []screens.Screen { return []screens.Screen{n} })
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	c.Present(canvas, 80, 24, f)
	want := slices.Clone(n.rows)
	if all := len(slices.DeleteFunc(slices.Clone(want), func(row listRow) bool { return row.index < 10_000 })); all != 3000 {
		t.Fatalf("%d of 3000 links have a place", all)
	}
	last := n.scroll
	last.Key(draw.KeyEnd)
	for _, top := range []int{0, 1, 40, 1500, 2990, last.Top} {
		n.scroll.Top = top
		c.Present(canvas, 80, 24, f)
		if !slices.Equal(n.rows, want) {
			t.Fatalf("from row %d other places", top)
		}
		if top < 40 { // frames
			continue
		}
		rows := strings.Split(string(canvas.AppendText(nil)), "\n")
		first := slices.IndexFunc(n.rows, func(row listRow) bool { return row.choosable() && row.top >= n.scroll.Top })
		body := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, names[int(n.rows[first].index)]) })
		seen := 0
		for _, p := range n.rows[first:] {
			if !p.choosable() {
				continue
			}
			if p.top-n.scroll.Top >= 17 {
				break
			}
			row := body + p.top - n.rows[first].top
			if seen++; body < 0 || !strings.Contains(rows[row], names[int(p.index)]) {
				t.Errorf("from row %d: %q is not in row %d of\n%s", top, names[int(p.index)], row, strings.Join(rows, "\n"))
			}
		}
		if seen < 5 {
			t.Errorf("from row %d only %d links are seen", top, seen)
		}
	}
}

// TestShrunkListIsDrawn: a list that has become shorter than where it stood is not blank.
func TestShrunkListIsDrawn(t *testing.T) {
	f := frametest.Fixed()
	c := screentest.New(frame.Network, nil, func(func(journal.Query)) []screens.Screen { return []screens.Screen{New()} })
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	c.Present(canvas, 80, 24, f)
	for _, k := range []draw.Key{'v', draw.KeyEnd, 'v'} {
		c.Handle(k, f)
		c.Present(canvas, 80, 24, f)
	}
	got := string(canvas.AppendText(nil))
	c.Present(canvas, 80, 24, f)
	if again := string(canvas.AppendText(nil)); got != again {
		t.Errorf("first\n%s\nand then\n%s", got, again)
	}
}

// TestGuestsAreNamedOrCounted: whatever the width, the VMs that are named and those that are counted are all there are;
// where there are rows for them, all are named.
func TestGuestsAreNamedOrCounted(t *testing.T) {
	var vms []sample.AttachedVM
	for i := range 30 {
		vms = append(vms, sample.AttachedVM{Namespace: "default", Name: fmt.Sprintf("vm-%02d", i)})
	}
	mixed := slices.Clone(vms)
	mixed[7].Namespace = "web"
	n := New()
	for _, list := range [][]sample.AttachedVM{vms[:1], vms, mixed} {
		for w := 16; w < 200; w += 7 {
			for _, h := range []int{1, 3, 40} {
				n.planCarries = w / 3
				canvas := draw.NewCanvas(screentest.Looks["ascii"])
				r := canvas.Begin(w, h)
				rows := n.guests(r, r.Pen(0, 0), list)
				text := string(canvas.AppendText(nil))
				counted, more := strings.Count(text, "vm-"), 0
				if _, after, ok := strings.Cut(text, " +"); ok {
					fmt.Sscan(after, &more)
				}
				if counted+more != len(list) && !(counted == 0 && strings.Contains(text, ">")) {
					t.Errorf("%d columns, %d rows: %d named, %d counted, of %d:\n%s", w, h, counted, more, len(list), text)
				}
				if rows > h || h == 40 && w > 22 && more > 0 {
					t.Errorf("%d columns, %d rows: %d rows taken:\n%s", w, h, rows, text)
				}
				if measured := n.guests(draw.Nowhere(w), draw.Nowhere(w).Pen(0, 0), list); h == 40 && measured != rows {
					t.Errorf("%d columns: %d rows, said to be %d", w, rows, measured)
				}
			}
		}
	}
}

// TestLinkLocalAddresses that the kernel makes by itself have no place among the others: they stand for a NIC that has no other.
func TestLinkLocalAddresses(t *testing.T) {
	global := sample.Address{CIDR: "192.168.1.100/24", Scope: "global"}
	zeroconf := sample.Address{CIDR: "169.254.3.4/16", Scope: "link"}
	local := sample.Address{CIDR: "fe80::1/64", Scope: "link", IPv6: true}
	for _, c := range []struct {
		physical bool
		master   string
		has      []sample.Address
		want     int
	}{
		{true, "", []sample.Address{global, local}, 1},
		{false, "", []sample.Address{global, local}, 1},
		{true, "", []sample.Address{zeroconf, local}, 1},
		{true, "", []sample.Address{local}, 1},
		{true, "br0", []sample.Address{local}, 0},
		{false, "", []sample.Address{local, local}, 0},
		{true, "", nil, 0},
	} {
		l := &sample.Interface{Link: &sample.Link{AddressCount: len(c.has), SharedAttrs: &sample.SharedAttrs{Physical: c.physical, Master: c.master}}}
		if got := addressesOf(&sample.Net{Addresses: c.has}, l); len(got) != c.want {
			t.Errorf("physical %v, port of %q, with %v: %v", c.physical, c.master, c.has, got)
		}
	}
}

// TestHeadingIsOfWhatFollows: where a section's own title comes first, no title of another stands right above it.
func TestHeadingIsOfWhatFollows(t *testing.T) {
	f := frametest.Fixed()
	n := New()
	c := screentest.New(frame.Network, nil, func(func(journal.Query)) []screens.Screen { return []screens.Screen{n} })
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	c.Present(canvas, 80, 24, f)
	for top := range n.height - 8 {
		n.scroll.Top = top
		c.Present(canvas, 80, 12, f)
		rows := strings.Split(string(canvas.AppendText(nil)), "\n")
		for i := range rows[:len(rows)-1] {
			if strings.HasPrefix(rows[i], "-- ") && strings.HasPrefix(rows[i+1], "-- ") {
				t.Errorf("from row %d:\n%s", top, strings.Join(rows, "\n"))
			}
		}
	}
}

// TestAddressesAreCountedOrNot: half a count would be a wrong one.
func TestAddressesAreCountedOrNot(t *testing.T) {
	all := make([]sample.Address, 12)
	all[0] = sample.Address{CIDR: "192.168.1.100/24", Scope: "global"}
	for w := range 40 {
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		p := canvas.Begin(w+1, 1).Pen(0, 0)
		address(&p, all, true)
		text := strings.TrimRight(string(canvas.AppendText(nil)), "\n ")
		if strings.Contains(text, "+") && !strings.HasSuffix(text, " +11") {
			t.Errorf("%d columns: %q", w+1, text)
		}
		if w >= len(all[0].CIDR) && !strings.HasPrefix(text, all[0].CIDR) {
			t.Errorf("%d columns: %q", w+1, text)
		}
	}
}

// TestFramesLeaveRoom: a frame is drawn only where what is known of the cluster's network is seen below it, or where frames
// take no more than a quarter of the page.
func TestFramesLeaveRoom(t *testing.T) {
	for bridges := range 12 {
		for _, size := range [][2]int{{80, 24}, {80, 30}, {132, 43}, {200, 60}} {
			f := frametest.Fixed()
			frametest.Healthy(f)
			like := f.Net.Interfaces[slices.IndexFunc(f.Net.Interfaces, func(l *sample.Interface) bool { return l.Kind == "bridge" })]
			for i := range bridges {
				one, link := *like, *like.Link
				link.Index, link.Name, link.AddressCount = 10_000+i, fmt.Sprintf("more%d", i), 0
				one.Link = &link
				f.Net.Interfaces = append(f.Net.Interfaces, &one)
			}
			f.Net.Changes++
			n := New()
			c := screentest.New(frame.Network, nil, func(func(journal.Query)) []screens.Screen { return []screens.Screen{n} })
			canvas := draw.NewCanvas(screentest.Looks["ascii"])
			c.Present(canvas, size[0], size[1], f)
			text := string(canvas.AppendText(nil))
			framed, seen := strings.Contains(text, "+- eth0"), strings.Contains(text, "K8s Services: 23")
			if framed && !seen && 4*n.framed > n.made.h {
				t.Errorf("%d bridges at %v: frames of %d rows push the cluster off the page:\n%s", bridges, size, n.framed, text)
			}
			if size[1] == 60 && !framed || size[1] == 24 && bridges == 0 && !framed {
				t.Errorf("%d bridges at %v: no frames", bridges, size)
			}
		}
	}
}

// TestNamespaceIsWholeWhereThereIsRoom: it is cut for the sake of the VM's name only.
func TestNamespaceIsWholeWhereThereIsRoom(t *testing.T) {
	for _, vm := range []sample.AttachedVM{{Namespace: "a-namespace-with-a-long-name", Name: "vm"}, {Namespace: "web", Name: "a-name-that-is-long"}} {
		whole := vm.Namespace + "/" + vm.Name
		for w := len(whole); w < len(whole)+3; w++ {
			canvas := draw.NewCanvas(screentest.Looks["ascii"])
			p := canvas.Begin(w, 1).Pen(0, 0)
			if attached(&p, &vm, ""); strings.TrimSpace(string(canvas.AppendText(nil))) != whole {
				t.Errorf("%d columns: %q", w, canvas.AppendText(nil))
			}
		}
	}
}

// TestOldReachHasNoMark: who answered before the links were read last is not known to answer.
func TestOldReachHasNoMark(t *testing.T) {
	f := frametest.Fixed()
	f.Host.Health[sample.Links].Bad(f.Boot, "timeout")
	canvas := draw.NewCanvas(screentest.Looks["ascii"])
	drawReach(canvas.Begin(200, 1), f)
	if text := string(canvas.AppendText(nil)); !strings.HasPrefix(text, " Gateway ? 192.168.1.1") {
		t.Error(text)
	}
}

// TestGuestsAreNotKnownToBeNone while the processes of VMs are not seen: nobody then says that a cable cuts off no VM.
func TestGuestsAreNotKnownToBeNone(t *testing.T) {
	for name, c := range map[string]struct {
		vms  *qemu.VMs
		want string
	}{
		"none":            {&qemu.VMs{Health: frametest.OK()}, "0"},
		"not looked yet":  {nil, "--"},
		"may not be seen": {&qemu.VMs{Health: health.Health{State: health.Failed, Err: "hidepid"}}, "--"},
	} {
		f := frametest.Fixed()
		f.VMs = c.vms
		for _, l := range f.Net.Interfaces {
			l.More().VMs = nil
		}
		n := New()
		s := screentest.New(frame.Network, nil, func(func(journal.Query)) []screens.Screen { return []screens.Screen{n} })
		text := s.Show(100, 40, f)
		for _, k := range []draw.Key{draw.KeyDown, draw.KeyEnter} { // on eth1, which has no carrier
			s.Handle(k, f)
			text += s.Show(100, 40, f)
		}
		if card := "VMs on it: " + c.want + " "; !strings.Contains(text, card) {
			t.Errorf("%s: %q is missing:\n%s", name, card, text)
		}
		_, cuts, _ := strings.Cut(text, "it cuts off")
		if cuts = strings.Join(strings.Fields(cuts), " "); !strings.Contains(cuts, "| VMs "+c.want+" |") {
			t.Errorf("%s: %s", name, cuts)
		}
	}
}

// TestKnownResolversAreShown: nameservers that were read stand there, whatever other file of the host cannot be read; without
// any it is said which file that is.
func TestKnownResolversAreShown(t *testing.T) {
	const why = "read /run/flannel/subnet.env: permission denied"
	for _, known := range []bool{true, false} {
		f := frametest.Fixed()
		net, services := *f.Net, *f.Net.Services
		services.WhyFiles, services.Upstream, net.Services = why, nil, &services
		if !known {
			net.DNS = nil
		}
		f.Net = &net
		for name, drawn := range map[string]func(draw.Region, *frame.Frame){"reach": drawReach, "host": func(r draw.Region, f *frame.Frame) { drawHost(&r, f) }} {
			canvas := draw.NewCanvas(screentest.Looks["ascii"])
			drawn(canvas.Begin(200, 12), f)
			text := string(canvas.AppendText(nil))
			if strings.Contains(text, why) == known || strings.Contains(text, "9.9.9.9") != known && name == "host" {
				t.Errorf("%s, known %v:\n%s", name, known, text)
			}
		}
	}
}
