package qemu

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/sample/sampletest"
)

const fakeQEMU = "FAKE_QEMU" // in the environment of a test binary that is to play QEMU

func TestMain(m *testing.M) {
	if os.Getenv(fakeQEMU) != "" {
		playQEMU()
		return
	}
	os.Exit(m.Run())
}

// playQEMU does as it is told on stdin and answers each line with the CPU time that it has used, in microseconds, and
// with the pages that it has in memory.
func playQEMU() {
	var memory []byte
	var tap *os.File
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var amount int
		var err error
		switch verb, figure, _ := strings.Cut(in.Text(), " "); verb {
		case "burn":
			fmt.Sscan(figure, &amount)
			burn(int64(amount))
		case "touch":
			fmt.Sscan(figure, &amount)
			memory = make([]byte, amount)
			for i := 0; i < len(memory); i += 4096 {
				memory[i] = 1
			}
		case "tap":
			tap, err = openTap()
		case "send":
			fmt.Sscan(figure, &amount)
			for range amount {
				frame := make([]byte, 1000)
				frame[0] = 2 // to nobody
				if _, err = tap.Write(frame); err != nil {
					break
				}
			}
		}
		var resident int
		if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
			fmt.Sscan(string(statm), new(int), &resident)
		}
		fmt.Println(cpuTime(), resident, err)
	}
	_ = memory
}

// cpuTime is what getrusage says of this process, in microseconds.
func cpuTime() int64 {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return (r.Utime.Nano() + r.Stime.Nano()) / 1000
}

// burn uses that many microseconds of CPU time, on two threads.
func burn(amount int64) {
	end := cpuTime() + amount
	var threads sync.WaitGroup
	for range 2 {
		threads.Go(func() {
			for x := 1.0; cpuTime() < end; {
				for range 100_000 {
					x = math.Sqrt(x + 1)
				}
			}
		})
	}
	threads.Wait()
}

// openTap makes an interface tap0 that is up.
func openTap() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq("tap0")
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return nil, err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(socket)
	request.SetUint16(unix.IFF_UP)
	return os.NewFile(uintptr(fd), "tap0"), unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

// player is a process that plays QEMU.
type player struct {
	testing.TB
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// play starts one, in namespaces of its own when flags say so.
func play(t testing.TB, name string, flags uintptr) *player {
	t.Helper()
	if _, err := os.Stat("/proc/1/comm"); err != nil {
		t.Skip("processes cannot be seen here: ", err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Skip("this program's own file is not known: ", err)
	}
	qemu := filepath.Join(t.TempDir(), "qemu-system-x86_64") // the kernel names a process after the file
	if err := os.Symlink(program, qemu); err != nil {
		t.Fatal(err)
	}
	p := &player{TB: t, name: fmt.Sprintf("%s-%d", name, os.Getpid())}
	p.cmd = exec.Command(qemu, "-name", "guest=default_"+p.name+",debug-threads=on", "-m", "2048", "-smp", "2,maxcpus=4")
	p.cmd.Env = append(os.Environ(), fakeQEMU+"=1")
	p.cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags}
	p.in, err = p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		if flags != 0 {
			t.Skip("no namespace of its own here: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	return p
}

// end waits until the player has ended.
func (p *player) end() {
	p.in.Close()
	p.cmd.Wait()
}

// tell returns the player's CPU time and resident bytes when it has done what it was told to.
func (p *player) tell(what string) (cpu time.Duration, resident uint64) {
	p.Helper()
	if _, err := io.WriteString(p.in, what+"\n"); err != nil {
		p.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.Fatal(err)
	}
	var us int64
	if _, err := fmt.Sscan(line, &us, &resident); err != nil {
		p.Fatalf("%q: %v", line, err)
	}
	if !strings.HasSuffix(line, " <nil>\n") {
		p.Skip("it cannot "+what+" here: ", line)
	}
	return time.Duration(us) * time.Microsecond, resident * uint64(os.Getpagesize())
}

// sampled is the player among the VMs of a sample taken now, nil when it is not there.
func (p *player) sampled(r *Reader) *VM {
	p.Helper()
	if err := r.Read(boottime.Now()); err != nil {
		p.Fatal(err)
	}
	for i := range r.VMs.VMs {
		if v := &r.VMs.VMs[i]; v.Name == p.name {
			return v
		}
	}
	return nil
}

// within says that two figures differ by 3 % at most.
func within(got, want float64) bool { return math.Abs(got-want) <= 0.03*math.Abs(want) }

func TestQEMULiveFiguresAreRight(t *testing.T) {
	if testing.Short() {
		t.Skip("long: two seconds of a processor")
	}
	p := play(t, "right", 0)
	p.tell("touch 100000000")
	r := New("", boottime.Now)
	work(t, r)
	r.Wait(t.Context())
	cpuBefore, resident := p.tell("wait")
	first := p.sampled(r)
	if first == nil {
		t.Fatal("it is not found")
	}
	v, began := *first, r.VMs.At
	if v.PID != p.cmd.Process.Pid || v.Namespace != "default" || v.VCPUs != 2 || v.Configured != 2<<30 || v.Started <= 0 || v.Started > began {
		t.Errorf("%+v", v)
	}
	if v.Memory < 100_000_000 || !within(float64(v.Memory), float64(resident)) {
		t.Errorf("memory is %d, statm has %d", v.Memory, resident)
	}
	if v.WhyNet != whyHostNet {
		t.Errorf("network: %q", v.WhyNet)
	}
	cpuAfter, _ := p.tell("burn 2000000")
	v = *p.sampled(r)
	passed := (r.VMs.At - began).Seconds()
	want := (cpuAfter - cpuBefore).Seconds()
	if !within(v.Cores*passed, want) || v.CPU < 100 && !within(v.CPU*2/100*passed, want) {
		t.Errorf("%v s of CPU time, %v %% of 2 vCPUs over %v s; getrusage has %v s", v.Cores*passed, v.CPU, passed, want)
	}
	t.Logf("CPU %.3f s, getrusage %.3f s; memory %d, statm %d; disk: %q", v.Cores*passed, want, v.Memory, resident, v.WhyDisk)
	if n := sampletest.Allocations(func() { r.Read(boottime.Now()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestF13QEMULiveEnds(t *testing.T) {
	p := play(t, "ends", 0)
	p.tell("wait")
	r := New("", boottime.Now)
	r.publish(r.scan.run())
	t.Cleanup(r.Close)
	if p.sampled(r) == nil {
		t.Fatal("it is not found")
	}
	p.end()
	if v := p.sampled(r); v != nil {
		t.Errorf("it has ended: %+v", *v)
	}
}

func TestQEMULiveNetworkOfItsOwn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	p := play(t, "net", unix.CLONE_NEWNET)
	p.tell("wait")
	r := New("", boottime.Now)
	r.publish(r.scan.run())
	t.Cleanup(r.Close)
	if v := p.sampled(r); v == nil || v.WhyNet != errNoLink.Error() {
		t.Fatalf("%+v", v)
	}
	p.tell("tap")
	p.sampled(r)
	began := r.VMs.At
	p.tell("send 2000")
	v := p.sampled(r)
	passed := (r.VMs.At - began).Seconds()
	if v.WhyNet != "" || !within(v.Tx*passed, 2000*1000) || !(v.Rx >= 0) {
		t.Errorf("sent %v bytes: %+v", v.Tx*passed, *v)
	}
	t.Logf("2000000 bytes sent, %.0f counted", v.Tx*passed)
}

func BenchmarkQEMUSampleLive(b *testing.B) {
	const players = 8
	for range players {
		play(b, "bench", unix.CLONE_NEWNET).tell("wait")
	}
	r := New("", boottime.Now)
	r.publish(r.scan.run())
	b.Cleanup(r.Close)
	r.Read(boottime.Now())
	b.ReportAllocs()
	for b.Loop() {
		r.Read(boottime.Now())
	}
	b.ReportMetric(float64(len(r.VMs.VMs)), "VMs")
}
