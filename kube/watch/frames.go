package watch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxObject is the bytes that one object may have: etcd takes 1.5 MB of one, and an API server 3 MB of a request.
const maxObject = 3 << 20

var errTooLarge = fmt.Errorf("an object of more than %d MB", maxObject>>20)

// paced is the body of an answer that is read object by object. It gives up, by calling the deadline's function, when an
// object is slow to begin or to end, and on one that is too large. Whoever reads calls between before each object. Of the
// requests of a client one at a time reads a large object.
type paced struct {
	body     io.Reader
	close    func() error // of body
	ctx      context.Context
	cancel   context.CancelCauseFunc // of ctx
	deadline *time.Timer
	timeout  time.Duration // for an object to be whole once its first byte is here
	wire     *allowance    // that the bytes were taken from
	work     *allowance    // that the objects are taken from
	cost     int           // of a byte of them
	token    chan struct{} // holds the one whose object is large
	left     int           // bytes that the object may still have
	begun    bool          // its first byte is here
	large    bool          // it is the one that the token holds
}

// between waits for the next object, for as long as idle, once it may be asked for.
func (p *paced) between(idle time.Duration) {
	p.deadline.Stop()
	p.work.wait(p.ctx, (maxObject-p.left)*p.cost+costEach)
	p.left, p.begun = maxObject, false
	p.deadline.Reset(idle)
}

// grow waits until the object may be large.
func (p *paced) grow() {
	if p.large {
		return
	}
	p.deadline.Stop()
	select {
	case p.token <- struct{}{}:
		p.large = true
	case <-p.ctx.Done():
	}
	p.deadline.Reset(p.timeout)
}

// small lets another object be large.
func (p *paced) small() {
	if p.large {
		<-p.token
		p.large = false
	}
}

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	p.wire.give(n * (costFrames - 1))
	if n > 0 && !p.begun {
		p.begun = true
		p.deadline.Reset(p.timeout)
	}
	if p.left -= n; p.left < 0 {
		return 0, errTooLarge
	}
	if maxObject-p.left > usual {
		p.grow()
	}
	return n, err
}

// end gives up the answer.
func (p *paced) end() {
	p.deadline.Stop()
	p.small()
	p.cancel(nil)
	_ = p.close() // it is over; whatever closing says changes nothing
}

// why is err, or the deadline that was behind it.
func (p *paced) why(err error) error {
	if cause := context.Cause(p.ctx); errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

// event is one event of a watch. Its object is valid until the next one is read.
type event struct {
	typ    string // "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"
	object []byte
}

// events reads a watch.
type events interface {
	next(*scan, *event) error
}

func newEvents(f form, p *paced) events {
	if f == jsonText {
		return &jsonEvents{paced: p, body: p, in: json.NewDecoder(p)}
	}
	return newFrames(p)
}

// frames is a watch in protobuf: length-delimited messages, each an event around an object in its envelope.
//
// API: WatchEvent in apimachinery/pkg/apis/meta/v1/generated.proto; lengths are 4 bytes, big-endian.
type frames struct {
	*paced
	in  *bufio.Reader
	buf []byte
}

func newFrames(p *paced) *frames { return &frames{paced: p, in: bufio.NewReader(p)} }

func (f *frames) next(s *scan, e *event) error {
	*e = event{}
	f.forget()
	var size [4]byte
	if _, err := io.ReadFull(f.in, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxObject {
		return errTooLarge
	}
	if err := f.fill(int(n)); err != nil {
		return err
	}
	*e = event{s.name(s.field(f.buf, 1)), s.unwrap(s.field(s.field(f.buf, 2), 1))}
	return s.taken()
}

// forget gives back what a large object took.
func (f *frames) forget() {
	if cap(f.buf) > usual {
		f.buf = nil
	}
	f.small()
}

// usual is the size up to which the buffer of one object is kept for the next.
const usual = 64 << 10

// fill reads n bytes into f.buf.
func (f *frames) fill(n int) error {
	if n > usual {
		f.grow()
	}
	if cap(f.buf) < n || cap(f.buf) > usual {
		f.buf = make([]byte, n, max(n, 8<<10))
	}
	f.buf = f.buf[:n]
	_, err := io.ReadFull(f.in, f.buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// taken returns the error that the scan stopped at and clears it.
func (s *scan) taken() error {
	err := s.err
	s.err = nil
	return err
}

// jsonEvents is a watch in JSON: one object after the other.
type jsonEvents struct {
	*paced
	body io.Reader
	in   *json.Decoder
}

func (j *jsonEvents) next(_ *scan, e *event) error {
	*e = event{}
	j.small()
	var v struct {
		Type   string          `json:"type"`
		Object json.RawMessage `json:"object"`
	}
	if err := j.in.Decode(&v); err != nil {
		return plainError(err)
	}
	*e = event{v.Type, v.Object}
	if j.large { // a decoder never gives back what it has grown to
		rest, _ := io.ReadAll(j.in.Buffered()) // reads memory
		j.body = io.MultiReader(bytes.NewReader(rest), j.body)
		j.in = json.NewDecoder(j.body)
	}
	return nil
}

// plainError keeps what the connection says and calls everything else malformed: a decoder's own words quote what it read.
func plainError(err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &wrong) {
		return errors.New("malformed JSON")
	}
	return err
}

// page is the end of one page of a list.
type page struct {
	version string // of the list
	more    string // token that asks for the next page, empty: this was the last
}

// maxVersion and maxToken are the bytes that a version and the token of a page may have.
const (
	maxVersion = 256
	maxToken   = 8 << 10
)

var errVersion = errors.New("a version or a token too long to be one")

// readPage calls each for every object of a list, one at a time; the object is valid during the call.
func readPage(f form, p *paced, s *scan, each func(object []byte) error) (page, error) {
	if f == jsonText {
		return readJSONPage(p, each)
	}
	return readListPage(p, s, each)
}

// readListPage reads a list in protobuf without ever having it whole in memory: a list is an envelope whose second
// field is a message whose second fields are the objects and whose first is the ListMeta.
func readListPage(p *paced, s *scan, each func([]byte) error) (page, error) {
	f := newFrames(p)
	var out page
	if err := f.fill(len(magic)); err != nil {
		return out, err
	}
	if string(f.buf) != magic {
		return out, errMalformed
	}
	inside := false
	for {
		f.forget()
		p.between(p.timeout)
		num, typ, err := f.tag()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if typ == protowire.VarintType {
			if _, err := binary.ReadUvarint(f.in); err != nil {
				return out, err
			}
			continue
		}
		n, err := binary.ReadUvarint(f.in)
		switch {
		case err != nil:
			return out, err
		case typ != protowire.BytesType:
			return out, errMalformed
		case num == 2 && !inside:
			inside = true // go on inside it; what follows it is of no interest
			continue
		case n > maxObject:
			return out, errTooLarge
		}
		if err := f.fill(int(n)); err != nil {
			return out, err
		}
		if inside && num == 1 && out == (page{}) {
			out = page{string(s.field(f.buf, 2)), string(s.field(f.buf, 3))}
		} else if inside && num == 2 {
			if err := each(f.buf); err != nil {
				return out, err
			}
		}
		if err := s.taken(); err != nil {
			return out, err
		}
	}
}

// tag reads the number and the wire type of a field.
func (f *frames) tag() (protowire.Number, protowire.Type, error) {
	n, err := binary.ReadUvarint(f.in)
	if err != nil {
		return 0, 0, err
	}
	num, typ := protowire.DecodeTag(n)
	return num, typ, nil
}

// readJSONPage reads a list in JSON object by object.
func readJSONPage(p *paced, each func([]byte) error) (page, error) {
	in := json.NewDecoder(p)
	var out page
	isList := false
	if t, err := in.Token(); err != nil {
		return out, plainError(err)
	} else if t != json.Delim('{') {
		return out, errNoList
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return out, plainError(err)
		}
		switch key {
		case "metadata":
			var v struct {
				Version string `json:"resourceVersion"`
				More    string `json:"continue"`
			}
			err = in.Decode(&v)
			out = page{v.Version, v.More}
		case "items":
			isList = true
			err = readItems(in, p, each)
		default:
			var skipped json.RawMessage
			err = in.Decode(&skipped)
		}
		if err != nil {
			return out, plainError(err)
		}
	}
	if !isList {
		return out, errNoList
	}
	return out, nil
}

var errNoList = errors.New("not a list")

func readItems(in *json.Decoder, p *paced, each func([]byte) error) error {
	if t, err := in.Token(); err != nil || t != json.Delim('[') {
		return err // null is an empty list
	}
	for in.More() {
		p.between(p.timeout)
		var object json.RawMessage
		if err := in.Decode(&object); err != nil {
			return err
		}
		if err := each(object); err != nil {
			return err
		}
	}
	_, err := in.Token()
	return err
}
