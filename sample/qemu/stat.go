package qemu

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"time"

	"hypervisor-tui/sample/procfile"
)

// userHZ is the unit in which the kernel tells times of processes, whatever its own tick is.
const userHZ = 100

// procDir is the directory of a process.
func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/" }

// procStat is what /proc/PID/stat says of a process and all of its threads.
type procStat struct {
	ended bool   // a zombie, or what is left behind one
	ticks uint64 // CPU time, user and system, in USER_HZ; guest time is part of it
	start uint64 // ticks from boot to its start
}

// parseProcStat parses /proc/PID/stat. The name in it may hold anything, brackets, blanks and line ends included: what
// counts begins behind the last closing bracket.
//
// Kernel: proc_pid_stat(5)
func parseProcStat(text []byte) (s procStat, err error) {
	bracket := bytes.LastIndexByte(text, ')')
	if bracket < 0 {
		return s, procfile.ErrShort
	}
	line, _ := procfile.CutLine(text[bracket+1:])
	state, line := procfile.CutWord(line)
	if len(state) != 1 {
		return s, procfile.ErrShort
	}
	s.ended = state[0] == 'Z' || state[0] == 'X' || state[0] == 'x'
	var cpu [2]uint64
	line = skipWords(line, 10)
	if n, err := procfile.Numbers(line, cpu[:]); err != nil {
		return s, err
	} else if n < len(cpu) || cpu[0] > math.MaxUint64-cpu[1] {
		return s, procfile.ErrShort
	}
	s.ticks = cpu[0] + cpu[1]
	word, _ := procfile.CutWord(skipWords(line, 8)) // some of them are negative
	s.start, err = procfile.Number(word)
	return s, err
}

func skipWords(line []byte, n int) []byte {
	for range n {
		_, line = procfile.CutWord(line)
	}
	return line
}

// sinceBoot turns ticks into a time, one beyond 280 years into those.
func sinceBoot(ticks uint64) time.Duration {
	const tick = time.Second / userHZ
	return time.Duration(min(ticks, uint64(math.MaxInt64/tick))) * tick
}

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
	for len(text) > 0 {
		var line []byte
		line, text = procfile.CutLine(text)
		if figure, ok := bytes.CutPrefix(line, []byte("HugetlbPages:")); ok {
			word, _ := procfile.CutWord(figure)
			kib, err := procfile.Number(word)
			return procfile.Times(kib, 1024), err
		}
	}
	return 0, nil
}
