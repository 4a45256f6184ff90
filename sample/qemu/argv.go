package qemu

import (
	"bytes"
	"encoding/json"
	"math"
	"math/bits"
	"net"
	"slices"
	"strconv"
	"strings"

	"hypervisor-tui/sample/procfile"
)

// qemuArgs is what QEMU's command line says of its VM.
type qemuArgs struct {
	namespace, name string
	vcpus           int    // 0: unknown
	memory          uint64 // bytes; 0: unknown
	macs            string // of its network devices, a space between two
	devices         string // PCI addresses of the host's devices that it was given
}

const (
	mostDevices = 64  // that one guest is looked at for
	longestName = 256 // bytes of a guest's name
)

// qemuLine gathers the options of a command line.
type qemuLine struct {
	guest, machine string
	smp            smp
	plugged        int // vCPUs that are devices of their own
	memory         qemuMemory
	macs, devices  []string
	signs          int // options that only a virtual machine has
}

// parseQEMU parses /proc/PID/cmdline: arguments that each end in NUL. It is false for what is no virtual machine:
// another program, a wrapper that carries QEMU's command line behind its own, and a QEMU that is only asked what it
// can do. Whoever starts QEMU may call it anything: evidence says what else is known of the program. Names are clean.
//
// Format: qemu(1)
func parseQEMU(cmdline []byte, e evidence) (qemuArgs, bool) {
	program, rest := cutArg(cmdline)
	if !isQEMU(program) && (e == noEvidence || e == itsName && bytes.IndexByte(program, '/') >= 0) {
		return qemuArgs{}, false
	}
	var l qemuLine
	for len(rest) > 0 {
		var arg, value []byte
		arg, rest = cutArg(rest)
		option, ok := bytes.CutPrefix(arg, []byte("-"))
		if !ok {
			continue
		}
		name := string(bytes.TrimPrefix(option, []byte("-")))
		if !slices.Contains(bareOptions, name) {
			value, rest = cutArg(rest)
		}
		l.option(name, string(value))
	}
	if l.machine == "none" || !isQEMU(program) && e == itsName && l.signs < 2 {
		return qemuArgs{}, false
	}
	a := qemuArgs{vcpus: l.smp.count(), memory: l.memory.total()}
	a.macs, a.devices = strings.Join(l.macs, " "), strings.Join(l.devices, " ")
	if a.vcpus > 0 {
		a.vcpus += l.plugged
	}
	a.namespace, a.name = cutGuest(l.guest[:min(len(l.guest), longestName)])
	return a, true
}

// bareOptions are those of QEMU, of any version, without a value: what follows another one is its value, whatever it
// looks like.
//
// Format: qemu-options.def
var bareOptions = []string{
	"h", "help", "version", "audio-help", "S", "s", "snapshot", "nographic", "nodefaults", "no-user-config", "nodefconfig",
	"enable-kvm", "no-kvm", "no-kvm-irqchip", "no-kvm-pit", "no-kvm-pit-reinjection", "enable-nesting", "no-reboot", "no-shutdown",
	"no-acpi", "no-hpet", "no-fd-bootchk", "win2k-hack", "rtc-td-hack", "localtime", "usb", "daemonize", "preconfig", "singlestep",
	"one-insn-per-tick", "only-migratable", "mem-prealloc", "enable-fips", "enable-sync-profile", "full-screen", "no-frame",
	"alt-grab", "ctrl-grab", "no-quit", "show-cursor", "curses", "sdl", "portrait", "old-param", "semihosting", "std-vga",
	"xen-attach", "xen-domid-restrict", "async-teardown", "perfmap", "jitdump", "no-cpu-hotplug", "no-kqemu", "kernel-kqemu",
}

// evidence is what is known of a program beside its command line.
type evidence uint8

const (
	noEvidence evidence = iota
	itsName             // the kernel calls the process as it does QEMU's, by the name of the file
	itsFile             // the file is QEMU's
)

func cutArg(text []byte) (arg, rest []byte) {
	arg, rest, _ = bytes.Cut(text, []byte{0})
	return arg, rest
}

// isQEMU reports whether a program's path is that of a system emulator. Nix's wrapped programs are called
// .qemu-system-x86_64-wrapped, and Proxmox starts kvm.
func isQEMU(program []byte) bool {
	base := program[bytes.LastIndexByte(program, '/')+1:]
	base = bytes.TrimPrefix(base, []byte("."))
	base = bytes.TrimSuffix(base, []byte("-wrapped"))
	return string(base) == "qemu-kvm" || string(base) == "kvm" || bytes.HasPrefix(base, []byte("qemu-system-"))
}

// option takes one option. Of a value that is given twice the last counts.
func (l *qemuLine) option(name, value string) {
	switch name {
	case "M", "machine", "m", "smp", "cpu", "accel", "enable-kvm", "device", "drive", "netdev", "kernel", "nodefaults":
		l.signs++
	}
	switch name {
	case "name":
		options(value, "guest", func(key, value string) {
			if key == "guest" {
				l.guest = value
			}
		})
	case "smp":
		options(value, "cpus", l.smp.set)
	case "m":
		options(value, "size", func(key, value string) {
			if key == "size" {
				l.memory.size = parseSize(value, 1<<20)
			}
		})
	case "machine", "M":
		options(value, "type", l.property)
	case "object":
		l.object(value)
	case "device":
		l.device(value)
	case "nic", "net":
		options(value, "type", func(key, value string) {
			if key == "mac" || key == "macaddr" {
				l.mac(value)
			}
		})
	}
}

// property takes one of the machine's: -smp and -m are short for some of them.
func (l *qemuLine) property(key, value string) {
	switch key {
	case "type":
		l.machine = value
	case "memory.size":
		l.memory.size = parseSize(value, 1)
	case "memory-backend":
		l.memory.main = value
	default:
		if key, ok := strings.CutPrefix(key, "smp."); ok {
			l.smp.set(key, value)
		}
	}
}

// device takes a device: a vCPU, memory, a network device or one of the host's own. There are many others.
func (l *qemuLine) device(value string) {
	if !slices.ContainsFunc([]string{"-cpu", "mac", "vfio-pci", "memdev"}, func(word string) bool { return strings.Contains(value, word) }) {
		return
	}
	o, ok := parseObject(value, "driver")
	if !ok {
		return
	}
	switch {
	case strings.HasSuffix(o.Driver, "-cpu"):
		l.plugged++
	case o.Memory != "":
		l.memory.plug(&o)
	case o.Driver == "vfio-pci" && isBusAddress(o.Host):
		if len(o.Host) == len("3b:00.0") {
			o.Host = "0000:" + o.Host
		}
		if len(l.devices) < mostDevices {
			l.devices = append(l.devices, strings.ToLower(o.Host))
		}
	default:
		l.mac(o.MAC)
	}
}

// mac takes the hardware address of a network device.
func (l *qemuLine) mac(text string) {
	if mac, err := net.ParseMAC(text); err == nil && len(l.macs) < mostDevices {
		l.macs = append(l.macs, mac.String())
	}
}

// isBusAddress reports whether s is the address of a PCI device, with or without its domain.
func isBusAddress(s string) bool {
	return len(s) >= 7 && len(s) <= 16 && strings.Trim(s, "0123456789abcdefABCDEF:.") == ""
}

// object takes a memory backend.
func (l *qemuLine) object(value string) {
	if !strings.Contains(value, "memory-backend-") {
		return
	}
	o, ok := parseObject(value, "qom-type")
	if !ok || !strings.HasPrefix(o.Type, "memory-backend-") {
		return
	}
	if m := &l.memory; len(m.backends) < mostBackends {
		m.backends = append(m.backends, backend{id: o.ID, size: uint64(o.Size)})
	}
}

// qemuObject is what is asked for of an -object or -device.
type qemuObject struct {
	Type      string   `json:"qom-type"`
	ID        string   `json:"id"`
	Driver    string   `json:"driver"`
	Size      qemuSize `json:"size"`
	Memory    string   `json:"memdev"`
	Requested qemuSize `json:"requested-size"`
	MAC       string   `json:"mac"`
	Host      string   `json:"host"`
}

// qemuSize is a number of bytes; in JSON as a number or as text with a unit.
type qemuSize uint64

// UnmarshalJSON takes what is no size for 0.
func (s *qemuSize) UnmarshalJSON(text []byte) error {
	*s = qemuSize(parseSize(strings.Trim(string(text), `"`), 1))
	return nil
}

// parseObject parses key=value options, or JSON as libvirt writes it.
func parseObject(value, implied string) (o qemuObject, ok bool) {
	text := []byte(value)
	if !strings.HasPrefix(value, "{") {
		pairs := map[string]string{}
		options(value, implied, func(key, value string) { pairs[key] = value })
		text, _ = json.Marshal(pairs)
	}
	return o, json.Unmarshal(text, &o) == nil
}

// options calls take for each key=value of a list that commas divide; a doubled comma is one in a value. A first word
// without a key is the value of the implied one.
func options(list, implied string, take func(key, value string)) {
	for list != "" {
		end := 0
		for end < len(list) && list[end] != ',' || strings.HasPrefix(list[end:], ",,") {
			if list[end] == ',' {
				end++
			}
			end++
		}
		key, value, pair := strings.Cut(list[:end], "=")
		if !pair && implied != "" {
			key, value = implied, key
		}
		take(key, strings.ReplaceAll(value, ",,", ","))
		implied, list = "", list[min(end+1, len(list)):]
	}
}

// parseSize is a number with a unit of QEMU, such as 1.5G, in bytes; 0 when it is none.
func parseSize(text string, unit uint64) uint64 {
	if text == "" {
		return 0
	}
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		v, err := strconv.ParseUint(hex, 16, 64)
		if high, bytes := bits.Mul64(v, unit); err == nil && high == 0 && bytes < math.MaxInt64 {
			return bytes
		}
		return 0
	}
	last := len(text) - 1
	if i := strings.IndexByte("BKMGTPE", text[last]&^0x20); i >= 0 && text[last] > '9' {
		unit, text = 1<<(10*i), text[:last]
	}
	v, err := procfile.Decimal([]byte(text))
	if err != nil || v*float64(unit) >= math.MaxInt64 {
		return 0
	}
	return uint64(v * float64(unit))
}

// cutGuest cuts the name that KubeVirt gives its guests, namespace_name. Neither part can hold an underscore there, so
// a name of any other form is one that somebody else chose.
func cutGuest(guest string) (namespace, name string) {
	namespace, name, ok := strings.Cut(guest, "_")
	if ok && isLabel(namespace) && isLabel(name) {
		return namespace, name
	}
	return "", procfile.Clean([]byte(guest))
}

// isLabel reports whether s may name something in Kubernetes.
func isLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return s != ""
}
