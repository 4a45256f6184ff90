package qemu

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/order"
	"hypervisor-tui/sample/procfile"
)

const (
	settled   = 2         // scans after which a process is not expected to become QEMU any more,
	reviewed  = 12        // but looked at again in each so many, since a shell may yet exec one
	argvLimit = 256 << 10 // bytes of a command line; QEMU's own are a tenth of it, with the name in front
)

// process is an entry of /proc.
type process struct {
	procfile.Process
	seen uint8 // earlier scans that had it, settled at most
}

// qemuScan finds QEMU processes. It lists /proc, which costs a twentieth of reading a file for each process, and then
// reads only the names of those that are new, and the command lines of those that are called so. To walk the cgroups of
// all pods instead costs more, some files for each pod, and misses what runs outside of them.
type qemuScan struct {
	root        string
	read        func(path string, buf []byte, most int) ([]byte, error) // readSmall, but in tests
	link        func(path string, buf []byte) (int, error)              // unix.Readlink, but in tests
	most        int                                                     // guests; mostGuests, but in tests
	turn        int
	now, before []process // by pid
	known       map[int]guest
	lister      procfile.Lister
	listed      []procfile.Process
	text        []byte
}

func newQEMUScan(root string) qemuScan {
	return qemuScan{root: root, read: readSmall, link: unix.Readlink, most: mostGuests}
}

// run scans once. What has vanished since it was listed is passed over; what cannot be read otherwise keeps what was
// known of it, and is the result's error.
func (s *qemuScan) run() *guests {
	found := &guests{}
	if err := s.list(); err != nil {
		found.err = err
		for _, g := range s.known {
			found.list = append(found.list, g)
		}
	} else {
		found.err = s.look(found)
	}
	if text, err := s.file("/proc/devices", procfile.PageSize); err == nil {
		found.stacked = parseStacked(text)
	}
	s.known = make(map[int]guest, len(found.list))
	for _, g := range found.list {
		s.known[g.pid] = g
	}
	if found.settle(s.most) && found.err == nil {
		found.err = procfile.ErrLeftOut
	}
	return found
}

// look adds to found what the listed processes are. It returns the first error.
func (s *qemuScan) look(found *guests) error {
	var first error
	s.turn++
	old := s.before
	for i := range s.now {
		p := &s.now[i]
		for len(old) > 0 && old[0].PID < p.PID {
			old = old[1:]
		}
		if len(old) > 0 && old[0].PID == p.PID && old[0].Ino == p.Ino {
			p.seen = min(old[0].seen+1, settled)
		}
		review := p.seen < settled || (p.PID+s.turn)%reviewed == 0
		known, was := s.known[p.PID]
		if !review && !was {
			continue
		}
		g, isGuest, err := s.inspect(p.PID, &known, review)
		switch {
		case err == nil && isGuest:
			found.list = append(found.list, g)
		case err == nil || vanished(err):
		default: // nobody knows what it is now, so it is what it was
			p.seen = 0
			if was {
				found.list = append(found.list, known)
			}
			if first == nil {
				first = err
			}
		}
	}
	return first
}

// inspect says what guest a process is, if it is one. known is what was said of that pid in the last scan, if anything;
// unless it is to be reviewed that holds as long as the process does.
func (s *qemuScan) inspect(pid int, known *guest, review bool) (g guest, ok bool, err error) {
	dir := procDir(pid)
	if known.pid == pid {
		if start, err := s.start(dir); err != nil {
			return g, false, err
		} else if start == known.start {
			if !review {
				return *known, true, nil
			}
			g = guest{pid: pid, start: start, qemuArgs: known.qemuArgs}
			return g, true, s.place(&g)
		}
	}
	e, likely, err := s.judge(dir)
	if err != nil || !likely {
		return g, false, err
	}
	text, err := s.file(dir+"cmdline", argvLimit)
	if err != nil {
		return g, false, err
	}
	args, ok := parseQEMU(text, e)
	if !ok {
		return g, false, nil
	}
	start, err := s.start(dir)
	if err != nil {
		return g, false, err
	}
	g = guest{pid: pid, start: start, qemuArgs: args}
	return g, true, s.place(&g)
}

// judge reports whether a process may be QEMU, and what shows it. A command line, which can show it too, is read only then:
// it can be long, and to read it takes the process's own memory lock, which may be held for long.
//
// The kernel's name of a process is the file's, cut to 15 bytes, until the process takes another, as -name process= makes
// QEMU do. The file itself is to be seen by those who may trace the process. To others remains where it was put.
func (s *qemuScan) judge(dir string) (e evidence, likely bool, err error) {
	text, err := s.file(dir+"comm", procfile.PageSize)
	if err != nil {
		return noEvidence, false, err
	}
	comm := bytes.TrimSpace(text)
	switch {
	case string(comm) == "kvm", bytes.HasPrefix(bytes.TrimPrefix(comm, []byte(".")), []byte("qemu-system")), string(comm) == "qemu-kvm":
		e = itsName
	}
	likely = e == itsName || bytes.Contains(comm, []byte("qemu"))
	var target [512]byte
	n, err := s.link(s.root+dir+"exe", target[:])
	switch {
	case err == nil && isQEMU(bytes.TrimSuffix(target[:max(n, 0)], []byte(" (deleted)"))):
		return itsFile, true, nil
	case likely || err != unix.EACCES:
		return e, likely, nil // a thread of the kernel has no file
	}
	text, err = s.file(dir+"cgroup", procfile.PageSize)
	return e, err == nil && ofVMs(text), err
}

// start is when a process began. A zombie has vanished.
func (s *qemuScan) start(dir string) (uint64, error) {
	text, err := s.file(dir+"stat", procfile.PageSize)
	if err != nil {
		return 0, err
	}
	stat, _, err := procfile.ParseProcessStat(text)
	if err == nil && stat.Ended() {
		err = unix.ESRCH
	}
	return stat.Start, err
}

// place finds the guest's cgroup and network namespace. libvirt moves a QEMU that it has started into its cgroup. One
// that somebody started on this host itself is not KubeVirt's, whatever its name looks like.
func (s *qemuScan) place(g *guest) error {
	text, err := s.file(procDir(g.pid)+"cgroup", procfile.PageSize)
	if err != nil {
		return err
	}
	if g.namespace != "" && ofTheHost(text) {
		g.namespace, g.name = "", g.namespace+"_"+g.name
	}
	g.rank = rankOf(text)
	g.cgroup, g.whyDisk = findCgroup(s.root, parseCgroup(text))
	g.whyNet, err = whyNoNet(s.root, g.pid)
	return err
}

// file reads a file below the root, that many bytes at most. The text is good until the next call.
func (s *qemuScan) file(name string, most int) ([]byte, error) {
	text, err := s.read(s.root+name, s.text[:0], most)
	if err != nil {
		return nil, &procfile.ReadError{Name: name, Cause: err}
	}
	s.text = text
	return text, nil
}

// list lists the processes, by pid.
func (s *qemuScan) list() error {
	s.lister.Root = s.root
	defer s.lister.Close()
	var err error
	if s.listed, err = s.lister.List(s.listed[:0]); err != nil {
		return err
	}
	s.now, s.before = s.before[:0], s.now
	for _, p := range s.listed {
		s.now = append(s.now, process{Process: p})
	}
	return nil
}

// settle sorts the guests, takes the disk figures from those that share a cgroup, and leaves out those that are more than
// most, and reports whether there are such: first those that any user can make.
func (g *guests) settle(most int) (left bool) {
	users := make(map[string]int, len(g.list))
	for i := range g.list {
		users[g.list[i].cgroup]++
	}
	for i := range g.list {
		if one := &g.list[i]; one.cgroup != "" && users[one.cgroup] > 1 {
			one.cgroup, one.whyDisk = "", whyShared
		}
	}
	if left = len(g.list) > most; left {
		order.By(g.list, func(a, b *guest) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.start, b.start), cmp.Compare(a.pid, b.pid))
		})
		g.list = slices.Clone(g.list[:most])
	}
	order.By(g.list, func(a, b *guest) int {
		return cmp.Or(strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name), cmp.Compare(a.pid, b.pid))
	})
	return left
}

// same reports whether both are the same to those that follow them.
func (g *guests) same(other *guests) bool {
	return slices.Equal(g.list, other.list) && slices.Equal(g.stacked, other.stacked) && sameError(g.err, other.err)
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Error() == b.Error()
}

// readSmall reads a file from its start into buf, which grows as far as most. The rest is left.
func readSmall(path string, buf []byte, most int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for len(buf) < most {
		buf = slices.Grow(buf, procfile.PageSize)
		n, err := unix.Read(fd, buf[len(buf):min(cap(buf), most)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
	}
	return buf, nil
}
