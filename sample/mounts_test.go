package sample

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// mountTable makes a mount table of lines "point source type number"; type and number may be left out.
func mountTable(lines ...string) []mountLine {
	var table []mountLine
	for i, line := range lines {
		word := append(strings.Split(line, " "), "", "")
		m := mountLine{id: i, parent: -1, point: unescape(word[0]), source: word[1], kind: word[2], number: word[3]}
		if m.kind == "" {
			m.kind = "ext4"
		}
		if m.number == "" {
			m.number = "8:" + strconv.Itoa(i)
		}
		table = append(table, m)
	}
	return table
}

func TestWhichMountsAreShown(t *testing.T) {
	for _, c := range []struct {
		name  string
		table []string
		deny  []string
		want  []string
	}{
		{"pseudo types", []string{"/proc proc proc", "/sys/fs/cgroup cgroup2 cgroup2", "/ /dev/sda1", "/run tmpfs tmpfs"}, nil,
			[]string{"/", "/run"}},
		{"an initramfs is memory", []string{"/ none rootfs", "/run tmpfs tmpfs"}, nil, []string{"/run"}},
		{"a root in memory may fill up", []string{"/ none rootfs", "/ none tmpfs"}, nil, []string{"/"}},
		{"autofs is not even asked", []string{"/boot systemd-1 autofs", "/boot /dev/sda2 vfat"}, nil, []string{"/boot"}},
		{"the nix store is a bind of the root", []string{"/nix/store /dev/sda1 ext4 8:1", "/ /dev/sda1 ext4 8:1"}, nil, []string{"/"}},
		{"containers", []string{
			"/var/lib/kubelet/pods/u/volumes/token tmpfs tmpfs", "/run/k3s/containerd/x/rootfs overlay overlay",
			"/run/k3s/containerd/sandbox/shm shm tmpfs", "/var/lib/docker/x /dev/sdb", "/run/netns/cni-1 nsfs nsfs",
			"/var/lib/rancher/x overlay overlay", "/snap/core /dev/loop0 squashfs", "/data /dev/sdc",
		}, nil, []string{"/data"}},
		{"a volume of a pod does not hide where it is mounted for all",
			[]string{"/var/lib/kubelet/v /dev/sdb ext4 8:16", "/var/lib/longhorn/disk /dev/sdb ext4 8:16"}, nil, []string{"/var/lib/longhorn/disk"}},
		{"inside a container the root is an overlay", []string{"/ overlay overlay"}, nil, []string{"/"}},
		{"mounted over", []string{"/mnt /dev/sdb", "/mnt /dev/sdc"}, nil, []string{"/mnt"}},
		{"denied", []string{"/ /dev/sda1", "/mnt/a /dev/sdb", "/mnt/b/c /dev/sdc"}, []string{"/mnt/*", "[bad"}, []string{"/", "/mnt/b/c"}},
		{"denied, and not shown by another name", []string{"/a /dev/sdb ext4 8:16", "/abc /dev/sdb ext4 8:16"}, []string{"/a"}, nil},
		{"escaped", []string{`/mnt/a\040b\134c /dev/sda1`}, nil, []string{`/mnt/a b\c`}},
	} {
		var got []string
		for _, m := range chooseMounts(mountTable(c.table...), c.deny) {
			got = append(got, m.point)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMountedOverIsTheLast(t *testing.T) {
	got := chooseMounts(mountTable("/mnt /dev/sdb", "/mnt /dev/sdc"), nil)
	if len(got) != 1 || got[0].device != "/dev/sdc" {
		t.Errorf("%+v", got)
	}
}

func TestMountNamesAreCleanAndPathsAreNot(t *testing.T) {
	got := chooseMounts(mountTable("/mnt/\x1b[2J\\011x /dev/\x07"), nil)
	if len(got) != 1 || got[0].point != "/mnt/\x1b[2J\tx" || strings.ContainsAny(got[0].name+got[0].device, "\x1b\x07\t") {
		t.Errorf("%+v", got)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`/a`: `/a`, `/a\040b`: `/a b`, `\011\012\134\043`: "\t\n\\#", `\04`: `\04`, `\`: `\`, `\9999`: `\9999`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Neither the controllers of cgroup v1 nor a container's overlay and kubelet's mounts are filesystems to look at.
func TestF19CgroupsOfAnyVersion(t *testing.T) {
	for machine, want := range map[string]string{"vm2": "/", "cgroup1": "/ /boot", "ipv6": "/"} {
		file := procfile.New("testdata/"+machine, mountinfo)
		mounts, odd, err := readMounts(&file)
		file.Close()
		if err != nil || odd != nil {
			t.Fatal(odd, err)
		}
		var shown []string
		for _, m := range chooseMounts(mounts, nil) {
			if m.kind != "tmpfs" && m.kind != "devtmpfs" {
				shown = append(shown, m.point)
			}
		}
		if got := strings.Join(shown, " "); got != want {
			t.Errorf("%s: %s, want %s", machine, got, want)
		}
	}
}

// A container sees an overlay as its root, and no disks, sensors or controllers: those are n/a, and nothing fails.
func TestF19InsideAContainer(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, mountinfo, "600 500 0:60 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c\n"+
		"601 600 0:61 / /proc rw - proc proc rw\n602 601 0:62 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
	h := surveyed(t, root)
	for source, health := range h.Health {
		if state := health.State.String(); state == "failed" || state == "stale" {
			t.Errorf("source %d: %v %q", source, state, health.Err)
		}
	}
	for _, source := range []Source{Pressure, Diskstats, Sensors, Huge, Frequency, Arrays, Pools, EDAC} {
		if got := h.Health[source].State.String(); got != "absent" {
			t.Errorf("source %d: %v", source, got)
		}
	}
	if len(h.Filesystems) != 1 || h.Filesystems[0].Mount != "/" {
		t.Errorf("%+v", h.Filesystems)
	}
}
