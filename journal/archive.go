package journal

import (
	"bytes"
	"context"
	"errors"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
)

// Place is a position in one source's own order, by which an entry is found again. Seq decides where the source
// knows it, Time else. A position lies at the entry that has it, or, where none has it, before the first entry that
// is later; so {Time: t} lies before the first entry stamped t or later, {} before all and {Time: math.MaxInt64}
// behind all. An entry with the zero Place cannot be read again.
type Place struct {
	Time int64  // realtime, microseconds since 1970
	Seq  uint64 // never 0 for an entry, rising in the source's order: the journal's seqnum, a byte offset in files
}

// MaxField is where the value of a field is cut, in bytes.
const MaxField = 1 << 20

// Field is one field of a whole entry as its source has it: raw bytes, cleaned and masked by whom it is handed to.
// An entry may have several fields of one name.
type Field struct {
	Name  string
	Value []byte // the caller's to keep; of a long value the first MaxField bytes
	Full  int    // length of the whole value in bytes when it was cut; less than Value: not cut
}

// Archive reads again what a source still keeps: whole entries, and entries older than the ring holds. Its methods
// block and may take long; the Log calls them from goroutines that own nothing else, while the source's own goroutine
// goes on putting. One of them runs at a time, but during put others may be called and return. They end soon after ctx,
// with its error. They may panic.
type Archive interface {
	// Older calls put with the entries before the position, newest first, until put is false or nothing is older:
	// then it returns nil. An Entry's bytes are good until put returns. What is damaged is skipped.
	Older(ctx context.Context, before Place, put func(Entry) bool) error

	// Newer calls put with the entry at the position and those after it, oldest first, up to the one before to, an
	// entry's place or that behind all, in all else like Older. It ends with what was there when it was called, or later.
	// Older(p) and Newer(p) together are all there is, and nothing twice. The order is the source's own, in which stamps
	// may go back.
	Newer(ctx context.Context, from, to Place, put func(Entry) bool) error

	// Whole returns all fields of the entry at that place, in the source's order, ErrGone when it is not kept any more.
	Whole(ctx context.Context, at Place) ([]Field, error)

	// BootStart returns the place of the first entry of the boot to which the newest entry at or before the position
	// belongs. ErrGone: there is no such entry. ErrNoBoots: the source does not know boots.
	BootStart(ctx context.Context, at Place) (Place, error)
}

// What an Archive says besides errors of reading.
var (
	ErrGone    = errors.New("rotated away: its source no longer keeps it")
	ErrNoBoots = errors.New("this source does not know which boot an entry belongs to")
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
