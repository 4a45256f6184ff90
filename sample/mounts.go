package sample

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"hypervisor-tui/sample/procfile"
)

// mount is one filesystem that is asked how full it is. Its id tells it from an earlier one at the same place.
type mount struct {
	id                 int
	number             string // major:minor of its device
	point              string // where it is, as statfs must have it
	name, device, kind string // mount point, device and type as they are shown
}

func newMount(m *mountLine) mount {
	return mount{
		id:     m.id,
		number: m.number,
		point:  m.point,
		name:   procfile.Clean([]byte(m.point)),
		device: procfile.Clean([]byte(unescape(m.source))),
		kind:   procfile.Clean([]byte(m.kind)),
	}
}

// mountLine is what one line of mountinfo says. Points are as statfs must have them, other words as they stand.
type mountLine struct {
	id, parent          int
	number, point       string
	kind, source        string
	writable            bool // the mount is
	readOnly, emergency bool // the filesystem is, and has become so by an error
}

// parseMount parses a line of mountinfo, whose end may be missing.
//
// Kernel: Documentation/filesystems/proc.rst, "/proc/<pid>/mountinfo"
func parseMount(line []byte) (m mountLine, ok bool) {
	var words [6][]byte // id, parent, number, root, point, options
	for i := range words {
		if words[i], line = procfile.CutWord(line); len(words[i]) == 0 {
			return m, false
		}
	}
	_, line, ok = bytes.Cut(line, []byte(" - ")) // other fields come before it, as many as there are
	kind, line := procfile.CutWord(line)
	source, options := cutField(line)
	id, err1 := parseCount(words[0])
	parent, err2 := parseCount(words[1])
	if !ok || err1 != nil || err2 != nil || len(kind) == 0 || words[4][0] != '/' {
		return m, false
	}
	return mountLine{
		id: id, parent: parent, number: string(words[2]), point: unescape(string(words[4])),
		kind: string(kind), source: string(source),
		writable: hasOption(words[5], "rw"), readOnly: hasOption(options, "ro"), emergency: hasOption(options, "emergency_ro"),
	}, true
}

// cutField cuts a field off that may be empty: then two blanks follow one another.
func cutField(line []byte) (field, rest []byte) {
	field, rest, _ = bytes.Cut(bytes.TrimPrefix(line, []byte(" ")), []byte(" "))
	return field, rest
}

func hasOption(list []byte, option string) bool {
	for one := range bytes.SplitSeq(bytes.TrimSpace(list), []byte(",")) {
		if string(one) == option {
			return true
		}
	}
	return false
}

// covered says of each mount of a table whether another one lies on it, or on a directory above it, so that its path
// leads to that one. A mount lies on its parent: on a directory above mine it came after mine, or it would be my parent.
func covered(table []mountLine) []bool {
	type place struct {
		parent int
		point  string
	}
	lies := make(map[place]int, len(table)) // the last one there
	ids := make(map[int]int, len(table))
	for i := range table {
		ids[table[i].id] = i
		if table[i].parent != table[i].id { // else it is the first of all, and lies on none
			lies[place{table[i].parent, table[i].point}] = i
		}
	}
	const looking, seen, hidden = 1, 2, 3
	state := make([]uint8, len(table))
	var buried func(i int) bool // the place where it lies is covered
	buried = func(i int) bool {
		if state[i] != 0 {
			return state[i] == hidden // one that is its own parent's parent is not
		}
		state[i] = looking
		m := &table[i]
		above, known := ids[m.parent]
		first := known && above == i // it lies on none
		on, is := lies[place{m.parent, m.point}]
		hides := is && on != i && !first
		for dir := m.point; !hides && known && len(dir) > len("/"); {
			dir = path.Dir(dir)
			on, is = lies[place{m.parent, dir}]
			hides = is && on != above
		}
		if hides || known && !first && buried(above) {
			state[i] = hidden
			return true
		}
		state[i] = seen
		return false
	}
	result := make([]bool, len(table))
	for i := range table {
		on, is := lies[place{table[i].id, table[i].point}]
		result[i] = is && on != i || buried(i)
	}
	return result
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
// and of several mounts at one point the last; without those that another one covers, without containers' clutter and
// without those that match a glob of deny (path.Match on the mount point). An overlay is shown only where it is the
// root, as inside a container.
func chooseMounts(table []mountLine, deny []string) []mount {
	var chosen []mount
	hidden := covered(table)
	for i := range table {
		if hidden[i] {
			continue
		}
		next := newMount(&table[i])
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
func forcedReadOnly(table []mountLine) []int {
	var ids []int
	for i := range table {
		m := &table[i]
		if m.emergency || m.writable && m.readOnly && slices.Contains(writableTypes, m.kind) {
			ids = append(ids, m.id)
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
