package textfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hypervisor-tui/internal/exposition"
)

// merger puts the families of several files together.
type merger struct {
	reserved func(name string) bool
	families map[string]*taken // by name
	names    map[string]*taken // by each name that its samples can have
	series   map[string]string // files by series
}

// taken is a family of all files together.
type taken struct {
	exposition.Family
	file string // the first that has it
}

func newMerger(reserved func(string) bool) *merger {
	return &merger{reserved, map[string]*taken{}, map[string]*taken{}, map[string]string{}}
}

// add takes the families of a file, all of them or none.
func (m *merger) add(file string, text []byte) error {
	families, err := exposition.Families(text, maxSamples)
	if err != nil {
		return err
	}
	for _, f := range families {
		if err := m.check(f); err != nil {
			return err
		}
	}
	for _, f := range families {
		t := m.families[f.Name]
		if t == nil {
			t = &taken{exposition.Family{Name: f.Name, Kind: f.Kind}, file}
			m.families[f.Name] = t
			for _, name := range f.Names() {
				m.names[name] = t
			}
		}
		if f.Described {
			t.Help, t.Described = f.Help, true
		}
		t.Samples = append(t.Samples, f.Samples...)
		for i := range f.Samples {
			m.series[f.Samples[i].Series] = file
		}
	}
	return nil
}

// check returns an error when f cannot stand beside what is taken already.
func (m *merger) check(f *exposition.Family) error {
	for _, name := range f.Names() {
		if m.reserved(name) {
			return &exposition.LineError{Line: f.Line, Why: "hypervisor-tui has a metric " + name + " itself"}
		}
		if t := m.names[name]; t != nil && t.Name != f.Name {
			return &exposition.LineError{Line: f.Line, Why: fmt.Sprintf("%s belongs to %s of %s", name, t.Name, t.file)}
		}
	}
	if t := m.families[f.Name]; t != nil && t.Kind != f.Kind {
		return &exposition.LineError{Line: f.Line, Why: fmt.Sprintf("TYPE of %s is another one in %s", f.Name, t.file)}
	} else if t != nil && t.Described && f.Described && t.Help != f.Help {
		return &exposition.LineError{Line: f.Line, Why: fmt.Sprintf("HELP of %s is another one in %s", f.Name, t.file)}
	}
	for i := range f.Samples {
		if file := m.series[f.Samples[i].Series]; file != "" {
			return &exposition.LineError{Line: f.Samples[i].Line, Why: fmt.Sprintf("%s has these labels in %s already", f.Samples[i].Name, file)}
		}
	}
	return nil
}

// write returns what is taken in both formats, families by name.
func (m *merger) write() (text, openMetrics []byte) {
	for _, name := range slices.Sorted(maps.Keys(m.families)) {
		f := m.families[name]
		text = appendHead(text, f.Name, f.Kind, strings.ReplaceAll(f.Help, `\`, `\\`))
		for i := range f.Samples {
			text = appendSample(text, &f.Samples[i])
		}
		openMetrics = m.appendOpenMetrics(openMetrics, f)
	}
	return text, openMetrics
}

// appendOpenMetrics appends f in OpenMetrics, with the names and labels that it has in the text format: a counter that
// OpenMetrics would name otherwise, and each name of a histogram or summary, for which it has rules that files need not keep,
// is an unknown.
func (m *merger) appendOpenMetrics(dst []byte, f *taken) []byte {
	help := exposition.Escape(f.Help)
	switch base, isTotal := strings.CutSuffix(f.Name, "_total"); {
	case f.Kind == exposition.Gauge:
		dst = appendHead(dst, f.Name, exposition.Gauge, help)
	case f.Kind == exposition.Counter && isTotal && !m.used(base) && !m.used(base+"_created") && !slices.ContainsFunc(f.Samples, notCounted):
		dst = appendHead(dst, base, exposition.Counter, help)
	default:
		for _, name := range f.Names() {
			head := false
			for i := range f.Samples {
				if f.Samples[i].Name != name {
					continue
				}
				if !head {
					dst, head = appendHead(dst, name, "unknown", help), true
				}
				dst = appendSample(dst, &f.Samples[i])
			}
		}
		return dst
	}
	for i := range f.Samples {
		dst = appendSample(dst, &f.Samples[i])
	}
	return dst
}

// used reports whether something else has that name.
func (m *merger) used(name string) bool { return m.names[name] != nil || m.reserved(name) }

// notCounted reports whether s has a value that no counter of OpenMetrics has.
func notCounted(s exposition.Sample) bool { return !(s.Value >= 0) }

func appendHead(dst []byte, name, kind, help string) []byte {
	if help != "" {
		dst = append(append(append(append(append(dst, "# HELP "...), name...), ' '), help...), '\n')
	}
	return append(append(append(append(append(dst, "# TYPE "...), name...), ' '), kind...), '\n')
}

func appendSample(dst []byte, s *exposition.Sample) []byte {
	dst = append(append(dst, s.Series...), ' ')
	return append(strconv.AppendFloat(dst, s.Value, 'g', -1, 64), '\n')
}
