package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/internal/await"
)

// snapshotJSON is the part of `--once --json` that these tests compare with the machine.
type snapshotJSON struct {
	Host struct {
		Uptime float64   `json:"uptime_seconds"`
		Load   []float64 `json:"load"`
		CPU    struct {
			Cores []struct {
				ID int `json:"id"`
			} `json:"cores"`
		} `json:"cpu"`
		Memory struct {
			Total uint64 `json:"total_bytes"`
			Swap  uint64 `json:"swap_total_bytes"`
			Free  uint64 `json:"free_bytes"`
		} `json:"memory"`
		Disks []struct {
			Name string `json:"name"`
		} `json:"disks"`
		Filesystems []struct {
			Mount  string  `json:"mount"`
			Device string  `json:"device"`
			Total  *uint64 `json:"total_bytes"`
			State  string  `json:"state"`
		} `json:"filesystems"`
		Processes []struct {
			PID int `json:"pid"`
		} `json:"processes"`
	} `json:"host"`
	Network struct {
		Interfaces []struct {
			Name      string   `json:"name"`
			MAC       string   `json:"mac"`
			MTU       int      `json:"mtu"`
			Addresses []string `json:"addresses"`
			RxBytes   *uint64  `json:"rx_bytes"`
			TxBytes   *uint64  `json:"tx_bytes"`
		} `json:"interfaces"`
	} `json:"network"`
	Sources []sourceJSON `json:"sources"`
}

type sourceJSON struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// onceJSON takes a snapshot. The script is for sh, as in setup, in a mount namespace of its own; empty is none.
func onceJSON(t *testing.T, script string) (s snapshotJSON) {
	t.Helper()
	args := []string{program(t, ""), "--once", "--json"}
	if script != "" {
		args = append([]string{"unshare", "--mount", "sh", "-c", script, "sh"}, args...)
	}
	r := runCommand(t, exec.Command(args[0], args[1:]...), environment(t))
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		t.Fatalf("%v in\n%s", err, r.out)
	}
	return s
}

// read returns what a file says after its key, or at its start for an empty key, scanned into the values.
func read(t *testing.T, path, key string, into ...any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut("\n"+string(text), "\n"+key)
	if n, err := fmt.Sscan(after, into...); !found || n != len(into) {
		t.Fatalf("%s: %q: %v", path, key, err)
	}
}

// TestOnceHost: the figures are those that the kernel gives to other programs.
func TestOnceHost(t *testing.T) {
	t.Parallel()
	var before, after float64
	read(t, "/proc/uptime", "", &before)
	s := onceJSON(t, "")
	read(t, "/proc/uptime", "", &after)
	if u := s.Host.Uptime; u < math.Floor(before) || u > after+2 {
		t.Errorf("uptime %v, between %v and %v", u, before, after)
	}
	var total, swap uint64
	read(t, "/proc/meminfo", "MemTotal:", &total)
	read(t, "/proc/meminfo", "SwapTotal:", &swap)
	if s.Host.Memory.Total != total<<10 || s.Host.Memory.Swap != swap<<10 {
		t.Errorf("memory %d and swap %d, want %d and %d", s.Host.Memory.Total, s.Host.Memory.Swap, total<<10, swap<<10)
	}
	if n := len(s.Host.CPU.Cores); n != runtime.NumCPU() && n != online(t) {
		t.Errorf("%d cores, want %d", n, online(t))
	}
	known := slices.ContainsFunc(s.Sources, func(s sourceJSON) bool { return s.Name == "processes" && s.State == "ok" })
	_, hidden := os.Stat("/proc/1/stat")
	if visible := hidden == nil; known != visible || (len(s.Host.Processes) > 0) != visible {
		t.Errorf("%d processes, they are known: %v, visible: %v", len(s.Host.Processes), known, visible)
	}
}

// online is how many CPUs the kernel counts, whatever this process may run on.
func online(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\ncpu")
}

// TestOnceMessagesAreAsWritten: scripts get what the program wrote, people what it says; and who made the snapshot is told.
func TestOnceMessagesAreAsWritten(t *testing.T) {
	t.Parallel()
	const written = `{"level":"info","msg":"hello there","n":1}`
	log := writeFile(t, "x.log", written+"\n")
	config := writeFile(t, "config.yaml", "logs: [{name: x, files: ["+log+"]}]\n")
	r := run(t, environment(t), "--once", "--json", "--config", config)
	var s struct {
		Version string
		Logs    struct{ Tail []struct{ Message string } }
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		t.Fatalf("%v in\n%s", err, r.out)
	}
	found := false
	for _, e := range s.Logs.Tail {
		found = found || e.Message == written
	}
	if !found || s.Version != testVersion {
		t.Errorf("version %q, no message %s in\n%s", s.Version, written, r.out)
	}
	r = run(t, environment(t), "--once", "--screen", "logs", "--size", "200x60", "--config", config)
	if !strings.Contains(r.out, "hello there") || strings.Contains(r.out, written) {
		t.Errorf("the picture:\n%s", r.out)
	}
}

// TestOnceLoad: the load is the kernel's. It changes each 5 seconds, so a snapshot between two equal ones is compared.
func TestOnceLoad(t *testing.T) {
	t.Parallel()
	await.Until(t, "a load that stands still", func() bool {
		var before, after [3]float64
		read(t, "/proc/loadavg", "", &before[0], &before[1], &before[2])
		s := onceJSON(t, "")
		read(t, "/proc/loadavg", "", &after[0], &after[1], &after[2])
		if before != after {
			return false
		}
		if !slices.Equal(s.Host.Load, before[:]) {
			t.Errorf("load %v, want %v", s.Host.Load, before)
		}
		return true
	})
}

// TestOnceFilesystems: each has the size that df says.
func TestOnceFilesystems(t *testing.T) {
	t.Parallel()
	df, err := exec.LookPath("df")
	if err != nil {
		t.Skip("no df here")
	}
	s := onceJSON(t, "")
	root := false
	for _, f := range s.Host.Filesystems {
		out, err := exec.Command(df, "-B1", "--output=size,target", f.Mount).Output()
		if err != nil {
			t.Logf("df %s: %v", f.Mount, err)
			continue
		}
		var size uint64
		var target string
		_, row, _ := strings.Cut(string(out), "\n")
		if _, err := fmt.Sscan(row, &size, &target); err != nil || target != f.Mount {
			t.Logf("df says of %s: %s", f.Mount, row) // hidden below another mount, or not a row of ours
			continue
		}
		if f.State != "ok" || f.Total == nil || *f.Total != size {
			t.Errorf("%s: %+v, df says %d", f.Mount, f, size)
		}
		root = root || f.Mount == "/"
	}
	if !root {
		t.Errorf("/ is not among %+v", s.Host.Filesystems)
	}
}

// ipLink is one interface of `ip -json`.
type ipLink struct {
	Name      string `json:"ifname"`
	Address   string `json:"address"`
	MTU       int    `json:"mtu"`
	Addresses []struct {
		Local  string `json:"local"`
		Prefix int    `json:"prefixlen"`
	} `json:"addr_info"`
	Stats struct {
		Rx struct{ Bytes uint64 } `json:"rx"`
		Tx struct{ Bytes uint64 } `json:"tx"`
	} `json:"stats64"`
}

func ip(t *testing.T, args ...string) map[string]ipLink {
	t.Helper()
	path, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("no ip here")
	}
	out, err := exec.Command(path, append([]string{"-json"}, args...)...).Output()
	if err != nil {
		t.Skipf("ip -json %s: %v", args, err)
	}
	var list []ipLink
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	links := map[string]ipLink{}
	for _, l := range list {
		if l.Name != "" { // ip leaves empty objects where it filters
			links[l.Name] = l
		}
	}
	return links
}

// TestOnceNetwork: interfaces, addresses and counters are those that ip tells.
func TestOnceNetwork(t *testing.T) {
	t.Parallel()
	var before, after map[string]ipLink
	var s snapshotJSON
	await.Until(t, "an answer of the kernel within the program's patience", func() bool {
		before, s, after = ip(t, "-s", "link"), onceJSON(t, ""), ip(t, "-s", "link")
		return slices.Contains(s.Sources, sourceJSON{"links", "ok"})
	})
	addresses := ip(t, "address")
	seen := map[string]bool{}
	for _, l := range s.Network.Interfaces {
		seen[l.Name] = true
		b, a, link := before[l.Name], after[l.Name], addresses[l.Name]
		if b.Name == "" || a.Name == "" || link.Name == "" {
			continue // it came or went
		}
		var want []string
		for _, x := range link.Addresses {
			want = append(want, fmt.Sprintf("%s/%d", x.Local, x.Prefix))
		}
		got := slices.Sorted(slices.Values(l.Addresses))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%s has addresses %v, want %v", l.Name, got, want)
		}
		if l.MTU != link.MTU || l.MAC != link.Address && l.MAC != "" {
			t.Errorf("%s: MTU %d, MAC %s, want %d, %s", l.Name, l.MTU, l.MAC, link.MTU, link.Address)
		}
		if l.RxBytes == nil || *l.RxBytes < b.Stats.Rx.Bytes || *l.RxBytes > a.Stats.Rx.Bytes {
			t.Errorf("%s: received %v, want %d to %d", l.Name, l.RxBytes, b.Stats.Rx.Bytes, a.Stats.Rx.Bytes)
		}
		if l.TxBytes == nil || *l.TxBytes < b.Stats.Tx.Bytes || *l.TxBytes > a.Stats.Tx.Bytes {
			t.Errorf("%s: sent %v, want %d to %d", l.Name, l.TxBytes, b.Stats.Tx.Bytes, a.Stats.Tx.Bytes)
		}
	}
	for name := range maps.Keys(after) {
		if _, stayed := before[name]; stayed && !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestB17NotASCIIInACLocale: names from outside are ASCII too where the locale or the configuration asks for that.
func TestB17NotASCIIInACLocale(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "config.yaml", "logs: [{name: \"caf\u00e9\u4e2d\", journalUnits: [x]}]\n")
	odd := filepath.Join(filepath.Dir(path), "\u00fcber.yaml")
	ascii := writeFile(t, "ascii.yaml", "glyphs: ascii\nlogs: [{name: \"caf\u00e9\u4e2d\", journalUnits: [x]}]\n")
	for name, c := range map[string]struct {
		env  string
		args []string
		want string
	}{
		"once":              {"LC_ALL=C", []string{"--once", "--screen", "logs", "--config", path}, "caf???"},
		"once, glyphs":      {"LC_ALL=C.UTF-8", []string{"--once", "--screen", "logs", "--config", ascii}, "caf???"},
		"check":             {"LC_ALL=C", []string{"--check", "--config", odd}, "?ber.yaml"},
		"all that there is": {"LC_ALL=C.UTF-8", []string{"--once", "--screen", "logs", "--config", path}, "caf\u00e9\u4e2d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, environment(t, c.env), c.args...)
			if !strings.Contains(r.out, c.want) {
				t.Errorf("no %q in\n%s\n%s", c.want, r.out, r.stderr)
			}
			if i := strings.IndexFunc(r.out, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 && name != "all that there is" {
				t.Errorf("not ASCII at %d: %.20q", i, r.out[i:])
			}
		})
	}
}
