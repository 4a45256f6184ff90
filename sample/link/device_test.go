package link

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tree writes files below a new directory; a path that ends in a slash is made a directory, a text that starts with
// "->" a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		full := filepath.Join(root, path)
		dir, write := filepath.Dir(full), func() error { return os.WriteFile(full, []byte(text), 0o644) }
		if target, ok := strings.CutPrefix(text, "->"); ok {
			write = func() error { return os.Symlink(target, full) }
		} else if strings.HasSuffix(path, "/") {
			dir, write = full, func() error { return nil }
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestDevices(t *testing.T) {
	const net = "sys/class/net/"
	root := tree(t, map[string]string{
		net + "eth0/device/driver":      "->../../../bus/pci/drivers/igb",
		net + "eth0/speed":              "10000\n",
		net + "eth0/duplex":             "full\n",
		net + "eth1/device/":            "",
		net + "eth1/speed":              "-1\n",
		net + "eth1/duplex":             "unknown\n",
		net + "bond0/speed":             "20000\n",
		net + "bond0/duplex":            "full\n",
		net + "veth0/speed":             "10000\n",
		net + "veth0/duplex":            "full\n",
		net + "vf\x1b[1m/device/driver": "->/drivers/\x1b[31mevil",
	})
	links := []linkMessage{{index: 1, name: "lo", hardware: unix.ARPHRD_LOOPBACK}, {index: 2, name: "eth0"}, {index: 3, name: "eth1"},
		{index: 4, name: "bond0", kind: "bond"}, {index: 5, name: "veth0", kind: "veth"}, {index: 6, name: "gone", kind: "vlan"},
		{index: 7, name: "vf\x1b[1m"}, {index: 8, name: ".."}}
	want := map[int]device{
		2: {physical: true, driver: "igb", mbps: 10000, duplex: "full"},
		3: {physical: true},
		4: {mbps: 20000, duplex: "full"},
		6: {},
		7: {physical: true, driver: "\ufffdevil"},
	}
	if got := devices(root, links); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The ioctl and sysfs must agree on what this host's hardware does.
func TestDevicesOfThisHost(t *testing.T) {
	dirs, _ := filepath.Glob("/sys/class/net/*/device")
	if len(dirs) == 0 {
		t.Skip("no hardware behind this host's links")
	}
	ioctl, sysfs := openSettings(""), openSettings("/")
	defer ioctl.close()
	if ioctl.ioctl == nil {
		t.Skip("no socket for the ioctl here")
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		name := filepath.Base(dir)
		var a, b device
		ioctl.of(dir, name, &a)
		sysfs.of(dir, name, &b)
		// sysfs says nothing of a link that is down.
		if b.mbps != 0 && (a.mbps != b.mbps || a.duplex != b.duplex) {
			t.Errorf("%s: ioctl %+v, sysfs %+v", name, a, b)
		}
		ioctl.about(name, &a)
		t.Logf("%s: %+v, driver %q", name, a, target(dir+"/device/driver"))
	}
}

func TestUnknownSpeedIsNotANumber(t *testing.T) {
	for in, want := range map[int64]int{-1: 0, 65535: 0, 0xffffffff: 0, 0: 0, 10: 10, 400000: 400000} {
		if got := known(in); got != want {
			t.Errorf("%d: got %d, want %d", in, got, want)
		}
	}
	if duplexName(0) != "half" || duplexName(1) != "full" || duplexName(255) != "" {
		t.Error("duplex")
	}
}

// TestB13ParseResolv: three servers at most, of lines that begin with the word.
func TestB13ParseResolv(t *testing.T) {
	var nine strings.Builder
	for i := range 9 {
		fmt.Fprintf(&nine, "nameserver 10.0.0.%d\n", i+1)
	}
	for text, want := range map[string][]string{
		"":                    nil,
		"nameserver 10.0.0.1": {"10.0.0.1"},
		"# nameserver 1.1.1.1\n; nameserver 1.1.1.1\nsearch a b\nnameserver\nnameserver\tfe80::1%eth0 rest\nnameservers 3\n": {"fe80::1%eth0"},
		" nameserver 1.1.1.1\n\tnameserver 2.2.2.2\nnameserver 3.3.3.3\n":                                                    {"3.3.3.3"},
		"nameserver 10.0.0.1\r\nnameserver \x1b[31m10.0.0.2\n":                                                               {"10.0.0.1", "\ufffd10.0.0.2"},
		nine.String(): {"10.0.0.1", "10.0.0.2", "10.0.0.3"},
	} {
		if got := parseResolv([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestNameserversDoNotWaitForAFIFO(t *testing.T) {
	root := tree(t, map[string]string{"etc/": ""})
	if got := (&Watcher{root: root}).services().dns; got != nil {
		t.Errorf("no file: got %q", got)
	}
	if err := unix.Mkfifo(filepath.Join(root, "etc/resolv.conf"), 0o644); err != nil {
		t.Skip("no FIFO here:", err)
	}
	if got := (&Watcher{root: root}).services().dns; got != nil {
		t.Errorf("FIFO: got %q", got)
	}
	root = tree(t, map[string]string{"etc/resolv.conf": strings.Repeat("# padding\n", 10_000) + "nameserver 10.0.0.1\n"})
	if got := (&Watcher{root: root}).services().dns; got != nil {
		t.Errorf("what is beyond 64 KiB was read: %q", got)
	}
}
