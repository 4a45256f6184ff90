package textfile

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

// family is all samples of one metric.
type family struct {
	name      string
	kind      string // of the # TYPE line, else untyped; empty while there is no such line yet
	help      string // of the # HELP line, clean and without escapes
	described bool   // there is such a line
	line      int    // that names it first
	samples   []sample
}

// sample is one line of a file.
type sample struct {
	name   string // the family's, or with a suffix of a histogram or summary behind it
	labels string // as they are written: {a="b",c="d"} in the order of their names, without empty ones; empty: it has none
	value  float64
	line   int
}

// The types of metrics.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
	summary   = "summary"
	untyped   = "untyped"
)

var kinds = []string{counter, gauge, histogram, summary, untyped}

// lineError is what is wrong with a line of a file.
type lineError struct {
	line int
	why  string
}

func (e *lineError) Error() string { return strconv.Itoa(e.line) + ": " + e.why }

// parse returns the families of text that have samples, in the order in which it names them. It takes the text format 0.0.4
// and refuses the whole text for one wrong line. Beyond what the format forbids it refuses timestamps, more than maxSamples
// samples, a series that comes twice, and samples that a histogram or a summary cannot have.
//
// Format: prometheus.io/docs/instrumenting/exposition_formats, text-based format.
func parse(text []byte) ([]*family, error) {
	p := parser{known: map[string]*family{}, series: map[string]int{}}
	for len(text) > 0 {
		p.line++
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return nil, &lineError{p.line, "the last line has no end: the file is cut short"}
		}
		if text = rest; !utf8.Valid(line) {
			return nil, &lineError{p.line, "not UTF-8"}
		}
		if err := p.take(strings.TrimLeft(string(line), blanks)); err != nil {
			return nil, &lineError{p.line, err.Error()}
		}
	}
	for _, f := range p.families {
		f.kind = cmp.Or(f.kind, untyped)
	}
	return slices.DeleteFunc(p.families, func(f *family) bool { return len(f.samples) == 0 }), nil
}

// parser is what is known of a text up to a line.
type parser struct {
	line     int
	families []*family
	known    map[string]*family // by name
	series   map[string]int     // their lines, by name and labels
}

// take takes in a line that does not begin with a blank.
func (p *parser) take(line string) error {
	if line == "" {
		return nil
	}
	if line[0] != '#' {
		return p.sample(line)
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
	f := p.family(name)
	switch {
	case said == "":
	case word == "HELP" && f.described:
		return fmt.Errorf("a second HELP of %s", f.name)
	case word == "HELP":
		help, _, ok := unescape(said, `\n`)
		if !ok {
			return fmt.Errorf(`HELP of %s has an escape that is not \\ or \n`, f.name)
		}
		f.help, f.described = clean.String(strings.ReplaceAll(help, "\n", " ")), true
	case f.kind != "" || len(f.samples) > 0:
		return fmt.Errorf("a second TYPE of %s, or one behind its samples", f.name)
	case !slices.Contains(kinds, said):
		return fmt.Errorf("TYPE of %s is none of %s", f.name, strings.Join(kinds, ", "))
	default:
		f.kind = said
		for _, name := range f.names()[1:] {
			if p.known[name] != nil {
				return fmt.Errorf("%s is a %s, but a metric %s comes before it", f.name, said, name)
			}
		}
	}
	return nil
}

// sample takes in a line of a sample.
func (p *parser) sample(line string) error {
	end := strings.IndexAny(line, "{"+blanks)
	if end < 0 {
		end = len(line)
	}
	name, rest := line[:end], strings.TrimLeft(line[end:], blanks)
	if !isName(name, true) {
		return errors.New("no metric's name")
	}
	var pairs []label
	if inner, has := strings.CutPrefix(rest, "{"); has {
		var err error
		if pairs, rest, err = labels(inner); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	rest = strings.TrimLeft(rest, blanks)
	word, _ := cutWord(rest)
	value, err := number(word)
	switch {
	case err != nil:
		return fmt.Errorf("the value of %s is no number", name)
	case word != rest:
		return fmt.Errorf("a timestamp, or something else, is behind the value of %s", name)
	case len(p.series) == maxSamples:
		return fmt.Errorf("more than %d samples", maxSamples)
	}
	f := p.family(name)
	if err := f.fits(name, pairs); err != nil {
		return err
	}
	s := sample{name, write(pairs), value, p.line}
	if other := p.series[s.series()]; other != 0 {
		return fmt.Errorf("%s has these labels in line %d already", name, other)
	}
	p.series[s.series()] = p.line
	f.samples = append(f.samples, s)
	return nil
}

func (s *sample) series() string { return s.name + s.labels }

// family returns the family that name belongs to, which may be the histogram or summary whose name it has before a suffix. It
// makes one where there is none.
func (p *parser) family(name string) *family {
	if f := p.known[name]; f != nil {
		return f
	}
	for _, suffix := range []string{"_count", "_sum", "_bucket"} {
		stem, has := strings.CutSuffix(name, suffix)
		if f := p.known[stem]; has && f != nil && (f.kind == histogram || f.kind == summary && suffix != "_bucket") {
			return f
		}
	}
	f := &family{name: name, line: p.line}
	p.known[name] = f
	p.families = append(p.families, f)
	return f
}

// fits returns an error when f is a histogram or a summary and can have no sample of that name with those labels.
func (f *family) fits(name string, pairs []label) error {
	needs := "" // the label that it must have
	switch {
	case f.kind == summary && name == f.name:
		needs = "quantile"
	case f.kind == histogram && name == f.name+"_bucket":
		needs = "le"
	case f.kind == histogram && name == f.name:
		return fmt.Errorf("%s is a histogram, which has only _bucket, _count and _sum", name)
	default:
		return nil
	}
	at := slices.IndexFunc(pairs, func(l label) bool { return l.name == needs })
	if at < 0 {
		return fmt.Errorf("%s of a %s has no label %s", name, f.kind, needs)
	}
	if v, err := number(pairs[at].value); err != nil || math.IsNaN(v) {
		return fmt.Errorf("%s has a label %s that is no number", name, needs)
	}
	return nil
}

// label is a name and a value that is clean and without escapes.
type label struct{ name, value string }

// labels reads what is behind an opening brace. It returns the labels that are not empty, by name, and what is behind the
// closing brace.
func labels(s string) (pairs []label, rest string, err error) {
	s = strings.TrimLeft(s, blanks)
	for !strings.HasPrefix(s, "}") {
		name, after, _ := strings.Cut(s, "=")
		name = strings.TrimRight(name, blanks)
		after, quoted := strings.CutPrefix(strings.TrimLeft(after, blanks), `"`)
		if !quoted || !isName(name, false) || name == "__name__" {
			return nil, "", errors.New(`what is in the braces is not label="value"`)
		}
		if slices.ContainsFunc(pairs, func(l label) bool { return l.name == name }) {
			return nil, "", fmt.Errorf("the label %s twice", name)
		}
		value, after, ok := unescape(after, `\n"`)
		if after, quoted = strings.CutPrefix(after, `"`); !ok || !quoted {
			return nil, "", fmt.Errorf(`the value of label %s has no end, or an escape that is not \\, \" or \n`, name)
		}
		pairs = append(pairs, label{name, clean.String(value)})
		s = strings.TrimLeft(after, blanks)
		if after, more := strings.CutPrefix(s, ","); more {
			s = strings.TrimLeft(after, blanks)
		} else if !strings.HasPrefix(s, "}") {
			return nil, "", fmt.Errorf("neither a comma nor a brace is behind label %s", name)
		}
	}
	pairs = slices.DeleteFunc(pairs, func(l label) bool { return l.value == "" })
	slices.SortFunc(pairs, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return pairs, s[1:], nil
}

// unescape reads s to its end, or to a quote where escapes has one, and returns what follows from that quote on. escapes are
// the characters that may stand behind a backslash; another one there makes ok false.
func unescape(s, escapes string) (text, rest string, ok bool) {
	var b strings.Builder
	ends := strings.Contains(escapes, `"`)
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

// write writes labels as a sample has them.
func write(pairs []label) string {
	var b strings.Builder
	for i, l := range pairs {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(l.name + `="` + escape.Replace(l.value) + `"`)
	}
	if len(pairs) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

// escape escapes a clean label value, or a clean help text in OpenMetrics. What is clean has no line feed.
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
