package qemu

import (
	"errors"
	"math"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/sample/procfile"
)

// follower keeps open the files of one QEMU process. A descriptor of procfs means the process that it was opened for:
// when that has ended it answers ESRCH, even should the number be given to another. That of net/dev keeps the process's
// network namespace alive until it is closed, one sample after the end.
type follower struct {
	guest
	gone                      bool
	stat, statm, status       procfile.File
	ioStat, netDev            procfile.File
	cpu, rx, tx               counter
	recent                    Recent
	links                     int        // that rx and tx add up
	io, ioNow                 []ioDevice // before and now
	read, written             procfile.Count
	ioAt                      time.Duration
	cpuTrouble, memoryTrouble trouble
	diskTrouble, netTrouble   trouble
}

func newFollower(root string, g guest) *follower {
	dir := procDir(g.pid)
	return &follower{
		guest:  g,
		stat:   procfile.New(root, dir+"stat"),
		statm:  procfile.New(root, dir+"statm"),
		status: procfile.New(root, dir+"status"),
		netDev: procfile.New(root, dir+"net/dev"),
		ioStat: procfile.New(root, g.cgroup+"/io.stat"),
	}
}

func (f *follower) close() {
	for _, k := range []*procfile.File{&f.stat, &f.statm, &f.status, &f.ioStat, &f.netDev} {
		k.Close()
	}
}

// readShared reads into the one buffer of the reader instead of one for each file.
func (r *Reader) readShared(k *procfile.File) ([]byte, error) {
	k.Buf = r.text
	text, err := k.Read()
	r.text, k.Buf = k.Buf, nil
	return text, err
}

// sample fills vm with what f is now. It is false when the process has ended.
func (r *Reader) sample(f *follower, now time.Duration, vm *VM) bool {
	nan := math.NaN()
	*vm = VM{
		Namespace: f.namespace, Name: f.name, PID: f.pid, Started: procfile.SinceBoot(f.start),
		VCPUs: f.vcpus, Configured: f.memory,
		Cores: nan, CPU: nan, Read: nan, Write: nan, Rx: nan, Tx: nan,
		WhyDisk: f.whyDisk, WhyNet: f.whyNet,
	}
	if !r.sampleCPU(f, now, vm) {
		return false
	}
	f.recent.Push(vm.Cores)
	vm.Recent = f.recent
	if err := r.sampleMemory(f, vm); vanished(err) {
		return false
	} else if err != nil {
		vm.WhyMemory = f.memoryTrouble.say(err)
	}
	if f.whyDisk == "" {
		if err := r.sampleDisk(f, now, vm); err != nil {
			vm.WhyDisk = f.diskTrouble.say(err)
		}
	}
	if f.whyNet == "" {
		if err := r.sampleNet(f, now, vm); err != nil {
			vm.WhyNet = f.netTrouble.say(err)
		}
	}
	return true
}

// sampleCPU is false when the process has ended, or its number is another's by now.
func (r *Reader) sampleCPU(f *follower, now time.Duration, vm *VM) bool {
	text, err := r.readShared(&f.stat)
	var s procfile.ProcessStat
	if err == nil {
		if s, _, err = procfile.ParseProcessStat(text); err != nil {
			err = f.stat.Fail(err)
		}
	}
	switch {
	case err == nil && (s.Ended() || s.Start != f.start) || vanished(err):
		return false
	case err != nil:
		f.cpu.forget()
		vm.WhyCPU = f.cpuTrouble.say(err)
		return true
	}
	vm.Cores = f.cpu.rate(s.Ticks, now) / procfile.UserHZ
	vm.Totals.CPUTicks = f.cpu.total
	if f.vcpus == 0 {
		vm.WhyCPU = "its command line does not say how many vCPUs it has"
	} else {
		vm.CPU = min(100*vm.Cores/float64(f.vcpus), 100) // min keeps a NaN
	}
	return true
}

func (r *Reader) sampleMemory(f *follower, vm *VM) error {
	text, err := r.readShared(&f.statm)
	if err != nil {
		return err
	}
	resident, err := parseStatm(text)
	if err != nil {
		return f.statm.Fail(err)
	}
	if resident == 0 {
		return unix.ESRCH // it is about to end and has given its memory back
	}
	if text, err = r.readShared(&f.status); err != nil {
		return err
	}
	huge, err := parseHugetlb(text)
	if err != nil {
		return f.status.Fail(err)
	}
	vm.Memory = resident + huge
	return nil
}

func (r *Reader) sampleDisk(f *follower, now time.Duration, vm *VM) error {
	text, err := r.readShared(&f.ioStat)
	if err == nil {
		if f.ioNow, err = parseIOStat(text, f.ioNow[:0]); err != nil {
			err = f.ioStat.Fail(err)
		}
	}
	if err != nil {
		f.ioAt = 0
		return err
	}
	read, written := grownIO(f.io, f.ioNow, r.followed.stacked)
	if f.ioAt != 0 {
		vm.Read, vm.Write = read.PerSecond(now-f.ioAt), written.PerSecond(now-f.ioAt)
	}
	// Before the first look that is all there ever was. What one that went back has done since is not known.
	f.read, f.written = procfile.Known(f.read.Value+read.Value), procfile.Known(f.written.Value+written.Value)
	vm.Totals.Read, vm.Totals.Written = f.read, f.written
	f.io, f.ioNow, f.ioAt = f.ioNow, f.io, now
	return nil
}

func (r *Reader) sampleNet(f *follower, now time.Duration, vm *VM) error {
	text, err := r.readShared(&f.netDev)
	if err == nil {
		if r.lines, err = procfile.ParseNetDev(text, r.lines[:0]); err != nil {
			err = f.netDev.Fail(err)
		}
	}
	var t traffic
	if err == nil {
		t, err = guestTraffic(r.lines)
	}
	switch {
	case err != nil:
		f.rx.forget()
		f.tx.forget()
		return err
	case t.links != f.links:
		f.rx.jump(t.rx) // a link that came or went takes its counters with it
		f.tx.jump(t.tx)
	}
	f.links = t.links
	vm.Rx, vm.Tx = f.rx.rate(t.rx, now), f.tx.rate(t.tx, now)
	vm.Totals.Received, vm.Totals.Sent = f.rx.total, f.tx.total
	return nil
}

// counter is a figure that grows, and when it was read last; at is 0 before that. total begins as its first value and has
// grown by as much since.
type counter struct {
	value uint64
	at    time.Duration
	total procfile.Count
}

// rate takes the value now and returns its growth a second, NaN the first time.
func (c *counter) rate(value uint64, now time.Duration) float64 {
	rate := math.NaN()
	if c.at != 0 {
		rate = procfile.PerSecond(c.value, value, now-c.at)
	}
	switch {
	case !c.total.Known:
		c.total = procfile.Known(value)
	case value > c.value:
		c.total.Value += value - c.value
	}
	c.value, c.at = value, now
	return rate
}

// forget leaves the interval up to the next rate without one.
func (c *counter) forget() { c.at = 0 }

// jump makes value what was read last, by which nothing has grown.
func (c *counter) jump(value uint64) { c.value, c.at = value, 0 }

// trouble keeps how an error reads, so that the same one again costs nothing.
type trouble struct {
	err  error
	text string
}

func (t *trouble) say(err error) string {
	if err != t.err {
		t.err, t.text = err, secret.String(err.Error())
	}
	return t.text
}

// vanished reports whether a process has ended since its number was listed.
func vanished(err error) bool { return errors.Is(err, unix.ESRCH) || procfile.Missing(err) }

// procDir is the directory of a process.
func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/" }

// parseStatm returns the bytes that are resident according to /proc/PID/statm. Huge pages are not among them.
//
// Kernel: proc_pid_statm(5)
func parseStatm(text []byte) (uint64, error) {
	var pages [2]uint64 // whole size, resident
	line, _ := procfile.CutLine(text)
	if n, err := procfile.Numbers(line, pages[:]); err != nil {
		return 0, err
	} else if n < len(pages) {
		return 0, procfile.ErrShort
	}
	return procfile.Times(pages[1], uint64(os.Getpagesize())), nil
}

// parseHugetlb returns the bytes in huge pages according to /proc/PID/status: none where the kernel has no such pages, and
// no such line. The name in the first line is escaped, and cannot look like another line.
//
// Kernel: proc_pid_status(5)
func parseHugetlb(text []byte) (uint64, error) {
	figure, ok := procfile.Value(text, "HugetlbPages:")
	if !ok {
		return 0, nil
	}
	word, _ := procfile.CutWord(figure)
	kib, err := procfile.Number(word)
	return procfile.Times(kib, 1024), err
}
