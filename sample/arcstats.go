package sample

import "hypervisor-tui/sample/procfile"

// arcstats is what ZFS says of its adaptive replacement cache. The kernel does not know that it is a cache: it lies
// neither in Cached nor in MemAvailable, and a host with ZFS would look full for ever.
const arcstats = "/proc/spl/kstat/zfs/arcstats"

// parseARC returns the bytes that the ARC holds and those that it keeps whatever happens.
//
// Format: two lines of heading, then name, type and data of each figure; zfs(4), zfs_arc_min
func parseARC(text []byte) (size, least uint64, err error) {
	if size, err = arcFigure(text, "size "); err == nil {
		least, err = arcFigure(text, "c_min ")
	}
	return size, least, err
}

func arcFigure(text []byte, key string) (uint64, error) {
	rest, ok := procfile.Value(text, key)
	if !ok {
		return 0, procfile.ErrFields
	}
	_, rest = procfile.CutWord(rest) // type
	word, _ := procfile.CutWord(rest)
	return procfile.Number(word)
}

// addARC counts an ARC of size bytes, of which it keeps least, as available. An ARC that would fit into the kernel's
// reclaimable memory is taken to lie there, and then it is available already.
func (m *Memory) addARC(size, least, reclaimable uint64) {
	m.ARC = size
	if size > reclaimable {
		m.Available += min(size-min(least, size), m.Total-min(m.Available, m.Total))
	}
	m.Used = m.Total - min(m.Available, m.Total)
}
