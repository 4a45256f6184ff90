package file

import (
	"io"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

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
