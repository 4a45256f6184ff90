package link

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
)

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
		if target, err := os.Readlink(link); err == nil {
			vf.Bus = clean.String(filepath.Base(target))
		}
		if names, err := os.ReadDir(link + "/net"); err == nil && len(names) > 0 {
			vf.Name = clean.String(names[0].Name())
		}
	}
	return list
}
