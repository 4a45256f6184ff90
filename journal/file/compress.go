package file

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
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

// unLZ4 unpacks what fits into out of a value as systemd packs it with LZ4: its length in 8 bytes, then one block. The
// libraries unpack a block as a whole or not at all, whatever its length claims to be; this stops when out is full.
//
// Format: github.com/lz4/lz4, doc/lz4_Block_format.md
func unLZ4(out, in []byte) (head []byte, full int, err error) {
	if len(in) < 8 || le.Uint64(in) > fullMax {
		return nil, 0, errPacked
	}
	full = int(le.Uint64(in))
	want := min(full, cap(out))
	in = in[8:]
	for len(out) < want {
		if len(in) == 0 {
			return nil, 0, errPacked
		}
		token := in[0]
		var literals, match int
		if literals, in = lz4Length(int(token>>4), in[1:]); literals > len(in) {
			if literals < want-len(out) {
				return nil, 0, errPacked
			}
			literals = len(in) // the input was cut where it is not wanted any more
		}
		out = append(out, in[:min(literals, want-len(out))]...)
		if in = in[literals:]; len(out) == want {
			break
		}
		if len(in) < 2 {
			return nil, 0, errPacked
		}
		back := int(le.Uint16(in))
		match, in = lz4Length(int(token&15), in[2:])
		if back == 0 || back > len(out) {
			return nil, 0, errPacked
		}
		out = repeat(out, back, min(match+4, want-len(out)))
	}
	return out, full, nil
}

// lz4Length reads what follows a length of 15: bytes to be added, the last one not 255.
func lz4Length(n int, in []byte) (int, []byte) {
	if n < 15 {
		return n, in
	}
	for i, c := range in {
		if n += int(c); c != 255 {
			return n, in[i+1:]
		}
	}
	return n, nil
}

// repeat appends n bytes that start back bytes before the end; they may overlap with what is appended.
func repeat(out []byte, back, n int) []byte {
	for n > 0 {
		part := out[len(out)-back:]
		part = part[:min(len(part), n)]
		out = append(out, part...)
		n -= len(part)
		back += len(part)
	}
	return out
}

// The parts of an XZ stream that are looked at here. The library does the rest, but it takes as much memory as the
// stream asks for, and reads to the end to know the length.
//
// Format: tukaani.org/xz/xz-file-format.txt
const (
	xzHeader  = 12 // of the stream; the block's follows
	xzFooter  = 12
	xzTail    = 64 // the index of one block, and the footer
	lzma2     = 0x21
	xzSizes   = 0xc0 // flags: the block's header has its sizes
	xzFilters = 0x03 // flags: filters beside the one
)

// unXZ unpacks what fits into out.
func unXZ(out, in []byte) ([]byte, error) {
	if window, err := xzWindow(in); err != nil || window > windowMax {
		return nil, errPacked
	}
	r, err := xz.ReaderConfig{DictCap: lzma.MinDictCap, SingleStream: true}.NewReader(&plain{in})
	if err != nil {
		return nil, err
	}
	n, err := io.ReadFull(r, out[:cap(out)])
	if err == io.EOF || err == io.ErrUnexpectedEOF && n < cap(out) {
		err = nil // shorter than what has room; that it is whole is seen by its length
	}
	return out[:n], err
}

// xzWindow returns how much history the first block needs.
func xzWindow(in []byte) (int64, error) {
	if len(in) < xzHeader+xzFooter {
		return 0, errPacked
	}
	b := in[xzHeader:]
	if b[1]&xzFilters != 0 {
		return 0, errPacked
	}
	flags, rest := b[1], b[2:]
	for bit := byte(0x40); bit&xzSizes != 0; bit <<= 1 {
		if flags&bit != 0 {
			if _, rest = xzNumber(rest); rest == nil {
				return 0, errPacked
			}
		}
	}
	if len(rest) < 3 || rest[0] != lzma2 || rest[1] != 1 {
		return 0, errPacked
	}
	return lzma.DecodeDictCap(rest[2])
}

// xzLength reads the length of the unpacked value from the end of a stream: the index before the footer. systemd writes one
// block.
func xzLength(in []byte) (int, error) {
	if len(in) < xzHeader+xzFooter {
		return 0, errPacked
	}
	end := len(in) - xzFooter
	index := (int(le.Uint32(in[end+4:])) + 1) * 4
	if index <= 0 || index > end-xzHeader || in[end-index] != 0 {
		return 0, errPacked
	}
	records, rest := xzNumber(in[end-index+1 : end])
	if rest == nil || records != 1 {
		return 0, errPacked
	}
	if _, rest = xzNumber(rest); rest == nil {
		return 0, errPacked
	}
	full, rest := xzNumber(rest)
	if rest == nil || full > fullMax {
		return 0, errPacked
	}
	return int(full), nil
}

// xzNumber reads a number in 7-bit bytes, the lowest first; rest is nil when it does not end.
func xzNumber(in []byte) (n uint64, rest []byte) {
	for i, c := range in[:min(len(in), 9)] {
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return n, in[i+1:]
		}
	}
	return 0, nil
}
