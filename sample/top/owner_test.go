package top

import "testing"

func TestOwner(t *testing.T) {
	const uid = "3f1c8a52-9e0b-4a57-b2f7-1a2b3c4d5e6f"
	for _, c := range []struct{ cgroup, unit, pod string }{
		{"0::/system.slice/k3s.service\n", "k3s.service", ""},
		{"0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service", ""},
		{"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope", ""},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.service\n", "user@1000.service", ""},
		{"0::/user.slice/kubepods/pod" + uid + "/c\n", "", ""}, // anybody can call a cgroup so there
		{"0::/init.scope\n", "init.scope", ""},
		{"0::/machine.slice/machine-a.scope/payload/b.service\n", "machine-a.scope", ""},
		{"0::/\n", "", ""},
		{"0::/docker/0123\n", "", ""},
		{"0::/system.slice/k3s.service (deleted)\n", "k3s.service", ""},
		{"0::/../../../system.slice/k3s.service\n", "k3s.service", ""}, // as a container with a cgroup namespace sees it
		{"0::/../../kubepods-besteffort-pod0123_45.slice/cri-o-67.scope\n", "", "0123-45"},
		{"0::/..\n", "", ""},
		{"0::/system.slice/dev-disk-by\\x2duuid-0123.swap\n", `dev-disk-by\x2duuid-0123.swap`, ""},
		{"0::/kubepods/burstable/pod" + uid + "/0123abcd\n", "", uid},
		{"0::/kubepods/pod" + uid + "/0123abcd\n", "", uid},
		{"0::/docker/0123/kubepods/besteffort/pod" + uid + "/4567\n", "", uid},
		{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod3f1c8a52_9e0b_4a57_b2f7_1a2b3c4d5e6f.slice/cri-containerd-0123.scope\n", "", uid},
		{"0::/kubepods.slice/kubepods-pod0123abcd.slice\n", "", "0123abcd"},
		{"0::/kubepods.slice/x.scope\n", "", ""},
		{"12:cpu,cpuacct:/system.slice/a.service\n1:name=systemd:/system.slice/k3s.service\n0::/\n", "k3s.service", ""},
		{"1:name=systemd:/\n0::/system.slice/a\x1b[31m.service\n", "a�.service", ""},
		{"", "", ""}, {"nonsense", "", ""}, {"0:", "", ""}, {"0::", "", ""}, {"0::pod\n", "", ""},
	} {
		if unit, pod := owner([]byte(c.cgroup)); unit != c.unit || pod != c.pod {
			t.Errorf("%q: unit %q, pod %q", c.cgroup, unit, pod)
		}
	}
}
