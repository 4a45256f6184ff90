package plugin

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
)

// ParseCheck reads what a Nagios plugin prints: a line of text, more lines behind it, and in each of the two behind a | figures,
// which all lines behind those of the second | may be as well. What is no figure there is a line of its own in more, and what a
// figure has that cannot be read is not set; a line whose | has nothing like a figure behind it is text. A label without quotes may
// have blanks, as Icinga takes it. Of a line that was written over behind carriage returns the last is taken.
//
// Format: monitoring-plugins.org/doc/guidelines.html, plugin output; Nagios Core's plugin API.
func ParseCheck(output []byte) (text string, more []string, figures []Figure, left int) {
	output = overwritten(output)
	words := make([]byte, 0, len(output))
	var p perfdata
	behind := false // the second |
	first := true
	for line := range bytes.Lines(output) {
		if behind && figured(line) {
			p.add(string(line))
			continue
		}
		said, perfdata, has := bytes.Cut(line, []byte("|"))
		if has && (len(bytes.TrimSpace(perfdata)) == 0 || figured(perfdata)) {
			p.add(string(perfdata))
			behind = behind || !first
			line = append(said[:len(said):len(said)], '\n')
		}
		first = false
		words = append(words, line...)
	}
	if len(p.odd) > 0 {
		words = fmt.Appendf(words, "\nnot understood: %s\n", strings.Join(p.odd, " "))
	}
	text, more = lines(words)
	return text, more, p.figures, p.left
}

// figured reports whether something in s looks like label=value.
func figured(s []byte) bool {
	for {
		_, rest, found := bytes.Cut(s, []byte("="))
		if !found {
			return false
		}
		if len(rest) > 0 && strings.IndexByte("0123456789+-.U", rest[0]) >= 0 {
			return true
		}
		s = rest
	}
}

// perfdata is what stands behind a |.
type perfdata struct {
	figures []Figure
	left    int      // figures for which there is no room
	odd     []string // what is no figure
}

// add takes in a line of it.
func (p *perfdata) add(line string) {
	for line != "" {
		before, label, rest, found := cutLabel(line)
		p.skip(before)
		if !found {
			line = rest
			continue
		}
		end := valueEnd(rest)
		line = rest[end:]
		switch f, ok := figure(rest[:end]); {
		case !ok || label == "":
			p.skip(label + "=" + rest[:end])
		case len(p.figures) == MaxFigures:
			p.left++
		default:
			f.Label, f.Unit = strings.Clone(name(label)), strings.Clone(f.Unit) // else they keep the whole line
			p.figures = append(p.figures, f)
		}
	}
}

// skip takes in what is no figure.
func (p *perfdata) skip(s string) {
	if s = strings.Trim(s, blanks+"|;"); s != "" {
		p.odd = append(p.odd, s)
	}
}

const blanks = " \t\r\n"

// valueEnd returns where the value that s begins with ends: at a blank, or at a label in quotes. A quote that begins none is one of
// the value, as in 1'234.
func valueEnd(s string) int {
	end := strings.IndexAny(s, blanks)
	if end < 0 {
		end = len(s)
	}
	if at := strings.IndexByte(s[:end], '\''); at >= 0 {
		if _, rest, closed := cutQuoted(s[at+1:]); closed && strings.HasPrefix(rest, "=") {
			return at
		}
	}
	return end
}

// cutLabel returns the first label of s, what is before it, and what is behind its =. It may find none and more to look at in rest.
func cutLabel(s string) (before, label, rest string, found bool) {
	at := strings.IndexAny(s, "='")
	if at < 0 {
		return s, "", "", false
	}
	if s[at] == '=' { // no quotes
		begin := strings.LastIndexAny(s[:at], "|;") + 1
		return s[:begin], strings.Trim(s[begin:at], blanks), s[at+1:], true
	}
	label, rest, closed := cutQuoted(s[at+1:])
	if rest, found = strings.CutPrefix(rest, "="); closed && found {
		return s[:at], label, rest, true
	}
	// A quote that is none of a label: go on behind its word.
	end := len(s)
	if blank := strings.IndexAny(s[at:], blanks); blank >= 0 {
		end = at + blank
	}
	return s[:end], "", s[end:], false
}

// cutQuoted reads what is behind a single quote, up to the next one that is not doubled.
func cutQuoted(s string) (inner, rest string, closed bool) {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '\'')
		if at < 0 {
			return "", s, false
		}
		at += from
		if !strings.HasPrefix(s[at+1:], "'") {
			return strings.ReplaceAll(s[:at], "''", "'"), s[at+1:], true
		}
		from = at + 2
	}
}

// figure reads value[unit];[warn];[crit];[min];[max].
func figure(s string) (f Figure, ok bool) {
	f.Min, f.Max = math.NaN(), math.NaN()
	number, s, _ := strings.Cut(s, ";")
	warn, s, _ := strings.Cut(s, ";")
	critical, s, _ := strings.Cut(s, ";")
	low, s, _ := strings.Cut(s, ";")
	high, _, _ := strings.Cut(s, ";")
	if number == "U" || strings.EqualFold(strings.TrimLeft(number, "+-"), "nan") {
		f.Value = math.NaN()
	} else if f.Value, f.Unit, ok = cutNumber(number); !ok || !unit(f.Unit) {
		return f, false
	}
	if utf8.RuneCountInString(f.Unit) > MaxUnit {
		f.Unit = ""
	}
	f.Warn, _ = ParseRange(warn)
	f.Critical, _ = ParseRange(critical)
	if v, ok := decimal(low); ok {
		f.Min = v
	}
	if v, ok := decimal(high); ok {
		f.Max = v
	}
	return f, true
}

// unit reports whether s can be a unit behind a number, and is no more of the number, as in 0,5 or 1.2.3, nor something else.
func unit(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune("%/°*^²³_#$€£", r) }) < 0 && clean.String(s) == s
}

// lines returns the lines of a text that are not empty: clean, without secrets, and within the bounds.
func lines(output []byte) (text string, more []string) {
	words := clean.AppendLines(make([]byte, 0, len(output)), overwritten(output))
	if masked, found := secret.Append(nil, words); found {
		words = masked
	}
	left := 0
	for line := range bytes.Lines(words) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case text == "":
			text = shorten(string(line))
		case len(more) < MaxLines:
			more = append(more, shorten(string(line)))
		default:
			left++
		}
	}
	if left > 0 {
		more[MaxLines-1] = fmt.Sprintf("and %d more lines", left+1)
	}
	return text, more
}

// overwritten returns a text without what a carriage return has let a terminal write over, such as the steps of a progress.
func overwritten(output []byte) []byte {
	if !bytes.Contains(output, []byte("\r")) {
		return output
	}
	kept := make([]byte, 0, len(output))
	for line := range bytes.Lines(output) {
		line = bytes.TrimRight(line, "\r\n")
		kept = append(append(kept, line[bytes.LastIndexByte(line, '\r')+1:]...), '\n')
	}
	return kept
}

// name returns a name of outside clean, without secrets, and within the bound of a text.
func name(s string) string { return shorten(secret.String(s)) }

// value returns a value of outside as name does. What that is the value of may say that it is a secret.
func value(of, s string) string {
	if s = name(s); !secret.Named([]byte(of)) {
		return s
	}
	head := of + ": "
	if masked, same := strings.CutPrefix(secret.String(head+s), head); same {
		return shorten(masked)
	}
	return s
}

// shorten cuts a clean text at MaxText.
func shorten(s string) string {
	const dots = "…"
	if len(s) <= MaxText {
		return s
	}
	end := MaxText - len(dots)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + dots
}
