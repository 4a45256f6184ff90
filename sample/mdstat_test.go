package sample

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

const mdHead = "Personalities : [raid0] [raid1] [raid4] [raid5] [raid6] [raid10] [linear] [multipath] [faulty]\n"

func TestB5MDArrays(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"healthy", `md0 : active raid1 sdb1[1] sda1[0]
      1046528 blocks super 1.2 [2/2] [UU]

`, "md0 raid1 active 2/2 f0 s0 false --"},
		{"inactive after a boot", `md127 : inactive sdc1[0](S)
      52395008 blocks super 1.2
       
`, "md127 unknown inactive 0/1 f0 s1 false --"},
		{"inactive, with a journal and a disk that replaces another", `md9 : inactive sdd1[3](J) sdc1[2](R) sdb1[1] sda1[0]
      100 blocks super 1.2

`, "md9 unknown inactive 0/2 f0 s0 false --"},
		{"a container is always inactive, and what lies in it is judged", `md126 : active raid1 sdb[0]
      1048576 blocks super external:/md127/1 [2/1] [_U]
      bitmap: 0/1 pages [0KB], 65536KB chunk

md127 : inactive sdb[1](S) sda[0](S)
      10402 blocks super external:imsm
       
`, "md126 raid1 active 1/2 f0 s0 true --; md127 unknown container 2/2 f0 s0 false --"},
		{"ddf, and a frozen volume", `md1 : active (auto-read-only) raid5 sdc[2] sdb[1] sda[0]
      2048 blocks super external:-md0/0 level 5, 64k chunk, algorithm 2 [3/3] [UUU]

md0 : inactive sdc[2](S) sdb[1](S) sda[0](S)
      100 blocks super external:ddf

`, "md1 raid5 active 3/3 f0 s0 false --; md0 unknown container 3/3 f0 s0 false --"},
		{"a volume in a container that does not run", `md126 : inactive sdb[1](S) sda[0](S)
      1048576 blocks super external:/md127/0

md125 : inactive sdb[1](S) sda[0](S)
      1048576 blocks super external:-md127/1

`, "md126 unknown inactive 0/2 f0 s2 false --; md125 unknown inactive 0/2 f0 s2 false --"},
		{"a failed disk beside a full array", `md1 : active raid1 sdc1[0] sdh1[5](F) sdg1[4] sdf1[3]
      1953382400 blocks super 1.2 [3/3] [UUU]
      bitmap: 2/15 pages [8KB], 65536KB chunk

`, "md1 raid1 active 3/3 f1 s0 false --"},
		{"a raid0 that has lost a member", `md3 : active raid0 sdb1[1](F) sda1[0]
      2000 blocks super 1.2 512k chunks

`, "md3 raid0 broken 1/2 f1 s0 true --"},
		{"a sound raid0, and linear", `md3 : active raid0 sdb1[1] sda1[0]
      2000 blocks super 1.2 512k chunks

md4 : active linear sdd1[1] sdc1[0]
      2000 blocks super 1.2 0k rounding

`, "md3 raid0 active 2/2 f0 s0 false --; md4 linear active 2/2 f0 s0 false --"},
		{"the kernel says broken", "md3 : broken raid0 sdb1[1] sda1[0]\n      2000 blocks super 1.2 512k chunks\n\n", "md3 raid0 broken 2/2 f0 s0 false --"},
		{"levels in names", `md_raid0data : active raid1 sdb1[1](F) sda1[0]
      1000 blocks super 1.2 [2/1] [U_]

md_linear : active raid10 dm-3[3] dm-2[2] dm-0[0]
      1000 blocks super 1.2 512K chunks 2 near-copies [4/3] [U_UU]

`, "md_raid0data raid1 active 1/2 f1 s0 true --; md_linear raid10 active 3/4 f0 s0 true --"},
		{"a resync on another node of a cluster", `md5 : active raid1 sdb1[1] sda1[0]
      1000 blocks super 1.2 [2/2] [UU]
      	resync=REMOTE
      bitmap: 0/1 pages [0KB], 65536KB chunk

`, "md5 raid1 resyncing 2/2 f0 s0 false --"},
		{"waiting", `md5 : active (auto-read-only) raid1 sdb1[1] sda1[0]
      1000 blocks super 1.2 [2/2] [UU]
      	resync=PENDING

md6 : active raid5 sdd1[3] sdc1[1] sdb1[0]
      1000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/2] [UU_]
      	recovery=DELAYED

md7 : active raid6 sdd1[3] sdc1[2] sdb1[1] sda1[0]
      1000 blocks super 1.2 level 6, 64k chunk, algorithm 18 [4/4] [UUUU]
      	reshape=DELAYED

`, "md5 raid1 resyncing 2/2 f0 s0 false --; md6 raid5 recovering 2/3 f0 s0 true --; md7 raid6 reshaping 4/4 f0 s0 false --"},
		{"at work", `md0 : active raid1 sdb1[2] sda1[0]
      1000 blocks [2/1] [U_]
      [>....................]  recovery =  0.0% (1/1000) finish=9.9min speed=1K/sec

md1 : active raid5 sde1[4] sdd1[2] sdc1[1](W) sdb1[0] sdf1[5](S)
      1000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/4] [UUUU]
      [====================>]  check =100.0% (1000/1000) finish=0.0min speed=1K/sec

md2 : active raid5 sdd1[3] sdc1[1] sdb1[0] sda1[4](J)
      1000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/3] [UUU]
      [==>..................]  reshape = 12.6% (126/1000) finish=612.4min speed=185832K/sec

md3 : active raid1 sdc1[2](R) sdb1[1] sda1[0]
      1000 blocks super 1.2 [2/2] [UU]
      [==>..................]  resync = 99.9% (999/1000) finish=612.4min speed=185832K/sec

`, "md0 raid1 recovering 1/2 f0 s0 true 0; md1 raid5 checking 4/4 f0 s1 false 100; md2 raid5 reshaping 3/3 f0 s0 false 12.6; md3 raid1 resyncing 2/2 f0 s0 false 99.9"},
		{"read-only", "md0 : active (read-only) raid1 sdb1[1] sda1[0]\n      1000 blocks super 1.2 [2/2] [UU]\n\n", "md0 raid1 read-only 2/2 f0 s0 false --"},
		{"a failed journal", `md2 : active (read-only) raid5 sdd1[3] sdc1[1] sdb1[0] sda1[4](J)(F)
      1000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/3] [UUU]

`, "md2 raid5 read-only 3/3 f1 s0 false --"},
		{"multipath and faulty", `md0 : active multipath sdb1[1] sda1[0](F)
      1000 blocks [2/1] [_U]

md1 : active faulty sdc1[0]
      1000 blocks nfaults=0

`, "md0 multipath active 1/2 f1 s0 true --; md1 faulty active 1/1 f0 s0 false --"},
		{"more lost than it can spare", `md2 : active raid5 sdd1[3](F) sdc1[1](F) sdb1[0]
      1000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/1] [U__]

md3 : active raid6 sdd1[3] sdc1[1](F) sdb1[0]
      1000 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/2] [U__U]

md4 : active raid1 sdc1[1](F) sdb1[0](F)
      1000 blocks [2/0] [__]

`, "md2 raid5 broken 1/3 f2 s0 true --; md3 raid6 active 2/4 f1 s0 true --; md4 raid1 broken 0/2 f2 s0 true --"},
		{"not a single one", "", ""},
	} {
		arrays, err := parseMDStat([]byte(mdHead + c.text + "unused devices: <none>\n"))
		if got := arraysSay(arrays); got != c.want || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, c.want)
		}
	}
}

func arraysSay(arrays []Array) string {
	var all []string
	for _, a := range arrays {
		synced := "--"
		if !math.IsNaN(a.Synced) {
			synced = fmt.Sprint(a.Synced)
		}
		all = append(all, fmt.Sprintf("%s %s %s %d/%d f%d s%d %v %s", a.Name, a.Level, a.State, a.Working, a.Disks, a.Failed, a.Spare, a.Degraded, synced))
	}
	return strings.Join(all, "; ")
}

// What is not understood hides nothing else, is said, and is not called healthy.
func TestB5StrangeLinesOfMDStat(t *testing.T) {
	good := "md9 : active raid1 sdb1[1] sda1[0]\n      1000 blocks super 1.2 [2/2] [UU]\n\n"
	for text, want := range map[string]string{
		"md0 : sleeping raid1 sdb1[1] sda1[0]\n      1000 blocks [2/2] [UU]\n\n": "",
		"md0 : active raid1 sdb1[1] sda1[0]\n      nonsense\n\n":                 "md0 raid1 unknown 0/0 f0 s0 false --; ",
		"md0 : active raid5 sdb1[1] sda1[0]\n\n":                                 "md0 raid5 unknown 0/0 f0 s0 false --; ",
		"md0 : active raid5 sdb1[1]\n      1000 blocks [x/y] [UU]\n":             "md0 raid5 unknown 0/0 f0 s0 false --; ",
		"md0\n": "",
		"md0 = active raid1 sdb1[1]\n      1000 blocks [1/1] [U]\n": "",
		"\x1b[2Jmd : asleep\n": "",
	} {
		arrays, err := parseMDStat([]byte(mdHead + text + good + "unused devices: sdz\n"))
		if got := arraysSay(arrays); got != want+"md9 raid1 active 2/2 f0 s0 false --" {
			t.Errorf("%q: %s", text, got)
		}
		if _, sound := err.(procfile.Warning); !sound || strings.ContainsAny(err.Error(), "\x1b%") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The source is fine then, and says so.
func TestB5StrangeLineIsARemark(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, mdstat, mdHead+"md0 : asleep raid1\n\nmd1 : active raid0 sda[0]\n      10 blocks 512k chunks\n\n")
	h := surveyed(t, root)
	if got := h.Health[Arrays]; got.State.String() != "ok" || !strings.Contains(got.Err, "md0") || len(h.Arrays) != 1 {
		t.Errorf("%v %q, %+v", got.State, got.Err, h.Arrays)
	}
}

func TestB5WhatIsWrongWithAnArray(t *testing.T) {
	for want, a := range map[string]Array{
		"":                  {State: mdActive, Disks: 2, Working: 2, Spare: 1},
		"is broken":         {State: mdBroken, Degraded: true},
		"is inactive":       {State: mdInactive},
		"is degraded":       {State: "recovering", Degraded: true, Failed: 1},
		"has a failed disk": {State: mdActive, Failed: 1},
	} {
		if got := a.Ill(); got != want {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
	for _, state := range []string{mdContainer, mdUnknown, mdReadOnly} {
		if a := (Array{State: state}); a.Ill() != "" {
			t.Errorf("%s is %s", state, a.Ill())
		}
	}
}
