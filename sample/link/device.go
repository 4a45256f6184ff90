package link

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/safchain/ethtool"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
)

// device is what stands behind a link.
type device struct {
	physical bool
	stands   bool // for a function of the device that somebody else has
	driver   string
	mbps     int    // 0: unknown
	duplex   string // full, half, or empty: unknown
	autoneg  string // on, off, or empty: unknown
	port     string // what the cable goes into, or empty: unknown
	firmware string
	bus      string // address of the device
}

// devices looks behind each link that may have something behind it; a link that is not in the map has nothing. What
// cannot be read is unknown.
//
// Kernel: Documentation/ABI/testing/sysfs-class-net
func devices(root string, links []linkMessage) map[int]device {
	found := make(map[int]device)
	settings := openSettings(root)
	defer settings.close()
	for i := range links {
		l := &links[i]
		if l.hardware == unix.ARPHRD_LOOPBACK || l.kind == "veth" || l.kind == "tun" {
			continue // they come by the thousand, and never with hardware
		}
		dir := filepath.Join(root, "/sys/class/net", l.name)
		var d device
		if _, err := os.Lstat(dir + "/device"); err == nil {
			d.physical = true
			d.driver, d.bus = target(dir+"/device/driver"), target(dir+"/device")
			d.stands = isRepresentor(line(dir + "/phys_port_name"))
			settings.about(l.name, &d)
		} else if !carriesSpeed(l.kind) {
			continue
		}
		settings.of(dir, l.name, &d)
		found[l.index] = d
	}
	return found
}

// isRepresentor reports whether the name of a port is that of a function: pf0vf3, c1pf0, pf1sf88. That of a cable is p0.
//
// Kernel: Documentation/networking/representors.rst
func isRepresentor(port string) bool {
	if rest, ok := strings.CutPrefix(port, "c"); ok { // the controller, where there are several
		port = strings.TrimLeft(rest, "0123456789")
	}
	return strings.HasPrefix(port, "pf")
}

// carriesSpeed reports whether the speed of a link without hardware is that of the hardware below it. Others, veth and
// tun among them, name a speed that is not true.
func carriesSpeed(kind string) bool { return kind == "bond" || kind == "team" || kind == "vlan" }

// settings asks for link settings: by ioctl, which is quick, and in sysfs where that is not allowed.
type settings struct {
	ioctl   *ethtool.Ethtool // nil: not allowed
	command *ethtool.EthtoolCmd
	socket  int // for what the library cannot ask safely; -1: not allowed
}

// openSettings opens the ioctl's sockets, which a sandbox may forbid, unless the tree is a test's.
func openSettings(root string) *settings {
	s := &settings{command: newCommand(), socket: -1}
	if root == "" {
		s.ioctl, _ = ethtool.NewEthtool()
		if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err == nil {
			s.socket = fd
		}
	}
	return s
}

// newCommand makes what the ioctl fills, on the heap. The library gives the kernel its address as a plain number that
// the garbage collector does not follow: a stack may move meanwhile, and the kernel would write where it was.
//
//go:noinline
func newCommand() *ethtool.EthtoolCmd { return new(ethtool.EthtoolCmd) }

func (s *settings) close() {
	if s.ioctl != nil {
		s.ioctl.Close()
	}
	if s.socket >= 0 {
		unix.Close(s.socket)
	}
}

// of fills in what the link with the given name and directory in sysfs is set to.
func (s *settings) of(dir, name string, d *device) {
	if s.ioctl != nil {
		*s.command = ethtool.EthtoolCmd{}
		if speed, err := s.ioctl.CmdGet(s.command, name); err == nil {
			d.mbps, d.duplex = known(int64(speed)), duplexName(s.command.Duplex)
			d.port, d.autoneg = portName(s.command.Port), switched(s.command.Autoneg)
			return
		}
	}
	speed, err := strconv.ParseInt(line(dir+"/speed"), 10, 64)
	if err != nil {
		return
	}
	d.mbps = known(speed)
	if duplex := line(dir + "/duplex"); duplex == "full" || duplex == "half" {
		d.duplex = duplex
	}
}

// about asks the driver for its firmware and where the device is. The library's own question is not used: it gives the
// kernel the address of a variable that may move meanwhile.
func (s *settings) about(name string, d *device) {
	if s.socket < 0 {
		return
	}
	info, err := unix.IoctlGetEthtoolDrvinfo(s.socket, name)
	if err != nil {
		return
	}
	if d.firmware = clean.String(unix.ByteSliceToString(info.Fw_version[:])); strings.EqualFold(d.firmware, "n/a") {
		d.firmware = ""
	}
	if address := clean.String(unix.ByteSliceToString(info.Bus_info[:])); address != "" {
		d.bus = address
	}
}

// known turns the ways in which drivers say "unknown speed" into 0: -1 as a number of 16 or 32 bits, with or without sign.
func known(mbps int64) int {
	if mbps < 0 || mbps == math.MaxUint16 || mbps >= math.MaxInt32 {
		return 0
	}
	return int(mbps)
}

// duplexName is DUPLEX_HALF and DUPLEX_FULL of linux/ethtool.h; all else is unknown.
func duplexName(d uint8) string { return oneOf(d, "half", "full") }

// portName is PORT_... of linux/ethtool.h, as ethtool(8) calls it in small letters. "none" is an empty cage.
func portName(p uint8) string {
	if p == 0xef {
		return "none"
	}
	return oneOf(p, "twisted pair", "AUI", "MII", "fibre", "BNC", "direct attach")
}

// switched is AUTONEG_DISABLE and AUTONEG_ENABLE of linux/ethtool.h.
func switched(a uint8) string { return oneOf(a, "off", "on") }

// target is the last name of where a link of sysfs leads, such as a device or its driver; empty when it cannot be read.
func target(link string) string {
	path, err := os.Readlink(link)
	if err != nil {
		return ""
	}
	return clean.String(filepath.Base(path))
}

// line is a small file's first line without white space around it, empty when it cannot be read.
func line(path string) string {
	first, _, _ := bytes.Cut(procfile.Small(path), []byte{'\n'})
	return string(bytes.TrimSpace(first))
}

const mostFunctions = 256 // of one device, PCI's own limit

// functions finds the virtual functions of each SR-IOV device among links. A dump of all links leaves them out: those of
// one device can be longer than all the rest.
//
// Kernel: Documentation/PCI/pci-iov-howto.rst
func (s *session) functions(root string, links []linkMessage) map[int][]sample.VF {
	var found map[int][]sample.VF
	for i := range links {
		l := &links[i]
		if l.kind != "" || l.hardware != unix.ARPHRD_ETHER {
			continue
		}
		dir := filepath.Join(root, "/sys/class/net", l.name, "device")
		n, err := strconv.Atoi(line(dir + "/sriov_numvfs"))
		if err != nil || n <= 0 {
			continue
		}
		if found == nil {
			found = map[int][]sample.VF{}
		}
		found[l.index] = joinFunctions(dir, min(n, mostFunctions), s.vfs(l.index))
	}
	return found
}

// vfs asks for what the driver says of a device's virtual functions.
func (s *session) vfs(index int) []sample.VF {
	b := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(b[4:], uint32(index))
	const filterVF, skipStats = 1, 1 << 3 // RTEXT_FILTER_VF and RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h
	answers, err := s.question(unix.RTM_GETLINK, appendUint32(b, unix.IFLA_EXT_MASK, filterVF|skipStats))
	if err != nil || len(answers) == 0 {
		return nil
	}
	return decodeVFs(answers[0].Data)
}

// joinFunctions is the first n functions: what the driver said of them and what sysfs has.
func joinFunctions(dir string, n int, said []sample.VF) []sample.VF {
	list := make([]sample.VF, n)
	for i := range list {
		for _, vf := range said {
			if vf.Number == i {
				list[i] = vf
			}
		}
		vf := &list[i]
		vf.Number = i
		link := dir + "/virtfn" + strconv.Itoa(i)
		vf.Bus = target(link)
		if names, err := os.ReadDir(link + "/net"); err == nil && len(names) > 0 {
			vf.Name = clean.String(names[0].Name())
		}
	}
	return list
}
