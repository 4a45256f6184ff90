package top

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

const (
	maxProcesses = 16 << 10              // that are followed; more are left out
	busy         = 50 * time.Millisecond // of CPU time: when a process has used as much its stat is read anew,
	restTurns    = 12                    // and when it used less, in one scan of so many
	notable      = 5 * time.Millisecond  // of CPU time: a new process that used less is small, and mostly gone soon
	clockBlock   = 16                    // CPU times that are read at one time
	minLifetime  = 500 * time.Millisecond
)

// errUnreadable says that what is shown is not all.
const errUnreadable = procfile.Warning("some processes cannot be read")

// errForeign says that the numbers in /proc are not those that this program's system calls take, as in some containers.
var errForeign = errors.New("/proc is of another PID namespace than this program")

// record is what is known of one process.
type record struct {
	Process               // but Unit and Pod before it is shown first
	ino     uint64        // as procfile.Process has it
	known   bool          // its stat has been read,
	noted   time.Duration // when it had used so much
	used    time.Duration // CPU time
	at      time.Duration // when it had used it, CLOCK_BOOTTIME; 0: not known
	vm      bool
	owned   bool // Unit and Pod have been looked for
}

// due reports whether the stat of r is to be read in that turn, which may be the first. A process that has used no CPU time
// since is in the state that it was in.
func (r *record) due(turn int, first bool) bool {
	more, rest := r.used-r.noted, (r.PID+turn)%restTurns == 0
	if !r.known {
		return first || rest || r.used >= notable
	}
	return more >= busy || more > 0 && rest
}

// cpuTime returns the CPU time that a process with all its threads has used. Any process may ask: it costs a thirtieth of
// reading its stat.
//
// Kernel: clock_getcpuclockid(3); include/linux/posix-timers.h, make_process_cpuclock
func cpuTime(pid int) (time.Duration, error) {
	const schedClock = 2
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|schedClock), &ts)
	return time.Duration(ts.Nano()), err
}

// scan lists /proc, asks how much CPU time each process has used, and reads /proc/PID/stat of what is new or has used some
// since. In the second of two scans that find the same it does not allocate.
type scan struct {
	foreign       bool // errForeign
	now           func() time.Duration
	guests        func() (list []qemu.Guest, why string)
	clock         func(pid int) (time.Duration, error)
	max           int // maxProcesses, but in tests
	turn          int
	last          time.Duration // when the scan before began
	lister        procfile.Lister
	listed        []procfile.Process
	found, before []record // by pid
	root          int      // length of it and of /proc/ in path
	path          []byte
	stat, cgroup  procfile.File
	best          []*record // of found
	out           Processes
}

func newScan(root string, now func() time.Duration, clock func(int) (time.Duration, error), guests func() ([]qemu.Guest, string)) *scan {
	path := []byte(root + "/proc/")
	self, _ := os.Readlink(root + "/proc/self")
	return &scan{
		foreign: self != strconv.Itoa(os.Getpid()), now: now, guests: guests, clock: clock, max: maxProcesses, root: len(path), path: path, lister: procfile.Lister{Root: root},
		stat: procfile.New(root, "/proc/[pid]/stat"), cgroup: procfile.New(root, "/proc/[pid]/cgroup"),
	}
}

func (s *scan) close() { s.lister.Close() }

// run brings out up to date. After an error that is no Warning it is what it was.
func (s *scan) run() error {
	begin := s.now()
	s.turn++
	if err := s.list(); err != nil {
		return err
	}
	if s.foreign {
		return errForeign
	}
	s.markVMs()
	remark, err := s.read()
	if err != nil {
		return err
	}
	s.markVMs()
	if len(s.listed) > s.max {
		remark = procfile.ErrLeftOut
	}
	s.out.At, s.out.Total = begin, len(s.listed)
	s.out.ByCPU = s.rows(s.out.ByCPU[:0], byCPU)
	s.out.ByMemory = s.rows(s.out.ByMemory[:0], byMemory)
	s.last = begin
	return remark
}

// list lists the processes and takes over what is known of them.
func (s *scan) list() (err error) {
	if s.listed, err = s.lister.List(s.listed[:0]); err != nil {
		return err
	}
	s.found, s.before = s.before[:0], s.found
	old := s.before
	for _, p := range s.listed[:min(len(s.listed), s.max)] {
		for len(old) > 0 && old[0].PID < p.PID {
			old = old[1:]
		}
		r := record{Process: Process{PID: p.PID}, ino: p.Ino}
		if len(old) > 0 && old[0].PID == p.PID && old[0].ino == p.Ino {
			r = old[0]
		}
		s.found = append(s.found, r)
	}
	return nil
}

// markVMs marks the processes of VMs, as far as they have been read.
func (s *scan) markVMs() {
	for i := range s.found {
		s.found[i].vm = false
	}
	guests, _ := s.guests()
	for i := range guests {
		at, ok := slices.BinarySearchFunc(s.found, guests[i].PID, func(r record, pid int) int { return cmp.Compare(r.PID, pid) })
		if ok && s.found[at].Started == procfile.SinceBoot(guests[i].Start) {
			s.found[at].vm = true
		}
	}
}

// read asks for the CPU time of all, reads the stat of those that are due, and drops those that have ended. One that cannot
// be read stays what it was, which is a remark; it is an error when that goes for all.
func (s *scan) read() (remark, err error) {
	kept, known, now := s.found[:0], 0, s.now()
	for i := range s.found {
		r := s.found[i]
		if i%clockBlock == 0 {
			now = s.now()
		}
		s.readClock(&r, now)
		if !r.vm && r.due(s.turn, s.last == 0) {
			e := s.readStat(&r)
			now = s.now()
			switch {
			case e == nil:
			case procfile.Missing(e) || errors.Is(e, unix.ESRCH):
				continue
			case r.PID == 1 && (errors.Is(e, unix.EPERM) || errors.Is(e, unix.EACCES)):
				return nil, procfile.ErrHidden // hidepid=1 lists what it hides
			default:
				remark, err = errUnreadable, e
			}
		}
		if r.known {
			known++
		}
		kept = append(kept, r)
	}
	s.found = kept
	if known > 0 {
		err = nil
	}
	return remark, err
}

// readClock reads how much CPU time r has used. What is less than before is another process's.
func (s *scan) readClock(r *record, now time.Duration) {
	used, err := s.clock(r.PID)
	if err != nil || used < r.used {
		*r = record{Process: Process{PID: r.PID}, ino: r.ino}
	}
	r.CPU = math.NaN()
	if err != nil {
		return
	}
	if r.at != 0 && now > r.at {
		r.CPU = percent(used-r.used, now-r.at)
	}
	r.used, r.at = used, now
}

// readStat reads the stat of r. When that is the first time, and it started after the scan before, what it used is known.
func (s *scan) readStat(r *record) error {
	text, err := s.file(&s.stat, r.PID, "/stat")
	if err != nil {
		return err
	}
	stat, name, err := procfile.ParseProcessStat(text)
	if err != nil {
		return s.stat.Fail(err)
	}
	began := procfile.SinceBoot(stat.Start)
	if r.known && began != r.Started {
		r.CPU = math.NaN() // another process has got its number
	}
	if math.IsNaN(r.CPU) && s.last != 0 && began >= s.last && r.at-began >= minLifetime {
		r.CPU = percent(r.used, r.at-began)
	}
	name = bytes.TrimSpace(name)
	if began != r.Started || string(name) != r.Name {
		r.Name, r.Unit, r.Pod, r.owned = procfile.Clean(name), "", "", false
	}
	r.Kernel, r.State, r.Started, r.Memory = stat.Kernel, stat.State, began, stat.Resident
	r.known, r.noted = true, r.used
	return nil
}

func percent(part, whole time.Duration) float64 { return 100 * float64(part) / float64(whole) }

// file reads the first page of a file of a process. The text is valid until the next call.
func (s *scan) file(f *procfile.File, pid int, name string) ([]byte, error) {
	s.path = append(strconv.AppendInt(s.path[:s.root], int64(pid), 10), name...)
	s.path = append(s.path, 0)
	f.Aim(s.path)
	defer f.Close()
	return f.Head(1)
}

// byCPU is the order of ByCPU. What is unknown comes last, the largest first.
func byCPU(a, b *record) int {
	if order := cmp.Compare(b.CPU, a.CPU); order != 0 { // NaN is less than all
		return order
	}
	return byMemory(a, b)
}

// byMemory is the order of ByMemory.
func byMemory(a, b *record) int {
	return cmp.Or(cmp.Compare(b.Memory, a.Memory), cmp.Compare(a.PID, b.PID))
}

// rows appends the MaxRows first processes by an order. Who they belong to is read when they are shown first.
func (s *scan) rows(rows []Process, order func(a, b *record) int) []Process {
	s.best = s.best[:0]
	for i := range s.found {
		r := &s.found[i]
		full := len(s.best) == MaxRows
		if r.vm || !r.known || full && order(r, s.best[MaxRows-1]) > 0 {
			continue
		}
		if full {
			s.best = s.best[:MaxRows-1]
		}
		at, _ := slices.BinarySearchFunc(s.best, r, order)
		s.best = slices.Insert(s.best, at, r)
	}
	for _, r := range s.best {
		if !r.owned && !r.Kernel {
			if text, err := s.file(&s.cgroup, r.PID, "/cgroup"); err == nil {
				r.Unit, r.Pod = owner(text)
			}
		}
		r.owned = true
		rows = append(rows, r.Process)
	}
	return rows
}
