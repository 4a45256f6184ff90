package sample

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"hypervisor-tui/sample/procfile"
)

const (
	mostClocks  = 16       // CPUs that are asked: to ask one that is busy interrupts it
	cpuinfoHead = 64 << 10 // of a line for each flag of each CPU: some forty CPUs
	cpus        = "/sys/devices/system/cpu/"
	cpuinfo     = "/proc/cpuinfo"
)

// readMHz is the mean clock of up to mostClocks CPUs, spread over all that are online; where no driver sets the clock,
// as in a VM, of those at the start of /proc/cpuinfo.
//
// Kernel: Documentation/admin-guide/pm/cpufreq.rst, scaling_cur_freq
func readMHz(root string) (float64, error) {
	online, err := procfile.ReadText(root, cpus+"online")
	if err == nil {
		var sum, clocks float64
		for _, cpu := range spread(online, mostClocks) {
			text, err := procfile.ReadText(root, cpus+"cpu"+strconv.Itoa(cpu)+"/cpufreq/scaling_cur_freq")
			if err != nil {
				continue // it has just gone offline, or has no driver
			}
			if kHz, err := procfile.Number([]byte(text)); err == nil && kHz > 0 {
				sum += float64(kHz) / 1000
				clocks++
			}
		}
		if clocks > 0 {
			return sum / clocks, nil
		}
	}
	file := procfile.New(root, cpuinfo)
	defer file.Close()
	text, err := file.Head(cpuinfoHead)
	if err != nil {
		return math.NaN(), err
	}
	return parseCPUInfo(text)
}

// cpuSpan is a part of a list of CPUs, both ends included.
type cpuSpan struct{ first, last int }

// cpuList reads a list such as 0-3,8,10-11 and counts its CPUs. What is not a number is left out.
//
// Kernel: Documentation/admin-guide/cputopology.rst, online
func cpuList(list string) (spans []cpuSpan, all int) {
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 16)
		last, err2 := strconv.ParseUint(to, 10, 16)
		if err1 != nil || err2 != nil || last < first {
			continue
		}
		spans = append(spans, cpuSpan{int(first), int(last)})
		all += int(last-first) + 1
	}
	return spans, all
}

// spread picks up to n numbers of a list of CPUs, at even distances.
func spread(list string, n int) []int {
	spans, all := cpuList(list)
	n = min(n, all)
	picked := make([]int, n)
	for i := range picked {
		at := i * all / n
		for _, s := range spans {
			if at <= s.last-s.first {
				picked[i] = s.first + at
				break
			}
			at -= s.last - s.first + 1
		}
	}
	return picked
}

// parseCPUInfo is the mean of the "cpu MHz" lines of /proc/cpuinfo, whose end may be missing.
func parseCPUInfo(text []byte) (float64, error) {
	var sum, clocks float64
	for line := range procfile.Lines(text[:bytes.LastIndexByte(text, '\n')+1]) {
		name, figure, ok := bytes.Cut(line, []byte(":"))
		if !ok || string(bytes.TrimSpace(name)) != "cpu MHz" {
			continue
		}
		v, err := procfile.Decimal(bytes.TrimSpace(figure))
		if err != nil {
			return math.NaN(), &procfile.ReadError{Name: cpuinfo, Cause: err}
		}
		if v > 0 {
			sum += v
			clocks++
		}
	}
	if clocks == 0 {
		return math.NaN(), errNoClock
	}
	return sum / clocks, nil
}
