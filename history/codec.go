package history

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// codec makes vectors of Snapshots. One goroutine uses it.
type codec struct {
	texts  texts
	boot   time.Duration // of the Snapshot that is walked
	max    int           // elements of a list that are recorded, where the plan has no fewer
	cut    int           // elements of the Snapshot that are not
	checks checks
}

// newCodec returns one that records all that it may.
func newCodec() codec { return codec{max: maxElements, checks: checks{room: maxChecks}} }

// vector is a record as cells: first the peaks, then what the plan walks, in its order, then how many elements of its lists were
// left out, then what plugins report. It knows nothing of pages: the cell of a text is its number in texts.
type vector struct {
	cells  []cell
	kinds  []cellKind // of each cell
	checks int        // the first cell of what plugins report; of those behind it the last ones are kept
	shape  uint64     // the same for two vectors means that their lists before that are as long
	who    uint64     // and this, that the elements of these have the same names
}

func (v *vector) add(c cell, k cellKind) { v.cells, v.kinds = append(v.cells, c), append(v.kinds, k) }

// list adds the length of a list.
func (v *vector) list(n int) {
	v.add(cell(n), countCell)
	v.shape = hash(v.shape, cell(n))
}

// hash takes a cell into a hash, as FNV-1a does a byte.
func hash(h uint64, c cell) uint64 { return (h ^ uint64(c+1)) * 0x100000001b3 }

// copyFrom makes v equal to src in memory of its own.
func (v *vector) copyFrom(src *vector) {
	v.cells, v.kinds = append(v.cells[:0], src.cells...), append(v.kinds[:0], src.kinds...)
	v.checks, v.shape, v.who = src.checks, src.shape, src.who
}

// encode makes v the record of s. It allocates only to grow.
func (c *codec) encode(v *vector, s *frame.Snapshot) {
	v.cells, v.kinds, v.shape, v.who = v.cells[:0], v.kinds[:0], 0xcbf29ce484222325, 0xcbf29ce484222325
	c.boot, c.cut = s.Boot, 0
	peaks := peaksOf(s)
	for _, p := range peaks {
		v.add(peakCell.cell(p), peakCell)
	}
	others := *s
	others.Problems, others.Alerts = c.checks.withoutReasons(s)
	c.write(v, unsafe.Pointer(&others), layout().plan)
	v.add(cell(c.cut), stateCell)
	v.checks = len(v.cells)
	shape, who, reported := v.shape, v.who, c.checks.bounded(s.Checks)
	c.write(v, unsafe.Pointer(&reported), layout().checks)
	v.shape, v.who = shape, who
}

// decode fills s from the cells of a record of this version's schema, the peaks left out. Cells that no encode made give any
// figures, and never a panic.
func decode(s *frame.Snapshot, record []cell, text func(cell) string, wall time.Time, boot time.Duration) {
	c := &cells{left: record, text: text, boot: boot, zone: wall.Location()}
	*s = frame.Snapshot{Now: wall, Boot: boot}
	c.read(reflect.ValueOf(s).Elem(), layout().plan)
	cut := c.next()
	c.read(reflect.ValueOf(&s.Checks).Elem(), layout().checks)
	mend(s.Checks)
	giveReasons(s)
	if cut > 0 {
		partial := frame.Source{Name: "recording"}
		partial.Health.Bad(boot, strconv.FormatInt(cut, 10)+" entries of long lists were left out")
		s.Sources = append(s.Sources, partial)
	}
	if s.Net != nil {
		s.Net.Changes = 1<<63 | uint64(wall.UnixMilli()) // another than that of any live one
		s.Net.Interfaces = slices.DeleteFunc(s.Net.Interfaces, func(l *sample.Interface) bool {
			return l == nil || l.Link == nil || l.SharedAttrs == nil || l.FirstAddress < 0 || l.AddressCount < 0
		})
		for _, l := range s.Net.Interfaces { // those beyond what was recorded are not there
			l.FirstAddress = min(l.FirstAddress, len(s.Net.Addresses))
			l.AddressCount = min(l.AddressCount, len(s.Net.Addresses)-l.FirstAddress)
		}
	}
	// What a later version calls wrong this one has no words for.
	s.Problems = slices.DeleteFunc(s.Problems, func(p frame.Problem) bool { return p.Kind == frame.KindCount })
	s.Alerts = slices.DeleteFunc(s.Alerts, func(a frame.Alert) bool { return a.Kind == frame.KindCount })
	s.Guests = frame.MergeGuests(nil, s)
	for i := range s.Guests {
		if cut > 0 { // who is not in a list that was cut may be there
			s.Guests[i].Conflict = frame.Agreed
		}
	}
}

// cells are what of a record has not been read yet.
type cells struct {
	left []cell
	text func(cell) string
	boot time.Duration
	zone *time.Location
}

// next is the next cell, unknown behind the last.
func (c *cells) next() cell {
	if len(c.left) == 0 {
		return unknown
	}
	first := c.left[0]
	c.left = c.left[1:]
	return first
}

// count is how many elements a list can have: each takes a cell for each of its fields.
func (c *cells) count(n cell, f *field) int {
	return int(min(max(n, 0), cell(len(c.left)/max(len(f.fields), 1))))
}

// texts are the texts of the records that a Writer has made, by number. 0 is the empty one.
type texts struct {
	numbers  map[string]cell
	all      []string
	bytes    int
	deflater deflater // of the pages that tell them
}

// full reports whether it is time to forget them all: what comes and goes, as messages do, would gather for ever.
func (t *texts) full() bool { return len(t.all) > 1<<15 || t.bytes > 2<<20 }

// forget makes all numbers void.
func (t *texts) forget() {
	clear(t.numbers)
	clear(t.all)
	t.all, t.bytes = t.all[:0], 0
}

// maxText is how many bytes of a text are recorded at most.
const maxText = 4 << 10

// number is that of a text.
func (t *texts) number(text string) cell {
	if text == "" {
		return 0
	}
	if len(text) > maxText {
		end := maxText
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	if n, known := t.numbers[text]; known {
		return n
	}
	if t.numbers == nil {
		t.numbers = map[string]cell{}
	}
	text = strings.Clone(text) // it may be a part of a large one
	t.all = append(t.all, text)
	t.bytes += len(text)
	n := cell(len(t.all))
	t.numbers[text] = n
	return n
}

// text is the text of a number.
func (t *texts) text(n cell) string {
	if n < 1 || n > cell(len(t.all)) {
		return ""
	}
	return t.all[n-1]
}

// The peaks that each record begins with: what graphs of the past are drawn from, and what a mean hides.
const (
	peakCPU = iota
	peakMemory
	peakDiskRead
	peakDiskWrite
	peakRx
	peakTx
	peakCore
	peakCPUStalled
	peakMemoryStalled
	peakIOStalled
	peakDiskBusy
	peakCelsius
	peakNIC   // Rx and Tx of each of the first peakNICs interfaces of the hardware
	peakNICs  = 4
	peakCount = peakNIC + 2*peakNICs
)

// peakFields describes the peaks as the plan does the rest.
func peakFields() (fields []field) {
	for _, name := range [...]string{"CPU", "Memory", "DiskRead", "DiskWrite", "Rx", "Tx", "Core", "CPUStalled", "MemoryStalled", "IOStalled", "DiskBusy", "Celsius"} {
		fields = append(fields, field{name: "Peak." + name, kind: peakCell, form: floatForm})
	}
	for i := range peakNICs {
		for _, name := range [...]string{"Rx", "Tx"} {
			fields = append(fields, field{name: "Peak.NIC." + strconv.Itoa(i) + "." + name, kind: peakCell, form: floatForm})
		}
	}
	return fields
}

// peaksOf returns the peaks of s, NaN for what is not known.
func peaksOf(s *frame.Snapshot) (p [peakCount]float64) {
	for i := range p {
		p[i] = math.NaN()
	}
	if h := s.Host; h != nil {
		known := func(of sample.Source, v float64) float64 {
			if !h.Health[of].Has() {
				return math.NaN()
			}
			return v
		}
		p[peakCPU], p[peakMemory] = known(sample.Stat, h.CPU.Busy), known(sample.Meminfo, h.Memory.UsedPercent())
		p[peakDiskRead], p[peakDiskWrite] = known(sample.Diskstats, h.DiskRead), known(sample.Diskstats, h.DiskWrite)
		p[peakCPUStalled], p[peakMemoryStalled] = known(sample.Pressure, h.Pressure.CPUSome), known(sample.Pressure, h.Pressure.MemoryFull)
		p[peakIOStalled] = known(sample.Pressure, h.Pressure.IOFull)
		for i := range h.Cores {
			p[peakCore] = larger(p[peakCore], h.Cores[i].Busy)
		}
		for i := range h.Disks {
			p[peakDiskBusy] = larger(p[peakDiskBusy], h.Disks[i].Busy)
		}
		for i := range h.Sensors {
			p[peakCelsius] = larger(p[peakCelsius], h.Sensors[i].Celsius)
		}
	}
	if n := s.Net; n != nil {
		p[peakRx], p[peakTx] = n.Rx, n.Tx
		at := peakNIC
		for _, l := range n.Interfaces {
			if l.Physical && l.Parent == "" && at < peakCount {
				p[at], p[at+1] = l.RxRate, l.TxRate
				at += 2
			}
		}
	}
	return p
}

// larger is the larger one that is known.
func larger(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}
