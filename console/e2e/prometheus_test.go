//go:build !nokube

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/report/metrics"
	"hypervisor-tui/sample"
)

// exporting is the configuration of an exporter.
const exporting = "refreshInterval: 1s\nserve: {exporter: {enable: true, textfiles: %s}}\n"

// listen starts a program of others on a free port, and returns the URL that it says it listens on. It skips the test where there is
// no such program.
func listen(t *testing.T, name string, args ...string) (address string, told func() string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("not installed: ", name)
	}
	r := recordBy(t, exec.Command(path, append(args, "--web.listen-address=127.0.0.1:0")...), t.TempDir())
	listens := regexp.MustCompile(`msg="?Listening on"? address=(\S+)`)
	await.Until(t, name+" listens", func() bool {
		if m := listens.FindStringSubmatch(r.told()); m != nil {
			address = "http://" + m[1]
		}
		select {
		case <-r.ended:
			t.Fatalf("%s has ended: %s", name, r.told())
		default:
		}
		return address != ""
	})
	return address, r.told
}

// scraper is a real Prometheus that scrapes one --serve, each second.
type scraper struct {
	t    *testing.T
	url  string
	told func() string
}

func scrape(t *testing.T, s *served) *scraper {
	t.Helper()
	front := httptest.NewServer(&httputil.ReverseProxy{ // Prometheus dials no Unix socket
		Transport: s.client.Transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "localhost"}) },
	})
	t.Cleanup(front.Close)
	config := writeFile(t, "prometheus.yml", fmt.Sprintf("scrape_configs: [{job_name: node, scrape_interval: 1s, static_configs: [{targets: [%q]}]}]\n",
		strings.TrimPrefix(front.URL, "http://")))
	address, told := listen(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir())
	return &scraper{t, address, told}
}

// query asks for one value at a time, in seconds; empty: now.
func (p *scraper) query(q, at string) (value float64, there bool) {
	p.t.Helper()
	form := url.Values{"query": {q}}
	if at != "" {
		form.Set("time", at)
	}
	r, err := http.Get(p.url + "/api/v1/query?" + form.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if r.StatusCode != http.StatusOK || json.NewDecoder(r.Body).Decode(&answer) != nil || len(answer.Data.Result) != 1 {
		return 0, false
	}
	value, err = strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
	return value, err == nil
}

// TestPrometheus: a real Prometheus takes all that there is, and after some scrapes one brings no series that the one before had not.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.prom"), []byte("# TYPE e2e_total counter\ne2e_total{of=\"a\\\\b\"} 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := scrape(t, serve(t, fmt.Sprintf(exporting, dir)))
	query := func(q string) (value float64, there bool) { return p.query(q, "") }
	await.Until(t, "a scrape that adds no series", func() bool {
		scrapes, _ := query("sum_over_time(up[10m])")
		added, there := query("scrape_series_added")
		return scrapes >= 3 && there && added == 0
	})
	scraped, _ := query("scrape_samples_scraped")
	for q, want := range map[string]float64{
		"up": 1, "scrape_samples_post_metric_relabeling": scraped, `hypervisor_source_up{source="memory"}`: 1,
		`e2e_total{of="a\\b"}`: 7, "node_textfile_scrape_error": 0, "node_memory_MemTotal_bytes": float64(memTotal(t)),
	} {
		if got, there := query(q); !there || got != want {
			t.Errorf("%s: %v (there: %v), want %v", q, got, there, want)
		}
	}
	if scraped < 100 {
		t.Errorf("%v samples", scraped)
	}
	if log := p.told(); strings.Contains(log, "level=error") || strings.Contains(strings.ToLower(log), "ingest") {
		t.Error(log)
	}
}

// TestPromtool: Prometheus's own check has nothing to say but of names that are node_exporter's.
func TestPromtool(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("not installed: promtool")
	}
	s := serve(t, fmt.Sprintf(exporting, "null"))
	figures(t, s)
	_, text := s.get("/metrics")
	cmd := exec.Command(path, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	r := runCommand(t, cmd, environment(t))
	theirs := regexp.MustCompile(`^node_(memory|netstat|sockstat|vmstat)_\w+ metric names should be written in 'snake_case' not 'camelCase'$`)
	for line := range strings.Lines(r.out + r.stderr) {
		if line = strings.TrimSpace(line); !theirs.MatchString(line) {
			t.Error(line)
		}
	}
}

// figures waits until all that is read of the host has been.
func figures(t *testing.T, s *served) {
	t.Helper()
	await.Until(t, "figures", func() bool {
		_, text := s.get("/metrics")
		for _, source := range []string{"cpu", "memory", "disks", "filesystems", "links", "clock", "OOM kills"} {
			if !strings.Contains(text, "\nhypervisor_source_up{source=\""+source+"\"} 1\n") {
				return false
			}
		}
		return true
	})
}

// metric is a family of an exposition: its type, and its values by their labels, without empty ones.
type metric struct {
	kind   string
	labels []string // the names of the labels of one of them
	values map[string]float64
}

func readMetrics(t *testing.T, from io.Reader) map[string]metric {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(from)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]metric{}
	for name, f := range families {
		read := metric{kind: f.GetType().String(), values: map[string]float64{}}
		for _, m := range f.Metric {
			labels := map[string]string{}
			for _, l := range m.Label {
				if l.GetValue() != "" {
					labels[l.GetName()] = l.GetValue()
				}
			}
			read.labels = slices.Sorted(maps.Keys(labels))
			read.values[fmt.Sprint(labels)] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
		all[name] = read
	}
	return all
}

var (
	// othersLabels are of metrics whose labels are others with each version of node_exporter, or which are about the exporter.
	othersLabels = regexp.MustCompile(`^node_(exporter_build_info|network_info|uname_info|scrape_collector_\w+)$`)
	// standsStill are gauges that are the same for as long as a test runs.
	standsStill = regexp.MustCompile(`^node_(memory_(MemTotal|SwapTotal|HugePages_Total|VmallocTotal)\w*|filesystem_(size_bytes|readonly|files)` +
		`|filefd_maximum|nf_conntrack_entries_limit|network_(mtu_bytes|up|carrier)|timex_sync_status)$`)
)

// TestBesideNodeExporter: what a real node_exporter has too is of the same type, has the same labels, and is equal where it
// stands still. What counts arrives at what node_exporter said before.
func TestBesideNodeExporter(t *testing.T) {
	t.Parallel()
	node, _ := listen(t, "prometheus-node-exporter")
	s := serve(t, fmt.Sprintf(exporting, "null"))
	figures(t, s)
	answer, err := http.Get(node + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	theirs := readMetrics(t, answer.Body)
	compared, differ := 0, []string(nil)
	await.Until(t, "what counts has arrived", func() bool {
		_, text := s.get("/metrics")
		compared, differ = 0, nil
		behind := false
		for name, mine := range readMetrics(t, strings.NewReader(text)) {
			their, both := theirs[name]
			if !both || !strings.HasPrefix(name, "node_") || othersLabels.MatchString(name) {
				continue
			}
			if mine.kind != their.kind || !slices.Equal(mine.labels, their.labels) {
				differ = append(differ, fmt.Sprintf("%s is a %s with %v, node_exporter's a %s with %v", name, mine.kind, mine.labels, their.kind, their.labels))
			}
			counts := their.kind == "COUNTER" || strings.HasPrefix(name, "node_vmstat_")
			for labels, value := range mine.values {
				switch their, both := their.values[labels]; {
				case !both:
					continue
				case counts && value < their:
					behind = true
				case standsStill.MatchString(name) && value != their:
					differ = append(differ, fmt.Sprint(name, labels, " is ", value, ", node_exporter says ", their))
				}
				compared++
			}
		}
		return !behind
	})
	for _, d := range differ {
		t.Error(d)
	}
	if t.Logf("%d series are in both", compared); compared < 100 {
		t.Errorf("%d series are in both", compared)
	}
}

// TestFixturesBesideNodeExporter: of the same files of other hosts, which stand still, a real node_exporter reads the same.
func TestFixturesBesideNodeExporter(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"hypervisor", "cgroup1", "ipv6"} { // node_exporter 1.5.0 panics over "hostile"
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.Abs("sample/testdata/" + host)
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"--path.procfs=" + root + "/proc", "--path.sysfs=" + t.TempDir(), "--collector.disable-defaults", "--no-collector.netdev.netlink",
				"--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$", "--collector.netdev.device-exclude=^$"}
			for _, c := range []string{"cpu", "diskstats", "loadavg", "mdadm", "meminfo", "netdev", "pressure", "stat"} {
				args = append(args, "--collector."+c)
			}
			node, _ := listen(t, "prometheus-node-exporter", args...)
			answer, err := http.Get(node + "/metrics")
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			theirs := readMetrics(t, answer.Body)

			sampler := sample.New(sample.Options{Root: root})
			reader := sampler.NewReader(true)
			for _, w := range sampler.Workers() {
				go func() { _ = w.Run(t.Context()) }() // it ends with the test
			}
			sampler.Sample()
			sampler.WaitSlow(t.Context())
			sampler.Sample()
			f := frame.Frame{Snapshot: frame.Snapshot{Host: reader.Hosts.Latest(), Net: reader.Nets.Latest(), Counters: reader.Counters.Latest()}}
			text := new(metrics.Writer).Append(nil, &f, metrics.Text, metrics.Options{})
			compared := 0
			for name, mine := range readMetrics(t, bytes.NewReader(text)) {
				their, both := theirs[name]
				if !both || strings.HasPrefix(name, "node_scrape_") || name == "node_exporter_build_info" {
					continue
				}
				same := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) } // it multiplies by what is no binary fraction
				if mine.kind != their.kind || !maps.EqualFunc(mine.values, their.values, same) {
					t.Errorf("%s is a %s of\n%v, node_exporter's a %s of\n%v", name, mine.kind, mine.values, their.kind, their.values)
				}
				compared += len(mine.values)
			}
			t.Logf("%d series are in both", compared)
			if compared < 40 {
				t.Errorf("%d series are in both", compared)
			}
		})
	}
}
