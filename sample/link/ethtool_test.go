package link

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/link/linktest"
)

// ethtoolWords is what a run of ethtool prints: the values by their names.
func ethtoolWords(t *testing.T, args ...string) map[string]string {
	t.Helper()
	path, err := exec.LookPath("ethtool")
	if err != nil {
		t.Skip("no ethtool here to compare with")
	}
	out, _ := exec.Command(path, args...).Output() // it fails where a driver has nothing to say, and prints what it knows
	words := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			words[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return words
}

// fromEthtool is the device that ethtool describes, but for what only sysfs knows.
func fromEthtool(t *testing.T, name string) device {
	t.Helper()
	set, info := ethtoolWords(t, name), ethtoolWords(t, "-i", name)
	var d device
	if mbps, ok := strings.CutSuffix(set["Speed"], "Mb/s"); ok {
		d.mbps, _ = strconv.Atoi(mbps)
	}
	if duplex := strings.ToLower(set["Duplex"]); duplex == "full" || duplex == "half" {
		d.duplex = duplex
	}
	d.autoneg = set["Auto-negotiation"]
	switch d.port = strings.ToLower(set["Port"]); d.port {
	case "aui", "mii", "bnc":
		d.port = set["Port"]
	case "other":
		d.port = ""
	case "direct attach copper":
		d.port = "direct attach"
	}
	if d.firmware = info["firmware-version"]; strings.EqualFold(d.firmware, "n/a") {
		d.firmware = ""
	}
	d.bus, d.driver = info["bus-info"], info["driver"]
	return d
}

// holdToEthtool compares what the ioctls say of a link with what ethtool says.
func holdToEthtool(t *testing.T, name string) {
	t.Helper()
	s := openSettings("")
	defer s.close()
	if s.ioctl == nil || s.socket < 0 {
		t.Skip("no socket for the ioctl here")
	}
	dir := filepath.Join("/sys/class/net", name)
	got, want := device{}, fromEthtool(t, name)
	s.of(dir, name, &got)
	s.about(name, &got)
	if got.driver = target(dir + "/device/driver"); got.driver == "" { // no device: nothing but ethtool names a driver
		want.driver = ""
	}
	if got != want {
		t.Errorf("%s: got %+v, ethtool says %+v", name, got, want)
	}
	t.Logf("%s: %+v", name, got)
}

// TestEthtoolFiguresOfThisHost holds speed, duplex, autonegotiation, port, driver, firmware and bus of this host's
// hardware to ethtool's.
func TestEthtoolFiguresOfThisHost(t *testing.T) {
	dirs, _ := filepath.Glob("/sys/class/net/*/device")
	if len(dirs) == 0 {
		t.Skip("no hardware behind this host's links")
	}
	for _, dir := range dirs {
		holdToEthtool(t, filepath.Base(filepath.Dir(dir)))
	}
}

// TestEthtoolFiguresOfVirtualLinks: the kernel makes figures up for taps and veths, and ours are the same. The table has
// none of them: no cable is behind them.
func TestEthtoolFiguresOfVirtualLinks(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	guest := linktest.Play(t, "vm", 0)
	guest.Tell("tap tap0 02:00:00:00:00:01")
	linktest.IP(t, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	for _, name := range []string{"tap0", "va", "vb"} {
		linktest.IP(t, "link", "set", name, "addrgenmode", "none", "up")
		holdToEthtool(t, name)
	}
	table, err := New(Options{}).Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range table.Links {
		if d := l.More(); d.SpeedMbps != 0 || d.Duplex+d.Driver+d.Port+d.Autoneg+d.Bus+d.Firmware != "" {
			t.Errorf("%s has no cable: %+v, %+v", l.Name, l, d)
		}
	}
}

// TestNothingIsPrinted: a library that writes to descriptor 1 or 2 would write on the console.
func TestNothingIsPrinted(t *testing.T) {
	into, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	var kept [3]int
	for fd := 1; fd <= 2; fd++ {
		if kept[fd], err = unix.Dup(fd); err != nil {
			t.Fatal(err)
		}
		if err := unix.Dup3(int(into.Fd()), fd, 0); err != nil {
			t.Fatal(err)
		}
	}
	s := openSettings("")
	links, listed := net.Interfaces()
	for _, l := range links {
		var d device
		s.of("/sys/class/net/"+l.Name, l.Name, &d) // where there is no /sys, the kernel still answers the ioctl
		s.about(l.Name, &d)
	}
	s.close()
	_, dumped := New(Options{}).Dump(context.Background())
	for fd := 1; fd <= 2; fd++ {
		_ = unix.Dup3(kept[fd], fd, 0)
		unix.Close(kept[fd])
	}
	if err := errors.Join(listed, dumped); err != nil {
		t.Skip("no rtnetlink here: ", err)
	}
	text, err := os.ReadFile(into.Name())
	if err != nil || len(text) > 0 || len(links) == 0 {
		t.Errorf("of %d links: %v, printed %q", len(links), err, text)
	}
}
