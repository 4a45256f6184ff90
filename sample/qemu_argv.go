package sample

import (
	"bytes"
	"encoding/json"
	"math"
	"net"
	"strings"
)

// qemuArgs is what QEMU's command line says of its VM.
type qemuArgs struct {
	namespace, name string
	vcpus           int    // 0: unknown
	memory          uint64 // bytes; 0: unknown
	hugePages       bool   // it asks for them
	macs            string // of its network devices, a space between two
	devices         string // PCI addresses of the host's devices that it was given
}

// qemuLine gathers the options of a command line.
type qemuLine struct {
	guest, smp, m string
	machine       string
	plugged       int    // vCPUs that are devices of their own
	backends      uint64 // bytes
	hugePages     bool
	macs, devices []string
}

// parseQEMU parses /proc/PID/cmdline: arguments that each end in NUL. It is false for what is no virtual machine:
// another program, a wrapper that carries QEMU's command line behind its own, and a QEMU that is only asked what it
// can do. Names are clean.
//
// Format: qemu(1)
func parseQEMU(cmdline []byte) (qemuArgs, bool) {
	program, rest := cutArg(cmdline)
	if !isQEMU(program) {
		return qemuArgs{}, false
	}
	var l qemuLine
	for len(rest) > 0 {
		var arg []byte
		arg, rest = cutArg(rest)
		if option, ok := bytes.CutPrefix(arg, []byte("-")); ok {
			value, _ := cutArg(rest)
			l.option(string(bytes.TrimPrefix(option, []byte("-"))), string(value))
		}
	}
	if l.machine == "none" {
		return qemuArgs{}, false
	}
	a := qemuArgs{vcpus: parseSMP(l.smp), memory: parseRAM(l.m), hugePages: l.hugePages}
	a.macs, a.devices = strings.Join(l.macs, " "), strings.Join(l.devices, " ")
	if a.vcpus > 0 {
		a.vcpus += l.plugged
	}
	if a.memory == 0 {
		a.memory = l.backends
	}
	a.namespace, a.name = cutGuest(l.guest)
	return a, true
}

func cutArg(text []byte) (arg, rest []byte) {
	arg, rest, _ = bytes.Cut(text, []byte{0})
	return arg, rest
}

// isQEMU says whether a program's path is that of a system emulator. Nix's wrapped programs are called
// .qemu-system-x86_64-wrapped.
func isQEMU(program []byte) bool {
	base := program[bytes.LastIndexByte(program, '/')+1:]
	base = bytes.TrimPrefix(base, []byte("."))
	base = bytes.TrimSuffix(base, []byte("-wrapped"))
	return string(base) == "qemu-kvm" || bytes.HasPrefix(base, []byte("qemu-system-"))
}

// option takes one option. Of one that is given twice the last counts.
func (l *qemuLine) option(name, value string) {
	switch name {
	case "name":
		options(value, "guest", func(key, value string) {
			if key == "guest" {
				l.guest = value
			}
		})
	case "smp":
		l.smp = value
	case "m":
		l.m = value
	case "machine", "M":
		options(value, "type", func(key, value string) {
			if key == "type" {
				l.machine = value
			}
		})
	case "mem-path":
		l.hugePages = l.hugePages || strings.Contains(value, "huge")
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

// device takes a device: a vCPU, a network device or one of the host's own. There are many others.
func (l *qemuLine) device(value string) {
	if !strings.Contains(value, "-cpu") && !strings.Contains(value, "mac") && !strings.Contains(value, "vfio-pci") {
		return
	}
	o, ok := parseObject(value, "driver")
	if !ok {
		return
	}
	switch {
	case strings.HasSuffix(o.Driver, "-cpu"):
		l.plugged++
	case o.Driver == "vfio-pci" && isBusAddress(o.Host):
		if len(o.Host) == len("3b:00.0") {
			o.Host = "0000:" + o.Host
		}
		l.devices = append(l.devices, strings.ToLower(o.Host))
	default:
		l.mac(o.MAC)
	}
}

const mostDevices = 64 // that one guest is looked at for

// mac takes the hardware address of a network device.
func (l *qemuLine) mac(text string) {
	if mac, err := net.ParseMAC(text); err == nil && len(l.macs) < mostDevices {
		l.macs = append(l.macs, mac.String())
	}
}

// isBusAddress says whether s is the address of a PCI device, with or without its domain.
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
	if l.backends+o.Size >= l.backends {
		l.backends += o.Size
	}
	l.hugePages = l.hugePages || o.HugeTLB || strings.Contains(o.Path, "huge")
}

// qemuObject is what is asked for of an -object or -device.
type qemuObject struct {
	Type    string `json:"qom-type"`
	Driver  string `json:"driver"`
	Size    uint64 `json:"size"`
	Path    string `json:"mem-path"`
	HugeTLB bool   `json:"hugetlb"`
	MAC     string `json:"mac"`
	Host    string `json:"host"`
}

// parseObject parses key=value options, or JSON as libvirt writes it.
func parseObject(value, implied string) (o qemuObject, ok bool) {
	if strings.HasPrefix(value, "{") {
		return o, json.Unmarshal([]byte(value), &o) == nil
	}
	options(value, implied, func(key, value string) {
		switch key {
		case "qom-type":
			o.Type = value
		case "driver":
			o.Driver = value
		case "size":
			o.Size = parseSize(value, 1)
		case "mem-path":
			o.Path = value
		case "mac":
			o.MAC = value
		case "host":
			o.Host = value
		case "hugetlb":
			o.HugeTLB = value == "on" || value == "yes" || value == "true"
		}
	})
	return o, true
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

// mostVCPUs is more than any machine of QEMU has.
const mostVCPUs = 1 << 16

// parseSMP returns the vCPUs that run from the start: 1 without the option, 0 when it makes no sense. When only the
// shape is given, each of its sizes is 1 unless it says otherwise.
func parseSMP(list string) int {
	var cpus, most, shape uint64 = 0, 0, 1
	sound := true
	options(list, "cpus", func(key, value string) {
		v, err := number([]byte(value))
		if err != nil || v > mostVCPUs {
			sound = false
			return
		}
		switch key {
		case "cpus":
			cpus = v
		case "maxcpus":
			most = v
		default:
			shape = min(shape*max(v, 1), mostVCPUs+1)
		}
	})
	if cpus == 0 {
		cpus = most
	}
	if cpus == 0 {
		cpus = shape
	}
	if !sound || cpus > mostVCPUs {
		return 0
	}
	return int(cpus)
}

// parseRAM returns the bytes that -m asks for, 0 when it does not say. Without a unit they are MiB.
func parseRAM(list string) uint64 {
	var size uint64
	options(list, "size", func(key, value string) {
		if key == "size" {
			size = parseSize(value, 1<<20)
		}
	})
	return size
}

// parseSize is a number with a unit of QEMU, such as 1.5G, in bytes; 0 when it is none.
func parseSize(text string, unit uint64) uint64 {
	if text == "" {
		return 0
	}
	last := len(text) - 1
	if i := strings.IndexByte("BKMGTPE", text[last]&^0x20); i >= 0 && text[last] > '9' {
		unit, text = 1<<(10*i), text[:last]
	}
	v, err := decimal([]byte(text))
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
	return "", outside([]byte(guest))
}

// isLabel says whether s may name something in Kubernetes.
func isLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return s != ""
}
