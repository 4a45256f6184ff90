package procfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/order"
)

// UserHZ is the unit in which the kernel tells times of processes, whatever its own tick is.
const UserHZ = 100

// ErrNoProcesses is what a Lister says of a /proc without any.
const ErrNoProcesses = Warning("there are no processes in /proc")

// ErrHidden is what a Lister says of a /proc that shows a user its own processes only.
var ErrHidden = errors.New("/proc hides the processes of others: it is mounted with hidepid")

const (
	direntName  = 19       // where the name begins in a struct linux_dirent64
	direntTotal = 16       // where its length is
	direntsSize = 32 << 10 // bytes
	kernelTask  = 0x200000 // PF_KTHREAD
)

// Process is an entry of /proc. Another process that gets the number later has another inode: procfs makes a new one.
type Process struct {
	PID int
	Ino uint64
}

// Lister lists the processes below Root again and again. It keeps the directory open, and from the second time on does
// not allocate unless there are more processes. Only one goroutine may use it.
type Lister struct {
	Root    string
	fd      int
	opened  bool
	dirents []byte
}

// List appends the processes to p and returns all of it by pid.
func (l *Lister) List(p []Process) ([]Process, error) {
	if err := l.rewind(); err != nil {
		return p, &ReadError{Name: "/proc", Cause: err}
	}
	for {
		n, err := unix.Getdents(l.fd, l.dirents)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			l.Close()
			return p, &ReadError{Name: "/proc", Cause: err}
		}
		if n == 0 {
			break
		}
		p = appendProcesses(p, l.dirents[:n])
	}
	order.By(p, func(a, b *Process) int { return cmp.Compare(a.PID, b.PID) })
	switch {
	case len(p) == 0:
		return p, ErrNoProcesses
	case p[0].PID != 1: // we see ourselves at least, and everyone has a process 1
		return p, ErrHidden
	}
	return p, nil
}

func (l *Lister) rewind() (err error) {
	if l.opened {
		_, err = unix.Seek(l.fd, 0, unix.SEEK_SET)
		return err
	}
	l.fd, err = unix.Open(l.Root+"/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	l.opened = err == nil
	if l.dirents == nil {
		l.dirents = make([]byte, direntsSize)
	}
	return err
}

// Close gives the descriptor back; the next List opens the directory again.
func (l *Lister) Close() {
	if l.opened {
		unix.Close(l.fd)
		l.opened = false
	}
}

// appendProcesses appends the processes among the entries of a directory, as getdents64(2) returns them.
func appendProcesses(p []Process, dirents []byte) []Process {
	for len(dirents) > direntName {
		length := int(binary.NativeEndian.Uint16(dirents[direntTotal:]))
		if length <= direntName || length > len(dirents) {
			break
		}
		name := dirents[direntName:length]
		if end := bytes.IndexByte(name, 0); end >= 0 {
			name = name[:end]
		}
		if pid, err := Number(name); err == nil && pid > 0 && pid < 1<<31 && name[0] != '0' {
			p = append(p, Process{PID: int(pid), Ino: binary.NativeEndian.Uint64(dirents)})
		}
		dirents = dirents[length:]
	}
	return p
}

// ProcessStat is what /proc/PID/stat says of a process and all of its threads.
type ProcessStat struct {
	State    byte   // R, S, D, Z ...
	Kernel   bool   // it is a thread of the kernel
	Ticks    uint64 // CPU time, user and system, in UserHZ; guest time is part of it
	Start    uint64 // UserHZ from boot to its start
	Resident uint64 // bytes, as the kernel counts them in a hurry: some pages for each CPU may be missing
}

// Ended reports whether it is a zombie, or what is left behind one.
func (s *ProcessStat) Ended() bool { return s.State == 'Z' || s.State == 'X' || s.State == 'x' }

// ParseProcessStat parses /proc/PID/stat; name lies in text. The name may hold anything, brackets, blanks and line ends
// included: what counts begins behind the last closing bracket.
//
// Kernel: proc_pid_stat(5)
func ParseProcessStat(text []byte) (s ProcessStat, name []byte, err error) {
	open, bracket := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || bracket < open {
		return s, nil, ErrShort
	}
	name = text[open+1 : bracket]
	line, _ := CutLine(text[bracket+1:])
	state, line := CutWord(line)
	if len(state) != 1 {
		return s, nil, ErrShort
	}
	s.State = state[0]
	var v [7]uint64 // flags, page faults of four kinds, CPU time in user space and in the kernel
	line = skipWords(line, 5)
	if n, err := Numbers(line, v[:]); err != nil {
		return s, nil, err
	} else if n < len(v) || v[5] > math.MaxUint64-v[6] {
		return s, nil, ErrShort
	}
	s.Kernel, s.Ticks = v[0]&kernelTask != 0, v[5]+v[6]
	word, line := CutWord(skipWords(line, 13)) // some of them are negative
	if s.Start, err = Number(word); err != nil {
		return s, nil, err
	}
	word, _ = CutWord(skipWords(line, 1))
	pages, err := Number(word)
	s.Resident = Times(pages, uint64(os.Getpagesize()))
	return s, name, err
}

func skipWords(line []byte, n int) []byte {
	for range n {
		_, line = CutWord(line)
	}
	return line
}

// SinceBoot turns UserHZ into a time, one beyond 280 years into those.
func SinceBoot(ticks uint64) time.Duration {
	const tick = time.Second / UserHZ
	return time.Duration(min(ticks, uint64(math.MaxInt64/tick))) * tick
}
