package metrics

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// hypervisorGroups are what this program knows and node_exporter does not.
func hypervisorGroups() []group {
	return []group{
		{title: "Problems and alerts", source: judged, families: []family{
			{name: "hypervisor_problems", labels: "severity", help: "Problems that the screens show.", write: func(w *Writer, f *frame.Frame) {
				var n [journal.SeverityCount]int
				for i := range f.Problems {
					n[min(f.Problems[i].Severity, journal.Debug)]++
				}
				w.bySeverity(n)
			}},
			{name: "hypervisor_problem", labels: "kind,severity,subject,namespace", help: "1 for each of the worst problems, 32 at most.", write: problems},
			{name: "hypervisor_alerts", labels: "severity,state", help: "Alerts that are not over: pending, firing, or fading. A problem that lasts is one.", write: alerts},
			{name: "hypervisor_alerts_omitted", help: "Alerts beyond those that are counted one by one: there are too many.", write: func(w *Writer, f *frame.Frame) { w.number(f.MoreAlerts) }},
		}},
		{title: "Memory of a hypervisor", source: of(sample.Meminfo), families: []family{
			{name: "hypervisor_memory_available_bytes", help: "Memory that programs can still have: MemAvailable, and what ZFS would give back of its cache.", write: func(w *Writer, f *frame.Frame) {
				w.uint(f.Host.Memory.Available)
			}},
		}},
		{title: "Huge pages", source: of(sample.Huge), families: []family{
			hugePages("hypervisor_hugepages", "Huge pages of a size in bytes.", func(p *sample.HugePages) uint64 { return p.Total }),
			hugePages("hypervisor_hugepages_free", "Of these, those that nobody has, the reserved ones among them.", func(p *sample.HugePages) uint64 { return p.Free }),
			hugePages("hypervisor_hugepages_reserved", "Of the free ones, those that are promised to somebody.", func(p *sample.HugePages) uint64 { return p.Reserved }),
		}},
		{title: "Sensors", source: of(sample.Sensors), every: slow, families: []family{
			{name: "hypervisor_temperature_celsius", labels: "sensor", help: "Temperature by chip and label.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Sensors {
					w.float(f.Host.Sensors[i].Celsius, f.Host.Sensors[i].Name)
				}
			}},
			{name: "hypervisor_temperature_limit_celsius", labels: "sensor", help: "Its own limit.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Sensors {
					w.float(f.Host.Sensors[i].High, f.Host.Sensors[i].Name)
				}
			}},
			{name: "hypervisor_fan_rpm", labels: "fan", help: "Turns of a fan in a minute.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Fans {
					w.float(f.Host.Fans[i].RPM, f.Host.Fans[i].Name)
				}
			}},
			{name: "hypervisor_power_watts", labels: "meter", help: "Power that a meter shows.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Power {
					w.float(f.Host.Power[i].Watts, f.Host.Power[i].Name)
				}
			}},
		}},
		{title: "NixOS", source: nixosHealth, every: slow, families: []family{
			{name: "hypervisor_nixos_info", labels: "version,generation,current_generation,booted_generation", help: "Version, and the generations that boots next, runs and was booted; empty: its link is gone.", write: func(w *Writer, f *frame.Frame) {
				n := &f.System.NixOS
				w.uint(1, n.Version, w.positive(n.Generation), w.positive(n.Current), w.positive(n.BootedGeneration))
			}},
			{name: "hypervisor_nixos_reboot_needed", help: "1 while a reboot would bring another kernel.", write: func(w *Writer, f *frame.Frame) {
				if f.System.NixOS.RebootKnown {
					w.truth(f.System.NixOS.RebootNeeded)
				}
			}},
		}},
		{title: "Last boot", source: lastBootHealth, every: slow, families: []family{
			{name: "hypervisor_last_boot_clean", help: "1 when the boot before this one ended in a shutdown.", write: func(w *Writer, f *frame.Frame) {
				if f.System.LastBoot.Known {
					w.truth(f.System.LastBoot.Clean)
				}
			}},
		}},
		{title: "Cluster", families: []family{
			{name: "hypervisor_cluster_api_up", help: "1 while the API server answers that it is ready. Not of a host without a kubeconfig.", write: func(w *Writer, f *frame.Frame) {
				if f.Kube != nil && f.Kube.Health.State != health.Init && f.Kube.Health.State != health.Absent {
					w.truth(f.Kube.Health.State == health.OK)
				}
			}},
			{name: "hypervisor_cluster_rung", labels: "rung", help: "1 for what the API stands on that holds, 0 for what does not; none for what cannot be judged while one below it is broken.", write: func(w *Writer, f *frame.Frame) {
				d := frame.Diagnose(&f.Snapshot)
				for i := range d {
					if s := d[i].State; s == frame.Fine || s == frame.Broken {
						w.truth(s == frame.Fine, d[i].Name)
					}
				}
			}},
			{name: "hypervisor_cluster_certificate_expiry_seconds", labels: "certificate", help: "When the certificate is no longer good, in seconds since 1970: client, that this host shows; server, of the API.", write: func(w *Writer, f *frame.Frame) {
				if f.Kube != nil {
					w.instant(f.Kube.ClientCert.NotAfter, "client")
					w.instant(f.Kube.ServerCert.NotAfter, "server")
				}
			}},
			{name: "hypervisor_cluster_vms", labels: "status", help: "Virtual machines of the whole cluster by their printable status: each host tells of all.", write: func(w *Writer, f *frame.Frame) {
				if kindServed(f, kube.KindVM) {
					for i := range f.Kube.Virt.Tally.ByStatus {
						w.number(f.Kube.Virt.Tally.ByStatus[i].N, f.Kube.Virt.Tally.ByStatus[i].Name)
					}
				}
			}},
			{name: "hypervisor_drain_blockers", help: "What a drain of this node would meet, 50 at most.", write: func(w *Writer, f *frame.Frame) {
				if kindServed(f, kube.KindPod) && kindServed(f, kube.KindNode) && f.Kube.Local != nil {
					w.number(len(f.Kube.DrainBlockers))
				}
			}},
		}},
		{title: "Logs", families: []family{
			{name: "hypervisor_log_entries_total", kind: counter, labels: "severity", help: "Log entries that were read, those from before this program began among them.", write: func(w *Writer, f *frame.Frame) {
				if f.Page != nil {
					for s, n := range f.Page.Came {
						w.uint(n, journal.Severity(s).String())
					}
				}
			}},
			{name: "hypervisor_log_dropped_total", kind: counter, help: "Log entries that were lost before they could be kept.", write: func(w *Writer, f *frame.Frame) {
				if f.Page != nil {
					w.uint(f.Page.Dropped)
				}
			}},
			{name: "hypervisor_log_truncated_total", kind: counter, help: "Log messages that were cut.", write: func(w *Writer, f *frame.Frame) {
				if f.Page != nil {
					w.uint(f.Page.Truncated)
				}
			}},
			{name: "hypervisor_recording", help: "1 while what is known is recorded, 0 while that fails; none where it is off.", write: func(w *Writer, f *frame.Frame) {
				if f.Recording != nil && f.Recording.Health.State != health.Init && f.Recording.Health.State != health.Absent {
					w.truth(f.Recording.Health.State == health.OK)
				}
			}},
		}},
	}
}

// judged is good once there was something to judge: what is wrong is known best when the sources of the host fall silent.
func judged(f *frame.Frame) *health.Health {
	if f.Host == nil && len(f.Problems) == 0 {
		return nil
	}
	return &good
}

var good = health.Health{State: health.OK}

// mostProblems is how many problems have a series of their own.
const mostProblems = 32

// problems writes the worst problems, each once: two conditions of one node are one series.
func problems(w *Writer, f *frame.Frame) {
	worst := f.Problems[:min(len(f.Problems), mostProblems)]
	for i := range worst {
		p, again := &worst[i], false
		for k := range worst[:i] {
			o := &worst[k]
			again = again || o.Kind == p.Kind && o.Severity == p.Severity && o.Subject == p.Subject && namespaceOf(o) == namespaceOf(p)
		}
		if !again {
			w.uint(1, p.Kind.String(), p.Severity.String(), p.Subject, namespaceOf(p))
		}
	}
}

// namespaceOf is the namespace of the subject of p, empty where it has none.
func namespaceOf(p *frame.Problem) string {
	switch p.Kind {
	case frame.PodFailing, frame.GuestPaused, frame.VMFailing, frame.MigrationFailed, frame.ClaimUnbound:
		return p.Of
	}
	return ""
}

func alerts(w *Writer, f *frame.Frame) {
	for state := frame.Pending; state < frame.Over; state++ {
		var n [journal.SeverityCount]int
		for i := range f.Alerts {
			if f.Alerts[i].State == state {
				n[min(f.Alerts[i].Severity, journal.Debug)]++
			}
		}
		w.bySeverity(n, state.String())
	}
}

// bySeverity writes counts of which the first label is the severity: those of problems always, others only above 0.
func (w *Writer) bySeverity(counts [journal.SeverityCount]int, second ...string) {
	for s, n := range counts {
		severity := journal.Severity(s)
		if n == 0 && (severity < journal.Crit || severity > journal.Warning) {
			continue
		}
		if len(second) == 0 {
			w.number(n, severity.String())
		} else {
			w.number(n, severity.String(), second[0])
		}
	}
}

func hugePages(name, help string, pages func(*sample.HugePages) uint64) family {
	return family{name: name, labels: "size", help: help, write: func(w *Writer, f *frame.Frame) {
		for i := range f.Host.Huge {
			w.uint(pages(&f.Host.Huge[i]), w.text(int(f.Host.Huge[i].Size)))
		}
	}}
}

// positive is n as text, empty for what is not above 0.
func (w *Writer) positive(n int) string {
	if n <= 0 {
		return ""
	}
	return w.text(n)
}

// instant writes a time of the wall clock in seconds; there is no series of one that is not known.
func (w *Writer) instant(t time.Time, labels ...string) {
	if s := t.Unix(); s > 0 {
		w.uint(uint64(s), labels...)
	}
}

// kindServed reports whether the figures of a kind of object are good enough for a series.
func kindServed(f *frame.Frame, k kube.Kind) bool {
	return f.Kube != nil && f.Kube.Kinds[k].Has() && served(f, &f.Kube.Kinds[k].Health, slow)
}

func nixosHealth(f *frame.Frame) *health.Health {
	if f.System == nil {
		return nil
	}
	return &f.System.NixOS.Health
}

func lastBootHealth(f *frame.Frame) *health.Health {
	if f.System == nil {
		return nil
	}
	return &f.System.LastBoot.Health
}
