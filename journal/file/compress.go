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

// unpacker takes values out of their compression, only as far as they are wanted. It works on a copy of the packed
// bytes: what a library reads cannot change or vanish meanwhile. Its memory is made when it is first needed.
type unpacker struct {
	in, out []byte
	zstd    *zstd.Decoder
	source  plain
}

// head unpacks the first headMax bytes of a payload; full is the length of all of it. The bytes are good until the
// next call.
func (u *unpacker) head(kind byte, payload []byte) (head []byte, full int, err error) {
	if u.out == nil {
		u.out = make([]byte, 0, headMax)
	}
	return u.into(u.out, kind, payload)
}

// into unpacks what fits into out.
func (u *unpacker) into(out []byte, kind byte, payload []byte) (head []byte, full int, err error) {
	out = out[:0]
	if kind == packedXZ {
		if full, err = xzLength(payload); err != nil {
			return nil, 0, err
		}
	}
	u.in = append(u.in[:0], payload[:min(len(payload), cap(out)+slack)]...)
	switch kind {
	case packedZSTD:
		head, full, err = u.unZSTD(out)
	case packedLZ4:
		head, full, err = unLZ4(out, u.in)
	case packedXZ:
		head, err = unXZ(out, u.in)
	default: // two at once
		err = errPacked
	}
	if err != nil || len(head) == 0 || full < len(head) || full > fullMax {
		return nil, 0, errPacked
	}
	return head, full, nil
}

// unZSTD unpacks u.in. The frame's own head says how long the whole is; systemd always writes that.
func (u *unpacker) unZSTD(out []byte) (head []byte, full int, err error) {
	var h zstd.Header
	if err = h.Decode(u.in); err != nil || !h.HasFCS || h.FrameContentSize > fullMax {
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
		head, err = u.zstd.DecodeAll(u.in, out)
		return head, full, err
	}
	u.source.left = u.in
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
