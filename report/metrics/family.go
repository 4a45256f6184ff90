package metrics

import (
	"slices"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
)

// group is the families that come from one source.
type group struct {
	title     string
	collector string                            // what node_exporter calls who reads the same; empty: it has none
	source    func(*frame.Frame) *health.Health // how good they are; nil: it has never said anything. A nil function: always
	every     time.Duration                     // as served has it
	kubevirt  bool                              // only with Options.KubevirtNames
	families  []family
}

// table is all groups, in the order in which they are written.
type table struct {
	host, network, plugins, self []group // self is written even when there is no room left
	nic                          int     // how many series an interface has at most
}

// families returns the table, made when it is first asked for: a console that nobody scrapes has none.
var families = sync.OnceValue(func() *table {
	t := &table{
		host:    prepared(slices.Concat(nodeGroups(), textfileGroups(), hypervisorGroups(), vmGroups())),
		network: prepared(networkGroups()),
		plugins: prepared(checkGroups()),
		self:    prepared(selfGroups()),
	}
	for i := range t.network {
		t.nic += len(t.network[i].families)
	}
	return t
})

// family is the series of one name. The table of them is the one place that says what they are called, what they mean and
// how they are read; docs/metrics.md is made of it.
type family struct {
	name   string // as the samples have it: a counter's ends in _total. With rest, what the names begin with
	kind   kind
	labels string // their names, a comma between two
	help   string
	rest   bool // the names go on with what the kernel calls the figure
	write  func(*Writer, *frame.Frame)

	head  [2]string // by Format: what comes before the first series
	parts []string  // of a series: what comes before, between and after the values of the labels
}

// kind is the type of a family.
type kind uint8

const (
	gauge kind = iota
	counter
	untyped
)

// in is what a format calls the type.
func (k kind) in(f Format) string {
	if k == untyped && f == OpenMetrics {
		return "unknown"
	}
	return [...]string{"gauge", "counter", "untyped"}[k]
}

// prepared are groups whose families have their head and parts.
func prepared(groups []group) []group {
	for i := range groups {
		for n := range groups[i].families {
			f := &groups[i].families[n]
			f.head = [2]string{f.headIn(Text), f.headIn(OpenMetrics)}
			f.parts = []string{f.name + " "}
			if f.labels != "" {
				f.parts = nil
				before := f.name + "{"
				for label := range strings.SplitSeq(f.labels, ",") {
					f.parts = append(f.parts, before+label+`="`)
					before = `",`
				}
				f.parts = append(f.parts, `"} `)
			}
		}
	}
	return groups
}

// inOpenMetrics is what OpenMetrics calls the family: a counter's lacks the ending that its samples have.
func (f *family) inOpenMetrics() string {
	if f.kind == counter {
		return strings.TrimSuffix(f.name, "_total")
	}
	return f.name
}

// headIn is what comes before the first series in a format.
func (f *family) headIn(format Format) string {
	name := f.name
	if format == OpenMetrics {
		name = f.inOpenMetrics()
	}
	head := "# HELP " + name + " " + f.help + "\n# TYPE " + name + " " + f.kind.in(format) + "\n"
	if unit := unitOf(name); unit != "" && format == OpenMetrics {
		head += "# UNIT " + name + " " + unit + "\n"
	}
	return head
}

// unitOf is the unit that a name without _total ends in, empty if none.
func unitOf(name string) string {
	ending := name[strings.LastIndexByte(name, '_')+1:]
	switch ending {
	case "seconds", "bytes", "celsius", "watts":
		return ending
	}
	return ""
}

// Serves reports whether a family of this name can be in an exposition of either format, so that others keep from it.
func Serves(name string) bool {
	t := families()
	for _, groups := range [...][]group{t.host, t.network, t.plugins, t.self} {
		for i := range groups {
			for n := range groups[i].families {
				f := &groups[i].families[n]
				if f.name == name || f.inOpenMetrics() == name || f.rest && strings.HasPrefix(name, f.name) {
					return true
				}
			}
		}
	}
	return false
}
