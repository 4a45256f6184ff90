package file

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The flags of a DATA object that say how its payload is compressed.
const (
	packedXZ   = 1 << 0
	packedLZ4  = 1 << 1
	packedZSTD = 1 << 2
	packedMask = packedXZ | packedLZ4 | packedZSTD
)

const (
	headMax   = 64 << 10  // of an unpacked value that is looked at
	slack     = 256 << 10 // packed bytes that may be needed beyond the wanted ones: a block of ZSTD or a chunk of XZ
	windowMax = 8 << 20   // of history that a value may need to be unpacked; systemd uses at most 2 MiB
	fullMax   = 1 << 40   // a length above is garbage
)

var errPacked = errors.New("damaged compressed value")

// unpacker takes values out of their compression, only as far as they are wanted. Its memory is made when it is first
// needed.
type unpacker struct {
	out    []byte
	zstd   *zstd.Decoder
	source plain
}

// head puts the first headMax bytes of a payload in place of the packed ones. They are good until the next call.
func (u *unpacker) head(d *data) error {
	if u.out == nil {
		u.out = make([]byte, 0, headMax)
	}
	return u.into(u.out, d)
}

// into unpacks what fits into out; that is the payload then, and full the length of all of it.
func (u *unpacker) into(out []byte, d *data) (err error) {
	var head []byte
	full := d.full
	switch d.packed {
	case packedZSTD:
		head, full, err = u.unZSTD(out, d.payload)
	case packedLZ4:
		head, full, err = unLZ4(out, d.payload)
	case packedXZ:
		head, err = unXZ(out, d.payload)
	default: // two at once
		err = errPacked
	}
	if err != nil || len(head) == 0 || full < len(head) || full > fullMax {
		return errPacked
	}
	d.payload, d.full = head, full
	return nil
}

// unZSTD unpacks what fits into out. The frame's own head says how long the whole is; systemd always writes that.
func (u *unpacker) unZSTD(out, in []byte) (head []byte, full int, err error) {
	var h zstd.Header
	if err = h.Decode(in); err != nil || !h.HasFCS || h.FrameContentSize > fullMax {
		return nil, 0, errPacked
	}
	if u.zstd == nil {
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(windowMax), zstd.WithDecoderMaxMemory(fullMax), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, 0, err
		}
	}
	full = int(h.FrameContentSize)
	if full <= cap(out) {
		head, err = u.zstd.DecodeAll(in, out)
		return head, full, err
	}
	u.source.left = in
	if err = u.zstd.Reset(&u.source); err != nil {
		return nil, 0, err
	}
	n, err := io.ReadFull(u.zstd, out[:cap(out)])
	u.zstd.Reset(nil) // else DecodeAll waits for the end of this stream
	return out[:n], full, err
}

// plain is a reader of which nobody can ask its length: the decoder would unpack all at once.
type plain struct{ left []byte }

func (p *plain) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
