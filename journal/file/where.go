package file

// SeekEnd puts the Merge behind the last entry.
func (m *Merge) SeekEnd() {
	m.current = nil
	for _, c := range m.members {
		c.at, c.keyed = c.len(), false
	}
}

// SeekTime puts the Merge before the first entry of that time or later, in microseconds since 1970.
func (m *Merge) SeekTime(micros uint64) error {
	return m.seek(func(c *member) error {
		h := &c.head
		inOrder := h.HeadTime <= h.TailTime
		return m.place(c, inOrder && !c.live() && h.TailTime < micros, inOrder && h.HeadTime >= micros,
			func(f *File) uint64 { return f.SeekTime(micros) })
	})
}

// SeekKey puts the Merge before the entry with that key, or where it would be; with past, behind it.
func (m *Merge) SeekKey(key *Key, past bool) error {
	return m.seek(func(c *member) error {
		h := &c.head
		numbered := h.SeqID == key.SeqID
		return m.place(c, numbered && !c.live() && h.TailSeq < key.Seq, numbered && h.HeadSeq > key.Seq,
			func(f *File) uint64 { return f.SeekKey(key, past) })
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

// Locate finds the entry that was written at that time, in microseconds since 1970, under that sequence number: its
// file and number there, and its key. The file is nil when it is in no file any more.
func (m *Merge) Locate(micros, seq uint64) (f *File, n uint64, key Key) {
	for _, c := range m.members {
		outside := seq < c.head.HeadSeq || seq > c.head.TailSeq && !c.live()
		if c.file == nil && outside || m.open(c) != nil {
			continue
		}
		n = c.file.SeekSeq(seq)
		if k, err := c.file.Key(n); err == nil && k.Seq == seq && k.Realtime == micros {
			return c.file, n, k
		}
	}
	return nil, 0, key
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
		if k, ok := c.file.begin(key.Boot, c.at); ok && k.Compare(&first) < 0 {
			first = k
		}
		c.close()
	}
	return first, m.SeekKey(&first, false)
}
