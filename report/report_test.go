package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

var update = flag.Bool("update", false, "write the golden files anew; then read their diff")

func written(t *testing.T, f *frame.Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// document is what is written of f, read back.
func document(t *testing.T, f *frame.Frame) (d map[string]any) {
	t.Helper()
	if err := json.Unmarshal(written(t, f), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// reads holds what is written of f to what is wanted at some paths, such as "sources.0.name"; nil is null, or no such element.
func reads(t *testing.T, f *frame.Frame, want map[string]any) {
	t.Helper()
	d := document(t, f)
	for path, value := range want {
		var at any = d
		for step := range strings.SplitSeq(path, ".") {
			switch here := at.(type) {
			case map[string]any:
				if _, there := here[step]; !there {
					t.Errorf("%s: no key %s", path, step)
				}
				at = here[step]
			case []any:
				i, err := strconv.Atoi(step)
				if at = nil; err == nil && i < len(here) {
					at = here[i]
				}
			}
		}
		if !reflect.DeepEqual(at, value) {
			t.Errorf("%s is %v, want %v", path, at, value)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("not %s; if it should not be, run: go test ./report -update\n%s", file, got)
	}
}

func TestGoldenReports(t *testing.T) {
	golden(t, "rich.json", written(t, richFrame()))
	golden(t, "checks.json", written(t, checkedFrame()))
	golden(t, "empty.json", written(t, emptyFrame()))
}

// TestWriteNothingFalse takes from each frame all that could be known: no number may remain.
func TestWriteNothingFalse(t *testing.T) {
	failed := richFrame()
	for i := range failed.Host.Health {
		failed.Host.Health[i] = health.Health{State: health.Failed, Err: "read: no"}
	}
	failed.VMs.Health = failed.Host.Health[sample.QEMU]
	failed.Processes.Health = failed.VMs.Health
	failed.Units.Health, failed.System.NixOS.Health = failed.VMs.Health, failed.VMs.Health
	failed.Kube = clusterFrame().Kube
	failed.Kube.Health = failed.VMs.Health
	for i := range failed.Kube.Kinds {
		failed.Kube.Kinds[i].Health = failed.VMs.Health
	}
	failed.Kube.DrainBlockers, failed.Kube.Events, failed.LastRun = nil, nil, nil
	frametest.Derive(failed)
	for name, f := range map[string]*frame.Frame{"empty": emptyFrame(), "zero": {}, "failed": failed} {
		var d struct {
			At         *string
			Host       map[string]any
			Network    map[string]any
			Kubernetes map[string]any
			KubeVirt   map[string]any
		}
		if err := json.Unmarshal(written(t, f), &d); err != nil {
			t.Fatal(err)
		}
		for _, section := range []map[string]any{d.Host, d.Network, d.Kubernetes, d.KubeVirt} {
			for key, value := range section {
				if slices.Contains([]string{"interfaces", "bridges", "gateways", "listening"}, key) {
					continue // links have states, not numbers, and the others are facts of the link table
				}
				if at := findNumber(value); at != "" {
					t.Errorf("%s: %s%s is a number that nobody knows", name, key, at)
				}
			}
		}
		if name == "zero" && d.At != nil {
			t.Errorf("at is %s for the zero time", *d.At)
		}
	}
}

// TestDWhatIsNotKnownIsNull: each value that says by itself that it is not known, beside others that are.
func TestDWhatIsNotKnownIsNull(t *testing.T) {
	for path, change := range map[string]func(*frame.Frame){
		"at":                          func(f *frame.Frame) { f.Now = f.Now.AddDate(10_000, 0, 0) },
		"host tasks blocked":          func(f *frame.Frame) { f.Host.Blocked = -1 },
		"host cpu offline":            func(f *frame.Frame) { f.Host.Offline = -1 },
		"host cpu mhz":                func(f *frame.Frame) { f.Host.MHz = 0 },
		"host oom_kills":              func(f *frame.Frame) { f.Host.OOMKills = -1 },
		"host memory hugepages_total": func(f *frame.Frame) { f.Host.Memory.HugePageSize = 0 },
		"host memory zfs_arc_bytes":   func(f *frame.Frame) { f.Host.Memory.ARC = 0 },
		"host units state":            func(f *frame.Frame) { f.Units.Health = health.Health{} },
		"host nixos reboot_needed":    func(f *frame.Frame) { f.System.NixOS.RebootKnown = false },
		"self rss_bytes":              func(f *frame.Frame) { f.Self.RSS = 0 },
	} {
		at := func(f *frame.Frame) (v any) {
			if err := json.Unmarshal(written(t, f), &v); err != nil {
				t.Fatal(err)
			}
			for _, key := range strings.Fields(path) {
				v = v.(map[string]any)[key]
			}
			return v
		}
		f := richFrame()
		if at(f) == nil {
			t.Errorf("%s is null while it is known", path)
		}
		change(f)
		if v := at(f); v != nil {
			t.Errorf("%s is %v, want null", path, v)
		}
	}
}

// findNumber is the path to a number in v, empty if none.
func findNumber(v any) string {
	switch v := v.(type) {
	case float64:
		return ": "
	case []any:
		for i := range v {
			if at := findNumber(v[i]); at != "" {
				return "[]" + at
			}
		}
	case map[string]any:
		for key := range v {
			if at := findNumber(v[key]); at != "" {
				return "." + key + at
			}
		}
	}
	return ""
}

func TestWriteCountersOfFailedNetDev(t *testing.T) {
	f := richFrame()
	f.Host.Health[sample.NetDev] = health.Health{State: health.Failed, Err: "crashed"}
	interfaces := document(t, f)["network"].(map[string]any)["interfaces"].([]any)
	for _, l := range interfaces {
		l := l.(map[string]any)
		if l["rx_bytes"] != nil || l["rx_bytes_per_second"] != nil || l["tx_dropped"] != nil {
			t.Errorf("%v has counters", l["name"])
		}
	}
	if len(interfaces) == 0 {
		t.Error("no interfaces")
	}
}

func TestWriteNoNaN(t *testing.T) {
	f := richFrame()
	nan := math.NaN()
	f.Host.CPU = sample.CPU{Busy: nan, User: nan, System: nan, IOWait: nan, Steal: nan}
	f.Host.Pressure = sample.PSI{CPUSome: nan, MemorySome: nan, MemoryFull: nan, IOSome: nan, IOFull: math.Inf(1)}
	written(t, f)
}

func TestWriteTail(t *testing.T) {
	f := richFrame()
	f.Page.Rows = nil
	for i := range 60 {
		addRow(f.Page, journal.Row{Time: int64(i), Severity: journal.Info}, string(rune('A'+i)))
	}
	addRow(f.Page, journal.Row{Time: math.MaxInt64, Severity: 200}, "from the year 294247")
	reads(t, f, map[string]any{
		"logs.tail.0.message": string(rune('A' + 11)), "logs.tail.49.message": "from the year 294247", "logs.tail.50": nil,
		"logs.tail.49.time": nil, "logs.tail.49.severity": "unknown", // a stamp beyond RFC 3339
	})
}

func TestWriteNoWorkingSource(t *testing.T) {
	f := richFrame()
	f.Page.Sources = f.Page.Sources[:2]
	reads(t, f, map[string]any{"logs.source": nil})
}

func TestWriteSinceIsNotInTheFuture(t *testing.T) {
	f := richFrame()
	f.Problems[0].Since = f.Boot + time.Hour
	reads(t, f, map[string]any{"problems.0.since": f.Now.Format(time.RFC3339)})
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteTellsErrors(t *testing.T) {
	if err := Write(fullDisk{}, emptyFrame()); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
