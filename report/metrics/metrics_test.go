package metrics

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md anew; then read their diff")

// written is the exposition of f in both formats, which must say the same.
func written(t testing.TB, f *frame.Frame, o Options) *exposition {
	t.Helper()
	var w Writer
	var both [2]*exposition
	for _, format := range [...]Format{Text, OpenMetrics} {
		text := w.Append([]byte("before"), f, format, o)
		e, err := parse(bytes.TrimPrefix(text, []byte("before")), format)
		if err != nil {
			t.Fatalf("format %d: %v", format, err)
		}
		both[format] = e
		if format == Text {
			oracle(t, text[len("before"):], e)
		}
	}
	if !maps.Equal(both[Text].values, both[OpenMetrics].values) {
		t.Fatal("the formats differ")
	}
	return both[Text]
}

// oracle holds what parse makes of a text to what Prometheus's own parser does.
func oracle(t testing.TB, text []byte, e *exposition) {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for name, f := range families {
		series += len(f.GetMetric())
		if got := e.families[name]; got == nil || got.help != f.GetHelp() || !strings.EqualFold(got.kind, f.GetType().String()) {
			t.Fatalf("%s: %+v, want %s, %s", name, got, f.GetType(), f.GetHelp())
		}
	}
	if series != len(e.values) || len(families) != len(e.families) {
		t.Fatalf("%d series of %d families, want %d of %d", len(e.values), len(e.families), series, len(families))
	}
}

// absent stands for a series that is not there.
var absent = math.NaN()

// reads holds the exposition of f to what is wanted of some series, named as exposition.values has them.
func reads(t *testing.T, f *frame.Frame, o Options, want map[string]float64) {
	t.Helper()
	e := written(t, f, o)
	for series, v := range want {
		got, there := e.values[series]
		if there == math.IsNaN(v) || there && got != v {
			t.Errorf("%s: %v (there: %v), want %v", series, got, there, v)
		}
	}
}

// TestFixturesAreExpositions, with and without counters, and with any part of the frame missing.
func TestFixturesAreExpositions(t *testing.T) {
	for name, change := range fixtures {
		t.Run(name, func(t *testing.T) {
			f := frametest.Fixed()
			change(f)
			for _, c := range []*sample.Counters{nil, {}, counters(4, 2)} {
				f.Counters = c
				if e := written(t, f, Options{KubevirtNames: true}); len(e.values) < 100 {
					t.Errorf("%d series", len(e.values))
				}
			}
			for _, part := range parts {
				without := *f
				part.take(&without.Snapshot)
				written(t, &without, Options{KubevirtNames: true})
				without.Guests, without.Sources, without.Problems = nil, nil, nil // not the memory of f
				frametest.Derive(&without)
				written(t, &without, Options{KubevirtNames: true})
			}
		})
	}
}

// TestFirstFrameSaysNothing: before the first sample nothing is known but the clock and this program.
func TestFirstFrameSaysNothing(t *testing.T) {
	f := &frame.Frame{Snapshot: frame.Snapshot{Now: time.Unix(1_700_000_000, 0), Settings: &frame.Settings{Version: "1.0.0", Refresh: 2 * time.Second}}}
	frametest.Derive(f)
	for _, f := range []*frame.Frame{f, {}} {
		for series := range written(t, f, Options{KubevirtNames: true}).values {
			if !regexp.MustCompile(`^(node_time_seconds|node_exporter_build_info.*|hypervisor_build_info.*|hypervisor_exporter_series_omitted)$`).MatchString(series) {
				t.Errorf("%s", series)
			}
		}
	}
}

// TestEveryFamilyHasASeries where all is known, and each family is described as a family should be.
func TestEveryFamilyHasASeries(t *testing.T) {
	e := written(t, full(), Options{KubevirtNames: true})
	names, collectors := map[string]bool{}, map[string]bool{}
	for _, groups := range [...][]group{families().host, families().network, families().plugins, families().self} {
		for i := range groups {
			g := &groups[i]
			if collectors[g.collector] && g.collector != "" || g.title == "" {
				t.Errorf("%q: collector %q twice, or no title", g.title, g.collector)
			}
			collectors[g.collector] = true
			for n := range g.families {
				f := &g.families[n]
				found := false
				for name := range e.families {
					found = found || name == f.name || f.rest && strings.HasPrefix(name, f.name)
				}
				if !found {
					t.Errorf("%s has no series", f.name)
				}
				if names[f.name] || !strings.HasSuffix(f.help, ".") || strings.ContainsAny(f.help, "\\\"\n|") {
					t.Errorf("%s is there twice, or its help is no sentence", f.name)
				}
				if !Serves(f.name) {
					t.Errorf("%s is not served", f.name)
				}
				names[f.name] = true
			}
		}
	}
	if !Serves("node_memory_SwapFree_bytes") || !Serves("node_cpu_seconds") || Serves("node_load") || Serves("my_metric") {
		t.Error("Serves does not know the names")
	}
}

// TestMixinNames: each series that node_exporter's mixin reads is there on a host that has all.
func TestMixinNames(t *testing.T) {
	text, err := os.ReadFile("testdata/mixin-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	e := written(t, full(), Options{})
	seen := 0
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name == "" || name[0] == '#' {
			continue
		}
		seen++
		if e.families[name] == nil {
			t.Errorf("%s is not there", name)
		}
	}
	if seen < 40 {
		t.Errorf("%d names", seen)
	}
}

func TestValues(t *testing.T) {
	reads(t, full(), Options{KubevirtNames: true}, map[string]float64{
		"node_cpu_seconds_total{cpu=3,mode=user}": 1234.59, "node_cpu_seconds_total{cpu=0,mode=iowait}": 0.07, "node_cpu_seconds_total{cpu=0,mode=idle}": 987654.32,
		"node_cpu_guest_seconds_total{cpu=0,mode=user}": 1000, "node_cpu_guest_seconds_total{cpu=0,mode=nice}": 0.05,
		"node_memory_MemAvailable_bytes": 64 << 30, "node_memory_Active_anon_bytes": 64 << 30, "node_memory_HugePages_Total": 12,
		"node_vmstat_pgmajfault": 370330, "node_filefd_maximum": math.MaxInt64, "node_pressure_cpu_waiting_seconds_total": 20151.328479,
		"node_disk_read_bytes_total{device=sd1}": 71744 * 512, "node_disk_read_time_seconds_total{device=sd0}": 2042.21, "node_disk_io_now{device=sd0}": 1,
		"node_disk_reads_completed_total{device=sd1}": 33796, "node_disk_write_time_seconds_total{device=sd0}": 0.316,
		"node_filesystem_free_bytes{device=nvme0n1p1,fstype=ext4,mountpoint=/}":                                       200 << 30,
		"node_filesystem_device_error{device=nvme0n1p1,fstype=ext4,mountpoint=/}":                                     0,
		"node_filesystem_device_error{device=nas:/export,device_error=not answering,fstype=nfs4,mountpoint=/mnt/nfs}": 1,
		"node_filesystem_size_bytes{device=nas:/export,fstype=nfs4,mountpoint=/mnt/nfs}":                              absent,
		"node_md_disks{device=md0,state=active}":                                                                      1, "node_md_disks{device=md0,state=failed}": 1, "node_md_disks_required{device=md0}": 2,
		"node_md_state{device=md0,state=recovering}": 1, "node_md_state{device=md0,state=active}": 0,
		"node_edac_correctable_errors_total{controller=0}": 3, "node_zfs_zpool_state{state=online,zpool=tank}": 1,
		"node_systemd_unit_state{name=smartd.service,state=failed}": 1, "node_systemd_unit_state{name=k3s.service,state=failed}": 0,
		"node_bonding_slaves{master=br-storage}": 2, "node_bonding_active{master=br-storage}": 1,
		"node_network_speed_bytes{device=eth0}": 1.25e9, "node_network_speed_bytes{device=eth1}": absent, "node_network_carrier_changes_total{device=eth0}": absent,
		"node_network_receive_errs_total{device=eth0}": 7, "node_network_transmit_drop_total{device=eth1}": 8,
		"hypervisor_interface_vm_info{device=vnet1,name=rescue}": 1, "hypervisor_alerts{severity=crit,state=firing}": 1, "hypervisor_alerts{severity=err,state=firing}": 0,
		"hypervisor_nixos_info{current_generation=42,generation=43,version=26.05.1234}": 1, "hypervisor_last_boot_clean": 0,
		"hypervisor_vm_status{name=vm-00,namespace=team-0,status=Running}": 1, "hypervisor_vm_memory_resident_bytes{name=vm-00,namespace=team-0}": 3 << 30,
		"kubevirt_vmi_non_evictable{name=vm-03,namespace=team-0,node=hypervisor-01}": 1, "kubevirt_vmi_non_evictable{name=vm-00,namespace=team-0,node=hypervisor-01}": 0,
		"kubevirt_vmi_memory_resident_bytes{name=vm-00,namespace=team-0,node=hypervisor-01}": 3 << 30, "kubevirt_vmi_memory_resident_bytes{name=rescue}": absent,
		"kubevirt_vmi_cpu_usage_seconds_total{name=vm-00,namespace=team-0,node=hypervisor-01}": 1234.56, "hypervisor_vm_cpu_seconds_total{name=vm-00,namespace=team-0}": 1234.56,
		"hypervisor_vm_storage_read_bytes_total{name=vm-00,namespace=team-0}": 11, "hypervisor_vm_storage_written_bytes_total{name=vm-00,namespace=team-0}": 12,
		"hypervisor_vm_network_receive_bytes_total{name=vm-00,namespace=team-0}": 13, "hypervisor_vm_network_transmit_bytes_total{name=vm-00,namespace=team-0}": 14,
		"hypervisor_vm_cpu_seconds_total{name=database-01,namespace=default}": absent,
		"node_timex_offset_seconds": -0.00025, "node_timex_maxerror_seconds": 0.0125, "node_timex_sync_status": 1, "hypervisor_clock_synchronised": 1,
		"node_filesystem_files_free{device=nvme0n1p1,fstype=ext4,mountpoint=/}": 51673825, "node_filesystem_files{device=nvme0n1p2,fstype=vfat,mountpoint=/boot}": absent,
		"hypervisor_self_viewers": 2, "hypervisor_log_entries_total{severity=err}": 7, "hypervisor_log_entries_total{severity=debug}": 0,
		"hypervisor_exporter_series_omitted": 0, "hypervisor_recording": 1, "hypervisor_self_cpu_seconds_total": 12.5,
	})
	reads(t, full(), Options{}, map[string]float64{"kubevirt_vmi_memory_resident_bytes{name=vm-00,namespace=team-0,node=hypervisor-01}": absent})
}

// TestUnknownIsAbsent: of counters that the kernel does not have there is no series, not one of 0.
func TestUnknownIsAbsent(t *testing.T) {
	f := full()
	f.Counters.CPUs[1].HasGuest = false
	f.Counters.Disks[1].Columns = 11
	f.Counters.Forks, f.Counters.Pressure.IRQFull, f.Counters.Files.Maximum = sample.Count{}, sample.Count{}, sample.Count{}
	f.Host.Sensors[0].Celsius = math.NaN()
	f.Net.Sockets = sample.SocketCounts{TCP: -1, UDP: -1, Established: -1, Conntrack: -1, ConntrackMax: -1}
	f.Net.Interfaces[1].Counted, f.Net.Interfaces[2].AdminUp = false, false
	f.Units.Watched[0].Restarts = -1
	f.System.NixOS.RebootKnown, f.System.LastBoot.Known = false, false
	f.Host.Arrays[0].State = "unknown"
	f.VMs.VMs[0].WhyMemory = "permission denied"
	reads(t, f, Options{}, map[string]float64{
		"node_cpu_guest_seconds_total{cpu=0,mode=user}": 1000, "node_cpu_guest_seconds_total{cpu=1,mode=user}": absent,
		"node_disk_discards_completed_total{device=sd0}": 35, "node_disk_discards_completed_total{device=sd1}": absent, "node_disk_flush_requests_total{device=sd1}": absent,
		"node_disk_writes_completed_total{device=sd1}": 23197, "node_forks_total": absent, "node_pressure_irq_stalled_seconds_total": absent, "node_filefd_maximum": absent,
		"hypervisor_temperature_celsius{sensor=coretemp Package id 0}": absent, "node_nf_conntrack_entries": absent, "node_netstat_Tcp_CurrEstab": absent,
		"node_network_receive_bytes_total{device=eth0}": absent, "node_network_carrier{device=eth1}": absent, "node_systemd_service_restart_total{name=k3s.service}": absent,
		"hypervisor_nixos_reboot_needed": absent, "hypervisor_last_boot_clean": absent, "node_md_state{device=md0,state=active}": absent,
		"hypervisor_vm_memory_resident_bytes{name=rescue}": absent,
	})
}

// TestStaleSourceKeepsItsSeriesForFiveSamples, and says that it is old; then it has none, and is down.
func TestStaleSourceKeepsItsSeriesForFiveSamples(t *testing.T) {
	const load, up, success = "node_load1", "hypervisor_source_up{source=load}", "node_scrape_collector_success{collector=loadavg}"
	for _, c := range []struct {
		state          health.State
		age            time.Duration
		load, up, says float64
	}{
		{health.OK, 0, 2.34, 1, 0},
		{health.Stale, 10 * time.Second, 2.34, 1, 10},
		{health.Stale, 11 * time.Second, absent, 0, 11},
		{health.Failed, time.Second, absent, 0, 1},
		{health.Absent, time.Second, absent, absent, absent},
		{health.Init, 0, absent, absent, absent},
	} {
		f := full()
		f.Host.Health[sample.Loadavg] = health.Health{State: c.state, At: f.Boot - c.age, Err: "no"}
		frametest.Derive(f)
		reads(t, f, Options{}, map[string]float64{load: c.load, up: c.up, success: c.up, "hypervisor_source_age_seconds{source=load}": c.says})
	}
	f := full()
	f.Host.Health[sample.Links] = health.Health{State: health.Stale, At: f.Boot - 50*time.Second}
	reads(t, f, Options{}, map[string]float64{"node_network_mtu_bytes{device=eth0}": 1500})
	f.Host.Health[sample.Links].At -= time.Second
	reads(t, f, Options{}, map[string]float64{"node_network_mtu_bytes{device=eth0}": absent, "node_network_receive_bytes_total{device=eth0}": 450 << 30})
}

// TestSourcesThatAreNotAsked: one that speaks when it has something to say has no age, and one that is read only while somebody
// looks is neither up nor down.
func TestSourcesThatAreNotAsked(t *testing.T) {
	f := full()
	quiet := &f.Page.Sources[0]
	quiet.Health = health.Health{State: health.OK, At: time.Hour}
	f.Processes.Health = health.Health{State: health.OK, At: time.Hour}
	frametest.Derive(f)
	reads(t, f, Options{}, map[string]float64{
		"hypervisor_source_up{source=" + quiet.Name + "}": 1, "hypervisor_source_age_seconds{source=" + quiet.Name + "}": absent,
		"hypervisor_source_up{source=processes}": absent, "hypervisor_source_age_seconds{source=processes}": absent,
	})
	quiet.Health = health.Health{State: health.Stale, At: time.Hour}
	frametest.Derive(f)
	reads(t, f, Options{}, map[string]float64{"hypervisor_source_up{source=" + quiet.Name + "}": 0, "hypervisor_source_age_seconds{source=" + quiet.Name + "}": absent})
}

// TestFilesystemsOfNodeExporter: what node_exporter leaves out by default would be in the sums of its dashboards.
func TestFilesystemsOfNodeExporter(t *testing.T) {
	f := full()
	f.Host.Filesystems = nil
	mount := func(point, kind string) {
		f.Host.Filesystems = append(f.Host.Filesystems, sample.Filesystem{Mount: point, Device: "x", Type: kind, Total: 7, Health: frametest.OK()})
	}
	mount("/dev", "devtmpfs")
	mount("/dev/shm", "tmpfs")
	mount("/sys/fs/cgroup", "tmpfs")
	mount("/nix/.ro-store", "squashfs")
	mount("/", "overlay")
	mount("/development", "ext4")
	mount("/run", "tmpfs")
	for series := range written(t, f, Options{}).values {
		if name, labels, _ := strings.Cut(series, "{"); strings.HasPrefix(name, "node_filesystem_") && !strings.Contains(labels, "=/run}") && !strings.Contains(labels, "=/development}") {
			t.Error(series)
		}
	}
	reads(t, f, Options{}, map[string]float64{"node_filesystem_size_bytes{device=x,fstype=ext4,mountpoint=/development}": 7, "node_filesystem_device_error{device=x,fstype=tmpfs,mountpoint=/run}": 0})
}

// TestVMsOfADeadAPI: what the host itself sees of its VMs goes on; what the API said goes.
func TestVMsOfADeadAPI(t *testing.T) {
	f := frametest.Fixed()
	frametest.APIDown(f)
	reads(t, f, Options{KubevirtNames: true}, map[string]float64{
		"hypervisor_vm_memory_resident_bytes{name=vm-00,namespace=team-0}":                   8 << 30,
		"kubevirt_vmi_memory_resident_bytes{name=vm-00,namespace=team-0,node=hypervisor-01}": 8 << 30,
		"hypervisor_vm_status{name=vm-00,namespace=team-0,status=Running}":                   absent,
		"hypervisor_cluster_vms{status=Running}":                                             absent,
		"hypervisor_drain_blockers":                                                          absent,
		"hypervisor_cluster_api_up":                                                          0,
		"hypervisor_cluster_rung{rung=kubeconfig}":                                           1,
		"hypervisor_cluster_rung{rung=connection}":                                           0,
		"hypervisor_cluster_rung{rung=ready}":                                                absent,
	})
}

// TestVMsOfOneNameAreOneSeries: the figures are of the process that began last.
func TestVMsOfOneNameAreOneSeries(t *testing.T) {
	f := full()
	f.VMs.VMs = []qemu.VM{
		{PID: 1, Memory: 1},
		{PID: 2, Memory: 2},
		{Name: "twin", PID: 3, Started: 2 * time.Minute, Memory: 3},
		{Name: "twin", PID: 4, Started: 3 * time.Minute, Memory: 4},
		{Name: "twin", PID: 5, Started: 1 * time.Minute, Memory: 5},
	}
	frametest.Derive(f)
	reads(t, f, Options{}, map[string]float64{
		"hypervisor_qemu_processes": 5, "hypervisor_vm_processes{name=twin}": 3, "hypervisor_vm_memory_resident_bytes{name=twin}": 4,
		"hypervisor_vm_memory_resident_bytes{}": absent, "hypervisor_vm_processes{name=vm-00,namespace=team-0}": 0,
	})
}

// TestProblemsAreBounded: the worst 32, each once, and all of them counted.
func TestProblemsAreBounded(t *testing.T) {
	f := full()
	f.Problems = []frame.Problem{
		{Severity: journal.Crit, Kind: frame.NodeFault, Subject: "node-3", Of: "Ready"},
		{Severity: journal.Crit, Kind: frame.NodeFault, Subject: "node-3", Of: "DiskPressure"},
		{Severity: journal.Err, Kind: frame.VMFailing, Subject: "web", Of: "team-0"},
		{Severity: journal.Err, Kind: frame.VMFailing, Subject: "web", Of: "team-1"},
	}
	for i := range 40 {
		f.Problems = append(f.Problems, frame.Problem{Severity: journal.Warning, Kind: frame.FilesystemFull, Subject: fmt.Sprint("/", i), Percent: 90})
	}
	e := written(t, f, Options{})
	series := slices.Collect(maps.Keys(e.values))
	series = slices.DeleteFunc(series, func(s string) bool { return !strings.HasPrefix(s, "hypervisor_problem{") })
	if len(series) != 31 {
		t.Errorf("%d series: %q", len(series), series)
	}
	reads(t, f, Options{}, map[string]float64{
		"hypervisor_problems{severity=crit}": 2, "hypervisor_problems{severity=err}": 2, "hypervisor_problems{severity=warning}": 40,
		"hypervisor_problem{kind=vm-failing,namespace=team-1,severity=err,subject=web}": 1, "hypervisor_problem{kind=node-fault,severity=crit,subject=node-3}": 1,
	})
}

// TestSeriesLimit: ports of bridges go first, whole ones, and what is left out is counted.
func TestSeriesLimit(t *testing.T) {
	f := full()
	for _, l := range f.Net.Interfaces {
		l.Plain = l.Kind == "veth"
	}
	whole := written(t, f, Options{})
	total := len(whole.values)
	port := func(e *exposition, name string) (n int) {
		for s := range e.values {
			if strings.HasPrefix(s, "node_network_") && strings.Contains(s, "device="+name) || strings.Contains(s, "{device="+name+",") {
				n++
			}
		}
		return n
	}
	always := 0 // what is written even without room
	for s := range whole.values {
		if regexp.MustCompile(`^(hypervisor_(source|self|build|exporter)_|node_scrape_|node_textfile_scrape_error)`).MatchString(s) {
			always++
		}
	}
	for _, limit := range []int{total, total - always - 20, total - always - 200, 100, 1} {
		e := written(t, f, Options{MaxSeries: limit})
		if got := len(e.values) + int(e.values["hypervisor_exporter_series_omitted"]); got != total || len(e.values)-always > limit {
			t.Errorf("limit %d: %d series and %v left out, of %d", limit, len(e.values), e.values["hypervisor_exporter_series_omitted"], total)
		}
		for name := range e.families {
			if e.families[name].kind == "" {
				t.Errorf("limit %d: %s", limit, name)
			}
		}
		for _, l := range f.Net.Interfaces {
			had, has := port(whole, l.Name), port(e, l.Name)
			if l.Plain && has != 0 && has != had || !l.Plain && limit >= total-always-200 && has != had {
				t.Errorf("limit %d: %s has %d of %d series", limit, l.Name, has, had)
			}
		}
	}
	reads(t, f, Options{Deny: []string{"veth*", "["}}, map[string]float64{"node_network_up{device=eth0}": 1, "node_network_up{device=veth0000}": absent, "hypervisor_exporter_series_omitted": 0})
}

// TestNamesThatAreNone: what the kernel may call a figure some day and no family can be called.
func TestNamesThatAreNone(t *testing.T) {
	f := full()
	f.Counters.Memory = []sample.MemoryFigure{{Name: "", Value: 1}, {Name: "a b", Value: 1}, {Name: "x\n", Value: 1}, {Name: "é", Value: 1}, {Name: "Zswap", Value: 5, Bytes: true}}
	reads(t, f, Options{}, map[string]float64{"node_memory_Zswap_bytes": 5})
}

// FuzzLabels: no text makes an exposition that cannot be read, and what is clean comes back as it was.
func FuzzLabels(f *testing.F) {
	for _, s := range []string{"", "eth0", `C:\dir "x"`, "a\nb", "\x1b[31mred", "日本", "\xff\xfe", "} 1\nnode_load1 99", `\`, `"`, "a,b={}", "\u202e", "\u200d"} {
		f.Add(s)
	}
	few := full()
	few.Net, few.Kube, few.System, few.Units, few.Page, few.Sources = nil, nil, nil, nil, nil, nil // what has no text of s
	f.Fuzz(func(t *testing.T, s string) {
		fr := *few
		host := *fr.Host
		host.Filesystems = []sample.Filesystem{{Mount: s, Device: s, Type: s, Total: 7, Health: frametest.OK()}}
		host.Machine.Hostname = s
		fr.Host = &host
		fr.Counters = counters(1, 1)
		fr.Counters.Disks[0].Name, fr.Counters.Memory[0].Name = s, s
		fr.Problems = []frame.Problem{{Subject: s, Of: s, Kind: frame.VMFailing}}
		fr.Guests = []frame.Guest{{Namespace: s, Name: s, Here: true, Process: &qemu.VM{VCPUs: 2}}}
		e := written(t, &fr, Options{KubevirtNames: true})
		if _, there := e.values["node_disk_reads_completed_total{device="+cleaned(s)+"}"]; s != "" && !there {
			t.Errorf("%q is not there", s)
		}
	})
}

// BenchmarkLarge is the exposition of 256 CPUs, 200 interfaces and 500 disks.
func BenchmarkLarge(b *testing.B) {
	f := large()
	var w Writer
	var text []byte
	for _, format := range []Format{Text, OpenMetrics} {
		b.Run(format.ContentType(), func(b *testing.B) {
			b.ReportAllocs()
			began := cpuTime(b)
			for b.Loop() {
				text = w.Append(text[:0], f, format, Options{Deny: []string{"veth*", "cali*", "lxc*"}, MaxSeries: 50000})
			}
			b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(len(text)), "bytes")
			b.ReportMetric(float64(w.series), "series")
		})
	}
}

// cpuTime is what this process has used, in nanoseconds: the machine may be busy with others.
func cpuTime(b *testing.B) int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

// TestAppendDoesNotAllocate once the memory has grown.
func TestAppendDoesNotAllocate(t *testing.T) {
	f := large()
	var w Writer
	var text []byte
	for _, format := range []Format{Text, OpenMetrics} {
		o := Options{KubevirtNames: true, Deny: []string{"veth*", "cali*"}, MaxSeries: 10000}
		text = w.Append(text[:0], f, format, o)
		if n := testing.AllocsPerRun(5, func() { text = w.Append(text[:0], f, format, o) }); n != 0 {
			t.Errorf("%s: %v allocations", format.ContentType(), n)
		}
	}
}

func cleaned(s string) string { return clean.String(s) }

// TestDocs holds the tables of docs/metrics.md to the families; -update writes them anew.
func TestDocs(t *testing.T) {
	const file, from = "../../docs/metrics.md", "## Series\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), from)
	if !found {
		t.Fatalf("%s has no line %q", file, from)
	}
	want := before + from
	for _, groups := range [...][]group{families().host, families().network, families().plugins, families().self} {
		for i := range groups {
			want += "\n### " + groups[i].title + "\n\n| name | type | labels | meaning |\n|---|---|---|---|\n"
			for n := range groups[i].families {
				f := &groups[i].families[n]
				name, labels := f.name, strings.ReplaceAll(f.labels, ",", ", ")
				if f.rest {
					name += "*"
				}
				want += fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, f.kind.in(Text), labels, f.help)
			}
		}
	}
	if *update {
		err = os.WriteFile(file, []byte(want), 0o644)
	} else if string(text) != want {
		t.Errorf("%s is not what the families say; run: go test ./report/metrics -update", file)
	}
	if err != nil {
		t.Fatal(err)
	}
}
