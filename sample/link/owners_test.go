package link

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
)

const fakeQEMU = "LINK_FAKE_QEMU" // in the environment of a test binary that is to play QEMU

func TestMain(m *testing.M) {
	if os.Getenv(fakeQEMU) != "" {
		playQEMU()
		return
	}
	os.Exit(m.Run())
}

// playQEMU lives as long as its stdin does and answers each line. "tap NAME MAC" makes it open a tap, which is to be up
// and a port of a bridge; "say" makes the guest of that address send a frame.
func playQEMU() {
	var tap *os.File
	var source string
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var err error
		switch words := strings.Fields(in.Text()); words[0] {
		case "tap":
			tap, err = openTap(words[1])
			source = words[2]
		case "say":
			mac, _ := hex.DecodeString(strings.ReplaceAll(source, ":", ""))
			frame := append(append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac...), make([]byte, 52)...)
			_, err = tap.Write(frame)
		}
		fmt.Println(err)
	}
}

func openTap(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	return os.NewFile(uintptr(fd), name), unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
}

// player is a process that plays QEMU.
type player struct {
	*testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// play starts one for the guest default_NAME, in namespaces of its own when flags say so.
func play(t *testing.T, name string, flags uintptr, args ...string) *player {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	qemu := filepath.Join(t.TempDir(), "qemu-system-x86_64") // the kernel names a process after the file
	if err := os.Symlink(self, qemu); err != nil {
		t.Fatal(err)
	}
	p := &player{T: t, cmd: exec.Command(qemu, append([]string{"-name", "guest=default_" + name, "-smp", "1"}, args...)...)}
	p.cmd.Env = append(os.Environ(), fakeQEMU+"=1")
	p.cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags, Pdeathsig: unix.SIGKILL}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Skip("no namespace of its own here: ", err)
	}
	t.Cleanup(p.end)
	p.tell("wait") // it runs by then
	return p
}

func (p *player) end() {
	p.in.Close()
	p.cmd.Wait()
}

func (p *player) tell(what string) {
	p.Helper()
	fmt.Fprintln(p.in, what)
	if line, err := p.out.ReadString('\n'); err != nil || line != "<nil>\n" {
		p.Skipf("%s: it answers %q, %v", what, line, err)
	}
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
			for deadline := time.Now().Add(20 * time.Second); ; {
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
			return func() ([]sample.Guest, string) { return list, "" }
		}
	}
	t.Fatal("nobody looks for VMs")
	return nil
}

// vmAt is who is behind a link, as namespace/name, else why nobody is known.
func vmAt(table *sample.LinkTable, name string) string {
	for i := range table.Interfaces {
		if l := &table.Interfaces[i]; l.Name == name {
			if d := l.More(); d.VM != nil {
				return d.VM.Namespace + "/" + d.VM.Name
			} else {
				return d.WhyVM
			}
		}
	}
	return "no such link"
}

// TestVMsAtTheirPorts makes two bridges with the ports of VMs in namespaces of their own, as KubeVirt does, of a pod that
// is no VM, and of a VM among the host's links, as libvirt does.
func TestVMsAtTheirPorts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	runIP(t, "link", "add", "br0", "type", "bridge")
	runIP(t, "link", "add", "br1", "type", "bridge")
	one := play(t, "one", unix.CLONE_NEWNET)
	two := play(t, "two", unix.CLONE_NEWNET)
	local := play(t, "local", 0, "-device", "virtio-net-pci,mac=02:aa:00:00:00:07")
	local.tell("tap tap7 02:aa:00:00:00:07")
	pod := exec.Command("sleep", "1000")
	pod.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: unix.SIGKILL}
	if err := pod.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { pod.Process.Kill(); pod.Wait() })
	port := func(bridge, name, far string, pid int) {
		runIP(t, "link", "add", name, "type", "veth", "peer", "name", far, "netns", fmt.Sprint(pid))
		runIP(t, "link", "set", name, "master", bridge, "up")
	}
	port("br0", "p1", "eth0", one.cmd.Process.Pid)
	port("br1", "p1b", "net1", one.cmd.Process.Pid)
	port("br0", "p2", "eth0", two.cmd.Process.Pid)
	port("br0", "pod", "eth0", pod.Process.Pid)
	runIP(t, "link", "set", "tap7", "master", "br1", "up")
	runIP(t, "link", "set", "br1", "up")
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
	for i := range table.Interfaces {
		l := &table.Interfaces[i]
		if l.Name == "p1b" && (l.More().Far.Name != "net1" || l.More().Far.Index == 0) {
			t.Errorf("far end %+v", l.More().Far)
		}
		if l.Name == "br0" && (len(l.More().VMs) != 2 || l.More().Bridge.Ports != 3) {
			t.Errorf("br0: %+v, %+v", l.More().VMs, l.More().Bridge)
		}
	}
	local.tell("say")
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
	one.end()
	list, _ = guestsOfThisHost(t)()
	w.guests = func() ([]sample.Guest, string) { return list, "" }
	if got := vmAt(look(), "p1"); got != "no such link" { // its namespace went, and the link with it
		t.Errorf("after the end: %q", got)
	}
	if got := vmAt(look(), "p2"); got != "default/two" {
		t.Errorf("the other: %q", got)
	}
}

func TestNobodyKnowsWhoIsBehindALink(t *testing.T) {
	hidden := owners{why: "/proc hides the processes of others"}
	twice := owners{guests: make([]sample.Guest, 2), namespace: map[int][]int{1: {0, 1}}, macs: map[string]int{"02:00:00:00:00:01": -1}}
	for name, c := range map[string]struct {
		o    owners
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
	o := owners{guests: []sample.Guest{{Name: "vm"}}, macs: map[string]int{"52:54:00:00:00:01": 0}}
	l := linkMessage{netns: -1, kind: "macvtap", mac: "52:54:00:00:00:01"}
	if vm, _ := o.of(&l, &fdb{}); vm == nil || vm.Name != "vm" {
		t.Errorf("macvtap: %+v", vm)
	}
	l = linkMessage{netns: -1, kind: "tun", mac: "fe:54:00:00:00:01", detail: sample.LinkDetail{Mode: "tap"}}
	if vm, _ := o.of(&l, &fdb{}); vm == nil || vm.Name != "vm" {
		t.Errorf("libvirt's tap: %+v", vm)
	}
}
