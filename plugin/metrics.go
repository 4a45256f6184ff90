package plugin

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/exposition"
)

// ParseSelector reads which series are chosen: name, or name{label="value",...}.
func ParseSelector(s string) (metric string, labels map[string]string, err error) {
	metric, pairs, err := exposition.Selector(s)
	if err != nil {
		return "", nil, err
	}
	for _, l := range pairs {
		if labels == nil {
			labels = map[string]string{}
		}
		labels[l.Name] = l.Value
	}
	return metric, labels, nil
}

// String is what is chosen, as ParseSelector reads it.
func (s *Select) String() string {
	var pairs []exposition.Label
	for _, l := range slices.Sorted(maps.Keys(s.Labels)) {
		pairs = append(pairs, exposition.Label{Name: l, Value: s.Labels[l]})
	}
	return exposition.Series(s.Metric, pairs)
}

// ParseMetrics reads Prometheus's text format and returns a figure for each series that is chosen, by the order of the selects and
// of the text. The status is the worst that their ranges say of any, also of the left ones, which are beyond MaxFigures; a value
// that is not a number, and a select that no series fits, is Unknown. text says what is not OK, the worst first, or else what is.
func ParseMetrics(output []byte, selects []Select) (figures []Figure, left int, status Status, text string, err error) {
	samples, err := exposition.Samples(output)
	switch {
	case err != nil:
		return nil, 0, Unknown, "", fmt.Errorf("not Prometheus' text format: line %w", err)
	case len(samples) == 0 && len(selects) == 0:
		return nil, 0, Unknown, "it has no metrics", nil
	case len(selects) == 0:
		return nil, 0, OK, fmt.Sprintf("%d series, none chosen", len(samples)), nil
	}
	var said summary
	for i := range selects {
		s := &selects[i]
		chosen := s.choose(samples)
		if len(chosen) == 0 {
			said.add(Unknown, func() string { return "no metric " + s.String() })
			status = worse(status, Unknown)
		}
		labels := differing(chosen)
		for _, sample := range chosen {
			f := s.figure(sample, labels)
			now, _ := f.Judge()
			said.add(now, func() string { return f.words(now) })
			if status = worse(status, now); len(figures) < MaxFigures {
				figures = append(figures, f)
			} else {
				left++
			}
		}
	}
	return figures, left, status, said.String(), nil
}

func worse(a, b Status) Status {
	if a.Compare(b) <= 0 {
		return a
	}
	return b
}

// choose returns the samples that s is about.
func (s *Select) choose(samples []exposition.Sample) (chosen []*exposition.Sample) {
	for i := range samples {
		if sample := &samples[i]; sample.Name == s.Metric && s.fits(sample.Labels) {
			chosen = append(chosen, sample)
		}
	}
	return chosen
}

func (s *Select) fits(labels []exposition.Label) bool {
	for name, value := range s.Labels {
		if valueOf(labels, name) != value {
			return false
		}
	}
	return true
}

// valueOf returns the value of a label, empty when it is not there, which to Prometheus is the same. The labels are in the order of
// their names.
func valueOf(labels []exposition.Label, name string) string {
	at, found := slices.BinarySearchFunc(labels, name, func(l exposition.Label, name string) int { return strings.Compare(l.Name, name) })
	if !found {
		return ""
	}
	return labels[at].Value
}

// maxDiffering is how many labels name a figure: more than anybody reads.
const maxDiffering = 20

// differing returns the names of the first labels that not all samples have the same value of, in their order.
func differing(samples []*exposition.Sample) (names []string) {
	add := func(labels, other []exposition.Label) {
		for _, l := range labels {
			if len(names) == maxDiffering {
				return
			}
			if at, found := slices.BinarySearch(names, l.Name); !found && valueOf(other, l.Name) != l.Value {
				names = slices.Insert(names, at, l.Name)
			}
		}
	}
	for _, s := range samples {
		add(s.Labels, samples[0].Labels)
		add(samples[0].Labels, s.Labels)
	}
	return names
}

// figure is what s makes of a sample, with the values of those labels behind its name.
func (s *Select) figure(sample *exposition.Sample, labels []string) Figure {
	label := cmp.Or(s.Label, s.Metric)
	for _, l := range labels {
		if v := valueOf(sample.Labels, l); v != "" {
			label += " " + value(l, v)
		}
	}
	return Figure{Label: name(label), Value: sample.Value, Unit: s.Unit, Warn: s.Warn, Critical: s.Critical, Min: math.NaN(), Max: math.NaN()}
}

// words says f, and why it has that status.
func (f *Figure) words(now Status) string {
	if now == Unknown {
		return f.Label + " is not a number"
	}
	words := string(appendNumber([]byte(f.Label+" "), f.rounded(now)))
	if f.Unit != "" {
		words += " " + f.Unit
	}
	switch now {
	case Critical:
		words += ", critical " + f.Critical.why(f.Value)
	case Warning:
		words += ", warning " + f.Warn.why(f.Value)
	}
	return words
}

// rounded is the value to six digits that count, or to a whole number that has more, unless f would be another status by that.
func (f *Figure) rounded(now Status) float64 {
	g := *f
	if g.Value = math.Round(f.Value); math.Abs(f.Value) < 1e6 {
		g.Value, _ = strconv.ParseFloat(strconv.FormatFloat(f.Value, 'g', 6, 64), 64)
	}
	if s, _ := g.Judge(); s != now {
		return f.Value
	}
	return g.Value + 0 // there is a -0
}

// why says for which values r alerts, of those outside of it for those on the side of v.
func (r *Range) why(v float64) string {
	low, high := string(appendNumber(nil, r.Low)), string(appendNumber(nil, r.High))
	switch noLow, noHigh := math.IsInf(r.Low, -1), math.IsInf(r.High, 1); {
	case !r.Inside && v < r.Low:
		return "below " + low
	case !r.Inside:
		return "above " + high
	case noLow && noHigh:
		return "always"
	case noLow:
		return "up to " + high
	case noHigh:
		return "at least " + low
	}
	return "from " + low + " to " + high
}

// summary is what is said of each status. Only the first few of one are kept.
type summary struct {
	said  [StatusCount][]string
	count [StatusCount]int
}

// maxSaid is how many a summary names.
const maxSaid = 8

func (s *summary) add(of Status, words func() string) {
	if s.count[of]++; s.count[of] <= maxSaid {
		s.said[of] = append(s.said[of], words())
	}
}

// String is in one line what is not OK, the worst first, or else what is, and how much more there is.
func (s *summary) String() string {
	said := slices.Concat(s.said[Critical], s.said[Warning], s.said[Unknown])
	count := s.count[Critical] + s.count[Warning] + s.count[Unknown]
	if count == 0 {
		said, count = s.said[OK], s.count[OK]
	}
	said = said[:min(len(said), maxSaid)]
	text := strings.Join(said, "; ")
	if more := count - len(said); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return shorten(secret.String(text))
}
