package sample

import (
	"bytes"
	"math"
	"slices"
	"time"

	"hypervisor-tui/sample/procfile"
)

const allCPUs = -1 // CPU.ID of the line that sums up all of them

// statReader reads the cpu lines of /proc/stat and procs_blocked, and how many CPUs are offline when their lines have
// changed.
type statReader struct {
	file        procfile.File
	present     procfile.File
	before, now []CPUTicks
	rest        []byte // what was behind the cpu lines, in the file's memory
}

func (r *statReader) read(_ time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	if r.now, r.rest, err = parseStat(text, r.now[:0]); err != nil {
		return r.file.Fail(err)
	}
	if h.Blocked, err = parseBlocked(r.rest); err != nil {
		return r.file.Fail(err)
	}
	if len(r.now) != len(r.before) {
		h.Offline = r.countOffline(len(r.now) - 1)
	}
	h.CPU, h.Cores = deriveCPUs(r.before, r.now, h.Cores[:0])
	r.before, r.now = r.now, r.before
	return nil
}

func (r *statReader) count(c *Counters) {
	c.CPUs = holdTicks(c.CPUs, r.before[1:]) // read has made what is now what was before
	c.Interrupts, c.ContextSwitches, c.Forks = statCount(r.rest, "intr "), statCount(r.rest, "ctxt "), statCount(r.rest, "processes ")
	c.BootTime = statCount(r.rest, "btime ")
	c.Running, c.Blocked = statCount(r.rest, "procs_running "), statCount(r.rest, "procs_blocked ")
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
func parseStat(text []byte, t []CPUTicks) (_ []CPUTicks, rest []byte, err error) {
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
		if (len(t) == 0) != (id == allCPUs) || len(t) > 0 && id <= t[len(t)-1].ID {
			return t, nil, procfile.ErrOrder
		}
		t = append(t, CPUTicks{ID: id})
		if err := t[len(t)-1].parse(figures); err != nil {
			return t, nil, err
		}
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

// parse takes the figures of one cpu line. Kernels before 2.6.11 have no steal and give 7, those before 2.6.33 not both
// kinds of guest.
func (t *CPUTicks) parse(figures []byte) error {
	var v [10]uint64
	n, err := procfile.Numbers(figures, v[:])
	if err != nil {
		return err
	}
	if n < 7 {
		return procfile.ErrShort
	}
	t.User, t.Nice, t.System, t.Idle, t.IOWait = v[0], v[1], v[2], v[3], v[4]
	t.IRQ, t.SoftIRQ, t.Steal, t.Guest, t.GuestNice, t.HasGuest = v[5], v[6], v[7], v[8], v[9], n == len(v)
	return nil
}

// deriveCPUs gives the shares of all CPUs and appends those of each to cores. Both lists are as parseStat makes them;
// a CPU that was not in before (just switched on, or the first read) has NaN. The sum of all counts a CPU that is off in
// another way than one that is on: when one came or went, all are those that are in both. While one has stepped back
// nobody knows what all did.
func deriveCPUs(before, now []CPUTicks, cores []CPU) (CPU, []CPU) {
	all := unknownCPU(allCPUs)
	was, is := CPUTicks{HasGuest: true}, CPUTicks{ID: allCPUs, HasGuest: true} // those that are in both
	b, both, stepped := 0, 0, false
	for i := range now {
		for b < len(before) && before[b].ID < now[i].ID {
			b++
		}
		c := unknownCPU(now[i].ID)
		if b < len(before) && before[b].ID == now[i].ID {
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
func (t *CPUTicks) add(o *CPUTicks) {
	t.User += o.User
	t.Nice += o.Nice
	t.System += o.System
	t.Idle += o.Idle
	t.IOWait += o.IOWait
	t.IRQ += o.IRQ
	t.SoftIRQ += o.SoftIRQ
	t.Steal += o.Steal
	t.Guest += o.Guest
	t.GuestNice += o.GuestNice
	t.HasGuest = t.HasGuest && o.HasGuest
}

// steppedBack reports whether a CPU has counted less than before, as one does that was off for a while. What it has slept moves
// between idle and iowait as the kernel learns why it slept, and each of them is cut to a whole tick: together they do
// not go back.
func steppedBack(before, now *CPUTicks) bool {
	const cut = 1
	return now.User < before.User || now.Nice < before.Nice || now.System < before.System ||
		now.IRQ < before.IRQ || now.SoftIRQ < before.SoftIRQ || now.Steal < before.Steal ||
		float64(now.Idle)+float64(now.IOWait)+cut < float64(before.Idle)+float64(before.IOWait)
}

// deriveCPU gives the shares of one CPU between two reads, NaN when it has stepped back. That idle or iowait alone did
// is no time spent.
func deriveCPU(before, now *CPUTicks) CPU {
	if steppedBack(before, now) {
		return unknownCPU(now.ID)
	}
	user := float64(now.User-before.User) + float64(now.Nice-before.Nice)
	system := float64(now.System - before.System)
	irq := float64(now.IRQ-before.IRQ) + float64(now.SoftIRQ-before.SoftIRQ)
	steal := float64(now.Steal - before.Steal)
	idle := float64(now.Idle - min(before.Idle, now.Idle))
	iowait := float64(now.IOWait - min(before.IOWait, now.IOWait))
	all := user + system + irq + steal + idle + iowait
	if all == 0 {
		return unknownCPU(now.ID)
	}
	share := func(part float64) float64 { return 100 * part / all }
	guest := math.NaN()
	if was, is := before.Guest+before.GuestNice, now.Guest+now.GuestNice; before.HasGuest && now.HasGuest && is >= was {
		guest = min(share(float64(is-was)), share(user)) // they are added to it one after the other
	}
	return CPU{
		ID:     now.ID,
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

// jumpBack is how far a CPU's ticks may go back and still be the same count.
const jumpBack = 300

// holdTicks brings held, the ticks that were handed out last, up to date with those of the CPUs that are online now. It
// changes held, and allocates only when a CPU came or went.
func holdTicks(held, now []CPUTicks) []CPUTicks {
	sameID := func(a, b CPUTicks) bool { return a.ID == b.ID }
	if !slices.EqualFunc(held, now, sameID) {
		old := held
		held = slices.Clone(now)
		for i := range held {
			at, ok := slices.BinarySearchFunc(old, held[i].ID, func(t CPUTicks, id int) int { return t.ID - id })
			if ok {
				held[i] = old[at]
			}
		}
	}
	for i := range held {
		held[i].hold(&now[i])
	}
	return held
}

// hold takes what a CPU counts now, but nothing that went back by less than jumpBack: idle and iowait do so by some ticks
// (see steppedBack), and who makes rates of them takes a counter that went back for one that began at 0. What jumped back
// further has been reset.
func (t *CPUTicks) hold(now *CPUTicks) {
	is := now.figures()
	next := *t
	next.HasGuest = now.HasGuest
	for i, figure := range next.figures() {
		if *figure-min(*figure, *is[i]) >= jumpBack {
			*t = *now
			return
		}
		*figure = max(*figure, *is[i])
	}
	*t = next
}

// figures are all that a CPU counts.
func (t *CPUTicks) figures() [10]*uint64 {
	return [...]*uint64{&t.User, &t.Nice, &t.System, &t.Idle, &t.IOWait, &t.IRQ, &t.SoftIRQ, &t.Steal, &t.Guest, &t.GuestNice}
}

// statCount is the first figure of the line of /proc/stat that starts with key.
func statCount(text []byte, key string) Count {
	line, _ := procfile.Value(text, key)
	return countOf(procfile.Number(line))
}
