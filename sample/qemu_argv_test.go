package sample

import (
	"strings"
	"testing"

	"hypervisor-tui/draw/clean"
)

// libvirtArgv is what KubeVirt's libvirt starts, shortened.
var libvirtArgv = []string{
	"/usr/libexec/qemu-kvm", "-name", "guest=default_vm-01,debug-threads=on", "-S",
	"-object", `{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/run/kubevirt-private/libvirt/qemu/lib/master-key.aes"}`,
	"-machine", "pc-q35-rhel9.4.0,usb=off,dump-guest-core=off,memory-backend=pc.ram,acpi=on", "-accel", "kvm",
	"-cpu", "EPYC,x2apic=on", "-m", "size=4194304k",
	"-object", `{"qom-type":"memory-backend-ram","id":"pc.ram","size":4294967296}`, "-overcommit", "mem-lock=off",
	"-smp", "2,maxcpus=8,sockets=4,dies=1,clusters=1,cores=2,threads=1", "-object", `{"qom-type":"iothread","id":"iothread1"}`,
	"-uuid", "1c8ee2f3-8f4c-5b3c-a6a1-54b8e7c8a1a1", "-smbios", "type=1,manufacturer=KubeVirt,product=None",
	"-device", `{"driver":"virtio-net-pci-non-transitional","mq":true,"netdev":"hostua-default","id":"ua-default","mac":"02:00:00:00:00:01"}`,
}

func TestQEMUCommandLines(t *testing.T) {
	for name, c := range map[string]struct {
		argv []string
		want qemuArgs
	}{
		"KubeVirt": {libvirtArgv, qemuArgs{"default", "vm-01", 2, 4 << 30, false, "02:00:00:00:00:01", ""}},
		"a plugged vCPU": {append(libvirtArgv, "-device", `{"driver":"EPYC-x86_64-cpu","id":"vcpu2"}`, "-device", "host-x86_64-cpu,id=vcpu3"),
			qemuArgs{"default", "vm-01", 4, 4 << 30, false, "02:00:00:00:00:01", ""}},
		"network devices": {[]string{"qemu-kvm", "-device", `{"driver":"virtio-net-pci","mac":"02:AA:00:00:00:01"}`, "-nic", "tap,mac=02:aa:00:00:00:02",
			"-net", "nic,macaddr=02:aa:00:00:00:03", "-device", "e1000,mac=nonsense"}, qemuArgs{"", "", 1, 0, false, "02:aa:00:00:00:01 02:aa:00:00:00:02 02:aa:00:00:00:03", ""}},
		"devices of the host": {[]string{"qemu-kvm", "-device", `{"driver":"vfio-pci","host":"0000:3B:02.1"}`, "-device", "vfio-pci,host=3b:02.2",
			"-device", "vfio-pci,host=../../x"}, qemuArgs{"", "", 1, 0, false, "", "0000:3b:02.1 0000:3b:02.2"}},
		"nothing said":      {[]string{"qemu-system-x86_64"}, qemuArgs{vcpus: 1}},
		"short":             {[]string{"qemu-system-aarch64", "--name", "web", "-m", "2048", "-smp", "4"}, qemuArgs{"", "web", 4, 2 << 30, false, "", ""}},
		"wrapped by Nix":    {[]string{"/nix/store/x-qemu/bin/.qemu-system-x86_64-wrapped", "-m", "1G"}, qemuArgs{"", "", 1, 1 << 30, false, "", ""}},
		"last counts":       {[]string{"qemu-kvm", "-m", "1G", "-m", "2G"}, qemuArgs{"", "", 1, 2 << 30, false, "", ""}},
		"huge backend":      {[]string{"qemu-kvm", "-object", "memory-backend-file,id=m,size=1G,mem-path=/dev/hugepages"}, qemuArgs{"", "", 1, 1 << 30, true, "", ""}},
		"huge memfd":        {[]string{"qemu-kvm", "-object", `{"qom-type":"memory-backend-memfd","hugetlb":true,"size":7}`}, qemuArgs{"", "", 1, 7, true, "", ""}},
		"huge path":         {[]string{"qemu-kvm", "-mem-path", "/dev/hugepages/1"}, qemuArgs{"", "", 1, 0, true, "", ""}},
		"two backends":      {[]string{"qemu-kvm", "-object", "memory-backend-ram,size=1G", "-object", "qom-type=memory-backend-ram,size=1G"}, qemuArgs{"", "", 1, 2 << 30, false, "", ""}},
		"broken JSON":       {[]string{"qemu-kvm", "-object", `{"qom-type":"memory-backend-ram",`, "-device", `{"driver":"x-cpu"`}, qemuArgs{vcpus: 1}},
		"option at the end": {[]string{"qemu-kvm", "-name"}, qemuArgs{vcpus: 1}},
		"senseless -smp":    {[]string{"qemu-kvm", "-smp", "two"}, qemuArgs{}},
		"not ours":          {[]string{"qemu-kvm", "-name", "My_VM"}, qemuArgs{"", "My_VM", 1, 0, false, "", ""}},
		"no name":           {[]string{"qemu-kvm", "-name", "debug-threads=on"}, qemuArgs{vcpus: 1}},
		"commas in it":      {[]string{"qemu-kvm", "-name", "a,,b,process=c"}, qemuArgs{"", "a,b", 1, 0, false, "", ""}},
		"blanks":            {[]string{"qemu-kvm", "-name", "guest= my vm "}, qemuArgs{"", "my vm", 1, 0, false, "", ""}},
		"beyond ASCII":      {[]string{"qemu-kvm", "-name", "guest=größe_世界"}, qemuArgs{"", "größe_世界", 1, 0, false, "", ""}},
		"escape sequence":   {[]string{"qemu-kvm", "-name", "guest=a\x1b[31m\x1b]0;x\ab\u202ec"}, qemuArgs{"", "abc", 1, 0, false, "", ""}},
		"underscores":       {[]string{"qemu-kvm", "-name", "guest=a_b_c"}, qemuArgs{"", "a_b_c", 1, 0, false, "", ""}},
		"no namespace":      {[]string{"qemu-kvm", "-name", "guest=_vm"}, qemuArgs{"", "_vm", 1, 0, false, "", ""}},
	} {
		if got, ok := parseQEMU([]byte(commandLine(c.argv...))); !ok || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, c.want)
		}
	}
}

func TestNoVirtualMachine(t *testing.T) {
	for _, argv := range [][]string{
		{}, {""}, {"/usr/bin/qemu-img", "convert"}, {"sh", "-c", "qemu-system-x86_64 -name guest=a_b"},
		{"/usr/bin/virt-launcher-monitor", "qemu-kvm", "-name", "guest=a_b"}, {"qemu-ga"}, {"/usr/bin/qemu-kvm/x"},
		{"qemu-kvm", "-S", "-no-user-config", "-machine", "none,accel=kvm:tcg", "-qmp", "unix:/x"}, // libvirt asks what it can
		{"qemu-kvm", "-M", "none"},
	} {
		if a, ok := parseQEMU([]byte(commandLine(argv...))); ok {
			t.Errorf("%q: %+v", argv, a)
		}
	}
}

func TestSMP(t *testing.T) {
	for list, want := range map[string]int{
		"": 1, "4": 4, "cpus=4": 4, "4,maxcpus=8": 4, "maxcpus=8": 8, "cpus=2,maxcpus=8,sockets=4,cores=2": 2,
		"sockets=2,cores=4,threads=2": 16, "sockets=1,dies=2,clusters=2,cores=2": 8, "0": 1, "-1": 0, "4,cores=x": 0,
		"99999999999": 0, "sockets=65536,cores=65536,threads=65536": 0, ",": 0, "4,": 4,
	} {
		if got := parseSMP(list); got != want {
			t.Errorf("%q: %d, want %d", list, got, want)
		}
	}
}

func TestRAM(t *testing.T) {
	for list, want := range map[string]uint64{
		"2048": 2 << 30, "4G": 4 << 30, "4g": 4 << 30, "512M": 512 << 20, "size=2097152k": 2 << 30, "size=2097152k,slots=16,maxmem=8G": 2 << 30,
		"1.5G": 3 << 29, "1T": 1 << 40, "100B": 100, "": 0, "G": 0, "slots=4": 0, "-1": 0, "4X": 0, "99999999999E": 0, "é": 0,
	} {
		if got := parseRAM(list); got != want {
			t.Errorf("%q: %d, want %d", list, got, want)
		}
	}
}

func FuzzQEMUCommandLine(f *testing.F) {
	f.Add([]byte(commandLine(libvirtArgv...)))
	f.Add([]byte(commandLine("qemu-kvm", "-name", "a,,,b=,=,", "-smp", "4,,cpus=2", "-m", "1.5G", "-object", "{")))
	f.Add([]byte(commandLine("qemu-system-x86_64", "-name", "guest=\x1b[2J\xff_\u202e", "-device", "a-cpu,driver=b-cpu")))
	f.Add([]byte("qemu-kvm\x00-name"))
	f.Add([]byte("qemu-kvm\x00-name\x00" + strings.Repeat(",", 1000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, ok := parseQEMU(text)
		if clean.String(a.name) != a.name || clean.String(a.namespace) != a.namespace || a.vcpus < 0 || !ok && a != (qemuArgs{}) {
			t.Errorf("%q: %+v", text, a)
		}
	})
}
