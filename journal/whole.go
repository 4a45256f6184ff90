package journal

import (
	"bytes"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
)

// Whole is an entry with all its fields, read again from its source. It is never changed once a Page has it.
type Whole struct {
	ID     uint64 // the row's that Query.Whole named
	Fields []WholeField
	Err    string // why there are none
}

// WholeField is a field as it is shown: clean, its secrets masked.
type WholeField struct {
	Name string
	Text []byte // LF separates lines
	Full int    // length of the raw value in bytes
	Cut  bool   // Text is the beginning of it only
}

func (r *reader) whole(q *request) *Whole {
	w := &Whole{ID: q.id}
	fields, err := (*q.sources[0].archive).Whole(q, q.at)
	if err != nil {
		w.Err = secret.String(err.Error())
		return w
	}
	for _, f := range fields {
		name, value := clean.String(f.Name), f.Value
		text := bytes.TrimRight(clean.AppendLines(nil, value), "\n")
		if secret.Named([]byte(name)) && len(text) > 0 {
			text = []byte("***")
		} else if masked, found := secret.Append(nil, text); found {
			text = masked
		}
		full := max(f.Full, len(value))
		w.Fields = append(w.Fields, WholeField{Name: name, Text: text, Full: full, Cut: full > len(value)})
	}
	return w
}
