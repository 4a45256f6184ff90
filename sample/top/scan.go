package top

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

const (
	maxProcesses = 16 << 10 // that are read; more are left out
	restTurns    = 6        // a process that hardly uses a CPU is read in one scan of so many
	busyFrom     = 1        // percent of one CPU from which on it is read in each
	minLifetime  = 500 * time.Millisecond
)

// errUnreadable says that what is shown is not all.
const errUnreadable = procfile.Warning("some processes cannot be read")

// record is what is known of one process.
type record struct {
	procfile.Process
	procfile.ProcessStat
	at     time.Duration // of the reading
	times  uint8         // readings so far, 2 at most
	cpu    float64       // percent, NaN: unknown
	vm     bool
	length uint8 // of name
	comm   [32]byte
}

func (r *record) name() []byte { return r.comm[:r.length] }

// due reports whether r is to be read in that turn.
func (r *record) due(turn int) bool {
	return !r.vm && (r.times < 2 || r.cpu >= busyFrom || (r.PID+turn)%restTurns == 0)
}

// scan lists /proc and reads /proc/PID/stat of what is new, of what is busy and of a part of the rest. In the second of two
// scans that find the same it does not allocate.
type scan struct {
	now           func() time.Duration
	guests        func() (list []qemu.Guest, why string)
	max           int // maxProcesses, but in tests
	turn          int
	last          time.Duration // when the scan before began
	lister        procfile.Lister
	listed        []procfile.Process
	found, before []record // by pid
	root          int      // length of it and of /proc/ in path
	path          []byte
	stat, cgroup  procfile.File
	best          []int // indices of found
	out, old      Processes
}

func newScan(root string, now func() time.Duration, guests func() ([]qemu.Guest, string)) *scan {
	path := []byte(root + "/proc/")
	return &scan{
		now: now, guests: guests, max: maxProcesses, root: len(path), path: path, lister: procfile.Lister{Root: root},
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
	s.markVMs()
	remark, err := s.read()
	if err != nil {
		return err
	}
	s.markVMs()
	if len(s.listed) > s.max {
		remark = procfile.ErrLeftOut
	}
	s.out, s.old = s.old, s.out
	s.out.At, s.out.Total, s.out.Health = begin, len(s.listed), s.old.Health
	s.out.ByCPU = s.rows(s.out.ByCPU[:0], moreCPU)
	s.out.ByMemory = s.rows(s.out.ByMemory[:0], moreMemory)
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
		r := record{Process: p, cpu: math.NaN()}
		if len(old) > 0 && old[0].Process == p {
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
		if ok && s.found[at].Start == guests[i].Start {
			s.found[at].vm = true
		}
	}
}

// read reads those that are due, and drops those that have ended. One that cannot be read stays what it was, which is a
// remark; it is an error when that goes for all.
func (s *scan) read() (remark, err error) {
	kept, good := s.found[:0], 0
	for i := range s.found {
		r := s.found[i]
		if r.due(s.turn) {
			switch e := s.readOne(&r); {
			case e == nil:
				good++
			case procfile.Missing(e) || errors.Is(e, unix.ESRCH):
				continue
			case r.PID == 1 && (errors.Is(e, unix.EPERM) || errors.Is(e, unix.EACCES)):
				return nil, procfile.ErrHidden // hidepid=1 lists what it hides
			default:
				remark, err = errUnreadable, e
			}
		}
		if r.times > 0 {
			kept = append(kept, r)
		}
	}
	s.found = kept
	if good > 0 {
		err = nil
	}
	return remark, err
}

// readOne reads the stat of one process. What it used is known from the second time on, and at once when it started after
// the scan before.
func (s *scan) readOne(r *record) error {
	text, err := s.file(&s.stat, r.PID, "/stat")
	if err != nil {
		return err
	}
	stat, name, err := procfile.ParseProcessStat(text)
	if err != nil {
		return s.stat.Fail(err)
	}
	now, was, since := s.now(), r.Ticks, r.at
	if started := procfile.SinceBoot(stat.Start); r.times == 0 || stat.Start != r.Start {
		r.times, r.cpu, was, since = 0, math.NaN(), 0, started
		if s.last == 0 || started < s.last || now-started < minLifetime {
			since = now // nobody knows when it used it
		}
	}
	r.cpu = 100 * procfile.PerSecond(was, stat.Ticks, now-since) / procfile.UserHZ
	r.ProcessStat, r.at, r.times = stat, now, min(r.times+1, 2)
	r.length = uint8(copy(r.comm[:], name))
	return nil
}

// file reads the first page of a file of a process. The text is valid until the next call.
func (s *scan) file(f *procfile.File, pid int, name string) ([]byte, error) {
	s.path = append(strconv.AppendInt(s.path[:s.root], int64(pid), 10), name...)
	s.path = append(s.path, 0)
	f.Aim(s.path)
	defer f.Close()
	return f.Head(1)
}

// moreCPU is the order of ByCPU. What is unknown comes last, the largest first.
func moreCPU(a, b *record) bool {
	left, right := a.cpu, b.cpu
	if math.IsNaN(left) {
		left = -1
	}
	if math.IsNaN(right) {
		right = -1
	}
	return left > right || left == right && moreMemory(a, b)
}

// moreMemory is the order of ByMemory.
func moreMemory(a, b *record) bool {
	return a.Resident > b.Resident || a.Resident == b.Resident && a.PID < b.PID
}

// rows appends the MaxRows first processes by an order.
func (s *scan) rows(rows []Process, before func(a, b *record) bool) []Process {
	s.best = s.best[:0]
	for i := range s.found {
		r := &s.found[i]
		full := len(s.best) == MaxRows
		if r.vm || full && !before(r, &s.found[s.best[MaxRows-1]]) {
			continue
		}
		if full {
			s.best = s.best[:MaxRows-1]
		}
		at := len(s.best)
		for at > 0 && before(r, &s.found[s.best[at-1]]) {
			at--
		}
		s.best = slices.Insert(s.best, at, i)
	}
	for _, i := range s.best {
		rows = append(rows, s.row(&s.found[i]))
	}
	return rows
}

// row is what is shown of r. Who it belongs to is read when it was not shown before by that name.
func (s *scan) row(r *record) Process {
	p := Process{
		PID: r.PID, Kernel: r.Kernel, State: r.State, Started: procfile.SinceBoot(r.Start), CPU: r.cpu, Memory: r.Resident,
	}
	for _, list := range [...][]Process{s.out.ByCPU, s.old.ByCPU, s.old.ByMemory} {
		for i := range list {
			if old := &list[i]; old.PID == p.PID && old.Started == p.Started && procfile.Intern(old.Name, r.name()) == old.Name {
				p.Name, p.Unit, p.Pod = old.Name, old.Unit, old.Pod
				return p
			}
		}
	}
	p.Name = procfile.Clean(r.name())
	if !p.Kernel {
		if text, err := s.file(&s.cgroup, p.PID, "/cgroup"); err == nil {
			p.Unit, p.Pod = owner(text)
		}
	}
	return p
}
