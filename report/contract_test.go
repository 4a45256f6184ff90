package report

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// contract is what scripts rely on: at each place its keys, with [] behind a list, .* behind an object whose keys are
// not ours, and ! behind what is never null. A line may gain keys and there may be new lines; none is ever taken away.
var contract = map[string]string{
	"":                                       "at version problems[] sources[] host network kubernetes kubevirt logs self",
	"problems[]":                             "severity! what! since where!",
	"sources[]":                              "name! state! age_seconds error",
	"host":                                   "hostname os kernel machine serial uptime_seconds boot_id load[] tasks cpu memory pressure disks[] filesystems[] sensors[] units nixos watched_units[] vms[] fans[] power[] md_arrays[] zfs_pools[] memory_errors[] clock last_boot",
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
	"host.clock":                             "synchronised",
	"host.last_boot":                         "clean why",
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

// typed are the paths of all keys that a document has whatever is in it, and whether each may be null.
func typed(t *testing.T) map[string]bool {
	paths := map[string]bool{}
	walkType(t, paths, "", reflect.TypeFor[document]())
	return paths
}

func walkType(t *testing.T, paths map[string]bool, at string, s reflect.Type) {
	for field := range s.Fields() {
		key := field.Tag.Get("json")
		if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(key) {
			t.Errorf("%s.%s has the tag %q: it is to be a plain key", s, field.Name, key)
		}
		path, of := strings.TrimPrefix(at+"."+key, "."), field.Type
		switch of.Kind() {
		case reflect.Slice, reflect.Array:
			path, of = path+"[]", of.Elem()
			paths[path] = false
		case reflect.Map:
			path, of = path+".*", of.Elem()
			paths[path] = false
		default:
			paths[path] = of.Kind() == reflect.Pointer
		}
		if of.Kind() == reflect.Struct {
			walkType(t, paths, path, of)
		}
		if of.Kind() == reflect.Float64 {
			t.Errorf("%s is a float that cannot be null: a NaN would end the report", path)
		}
	}
}

func TestContract(t *testing.T) {
	have := typed(t)
	for path, nullable := range promised() {
		got, there := have[path]
		if !there {
			t.Errorf("%s is gone", path)
		} else if got != nullable {
			t.Errorf("%s may be null: %v, promised: %v", path, got, nullable)
		}
	}
}

// TestContractInWhatIsWritten looks at the output itself: each key is in each object, and no list or object is null.
func TestContractInWhatIsWritten(t *testing.T) {
	for name, f := range map[string]*frame.Frame{"rich": richFrame(), "cluster": clusterFrame(), "empty": emptyFrame(), "zero": {}} {
		var v any
		if err := json.Unmarshal(written(t, f), &v); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { compare(t, "", reflect.TypeFor[document](), v) })
	}
}

// compare holds v, as it was read back, to the type that it was written from.
func compare(t *testing.T, at string, of reflect.Type, v any) {
	switch of.Kind() {
	case reflect.Struct:
		object, _ := v.(map[string]any)
		if len(object) != of.NumField() {
			t.Errorf("%s has %d keys, want %d", at, len(object), of.NumField())
		}
		for field := range of.Fields() {
			key := field.Tag.Get("json")
			value, there := object[key]
			if !there {
				t.Errorf("%s.%s is not there", at, key)
			}
			compare(t, at+"."+key, field.Type, value)
		}
	case reflect.Slice, reflect.Array:
		list, isList := v.([]any)
		if !isList {
			t.Errorf("%s is %v, want a list", at, v)
		}
		for i := range list {
			compare(t, at+"[]", of.Elem(), list[i])
		}
	case reflect.Map:
		if _, isObject := v.(map[string]any); !isObject {
			t.Errorf("%s is %v, want an object", at, v)
		}
	case reflect.Pointer: // may be null
	default:
		if v == nil {
			t.Errorf("%s is null", at)
		}
	}
}

func TestContractSeverities(t *testing.T) {
	for _, l := range []logs{newLogs(richFrame()), newLogs(emptyFrame())} {
		if len(l.BySeverity) != int(journal.SeverityCount) {
			t.Errorf("by_severity has %d keys", len(l.BySeverity))
		}
		for _, name := range []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"} {
			if _, there := l.BySeverity[name]; !there {
				t.Errorf("by_severity has no key %s", name)
			}
		}
	}
}

// TestDocs holds docs/json.md to the keys, in both directions, and to which of them may be null.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		path := strings.Trim(strings.TrimSpace(cells[min(1, len(cells)-1)]), "`")
		if len(cells) < 2 || !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 6 {
			t.Errorf("%s: %d cells, want key, type, meaning, null when", path, len(cells)-2)
			continue
		}
		if _, twice := documented[path]; twice {
			t.Errorf("%s is documented twice", path)
		}
		documented[path] = strings.TrimSpace(cells[4]) != "never"
	}
	have := typed(t)
	for _, path := range slices.Sorted(maps.Keys(have)) {
		nullable, there := documented[path]
		if !there {
			t.Errorf("%s is not documented", path)
		} else if nullable != have[path] {
			t.Errorf("%s may be null: documented %v, true %v", path, nullable, have[path])
		}
	}
	for path := range documented {
		if _, there := have[path]; !there {
			t.Errorf("%s is documented and not there", path)
		}
	}
}
