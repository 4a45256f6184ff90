package history

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// schema is the plan as text: a line for each field, its kind and its name, lists with their fields between [ and ]. A file
// holds that of each version that has written it, so that a later one finds what it knows by its name.
//
//	0 Samples
//	2 Disks [
//	1 Name
//	]
func schema(fields []field) string {
	var b strings.Builder
	describe(&b, fields)
	return b.String()
}

func describe(b *strings.Builder, fields []field) {
	for i := range fields {
		f := &fields[i]
		if f.form == leftForm {
			continue
		}
		b.WriteString(strconv.Itoa(int(f.kind)) + " " + f.name)
		switch f.form {
		case sliceForm, pointerForm:
			b.WriteString(" [\n")
			describe(b, f.fields)
			b.WriteString("]\n")
			continue
		case uidForm:
			b.WriteString("\n0 " + f.name + ".low")
		}
		b.WriteByte('\n')
	}
}

// schemaID names a schema.
func schemaID(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text)) // never fails
	return h.Sum64()
}

// line is one field of a schema.
type line struct {
	kind   cellKind
	name   string
	list   bool
	fields []line // of an element of a list
}

// comparable reports whether both are figures, texts or lists.
func (f *line) comparable(g *line) bool {
	return f.list == g.list && (f.kind == g.kind || f.kind != textCell && g.kind != textCell && !f.list)
}

// parseSchema reads a schema; false: it is none.
func parseSchema(text string) ([]line, bool) {
	lines, rest, ok := parseFields(strings.Split(strings.TrimSuffix(text, "\n"), "\n"), 0)
	return lines, ok && len(rest) == 0
}

func parseFields(text []string, depth int) (fields []line, rest []string, ok bool) {
	for len(text) > 0 {
		row := text[0]
		text = text[1:]
		if row == "]" {
			return fields, text, depth > 0
		}
		number, name, found := strings.Cut(row, " ")
		kind, err := strconv.Atoi(number)
		if !found || err != nil || kind < 0 || kind > int(exactCell) || depth > 16 {
			return nil, nil, false
		}
		f := line{kind: cellKind(kind), name: name}
		if f.name, f.list = strings.CutSuffix(name, " ["); f.list {
			if f.fields, text, ok = parseFields(text, depth+1); !ok {
				return nil, nil, false
			}
		}
		fields = append(fields, f)
	}
	return fields, text, depth == 0
}

// converter makes cells of one schema into cells of another.
type converter struct{ from, to []line }

// newConverter returns a converter between two schemas, nil when one of them is none.
func newConverter(from, to string) *converter {
	a, good := parseSchema(from)
	b, fine := parseSchema(to)
	if !good || !fine {
		return nil
	}
	return &converter{a, b}
}

// convert appends to dst what of src the other schema knows: what is not there is unknown, or an empty list. It returns nil
// when src does not fit its schema.
func (c *converter) convert(dst, src []cell) []cell {
	dst, rest, ok := convertFields(dst, src, c.from, c.to)
	if !ok || len(rest) != 0 {
		return nil
	}
	return dst
}

// convertFields converts one set of fields, which src begins with.
func convertFields(dst, src []cell, from, to []line) (_, rest []cell, ok bool) {
	starts := make([][]cell, len(from)) // where each field begins in src
	for i := range from {
		starts[i] = src
		if src, ok = skip(src, &from[i]); !ok {
			return nil, nil, false
		}
	}
	for i := range to {
		at := slices.IndexFunc(from, func(f line) bool { return f.name == to[i].name && f.comparable(&to[i]) })
		switch {
		case at < 0 && to[i].list:
			dst = append(dst, 0)
		case at < 0:
			dst = append(dst, unknown)
		case from[at].kind != to[i].kind: // other steps
			dst = append(dst, to[i].kind.cell(from[at].kind.value(starts[at][0])))
		case !to[i].list:
			dst = append(dst, starts[at][0])
		default:
			elements := starts[at][1:]
			dst = append(dst, starts[at][0])
			for range starts[at][0] {
				if dst, elements, ok = convertFields(dst, elements, from[at].fields, to[i].fields); !ok {
					return nil, nil, false
				}
			}
		}
	}
	return dst, src, true
}

// skip returns what follows a field.
func skip(src []cell, f *line) (_ []cell, ok bool) {
	if len(src) == 0 {
		return nil, false
	}
	n := src[0]
	src = src[1:]
	if !f.list {
		return src, true
	}
	if n < 0 || n > int64(len(src)) {
		return nil, false
	}
	for range n {
		for i := range f.fields {
			if src, ok = skip(src, &f.fields[i]); !ok {
				return nil, false
			}
		}
	}
	return src, true
}
