package metrics

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// parsed is one family of an exposition as a strict reader takes it.
type parsed struct{ name, kind, help, unit string }

// exposition is what a strict reader makes of a text: families by name, samples by name and labels, in order, with commas.
type exposition struct {
	format   Format
	families map[string]*parsed
	values   map[string]float64
	last     *parsed // the family that the samples belong to
}

var (
	familyName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	plainValue = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?$`)
)

// parse reads an exposition and is stricter than Prometheus: a family comes once, with help and type before its samples, a
// sample once; there is no timestamp, no value that is not a number, no text that is not clean.
//
// Format: https://prometheus.io/docs/instrumenting/exposition_formats, and OpenMetrics 1.0.0, "Text format"
func parse(text []byte, format Format) (*exposition, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	body := string(text)
	if rest, ended := strings.CutSuffix(body, "# EOF\n"); format == OpenMetrics {
		if !ended {
			return nil, errors.New("does not end in # EOF")
		}
		body = rest
	}
	e := &exposition{format: format, families: map[string]*parsed{}, values: map[string]float64{}}
	samples := 0
	for line := range strings.Lines(body) {
		text, whole := strings.CutSuffix(line, "\n")
		if !whole {
			return nil, errors.New("the last line does not end")
		}
		var err error
		if meta, is := strings.CutPrefix(text, "# "); is {
			if e.last != nil && strings.HasPrefix(meta, "HELP ") && samples == 0 {
				return nil, fmt.Errorf("%s has no samples", e.last.name)
			}
			err, samples = e.meta(meta), 0
		} else {
			err = e.sample(text)
			samples++
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	return e, nil
}

// meta takes a line of metadata: HELP is the first of a family, TYPE follows, then UNIT.
func (e *exposition) meta(line string) error {
	what, rest, _ := strings.Cut(line, " ")
	name, rest, _ := strings.Cut(rest, " ")
	if !familyName.MatchString(name) || rest == "" {
		return errors.New("no name and text")
	}
	if what == "HELP" {
		if e.families[name] != nil || strings.ContainsAny(rest, `\"`) {
			return errors.New("twice, or to be escaped")
		}
		e.last = &parsed{name: name, help: rest}
		e.families[name] = e.last
		return nil
	}
	if e.last == nil || e.last.name != name {
		return errors.New("not of the family that began")
	}
	unknown := [...]string{"untyped", "unknown"}[e.format]
	switch {
	case what == "TYPE" && e.last.kind == "" && slices.Contains([]string{"gauge", "counter", unknown}, rest):
		e.last.kind = rest
		if counts := strings.HasSuffix(name, "_total"); counts && (rest != "counter" || e.format == OpenMetrics) {
			return errors.New("_total")
		}
	case what == "UNIT" && e.last.kind != "" && e.last.unit == "" && e.format == OpenMetrics && strings.HasSuffix(name, "_"+rest):
		e.last.unit = rest
	default:
		return errors.New("not understood")
	}
	return nil
}

func (e *exposition) sample(line string) error {
	name, _, _ := strings.Cut(line, " ")
	name, _, labelled := strings.Cut(name, "{")
	if e.last == nil || e.last.kind == "" {
		return errors.New("before its type")
	}
	want := e.last.name
	if e.last.kind == "counter" && e.format == OpenMetrics {
		want += "_total"
	}
	if name != want || e.last.kind == "counter" && !strings.HasSuffix(name, "_total") {
		return fmt.Errorf("among the samples of %s", e.last.name)
	}
	key, value := name, line[len(name):]
	if labelled {
		var labels string
		var err error
		if labels, value, err = readLabels(value); err != nil {
			return err
		}
		key += labels
	}
	number, spaced := strings.CutPrefix(value, " ")
	v, err := strconv.ParseFloat(number, 64)
	if _, again := e.values[key]; again || !spaced || err != nil || !plainValue.MatchString(number) || math.IsInf(v, 0) {
		return fmt.Errorf("twice (%v), or no value", again)
	}
	if e.last.kind == "counter" && v < 0 {
		return errors.New("a counter below 0")
	}
	e.values[key] = v
	return nil
}

// readLabels reads {a="b",c="d"} and returns it with the empty ones left out, as Prometheus takes them, and what follows.
func readLabels(text string) (labels, rest string, err error) {
	var list []string
	seen := map[string]bool{}
	for before := byte('{'); text != "" && text[0] == before; before = ',' {
		name, after, found := strings.Cut(text[1:], `="`)
		if !found || !familyName.MatchString(name) || seen[name] {
			return "", "", fmt.Errorf("label %q", name)
		}
		seen[name] = true
		var value strings.Builder
		for after != "" && after[0] != '"' {
			c := after[0]
			if c == '\\' && len(after) > 1 {
				switch after = after[1:]; after[0] {
				case '\\', '"':
					c = after[0]
				case 'n':
					c = '\n'
				default:
					return "", "", fmt.Errorf("escape %q", after[0])
				}
			}
			value.WriteByte(c)
			after = after[1:]
		}
		if clean.String(value.String()) != value.String() {
			return "", "", fmt.Errorf("%q is not clean", value.String())
		}
		if after == "" {
			return "", "", errors.New("a value does not end")
		}
		if value.Len() > 0 {
			list = append(list, name+"="+value.String())
		}
		text = after[1:]
	}
	rest, closed := strings.CutPrefix(text, "}")
	if !closed {
		return "", "", errors.New("the labels do not end")
	}
	slices.Sort(list)
	return "{" + strings.Join(list, ",") + "}", rest, nil
}
