package watch

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"k8s.io/apimachinery/pkg/api/resource"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/kube"
)

// What a scan remembers before it starts anew, and how long text may be.
const (
	maxNames    = 8192      // different texts
	maxRecalled = 256 << 10 // bytes of them together
	maxName     = 512       // bytes of the name of an object: the API server takes 253
	maxWord     = 256       // bytes of text that many objects have in common
	maxQuantity = 64        // bytes of a quantity
	maxLabels   = 4 << 10   // bytes of the labels of a pod together, hashed
	maxParts    = 64        // entries of a list inside an object
)

// scan reads objects off the wire, field by field, and remembers the texts that come again and again. One goroutine owns
// it.
type scan struct {
	err        error             // of the object that is read: the rest of it is skipped
	bytes      int               // of the text of the object that is read
	names      map[string]string // clean text by raw text
	sets       map[string]kube.Labels
	quantities map[string]int64 // in thousandths
	recalled   int              // bytes of what names and sets have
	raw, shown []byte           // of text, while its secrets are looked for
	line       []byte           // of a label, while it is hashed
}

// over goes through the fields of a message. A field of a number or of a wire type that nobody asks for is skipped.
func (s *scan) over(b []byte) message { return message{scan: s, rest: b} }

// message is a protobuf message that is being read. What it hands out lies in the memory that it was given.
type message struct {
	scan *scan
	rest []byte
	num  protowire.Number
	data []byte // of a field with a length: text, bytes or another message; else nil
	n    uint64 // of a varint, else 0
}

var errMalformed = errors.New("malformed protobuf")

// next moves to the next field and reports whether there is one.
func (m *message) next() bool {
	if len(m.rest) == 0 || m.scan.err != nil {
		return false
	}
	num, typ, size := protowire.ConsumeTag(m.rest)
	if size < 0 {
		return m.fail()
	}
	m.rest, m.num, m.data, m.n = m.rest[size:], num, nil, 0
	switch typ {
	case protowire.BytesType:
		m.data, size = protowire.ConsumeBytes(m.rest)
	case protowire.VarintType:
		m.n, size = protowire.ConsumeVarint(m.rest)
	default:
		size = protowire.ConsumeFieldValue(num, typ, m.rest)
	}
	if size < 0 {
		return m.fail()
	}
	m.rest = m.rest[size:]
	return true
}

func (m *message) fail() bool {
	m.scan.err = errMalformed
	return false
}

// field returns the last field of a number, or nil. It goes through all of b: it is for what is small, or
// where a single field is wanted.
func (s *scan) field(b []byte, num protowire.Number) []byte {
	var found []byte
	for m := s.over(b); m.next(); {
		if m.num == num {
			found = m.data
		}
	}
	return found
}

// varint is field for a varint, or 0.
func (s *scan) varint(b []byte, num protowire.Number) (n uint64) {
	for m := s.over(b); m.next(); {
		if m.num == num {
			n = m.n
		}
	}
	return n
}

// unwrap returns the object inside its envelope.
//
// API: runtime.Unknown in apimachinery/pkg/runtime/generated.proto, behind four bytes.
func (s *scan) unwrap(b []byte) []byte {
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		s.err = errMalformed
		return nil
	}
	return s.field(b[len(magic):], 2)
}

const magic = "k8s\x00"

// pair reads an entry of a map: both its sides lie in b's memory.
func (s *scan) pair(b []byte) (key, value []byte) {
	for m := s.over(b); m.next(); {
		switch m.num {
		case 1:
			key = m.data
		case 2:
			value = m.data
		}
	}
	return key, value
}

// name returns text that many objects have in common, clean and in one copy.
func (s *scan) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	b = b[:min(len(b), maxWord)]
	known, ok := s.names[string(b)]
	if !ok {
		s.recall(len(b))
		known = s.text(b, maxWord)
		s.bytes -= len(known)
		s.names[string(b)] = known
	}
	s.bytes += len(known)
	return known
}

// label appends a label to the bytes of a set.
func (s *scan) label(set, key, value []byte) []byte {
	s.line = append(append(append(s.line[:0], key...), '='), value...)
	return kube.AppendLabel(set, s.line)
}

// labels is name for a set of labels.
func (s *scan) labels(set []byte) kube.Labels {
	known, ok := s.sets[string(set)]
	if !ok {
		s.recall(len(set))
		known = kube.Labels(set)
		s.sets[string(known)] = known
	}
	s.bytes += len(known)
	return known
}

// recall makes room for one more text of n bytes.
func (s *scan) recall(n int) {
	if s.names == nil || len(s.names)+len(s.sets) >= maxNames || s.recalled+n > maxRecalled {
		s.names, s.sets, s.recalled = map[string]string{}, map[string]kube.Labels{}, 0
	}
	s.recalled += n
}

// text returns text of one object, clean, without secrets, of at most limit bytes. What is cut off may belong to a secret: a
// little more than the limit is looked at.
func (s *scan) text(b []byte, limit int) string {
	const more = 64
	text := clean.String(string(b[:min(len(b), limit+more)]))
	s.raw = append(s.raw[:0], text...)
	if masked, found := secret.Append(s.shown[:0], s.raw); found {
		s.shown, text = masked, string(masked)
	}
	text = cut(text, limit)
	s.bytes += len(text)
	return text
}

// cut returns text up to limit bytes, without a part of a character at the end.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// quantity returns what a Quantity says in thousandths, 0 when it is none: 100 for "100m", 1000 for "1".
func (s *scan) quantity(b []byte) int64 {
	text := s.field(b, 1)
	if n, ok := s.quantities[string(text)]; ok || len(text) > maxQuantity {
		return n
	}
	if s.quantities == nil || len(s.quantities) >= maxNames {
		s.quantities = map[string]int64{}
	}
	n := thousandths(string(text))
	s.quantities[string(text)] = n
	return n
}

// thousandths reads a quantity's text. Beyond nine petabytes it stays at the largest number there is.
func thousandths(text string) int64 {
	if !plausible(text) {
		return 0
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return 0
	}
	return q.MilliValue()
}

// plausible reports whether text is short enough for a quantity and has no exponent of three digits, which takes seconds to
// multiply out.
func plausible(text string) bool {
	e := strings.LastIndexAny(text, "eE")
	return len(text) <= maxQuantity && (e < 0 || len(text)-e <= len("e+99"))
}

// time reads a Time or a MicroTime; it is zero if none can be true.
func (s *scan) time(b []byte) time.Time {
	seconds, nanos := int64(s.varint(b, 1)), int64(int32(s.varint(b, 2)))
	if seconds == 0 && nanos == 0 {
		return time.Time{}
	}
	return credible(time.Unix(seconds, nanos))
}

// credible returns at, zero when nothing of Kubernetes can have been then: its year is that of no computer.
func credible(at time.Time) time.Time {
	if year := at.Year(); year < 2000 || year > 2200 {
		return time.Time{}
	}
	return at
}

// meta is what is read of an object's metadata.
type meta struct {
	key     string // "namespace/name"
	version []byte // in the memory of what was read
	synced  bool   // of a bookmark: all that there was has been sent
}

// meta reads an ObjectMeta.
func (s *scan) meta(b []byte) meta {
	var m meta
	var namespace, name []byte
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			name = f.data
		case 3:
			namespace = f.data
		case 6:
			m.version = f.data
		case 12:
			if key, value := s.pair(f.data); string(key) == initialEventsEnd && string(value) == "true" {
				m.synced = true
			}
		}
	}
	m.key = s.key(namespace, name)
	return m
}

const initialEventsEnd = "k8s.io/initial-events-end"

// key is what an object is kept by.
func (s *scan) key(namespace, name []byte) string {
	if len(namespace) == 0 {
		return s.text(name, maxName)
	}
	return s.name(namespace) + "/" + s.text(name, maxName)
}
