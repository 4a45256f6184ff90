package sample

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/sampletest"
)

func TestIdentity(t *testing.T) {
	root := sampletest.CopyOf(t, "vm2")
	const dmi = "/sys/class/dmi/id/"
	sampletest.Put(t, root, dmi+"sys_vendor", "Dell Inc.\n")
	sampletest.Put(t, root, dmi+"product_name", "PowerEdge R660  \n")
	sampletest.Put(t, root, dmi+"product_serial", "ABC1234\n")
	h := sampled(t, root).Reader(0).Hosts.Latest()
	want := Machine{
		Hostname: "hypervisor-01", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.44",
		Build: "#1-NixOS SMP PREEMPT_DYNAMIC Thu Jan  1 00:00:00 UTC 1970", Arch: "x86_64", Domain: "(none)",
		Model: "Dell Inc. PowerEdge R660", Serial: "ABC1234", BootID: "8c1f4c0e-3a55-4d0b-9f5e-0d5a7c3c1b2a",
	}
	if h.Machine != want {
		t.Errorf("%+v, want %+v", h.Machine, want)
	}
	if got := h.Health[Identity]; got.State.String() != "ok" || got.Err != "" {
		t.Errorf("%v %q", got.State, got.Err)
	}
}

func TestF24NoOSReleaseAndTheHostnameChanges(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/etc/machine-id", "")
	s := sampled(t, root)
	h := s.Reader(0).Hosts.Latest()
	if m := h.Machine; m != (Machine{Hostname: "rescue"}) || h.Health[Identity].State.String() != "ok" {
		t.Errorf("%+v, %v", m, h.Health[Identity])
	}
	sampletest.Put(t, root, "/proc/sys/kernel/hostname", "hypervisor-02\n")
	s.Sample()
	if m := s.Reader(0).Hosts.Latest().Machine; m.Hostname != "hypervisor-02" {
		t.Errorf("after the change: %+v", m)
	}
	if h.Machine.Hostname != "rescue" {
		t.Error("the string of the earlier sample has changed")
	}
}

func TestOSReleaseOfUsrLib(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/usr/lib/os-release", "NAME=x\nPRETTY_NAME='NixOS 26.05 (Yarara)'\n")
	if m := sampled(t, root).Reader(0).Hosts.Latest().Machine; m.OS != "NixOS 26.05 (Yarara)" {
		t.Errorf("%q", m.OS)
	}
}

func TestSerialNeedsRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/sys/class/dmi/id/product_serial", "ABC1234\n")
	if err := os.Chmod(root+"/sys/class/dmi/id/product_serial", 0); err != nil {
		t.Fatal(err)
	}
	h := sampled(t, root).Reader(0).Hosts.Latest()
	got := h.Health[Identity]
	if h.Machine.Serial != "" || got.State.String() != "ok" || got.Err != "/sys/class/dmi/id/product_serial needs root" {
		t.Errorf("%q, %v %q", h.Machine.Serial, got.State, got.Err)
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		`a b`: `a b`, `"a"`: `a`, `'a'`: `a`, `"a\"b\$c\\d"`: `a"b$c\d`, `"`: `"`, ``: ``, `"a'`: `"a'`, `'a\b'`: `a\b`,
	} {
		if got := unquote(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestUptimeIsOfTheKernel(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1240.09 2273.77\n": 1240*time.Second + 90*time.Millisecond,
		"0.00 0.00\n":       0,
		"9999999999 1":      -1,
		"":                  -1,
		"-5 1":              -1,
	} {
		got, err := parseUptime([]byte(text))
		if (err != nil) != (want < 0) || err == nil && got.Round(time.Millisecond) != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestHostileTree(t *testing.T) {
	h := sampled(t, "testdata/hostile").Reader(0).Hosts.Latest()
	for _, source := range []Source{Uptime, Loadavg, Stat, Meminfo, Pressure, Diskstats, NetDev, Sockets} {
		if got := h.Health[source]; got.State.String() != "failed" || !strings.HasPrefix(got.Err, "read /proc/") {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	if m := h.Machine; clean.String(m.Hostname) != m.Hostname || clean.String(m.OS) != m.OS || m.Hostname == "" {
		t.Errorf("%+q", m)
	}
	if !math.IsNaN(h.CPU.Busy) || !math.IsNaN(h.DiskRead) || !math.IsNaN(h.Pressure.IOFull) {
		t.Errorf("%+v %v %+v", h.CPU, h.DiskRead, h.Pressure)
	}
}

func TestBareTree(t *testing.T) {
	s := sampled(t, "testdata/bare")
	h, n := s.Reader(0).Hosts.Latest(), s.Reader(0).Nets.Latest()
	for _, source := range []Source{Uptime, Loadavg, Stat, Meminfo, Identity} {
		if got := h.Health[source]; got.State.String() != "ok" {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	for _, source := range []Source{Pressure, Diskstats, NetDev, Sockets} {
		if got := h.Health[source]; got.State.String() != "absent" {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	if n.Sockets != (SocketCounts{-1, -1, -1, -1, -1}) || !math.IsNaN(n.Rx) || !math.IsNaN(h.Pressure.CPUSome) {
		t.Errorf("%+v %v %+v", n.Sockets, n.Rx, h.Pressure)
	}
}

func TestSocketsWithoutIPv6AndConntrack(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/proc/net/sockstat", "sockets: used 9\nTCP: inuse 7 orphan 0\nUDP: inuse 2 mem 0\n")
	if n := sampled(t, root).Reader(0).Nets.Latest(); n.Sockets != (SocketCounts{7, 2, -1, -1, -1}) {
		t.Errorf("%+v", n.Sockets)
	}
	sampletest.Put(t, root, "/proc/sys/net/netfilter/nf_conntrack_count", "81\n")
	sampletest.Put(t, root, "/proc/sys/net/netfilter/nf_conntrack_max", "26214\n")
	if n := sampled(t, root).Reader(0).Nets.Latest(); n.Sockets != (SocketCounts{7, 2, -1, 81, 26214}) {
		t.Errorf("with conntrack: %+v", n.Sockets)
	}
}
