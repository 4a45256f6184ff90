package journal

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
)

const (
	rawMax   = 4 * MaxMessage // bytes of a raw message that are looked at: escape sequences make text shorter
	cleanMax = 3 * rawMax     // clean writes at most 3 bytes for one
)

// intake is where outside text comes in, on the goroutine of its owner: each Sink has one and so has the reader of the
// archives. It cleans, masks, grades and cuts.
type intake struct {
	text   []byte // clean message of the last entry
	unit   []byte // and its unit, with podMark and the pod when it is from one
	masked []byte // scratch
	keys   secret.Lines
	shown  []byte
	seed   maphash.Seed // the Log's: all its intakes hash alike
}

func newIntake(seed maphash.Seed) intake {
	return intake{
		text:   make([]byte, 0, cleanMax),
		unit:   make([]byte, 0, 6*maxUnit+1),
		masked: make([]byte, 0, cleanMax),
		shown:  make([]byte, 0, MaxMessage),
		seed:   seed,
	}
}

// record is what is known of an entry beside its text.
type record struct {
	micros   int64  // realtime since 1970
	seq      uint64 // of its Place, 0: it cannot be read again
	pid      int
	full     int    // length of the uncut message
	hash     uint32 // of what is shown of the message: repeats have the same
	unit     int    // bytes
	message  int    // bytes
	severity Severity
	lane     uint16 // with earlierBit
}

func (h *record) place() Place { return Place{h.micros, h.seq} }

// prepare makes d.unit and d.text the entry's clean bytes, good until the next call.
func (d *intake) prepare(e *Entry) record {
	h := d.take(e)
	d.seal(&h)
	return h
}

// seal completes the record of the entry that was taken last.
func (d *intake) seal(h *record) {
	d.shown = AppendPayload(d.shown[:0], d.text)
	h.hash = uint32(maphash.Bytes(d.seed, d.shown))
}

// take is prepare for an entry that need not be wanted: until seal its record has no hash.
func (d *intake) take(e *Entry) record {
	d.unit = clean.Append(d.unit[:0], e.Unit[:min(len(e.Unit), maxUnit)])
	d.unit = cutRunes(d.unit, maxUnit)
	if len(e.Pod) > 0 {
		d.unit = append(d.unit, podMark)
		pod := len(d.unit)
		d.unit = clean.Append(d.unit, e.Pod[:min(len(e.Pod), maxPod)])
		d.unit = d.unit[:pod+len(cutRunes(d.unit[pod:], maxPod))]
	}

	raw := e.Message[:min(len(e.Message), rawMax)]
	d.text = bytes.TrimRight(clean.AppendLines(d.text[:0], raw), "\n")
	d.mask()
	severity := e.Severity
	if said, ok := textSeverity(d.text); ok {
		severity = said
	}
	full := len(d.text)
	if len(raw) < len(e.Message) || e.Full > len(e.Message) {
		full = max(e.Full, len(e.Message))
	}
	d.text = cutRunes(d.text, MaxMessage)
	return record{
		micros:   e.Time.UnixMicro(),
		seq:      e.Place.Seq,
		pid:      e.PID,
		full:     full,
		unit:     len(d.unit),
		message:  len(d.text),
		severity: min(severity, Debug),
		lane:     e.Lane &^ earlierBit,
	}
}

// mask replaces the secrets in d.text.
func (d *intake) mask() {
	if masked, found := d.keys.Append(d.masked[:0], d.unit, d.text); found {
		d.text, d.masked = masked, d.text
	}
}

// cutRunes cuts clean text at most bytes without splitting a rune.
func cutRunes(b []byte, limit int) []byte {
	if len(b) <= limit {
		return b
	}
	for limit > 0 && !utf8.RuneStart(b[limit]) {
		limit--
	}
	return b[:limit]
}
