package textfile

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/exposition"
)

// good are texts that are taken.
var good = []string{
	"",
	"\n\n# a comment\n#\n# HELP\n# TYPE a\n",
	"a 1\n",
	"# HELP backup_age_seconds Age of the last backup.\n# TYPE backup_age_seconds gauge\nbackup_age_seconds{host=\"a\"} 12.5\n",
	"  a{ b = \"c\" , d=\"\\\\ \\\" \\n\", }\t+Inf\na{} NaN\n",
	"# TYPE jobs_total counter\njobs_total 1e3\n# HELP jobs_total behind \\\\ its \\n samples\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
	"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 2\ns_bucket 1\n",
	"a 1\nb 2\na{x=\"y\"} 3\n",
	"a{b=\"世界 \u202eevil\x1b[31m\"} 1\n",
}

// bad are texts that are not, and why.
var bad = []struct{ text, why string }{
	{"a 1", "1: the last line has no end"},
	{"a 1\na \xff\n", "2: not UTF-8"},
	{"a 1 1700000000000\n", "1: a timestamp"},
	{"a 1 \n", "1: a timestamp, or something else"},
	{"a 1\r\n", "1: the value of a is no number"},
	{"a\n", "1: the value of a is no number"},
	{"a 0x1p3\n", "1: the value"},
	{"a 1_000\n", "1: the value"},
	{"1a 1\n", "1: no metric's name"},
	{"a-b 1\n", "1: no metric's name"},
	{"a{b=\"c\"} 1\na{b=\"c\"} 2\n", "2: a has these labels in line 1 already"},
	{"a{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\"} 2\n", "2: a has these labels in line 1 already"},
	{"a 1\na{b=\"\"} 2\n", "2: a has these labels in line 1 already"},
	{"a{b=\"c\",b=\"d\"} 1\n", "1: a: the label b twice"},
	{"a{__name__=\"c\"} 1\n", "1: a: what is in the braces"},
	{"a{b:c=\"c\"} 1\n", "1: a: what is in the braces"},
	{"a{b=c} 1\n", "1: a: what is in the braces"},
	{"a{,} 1\n", "1: a: what is in the braces"},
	{"a{b=\"c\" d=\"e\"} 1\n", "1: a: neither a comma nor a brace"},
	{"a{b=\"c} 1\n", "1: a: the value of label b has no end"},
	{"a{b=\"\\t\"} 1\n", "1: a: the value of label b has no end, or an escape"},
	{"a{b=\"c\"\n} 1\n", "1: a: neither a comma nor a brace"},
	{"# TYPE a gauge\n# TYPE a gauge\n", "2: a second TYPE of a"},
	{"a 1\n# TYPE a gauge\n", "2: a second TYPE of a, or one behind its samples"},
	{"# TYPE a info\n", "1: TYPE of a is none of counter"},
	{"# HELP a b\n# HELP a b\n", "2: a second HELP of a"},
	{"# HELP a \\t\n", "1: HELP of a has an escape"},
	{"# HELP 1a b\n", "1: HELP of what is no metric's name"},
	{"# TYPE h histogram\nh 1\n", "2: h is a histogram"},
	{"# TYPE h histogram\nh_bucket 1\n", "2: h_bucket of a histogram has no label le"},
	{"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n", "2: h_bucket has a label le that is no number"},
	{"# TYPE s summary\ns{quantile=\"NaN\"} 1\n", "2: s has a label quantile that is no number"},
	{"h_count 1\n# TYPE h histogram\n", "2: h is a histogram, but a metric h_count comes before it"},
	{strings.Repeat("#\n", maxSamples) + samples(maxSamples+1), "20001: more than 10000 samples"},
}

// samples is a text of that many.
func samples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a{i=\"%d\"} %d\n", i, i)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, text := range append(good, samples(maxSamples)) {
		check(t, text)
		if _, err := exposition.Parse([]byte(text), exposition.Rules{MaxSamples: maxSamples}); err != nil {
			t.Errorf("%.80q: %v", text, err)
		}
	}
	for _, c := range bad {
		check(t, c.text)
		if _, err := exposition.Parse([]byte(c.text), exposition.Rules{MaxSamples: maxSamples}); err == nil || !strings.HasPrefix(err.Error(), c.why) {
			t.Errorf("%.80q: %v, want %s", c.text, err, c.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range good {
		f.Add([]byte(text))
	}
	for _, c := range bad[:len(bad)-1] {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { check(t, string(text)) })
}

// check holds that what is taken is what Prometheus's own parser reads there, and that what is written of it reads the same
// once more, in both formats.
func check(t *testing.T, text string) {
	t.Helper()
	all := newMerger(func(string) bool { return false })
	if err := all.add("a", []byte(text)); err != nil {
		return
	}
	want := flatten(t, text)
	plain, open := all.write()
	if got := flatten(t, string(plain)); !slices.Equal(got, want) {
		t.Fatalf("%q became %q: %q, want %q", text, plain, got, want)
	}
	again := newMerger(func(string) bool { return false })
	if err := again.add("a", plain); err != nil {
		t.Fatalf("%q became %q: %v", text, plain, err)
	}
	if twice, _ := again.write(); !bytes.Equal(twice, plain) {
		t.Fatalf("%q, then %q", plain, twice)
	}
	checkOpenMetrics(t, string(plain), string(open))
}

// flatten returns the samples of text in order, as Prometheus's own parser reads them: with clean values of labels, without
// empty ones.
func flatten(t *testing.T, text string) (all []string) {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for name, f := range families {
		for _, m := range f.Metric {
			all = append(all, flat(name, f, m)...)
		}
	}
	slices.Sort(all)
	return all
}

// flat returns the samples of m.
func flat(name string, f *dto.MetricFamily, m *dto.Metric) (all []string) {
	head := f.GetType().String() + " " + clean.String(strings.ReplaceAll(f.GetHelp(), "\n", " ")) + " "
	var pairs []string
	for _, l := range m.Label {
		if value := clean.String(l.GetValue()); value != "" {
			pairs = append(pairs, l.GetName()+"="+strconv.Quote(value))
		}
	}
	slices.Sort(pairs)
	add := func(suffix string, value float64, more string) {
		all = append(all, fmt.Sprint(head, name, suffix, pairs, more, " ", math.Float64bits(value)))
	}
	switch f.GetType() {
	case dto.MetricType_HISTOGRAM:
		add("_count", float64(m.Histogram.GetSampleCount()), "")
		add("_sum", m.Histogram.GetSampleSum(), "")
		for _, b := range m.Histogram.Bucket {
			add("_bucket", float64(b.GetCumulativeCount()), fmt.Sprint(b.GetUpperBound()))
		}
	case dto.MetricType_SUMMARY:
		add("_count", float64(m.Summary.GetSampleCount()), "")
		add("_sum", m.Summary.GetSampleSum(), "")
		for _, q := range m.Summary.Quantile {
			add("", q.GetValue(), fmt.Sprint(q.GetQuantile()))
		}
	case dto.MetricType_COUNTER:
		add("", m.Counter.GetValue(), "")
	case dto.MetricType_GAUGE:
		add("", m.Gauge.GetValue(), "")
	default:
		add("", m.Untyped.GetValue(), "")
	}
	return all
}

// checkOpenMetrics holds of a block in OpenMetrics what its version 1.0.0 asks of the types that are used: each family once and
// in one piece, TYPE before its samples, a name that is the family's or, for a counter, with _total behind it, and no other family of
// the names that a counter takes. Its series are those of the text format.
func checkOpenMetrics(t *testing.T, plain, open string) {
	t.Helper()
	family, kind, help := "", "", ""
	seen := map[string]bool{}
	var series []string
	for line := range strings.Lines(open) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch name, said, _ := strings.Cut(rest, " "); {
		case word == "#" && name == "HELP":
			help, _, _ = strings.Cut(said, " ")
		case word == "#" && name == "TYPE":
			family, kind, _ = strings.Cut(said, " ")
			taken := []string{family}
			if kind == "counter" {
				taken = append(taken, family+"_total", family+"_created")
			}
			for _, n := range taken {
				if seen[n] {
					t.Fatalf("%q: %s is taken twice", open, n)
				}
				seen[n] = true
			}
			if !slices.Contains([]string{"counter", "gauge", "unknown"}, kind) || help != "" && help != family {
				t.Fatalf("%q: at %q", open, line)
			}
			help = ""
		default:
			series = append(series, line)
			end := strings.IndexAny(line, "{ ")
			want := family
			if kind == "counter" {
				want += "_total"
			}
			if line[:end] != want {
				t.Fatalf("%q: %q in %s", open, line, family)
			}
			value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			if err != nil || kind == "counter" && !(value >= 0) {
				t.Fatalf("%q: %q", open, line)
			}
		}
	}
	var want []string
	for line := range strings.Lines(plain) {
		if line[0] != '#' {
			want = append(want, line)
		}
	}
	slices.Sort(series)
	slices.Sort(want)
	if !slices.Equal(series, want) {
		t.Fatalf("%q in OpenMetrics is %q", plain, open)
	}
}
