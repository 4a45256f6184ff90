package qemu

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestCgroupOfProcess(t *testing.T) {
	for text, want := range map[string]string{
		"0::/a/b\n":                    "/a/b",
		"1:name=systemd:/x\n0::/a:b\n": "/a:b",
		"5:cpu,cpuacct:/x\n0::/a\n":    "/a", // hybrid, and the block devices are v2's
		"5:net_cls,blkio:/x\n0::/a\n":  "",
		"0::/a\n5:blkio:/x\n":          "",
		"0::\n":                        "", "0:\n": "", "nonsense": "", "": "",
	} {
		if got := parseCgroup([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestOwnCgroup(t *testing.T) {
	const slice, scope = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice", "/cri-containerd-3.scope"
	for path, want := range map[string]string{
		slice + scope:                  slice,
		slice + scope + "/deeper":      slice,
		slice:                          slice,
		"/kubepods/burstable/pod1-2/3": "/kubepods/burstable/pod1-2",
		"/kubepods/pod1-2/3":           "/kubepods/pod1-2",
		"/kubepods.slice/kubepods-pod1.slice/crio-3.scope/container":                             "/kubepods.slice/kubepods-pod1.slice",
		"/docker/9/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-3.scope": "/docker/9/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice",
		`/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`:                          `/machine.slice/machine-qemu\x2d1\x2dvm.scope`,
		"/system.slice/system-microvm.slice/microvm@a.service":                                   "/system.slice/system-microvm.slice/microvm@a.service",
		"/system.slice/docker.service/x/libpod-1.scope/container":                                "/system.slice/docker.service/x/libpod-1.scope",
		"/kubepods.slice/kubepods-burstable.slice":                                               "", "/kubepods": "", "/": "", "": "", "/system.slice": "",
		"/user.slice/user-1000.slice/session-1.scope": "",
	} {
		if got := ownCgroup(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestCgroupNearestWithIOStat(t *testing.T) {
	q := newQEMUTree(t)
	const pod = "/kubepods/burstable/pod1"
	q.put(cgroup2+"/kubepods/burstable/io.stat", "")
	if dir, why := findCgroup(q.root, pod+"/a/b"); dir != "" || why != whyNoIO {
		t.Errorf("%q, %q", dir, why)
	}
	q.put(cgroup2+pod+"/io.stat", "")
	if dir, why := findCgroup(q.root, pod+"/a/b"); dir != cgroup2+pod || why != "" {
		t.Errorf("%q, %q", dir, why)
	}
	q.put(cgroup2+pod+"/a/io.stat", "")
	if dir, why := findCgroup(q.root, pod+"/a/b"); dir != cgroup2+pod+"/a" || why != "" {
		t.Errorf("%q, %q", dir, why)
	}
}

func TestIOStat(t *testing.T) {
	text := "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n" +
		"253:10 8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021 cost.vrate=100.00\n7:0 \n"
	d, err := parseIOStat([]byte(text), nil)
	if want := []ioDevice{{8, 16, 1459200, 314773504}, {8, 0, 90430464, 299008000}}; err != nil || !slices.Equal(d, want) {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err = parseIOStat(nil, nil); err != nil || len(d) != 0 {
		t.Errorf("of one that has not done any: %+v, %v", d, err)
	}
	for _, text := range []string{"8:0 rbytes=x", "8:0 wbytes=-1", "8 rbytes=1", "a:b rbytes=1", "8:0 rbytes=99999999999999999999"} {
		if d, err := parseIOStat([]byte(text), nil); err == nil {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

func TestStackedDevices(t *testing.T) {
	q := newQEMUTree(t)
	r := follow(t, q.root)
	r.look()
	if got := r.found.Load().stacked; !slices.Equal(got, []uint64{7, 9, 253}) {
		t.Errorf("%v", got)
	}
	if got := parseStacked([]byte("nonsense")); got != nil {
		t.Errorf("%v", got)
	}
}

func TestIOOverLayers(t *testing.T) {
	stacked := []uint64{9, 253}
	for name, c := range map[string]struct {
		before, now []ioDevice
		read, write float64
	}{
		"a disk":                     {[]ioDevice{{8, 0, 10, 20}}, []ioDevice{{8, 0, 110, 70}}, 50, 25},
		"idle":                       {[]ioDevice{{8, 0, 10, 20}}, []ioDevice{{8, 0, 10, 20}}, 0, 0},
		"never any":                  {nil, nil, 0, 0},
		"two disks":                  {nil, []ioDevice{{8, 0, 100, 0}, {259, 0, 0, 100}}, 50, 50},
		"LVM on a disk":              {nil, []ioDevice{{253, 1, 100, 60}, {8, 0, 100, 60}}, 50, 30},
		"LUKS hides the writer":      {nil, []ioDevice{{253, 0, 100, 60}, {8, 0, 100, 0}}, 50, 30},
		"two volumes on LUKS":        {nil, []ioDevice{{253, 1, 40, 40}, {253, 2, 60, 20}, {253, 0, 100, 60}, {8, 0, 100, 0}}, 50, 30},
		"a disk used both ways":      {nil, []ioDevice{{253, 1, 40, 40}, {8, 0, 100, 60}}, 50, 30},
		"long ago directly, now not": {[]ioDevice{{253, 0, 0, 0}, {8, 0, 1 << 40, 1 << 40}}, []ioDevice{{253, 0, 0, 60}, {8, 0, 1 << 40, 1 << 40}}, 0, 30},
		"one went back":              {[]ioDevice{{8, 0, 10, 20}}, []ioDevice{{8, 0, 5, 40}, {8, 16, 100, 0}}, math.NaN(), 10},
		"a layer went back":          {[]ioDevice{{253, 0, 10, 0}}, []ioDevice{{253, 0, 5, 0}, {8, 16, 100, 0}}, math.NaN(), 0},
		"a device was unplugged":     {[]ioDevice{{8, 0, 10, 20}, {8, 16, 5, 5}}, []ioDevice{{8, 0, 110, 20}}, 50, 0},
	} {
		r, w := grownIO(c.before, c.now, stacked)
		read, write := r.PerSecond(2*time.Second), w.PerSecond(2*time.Second)
		if !same64(read, c.read) || !same64(write, c.write) {
			t.Errorf("%s: %v and %v, want %v and %v", name, read, write, c.read, c.write)
		}
	}
}

func same64(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func FuzzIOStat(f *testing.F) {
	f.Add([]byte("8:16 rbytes=1459200 wbytes=314773504 rios=192\n"), []byte("253:10 8:0 rbytes=90430464 wbytes=299008000\n"))
	f.Add([]byte("Block devices:\n253 device-mapper\n"), []byte("0::/kubepods/pod1/a\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		before, err := parseIOStat(a, nil)
		if err != nil {
			return
		}
		now, err := parseIOStat(b, nil)
		if err != nil {
			return
		}
		if read, written := grownIO(nil, now, []uint64{253}); !read.Known || !written.Known {
			t.Errorf("%q: %v, %v", b, read, written)
		}
		grownIO(before, now, []uint64{253})
	})
}

func FuzzCgroup(f *testing.F) {
	f.Add([]byte("0::/kubepods.slice/kubepods-pod1.slice/x.scope\n"))
	f.Add([]byte("0::/\n"))
	f.Add([]byte("5:blkio:/x\n0::/a\n"))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		parseStacked(text)
		if dir, why := findCgroup(root, parseCgroup(text)); dir != "" || why == "" {
			t.Errorf("%q: %q, %q", text, dir, why)
		}
	})
}
