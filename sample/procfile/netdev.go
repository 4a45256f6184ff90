package procfile

import "bytes"

const NetHeadings = 2 // lines

// NetCounters are the columns of /proc/net/dev that are used.
type NetCounters struct {
	RxBytes, RxPackets, RxErrors, RxDropped, TxBytes, TxPackets, TxErrors, TxDropped uint64
}

// NetLine is one line of /proc/net/dev; name lies in the text that was parsed.
type NetLine struct {
	Name []byte
	NetCounters
}

// ParseNetDev appends the interfaces of a whole /proc/net/dev to d.
func ParseNetDev(text []byte, d []NetLine) ([]NetLine, error) {
	for range NetHeadings {
		_, text = CutLine(text)
	}
	for line := range Lines(text) {
		one, err := ParseNetLine(line)
		if err != nil {
			return d, err
		}
		d = append(d, one)
	}
	return d, nil
}

// ParseNetLine parses a line of /proc/net/dev behind the headings. Of the 16 columns, receive is the first 8.
//
// Kernel: net/core/net-procfs.c, dev_seq_printf_stats
func ParseNetLine(line []byte) (l NetLine, err error) {
	name, figures, ok := CutName(line)
	if !ok {
		return l, ErrShort
	}
	var v [12]uint64
	n, err := Numbers(figures, v[:])
	if err != nil {
		return l, err
	}
	if n < len(v) || len(name) == 0 {
		return l, ErrShort
	}
	return NetLine{name, NetCounters{
		RxBytes: v[0], RxPackets: v[1], RxErrors: v[2], RxDropped: v[3], TxBytes: v[8], TxPackets: v[9], TxErrors: v[10], TxDropped: v[11],
	}}, nil
}

// CutName cuts the name off a line of /proc/net/dev, at its last colon: a name may hold one, the figures never do. It
// is found from the front, since bytes.LastIndexByte goes byte by byte.
func CutName(line []byte) (name, figures []byte, ok bool) {
	end := bytes.IndexByte(line, ':')
	for next := end; next >= 0; {
		if next = bytes.IndexByte(line[end+1:], ':'); next >= 0 {
			end += 1 + next
		}
	}
	if end < 0 {
		return nil, nil, false
	}
	return bytes.TrimSpace(line[:end]), line[end+1:], true
}
