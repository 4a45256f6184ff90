package file

import (
	"cmp"
	"math"
)

// SeekEnd puts the Merge behind the last entry.
func (m *Merge) SeekEnd() {
	m.current = nil
	for _, c := range m.members {
		c.at, c.keyed = c.len(), false
	}
}

// SeekTime puts the Merge before the first entry of that time or later, in microseconds since 1970. Where the clock was
// set back that is the nearest of those that could be meant.
func (m *Merge) SeekTime(micros uint64) error {
	var nearest Key
	found := false
	for _, c := range m.members {
		h := &c.head
		inOrder := h.HeadTime <= h.TailTime && c.file == nil
		if inOrder && (!c.live() && h.TailTime < micros || found && h.HeadTime > nearest.Realtime) {
			continue
		}
		if err := m.judge(c.Path, m.open(c)); err != nil {
			return err
		}
		if c.file == nil {
			continue
		}
		k, err := c.file.Key(c.file.SeekTime(micros))
		if err == nil && (!found || k.Realtime < nearest.Realtime || k.Realtime == nearest.Realtime && m.Compare(&k, &nearest) < 0) {
			nearest, found = k, true
		}
	}
	if !found {
		m.SeekEnd()
		return nil
	}
	return m.SeekKey(&nearest, false)
}

// SeekKey puts the Merge before the entry with that key, or where it would be; with past, behind it.
func (m *Merge) SeekKey(key *Key, past bool) error {
	return m.seek(func(c *member) error {
		tail := c.tail(m.Boot)
		return m.place(c, !c.live() && m.Compare(&tail, key) < 0, c.head.SeqID == key.SeqID && c.head.HeadSeq > key.Seq,
			func(f *File) uint64 { return f.seekKey(key, past, m.Compare) })
	})
}

func (m *Merge) seek(one func(c *member) error) error {
	m.current = nil
	for _, c := range m.members {
		if err := m.judge(c.Path, one(c)); err != nil {
			return err
		}
	}
	return nil
}

// place puts a member before the entry that search finds, or knows without opening the file that all its entries are
// early or late.
func (m *Merge) place(c *member, early, late bool, search func(f *File) uint64) error {
	c.keyed = false
	switch {
	case c.file == nil && early:
		c.at = c.len()
	case c.file == nil && late:
		c.at = 0
	default:
		c.at = 0
		if err := m.open(c); err != nil {
			return err
		}
		if c.at = search(c.file); c.at == 0 || c.at == c.len() {
			c.close()
		}
	}
	return nil
}

// stampSlack is by how many microseconds the stamp of an entry's sender may be away from that of journald.
const stampSlack = 3600_000_000

// Locate finds the entry that was written about that time, in microseconds since 1970, under that sequence number, the
// nearest if there are several: its file and number there, and its key. The file is nil when it is in no file any more.
func (m *Merge) Locate(micros, seq uint64) (f *File, n uint64, key Key) {
	nearest := uint64(stampSlack)
	for _, c := range m.members {
		outside := seq < c.head.HeadSeq || seq > c.head.TailSeq && !c.live()
		if c.file == nil && outside || m.open(c) != nil {
			continue
		}
		at := c.file.SeekSeq(seq)
		if k, err := c.file.Key(at); err == nil && k.Seq == seq {
			if away := max(k.Realtime, micros) - min(k.Realtime, micros); away <= nearest {
				f, n, key, nearest = c.file, at, k, away
			}
		}
	}
	return f, n, key
}

// Compare is the order of the entries. Where neither clock nor number says which of two boots was first, it is the one
// that this host is not in, or that ended first.
func (m *Merge) Compare(a, b *Key) int {
	same := a.Boot == b.Boot && a.Boot != (ID{}) && a.Boot != lastID && a.Monotonic != unknownMono && b.Monotonic != unknownMono
	switch {
	case same:
		return a.Compare(b)
	case a.SeqID == b.SeqID && a.Seq != b.Seq:
		return cmp.Compare(a.Seq, b.Seq)
	}
	if m.Boot != (ID{}) && (a.Boot == m.Boot) != (b.Boot == m.Boot) {
		if a.Boot == m.Boot {
			return 1
		}
		return -1
	}
	for _, of := range [...]struct{ a, b ID }{{a.Boot, b.Boot}, {a.SeqID, b.SeqID}} {
		x, y := m.eras[of.a], m.eras[of.b]
		if x.end != y.end && x.end != 0 && y.end != 0 && x.machine == y.machine {
			return cmp.Compare(x.end, y.end)
		}
	}
	return a.Compare(b)
}

// era is a boot or a sequence of numbers of a machine, which has one after the other.
type era struct {
	machine ID
	end     uint64 // microseconds since 1970
}

// findEras returns the eras that end in a file, by the boot's id or the sequence's.
func (m *Merge) findEras() map[ID]era {
	eras := make(map[ID]era, 2*len(m.members))
	for _, c := range m.members {
		h := &c.head
		end := h.TailTime
		if h.TailBoot == m.Boot && m.Boot != (ID{}) {
			end = math.MaxUint64 // it has not ended
		}
		for _, id := range [...]ID{h.TailBoot, h.SeqID} {
			eras[id] = era{h.Machine, max(eras[id].end, end)}
		}
	}
	delete(eras, ID{}) // of a bound, whose boot is not known
	return eras
}

// SeekBoot puts the Merge before the first entry of the boot that the entry with this key belongs to, and returns the
// key of that.
func (m *Merge) SeekBoot(key *Key) (Key, error) {
	first := *key
	if err := m.SeekKey(key, true); err != nil {
		return first, err
	}
	for _, c := range m.members {
		if c.at == 0 {
			continue
		}
		if err := m.judge(c.Path, m.open(c)); err != nil {
			return first, err
		}
		if c.file == nil {
			continue
		}
		if k, ok := c.file.begin(key.Boot, c.at); ok && m.Compare(&k, &first) < 0 {
			first = k
		}
		c.close()
	}
	return first, m.SeekKey(&first, false)
}
