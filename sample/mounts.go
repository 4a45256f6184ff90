package sample

import (
	"path"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// mount is one filesystem that is asked how full it is. Its id tells it from an earlier one at the same place.
type mount struct {
	id                 int
	number             string // major:minor of its device
	point              string // where it is, as statfs must have it
	name, device, kind string // mount point, device and type as they are shown
}

func newMount(m *procfs.MountInfo) mount {
	point := unescape(m.MountPoint)
	return mount{
		id:     m.MountID,
		number: m.MajorMinorVer,
		point:  point,
		name:   outside([]byte(point)),
		device: outside([]byte(unescape(m.Source))),
		kind:   outside([]byte(m.FSType)),
	}
}

// pseudoTypes hold no data, and df leaves them out or shows them with 0 blocks. They are not even asked: to look at an
// autofs mounts what is behind it. rootfs is what an initramfs was unpacked into: memory, that counts as used there, and
// as good as full of the half of it that it may take.
var pseudoTypes = []string{
	"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl",
	"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs",
	"fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal",
}

// clutterBelow are the directories in which kubelet, the container runtimes and systemd mount one filesystem for each
// container or unit; what they hold is on a filesystem that is shown.
var clutterBelow = []string{
	"/var/lib/kubelet/", "/run/k3s/", "/run/containerd/", "/var/lib/docker/", "/run/netns/", "/run/credentials/",
}

// chooseMounts returns the mounts that are shown: those of df, which shows a device once, at its shortest mount point,
// and of several mounts at one point the last; without containers' clutter and without those that match a glob of deny
// (path.Match on the mount point). An overlay is shown only where it is the root, as inside a container.
func chooseMounts(table []*procfs.MountInfo, deny []string) []mount {
	var chosen []mount
	for _, m := range table {
		next := newMount(m)
		if slices.Contains(pseudoTypes, next.kind) || clutter(&next) {
			continue
		}
		chosen = slices.DeleteFunc(chosen, func(c mount) bool { return c.point == next.point })
		same := slices.IndexFunc(chosen, func(c mount) bool { return c.number == next.number })
		switch {
		case same < 0:
			chosen = append(chosen, next)
		case len(next.point) < len(chosen[same].point):
			chosen[same] = next
		}
	}
	return slices.DeleteFunc(chosen, func(c mount) bool { return denied(c.point, deny) })
}

// writableTypes are made to be written to: one that is read-only although its mount is not has had an error.
var writableTypes = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "vfat", "exfat", "ntfs3", "bcachefs"}

// forcedReadOnly returns the ids of the mounts whose filesystem the kernel has made read-only by itself. A remount by
// hand makes the mount read-only too. ext4 has since Linux 6.15 a state of its own for it, of which statfs says nothing.
//
// Kernel: fs/proc_namespace.c, show_mountinfo; fs/ext4/super.c, ext4_handle_error
func forcedReadOnly(table []*procfs.MountInfo) []int {
	var ids []int
	for _, m := range table {
		_, writable := m.Options["rw"]
		_, readOnly := m.SuperOptions["ro"]
		_, emergency := m.SuperOptions["emergency_ro"]
		if emergency || writable && readOnly && slices.Contains(writableTypes, m.FSType) {
			ids = append(ids, m.MountID)
		}
	}
	return ids
}

func clutter(m *mount) bool {
	switch m.kind {
	case "squashfs":
		return true // read-only and always full
	case "overlay":
		return m.point != "/"
	}
	return slices.ContainsFunc(clutterBelow, func(dir string) bool { return strings.HasPrefix(m.point, dir) })
}

func denied(point string, globs []string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := path.Match(glob, point)
		return ok && err == nil
	})
}

// unescape turns the \ooo of mountinfo back into the byte that it stands for: blank, tab, newline, backslash, #.
//
// Kernel: fs/seq_file.c, mangle_path
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func octal(c byte) bool { return '0' <= c && c <= '7' }
