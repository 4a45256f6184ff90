// Package oracle reads Prometheus's text format with Prometheus's own parser, for tests to compare with. The program does not
// link it: it is large.
package oracle

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hypervisor-tui/internal/clean"
)

// Sample is one value, with what is known of its family.
type Sample struct {
	Kind   string            // in lower case
	Help   string            // clean, in one line, without blanks in front
	Name   string            // the family's, or with a suffix of a histogram or summary behind it
	Labels map[string]string // clean, without empty ones, and without le and quantile where the type has them
	Bound  float64           // the value of le or quantile; NaN: there is none
	Value  float64
}

// String is different for samples that differ.
func (s Sample) String() string {
	return fmt.Sprintf("%s %q %s%q %v %x", s.Kind, s.Help, s.Name, s.Labels, s.Bound, math.Float64bits(s.Value))
}

// Parse returns the samples of text, sorted by their String. A histogram or a summary without a sum or a count has no sample of it.
func Parse(text string) ([]Sample, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var all []Sample
	for name, f := range families {
		for _, m := range f.Metric {
			all = appendMetric(all, name, f, m)
		}
	}
	slices.SortFunc(all, func(a, b Sample) int { return cmp.Compare(a.String(), b.String()) })
	return all, nil
}

func appendMetric(all []Sample, name string, f *dto.MetricFamily, m *dto.Metric) []Sample {
	labels := map[string]string{}
	for _, l := range m.Label {
		if value := clean.String(l.GetValue()); value != "" {
			labels[l.GetName()] = value
		}
	}
	kind, help := strings.ToLower(f.GetType().String()), clean.String(strings.TrimLeft(strings.ReplaceAll(f.GetHelp(), "\n", " "), " "))
	add := func(suffix string, bound, value float64) {
		all = append(all, Sample{kind, help, name + suffix, labels, bound, value})
	}
	switch f.GetType() {
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		h := m.Histogram
		if h.SampleCount != nil || h.SampleCountFloat != nil {
			add("_count", math.NaN(), cmp.Or(h.GetSampleCountFloat(), float64(h.GetSampleCount())))
		}
		if h.SampleSum != nil {
			add("_sum", math.NaN(), h.GetSampleSum())
		}
		for _, b := range h.Bucket {
			add("_bucket", b.GetUpperBound(), cmp.Or(b.GetCumulativeCountFloat(), float64(b.GetCumulativeCount())))
		}
	case dto.MetricType_SUMMARY:
		if m.Summary.SampleCount != nil {
			add("_count", math.NaN(), float64(m.Summary.GetSampleCount()))
		}
		if m.Summary.SampleSum != nil {
			add("_sum", math.NaN(), m.Summary.GetSampleSum())
		}
		for _, q := range m.Summary.Quantile {
			add("", q.GetQuantile(), q.GetValue())
		}
	case dto.MetricType_COUNTER:
		add("", math.NaN(), m.Counter.GetValue())
	case dto.MetricType_GAUGE:
		add("", math.NaN(), m.Gauge.GetValue())
	default:
		add("", math.NaN(), m.Untyped.GetValue())
	}
	return all
}
