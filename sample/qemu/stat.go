package qemu

import (
	"os"
	"strconv"

	"hypervisor-tui/sample/procfile"
)

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
