package file

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
