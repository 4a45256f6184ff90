package sample

import (
	"bytes"
	"math"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// seed adds what the fixture trees have under a name.
func seed(f *testing.F, name string) {
	f.Helper()
	for _, machine := range []string{"vm2", "bare", "hostile", "hypervisor", "cgroup1", "nopsi", "ipv6"} {
		if text, err := os.ReadFile("testdata/" + machine + name); err == nil {
			f.Add(text)
		}
	}
}

// share says that v is a percentage, or not known.
func share(v float64) bool { return math.IsNaN(v) || v >= 0 && v <= 100.001 }

func FuzzUptime(f *testing.F) {
	seed(f, "/proc/uptime")
	f.Fuzz(func(t *testing.T, text []byte) {
		if up, err := parseUptime(text); err == nil && up < 0 {
			t.Errorf("%q: %v", text, up)
		}
	})
}

func FuzzLoadavg(f *testing.F) {
	seed(f, "/proc/loadavg")
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := parseLoadavg(text); err == nil && (l.running < 0 || l.tasks < 0 || l.load[2] < 0) {
			t.Errorf("%q: %v", text, l)
		}
	})
}

func FuzzStat(f *testing.F) {
	seed(f, "/proc/stat")
	f.Add([]byte("cpu  1 2 3 4 5 6 18446744073709551615 8\ncpu0 1 2 3 4 5 6 7\n"))
	zero, _, err := parseStat([]byte("cpu 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0\n"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		now, _, err := parseStat(text, nil)
		if err != nil {
			return
		}
		all, cores := deriveCPUs(zero, now, nil)
		for _, c := range append(cores, all) {
			for _, v := range []float64{c.Busy, c.User, c.System, c.IOWait, c.IRQ, c.Steal, c.Guest} {
				if !share(v) {
					t.Fatalf("%q: %+v", text, c)
				}
			}
		}
	})
}

func FuzzMeminfo(f *testing.F) {
	seed(f, "/proc/meminfo")
	f.Fuzz(func(t *testing.T, text []byte) {
		m, _, err := parseMeminfo(text)
		if err == nil && (m.Used > m.Total || m.SwapUsed > m.SwapTotal || !share(m.UsedPercent())) {
			t.Errorf("%q: %+v", text, m)
		}
	})
}

func FuzzPressure(f *testing.F) {
	seed(f, "/proc/pressure/cpu")
	seed(f, "/proc/pressure/memory")
	seed(f, "/proc/pressure/io")
	f.Fuzz(func(t *testing.T, text []byte) {
		if some, full, err := parsePressure(text); err == nil && (!share(some.avg10) || !share(some.avg60) || !share(full.avg10) || !share(full.avg60)) {
			t.Errorf("%q: %v, %v", text, some, full)
		}
	})
}

func FuzzDiskstats(f *testing.F) {
	seed(f, "/proc/diskstats")
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := parseDiskstats(text, nil)
		if err != nil {
			return
		}
		rows := replugDisks("testdata/none", nil, lines)
		for i := range rows {
			rows[i].fresh = false
			if string(clean.Append(nil, []byte(rows[i].what.Name))) != rows[i].what.Name {
				t.Errorf("name %q", rows[i].what.Name)
			}
		}
		for _, d := range deriveDisks(rows, lines, 1, nil) {
			if d.Read < 0 || d.Write < 0 || d.ReadLatency < 0 || d.WriteLatency < 0 || !share(d.Busy) {
				t.Errorf("%q: %+v", text, d)
			}
		}
	})
}

func FuzzNetDev(f *testing.F) {
	seed(f, "/proc/net/dev")
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := procfile.ParseNetDev(text, nil)
		if err != nil {
			return
		}
		var links atomic.Pointer[LinkReport]
		links.Store(reportOf(eth0))
		r := netdevReader{root: root, interval: time.Second, file: procfile.New(root, "/proc/net/dev"), links: &links}
		defer r.close()
		var n Net
		half := bytes.LastIndexByte(text[:len(text)/2], '\n') + 1
		for i, part := range [][]byte{text, text[:half], text} {
			sampletest.Put(t, root, "/proc/net/dev", string(part))
			if err := r.read(time.Duration(i)*time.Minute, nil, &n); err != nil && err != r.said {
				t.Errorf("%q: %v", part, err)
			}
		}
		names := map[string]bool{}
		for i := range lines {
			names[string(lines[i].Name)] = true
		}
		counted := 0
		for i := range n.Interfaces {
			if n.Interfaces[i].Counted {
				counted++
			}
		}
		if counted != len(names) || len(r.tallies) != len(n.Interfaces) {
			t.Errorf("%q: %d tallies, %d of %d interfaces are counted, of %d names", text, len(r.tallies), counted, len(n.Interfaces), len(names))
		}
	})
}

func FuzzSockets(f *testing.F) {
	seed(f, "/proc/net/sockstat")
	seed(f, "/proc/net/snmp")
	f.Fuzz(func(t *testing.T, text []byte) {
		if tcp, udp, err := parseSockstat(text, "TCP:", "UDP:"); err == nil && (tcp < 0 || udp < 0) {
			t.Errorf("%q: %d, %d", text, tcp, udp)
		}
		if n, err := parseEstablished(text); err == nil && n < 0 {
			t.Errorf("%q: %d", text, n)
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	seed(f, "/etc/os-release")
	f.Add([]byte(`PRETTY_NAME='NixOS 26.05 "Yarara"'`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s := parseOSRelease(text); clean.String(s) != s {
			t.Errorf("%q: %q", text, s)
		}
	})
}

func FuzzMDStat(f *testing.F) {
	seed(f, mdstat)
	f.Add([]byte("md0 : active raid5 a[0](F) b[1](S)\n  1 blocks [3/1] [U__]\n  [>] resync=DELAYED\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		arrays, err := parseMDStat(text)
		if _, sound := err.(procfile.Warning); err != nil && !sound {
			t.Error(err)
		}
		for _, a := range arrays {
			if clean.String(a.Name+a.Level+a.State) != a.Name+a.Level+a.State || a.State == "" || a.Synced < 0 || a.Synced > 100 {
				t.Errorf("%+v", a)
			}
		}
	})
}

func FuzzMountinfo(f *testing.F) {
	f.Add(`/mnt/a\040b`, "/dev/sda1")
	f.Add(`\`, `\777\12`)
	f.Fuzz(func(t *testing.T, point, source string) {
		for _, s := range []string{point, source} {
			if len(unescape(s)) > len(s) {
				t.Errorf("%q became longer", s)
			}
		}
		for _, m := range chooseMounts(mountTable(point+" "+source), nil) {
			if clean.String(m.name) != m.name || clean.String(m.device) != m.device {
				t.Errorf("%q or %q is not clean", m.name, m.device)
			}
		}
	})
}

func FuzzSigned(f *testing.F) {
	f.Add([]byte("45000\n"))
	f.Add([]byte("-1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := parseSigned(text); err == nil && math.IsNaN(v) {
			t.Errorf("%q: %v", text, v)
		}
	})
}
