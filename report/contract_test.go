package report

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// contract is what scripts rely on: at each place its keys, with [] behind a list, .* behind an object whose keys are
// not ours, and ! behind what is never null. A line may gain keys and there may be new lines; none is ever taken away.
var contract = map[string]string{
	"":                                       "at version problems[] alerts[] alerts_omitted! sources[] checks[] host network kubernetes kubevirt logs self",
	"problems[]":                             "severity! kind! what! reason since where!",
	"alerts[]":                               "state! severity! kind! what! since seen came! acknowledged! hidden! unsure!",
	"sources[]":                              "name! state! age_seconds error",
	"checks[]":                               "name! kind! status silent! age_seconds took_seconds interval_seconds! text lines[] figures[] figures_omitted!",
	"checks[].figures[]":                     "label! value unit warning critical min max",
	"host":                                   "hostname os kernel machine serial uptime_seconds boot_id load[] tasks cpu memory pressure disks[] filesystems[] sensors[] units nixos watched_units[] vms[] fans[] power[] md_arrays[] zfs_pools[] memory_errors[] clock oom_kills processes[] last_boot last_run",
	"host.tasks":                             "running total blocked",
	"host.cpu":                               "busy_percent user_percent system_percent iowait_percent steal_percent irq_percent guest_percent mhz cores[]",
	"host.cpu.cores[]":                       "id! busy_percent mhz",
	"host.memory":                            "total_bytes available_bytes used_bytes free_bytes cached_bytes buffers_bytes swap_total_bytes swap_used_bytes hugepages_total hugepages_free hugepage_bytes dirty_bytes",
	"host.pressure":                          "cpu_some_avg10 memory_some_avg10 memory_full_avg10 io_some_avg10 io_full_avg10 cpu_some_avg60 memory_some_avg60 memory_full_avg60 io_some_avg60 io_full_avg60",
	"host.disks[]":                           "name! model read_bytes_per_second write_bytes_per_second read_iops write_iops busy_percent read_latency_ms write_latency_ms",
	"host.filesystems[]":                     "mount! device type total_bytes used_bytes available_bytes used_percent inodes_used_percent state! read_only remounted_read_only!",
	"host.sensors[]":                         "name! celsius high_celsius",
	"host.units":                             "state failed[] restarting[]",
	"host.nixos":                             "version generation current_generation booted_system reboot_needed",
	"host.watched_units[]":                   "name! active sub since",
	"host.vms[]":                             "namespace name source! pid age_seconds cpu_percent memory_bytes vcpus configured_bytes read_bytes_per_second write_bytes_per_second rx_bytes_per_second tx_bytes_per_second state node ips[] conflict",
	"host.fans[]":                            "name! rpm low_rpm",
	"host.power[]":                           "name! watts high_watts",
	"host.md_arrays[]":                       "name! level! state! disks! working! degraded! synced_percent",
	"host.zfs_pools[]":                       "name! state!",
	"host.memory_errors[]":                   "name! corrected! uncorrected!",
	"host.processes[]":                       "pid! name! unit pod_uid kernel! state! cpu_percent memory_bytes!",
	"host.clock":                             "synchronised",
	"host.last_boot":                         "clean why",
	"host.last_run":                          "recorded_until recording_stopped seconds_before_boot memory_used_percent cpu_busy_percent io_full_avg10 vms problems[] events[]",
	"host.last_run.problems[]":               "severity! kind! what! reason since where!",
	"host.last_run.events[]":                 "at severity! what! where",
	"network":                                "interfaces[] bridges[] gateways[] dns[] connections dns_search[] dns_upstream[] listening[] pods",
	"network.interfaces[]":                   "name! kind master mac driver state carrier speed_mbps duplex mtu addresses[] gateway4 gateway6 rx_bytes tx_bytes rx_bytes_per_second tx_bytes_per_second rx_errors tx_errors rx_dropped tx_dropped altnames[] parent bus firmware port autoneg carrier_changes mode vlan address_details[] bond bond_slave far_end vm vm_unknown uplinks[] above[] vms[] vfs[]",
	"network.bridges[]":                      "name! addresses[] stp ports[] vlan_filtering learned uplinks[] vms[]",
	"network.bridges[].ports[]":              "name! state vm vm_unknown port_state",
	"network.gateways[]":                     "family! address interface metric! table! weight onlink! neighbour neighbour_mac silent_seconds",
	"network.connections":                    "tcp udp established conntrack conntrack_max",
	"kubernetes":                             "state! error kinds[] server version nodes pods node_pods services pvcs pod_cidr service_cidr cni network_policy cause admin client_certificate_expires server_certificate_expires namespaces network_sources network_policies network_attachment_definitions node warnings[] drain_blockers[]",
	"kubernetes.kinds[]":                     "name! state! error count age_seconds",
	"kubernetes.nodes":                       "ready total not_ready[]",
	"kubernetes.cause":                       "rung why checks[] since",
	"kubernetes.network_sources":             "pod_cidr service_cidr cni network_policy",
	"kubernetes.node":                        "name ready cordoned roles[] version internal_ip conditions[] cpu_allocatable cpu_requested memory_allocatable_bytes memory_requested_bytes pods_allocatable vms vcpus vcpus_per_cpu",
	"kubernetes.node.conditions[]":           "type! status reason since",
	"kubernetes.warnings[]":                  "time count! kind namespace name reason message",
	"kubernetes.drain_blockers[]":            "namespace! name! why!",
	"kubernetes.pods":                        "running total by_phase.*",
	"kubernetes.services":                    "total by_type.*",
	"kubernetes.pvcs":                        "bound total",
	"kubevirt":                               "state! error phase version vms instances[] defined[] migrations[] data_volumes",
	"kubevirt.vms":                           "running stopped migrating error paused other total by_status.*",
	"kubevirt.instances[]":                   "namespace! name! phase node ips[] ready paused migratable vcpus memory_bytes not_migratable_because agent evacuating_from",
	"kubevirt.defined[]":                     "namespace! name! status",
	"kubevirt.migrations[]":                  "namespace! name! instance phase source target created ended failed_because",
	"logs":                                   "source entries dropped truncated by_severity.* tail[]",
	"logs.tail[]":                            "time severity! unit pid message!",
	"self":                                   "rss_bytes cpu_seconds goroutines frames frames_skipped",
	"network.interfaces[].address_details[]": "address! scope! deprecated! tentative! duplicate!",
	"network.interfaces[].bond":              "mode active_slave partner_mac aggregator_ports slaves slaves_up",
	"network.interfaces[].bond_slave":        "state link failures aggregator",
	"network.interfaces[].far_end":           "namespace index name",
	"network.interfaces[].vfs[]":             "number! bus name mac vlan state vm",
	"network.listening[]":                    "port! service! address!",
	"network.pods":                           "cni cni_source cidr node_cidr",
}

// promised are the paths of all keys of the contract, and whether each may be null.
func promised() map[string]bool {
	paths := map[string]bool{}
	for at, keys := range contract {
		for _, key := range strings.Fields(keys) {
			name, never := strings.CutSuffix(key, "!")
			path := strings.TrimPrefix(at+"."+name, ".")
			object := contract[path] != "" || strings.HasSuffix(name, "[]") || strings.HasSuffix(name, ".*")
			paths[path] = !never && !object
		}
	}
	return paths
}

// documented are the paths of all keys of the report, and whether each may be null.
func documented() map[string]bool {
	paths := map[string]bool{}
	Document(func(path, _, _, null string) { paths[path] = null != "never" })
	return paths
}

func TestContract(t *testing.T) {
	have := documented()
	for path, nullable := range promised() {
		got, there := have[path]
		if !there {
			t.Errorf("%s is gone", path)
		} else if got != nullable {
			t.Errorf("%s may be null: %v, promised: %v", path, got, nullable)
		}
	}
	for path := range have {
		if !regexp.MustCompile(`^([a-z][a-z0-9_]*(\[\]|\.\*)?\.?)+$`).MatchString(path) {
			t.Errorf("%s is no plain key", path)
		}
	}
}

// TestContractInWhatIsWritten looks at the output itself: each key is in each object and is not null unless it is
// documented to be; no other key is there. Each that may be null is so in one of the frames.
func TestContractInWhatIsWritten(t *testing.T) {
	have := documented()
	for name, f := range map[string]*frame.Frame{"rich": richFrame(), "plugins": checkedFrame(), "cluster": clusterFrame(), "empty": emptyFrame(), "zero": {}} {
		t.Run(name, func(t *testing.T) { walkWritten(t, "", document(t, f), have) })
	}
}

func walkWritten(t *testing.T, at string, v any, have map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if _, byName := have[at+".*"]; byName {
			return // its keys are not ours
		}
		for key, value := range v {
			path := strings.TrimPrefix(at+"."+key, ".")
			switch value.(type) {
			case []any:
				path += "[]"
			case map[string]any:
				if _, byName := have[path+".*"]; byName {
					continue
				}
			}
			nullable, there := have[path]
			switch {
			case !there:
				t.Errorf("%s is written and not documented", path)
			case value == nil && !nullable:
				t.Errorf("%s is null", path)
			}
			walkWritten(t, path, value, have)
		}
		for path := range have {
			below, found := strings.CutPrefix(path, strings.TrimPrefix(at+".", "."))
			key := strings.TrimSuffix(strings.TrimSuffix(below, "[]"), ".*")
			if _, there := v[key]; found && key != "" && !strings.Contains(key, ".") && !there {
				t.Errorf("%s is not written", path)
			}
		}
	case []any:
		for i := range v {
			walkWritten(t, at, v[i], have)
		}
	}
}

func TestContractSeverities(t *testing.T) {
	for _, f := range []*frame.Frame{richFrame(), emptyFrame()} {
		counts := document(t, f)["logs"].(map[string]any)["by_severity"].(map[string]any)
		if len(counts) != int(journal.SeverityCount) {
			t.Errorf("by_severity has %d keys", len(counts))
		}
		for _, name := range []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"} {
			if _, there := counts[name]; !there {
				t.Errorf("by_severity has no key %s", name)
			}
		}
	}
}

// TestDocs holds the tables of docs/json.md to the figures, row by row; -update writes them anew.
func TestDocs(t *testing.T) {
	const file = "../docs/json.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tables, last := [][]string{nil}, "" // what is no object shares the first one, and each object has its own
	Document(func(path, kind, help, null string) {
		if !strings.HasSuffix(help, ".") {
			t.Errorf("%s: %q is no sentence", path, help)
		}
		if top, _, _ := strings.Cut(path, "."); top != last && kind == "object" {
			tables, last = append(tables, nil), top
		}
		at := len(tables) - 1
		tables[at] = append(tables[at], fmt.Sprintf("| `%s` | %s | %s | %s |\n", path, kind, help, null))
	})
	var want strings.Builder
	at, inside := 0, false
	for line := range strings.Lines(string(text)) {
		row := strings.HasPrefix(line, "| `")
		switch {
		case row && !inside && at < len(tables):
			want.WriteString(strings.Join(tables[at], ""))
			at++
		case !row:
			want.WriteString(line)
		}
		inside = row
	}
	if at != len(tables) {
		t.Errorf("%s has %d tables, want %d", file, at, len(tables))
	}
	if *update {
		if err := os.WriteFile(file, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want.String() {
		t.Errorf("%s is not what the figures say; run: go test ./report -update", file)
	}
}
