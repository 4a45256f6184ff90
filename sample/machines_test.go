package sample

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/procfs"

	"hypervisor-tui/sample/sampletest"
)

// machines are the fixture trees of machines that could exist, and how many of each thing they have.
var machines = []struct {
	name              string
	cpus, nics, disks int // disks are whole ones, no loop devices and no drives for CDs
	offline           int // CPUs; -1: not told
}{
	{"vm2", 2, 4, 1, -1},
	{"hypervisor", 64, 200, 500, 0},
	{"cpus1024", 1016, 0, 0, 8},
	{"cgroup1", 4, 3, 2, -1},
	{"nopsi", 4, 2, 1, 0},
	{"ipv6", 2, 2, 1, -1},
}

// onEachMachine runs f as a subtest for each machine.
func onEachMachine(t *testing.T, f func(t *testing.T, root string)) {
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) { f(t, machine(t, m.name)) })
	}
}

// big are the fixture trees that are made out of the few lines in their folder, each when a test first asks.
var big = struct {
	sync.Mutex
	dir   string // TestMain makes and removes it
	roots map[string]string
}{roots: map[string]string{}}

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sample-machines")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	big.dir = dir
	return m.Run()
}

// machine returns the root of a fixture tree, for reading only: it is one for all tests.
func machine(t testing.TB, name string) string {
	t.Helper()
	if name != "hypervisor" && name != "cpus1024" {
		return "testdata/" + name
	}
	big.Lock()
	defer big.Unlock()
	if big.roots[name] == "" {
		root := filepath.Join(big.dir, name)
		makeMachine(t, root, name)
		big.roots[name] = root
	}
	return big.roots[name]
}

// ownMachine returns the root of a big machine's tree that the test may change.
func ownMachine(t testing.TB, name string) string {
	t.Helper()
	root := t.TempDir()
	makeMachine(t, root, name)
	return root
}

func makeMachine(t testing.TB, root, name string) {
	t.Helper()
	sampletest.CopyTo(t, root, name)
	switch name {
	case "hypervisor":
		sampletest.Put(t, root, "/proc/stat", manyCPUs(sampletest.Fixture(t, name+"/proc/stat"), upTo(64)))
		sampletest.Put(t, root, "/proc/net/dev", manyNICs(sampletest.Fixture(t, name+"/proc/net/dev"), 200))
		putManyDisks(t, root, 500)
	case "cpus1024":
		ids := append(upTo(512), upTo(1024)[520:]...)
		sampletest.Put(t, root, "/proc/stat", manyCPUs(sampletest.Fixture(t, name+"/proc/stat"), ids))
		sampletest.Put(t, root, cpuinfo, strings.Repeat(string(sampletest.Fixture(t, name+cpuinfo)), len(ids)))
	}
}

// lines are those of text, without their ends.
func lines(text []byte) []string {
	var all []string
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

// manyCPUs repeats the lines of single CPUs for those with the ids, each a little further on, and adds them up.
func manyCPUs(text []byte, ids []int) string {
	var patterns [][]string
	var rest []string
	for _, line := range lines(text)[1:] {
		if strings.HasPrefix(line, "cpu") {
			patterns = append(patterns, strings.Fields(line)[1:])
		} else {
			rest = append(rest, line)
		}
	}
	var each strings.Builder
	sums := make([]uint64, len(patterns[0]))
	for i, id := range ids {
		fmt.Fprintf(&each, "cpu%d", id)
		for column, figure := range patterns[i%len(patterns)] {
			v, _ := strconv.ParseUint(figure, 10, 64)
			if v > 0 {
				v += uint64(997 * i)
			}
			sums[column] += v
			fmt.Fprint(&each, " ", v)
		}
		each.WriteByte('\n')
	}
	all := "cpu "
	for _, sum := range sums {
		all += fmt.Sprint(" ", sum)
	}
	rest[0] += strings.Repeat(" 0", 12*len(ids)) // intr has a column for each interrupt of each queue
	return all + "\n" + each.String() + strings.Join(rest, "\n") + "\n"
}

// manyNICs repeats the last interface, a tap of a VM, until there are n.
func manyNICs(text []byte, n int) string {
	all := lines(text)
	const headings = 2
	_, figures, _ := strings.Cut(all[len(all)-1], ":")
	for i := len(all) - headings; i < n; i++ {
		all = append(all, fmt.Sprintf("tap%08x-%02x:%s", 0x9e3779b9*uint32(i), i, figures))
	}
	return strings.Join(all, "\n") + "\n"
}

// putManyDisks repeats the disks of the second line, of a SAN, until n whole disks are there.
func putManyDisks(t testing.TB, root string, n int) {
	t.Helper()
	all := lines(sampletest.Fixture(t, "hypervisor/proc/diskstats"))
	const whole = 6 // without partitions and loop devices
	figures := strings.Fields(all[2])[3:]
	for i := whole; i < n; i++ {
		name := "sd" + string(rune('a'+i/26-1)) + string(rune('a'+i%26))
		if i < 26 {
			name = "sd" + string(rune('a'+i))
		}
		all = append(all, fmt.Sprintf("%4d %7d %s %s", 65+i/16, 16*(i%16), name, strings.Join(figures, " ")))
		if err := os.Symlink("sdb", root+"/sys/block/"+name); err != nil { // as in sysfs, where all are links
			t.Fatal(err)
		}
	}
	sampletest.Put(t, root, "/proc/diskstats", strings.Join(all, "\n")+"\n")
}

// oracle is prometheus/procfs on the same tree.
func oracle(t testing.TB, root string) procfs.FS {
	t.Helper()
	fs, err := procfs.NewFS(root + "/proc")
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestMachinesHaveWhatTheyAreSaidToHave(t *testing.T) {
	for _, m := range machines {
		s := sampled(t, machine(t, m.name))
		s.Sample()
		h, n := s.Reader(0).Hosts.Latest(), s.Reader(0).Nets.Latest()
		if len(h.Cores) != m.cpus || len(n.Interfaces) != m.nics || len(h.Disks) != m.disks || h.Offline != m.offline {
			t.Errorf("%s: %d CPUs, %d of them off, %d NICs, %d disks", m.name, len(h.Cores), h.Offline, len(n.Interfaces), len(h.Disks))
		}
		for source, health := range h.Health {
			if health.State.String() == "failed" {
				t.Errorf("%s, source %d: %s", m.name, source, health.Err)
			}
		}
	}
}
