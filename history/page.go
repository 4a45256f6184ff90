package history

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// A page holds records that need no other page: lose one, and only that is lost. All numbers are little endian.
//
//	0 u32 'FTR1'   4 u8 tier   5 u8[3] 0   8 u64 seq   16 i64 wall ms   24 u8[16] boot id   40 u64 schema   48 i64 boot ns
//	56 u32 0   60 u32 CRC32C of 0-59
//
// and then records, each of 24 bytes and a body:
//
//	0 u24 length of the body, u8 kind   4 u32 CRC32C   8 i64 wall ms   16 i64 boot ns
//
// The CRC is over seq, the record's offset in the page, the CRC before it, which for the first one is the header's, and all of
// the record but the CRC: what is left of an earlier lap, was moved, or followed a record that was lost, never passes.
const (
	pageSize    = 128 << 10
	pageHeader  = 64
	recordStart = 24
	pageMagic   = 0x31525446 // "FTR1"
)

// recordKind says what a record is.
type recordKind uint8

const (
	endRecord   recordKind = iota // of the page
	keyRecord                     // a vector, deflated
	deltaRecord                   // a vector, as it differs from the one before: cells beyond those differ from 0
	eventRecord
	markRecord
)

// mark is what a mark says.
type mark uint8

const (
	markEnd   mark = iota // recording was stopped in good order
	markClock             // the wall clock was stepped
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pageHead is the header of a page.
type pageHead struct {
	tier   uint8
	seq    uint64 // of the tier; 0: the page was never written
	wall   int64  // of its first record, ms
	boot   int64  // CLOCK_BOOTTIME of that, ns
	bootID [16]byte
	schema uint64
}

func (h *pageHead) put(b []byte) {
	clear(b[:pageHeader])
	binary.LittleEndian.PutUint32(b, pageMagic)
	b[4] = h.tier
	binary.LittleEndian.PutUint64(b[8:], h.seq)
	binary.LittleEndian.PutUint64(b[16:], uint64(h.wall))
	copy(b[24:40], h.bootID[:])
	binary.LittleEndian.PutUint64(b[40:], h.schema)
	binary.LittleEndian.PutUint64(b[48:], uint64(h.boot))
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
}

// headCRC is the checksum that a header says of itself.
func headCRC(b []byte) uint32 { return binary.LittleEndian.Uint32(b[60:]) }

// parseHead reads a header; false: there is none, or it is damaged.
func parseHead(b []byte) (h pageHead, ok bool) {
	if len(b) < pageHeader || binary.LittleEndian.Uint32(b) != pageMagic || headCRC(b) != crc32.Checksum(b[:60], castagnoli) {
		return h, false
	}
	h.tier = b[4]
	h.seq = binary.LittleEndian.Uint64(b[8:])
	h.wall = int64(binary.LittleEndian.Uint64(b[16:]))
	copy(h.bootID[:], b[24:40])
	h.schema = binary.LittleEndian.Uint64(b[40:])
	h.boot = int64(binary.LittleEndian.Uint64(b[48:]))
	return h, h.seq > 0
}

// recordCRC is the checksum of the record at offset at of page b, whose body has n bytes, behind one whose checksum is before.
// seed has room for it.
func recordCRC(seed *[16]byte, b []byte, seq uint64, before uint32, at, n int) uint32 {
	binary.LittleEndian.PutUint64(seed[:], seq)
	binary.LittleEndian.PutUint32(seed[8:], uint32(at))
	binary.LittleEndian.PutUint32(seed[12:], before)
	crc := crc32.Update(0, castagnoli, seed[:])
	crc = crc32.Update(crc, castagnoli, b[at:at+4])
	return crc32.Update(crc, castagnoli, b[at+8:at+recordStart+n])
}

// page is a page that is written. The zero value holds none.
type page struct {
	head    pageHead
	bytes   []byte
	used    int           // bytes of it
	saved   int           // of these, how many are in the file
	cells   []cell        // of the last vector, its texts as numbers in the page; empty: the next one is a key
	shape   uint64        // of that vector
	checked int           // bytes of it that plugins took
	numbers map[cell]cell // in the page, of those in a texts
	ready   []cell        // room for the next cells
	fresh   []cell        // room for the new texts of a record
	crc     uint32        // of the last record, or of the header
	seed    [16]byte
}

// begin starts a page that its head describes.
func (p *page) begin(h pageHead) {
	if p.bytes == nil {
		p.bytes, p.numbers = make([]byte, pageSize), map[cell]cell{}
	}
	clear(p.bytes)
	p.head = h
	p.head.put(p.bytes)
	p.used, p.saved, p.checked, p.crc = pageHeader, 0, 0, headCRC(p.bytes)
	p.forget()
}

// forget makes the next vector a key.
func (p *page) forget() {
	clear(p.numbers)
	p.cells = p.cells[:0]
}

// add appends a vector, as a delta where it can be one. It returns false when the page has no room for it.
func (p *page) add(v *vector, t *texts, wall int64, boot time.Duration) bool {
	kind := deltaRecord
	if len(p.cells) == 0 || p.shape != v.shape {
		kind = keyRecord
		p.forget()
	}
	start, limit := p.used, len(p.bytes)
	if start+recordStart > limit {
		p.forget()
		return false
	}
	b := p.bytes[:start+recordStart]
	if kind == keyRecord {
		b, limit = t.deflater.plain[:0], maxKey
	}
	// New texts first: they are numbered from 1 in the page.
	p.ready, p.fresh = p.ready[:0], p.fresh[:0]
	others, checked := 0, 0 // fresh texts that are not of plugins; bytes that these take
	for i, c := range v.cells {
		if v.kinds[i] == textCell && c != 0 {
			n, known := p.numbers[c]
			if !known {
				n = cell(len(p.numbers) + 1)
				p.numbers[c] = n
				p.fresh = append(p.fresh, c)
				if i < v.checks {
					others++
				}
			}
			c = n
		}
		p.ready = append(p.ready, c)
	}
	b = binary.AppendUvarint(b, uint64(len(p.fresh)))
	for i, n := range p.fresh {
		text := t.text(n)
		if i >= others {
			checked += len(text) + 1
		}
		if len(b)+len(text)+binary.MaxVarintLen64 > limit {
			p.forget()
			return false
		}
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	at := min(v.checks, len(p.cells))
	b, fits := appendTokens(b, p.cells[:at], p.ready[:v.checks], limit)
	checked -= len(b)
	if fits {
		b, fits = appendTokens(b, p.cells[at:], p.ready[v.checks:], limit)
	}
	checked += len(b)
	if !fits {
		p.forget()
		return false
	}
	if kind == keyRecord {
		plain := len(b)
		t.deflater.plain = b
		if b, fits = t.deflater.append(p.bytes[:start+recordStart], b, len(p.bytes)); !fits {
			p.forget()
			return false
		}
		checked = checked * (len(b) - start - recordStart) / plain // as if all of it became smaller alike
	}
	p.checked += checked
	p.finish(start, len(b), kind, wall, boot)
	p.cells, p.ready = p.ready, p.cells
	p.shape = v.shape
	return true
}

// addBody appends a record of another kind. It returns false when the page has no room for it.
func (p *page) addBody(kind recordKind, body []byte, wall int64, boot time.Duration) bool {
	if p.used+recordStart+len(body) > len(p.bytes) {
		return false
	}
	copy(p.bytes[p.used+recordStart:], body)
	p.finish(p.used, p.used+recordStart+len(body), kind, wall, boot)
	return true
}

// finish writes the head of a record whose body is there.
func (p *page) finish(start, end int, kind recordKind, wall int64, boot time.Duration) {
	b, n := p.bytes, end-start-recordStart
	binary.LittleEndian.PutUint32(b[start:], uint32(n)|uint32(kind)<<24)
	binary.LittleEndian.PutUint64(b[start+8:], uint64(wall))
	binary.LittleEndian.PutUint64(b[start+16:], uint64(boot))
	p.crc = recordCRC(&p.seed, b, p.head.seq, p.crc, start, n)
	binary.LittleEndian.PutUint32(b[start+4:], p.crc)
	p.used = end
}

// Tokens: 00-3f 1-64 cells that are as before | 40-bf a difference, zigzag, of 7 bits | c0-df and 1 byte: of 13 |
// e0-ef and 2: of 20 | f0-f7 and 3: of 27 | ff and 8: of 64.

// appendTokens appends how cells differ from those before, or where these are fewer from 0, to b, and reports whether that fits into
// limit bytes.
func appendTokens(b []byte, before, cells []cell, limit int) (_ []byte, fits bool) {
	same := 0
	for i, c := range cells {
		difference := c
		if i < len(before) {
			difference -= before[i]
		}
		if difference == 0 {
			if same++; same == 64 {
				b = append(b, 63)
				same = 0
			}
			continue
		}
		if len(b)+10 > limit {
			return b, false
		}
		if same > 0 {
			b = append(b, byte(same-1))
			same = 0
		}
		switch z := uint64(difference<<1) ^ uint64(difference>>63); {
		case z < 1<<7:
			b = append(b, 0x40+byte(z))
		case z < 1<<13:
			b = append(b, 0xc0+byte(z>>8), byte(z))
		case z < 1<<20:
			b = append(b, 0xe0+byte(z>>16), byte(z>>8), byte(z))
		case z < 1<<27:
			b = append(b, 0xf0+byte(z>>24), byte(z>>16), byte(z>>8), byte(z))
		default:
			b = binary.BigEndian.AppendUint64(append(b, 0xff), z)
		}
	}
	if same > 0 {
		b = append(b, byte(same-1))
	}
	return b, len(b) <= limit
}

// maxCells is how many cells a record that is read may have: more than any that is written, and no bomb.
const maxCells = 1 << 20

// parseTokens makes the cells that tokens tell, from those before, in dst. It returns nil when they are damaged.
func parseTokens(dst, before []cell, tokens []byte) []cell {
	was := func() cell { // the next one before
		if len(dst) < len(before) {
			return before[len(dst)]
		}
		return 0
	}
	dst = dst[:0]
	for i := 0; i < len(tokens); {
		t := tokens[i]
		i++
		if t < 0x40 {
			for range int(t) + 1 {
				if len(dst) == maxCells {
					return nil
				}
				dst = append(dst, was())
			}
			continue
		}
		var z uint64
		more := 0
		switch {
		case t < 0xc0:
			z = uint64(t - 0x40)
		case t < 0xe0:
			z, more = uint64(t-0xc0), 1
		case t < 0xf0:
			z, more = uint64(t-0xe0), 2
		case t < 0xf8:
			z, more = uint64(t-0xf0), 3
		case t == 0xff:
			more = 8
		default:
			return nil
		}
		if i+more > len(tokens) {
			return nil
		}
		for _, low := range tokens[i : i+more] {
			z = z<<8 | uint64(low)
		}
		i += more
		if len(dst) == maxCells {
			return nil
		}
		dst = append(dst, was()+(cell(z>>1)^-cell(z&1)))
	}
	return dst
}

// record is one record of a page that is read. What it points to is valid until the next one.
type record struct {
	kind  recordKind
	wall  int64
	boot  time.Duration
	body  []byte
	cells []cell // of a vector, its texts as numbers in the page; nil while they are not wanted
}

func (r *record) isVector() bool { return r.kind == keyRecord || r.kind == deltaRecord }

// reading walks the records of a page.
type reading struct {
	head    pageHead
	bytes   []byte
	at      int      // of the next record
	skim    bool     // vectors are not wanted
	keyed   bool     // there was a key
	texts   []string // of the page, from 1 on
	last, b []cell
	crc     uint32 // of the record before at, or of the header
	seed    [16]byte
	inflater
}

// rewind goes to the first record.
func (r *reading) rewind() {
	r.at, r.crc, r.keyed, r.texts, r.last = pageHeader, headCRC(r.bytes), false, r.texts[:0], r.last[:0]
}

// text is a text of the page by its number.
func (r *reading) text(n cell) string {
	if n < 1 || n > cell(len(r.texts)) {
		return ""
	}
	return r.texts[n-1]
}

// next reads the next record; false: there is none, or what follows is damaged.
func (r *reading) next() (rec record, ok bool) {
	b, at := r.bytes, r.at
	if at+recordStart > len(b) {
		return rec, false
	}
	size := binary.LittleEndian.Uint32(b[at:])
	rec.kind = recordKind(size >> 24)
	n := int(size & 0xffffff)
	if rec.kind == endRecord || rec.kind > markRecord || at+recordStart+n > len(b) {
		return rec, false
	}
	crc := recordCRC(&r.seed, b, r.head.seq, r.crc, at, n)
	if binary.LittleEndian.Uint32(b[at+4:]) != crc {
		return rec, false
	}
	r.crc = crc
	rec.wall = int64(binary.LittleEndian.Uint64(b[at+8:]))
	rec.boot = time.Duration(binary.LittleEndian.Uint64(b[at+16:]))
	rec.body = b[at+recordStart : at+recordStart+n]
	r.at = at + recordStart + n
	if rec.isVector() {
		if rec.kind == deltaRecord && !r.keyed {
			return rec, false
		}
		r.keyed = true
		if r.skim {
			return rec, true
		}
		if rec.kind == keyRecord {
			r.texts, r.last = r.texts[:0], r.last[:0]
		}
		body, fine := rec.body, true
		if rec.kind == keyRecord {
			if body, fine = r.inflater.inflate(body); !fine {
				return rec, false
			}
		}
		tokens, fine := r.newTexts(body)
		if !fine {
			return rec, false
		}
		cells := parseTokens(r.b, r.last, tokens)
		if cells == nil {
			return rec, false
		}
		r.b, r.last = r.last, cells
		rec.cells = cells
	}
	return rec, true
}

// newTexts takes the texts that a vector begins with, and returns its tokens.
func (r *reading) newTexts(body []byte) (tokens []byte, ok bool) {
	n, size := binary.Uvarint(body)
	if size <= 0 || n > uint64(len(body)) {
		return nil, false
	}
	body = body[size:]
	for range n {
		length, size := binary.Uvarint(body)
		if size <= 0 || length > uint64(len(body)-size) {
			return nil, false
		}
		r.texts = append(r.texts, string(body[size:size+int(length)]))
		body = body[size+int(length):]
	}
	return body, true
}

// An event as the body of a record: u8 kind, u8 severity, then its texts, each a uvarint of its length and its bytes.
const maxEventText = 512

func appendEvent(b []byte, e *frame.Event) []byte {
	b = append(b, byte(e.Kind), byte(e.Severity))
	for _, text := range [...]string{e.Subject, e.Of, e.Detail, e.Where} {
		text = text[:min(len(text), maxEventText)]
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

func parseEvent(rec *record, zone *time.Location) (e frame.Event, ok bool) {
	b := rec.body
	if len(b) < 2 || frame.EventKind(b[0]) >= frame.EventKindCount {
		return e, false
	}
	e = frame.Event{Kind: frame.EventKind(b[0]), Severity: journal.Severity(b[1]), At: time.UnixMilli(rec.wall).In(zone)}
	b = b[2:]
	for _, text := range [...]*string{&e.Subject, &e.Of, &e.Detail, &e.Where} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return e, false
		}
		*text = string(b[size : size+int(n)])
		b = b[size+int(n):]
	}
	return e, len(b) == 0
}

// resume goes on in a page that was read up to where it is not sound any more.
func (p *page) resume(r *reading) {
	p.begin(r.head)
	p.used, p.saved, p.crc = r.at, r.at, r.crc
	copy(p.bytes, r.bytes[:p.used])
}
