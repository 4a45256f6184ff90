package sample

import (
	"bytes"
	"math"
	"time"

	"hypervisor-tui/sample/procfile"
)

const allCPUs = -1 // CPU.ID of the line that sums up all of them

// ticks is one cpu line of /proc/stat, in USER_HZ. user contains guest and nice contains guest_nice.
type ticks struct {
	id                                                    int
	user, nice, system, idle, iowait, irq, softirq, steal uint64
	guest                                                 uint64 // guest and guest_nice
	guests                                                bool   // guest is counted
}

// statReader reads the cpu lines of /proc/stat and procs_blocked, and how many CPUs are offline when their lines have
// changed.
type statReader struct {
	file        procfile.File
	present     procfile.File
	before, now []ticks
}

func (r *statReader) read(_ time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	var rest []byte
	if r.now, rest, err = parseStat(text, r.now[:0]); err != nil {
		return r.file.Fail(err)
	}
	if h.Blocked, err = parseBlocked(rest); err != nil {
		return r.file.Fail(err)
	}
	if len(r.now) != len(r.before) {
		h.Offline = r.countOffline(len(r.now) - 1)
	}
	h.CPU, h.Cores = deriveCPUs(r.before, r.now, h.Cores[:0])
	r.before, r.now = r.now, r.before
	return nil
}

func (r *statReader) close() {
	r.file.Close()
	r.present.Close()
}

// countOffline counts the CPUs that are present beyond those that are online, -1 where the kernel does not list them.
// Those that are only possible, as in a VM that could be given more, are not there. It allocates.
//
// Kernel: Documentation/admin-guide/cputopology.rst, present
func (r *statReader) countOffline(online int) int {
	defer r.present.Close() // it is seldom needed again
	text, err := r.present.Read()
	if err != nil {
		return -1
	}
	line, _ := procfile.CutLine(text)
	_, present := cpuList(string(line))
	if present < online {
		return -1
	}
	return present - online
}

// parseStat appends the cpu lines of /proc/stat to t: first the sum of all with id -1, then each online CPU by id. rest
// is what is behind them.
//
// Kernel: Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics in /proc/stat"
func parseStat(text []byte, t []ticks) (_ []ticks, rest []byte, err error) {
	for len(text) > 0 {
		line, behind := procfile.CutLine(text)
		if !bytes.HasPrefix(line, []byte("cpu")) {
			break
		}
		text = behind
		id, figures, err := cpuID(line[len("cpu"):])
		if err != nil {
			return t, nil, err
		}
		c, err := parseTicks(figures)
		if err != nil {
			return t, nil, err
		}
		c.id = id
		if (len(t) == 0) != (id == allCPUs) || len(t) > 0 && id <= t[len(t)-1].id {
			return t, nil, procfile.ErrOrder
		}
		t = append(t, c)
	}
	if len(t) == 0 {
		return t, nil, procfile.ErrFields
	}
	return t, text, nil
}

// parseBlocked returns procs_blocked out of what is behind the cpu lines, -1 without one, as in a container's
// made-up file. The intr line alone can be longer than all else, so lines are told by their start.
func parseBlocked(text []byte) (int, error) {
	if figure, ok := procfile.Value(text, "procs_blocked "); ok {
		return parseCount(figure)
	}
	return -1, nil
}

// cpuID cuts the number off the line of one CPU; the line of all of them has a blank there.
func cpuID(line []byte) (id int, figures []byte, err error) {
	if len(line) == 0 {
		return 0, nil, procfile.ErrShort
	}
	if procfile.Blank(line[0]) {
		return allCPUs, line, nil
	}
	word, figures := procfile.CutWord(line)
	n, err := procfile.Number(word)
	if err != nil || n > math.MaxInt32 {
		return 0, nil, procfile.ErrNumber
	}
	return int(n), figures, nil
}

// parseTicks takes the figures of one cpu line. Kernels before 2.6.11 have no steal and give 7, those before 2.6.33 not
// both kinds of guest.
func parseTicks(figures []byte) (ticks, error) {
	var v [10]uint64
	n, err := procfile.Numbers(figures, v[:])
	if err != nil {
		return ticks{}, err
	}
	if n < 7 {
		return ticks{}, procfile.ErrShort
	}
	return ticks{
		user: v[0], nice: v[1], system: v[2], idle: v[3], iowait: v[4], irq: v[5], softirq: v[6], steal: v[7],
		guest: v[8] + v[9], guests: n == len(v),
	}, nil
}

// deriveCPUs gives the shares of all CPUs and appends those of each to cores. Both lists are as parseStat makes them;
// a CPU that was not in before (just switched on, or the first read) has NaN. The sum of all counts a CPU that is off in
// another way than one that is on: when one came or went, all are those that are in both. While one has stepped back
// nobody knows what all did.
func deriveCPUs(before, now []ticks, cores []CPU) (CPU, []CPU) {
	all := unknownCPU(allCPUs)
	was, is := ticks{guests: true}, ticks{id: allCPUs, guests: true} // those that are in both
	b, both, stepped := 0, 0, false
	for i := range now {
		for b < len(before) && before[b].id < now[i].id {
			b++
		}
		c := unknownCPU(now[i].id)
		if b < len(before) && before[b].id == now[i].id {
			c = deriveCPU(&before[b], &now[i])
			if i > 0 {
				stepped = stepped || steppedBack(&before[b], &now[i])
				was.add(&before[b])
				is.add(&now[i])
			}
			both++
		}
		if i == 0 {
			all = c
		} else {
			cores = append(cores, c)
		}
	}
	switch {
	case stepped:
		all = unknownCPU(allCPUs)
	case both > 0 && (both < len(now) || both < len(before)):
		all = deriveCPU(&was, &is)
	}
	return all, cores
}

// add adds the ticks of another CPU.
func (t *ticks) add(o *ticks) {
	t.user += o.user
	t.nice += o.nice
	t.system += o.system
	t.idle += o.idle
	t.iowait += o.iowait
	t.irq += o.irq
	t.softirq += o.softirq
	t.steal += o.steal
	t.guest += o.guest
	t.guests = t.guests && o.guests
}

// steppedBack reports whether a CPU has counted less than before, as one does that was off for a while. What it has slept moves
// between idle and iowait as the kernel learns why it slept, and each of them is cut to a whole tick: together they do
// not go back.
func steppedBack(before, now *ticks) bool {
	const cut = 1
	return now.user < before.user || now.nice < before.nice || now.system < before.system ||
		now.irq < before.irq || now.softirq < before.softirq || now.steal < before.steal ||
		float64(now.idle)+float64(now.iowait)+cut < float64(before.idle)+float64(before.iowait)
}

// deriveCPU gives the shares of one CPU between two reads, NaN when it has stepped back. That idle or iowait alone did
// is no time spent.
func deriveCPU(before, now *ticks) CPU {
	if steppedBack(before, now) {
		return unknownCPU(now.id)
	}
	user := float64(now.user-before.user) + float64(now.nice-before.nice)
	system := float64(now.system - before.system)
	irq := float64(now.irq-before.irq) + float64(now.softirq-before.softirq)
	steal := float64(now.steal - before.steal)
	idle := float64(now.idle - min(before.idle, now.idle))
	iowait := float64(now.iowait - min(before.iowait, now.iowait))
	all := user + system + irq + steal + idle + iowait
	if all == 0 {
		return unknownCPU(now.id)
	}
	share := func(part float64) float64 { return 100 * part / all }
	guest := math.NaN()
	if before.guests && now.guests && now.guest >= before.guest {
		guest = min(share(float64(now.guest-before.guest)), share(user)) // they are added to it one after the other
	}
	return CPU{
		ID:     now.id,
		Busy:   max(0, 100-share(idle)-share(iowait)),
		User:   share(user),
		System: share(system),
		IOWait: share(iowait),
		IRQ:    share(irq),
		Steal:  share(steal),
		Guest:  guest,
	}
}

func unknownCPU(id int) CPU {
	nan := math.NaN()
	return CPU{ID: id, Busy: nan, User: nan, System: nan, IOWait: nan, IRQ: nan, Steal: nan, Guest: nan}
}
