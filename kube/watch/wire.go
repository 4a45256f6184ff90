package watch

import (
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"k8s.io/apimachinery/pkg/api/resource"

	"hypervisor-tui/draw/clean"
)

// mostNames is how many different texts a scan keeps before it starts anew.
const mostNames = 8192

// scan reads objects off the wire, field by field, and remembers the texts that come again and again. One goroutine owns
// it.
type scan struct {
	err        error             // of the object that is read: the rest of it is skipped
	names      map[string]string // clean text by raw text
	lines      map[string]string // the labels of a pod
	quantities map[string]int64  // in thousandths
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

// next moves to the next field and says whether there is one.
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

// field returns the last field of a number, nil when there is none.
func (s *scan) field(b []byte, num protowire.Number) []byte {
	var found []byte
	for m := s.over(b); m.next(); {
		if m.num == num {
			found = m.data
		}
	}
	return found
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
	if known, ok := s.names[string(b)]; ok {
		return known
	}
	if s.names == nil || len(s.names) >= mostNames {
		s.names = map[string]string{}
	}
	text := string(b)
	s.names[text] = clean.String(text)
	return s.names[text]
}

// text returns text of one object, clean, of at most limit bytes.
func (s *scan) text(b []byte, limit int) string {
	return clean.String(string(b[:min(len(b), limit)]))
}

// quantity returns what a Quantity says in thousandths, 0 when it is none: 100 for "100m", 1000 for "1".
func (s *scan) quantity(b []byte) int64 {
	text := s.field(b, 1)
	if n, ok := s.quantities[string(text)]; ok {
		return n
	}
	if s.quantities == nil || len(s.quantities) >= mostNames {
		s.quantities = map[string]int64{}
	}
	n := thousandths(string(text))
	s.quantities[string(text)] = n
	return n
}

// thousandths reads a quantity's text. Beyond nine petabytes it stays at the largest number there is.
func thousandths(text string) int64 {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return 0
	}
	return q.MilliValue()
}

// time reads a Time or a MicroTime, zero when there is none.
func (s *scan) time(b []byte) time.Time {
	var seconds, nanos int64
	for m := s.over(b); m.next(); {
		switch m.num {
		case 1:
			seconds = int64(m.n)
		case 2:
			nanos = int64(int32(m.n))
		}
	}
	if seconds == 0 && nanos == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, nanos)
}

// meta is what is read of an object's metadata.
type meta struct {
	key     string // "namespace/name"
	version []byte // in the memory of what was read
	synced  bool   // of a bookmark: all that there was has been sent
	raw     []byte // the ObjectMeta itself, nil for JSON
}

// meta reads an ObjectMeta.
func (s *scan) meta(b []byte) meta {
	m := meta{raw: b}
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
	m.key = key(string(namespace), string(name))
	return m
}

const initialEventsEnd = "k8s.io/initial-events-end"

func key(namespace, name string) string {
	if namespace == "" {
		return clean.String(name)
	}
	return clean.String(namespace + "/" + name)
}
