package frametest

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// Eventful adds what has happened to the fixed frame in its last ten minutes.
func Eventful(f *frame.Frame) { f.Events = events(f.Now); f.Watched = f.Boot - 585*time.Second }

// Crashed makes of a frame one four minutes after a host that had lost its power booted, with what was recorded before.
func Crashed(f *frame.Frame) {
	f.Boot = 4 * time.Minute
	f.Host.Uptime = f.Boot
	f.System.LastBoot.Why = "pstore keeps a kernel panic of 2026-11-22 02:57"
	end := f.Now.Add(-f.Boot - 41*time.Second)
	f.LastRun = &frame.LastRun{
		End: end, Boot: Boot, Memory: 97.4, IOFull: 83.2, CPU: 12.6, VMs: 6,
		Problems: []frame.Problem{
			{Severity: journal.Crit, Kind: frame.MemoryShort, Percent: 97.4, Since: Boot - 6*time.Minute, Where: frame.Dashboard},
			{Severity: journal.Err, Kind: frame.UnitFailed, Subject: "k3s.service", Detail: "exit code 1", Reason: "Main process exited, code=exited, status=1/FAILURE", Since: Boot - 5*time.Minute, Where: frame.Logs},
			{Severity: journal.Warning, Kind: frame.FilesystemFull, Subject: "/var/lib/rancher", Percent: 91, Since: Boot - 3*time.Hour, Where: frame.Dashboard},
		},
		Events: events(end),
	}
}

func events(now time.Time) []frame.Event {
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	return []frame.Event{
		{Kind: frame.GenerationSwitched, At: ago(580), Severity: journal.Notice, Subject: "43", Detail: "was 42"},
		{Kind: frame.VMMigrated, At: ago(551), Severity: journal.Notice, Subject: "web-01", Of: "prod", Detail: "from hypervisor-01 to hypervisor-02", Where: frame.Dashboard},
		{Kind: frame.LinkLost, At: ago(470), Severity: journal.Warning, Subject: "eth1", Detail: "and back, 2 times", Where: frame.Network, More: 36},
		{Kind: frame.ClockStepped, At: ago(402), Severity: journal.Notice, Detail: "1m0s"},
		{Kind: frame.ProblemBegan, At: ago(360), Severity: journal.Crit, Subject: "memory 97%", Where: frame.Dashboard},
		{Kind: frame.UnitRestarted, At: ago(310), Severity: journal.Warning, Subject: "k3s.service", Detail: "exit code 1", Where: frame.Logs, More: 4},
		{Kind: frame.UnitHasFailed, At: ago(300), Severity: journal.Err, Subject: "k3s.service", Detail: "Start request repeated too quickly: it was started 5 times in 10 seconds, and systemd waits until somebody starts it", Where: frame.Logs},
		{Kind: frame.VMStopped, At: ago(16), Severity: journal.Notice, Subject: "database-01", Of: "prod", Where: frame.Dashboard},
		{Kind: frame.ProblemEnded, At: ago(4), Severity: journal.Info, Subject: "eth1 no carrier", Where: frame.Network},
	}
}
