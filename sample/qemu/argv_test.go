package qemu

import (
	"strings"
	"testing"

	"hypervisor-tui/internal/clean"
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
		"KubeVirt": {libvirtArgv, qemuArgs{"default", "vm-01", 2, 4 << 30, "02:00:00:00:00:01", ""}},
		"a plugged vCPU": {append(libvirtArgv, "-device", `{"driver":"EPYC-x86_64-cpu","id":"vcpu2"}`, "-device", "host-x86_64-cpu,id=vcpu3"),
			qemuArgs{"default", "vm-01", 4, 4 << 30, "02:00:00:00:00:01", ""}},
		"network devices": {[]string{"qemu-kvm", "-device", `{"driver":"virtio-net-pci","mac":"02:AA:00:00:00:01"}`, "-nic", "tap,mac=02:aa:00:00:00:02",
			"-net", "nic,macaddr=02:aa:00:00:00:03", "-device", "e1000,mac=nonsense"}, qemuArgs{"", "", 1, 0, "02:aa:00:00:00:01 02:aa:00:00:00:02 02:aa:00:00:00:03", ""}},
		"devices of the host": {[]string{"qemu-kvm", "-device", `{"driver":"vfio-pci","host":"0000:3B:02.1"}`, "-device", "vfio-pci,host=3b:02.2",
			"-device", "vfio-pci,host=../../x"}, qemuArgs{"", "", 1, 0, "", "0000:3b:02.1 0000:3b:02.2"}},
		"nothing said":      {[]string{"qemu-system-x86_64"}, qemuArgs{vcpus: 1}},
		"short":             {[]string{"qemu-system-aarch64", "--name", "web", "-m", "2048", "-smp", "4"}, qemuArgs{"", "web", 4, 2 << 30, "", ""}},
		"wrapped by Nix":    {[]string{"/nix/store/x-qemu/bin/.qemu-system-x86_64-wrapped", "-m", "1G"}, qemuArgs{"", "", 1, 1 << 30, "", ""}},
		"last counts":       {[]string{"qemu-kvm", "-m", "1G", "-m", "2G"}, qemuArgs{"", "", 1, 2 << 30, "", ""}},
		"huge backend":      {[]string{"qemu-kvm", "-object", "memory-backend-file,id=m,size=1G,mem-path=/dev/hugepages"}, qemuArgs{"", "", 1, 1 << 30, "", ""}},
		"huge memfd":        {[]string{"qemu-kvm", "-object", `{"qom-type":"memory-backend-memfd","hugetlb":true,"size":7}`}, qemuArgs{"", "", 1, 7, "", ""}},
		"huge path":         {[]string{"qemu-kvm", "-mem-path", "/dev/hugepages/1"}, qemuArgs{"", "", 1, 0, "", ""}},
		"two backends":      {[]string{"qemu-kvm", "-object", "memory-backend-ram,size=1G", "-object", "qom-type=memory-backend-ram,size=1G"}, qemuArgs{"", "", 1, 2 << 30, "", ""}},
		"broken JSON":       {[]string{"qemu-kvm", "-object", `{"qom-type":"memory-backend-ram",`, "-device", `{"driver":"x-cpu"`}, qemuArgs{vcpus: 1}},
		"option at the end": {[]string{"qemu-kvm", "-name"}, qemuArgs{vcpus: 1}},
		"senseless -smp":    {[]string{"qemu-kvm", "-smp", "two"}, qemuArgs{}},
		"not ours":          {[]string{"qemu-kvm", "-name", "My_VM"}, qemuArgs{"", "My_VM", 1, 0, "", ""}},
		"no name":           {[]string{"qemu-kvm", "-name", "debug-threads=on"}, qemuArgs{vcpus: 1}},
		"commas in it":      {[]string{"qemu-kvm", "-name", "a,,b,process=c"}, qemuArgs{"", "a,b", 1, 0, "", ""}},
		"blanks":            {[]string{"qemu-kvm", "-name", "guest= my vm "}, qemuArgs{"", "my vm", 1, 0, "", ""}},
		"beyond ASCII":      {[]string{"qemu-kvm", "-name", "guest=größe_世界"}, qemuArgs{"", "größe_世界", 1, 0, "", ""}},
		"escape sequence":   {[]string{"qemu-kvm", "-name", "guest=a\x1b[31m\x1b]0;x\ab\u202ec"}, qemuArgs{"", "a\ufffd\ufffdb\ufffdc", 1, 0, "", ""}},
		"underscores":       {[]string{"qemu-kvm", "-name", "guest=a_b_c"}, qemuArgs{"", "a_b_c", 1, 0, "", ""}},
		"no namespace":      {[]string{"qemu-kvm", "-name", "guest=_vm"}, qemuArgs{"", "_vm", 1, 0, "", ""}},
	} {
		if got, ok := parseQEMU([]byte(commandLine(c.argv...)), noEvidence); !ok || got != c.want {
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
		if a, ok := parseQEMU([]byte(commandLine(argv...)), noEvidence); ok {
			t.Errorf("%q: %+v", argv, a)
		}
	}
}

func TestB8MemoryThatIsPluggedIn(t *testing.T) {
	const gib = 1 << 30
	for name, c := range map[string]struct {
		argv   []string
		memory uint64
		vcpus  int
	}{
		"KubeVirt's hotplug": {[]string{"-m", "size=1048576k,slots=1,maxmem=4194304k",
			"-object", `{"qom-type":"memory-backend-ram","id":"pc.ram","size":1073741824}`, "-machine", "q35,memory-backend=pc.ram",
			"-object", `{"qom-type":"memory-backend-ram","id":"memvirtiomem0","reserve":false,"size":3221225472}`,
			"-device", `{"driver":"virtio-mem-pci","node":0,"block-size":2097152,"requested-size":2147483648,"memdev":"memvirtiomem0","dynamic-memslots":true,"id":"virtiomem0"}`}, 3 * gib, 1},
		"nothing asked for yet": {[]string{"-m", "1G", "-object", "memory-backend-ram,id=m,size=3G", "-device", "virtio-mem-pci,memdev=m,id=v"}, gib, 1},
		"libvirt's DIMMs": {[]string{"-m", "size=1048576k,slots=16,maxmem=8388608k",
			"-object", `{"qom-type":"memory-backend-ram","id":"memdimm0","size":2147483648}`, "-device", `{"driver":"pc-dimm","node":0,"memdev":"memdimm0","id":"dimm0","slot":0}`,
			"-object", "memory-backend-file,id=memdimm1,mem-path=/dev/hugepages,size=1G", "-device", "pc-dimm,memdev=memdimm1,id=dimm1"}, 4 * gib, 1},
		"Proxmox": {[]string{"-id", "100", "-smp", "4,sockets=1,cores=4,maxcpus=4", "-nodefaults", "-m", "size=1024,slots=255,maxmem=524288M",
			"-object", "memory-backend-ram,id=ram-node0,size=1024M", "-numa", "node,nodeid=0,cpus=0-3,memdev=ram-node0",
			"-object", "memory-backend-ram,id=mem-dimm0,size=512M", "-device", "pc-dimm,id=dimm0,memdev=mem-dimm0,node=0"}, gib + gib/2, 4},
		"a disk in memory is no memory": {[]string{"-m", "1G", "-object", "memory-backend-file,id=n,size=8G,mem-path=/x", "-device", "nvdimm,memdev=n"}, gib, 1},
		"nor is what is shared":         {[]string{"-object", "memory-backend-file,id=n,size=8G,mem-path=/x", "-device", "ivshmem-plain,memdev=n", "-object", "memory-backend-ram,id=m,size=1G"}, gib, 1},
		"the machine's backend":         {[]string{"-M", "q35,memory-backend=a", "-object", "memory-backend-ram,id=a,size=2G", "-object", "memory-backend-ram,id=b,size=1G"}, 2 * gib, 1},
		"one DIMM twice":                {[]string{"-m", "1G", "-object", "memory-backend-ram,id=d,size=1G", "-device", "pc-dimm,memdev=d", "-device", "pc-dimm,memdev=d"}, 2 * gib, 1},
		"a DIMM of nothing":             {[]string{"-m", "1G", "-device", "pc-dimm,memdev=gone"}, gib, 1},
		"-m twice":                      {[]string{"-m", "2G", "-m", "slots=4,maxmem=8G"}, 2 * gib, 1},
		"the last size":                 {[]string{"-m", "2G", "-m", "size=3G"}, 3 * gib, 1},
		"-smp twice":                    {[]string{"-smp", "2", "-smp", "sockets=1,cores=8", "-smp", "maxcpus=8"}, 0, 2},
		"a shape twice":                 {[]string{"-smp", "sockets=2,cores=4", "-smp", "sockets=1"}, 0, 4},
		"properties of the machine":     {[]string{"-M", "smp.cpus=4,memory.size=4G"}, 4 * gib, 4},
		"and others":                    {[]string{"-machine", "virt,smp.sockets=2,smp.cores=2,memory.size=1073741824", "-M", "smp.cores=3,memory.max-size=9G"}, gib, 6},
		"the last of both":              {[]string{"-smp", "2", "-M", "smp.cpus=3", "-m", "1G", "-M", "memory.size=2G"}, 2 * gib, 3},
		"options that are values":       {[]string{"-append", "-smp", "8", "-kernel", "-m", "-m", "1G", "-fw_cfg", "-m"}, gib, 1},
		"and others that have none":     {[]string{"-nodefaults", "-no-user-config", "-enable-kvm", "-S", "-daemonize", "-m", "1G", "-nographic", "-smp", "2"}, gib, 2},
		"a size in hexadecimal":         {[]string{"-m", "0x400", "-object", "memory-backend-ram,id=d,size=0x40000000", "-device", "pc-dimm,memdev=d"}, 2 * gib, 1},
		"text in JSON":                  {[]string{"-m", "1G", "-object", `{"qom-type":"memory-backend-ram","id":"d","size":"1G"}`, "-device", `{"driver":"pc-dimm","memdev":"d"}`}, 2 * gib, 1},
		"more than there is":            {[]string{"-m", "4E", "-object", "memory-backend-ram,id=d,size=7E", "-device", "pc-dimm,memdev=d"}, 1<<63 - 1, 1},
		"and nothing of the main part":  {[]string{"-object", "memory-backend-ram,id=d,size=1G", "-device", "pc-dimm,memdev=d"}, 0, 1},
	} {
		got, ok := parseQEMU([]byte(commandLine(append([]string{"qemu-kvm"}, c.argv...)...)), noEvidence)
		if !ok || got.memory != c.memory || got.vcpus != c.vcpus {
			t.Errorf("%s: %d bytes, %d vCPUs, want %d, %d", name, got.memory, got.vcpus, c.memory, c.vcpus)
		}
	}
}

// Whoever starts QEMU may call it anything.
func TestB9OtherNamesOfQEMU(t *testing.T) {
	microvm := []string{"microvm@web", "-name", "web", "-M", "microvm,accel=kvm:tcg", "-m", "512", "-smp", "1", "-nodefaults"}
	for _, c := range []struct {
		argv []string
		e    evidence
		want bool
	}{
		{microvm, noEvidence, false}, {microvm, itsName, true}, {microvm, itsFile, true},
		{[]string{"/usr/bin/kvm", "-id", "100", "-m", "4096"}, noEvidence, true},
		{[]string{"anything", "-S"}, itsFile, true}, {[]string{"/path/to/anything"}, itsFile, true}, {nil, itsFile, true},
		{[]string{"/bin/sh", "/usr/bin/kvm", "-m", "1G", "-smp", "1"}, itsName, false}, // a script of that name
		{[]string{"sleep", "7"}, itsName, false}, {[]string{"x", "-m", "1G"}, itsName, false},
		{[]string{"x", "-append", "-m -smp -cpu"}, itsName, false},
		{[]string{"microvm@probe", "-M", "none", "-S"}, itsFile, false},
	} {
		if _, ok := parseQEMU([]byte(commandLine(c.argv...)), c.e); ok != c.want {
			t.Errorf("%q with evidence %d: %v", c.argv, c.e, ok)
		}
	}
}

func TestB9LongNameOfAGuest(t *testing.T) {
	a, _ := parseQEMU([]byte(commandLine("qemu-kvm", "-name", "guest="+strings.Repeat("ü", 1000))), noEvidence)
	if len(a.name) > longestName+3 || clean.String(a.name) != a.name {
		t.Errorf("%d bytes: %q", len(a.name), a.name)
	}
}

func TestSMP(t *testing.T) {
	for list, want := range map[string]int{
		"": 1, "4": 4, "cpus=4": 4, "4,maxcpus=8": 4, "maxcpus=8": 8, "cpus=2,maxcpus=8,sockets=4,cores=2": 2,
		"sockets=2,cores=4,threads=2": 16, "sockets=1,dies=2,clusters=2,cores=2": 8, "0": 1, "-1": 0, "4,cores=x": 0,
		"99999999999": 0, "sockets=65536,cores=65536,threads=65536": 0, ",": 0, "4,": 4,
	} {
		var s smp
		options(list, "cpus", s.set)
		if got := s.count(); got != want {
			t.Errorf("%q: %d, want %d", list, got, want)
		}
	}
}

func TestRAM(t *testing.T) {
	for list, want := range map[string]uint64{
		"2048": 2 << 30, "4G": 4 << 30, "4g": 4 << 30, "512M": 512 << 20, "size=2097152k": 2 << 30, "size=2097152k,slots=16,maxmem=8G": 2 << 30,
		"1.5G": 3 << 29, "1T": 1 << 40, "100B": 100, "": 0, "G": 0, "slots=4": 0, "-1": 0, "4X": 0, "99999999999E": 0, "é": 0,
	} {
		var l qemuLine
		l.option("m", list)
		if got := l.memory.total(); got != want {
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
		a, ok := parseQEMU(text, evidence(len(text)%3))
		if clean.String(a.name) != a.name || clean.String(a.namespace) != a.namespace || a.vcpus < 0 || !ok && a != (qemuArgs{}) {
			t.Errorf("%q: %+v", text, a)
		}
	})
}
