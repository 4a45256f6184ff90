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
	m.current = nil
	for _, c := range m.members {
		if err := m.judge(c.Path, m.seek(c, key, past)); err != nil {
			return err
		}
	}
	return nil
}

// seek puts a member there. A file whose entries are all before or behind the key need not be opened.
func (m *Merge) seek(c *member, key *Key, past bool) error {
	tail := c.tail()
	same := c.head.SeqID == key.SeqID
	c.at, c.keyed = 0, false
	switch {
	case c.file == nil && (same || c.bounded(true, m.alone)) && !c.live() && m.Compare(&tail, key) < 0:
		c.at = c.len()
		return nil
	case c.file == nil && same && c.head.HeadSeq > key.Seq:
		return nil
	}
	if err := m.open(c); err != nil {
		return err
	}
	if c.at = c.file.seekKey(key, past, m.Compare); c.at == 0 || c.at == c.len() {
		c.close()
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
	switch {
	case a.Boot == b.Boot && a.Boot != ID{}:
		return a.Compare(b)
	case a.SeqID == b.SeqID && a.Seq != b.Seq:
		return cmp.Compare(a.Seq, b.Seq)
	case m.Boot != ID{} && a.Boot == m.Boot:
		return 1
	case m.Boot != ID{} && b.Boot == m.Boot:
		return -1
	}
	x, y := m.era(a), m.era(b)
	switch {
	case x.machine != y.machine, !x.known && !y.known:
	case x.known && y.known && x.end != y.end:
		return cmp.Compare(x.end, y.end)
	case x.known && !y.known && y.end != 0 && y.end <= x.end:
		return 1
	case y.known && !x.known && x.end != 0 && x.end <= y.end:
		return -1
	}
	return a.Compare(b)
}

// era is a boot of a machine, which has one after the other, or a sequence of numbers of it.
type era struct {
	machine ID
	end     uint64 // microseconds since 1970
	known   bool   // it is a boot's
}

// era returns that of a key's boot. The end of one that no file ends with is not known: then it is that of its sequence,
// which may have gone on in later boots.
func (m *Merge) era(k *Key) era {
	if boot, ok := m.eras[k.Boot]; ok {
		return boot
	}
	return m.eras[k.SeqID]
}

// findEras finds the eras that end in a file, by the boot's id or the sequence's. A sequence ends with its last boot:
// others may go on beside it.
func (m *Merge) findEras() {
	m.eras = make(map[ID]era, 2*len(m.members))
	for _, c := range m.members {
		h := &c.head
		end := h.TailTime
		if h.TailBoot == m.Boot && m.Boot != (ID{}) {
			end = math.MaxUint64 // it has not ended
		}
		m.eras[h.TailBoot] = era{h.Machine, max(m.eras[h.TailBoot].end, end), true}
	}
	delete(m.eras, ID{}) // of a bound, whose boot is not known
	m.alone = true
	for _, c := range m.members {
		h := &c.head
		m.eras[h.SeqID] = era{h.Machine, max(m.eras[h.SeqID].end, m.eras[h.TailBoot].end), false}
		m.alone = m.alone && h.SeqID == m.members[0].head.SeqID
	}
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
