package file

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// listingsMax bounds how often the folders are listed until nothing new is found.
const listingsMax = 10

// Merge reads the entries of all journal files below its roots as one journal in the order of time. It stands between
// two entries; Next and Prev return the one behind or before it and pass by. Files are opened when their turn comes and
// closed when it is over, so that few are open however many there are. One goroutine uses it.
type Merge struct {
	Unreadable []string    // files and folders that may not be read, as of the last Rescan
	Unknown    *FlagsError // a file whose format is too new, if there is one
	Broken     int         // files that are no journals
	Boot       ID          // of this host, after which no other comes; zero: not known
	Incomplete bool        // a file is not a journal yet; no change of names will tell when it is, so Rescan at the next event

	roots   []Root
	list    func([]Root) Listing // List, but in tests
	fields  *Fields
	members []*member
	back    bool // the direction of the keys

	lostBefore uint64 // by files that are no longer members

	current *member // read from it while its key is before limit
	limit   Key     // the next one's, if limited
	limited bool

	eras  map[ID]era // see findEras
	alone bool       // all files share a sequence of numbers

	moved bool // a file had not the name any more under which it was listed

	follow
}

// NewMerge returns a Merge without files: Rescan finds them.
func NewMerge(roots []Root, fields *Fields) *Merge {
	return &Merge{roots: roots, list: List, fields: fields}
}

// Rescan adds new files and drops removed ones once they are read. A file keeps its position when it is renamed. It
// returns the folders to watch. Before Follow, new files stand at their first entry. After an error, as when there are no
// descriptors left, nothing is dropped and the caller tries again.
func (m *Merge) Rescan() (folders []string, err error) {
	for _, c := range m.members {
		c.seen = false
	}
	m.current = nil
	if folders, err = m.survey(); err == nil {
		m.members = slices.DeleteFunc(m.members, m.lost)
	}
	return folders, err
}

// survey takes in what is in the folders. It lists them until nothing is new: a file that is renamed after it was listed is
// overlooked, when its successor is found in its place, or one that is not a journal yet.
func (m *Merge) survey() (folders []string, err error) {
	m.Incomplete = false
	for range listingsMax {
		known, making := len(m.members), m.Incomplete
		list := m.list(m.roots)
		err = m.takeAll(list)
		folders = list.Folders
		if err != nil || len(m.members) == known && !m.moved && m.Incomplete == making {
			break
		}
	}
	return folders, err
}

// takeAll takes in what was in the folders when they were listed.
func (m *Merge) takeAll(list Listing) (err error) {
	m.Unreadable, m.Unknown, m.Broken, m.Incomplete, m.moved = list.Denied, nil, 0, false, false
	for _, listed := range list.Files {
		c, e := find(listed)
		if e == nil {
			e = m.take(c)
		}
		if e = m.judge(listed.Path, e); e != nil {
			err = e
		}
	}
	m.findEras()
	return cmp.Or(err, list.Err)
}

// judge notes what is the matter with a file, and returns the error if it is not the file's.
func (m *Merge) judge(path string, err error) error {
	var flags *FlagsError
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist): // renamed or removed since it was listed
		m.moved = true
	case errors.Is(err, fs.ErrPermission):
		m.Unreadable = append(m.Unreadable, path)
	case errors.As(err, &flags):
		m.Unknown = flags
	case err == errUnmade:
		m.Incomplete = true
	case errors.Is(err, errNoJournal), errors.Is(err, ErrDamaged), errors.Is(err, unix.EIO):
		m.Broken++
	default:
		return err
	}
	return nil
}

// take takes in a file, or what has become of one that is known.
func (m *Merge) take(c *member) error {
	i := slices.IndexFunc(m.members, c.is)
	if i < 0 {
		if err := m.joined(c); err != nil {
			return err
		}
		m.members = append(m.members, c)
		return nil
	}
	known := m.members[i]
	grows := known.live()
	known.seen, known.Listed = true, c.Listed
	if known.file == nil && grows {
		known.head = c.head
	}
	if m.following && known.live() {
		return known.open(m.fields)
	}
	return nil
}

// open opens the file of a member, whatever its name is by now. The error is fs.ErrNotExist when it has none.
func (m *Merge) open(c *member) error {
	return m.named(c, func() error { return c.open(m.fields) })
}

// named does what needs the name of a member's file.
func (m *Merge) named(c *member, do func() error) error {
	err := do()
	for n := 0; errors.Is(err, fs.ErrNotExist) && n < listingsMax; n++ {
		c.seen = false
		if _, err := m.survey(); err != nil {
			return err
		}
		if !c.seen {
			break
		}
		err = do()
	}
	return err
}

// lost reports whether a file is gone and all of it was read. One that is being renamed may be overlooked once.
func (m *Merge) lost(c *member) bool {
	if c.seen || m.hidden(c) {
		c.missing = 0
		return false
	}
	if c.missing++; c.file == nil && c.missing == 1 {
		return false
	}
	if c.file != nil {
		if !c.unlinked() {
			return false
		}
		if c.file.Refresh(); c.at < c.len() { // written before it was removed
			return false
		}
	}
	m.left(c)
	c.close()
	m.lostBefore += c.lost
	return true
}

// hidden reports whether a file may be there without the permission to see it.
func (m *Merge) hidden(c *member) bool {
	return slices.ContainsFunc(m.Unreadable, func(path string) bool {
		return c.Path == path || strings.HasPrefix(c.Path, path+"/")
	})
}

// Refresh looks for entries that were added to the files that are open.
func (m *Merge) Refresh() {
	for _, c := range m.members {
		if c.file != nil {
			c.file.Refresh() // what is damaged is counted there
		}
	}
	m.current = nil
}

// Lost is how many entries were passed by because they are damaged.
func (m *Merge) Lost() (n uint64) {
	n = m.lostBefore
	for _, c := range m.members {
		n += c.lost
	}
	return n
}

// Files is how many files there are.
func (m *Merge) Files() int { return len(m.members) }

// Open is how many files are open.
func (m *Merge) Open() (n int) {
	for _, c := range m.members {
		if c.file != nil {
			n++
		}
	}
	return n
}

// Close closes all files. Positions stay: after a Rescan reading may go on.
func (m *Merge) Close() {
	for _, c := range m.members {
		c.close()
	}
	m.current = nil
}

// Next reads the entry behind the position. The error is io.EOF at the end. Damaged entries are left out.
func (m *Merge) Next(e *Entry) error { return m.read(e, false) }

// Prev reads the entry before the position. The error is io.EOF at the beginning.
func (m *Merge) Prev(e *Entry) error { return m.read(e, true) }

// Back goes back over n entries. The error is io.EOF when it came to the beginning.
func (m *Merge) Back(n int) error {
	m.turn(true)
	for range n {
		c, err := m.pick()
		if err != nil {
			return err
		}
		c.step(m.back)
	}
	return nil
}

func (m *Merge) read(e *Entry, back bool) error {
	m.turn(back)
	for {
		c, err := m.pick()
		if err != nil {
			return err
		}
		n := c.at
		if back {
			n--
		}
		if !back && !m.arrived(c) {
			continue
		}
		f := c.file
		c.step(m.back)
		if f.Read(n, e) == nil {
			return nil
		}
		c.lost++
	}
}

func (m *Merge) turn(back bool) {
	if m.back == back {
		return
	}
	m.back, m.current = back, nil
	for _, c := range m.members {
		c.keyed = false
	}
}

// pick returns the open member whose entry is next. The error is io.EOF at the end.
func (m *Merge) pick() (*member, error) {
	if c := m.current; c != nil && c.ahead(m.back) && (!m.limited || m.before(&c.key, &m.limit)) {
		return c, nil
	}
	m.current = nil
	for {
		best := m.choose()
		if best == nil {
			return nil, io.EOF
		}
		if best.file != nil {
			m.current = best
			m.single(best)
			return best, nil
		}
		var err error
		if best.bounded(m.back, m.alone) {
			err = m.open(best)
		} else {
			err = m.named(best, func() error { return best.learn(m.fields, m.back) })
		}
		if err == nil {
			continue
		}
		if err = m.judge(best.Path, err); err != nil {
			return nil, err
		}
		m.unread(best)
	}
}

// choose finds the member with the next key, and the limit up to which it stays so, or one of which more must be learned
// before.
func (m *Merge) choose() (best *member) {
	m.limited = false
	for _, c := range m.members {
		if !c.ahead(m.back) {
			m.drained(c)
			if !c.ahead(m.back) {
				continue
			}
		}
		switch {
		case !c.bounded(m.back, m.alone):
			return c
		case best == nil:
			best = c
		case m.before(&c.key, &best.key), c.file == nil && !m.before(&best.key, &c.key): // which may be a copy
			m.limit, m.limited = best.key, true
			best = c
		case !m.limited || m.before(&c.key, &m.limit):
			m.limit, m.limited = c.key, true
		}
	}
	return best
}

func (m *Merge) before(a, b *Key) bool {
	if m.back {
		return m.Compare(a, b) > 0
	}
	return m.Compare(a, b) < 0
}

// single passes by the copies of best's entry in other files.
func (m *Merge) single(best *member) {
	for _, c := range m.members {
		if c != best && c.file != nil && c.keyed && c.key.Same(&best.key) {
			c.step(m.back)
		}
	}
}
