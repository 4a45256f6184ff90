package file

import (
	"bytes"
	"io/fs"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// member is a file of a Merge. It is open only while its entries are read, or while they are waited for.
type member struct {
	Listed
	inode   uint64
	head    Header // as it was when the file was last opened or listed
	file    *File  // nil: not open
	at      uint64 // the merge stands before entry at
	key     Key    // of the entry that comes next in the merge's direction; of a closed file a bound for it
	keyed   bool   // key is known
	lost    uint64 // entries that could not be read
	seen    bool   // it was found in the folders
	missing int    // looks in a row that did not find it
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

// open opens the file, if it is not yet. The error is fs.ErrNotExist when it has not the name any more under which it
// was listed, even if another one has.
func (c *member) open(fields *Fields) error {
	if c.file != nil {
		return nil
	}
	file, err := os.Open(c.Path)
	if err != nil {
		return err
	}
	number, _, err := inode(file)
	if err == nil && number != c.inode { // it need not be a journal yet
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return err
	}
	f, err := begun(file, fields)
	if err != nil {
		return err
	}
	if f.head.File != c.head.File { // the number was used again
		f.Close()
		return fs.ErrNotExist
	}
	c.file, c.keyed = f, false
	c.at = min(c.at, f.Len())
	return nil
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

// ahead says whether there is an entry in a direction, and sets key. Of a file that is not open it need not be exact.
func (c *member) ahead(back bool, now ID) bool {
	if c.keyed {
		return true
	}
	if c.file == nil {
		return c.bound(back, now)
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
func (c *member) bound(back bool, now ID) bool {
	c.key = Key{SeqID: c.head.SeqID, Seq: c.head.HeadSeq, Realtime: c.head.HeadTime}
	if back {
		c.key = c.tail(now)
		return c.at > 0
	}
	return c.at < c.len()
}

// unknownMono is the monotonic time of a bound for an entry of which only the number and the time of day are known.
const unknownMono = math.MaxUint64

// tail is a bound for the last entry of a file that is not open: it comes after that. now is this host's boot.
func (c *member) tail(now ID) Key {
	h := &c.head
	k := Key{SeqID: h.SeqID, Seq: h.TailSeq, Realtime: h.TailTime, Monotonic: unknownMono, Boot: lastID}
	switch {
	case h.tailKnown:
		k.Monotonic, k.Boot = h.TailMono+1, h.TailBoot
	case h.TailBoot == now:
		k.Boot = now
	}
	return k
}

// unlinked says that the file that is open has no name any more.
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
