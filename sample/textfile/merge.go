package textfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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
	family
	file string // the first that has it
}

func newMerger(reserved func(string) bool) *merger {
	return &merger{reserved, map[string]*taken{}, map[string]*taken{}, map[string]string{}}
}

// add takes the families of a file, all of them or none.
func (m *merger) add(file string, text []byte) error {
	families, err := parse(text)
	if err != nil {
		return err
	}
	for _, f := range families {
		if err := m.check(f); err != nil {
			return err
		}
	}
	for _, f := range families {
		t := m.families[f.name]
		if t == nil {
			t = &taken{family{name: f.name, kind: f.kind}, file}
			m.families[f.name] = t
			for _, name := range f.names() {
				m.names[name] = t
			}
		}
		if f.described {
			t.help, t.described = f.help, true
		}
		t.samples = append(t.samples, f.samples...)
		for i := range f.samples {
			m.series[f.samples[i].series()] = file
		}
	}
	return nil
}

// check returns an error when f cannot stand beside what is taken already.
func (m *merger) check(f *family) error {
	for _, name := range f.names() {
		if m.reserved(name) {
			return &lineError{f.line, "hypervisor-tui has a metric " + name + " itself"}
		}
		if t := m.names[name]; t != nil && t.name != f.name {
			return &lineError{f.line, fmt.Sprintf("%s belongs to %s of %s", name, t.name, t.file)}
		}
	}
	if t := m.families[f.name]; t != nil && t.kind != f.kind {
		return &lineError{f.line, fmt.Sprintf("TYPE of %s is another one in %s", f.name, t.file)}
	} else if t != nil && t.described && f.described && t.help != f.help {
		return &lineError{f.line, fmt.Sprintf("HELP of %s is another one in %s", f.name, t.file)}
	}
	for i := range f.samples {
		if file := m.series[f.samples[i].series()]; file != "" {
			return &lineError{f.samples[i].line, fmt.Sprintf("%s has these labels in %s already", f.samples[i].name, file)}
		}
	}
	return nil
}

// names returns the names that samples of f can have.
func (f *family) names() []string {
	switch f.kind {
	case histogram:
		return []string{f.name, f.name + "_bucket", f.name + "_count", f.name + "_sum"}
	case summary:
		return []string{f.name, f.name + "_count", f.name + "_sum"}
	}
	return []string{f.name}
}

// write returns what is taken in both formats, families by name.
func (m *merger) write() (text, openMetrics []byte) {
	for _, name := range slices.Sorted(maps.Keys(m.families)) {
		f := m.families[name]
		text = appendHead(text, f.name, f.kind, strings.ReplaceAll(f.help, `\`, `\\`))
		for i := range f.samples {
			text = f.samples[i].append(text)
		}
		openMetrics = m.appendOpenMetrics(openMetrics, f)
	}
	return text, openMetrics
}

// appendOpenMetrics appends f in OpenMetrics, with the names and labels that it has in the text format: a counter that
// OpenMetrics would name otherwise, and each name of a histogram or summary, for which it has rules that files need not keep,
// is an unknown.
func (m *merger) appendOpenMetrics(dst []byte, f *taken) []byte {
	help := escape.Replace(f.help)
	switch base, isTotal := strings.CutSuffix(f.name, "_total"); {
	case f.kind == gauge:
		dst = appendHead(dst, f.name, gauge, help)
	case f.kind == counter && isTotal && !m.used(base) && !m.used(base+"_created") && !slices.ContainsFunc(f.samples, notCounted):
		dst = appendHead(dst, base, counter, help)
	default:
		for _, name := range f.names() {
			head := false
			for i := range f.samples {
				if f.samples[i].name != name {
					continue
				}
				if !head {
					dst, head = appendHead(dst, name, "unknown", help), true
				}
				dst = f.samples[i].append(dst)
			}
		}
		return dst
	}
	for i := range f.samples {
		dst = f.samples[i].append(dst)
	}
	return dst
}

// used reports whether something else has that name.
func (m *merger) used(name string) bool { return m.names[name] != nil || m.reserved(name) }

// notCounted reports whether s has a value that no counter of OpenMetrics has.
func notCounted(s sample) bool { return !(s.value >= 0) }

func appendHead(dst []byte, name, kind, help string) []byte {
	if help != "" {
		dst = append(append(append(append(append(dst, "# HELP "...), name...), ' '), help...), '\n')
	}
	return append(append(append(append(append(dst, "# TYPE "...), name...), ' '), kind...), '\n')
}

func (s *sample) append(dst []byte) []byte {
	dst = append(append(append(dst, s.name...), s.labels...), ' ')
	return append(strconv.AppendFloat(dst, s.value, 'g', -1, 64), '\n')
}
