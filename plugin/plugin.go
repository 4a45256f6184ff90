// Package plugin is what programs of others report: Nagios checks, metrics for Prometheus, screens of their own. systemd runs
// each in a unit of its own, as hypervisor-tui --plugin NAME, which writes down the result; the console reads that and runs
// nothing. The package is pure.
package plugin

import (
	"cmp"
	"math"
	"strings"
	"time"

	"hypervisor-tui/internal/health"
)

// Bounds on what plugins may say. What is beyond is left out, or refused, as the function that reads it says.
const (
	MaxPlugins = 64       // that are configured
	MaxOutput  = 64 << 10 // bytes that one prints
	MaxName    = 40       // bytes of the name of one
	MaxText    = 1000     // bytes of a line of text, once it is clean
	MaxLines   = 100      // of Result.More
	MaxFigures = 64       // of a result
	MaxBlocks  = 8        // of a page
	MaxPairs   = 200      // of a block
	MaxColumns = 64       // of a table
	MaxRows    = 200      // of a table
	MaxPoints  = 1000     // of a series
	MaxUnit    = 10       // runes of a unit
)

// Directory is where the results are: each in a folder of the plugin's name, which systemd makes for the unit's user, in a
// file called File.
const (
	Directory = "/run/hypervisor-tui-plugins"
	File      = "result"
)

// Kind is what a plugin prints. The numbers are in recordings: new kinds come last.
type Kind uint8

// The kinds of plugins.
const (
	Check     Kind = iota // as Nagios has it: the exit code is the status, a line of text, figures behind a |
	Metrics               // Prometheus's text format
	Screen                // JSON, see ParseScreen
	Scrape                // nothing: Prometheus's text format is asked for at a URL of this host
	KindCount             // how many there are
)

var kindNames = [KindCount]string{"check", "metrics", "screen", "scrape"}

// String is what the configuration calls the kind.
func (k Kind) String() string {
	if k >= KindCount {
		return "unknown"
	}
	return kindNames[k]
}

// Status is how things are, by the word of a plugin, as Nagios numbers it. The numbers are in recordings.
type Status uint8

// What a plugin can say.
const (
	OK Status = iota
	Warning
	Critical
	Unknown
	StatusCount
)

var statusNames = [StatusCount]string{"ok", "warning", "critical", "unknown"}

// String is what --json, the screen of a plugin and people call the status.
func (s Status) String() string { return statusNames[min(s, Unknown)] }

// Compare is negative when s is worse than o: critical, warning, unknown, ok.
func (s Status) Compare(o Status) int {
	rank := [StatusCount]int{Critical: 0, Warning: 1, Unknown: 2, OK: 3}
	return cmp.Compare(rank[min(s, Unknown)], rank[min(o, Unknown)])
}

// Spec is a plugin as the configuration has it.
type Spec struct {
	Name     string // see Nameable
	Kind     Kind
	Command  []string // the program, an absolute path, and its arguments; empty where Kind is Scrape
	URL      string   // of Scrape, else empty: http, of an address or name of this host alone
	Metrics  []Select // of Metrics and Scrape: what is shown of them
	Interval time.Duration
	Timeout  time.Duration // for a run
}

// Select chooses series of metrics by their name and labels.
type Select struct {
	Metric   string            // the name
	Labels   map[string]string // that a series must have, with these values; it may have more
	Label    string            // what their figures are called; empty: as the metric
	Unit     string            // see Figure
	Warn     Range             // a value that it alerts on makes the status a warning,
	Critical Range             // or critical
}

// State is what is known of the plugins. It does not change.
type State struct {
	Health    health.Health // of reading the results at all
	Directory string
	Results   []Result // by the order of the configuration
}

// Known returns the results, none before they were read once; s may be nil.
func (s *State) Known() []Result {
	if s == nil || s.Health.State == health.Init {
		return nil
	}
	return s.Results
}

// Silent reports whether the plugin of r, one of the results, has not reported for three of its intervals and the time that a run may
// take, as far as is known: the results were read last at Health.At. One whose result cannot be read is not silent.
func (s *State) Silent(r *Result) bool {
	return (r.At != 0 || r.Pending()) && s.Health.At > r.SilentSince()
}

// Result is the newest run of a plugin. What it says is clean and within the bounds.
type Result struct {
	Name     string
	Kind     Kind
	Status   Status        // Unknown while there is no result, or none that can be read
	At       time.Duration // CLOCK_BOOTTIME at which the run ended; 0: there is no result, or none that can be read
	Begun    time.Duration // CLOCK_BOOTTIME from which on a result is waited for, where that is after At: there is none, or the host was suspended until then
	Took     time.Duration // the run
	Interval time.Duration // between two runs, by the configuration
	Timeout  time.Duration // of a run, by the configuration
	Text     string        // in one line what it says, or why nothing is known; empty: it printed none
	More     []string      // the lines behind it, without those that are empty
	Figures  []Figure
	Left     int   // figures that there were beyond MaxFigures
	Page     *Page // a screen of its own; nil: it has none
	Cut      bool  // of a record: More, Figures or Page are not there, for they were too large to be recorded
}

// silentAfter is for how many intervals nothing may come.
const silentAfter = 3

// SilentSince is the CLOCK_BOOTTIME from which on a plugin is silent, unless it reports until then.
func (r *Result) SilentSince() time.Duration {
	return max(r.At, r.Begun) + silentAfter*r.Interval + r.Timeout
}

// Pending reports whether the plugin has not run yet: there is no result, and no reason why it could not be read.
func (r *Result) Pending() bool { return r.At == 0 && r.Text == "" }

// Mute reports whether nothing of what the plugin printed is shown: no text, figures or screen.
func (r *Result) Mute() bool {
	return r.Text == "" && len(r.More)+len(r.Figures) == 0 && r.Page == nil && !r.Cut
}

// Figure is one number that a plugin reports.
type Figure struct {
	Label    string
	Value    float64 // NaN: the plugin does not know it
	Unit     string  // as Nagios has it: s, ms, us, %, B, KB, MB, GB, TB, c for a counter; or any other; empty: a plain number
	Warn     Range
	Critical Range
	Min      float64 // NaN: not said
	Max      float64 // NaN: not said
}

// Judge returns what the ranges of f make of its value. It is not judged where there are none, or where the value is not known: it is
// Unknown then.
func (f *Figure) Judge() (s Status, judged bool) {
	switch {
	case math.IsNaN(f.Value):
		return Unknown, false
	case f.Critical.Alerts(f.Value):
		return Critical, true
	case f.Warn.Alerts(f.Value):
		return Warning, true
	}
	return OK, f.Warn.Set || f.Critical.Set
}

// Range is for which values somebody is to be alerted, as Nagios has it: those outside of Low to High, or where Inside is true
// those in it, ends included. The zero Range alerts on none.
type Range struct {
	Set       bool
	Inside    bool
	Low, High float64 // -Inf, +Inf: no end
}

// Alerts reports whether v is a value to be alerted on. NaN is none.
func (r *Range) Alerts(v float64) bool {
	if !r.Set || math.IsNaN(v) {
		return false
	}
	return (v >= r.Low && v <= r.High) == r.Inside
}

// Page is a screen of a plugin's own.
type Page struct {
	Title  string
	Blocks []Block
}

// Block is a part of a page: one of its fields is not empty.
type Block struct {
	Pairs  []Pair
	Table  *Table
	Gauge  *Gauge
	Series *Series
}

// Pair is a name and what it is.
type Pair struct {
	Name, Value string
	Status      Status
	Judged      bool // the plugin says how that is; if not, Status says nothing
}

// Table is rows below headings. Each row has as many cells as there are columns.
type Table struct {
	Columns []Column
	Rows    []Row
}

// Column is the heading of a column.
type Column struct {
	Name  string
	Right bool // the cells are flush right
}

// Row is a row of a table.
type Row struct {
	Cells  []string
	Status Status
	Judged bool // as in Pair
}

// Gauge is a share.
type Gauge struct {
	Label  string
	Value  float64
	Of     float64 // what it is a part of, more than 0
	Unit   string
	Status Status
	Judged bool // as in Pair
}

// Series is a course of a figure, oldest first.
type Series struct {
	Label  string
	Unit   string
	Points []float64 // NaN: not known then
}

// Nameable reports whether a plugin can have that name, which is one of a folder and of an instance of a unit: letters, digits,
// - and _, and no - in front.
func Nameable(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	return name != "" && len(name) <= MaxName && name[0] != '-' && strings.Trim(name, allowed) == ""
}
