package frame

import (
	"strings"
	"time"

	"hypervisor-tui/journal"
)

const kernelRecent = time.Hour // how long a message of the kernel is reported

// kernelFaults are the kinds of what the kernel says, how bad they are, and what they are reported as.
var kernelFaults = [...]struct {
	kind     journal.KernelKind
	severity journal.Severity
	name     string
}{
	{journal.OutOfMemory, journal.Err, ""}, {journal.DiskFailed, journal.Err, "disk"}, {journal.FilesystemFailed, journal.Crit, "filesystem"},
	{journal.HardwareFailed, journal.Crit, "hardware"}, {journal.Stalled, journal.Err, "stall"}, {journal.KernelBug, journal.Crit, "bug"},
	{journal.KernelOther, journal.Crit, ""},
}

// findKernel tells what the kernel has said in the last hour, and since this boot: of each kind the newest, and how many more.
func findKernel(dst []Problem, f *Snapshot) []Problem {
	for _, c := range kernelFaults {
		p := Problem{Severity: c.severity, Kind: KernelFault, Of: c.name, More: -1, Where: Logs}
		for i := range f.Kernel {
			e := &f.Kernel[i] // ordered by their time
			if age, known := f.Age(e.Time); e.Kind != c.kind || !known || age > kernelRecent || age >= f.Boot {
				continue
			}
			p.More++
			p.Detail, p.Since, p.said = e.Text, ago(f, e.Time), e.Time
		}
		if p.More < 0 {
			continue
		}
		if c.kind == journal.OutOfMemory {
			p.Kind, p.Subject, p.Reason, p.Detail = OOMKill, killed(p.Detail), p.Detail, ""
			if strings.HasPrefix(p.Subject, "qemu") {
				p.Severity = journal.Crit // it was a VM
			}
		}
		dst = append(dst, p)
	}
	return dst
}

// killed is the name of the process that a message is about: "Killed process 4711 (java) total-vm".
func killed(text string) string {
	_, rest, _ := strings.Cut(text, "Killed process ")
	_, rest, _ = strings.Cut(rest, " (")
	if end := strings.LastIndex(rest, ") "); end > 0 {
		return rest[:end]
	}
	return "a process"
}
