package metrics

import (
	"math"
	"strconv"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// Options is what an exposition has beyond its frame. The zero value leaves nothing out.
type Options struct {
	KubevirtNames bool     // VMs also under the names of KubeVirt's virt-handler, for hosts where nobody scrapes that
	Deny          []string // globs (path.Match) of interfaces that get no series
	MaxSeries     int      // series at most, but for those that say so: then the ports of bridges go first; 0: any number
}

// Writer makes expositions in memory that it keeps: once that has grown, Append allocates nothing. The zero value is ready.
// One goroutine uses it.
type Writer struct {
	table    *table
	dst      []byte
	format   Format
	options  Options
	family   *family
	headed   bool // the family's head is written
	omitting bool // what is written now is only counted
	series   int  // written
	omitted  int  // for want of room
	nics     []visibility
	vms      []vm
	texts    map[int]string // of CPUs, sizes, generations
}

// Append appends the exposition of f to dst and returns the extended slice. What f does not know has no series: neither 0 nor
// NaN stands for it. A source that has gone stale keeps its series for five of its samples. No sample has a timestamp.
func (w *Writer) Append(dst []byte, f *frame.Frame, format Format, o Options) []byte {
	w.table, w.dst, w.format, w.options = families(), dst, format, o
	w.series, w.omitted = 0, 0
	w.chooseVMs(f)
	w.write(f, w.table.host)
	w.chooseNICs(f)
	w.write(f, w.table.network)
	w.write(f, w.table.plugins)
	w.textfiles(f)
	w.options.MaxSeries = 0
	w.write(f, w.table.self)
	if format == OpenMetrics {
		w.dst = append(w.dst, "# EOF\n"...)
	}
	dst, w.dst = w.dst, nil
	return dst
}

func (w *Writer) write(f *frame.Frame, groups []group) {
	for i := range groups {
		g := &groups[i]
		if g.kubevirt && !w.options.KubevirtNames || g.source != nil && !served(f, g.source(f), g.every) {
			continue
		}
		for n := range g.families {
			w.family, w.headed = &g.families[n], false
			w.family.write(w, f)
		}
	}
}

// usualRefresh is the time between two samples where the frame does not say.
const usualRefresh = 2 * time.Second

// keptSamples is for how many of its samples a source that does not answer keeps its series.
const keptSamples = 5

// served reports whether what a source said last is good enough for a series. every is the time between two of its samples, 0
// for one that is read with each sample of the host; a nil source has said nothing.
func served(f *frame.Frame, h *health.Health, every time.Duration) bool {
	if h == nil || !h.Has() {
		return false
	}
	if every == 0 {
		every = usualRefresh
		if f.Settings != nil && f.Settings.Refresh > 0 {
			every = f.Settings.Refresh
		}
	}
	return h.State == health.OK || h.Age(f.Boot) <= keptSamples*every
}

// slow is the time between two samples, at most, of a source that has a goroutine of its own.
const slow = 10 * time.Second

// every is the time between two samples of a source of the host, as served has it.
func every(s sample.Source) time.Duration {
	switch s {
	case sample.Filesystems, sample.Sensors, sample.Links, sample.Frequency, sample.Arrays, sample.Pools, sample.EDAC, sample.VMStat, sample.QEMU:
		return slow
	case sample.Identity:
		return time.Minute
	}
	return 0
}

// uint writes a series of the family with the values of its labels.
func (w *Writer) uint(v uint64, labels ...string) {
	if w.open(labels) {
		w.dst = append(strconv.AppendUint(w.dst, v, 10), '\n')
	}
}

// decimal is uint of v by the given power of ten.
func (w *Writer) decimal(v uint64, digits int, labels ...string) {
	if w.open(labels) {
		w.dst = append(appendDecimal(w.dst, v, digits), '\n')
	}
}

// float is uint of a value that may be NaN, which stands for unknown: then there is no series.
func (w *Writer) float(v float64, labels ...string) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) && w.open(labels) {
		w.dst = append(strconv.AppendFloat(w.dst, v, 'g', -1, 64), '\n')
	}
}

// truth is uint of 1 for true and 0 for false.
func (w *Writer) truth(v bool, labels ...string) {
	var one uint64
	if v {
		one = 1
	}
	w.uint(one, labels...)
}

// total is decimal of a figure that may not be known.
func (w *Writer) total(c sample.Count, digits int, labels ...string) {
	if c.Known {
		w.decimal(c.Value, digits, labels...)
	}
}

// number is uint of a number of which -1 stands for unknown.
func (w *Writer) number(n int, labels ...string) {
	if n >= 0 {
		w.uint(uint64(n), labels...)
	}
}

// open writes a series up to its value. It is false when there is no room for one.
func (w *Writer) open(labels []string) bool {
	if w.full() {
		return false
	}
	if !w.headed {
		w.headed = true
		w.dst = append(w.dst, w.family.head[w.format]...)
	}
	parts := w.family.parts
	w.dst = append(w.dst, parts[0]...)
	for i, value := range labels {
		w.dst = append(appendLabel(w.dst, value), parts[i+1]...)
	}
	return true
}

// full counts a series and reports whether there is no room for it.
func (w *Writer) full() bool {
	if w.omitting || w.options.MaxSeries > 0 && w.series >= w.options.MaxSeries {
		w.omitted++
		return true
	}
	w.series++
	return false
}

// named writes a family of one series, whose name is that of the family, what the kernel calls it, and an ending. A name that
// cannot be part of one has no series.
func (w *Writer) named(name, ending string, v uint64) {
	if !plainName(name) || w.full() {
		return
	}
	f := w.family
	whole := func() { w.dst = append(append(append(w.dst, f.name...), name...), ending...) }
	w.dst = append(w.dst, "# HELP "...)
	whole()
	w.dst = append(append(append(w.dst, ' '), f.help...), "\n# TYPE "...)
	whole()
	w.dst = append(append(append(w.dst, ' '), f.kind.in(w.format)...), '\n')
	if unit := unitOf(ending); unit != "" && w.format == OpenMetrics {
		w.dst = append(w.dst, "# UNIT "...)
		whole()
		w.dst = append(append(append(w.dst, ' '), unit...), '\n')
	}
	whole()
	w.dst = append(strconv.AppendUint(append(w.dst, ' '), v, 10), '\n')
}

// plainName reports whether s can stand in the name of a family.
func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// text is n as text, without allocating when it was asked for before. It is for what a host has few of.
func (w *Writer) text(n int) string {
	s, known := w.texts[n]
	if !known {
		if w.texts == nil {
			w.texts = map[int]string{}
		}
		s = strconv.Itoa(n)
		w.texts[n] = s
	}
	return s
}

// appendLabel appends the value of a label as it stands between quotes.
func appendLabel(dst []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(dst, clean.String(value))
		}
	}
	return append(dst, value...)
}

func appendEscaped(dst []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, value[i])
	}
	return dst
}

// appendDecimal appends v by the given power of ten: 1234 by 2 is 12.34.
func appendDecimal(dst []byte, v uint64, digits int) []byte {
	scale := uint64(1)
	for range digits {
		scale *= 10
	}
	dst = strconv.AppendUint(dst, v/scale, 10)
	rest := v % scale
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; rest > 0; rest %= scale {
		scale /= 10
		dst = append(dst, byte('0'+rest/scale))
	}
	return dst
}
