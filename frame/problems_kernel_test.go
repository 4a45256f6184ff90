package frame

import (
	"testing"
	"time"

	"hypervisor-tui/journal"
)

// TestWhatTheKernelSaid is told for an hour: of each kind the newest, of this boot alone.
func TestWhatTheKernelSaid(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC)
	event := func(kind journal.KernelKind, age time.Duration, text string) journal.KernelEvent {
		return journal.KernelEvent{Kind: kind, Time: at.Add(-age), Severity: journal.Err, Text: text}
	}
	const cgroup = "Memory cgroup out of memory: Killed process 4711 (node_exporter) total-vm:124532kB, anon-rss:20480kB"
	for name, c := range map[string]struct {
		events []journal.KernelEvent
		boot   time.Duration
		want   string
	}{
		"an OOM kill":        {[]journal.KernelEvent{event(journal.OutOfMemory, 12*time.Minute, cgroup)}, now, "err out of memory: killed node_exporter [logs]; "},
		"an hour ago":        {[]journal.KernelEvent{event(journal.OutOfMemory, kernelRecent, cgroup)}, now, "err out of memory: killed node_exporter [logs]; "},
		"longer ago":         {[]journal.KernelEvent{event(journal.OutOfMemory, kernelRecent+time.Second, cgroup)}, now, ""},
		"in the boot before": {[]journal.KernelEvent{event(journal.OutOfMemory, 12*time.Minute, cgroup)}, 12 * time.Minute, ""},
		"a VM":               {[]journal.KernelEvent{event(journal.OutOfMemory, 0, "Out of memory: Killed process 1 (qemu-system-x86) total-vm:1kB")}, now, "crit out of memory: killed qemu-system-x86 [logs]; "},
		"a name with signs":  {[]journal.KernelEvent{event(journal.OutOfMemory, 0, "Out of memory: Killed process 1 (a) (b) total-vm:1kB")}, now, "err out of memory: killed a) (b [logs]; "},
		"a name that is cut": {[]journal.KernelEvent{event(journal.OutOfMemory, 0, "Out of memory: Killed process 1 (ja")}, now, "err out of memory: killed a process [logs]; "},
		"the newest of three": {[]journal.KernelEvent{event(journal.DiskFailed, 50*time.Minute, "I/O error, dev sda"), event(journal.KernelOther, 20*time.Minute, "too hot"),
			event(journal.DiskFailed, 10*time.Minute, "I/O error, dev sdb"), event(journal.DiskFailed, 2*time.Hour, "I/O error, dev sdc")}, now,
			"crit kernel: too hot [logs]; err kernel: I/O error, dev sdb (and 1 more) [logs]; "},
	} {
		f := wellFrame()
		f.Now, f.Boot, f.Kernel = at, c.boot, c.events
		for i := range f.Host.Health {
			f.Host.Health[i].At = c.boot - 1
		}
		if got := words(find(nil, f)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	f := wellFrame()
	f.Now, f.Kernel = at, []journal.KernelEvent{event(journal.OutOfMemory, 12*time.Minute, cgroup)}
	if p := find(nil, f)[0]; p.Since != now-12*time.Minute || p.Reason != cgroup {
		t.Errorf("%+v, want the time and the words of the kernel", p)
	}
}

// TestAgeOfWhatTheKernelSaysAgain is that of the message that is told, and not of the first of its kind; a clock that is set
// changes none.
func TestAgeOfWhatTheKernelSaysAgain(t *testing.T) {
	const text = "nvme nvme0: controller is down; will reset: CSTS=0xffffffff"
	f := wellFrame()
	f.Now = time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC)
	f.Kernel = []journal.KernelEvent{{Kind: journal.DiskFailed, Time: f.Now, Text: text}}
	problems := find(nil, f)
	pass := func(d time.Duration) { f.Now, f.Boot = f.Now.Add(d), f.Boot+d }
	for _, step := range []struct {
		name         string
		passes, step time.Duration // of both clocks, of the wall clock alone
		again        bool
		age          time.Duration
	}{
		{"still told", 40 * time.Minute, 0, false, 40 * time.Minute},
		{"the clock is set forward", time.Minute, 5 * time.Minute, false, 41 * time.Minute},
		{"and back", time.Minute, -10 * time.Minute, false, 42 * time.Minute},
		{"said again", 5 * time.Minute, 0, true, 0},
		{"that is told, too", 30 * time.Minute, 0, false, 30 * time.Minute},
	} {
		pass(step.passes)
		f.Now = f.Now.Add(step.step)
		if step.again {
			f.Kernel = append(f.Kernel, journal.KernelEvent{Kind: journal.DiskFailed, Time: f.Now, Text: text})
		}
		problems = find(problems, f)
		if len(problems) != 1 || f.Boot-problems[0].Since != step.age {
			t.Errorf("%s: %+v, %v ago, want %v", step.name, problems, f.Boot-problems[0].Since, step.age)
		}
	}
}
