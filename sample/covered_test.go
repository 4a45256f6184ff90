package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// tableOf is what a mount table says, a line for each mount.
func tableOf(t *testing.T, text string) ([]mountLine, *procfile.Warning, error) {
	t.Helper()
	root := t.TempDir()
	sampletest.Put(t, root, mountinfo, text)
	file := procfile.New(root, mountinfo)
	defer file.Close()
	return readMounts(&file)
}

func TestB4MountsThatOthersCover(t *testing.T) {
	for _, c := range []struct{ name, table, want string }{
		{"by one at the same place", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
40 25 8:16 / /mnt rw - ext4 /dev/sdb rw
41 40 8:32 / /mnt rw - xfs /dev/sdc rw`, "/ /dev/sda1, /mnt /dev/sdc"},
		{"and its directory is gone", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
40 25 8:16 / /mnt/a/b rw - ext4 /dev/sdb rw
41 25 0:40 / /mnt/a rw - tmpfs tmpfs rw`, "/ /dev/sda1, /mnt/a tmpfs"},
		{"by what is not shown itself", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
40 25 8:16 / /mnt rw - ext4 /dev/sdb rw
41 40 0:41 / /mnt rw - autofs systemd-1 rw
50 25 8:48 / /srv/x rw - ext4 /dev/sdd rw
51 25 0:42 / /srv rw - overlay overlay rw`, "/ /dev/sda1"},
		{"PrivateTmp over a tmpfs with a mount in it", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
30 25 0:30 / /tmp rw - tmpfs tmpfs rw
40 30 8:16 / /tmp/work rw - ext4 /dev/sdb rw
60 30 0:30 /systemd-private-1/tmp /tmp rw - tmpfs tmpfs rw`, "/ /dev/sda1, /tmp tmpfs"},
		{"PrivateTmp over a directory with a mount in it", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
40 25 8:16 / /var/tmp/work rw - ext4 /dev/sdb rw
60 25 8:1 /var/tmp/systemd-private-1/tmp /var/tmp rw - ext4 /dev/sda1 rw`, "/ /dev/sda1"},
		{"deep below", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
30 25 8:16 / /a rw - ext4 /dev/sdb rw
31 30 8:32 / /a/b rw - ext4 /dev/sdc rw
32 31 8:48 / /a/b/c/d rw - ext4 /dev/sdd rw
33 30 8:64 / /a rw - ext4 /dev/sde rw`, "/ /dev/sda1, /a /dev/sde"},
		{"the root itself, as in an initramfs", `1 1 0:2 / / rw - rootfs none rw
20 1 0:20 / /mnt rw - tmpfs early rw
25 1 8:1 / / rw - ext4 /dev/sda1 rw
26 25 8:2 / /boot rw - vfat /dev/sda2 rw`, "/ /dev/sda1, /boot /dev/sda2"},
		{"none of them", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
30 25 8:16 / /a rw - ext4 /dev/sdb rw
31 30 8:32 / /a/b rw - ext4 /dev/sdc rw
32 25 8:48 / /ab rw - ext4 /dev/sdd rw
33 31 8:64 / /a/b/c rw shared:7 master:8 - ext4 /dev/sde rw`, "/ /dev/sda1, /a /dev/sdb, /a/b /dev/sdc, /ab /dev/sdd, /a/b/c /dev/sde"},
		{"what was mounted first elsewhere is the same device, and is to be seen", `25 1 8:1 / / rw - ext4 /dev/sda1 rw
30 25 8:16 / /a rw - ext4 /dev/sdb rw
31 25 8:16 / /long/name rw - ext4 /dev/sdb rw
32 30 0:50 / /a rw - tmpfs tmpfs rw`, "/ /dev/sda1, /long/name /dev/sdb, /a tmpfs"},
		{"parents in a ring", `25 26 8:1 / / rw - ext4 /dev/sda1 rw
26 25 8:2 / /x rw - ext4 /dev/sdb rw
27 27 8:3 / /y rw - ext4 /dev/sdc rw`, "/ /dev/sda1, /x /dev/sdb, /y /dev/sdc"},
	} {
		table, odd, err := tableOf(t, c.table+"\n")
		if err != nil || odd != nil {
			t.Errorf("%s: %v, %v", c.name, odd, err)
		}
		var got []string
		for _, m := range chooseMounts(table, nil) {
			got = append(got, m.name+" "+m.device)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, s, c.want)
		}
	}
}

// Of what statfs says only some means that nobody answers. What this user may not look at, or what its path does not lead
// to, is no trouble of the mount.
func TestB4WhatAnErrorOfStatfsMeans(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	errs := []error{unix.EIO, unix.ESTALE, unix.ENOTCONN, unix.EHOSTDOWN, unix.ETIMEDOUT, unix.EACCES, unix.EPERM, unix.ENOENT, unix.ENOTDIR, unix.ENOSYS}
	points := []string{"/"}
	for i := range errs {
		points = append(points, fmt.Sprint("/", i))
	}
	sampletest.Put(t, root, mountinfo, mountinfoOf(points...))
	s := New(Options{Root: root, statfs: func(path string, st *unix.Statfs_t) error {
		st.Blocks, st.Bfree, st.Bsize = 10, 5, 1
		if i := slices.Index(points, strings.TrimPrefix(path, root)); i > 0 {
			return errs[i-1]
		}
		return nil
	}})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	for i, f := range h.Filesystems {
		want := "ok"
		switch {
		case i > 5:
			want = "absent"
		case i > 0:
			want = "failed"
		}
		if f.Health.State.String() != want || (f.Health.Err == "") != (want == "ok") {
			t.Errorf("%v: %v %q", append([]error{nil}, errs...)[i], f.Health.State, f.Health.Err)
		}
	}
	if got := h.Health[Filesystems]; got.State.String() != "ok" || len(h.Filesystems) != len(points) || !strings.HasPrefix(h.Filesystems[6].Health.Err, "may not look") {
		t.Errorf("%v, %q", got, h.Filesystems[6].Health.Err)
	}
}

// TestB4RealMounts has real mounts, one over another, one below a directory that is hidden by then.
func TestB4RealMounts(t *testing.T) { mayMount(t, realMounts) }

func realMounts(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for i, point := range []string{at("a"), at("a"), at("b/c"), at("b"), at("d")} {
		if err := os.MkdirAll(point, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount(fmt.Sprint("tmpfs", i), point, "tmpfs", 0, fmt.Sprintf("size=%dm", i+1)); err != nil {
			t.Skip("no tmpfs: ", err)
		}
		defer unix.Unmount(point, unix.MNT_DETACH)
	}
	h := surveyed(t, "")
	var got []string
	for _, f := range h.Filesystems {
		if name, below := strings.CutPrefix(f.Mount, dir+"/"); below {
			got = append(got, fmt.Sprint(name, " ", f.Device, " ", f.Total>>20, " ", f.Health.State))
		}
	}
	slices.Sort(got)
	if want := "a tmpfs1 2 ok, b tmpfs3 4 ok, d tmpfs4 5 ok"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %s", got, want)
	}
}

func TestB14LongLineInTheMountTable(t *testing.T) {
	long := "40 25 0:40 / /layers rw - overlay overlay rw,lowerdir=" + strings.Repeat("/very/long/directory:", 10<<10) + "\n"
	table, odd, err := tableOf(t, "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"+long+"41 25 8:16 / /data ro - xfs /dev/sdb ro,emergency_ro\n")
	if err != nil || odd != nil || len(table) != 3 || table[1].point != "/layers" || table[1].readOnly || !table[2].emergency {
		t.Fatalf("%d mounts, %v, %v", len(table), odd, err)
	}
}

func TestB14StrangeLineInTheMountTable(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, mountinfo, mountinfoOf("/")+"nonsense\n50 25 8:9 / /x rw\n51 25 8:10 / /empty rw -  \n"+"52 20 8:11 / /y\\040z rw shared:1 - xfs  ro\n")
	s := New(Options{Root: root, statfs: func(_ string, st *unix.Statfs_t) error { st.Blocks, st.Bsize = 1, 1; return nil }})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if got := h.Health[Filesystems]; got.State.String() != "ok" || got.Err != errOddMount.Error() {
		t.Errorf("%v %q", got.State, got.Err)
	}
	if f := h.Filesystems; len(f) != 2 || f[1].Mount != "/y z" || f[1].Type != "xfs" || f[1].Device != "" || !f[1].RemountedRO {
		t.Errorf("%+v", f)
	}
}

func TestB14CountsBelowZero(t *testing.T) {
	for _, c := range []struct {
		name string
		st   unix.Statfs_t
		want usage
	}{
		{"the reserve is in use", unix.Statfs_t{Blocks: 1000, Bfree: 20, Bavail: ^uint64(29), Bsize: 1}, usage{total: 1000, used: 980}},
		{"one below", unix.Statfs_t{Blocks: 1000, Bfree: 0, Bavail: ^uint64(0), Bsize: 1}, usage{total: 1000, used: 1000}},
		{"cut to 32 bits", unix.Statfs_t{Blocks: 1000, Bfree: 20, Bavail: 0xfffffff0, Bsize: 1}, usage{total: 1000, used: 980}},
		{"nothing is free, and less", unix.Statfs_t{Blocks: 1000, Bfree: ^uint64(4), Bavail: ^uint64(9), Bsize: 1}, usage{total: 1000, used: 1000}},
		{"inodes that are not counted", unix.Statfs_t{Blocks: 1000, Bfree: 500, Bavail: 400, Bsize: 1, Files: 10, Ffree: ^uint64(0)}, usage{total: 1000, used: 500, available: 400}},
	} {
		if got := newUsage(&c.st); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
