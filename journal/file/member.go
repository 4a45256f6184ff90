package file

import (
	"bytes"
	"io/fs"
	"os"
	"syscall"
)

// member is a file of a Merge. It is mapped only while its entries are read, or while they are waited for.
type member struct {
	Listed
	inode   uint64
	head    Header // as it was when the file was last opened or listed
	file    *File  // nil: not open
	at      uint64 // the merge stands before entry at
	key     Key    // of the entry that comes next in the merge's direction; of a closed file a bound for it
	keyed   bool   // key is known
	lost    uint64 // entries that could not be read
	missing int    // looks in a row that did not find it
}

// find reads who a listed file is.
func find(l Listed) (c *member, err error) {
	info, err := os.Stat(l.Path)
	if err != nil {
		return nil, err
	}
	c = &member{Listed: l}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		c.inode = stat.Ino
	}
	c.head, err = ReadHeader(l.Path)
	return c, err
}

// is says whether two members are the same file, maybe renamed meanwhile.
func (c *member) is(o *member) bool { return c.inode == o.inode && c.head.File == o.head.File }

// len is how many entries there are.
func (c *member) len() uint64 {
	if c.file != nil {
		return c.file.Len()
	}
	return c.head.Entries
}

// live says that entries may be added.
func (c *member) live() bool {
	if c.file != nil && c.file.Final() || c.head.State == Archived {
		return false
	}
	return !isRotated(c.Path)
}

// open maps the file, if it is not yet.
func (c *member) open(fields *Fields) error {
	if c.file != nil {
		return nil
	}
	f, err := Open(c.Path, fields)
	if err != nil {
		return err
	}
	if f.head.File != c.head.File {
		f.Close()
		return fs.ErrNotExist // rotated since it was listed: its place was taken
	}
	c.file, c.keyed = f, false
	c.at = min(c.at, f.Len())
	return nil
}

// close looks a last time for what was added, so that it is known what is left.
func (c *member) close() {
	if c.file == nil {
		return
	}
	c.file.Refresh()
	c.head.Entries = c.file.Len() // what can be reached
	c.file.Close()
	c.file, c.keyed = nil, false
}

// ahead says whether there is an entry in a direction, and sets key. Of a file that is not open it need not be exact.
func (c *member) ahead(back bool) bool {
	if c.keyed {
		return true
	}
	if c.file == nil {
		return c.bound(back)
	}
	for c.at > 0 && back || c.at < c.len() && !back {
		n := c.at
		if back {
			n--
		}
		k, err := c.file.Key(n)
		if err == nil {
			c.key, c.keyed = k, true
			return true
		}
		c.lost++
		c.step(back)
	}
	return false
}

// lastID comes after all others.
var lastID = ID(bytes.Repeat([]byte{0xff}, len(ID{})))

// bound makes key of what the header says about the first or the last entry, so that it comes before that in the
// direction.
func (c *member) bound(back bool) bool {
	c.key = Key{SeqID: c.head.SeqID, Seq: c.head.HeadSeq, Realtime: c.head.HeadTime}
	if back {
		c.key.Seq, c.key.Realtime, c.key.Boot = c.head.TailSeq, c.head.TailTime, lastID
		return c.at > 0
	}
	return c.at < c.len()
}

// unlinked says that the file that is open has no name any more.
func (c *member) unlinked() bool {
	info, err := c.file.file.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}

// step passes by the entry that comes next.
func (c *member) step(back bool) {
	c.keyed = false
	if back {
		c.at--
	} else {
		c.at++
	}
}

// seek puts the member before the entry that search finds, or knows without opening the file that all its entries are
// early or late.
func (c *member) seek(fields *Fields, early, late bool, search func(f *File) uint64) error {
	c.keyed = false
	switch {
	case c.file == nil && early:
		c.at = c.len()
	case c.file == nil && late:
		c.at = 0
	default:
		c.at = 0
		if err := c.open(fields); err != nil {
			return err
		}
		if c.at = search(c.file); c.at == 0 || c.at == c.len() {
			c.close()
		}
	}
	return nil
}
