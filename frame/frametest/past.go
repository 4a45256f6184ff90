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

// Alarmed gives the fixed frame alerts of each state, one of them critical and not acknowledged.
func Alarmed(f *frame.Frame) {
	at := func(ago time.Duration) time.Duration { return f.Boot - ago }
	alert := func(p frame.Problem, s frame.AlertState, ago time.Duration, came int) frame.Alert {
		p.Since = at(ago)
		a := frame.Alert{Problem: p, State: s, Fired: at(ago - 5*time.Second), Seen: f.Boot, Came: came}
		if s == frame.Pending {
			a.Fired = 0
		}
		if s >= frame.Fading {
			a.Seen = at(ago / 2)
		}
		return a
	}
	f.Alerts = []frame.Alert{
		alert(frame.Problem{Kind: frame.MountHangs, Severity: journal.Crit, Subject: "/var/lib/longhorn", Where: frame.Dashboard}, frame.Firing, 14*time.Minute, 1),
		alert(frame.Problem{Kind: frame.ServiceDown, Severity: journal.Crit, Subject: "k3s.service", Detail: "exit-code", Where: frame.Logs,
			Reason: "Main process exited, code=exited, status=1/FAILURE"}, frame.Firing, 3*time.Hour, 3),
		alert(frame.Problem{Kind: frame.VMFailing, Severity: journal.Err, Of: "team-0", Subject: "database-primary-with-a-long-name", Detail: "CrashLoopBackOff",
			Reason: "the guest has failed to start 12 times", Where: frame.Dashboard}, frame.Firing, 2*time.Minute, 1),
		alert(frame.Problem{Kind: frame.NoCarrier, Severity: journal.Err, Subject: "enp3s0f1", Hit: frame.Hit{Bridge: "br1", VMs: 5}, Where: frame.Network}, frame.Fading, 4*time.Minute, 20),
		alert(frame.Problem{Kind: frame.FilesystemFull, Severity: journal.Warning, Subject: "/", Percent: 91, Where: frame.Dashboard}, frame.Pending, 20*time.Second, 1),
		alert(frame.Problem{Kind: frame.UnitFailed, Severity: journal.Err, Subject: "backup.service", Detail: "timeout", Where: frame.Logs}, frame.Over, 26*time.Hour, 2),
	}
	f.Alerts[1].Acked = true
	f.Alerts[2].Hidden = true
	f.Alerts[3].Unsure = true
	f.Bell = frame.Bell{Rings: true, From: journal.Crit}
}
