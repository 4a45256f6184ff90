package file

import "io"

// follow is what a Merge knows about going on while journald writes.
type follow struct {
	following bool
	start     Key // of the newest entry when following began
	started   bool
	last      Key // of the entry that was read last
	copied    Key // of the last one that was read from a volatile file
	missed    uint64
	lostThen  uint64 // Lost when a file was begun last
	vanished  bool   // a file is gone that may have had entries which were not read
}

// Follow makes the Merge one that goes on at its end: files that may grow stay open, and of files which appear from now
// on only those entries are new that were written in this boot after what is there already. It leaves the Merge behind
// the last entry. After an error it is called again.
func (m *Merge) Follow(boot ID) error {
	m.following, m.Boot = true, boot
	m.findEras()
	m.SeekEnd()
	for _, c := range m.members {
		if c.live() {
			if err := m.judge(c.Path, m.open(c)); err != nil {
				return err
			}
		}
	}
	m.turn(true)
	c, err := m.pick()
	if err == nil {
		m.start, m.last, m.started = c.key, c.key, true
	}
	if m.Boot == (ID{}) {
		m.Boot = m.start.Boot
	}
	m.lostThen = m.Lost()
	if err == io.EOF {
		err = nil
	}
	return err
}

// Missed returns how many entries journald has removed since the last call before they were read, as far as their
// numbers tell; some reports whether it may be more.
func (m *Merge) Missed() (n uint64, some bool) {
	n, some = m.missed, m.vanished
	m.missed, m.vanished = 0, false
	return n, some
}

// joined puts a new member where reading of it begins.
func (m *Merge) joined(c *member) error {
	if !m.following {
		return nil
	}
	if err := c.open(m.fields); err != nil {
		return err
	}
	f := c.file
	c.at = f.search(f.Len(), func(k *Key) bool { return k.Boot == m.Boot && (!m.started || m.Compare(k, &m.start) > 0) })
	return nil
}

// left notes that a member is gone.
func (m *Merge) left(c *member) {
	if m.following && c.file == nil && (c.at < c.len() || c.live()) {
		m.vanished = true
	}
}

// unread passes by all of a file that cannot be opened any more.
func (m *Merge) unread(c *member) {
	m.vanished = m.vanished || m.following
	c.head.State, c.head.Entries, c.at, c.keyed = Archived, 0, 0, false
}

// drained closes a file that was read to its end, if nothing will be added. Closing it may show that there was more.
func (m *Merge) drained(c *member) {
	if c.file != nil && (!m.following || !c.live()) {
		c.close()
	}
}

// arrived reports whether c's next entry may be read now. One that is a copy it passes by.
func (m *Merge) arrived(c *member) bool {
	if !m.following {
		return true
	}
	k := c.key
	if !c.Volatile && k.Boot == m.copied.Boot && k.Monotonic <= m.copied.Monotonic {
		c.step(m.back) // journald has copied it to the disk
		m.last = k
		return false
	}
	if c.at == 0 {
		if m.behind(c) {
			return false
		}
		m.began(&k)
	}
	if c.Volatile {
		m.copied = k
	}
	m.last = k
	return true
}

// began counts what is missing before the first entry of a file: numbers that no file has were in files that are gone.
// When entries are missing for other reasons it concludes nothing.
func (m *Merge) began(k *Key) {
	lost := m.Lost()
	if k.SeqID == m.last.SeqID && k.Seq > m.last.Seq+1 && len(m.Unreadable) == 0 && lost == m.lostThen {
		m.missed += k.Seq - m.last.Seq - 1
	}
	m.lostThen = lost
}

// behind refreshes the other files, and reports whether one of them has something to be read before c's entry.
func (m *Merge) behind(c *member) bool {
	key := c.key
	m.Refresh()
	other := m.choose()
	return other != nil && other != c && (!other.bounded(false, m.alone) || m.Compare(&other.key, &key) < 0)
}
