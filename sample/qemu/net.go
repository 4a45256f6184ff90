package qemu

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
)

var errNoLink = errors.New("its network namespace has no interface but the loopback")

const whyHostNet = "it has no network namespace of its own"

// traffic is what a guest has received and sent in all, over that many links.
type traffic struct {
	rx, tx uint64
	links  int
}

// guestTraffic adds up the links of a pod's network namespace. A tap is the other end of the guest's own interface:
// what the tap sends the guest receives. Where there is none, as with passt, it adds up what leads out of the
// namespace, all but the loopback and KubeVirt's bridges.
func guestTraffic(lines []procfile.NetLine) (traffic, error) {
	var taps, others traffic
	for i := range lines {
		l := &lines[i]
		switch {
		case isTap(l.Name):
			taps.rx += l.TxBytes
			taps.tx += l.RxBytes
			taps.links++
		case string(l.Name) == "lo", bytes.HasPrefix(l.Name, []byte("k6t-")):
		default:
			others.rx += l.RxBytes
			others.tx += l.TxBytes
			others.links++
		}
	}
	switch {
	case taps.links > 0:
		return taps, nil
	case others.links > 0:
		return others, nil
	}
	return traffic{}, errNoLink
}

// isTap knows the names that KubeVirt and libvirt give.
func isTap(name []byte) bool {
	for _, prefix := range []string{"tap", "vnet"} {
		if bytes.HasPrefix(name, []byte(prefix)) {
			return true
		}
	}
	return false
}

// whyNoNet says why what a process has in net/dev is not its own, empty when it is. The number of that file differs
// from namespace to namespace, and unlike ns/net it may be asked for without privilege.
func whyNoNet(root string, pid int) (string, error) {
	var own, its unix.Stat_t
	const self = "/proc/self/net/dev"
	if err := unix.Stat(root+self, &own); err != nil {
		return procfile.Clean([]byte("stat " + self + ": " + err.Error())), nil
	}
	name := procDir(pid) + "net/dev"
	if err := unix.Stat(root+name, &its); err != nil {
		if vanished(err) {
			return "", err
		}
		return "stat " + name + ": " + err.Error(), nil
	}
	if own.Ino == its.Ino && own.Dev == its.Dev {
		return whyHostNet, nil
	}
	return "", nil
}
