package history

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
)

// maxKey is how many bytes the texts and tokens of a key may have before they are deflated: more than any that fits into a page,
// and no bomb.
const maxKey = 2 << 20

// deflater makes the bodies of keys small: names and what stands beside them look much alike. It keeps its memory, a megabyte, so
// that the pages of a Writer have one together.
type deflater struct {
	writer *flate.Writer
	out    []byte
	limit  int // of out
	plain  []byte
}

var errFull = errors.New("no room")

// Write appends p to out.
func (d *deflater) Write(p []byte) (int, error) {
	if len(d.out)+len(p) > d.limit {
		return 0, errFull
	}
	d.out = append(d.out, p...)
	return len(p), nil
}

// append appends plain, deflated, to dst, and reports whether that fits into limit bytes.
func (d *deflater) append(dst, plain []byte, limit int) ([]byte, bool) {
	d.out, d.limit = dst, limit
	if d.writer == nil {
		d.writer, _ = flate.NewWriter(d, flate.BestSpeed) // the level is one that there is
	}
	d.writer.Reset(d)
	_, err := d.writer.Write(plain)
	if err == nil {
		err = d.writer.Close()
	}
	return d.out, err == nil
}

// inflater reads what a deflater has made.
type inflater struct {
	reader io.ReadCloser
	source bytes.Reader
	plain  bytes.Buffer
}

// inflate returns what body was before; it is valid until the next call. false: it is damaged.
func (i *inflater) inflate(body []byte) (plain []byte, ok bool) {
	i.source.Reset(body)
	if i.reader == nil {
		i.reader = flate.NewReader(&i.source)
	} else if err := i.reader.(flate.Resetter).Reset(&i.source, nil); err != nil {
		return nil, false
	}
	i.plain.Reset()
	n, err := i.plain.ReadFrom(io.LimitReader(i.reader, maxKey+1))
	return i.plain.Bytes(), err == nil && n <= maxKey
}
