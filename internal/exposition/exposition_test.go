package exposition

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/internal/exposition/oracle"
)

// most is how many samples Families takes here.
const most = 100

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

// exporters are texts that Samples takes beside them: programs give them that Prometheus asks.
var exporters = []string{
	"a 1 1700000000000\na{b=\"c\"}\t2\t-1\n",
	"a 1\na 2\n",
	"# TYPE h histogram\nh 1\nh_bucket 2\n",
	"# HELP a a \\\"b\\\"\n# HELP a \xff\n# TYPE a Gauge\n# TYPE b gaugehistogram\na 1\nb 1\n",
	"a 1\n# TYPE a gauge\n# EOF\n",
	"a 1 \na 2\t \n",
	"# UNIT a seconds\na_bucket{le=\"1\"} 3 # {trace_id=\"x y\"} 0.5 1.7e9\na_total 3 1700000000.123 # {} 1\na_created 1.7e9\n# EOF\n",
}

// bad are texts that are not, and why.
var bad = []struct{ text, why string }{
	{"a 1", "1: the last line has no end"},
	{"a 1\na \xff\n", "2: not UTF-8"},
	{"# HELP a \xff\n", "1: not UTF-8"},
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
	{strings.Repeat("#\n", most) + samples(most+1), "201: more than 100 samples"},
}

func TestFamilies(t *testing.T) {
	for _, text := range append(good, samples(most)) {
		checkFamilies(t, text)
		checkSamples(t, text)
		if _, err := Families([]byte(text), most); err != nil {
			t.Errorf("%.80q: %v", text, err)
		}
	}
	for _, c := range bad {
		checkFamilies(t, c.text)
		checkSamples(t, c.text)
		if _, err := Families([]byte(c.text), most); err == nil || !strings.HasPrefix(err.Error(), c.why) {
			t.Errorf("%.80q: %v, want %s", c.text, err, c.why)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, text := range append(exporters, good...) {
		checkSamples(t, text)
		if _, err := Samples([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, c := range []struct{ text, why string }{
		{"a 1 2 3\n", "1: what is behind the value of a is no timestamp"},
		{"a 1 x\n", "1: what is behind the value of a is no timestamp"},
		{"a 1 0x5\n", "1: what is behind the value of a is no timestamp"},
		{"a 1 # comment\n", "1: what is behind the value of a is no timestamp"},
		{"\na 1\na{b=\"\xff\"} 1\n", "3: not UTF-8"},
		{"a 1\nb 1", "2: the last line has no end"},
	} {
		checkSamples(t, c.text)
		var wrong *LineError
		if _, err := Samples([]byte(c.text)); !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.why) {
			t.Errorf("%q: %v, want %s", c.text, err, c.why)
		}
	}
}

func TestSelector(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a", "a"}, {"a:b{}", "a:b"}, {`a {b = "c", d="\"\\ e",}  `, `a{b="c",d="\"\\ e"}`},
		{"", "-"}, {"{}", "-"}, {"a b", "-"}, {`a{b="c"} 1`, "-"}, {`a{b=""}`, "-"}, {`a{b="c"`, "-"}, {`a{b=~"c"}`, "-"}, {"a-b", "-"},
	} {
		name, pairs, err := Selector(c.text)
		if got := Series(name, pairs); (err != nil) != (c.want == "-") || err == nil && got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range slices.Concat(good, exporters) {
		f.Add([]byte(text))
	}
	for _, c := range bad[:len(bad)-1] {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkFamilies(t, string(text))
		checkSamples(t, string(text))
	})
}

// checkFamilies holds that Prometheus's own parser takes what Families takes, and reads the same.
func checkFamilies(t *testing.T, text string) {
	t.Helper()
	families, err := Families([]byte(text), most)
	if err != nil {
		return
	}
	want, err := oracle.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var got []Sample
	for _, f := range families {
		got = append(got, f.Samples...)
		for _, w := range want {
			if slices.Contains(f.Names(), w.Name) && (w.Kind != f.Kind || w.Help != f.Help) {
				t.Errorf("%q: %+v, want %v", text, f, w)
			}
		}
	}
	compare(t, text, got, want)
}

// checkSamples holds that Samples reads the same as Prometheus's own parser, where both take the text.
func checkSamples(t *testing.T, text string) {
	t.Helper()
	got, err := Samples([]byte(text))
	if err != nil {
		return
	}
	if want, err := oracle.Parse(text); err == nil {
		compare(t, text, got, want)
	}
}

// compare holds that each sample of want is one of got, and that there are no others, but for those of histograms and summaries:
// Prometheus's parser leaves out the ones that those cannot have, and of ones that come twice, with the same labels but le and
// quantile, all but the last.
func compare(t *testing.T, text string, got []Sample, want []oracle.Sample) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		at := slices.IndexFunc(left, func(s Sample) bool { return same(s, w) })
		if at < 0 {
			t.Fatalf("%q: %+v, want %v", text, got, w)
		}
		left = slices.Delete(left, at, at+1)
	}
	for _, s := range left {
		if slices.ContainsFunc(want, func(w oracle.Sample) bool { return w.Name == s.Name && !grouped(w.Kind) }) {
			t.Fatalf("%q: %+v, want %v", text, s, want)
		}
	}
}

func grouped(kind string) bool { return kind != Counter && kind != Gauge && kind != Untyped }

func same(s Sample, w oracle.Sample) bool {
	labels, bound := map[string]string{}, math.NaN()
	for _, l := range s.Labels {
		if grouped(w.Kind) && (l.Name == "quantile") == (w.Kind == Summary) && (l.Name == "quantile" || l.Name == "le") {
			bound, _ = number(l.Value)
			continue
		}
		labels[l.Name] = l.Value
	}
	value := math.Float64bits(s.Value) == math.Float64bits(w.Value)
	if grouped(w.Kind) && math.IsNaN(w.Bound) { // a count, which the parser keeps as a whole number, or a sum
		bound = math.NaN()
		value = value || strings.HasSuffix(s.Name, "_count") && (s.Value == w.Value || w.Kind == Summary && !(s.Value >= 0 && s.Value < 1<<53 && s.Value == math.Trunc(s.Value)))
	}
	value = value || w.Kind != Summary && grouped(w.Kind) && s.Value == w.Value && s.Value == 0 // -0
	name := s.Name == w.Name || grouped(w.Kind) && s.Name+"_bucket" == w.Name                   // which it makes of a histogram's h{le="1"}
	return name && value && maps.Equal(labels, w.Labels) && (bound == w.Bound || math.IsNaN(bound) && math.IsNaN(w.Bound))
}

// samples is a text of that many.
func samples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a{i=\"%d\"} %d\n", i, i)
	}
	return b.String()
}
