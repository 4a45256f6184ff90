package link

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link/linktest"
	"hypervisor-tui/sample/qemu"
)

func TestMain(m *testing.M) {
	if linktest.PlayedGuest() {
		return
	}
	os.Exit(m.Run())
}

// guestsOfThisHost lets the sampler look for VMs once.
func guestsOfThisHost(t *testing.T) Guests {
	t.Helper()
	s := sample.New(sample.Options{})
	for _, w := range s.Workers() {
		if w.Name == "qemu" {
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); w.Run(ctx) }()
			for deadline := time.Now().Add(await.Limit); ; {
				if _, why := s.Guests(); why == "" {
					break
				} else if time.Now().After(deadline) {
					t.Skip("VMs cannot be found here: ", why)
				}
				time.Sleep(time.Millisecond)
			}
			list, _ := s.Guests()
			stop()
			<-ended
			return func() ([]qemu.Guest, string) { return list, "" }
		}
	}
	t.Fatal("nobody looks for VMs")
	return nil
}

// vmAt is who is behind a link, as namespace/name, else why nobody is known.
func vmAt(table *sample.LinkTable, name string) string {
	for i := range table.Links {
		if l := table.Links[i]; l.Name == name {
			if l.VM != nil {
				return l.VM.Namespace + "/" + l.VM.Name
			}
			return l.WhyVM
		}
	}
	return "no such link"
}

// TestVMsAtTheirPorts makes two bridges with the ports of VMs in namespaces of their own, as KubeVirt does, of a pod that
// is no VM, and of a VM among the host's links, as libvirt does.
func TestVMsAtTheirPorts(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "add", "br0", "type", "bridge")
	linktest.IP(t, "link", "add", "br1", "type", "bridge")
	one := linktest.Play(t, "one", unix.CLONE_NEWNET)
	two := linktest.Play(t, "two", unix.CLONE_NEWNET)
	local := linktest.Play(t, "local", 0, "-device", "virtio-net-pci,mac=02:aa:00:00:00:07")
	local.Tell("tap tap7 02:aa:00:00:00:07")
	pod := exec.Command("sleep", "1000")
	pod.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: unix.SIGKILL}
	if err := pod.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { pod.Process.Kill(); pod.Wait() })
	port := func(bridge, name, far string, pid int) {
		linktest.IP(t, "link", "add", name, "type", "veth", "peer", "name", far, "netns", fmt.Sprint(pid))
		linktest.IP(t, "link", "set", name, "master", bridge, "up")
	}
	port("br0", "p1", "eth0", one.PID())
	port("br1", "p1b", "net1", one.PID())
	port("br0", "p2", "eth0", two.PID())
	port("br0", "pod", "eth0", pod.Process.Pid)
	linktest.IP(t, "link", "set", "tap7", "master", "br1", "up")
	linktest.IP(t, "link", "set", "br1", "up")
	w := New(Options{Guests: guestsOfThisHost(t)})
	look := func() *sample.LinkTable {
		t.Helper()
		table, err := w.Dump(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	table := look()
	for name, want := range map[string]string{
		"p1": "default/one", "p1b": "default/one", "p2": "default/two",
		"pod": "no QEMU process in the namespace that it leads to", "tap7": "no bridge has seen a guest's address behind it", "lo": "", "br0": "",
	} {
		if got := vmAt(table, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for i := range table.Links {
		l := table.Links[i]
		if l.Name == "p1b" && (l.Peer.Name != "net1" || l.Peer.Index == 0) {
			t.Errorf("far end %+v", l.Peer)
		}
		if l.Name == "br0" && (len(l.More().VMs) != 2 || l.More().Bridge.Ports != 3) {
			t.Errorf("br0: %+v, %+v", l.More().VMs, l.More().Bridge)
		}
	}
	local.Tell("say")
	if got := vmAt(look(), "tap7"); got != "default/local" {
		t.Errorf("a tap whose guest has sent something: %q", got)
	}
	// Another process by the number of one that has ended is not its guest.
	list, _ := w.guests()
	for i := range list {
		list[i].Start++
	}
	if got := vmAt(look(), "p1"); got != "no QEMU process in the namespace that it leads to" {
		t.Errorf("another start: %q", got)
	}
	one.End()
	list, _ = guestsOfThisHost(t)()
	w.guests = func() ([]qemu.Guest, string) { return list, "" }
	// The kernel takes a namespace and its links away at its leisure.
	for deadline := time.Now().Add(await.Limit); vmAt(look(), "p1") != "no such link"; {
		if got := vmAt(look(), "p1"); got == "default/one" || time.Now().After(deadline) {
			t.Fatalf("after the end: %q", got)
		}
	}
	if got := vmAt(look(), "p2"); got != "default/two" {
		t.Errorf("the other: %q", got)
	}
}

func TestNobodyKnowsWhoIsBehindALink(t *testing.T) {
	hidden := guestLinks{why: "/proc hides the processes of others"}
	twice := guestLinks{guests: make([]qemu.Guest, 2), namespace: map[int][]int{1: {0, 1}}, macs: map[string]int{"02:00:00:00:00:01": -1}}
	for name, c := range map[string]struct {
		o    guestLinks
		l    linkMessage
		want string
	}{
		"hidden":            {hidden, linkMessage{netns: 1}, "/proc hides the processes of others"},
		"hidden, but a NIC": {hidden, linkMessage{netns: -1}, ""},
		"two in one":        {twice, linkMessage{netns: 1}, "several QEMU processes in the namespace that it leads to"},
		"two of one MAC":    {twice, linkMessage{netns: -1, kind: "macvtap", mac: "02:00:00:00:00:01"}, "no QEMU process has its address"},
	} {
		if vm, why := c.o.of(&c.l, &fdb{}); vm != nil || why != c.want {
			t.Errorf("%s: %+v, %q, want %q", name, vm, why, c.want)
		}
	}
	o := guestLinks{guests: []qemu.Guest{{Name: "vm"}}, macs: map[string]int{"52:54:00:00:00:01": 0}}
	l := linkMessage{netns: -1, kind: "macvtap", mac: "52:54:00:00:00:01"}
	if vm, _ := o.of(&l, &fdb{}); vm == nil || vm.Name != "vm" {
		t.Errorf("macvtap: %+v", vm)
	}
	l = linkMessage{netns: -1, kind: "tun", mac: "fe:54:00:00:00:01", more: &linkMore{detail: sample.LinkDetail{Mode: "tap"}}}
	if vm, _ := o.of(&l, &fdb{}); vm == nil || vm.Name != "vm" {
		t.Errorf("libvirt's tap: %+v", vm)
	}
}

// TestOneAddressOfTwoGuests: nobody can tell which of them is meant.
func TestOneAddressOfTwoGuests(t *testing.T) {
	guests := []qemu.Guest{{Name: "a", MACs: "02:00:00:00:00:01 02:00:00:00:00:02"}, {Name: "b", MACs: "02:00:00:00:00:02"}}
	o := new(Watcher).guestLinks(nil, guestList{guests: guests})
	if o.macs["02:00:00:00:00:01"] != 0 || o.macs["02:00:00:00:00:02"] != -1 {
		t.Errorf("%v", o.macs)
	}
}
