package e2e

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestOnceMetrics: what is printed is an exposition of this machine, with the counters that only an exporter reads.
func TestOnceMetrics(t *testing.T) {
	t.Parallel()
	r := run(t, environment(t), "--once", "--metrics")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(r.out))
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	if cpus := len(regexp.MustCompile(`(?m)^cpu[0-9]`).FindAll(stat, -1)); len(families["node_cpu_seconds_total"].GetMetric()) != 8*cpus {
		t.Errorf("%d series of %d CPUs", len(families["node_cpu_seconds_total"].GetMetric()), cpus)
	}
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.ParseFloat(string(regexp.MustCompile(`MemTotal: +([0-9]+) kB`).FindSubmatch(meminfo)[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	if m := families["node_memory_MemTotal_bytes"].GetMetric(); len(m) != 1 || m[0].GetGauge().GetValue() != kib*1024 {
		t.Errorf("MemTotal %v, want %v", m, kib*1024)
	}
	if m := families["hypervisor_build_info"].GetMetric(); len(m) != 1 || m[0].GetLabel()[0].GetValue() != testVersion {
		t.Errorf("version %v", m)
	}
}
