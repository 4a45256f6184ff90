package plugin

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/internal/exposition"
	"hypervisor-tui/internal/exposition/oracle"
)

// exporter is what a program gives that Prometheus asks.
const exporter = `# HELP smartctl_device_temperature Device temperature celsius
# TYPE smartctl_device_temperature gauge
smartctl_device_temperature{device="sda",temperature_type="current"} 41
smartctl_device_temperature{device="sda",temperature_type="drive_trip"} 70
smartctl_device_temperature{device="sdb",temperature_type="current"} 61.5 1700000000000
smartctl_device_temperature{device="sdb",temperature_type="drive_trip"} 70
# TYPE smartctl_device_power_cycle_count counter
smartctl_device_power_cycle_count{device="sda"} 1.2345678e+07
# TYPE http_seconds histogram
http_seconds_bucket{le="0.1"} 3
http_seconds_bucket{le="+Inf"} 4
http_seconds_sum 0.5
http_seconds_count 4
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} NaN
rpc_seconds_count 0
up 1
empty_label{a=""} 1
url{u="http://root:hunter2secret@h/"} 1
url{u="http://h/"} 2
some{a="x"} 1
some 2
twice 1
twice 2
third 41.666666666666664
third{a="b"} 1700000000.1234567
third{a="c"} 0.00012345678901
third{a="d"} 0.30000000000000004
zero -0
session{token="abc123def"} 1
session{token="abc123xyz"} 2
`

// to is a range that alerts above a number.
func to(v float64) Range { return Range{Set: true, Low: math.Inf(-1), High: v} }

func TestParseMetrics(t *testing.T) {
	current := map[string]string{"temperature_type": "current"}
	for _, c := range []struct {
		what    string
		selects []Select
		status  Status
		text    string
		figures []string // as show has them
	}{
		{"nothing chosen", nil, OK, "26 series, none chosen", nil},
		{"one", []Select{{Metric: "up"}}, OK, "up 1", []string{"up|1||||"}},
		{"by a label, called so", []Select{{Metric: "smartctl_device_temperature", Labels: map[string]string{"device": "sda", "temperature_type": "current"}, Label: "sda", Unit: "C", Warn: to(50), Critical: to(60)}},
			OK, "sda 41 C", []string{"sda|41C|~:50|~:60||"}},
		{"several, by what differs", []Select{{Metric: "smartctl_device_temperature", Labels: current, Label: "disk", Unit: "C", Warn: to(50), Critical: to(60)}},
			Critical, "disk sdb 61.5 C, critical above 60", []string{"disk sda|41C|~:50|~:60||", "disk sdb|61.5C|~:50|~:60||"}},
		{"several labels differ", []Select{{Metric: "smartctl_device_temperature", Critical: to(65), Warn: to(60)}}, Critical,
			"smartctl_device_temperature sda drive_trip 70, critical above 65; smartctl_device_temperature sdb drive_trip 70, critical above 65; " +
				"smartctl_device_temperature sdb current 61.5, warning above 60",
			[]string{"smartctl_device_temperature sda current|41|~:60|~:65||", "smartctl_device_temperature sda drive_trip|70|~:60|~:65||",
				"smartctl_device_temperature sdb current|61.5|~:60|~:65||", "smartctl_device_temperature sdb drive_trip|70|~:60|~:65||"}},
		{"warning below", []Select{{Metric: "up", Warn: Range{Set: true, Low: 2, High: math.Inf(1)}}}, Warning, "up 1, warning below 2", []string{"up|1|2:|||"}},
		{"critical within", []Select{{Metric: "up", Critical: Range{Set: true, Inside: true, Low: 1, High: 2}}}, Critical, "up 1, critical from 1 to 2", []string{"up|1||@1:2||"}},
		{"critical up to", []Select{{Metric: "up", Critical: Range{Set: true, Inside: true, Low: math.Inf(-1), High: 1}}}, Critical, "up 1, critical up to 1", []string{"up|1||@~:1||"}},
		{"critical from", []Select{{Metric: "up", Critical: Range{Set: true, Inside: true, Low: 1, High: math.Inf(1)}}}, Critical, "up 1, critical at least 1", []string{"up|1||@1:||"}},
		{"always", []Select{{Metric: "up", Critical: Range{Set: true, Inside: true, Low: math.Inf(-1), High: math.Inf(1)}}}, Critical, "up 1, critical always", []string{"up|1||@~:||"}},
		{"many digits", []Select{{Metric: "third"}}, OK, "third 41.6667; third b 1700000000; third c 0.000123457; third d 0.3", []string{"third|41.666666666666664||||", "third b|1.7000000001234567e+09||||", "third c|0.00012345678901||||", "third d|0.30000000000000004||||"}},
		{"many digits at a limit", []Select{{Metric: "third", Labels: map[string]string{"a": "d"}, Warn: to(0.3)}, {Metric: "zero"}}, Warning, "third 0.30000000000000004, warning above 0.3",
			[]string{"third|0.30000000000000004|~:0.3|||", "zero|-0||||"}},
		{"less than nothing", []Select{{Metric: "zero"}}, OK, "zero 0", []string{"zero|-0||||"}},
		{"a large number", []Select{{Metric: "smartctl_device_power_cycle_count"}}, OK, "smartctl_device_power_cycle_count 12345678",
			[]string{"smartctl_device_power_cycle_count|1.2345678e+07||||"}},
		{"of a histogram", []Select{{Metric: "http_seconds_bucket", Labels: map[string]string{"le": "0.1"}}, {Metric: "http_seconds_count"}, {Metric: "http_seconds_sum", Unit: "s"}},
			OK, "http_seconds_bucket 3; http_seconds_count 4; http_seconds_sum 0.5 s", []string{"http_seconds_bucket|3||||", "http_seconds_count|4||||", "http_seconds_sum|0.5s||||"}},
		{"not a number", []Select{{Metric: "rpc_seconds", Label: "median", Critical: to(1)}}, Unknown, "median is not a number", []string{"median|NaN||~:1||"}},
		{"none of that name", []Select{{Metric: "down"}}, Unknown, "no metric down", nil},
		{"the family of a histogram", []Select{{Metric: "http_seconds"}}, Unknown, "no metric http_seconds", nil},
		{"none with these labels", []Select{{Metric: "up", Labels: map[string]string{"b": `"\`, "a": "x"}}}, Unknown, `no metric up{a="x",b="\"\\"}`, nil},
		{"one fits, one does not", []Select{{Metric: "up"}, {Metric: "down"}}, Unknown, "no metric down", []string{"up|1||||"}},
		{"a warning is worse than unknown", []Select{{Metric: "down"}, {Metric: "up", Warn: to(0)}, {Metric: "rpc_seconds"}}, Warning, "up 1, warning above 0; no metric down; rpc_seconds is not a number",
			[]string{"up|1|~:0|||", "rpc_seconds|NaN||||"}},
		{"the worst first", []Select{{Metric: "down"}, {Metric: "up", Warn: to(0)}, {Metric: "twice", Critical: to(1)}, {Metric: "some"}}, Critical,
			"twice 2, critical above 1; up 1, warning above 0; no metric down",
			[]string{"up|1|~:0|||", "twice|1||~:1||", "twice|2||~:1||", "some x|1||||", "some|2||||"}},
		{"critical before warning", []Select{{Metric: "up", Warn: to(0), Critical: to(0)}}, Critical, "up 1, critical above 0", []string{"up|1|~:0|~:0||"}},
		{"an empty label", []Select{{Metric: "empty_label"}}, OK, "empty_label 1", []string{"empty_label|1||||"}},
		{"a secret", []Select{{Metric: "url", Label: "a"}, {Metric: "url", Labels: map[string]string{"u": "http://root:hunter2secret@x/"}}}, Unknown,
			`no metric url{u="http://root:***@x/"}`, []string{"a http://root:***@h/|1||||", "a http://h/|2||||"}},
		{"a label that not all have", []Select{{Metric: "some"}}, OK, "some x 1; some 2", []string{"some x|1||||", "some|2||||"}},
		{"a secret by the name of its label", []Select{{Metric: "session"}}, OK, "session *** 1; session *** 2", []string{"session ***|1||||", "session ***|2||||"}},
		{"a series twice", []Select{{Metric: "twice", Warn: to(1)}}, Warning, "twice 2, warning above 1", []string{"twice|1|~:1|||", "twice|2|~:1|||"}},
	} {
		figures, left, status, text, err := ParseMetrics([]byte(exporter), c.selects)
		var shown []string
		for i := range figures {
			shown = append(shown, show(&figures[i]))
		}
		if err != nil || status != c.status || text != c.text || left != 0 || !slices.Equal(shown, c.figures) {
			t.Errorf("%s: %v %q %q, %d left, %v\nwant %v %q %q", c.what, status, text, shown, left, err, c.status, c.text, c.figures)
		}
	}
	for _, c := range []struct{ text, why string }{
		{"<html>\n", "not Prometheus' text format: line 1: no metric's name"},
		{"a 1\nb one\n", "not Prometheus' text format: line 2: the value of b is no number"},
		{"a 1", "not Prometheus' text format: line 1: the last line has no end: the file is cut short"},
	} {
		figures, _, status, text, err := ParseMetrics([]byte(c.text), []Select{{Metric: "a"}})
		if figures != nil || status != Unknown || text != "" || fmt.Sprint(err) != c.why {
			t.Errorf("%q: %v %q %v, %v", c.text, status, text, figures, err)
		}
	}
	for _, empty := range []string{"", "# only comments\n"} {
		if _, _, status, text, err := ParseMetrics([]byte(empty), nil); status != Unknown || text != "it has no metrics" || err != nil {
			t.Errorf("%q: %v %q, %v", empty, status, text, err)
		}
		if _, _, status, text, err := ParseMetrics([]byte(empty), []Select{{Metric: "a"}}); status != Unknown || text != "no metric a" || err != nil {
			t.Errorf("%q: %v %q, %v", empty, status, text, err)
		}
	}
}

// TestManyLabelsAreNotComparedAll: of a series with thousands of labels only the first that differ name it. With all of them 64 KiB
// took many seconds.
func TestManyLabelsAreNotComparedAll(t *testing.T) {
	series := exposition.Sample{Name: "a"}
	for i := range 4000 {
		series.Labels = append(series.Labels, exposition.Label{Name: fmt.Sprintf("l%04d", i), Value: "v"})
	}
	other := exposition.Sample{Name: "a", Labels: []exposition.Label{{Name: "k", Value: "w"}, {Name: "l0003", Value: "v"}}}
	got := differing([]*exposition.Sample{&series, &other})
	if want := []string{"k", "l0000", "l0001", "l0002", "l0004"}; len(got) != 20 || !slices.Equal(got[:5], want) {
		t.Errorf("%d labels, %v", len(got), got[:5])
	}
	if got := valueOf(series.Labels, "l3999") + valueOf(other.Labels, "k") + valueOf(other.Labels, "l"); got != "vw" {
		t.Errorf("%q", got)
	}
}

// TestParseMetricsLeft: figures that there is no room for are counted, and judged with the others.
func TestParseMetricsLeft(t *testing.T) {
	var b strings.Builder
	for i := range MaxFigures + 10 {
		fmt.Fprintf(&b, "a{i=\"%03d\"} %d\n", i, i)
	}
	figures, left, status, text, err := ParseMetrics([]byte(b.String()), []Select{{Metric: "a", Critical: to(MaxFigures)}})
	want := "a 065 65, critical above 64; a 066 66, critical above 64; a 067 67, critical above 64; a 068 68, critical above 64; " +
		"a 069 69, critical above 64; a 070 70, critical above 64; a 071 71, critical above 64; a 072 72, critical above 64; and 1 more"
	if err != nil || len(figures) != MaxFigures || left != 10 || status != Critical || text != want {
		t.Errorf("%d figures, %d left, %v %q, %v", len(figures), left, status, text, err)
	}
}

// TestParseMetricsLong: labels and the text have a bound.
func TestParseMetricsLong(t *testing.T) {
	long := strings.Repeat("x", MaxText)
	figures, _, status, text, err := ParseMetrics([]byte("a{b=\""+long+"\"} 1\na{b=\""+long+"y\"} 2\n"), []Select{{Metric: "a"}})
	if err != nil || status != OK || len(figures) != 2 || len(figures[0].Label) != MaxText || len(text) != MaxText {
		t.Errorf("%v %q %+v, %v", status, text, figures, err)
	}
}

func TestParseSelector(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"up", "up"}, {`up{job="a b",instance="x\"\\y"}`, `up{instance="x\"\\y",job="a b"}`}, {`up{ a = "b" , }`, `up{a="b"}`}, {"up{}", "up"},
		{"", "-"}, {"{}", "-"}, {"up down", "-"}, {`up{a=""}`, "-"}, {`up{a!="b"}`, "-"}, {`up{a="b"`, "-"}, {`up{a="b",a="c"}`, "-"}, {"9up", "-"},
	} {
		metric, labels, err := ParseSelector(c.text)
		s := Select{Metric: metric, Labels: labels}
		if (err != nil) != (c.want == "-") || err == nil && s.String() != c.want {
			t.Errorf("%q: %q, %v", c.text, s.String(), err)
		}
		if again, other, err := ParseSelector(s.String()); c.want != "-" && (err != nil || again != metric || len(other) != len(labels)) {
			t.Errorf("%q: %q %q, %v", s.String(), again, other, err)
		}
	}
}

func FuzzParseMetrics(f *testing.F) {
	for _, selector := range []string{"up", "twice", "rpc_seconds", "http_seconds_sum", `http_seconds_bucket{le="0.1"}`, `smartctl_device_temperature{device="sda"}`} {
		f.Add([]byte(exporter), selector)
	}
	f.Add([]byte("a{b=\"\\u202e\\x1b[31m\"} 1\na{b=\"c\"} +Inf\n"), "a")
	f.Fuzz(func(t *testing.T, output []byte, selector string) {
		metric, labels, err := ParseSelector(selector)
		if err != nil {
			return
		}
		s := Select{Metric: metric, Labels: labels, Warn: to(1), Critical: to(2)}
		spec := Spec{Name: "n", Kind: Metrics, Metrics: []Select{s}}
		r := spec.Result(append(Header{}.Append(nil), output...))
		checkResult(t, &r)
		if figures, _, _, _, err := ParseMetrics(output, spec.Metrics); err == nil {
			checkMetrics(t, string(output), &s, &r, len(figures))
		}
	})
}

// checkMetrics holds that Prometheus's own parser reads the same values, and that the status is that of the worst. Of histograms
// and summaries it knows le and quantile as numbers, and not all samples; there each of the values that it has is a figure.
func checkMetrics(t *testing.T, text string, s *Select, r *Result, figures int) {
	t.Helper()
	all, err := oracle.Parse(text)
	if err != nil || r.Left > 0 {
		return
	}
	status, n := OK, 0
	for _, o := range all {
		switch {
		case o.Name != s.Metric:
			continue
		case o.Kind != "counter" && o.Kind != "gauge" && o.Kind != "untyped":
			return
		}
		fits := true
		for name, value := range s.Labels {
			fits = fits && o.Labels[name] == value
		}
		if !fits {
			continue
		}
		n++
		now := OK
		switch {
		case o.Value > 2:
			now = Critical
		case o.Value > 1:
			now = Warning
		case math.IsNaN(o.Value):
			now = Unknown
		}
		if now.Compare(status) < 0 {
			status = now
		}
		if !slices.ContainsFunc(r.Figures, func(f Figure) bool { return math.Float64bits(f.Value) == math.Float64bits(o.Value) }) {
			t.Fatalf("%q: %+v, want %v", text, r.Figures, o)
		}
	}
	if n > 0 && (n != figures || status != r.Status) {
		t.Fatalf("%q: %d figures, %v, want %d, %v", text, figures, r.Status, n, status)
	}
}
