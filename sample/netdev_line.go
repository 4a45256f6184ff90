package sample

import "bytes"

const netHeadings = 2 // lines

// netCounters are the columns of /proc/net/dev that are used.
type netCounters struct {
	rxBytes, rxErrors, rxDropped, txBytes, txErrors, txDropped uint64
}

// netLine is one line of /proc/net/dev; name lies in the text that was parsed.
type netLine struct {
	name []byte
	netCounters
}

// parseNetDev appends the interfaces of a whole /proc/net/dev to d.
func parseNetDev(text []byte, d []netLine) ([]netLine, error) {
	for range netHeadings {
		_, text = cutLine(text)
	}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		one, err := parseNetLine(line)
		if err != nil {
			return d, err
		}
		d = append(d, one)
	}
	return d, nil
}

// parseNetLine parses a line of /proc/net/dev behind the headings. Of the 16 columns, receive is the first 8.
//
// Kernel: net/core/net-procfs.c, dev_seq_printf_stats
func parseNetLine(line []byte) (l netLine, err error) {
	name, figures, ok := cutName(line)
	if !ok {
		return l, errShort
	}
	var v [12]uint64
	n, err := numbers(figures, v[:])
	if err != nil {
		return l, err
	}
	if n < len(v) || len(name) == 0 {
		return l, errShort
	}
	return netLine{name, netCounters{
		rxBytes: v[0], rxErrors: v[2], rxDropped: v[3], txBytes: v[8], txErrors: v[10], txDropped: v[11],
	}}, nil
}

// cutName cuts the name off a line of /proc/net/dev, at its last colon: a name may hold one, the figures never do. It
// is found from the front, since bytes.LastIndexByte goes byte by byte.
func cutName(line []byte) (name, figures []byte, ok bool) {
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
