// Package exposition reads the text in which programs give figures to Prometheus. It is pure.
package exposition

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// Family is all samples of one metric.
type Family struct {
	Name      string
	Kind      string // see Counter
	Help      string // of the # HELP line, clean and without escapes
	Described bool   // there is such a line
	Line      int    // that names it first
	Samples   []Sample
}

// Sample is one line of a text.
type Sample struct {
	Name   string  // the family's, or with a suffix of a histogram or summary behind it
	Labels []Label // in the order of their names, without empty ones
	Series string  // of Families: both as they are written: name{a="b",c="d"}
	Value  float64
	Line   int
}

// Label is a name and a value that is clean and without escapes.
type Label struct{ Name, Value string }

// The types of metrics. Without a # TYPE line a family is Untyped.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
	Summary   = "summary"
	Untyped   = "untyped"
)

var kinds = []string{Counter, Gauge, Histogram, Summary, Untyped}

// LineError is what is wrong with a line of a text.
type LineError struct {
	Line int
	Why  string // clean
}

// Error is the line, a colon and what is wrong.
func (e *LineError) Error() string { return strconv.Itoa(e.Line) + ": " + e.Why }

// Samples returns the samples of text, which a program gives that Prometheus asks, in their order. It refuses the whole text for one
// wrong line, with a LineError. Timestamps are left out, and so is what comments say, so that the family of a sample is not known. A
// series may come twice. OpenMetrics is taken as well, which some programs answer whatever they are asked for, without its exemplars.
//
// Format: prometheus.io/docs/instrumenting/exposition_formats, text-based format (0.0.4); OpenMetrics 1.0.
func Samples(text []byte) (samples []Sample, err error) {
	err = lines(text, func(n int, line string) error {
		if line == "" || line[0] == '#' {
			return nil
		}
		s, behind, err := read(n, line)
		if err != nil {
			return err
		}
		if behind = strings.Trim(behind, blanks); behind != "" && !strings.HasPrefix(behind, exemplar) {
			time, behind := cutWord(behind)
			if _, err := number(time); err != nil || behind != "" && !strings.HasPrefix(behind, exemplar) {
				return fmt.Errorf("what is behind the value of %s is no timestamp", s.Name)
			}
		}
		samples = append(samples, s)
		return nil
	})
	return samples, err
}

// exemplar begins what OpenMetrics may have at the end of a line.
const exemplar = "# {"

// Families returns the families of text that have samples, in the order in which it names them. It refuses the whole text for
// one wrong line, with a LineError. Beyond what the format forbids it refuses timestamps, more than so many samples, a series that
// comes twice, and samples that a histogram or a summary cannot have.
func Families(text []byte, most int) ([]*Family, error) {
	p := parser{most: most, known: map[string]*Family{}, series: map[string]int{}}
	if err := lines(text, p.take); err != nil {
		return nil, err
	}
	for _, f := range p.families {
		f.Kind = cmp.Or(f.Kind, Untyped)
	}
	return slices.DeleteFunc(p.families, func(f *Family) bool { return len(f.Samples) == 0 }), nil
}

// lines calls take for each line, with its number and without blanks in front.
func lines(text []byte, take func(n int, line string) error) error {
	for n := 1; len(text) > 0; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return &LineError{n, "the last line has no end: the file is cut short"}
		}
		text = rest
		if err := take(n, strings.TrimLeft(string(line), blanks)); err != nil {
			return &LineError{n, err.Error()}
		}
	}
	return nil
}

// parser is what is known of a text up to a line.
type parser struct {
	most     int // samples
	families []*Family
	known    map[string]*Family // by name
	series   map[string]int     // their lines, by name and labels
}

// take takes in a line that does not begin with a blank.
func (p *parser) take(n int, line string) error {
	switch {
	case line == "":
		return nil
	case line[0] != '#':
		return p.sample(n, line)
	case !utf8.ValidString(line):
		return errors.New("not UTF-8")
	}
	word, rest := cutWord(strings.TrimLeft(line[1:], blanks))
	if word != "HELP" && word != "TYPE" || rest == "" {
		return nil
	}
	name, said := cutWord(rest)
	if !isName(name, true) {
		return fmt.Errorf("%s of what is no metric's name", word)
	}
	if name == rest {
		return nil
	}
	f := p.family(name, n)
	switch {
	case said == "":
	case word == "HELP" && f.Described:
		return fmt.Errorf("a second HELP of %s", f.Name)
	case word == "HELP":
		help, _, ok := unescape(said, `\n`)
		if !ok {
			return fmt.Errorf(`HELP of %s has an escape that is not \\ or \n`, f.Name)
		}
		f.Help, f.Described = clean.String(oneLine(help)), true
	case f.Kind != "" || len(f.Samples) > 0:
		return fmt.Errorf("a second TYPE of %s, or one behind its samples", f.Name)
	case !slices.Contains(kinds, said):
		return fmt.Errorf("TYPE of %s is none of %s", f.Name, strings.Join(kinds, ", "))
	default:
		f.Kind = said
		for _, name := range f.Names()[1:] {
			if p.known[name] != nil {
				return fmt.Errorf("%s is a %s, but a metric %s comes before it", f.Name, said, name)
			}
		}
	}
	return nil
}

// sample takes in a line of a sample.
func (p *parser) sample(n int, line string) error {
	s, behind, err := read(n, line)
	switch {
	case err != nil:
		return err
	case behind != "":
		return fmt.Errorf("a timestamp, or something else, is behind the value of %s", s.Name)
	case len(p.series) == p.most:
		return fmt.Errorf("more than %d samples", p.most)
	}
	s.Series = Series(s.Name, s.Labels)
	f := p.family(s.Name, n)
	if err := f.fits(&s); err != nil {
		return err
	}
	if other := p.series[s.Series]; other != 0 {
		return fmt.Errorf("%s has these labels in line %d already", s.Name, other)
	}
	p.series[s.Series] = n
	f.Samples = append(f.Samples, s)
	return nil
}

// read reads the sample that a line begins with. behind is what comes after it, from the first blank on.
func read(n int, line string) (s Sample, behind string, err error) {
	if !utf8.ValidString(line) {
		return s, "", errors.New("not UTF-8")
	}
	name, pairs, rest, err := head(line)
	if err != nil {
		return s, "", err
	}
	word, _ := cutWord(rest)
	value, err := number(word)
	if err != nil {
		return s, "", fmt.Errorf("the value of %s is no number", name)
	}
	pairs = slices.DeleteFunc(pairs, func(l Label) bool { return l.Value == "" })
	slices.SortFunc(pairs, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	return Sample{Name: name, Labels: pairs, Value: value, Line: n}, rest[len(word):], nil
}

// Selector reads how a series is written: a name, and behind it the labels in braces, if any. No label is empty.
func Selector(s string) (name string, pairs []Label, err error) {
	name, pairs, rest, err := head(s)
	switch {
	case err != nil:
		return "", nil, err
	case rest != "":
		return "", nil, fmt.Errorf("something is behind %s", Series(name, pairs))
	}
	for _, l := range pairs {
		if l.Value == "" {
			return "", nil, fmt.Errorf("the label %s is empty", l.Name)
		}
	}
	return name, pairs, nil
}

// head reads the name and the labels that s begins with. The labels are as they come, and rest has no blanks in front.
func head(s string) (name string, pairs []Label, rest string, err error) {
	end := strings.IndexAny(s, "{"+blanks)
	if end < 0 {
		end = len(s)
	}
	name, rest = s[:end], strings.TrimLeft(s[end:], blanks)
	if !isName(name, true) {
		return "", nil, "", errors.New("no metric's name")
	}
	if inner, has := strings.CutPrefix(rest, "{"); has {
		if pairs, rest, err = labels(inner); err != nil {
			return "", nil, "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return name, pairs, strings.TrimLeft(rest, blanks), nil
}

// Names returns the names that samples of f can have.
func (f *Family) Names() []string {
	switch f.Kind {
	case Histogram:
		return []string{f.Name, f.Name + "_bucket", f.Name + "_count", f.Name + "_sum"}
	case Summary:
		return []string{f.Name, f.Name + "_count", f.Name + "_sum"}
	}
	return []string{f.Name}
}

// oneLine returns a help text in one line. Blanks in front would not be read again.
func oneLine(help string) string { return strings.TrimLeft(strings.ReplaceAll(help, "\n", " "), " ") }

// family returns the family that name belongs to, which may be the histogram or summary whose name it has before a suffix. It
// makes one where there is none.
func (p *parser) family(name string, line int) *Family {
	if f := p.known[name]; f != nil {
		return f
	}
	for _, suffix := range []string{"_count", "_sum", "_bucket"} {
		stem, has := strings.CutSuffix(name, suffix)
		if f := p.known[stem]; has && f != nil && (f.Kind == Histogram || f.Kind == Summary && suffix != "_bucket") {
			return f
		}
	}
	f := &Family{Name: name, Line: line}
	p.known[name] = f
	p.families = append(p.families, f)
	return f
}

// fits returns an error when f is a histogram or a summary and can have no sample as s.
func (f *Family) fits(s *Sample) error {
	needs := "" // the label that it must have
	switch {
	case f.Kind == Summary && s.Name == f.Name:
		needs = "quantile"
	case f.Kind == Histogram && s.Name == f.Name+"_bucket":
		needs = "le"
	case f.Kind == Histogram && s.Name == f.Name:
		return fmt.Errorf("%s is a histogram, which has only _bucket, _count and _sum", s.Name)
	default:
		return nil
	}
	at := slices.IndexFunc(s.Labels, func(l Label) bool { return l.Name == needs })
	if at < 0 {
		return fmt.Errorf("%s of a %s has no label %s", s.Name, f.Kind, needs)
	}
	if v, err := number(s.Labels[at].Value); err != nil || math.IsNaN(v) {
		return fmt.Errorf("%s has a label %s that is no number", s.Name, needs)
	}
	return nil
}

// labels reads what is behind an opening brace. It returns the labels, and what is behind the closing brace.
func labels(s string) (pairs []Label, rest string, err error) {
	s = strings.TrimLeft(s, blanks)
	for !strings.HasPrefix(s, "}") {
		name, after, _ := strings.Cut(s, "=")
		name = strings.TrimRight(name, blanks)
		after, quoted := strings.CutPrefix(strings.TrimLeft(after, blanks), `"`)
		if !quoted || !isName(name, false) || name == "__name__" {
			return nil, "", errors.New(`what is in the braces is not label="value"`)
		}
		if slices.ContainsFunc(pairs, func(l Label) bool { return l.Name == name }) {
			return nil, "", fmt.Errorf("the label %s twice", name)
		}
		value, after, ok := unescape(after, `\n"`)
		if after, quoted = strings.CutPrefix(after, `"`); !ok || !quoted {
			return nil, "", fmt.Errorf(`the value of label %s has no end, or an escape that is not \\, \" or \n`, name)
		}
		pairs = append(pairs, Label{name, clean.String(value)})
		s = strings.TrimLeft(after, blanks)
		if after, more := strings.CutPrefix(s, ","); more {
			s = strings.TrimLeft(after, blanks)
		} else if !strings.HasPrefix(s, "}") {
			return nil, "", fmt.Errorf("neither a comma nor a brace is behind label %s", name)
		}
	}
	return pairs, s[1:], nil
}

// unescape reads s to its end, or to a quote where escapes has one, and returns what follows from that quote on. escapes are
// the characters that may stand behind a backslash; another one there makes ok false.
func unescape(s, escapes string) (text, rest string, ok bool) {
	ends := strings.Contains(escapes, `"`)
	special := strings.IndexAny(s, `\"`)
	switch {
	case special < 0:
		return s, "", true
	case s[special] == '"' && ends:
		return s[:special], s[special:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && ends:
			return b.String(), s[i:], true
		case c != '\\':
			b.WriteByte(c)
		case i+1 == len(s) || strings.IndexByte(escapes, s[i+1]) < 0:
			return "", "", false
		default:
			i++
			if c = s[i]; c == 'n' {
				c = '\n'
			}
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}

// Series is how a sample writes a name and labels that are clean: name{a="b",c="d"}, in their order.
func Series(name string, pairs []Label) string {
	var b strings.Builder
	b.WriteString(name)
	for i, l := range pairs {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(l.Name)
		b.WriteString(`="`)
		b.WriteString(Escape(l.Value))
		b.WriteByte('"')
	}
	if len(pairs) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

// Escape escapes a clean label value, or a clean help text in OpenMetrics. What is clean has no line feed.
func Escape(s string) string { return escape.Replace(s) }

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// number reads a value as Prometheus does: no hexadecimal floats, no underscores.
func number(word string) (float64, error) {
	if strings.ContainsAny(word, "pP_") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(word, 64)
}

// blanks are what may stand between words.
const blanks = " \t"

// cutWord cuts s at its first blank. rest has no blanks in front.
func cutWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], blanks)
	}
	return s, ""
}

// isName reports whether s can name a metric, or else a label.
func isName(s string, metric bool) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || metric && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
