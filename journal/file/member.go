package file

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// member is a file of a Merge. It is open only while its entries are read, or while they are waited for.
type member struct {
	Listed
	inode   uint64
	head    Header // as it was when the file was last opened or listed
	file    *File  // nil: not open
	first   *Key   // of the first entry; nil: not known
	at      uint64 // the merge stands before entry at
	key     Key    // of the entry that comes next in the merge's direction; of a closed file a bound for it
	keyed   bool   // key is known
	lost    uint64 // entries that could not be read
	seen    bool   // it was found in the folders
	missing int    // rescans in a row that did not find it
}

// find reads who a listed file is, all of it through one descriptor: the name may be another file's at any time.
func find(l Listed) (c *member, err error) {
	file, err := os.Open(l.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	c = &member{Listed: l, seen: true}
	if c.inode, _, err = inode(file); err == nil {
		c.head, err = readHeader(file)
	}
	return c, err
}

// inode returns the number of an open file, and how many names it has.
func inode(file *os.File) (number, names uint64, err error) {
	var stat unix.Stat_t
	if err = unix.Fstat(int(file.Fd()), &stat); err != nil {
		return 0, 0, &fs.PathError{Op: "stat", Path: file.Name(), Err: err}
	}
	return stat.Ino, uint64(stat.Nlink), nil
}

// is reports whether two members are the same file, maybe renamed meanwhile.
func (c *member) is(o *member) bool { return c.inode == o.inode && c.head.File == o.head.File }

// len is how many entries there are.
func (c *member) len() uint64 {
	if c.file != nil {
		return c.file.Len()
	}
	return c.head.Entries
}

// live reports whether entries may be added.
func (c *member) live() bool {
	if c.file != nil && c.file.Final() || c.head.State == Archived {
		return false
	}
	return !isRotated(c.Path)
}

// open opens the file, if it is not yet. The error is fs.ErrNotExist when it has not the name any more under which it
// was listed, even if another one has.
func (c *member) open(fields *Fields) error {
	if c.file != nil {
		return nil
	}
	f, err := c.reopened(fields, begun)
	if err == nil {
		c.file, c.keyed = f, false
		c.at = min(c.at, f.Len())
	}
	return err
}

// reopened returns what begin makes of the file; the error is that of open.
func (c *member) reopened(fields *Fields, begin func(*os.File, *Fields) (*File, error)) (*File, error) {
	file, err := os.Open(c.Path)
	if err != nil {
		return nil, err
	}
	number, _, err := inode(file)
	if err == nil && number != c.inode { // it need not be a journal yet
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f, err := begin(file, fields)
	if err == nil && f.head.File != c.head.File { // the number was used again
		f.Close()
		err = fs.ErrNotExist
	}
	return f, err
}

// learn reads the key of the last entry, or of the first without looking for all of them, and closes the file. Where the
// last one is damaged it stays open, and where the first one is it is taken to come before all others.
func (c *member) learn(fields *Fields, back bool) error {
	if back {
		err := c.open(fields)
		if err != nil {
			return err
		}
		if _, err = c.file.Key(c.len() - 1); err == nil {
			c.close()
		}
		return nil
	}
	f, err := c.reopened(fields, glanced)
	if err != nil {
		return err
	}
	first, _ := f.Key(0)
	c.first = &first
	return f.Close()
}

// close looks a last time for what was added, so that it is known what is left, and whether there will be more: its
// name may be an old one.
func (c *member) close() {
	if c.file == nil {
		return
	}
	c.file.Refresh()
	c.head.Entries = c.file.Len() // what can be reached
	if last, err := c.file.Key(c.head.Entries - 1); err == nil {
		c.head.TailSeq, c.head.TailTime = last.Seq, last.Realtime
		c.head.TailBoot, c.head.TailMono, c.head.tailKnown = last.Boot, last.Monotonic, true
	}
	if c.file.Final() {
		c.head.State = Archived
	}
	c.file.Close()
	c.file, c.keyed = nil, false
}

// ahead reports whether there is an entry in a direction, and sets key. Of a file that is not open it need not be exact.
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

// bound makes key of what is known about the first or the last entry, so that it does not come after that in the
// direction.
func (c *member) bound(back bool) bool {
	if back {
		c.key = c.tail()
		return c.at > 0
	}
	c.key = Key{SeqID: c.head.SeqID, Seq: c.head.HeadSeq, Realtime: c.head.HeadTime}
	if c.first != nil {
		c.key = *c.first
	}
	return c.at < c.len()
}

// tail is a bound for the last entry of a file that is not open: it comes after that.
func (c *member) tail() Key {
	h := &c.head
	k := Key{SeqID: h.SeqID, Seq: h.TailSeq + 1, Realtime: h.TailTime}
	if h.tailKnown {
		k.Monotonic, k.Boot = h.TailMono+1, h.TailBoot
	}
	return k
}

// bounded reports whether bound is one in the order of all files: numbers alone tell the place of an entry among those of
// its own sequence only.
func (c *member) bounded(back, alone bool) bool {
	return c.file != nil || alone || back && c.head.tailKnown || !back && c.first != nil
}

// unlinked reports whether the open file has no name any more.
func (c *member) unlinked() bool {
	_, names, err := inode(c.file.file)
	return err == nil && names == 0
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
