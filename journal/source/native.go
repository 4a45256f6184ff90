package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/source/intake"
)

const (
	backfillEntries = 1000            // read at the first start
	slowRescan      = 5 * time.Second // after so much silence folders are listed again: not all cause events
	pollInterval    = time.Second     // between reads of the open files where inotify is used up
	bootIDPath      = "/proc/sys/kernel/random/boot_id"
)

// Native follows the system journal by reading its files. After a restart it goes on where it was: nothing that
// journald keeps is lost and nothing comes twice.
type Native struct {
	Roots []file.Root
	Yield bool // let another reader have it when a file's format is too new

	boot     file.ID       // this host's, if zero it is asked
	slow     time.Duration // slowRescan outside tests
	watch    intake.Inotify
	merge    *file.Merge
	entry    *file.Entry
	row      fields
	began    bool // following; the entries that were there are put
	last     file.Key
	lost     uint64    // entries lost to damage that were reported
	reported time.Time // when health was, last
	health   string    // what was last reported to be wrong
}

// newFields returns what reads the fields of an entry, in the order of fieldNames; the first two are no fields.
func newFields() *file.Fields {
	var wishes []file.Wish
	for i := messageField; i < fieldCount; i++ {
		wishes = append(wishes, file.Wish{Name: fieldNames[i], Max: fieldSize(i)})
	}
	return file.NewFields(wishes...)
}

// Run follows until ctx ends. It fails when it is out of descriptors or memory, or yields.
func (n *Native) Run(ctx context.Context, sink *journal.Sink) error {
	watch := &n.watch
	if watch.Init == nil {
		*watch = intake.NewInotify()
	}
	defer watch.Close()
	if n.merge == nil {
		reads := newFields()
		n.merge, n.entry = file.NewMerge(n.Roots, reads), reads.NewEntry()
		n.slow = cmp.Or(n.slow, slowRescan)
		if n.boot == (file.ID{}) {
			n.boot = bootID()
		}
	}
	defer n.merge.Close()
	sink.SetArchive(&archive{n.Roots, newFields(), n.boot})
	name := strings.Join(paths(n.Roots), ", ")
	defer sink.Touches(nil)
	var looked time.Time
	for listed := true; ; {
		sink.Touches(&name)
		if listed {
			looked = time.Now()
			if err := n.rescan(watch, sink); err != nil {
				return err
			}
		}
		if err := n.follow(ctx, sink); err != nil {
			return err
		}
		sink.Touches(nil)
		pause := n.slow
		if watch.Lacks != "" {
			pause = min(pause, pollInterval)
		}
		events, err := watch.Wait(ctx, time.Now().Add(pause))
		if err != nil {
			return err
		}
		listed = intake.FolderEvent(events) || n.merge.Incomplete || len(events) == 0 && time.Since(looked) >= n.slow
	}
}

// paths are those of the roots.
func paths(roots []file.Root) (list []string) {
	for _, root := range roots {
		list = append(list, root.Path)
	}
	return list
}

// rescan finds the files that there are now, and says what is the matter with them.
func (n *Native) rescan(watch *intake.Inotify, sink *journal.Sink) error {
	watch.Begin()
	folders, err := n.merge.Rescan()
	for _, folder := range folders { // it may be watched already, or be another one by now
		watch.Watch(folder, intake.FolderChanged&0xfff|unix.IN_MODIFY|unix.IN_ONLYDIR)
	}
	watch.Tell(sink)
	if err == nil && len(folders) > 0 { // again: a file may have come between the listing and the watch
		_, err = n.merge.Rescan()
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if n.merge.Unknown != nil && n.Yield {
		return n.merge.Unknown
	}
	n.report(sink)
	return nil
}

// report says how it is; when nothing has changed, once a healthInterval.
func (n *Native) report(sink *journal.Sink) {
	why := n.trouble()
	now := time.Now()
	if why == n.health && now.Sub(n.reported) < healthInterval {
		return
	}
	n.health, n.reported = why, now
	switch {
	case why == "":
		good(sink)
	case len(n.merge.Unreadable) > 0:
		denied(sink, why)
	default:
		bad(sink, why)
	}
}

// trouble is what an operator has to know, "" for nothing.
func (n *Native) trouble() string {
	m := n.merge
	switch unreadable := len(m.Unreadable); {
	case unreadable > 0 && m.Files() == 0:
		return noPermission + groupOf(m.Unreadable[0])
	case unreadable > 0:
		return fmt.Sprintf("not permitted to read %d of %d journal files: add this user to group %s",
			unreadable, unreadable+m.Files(), groupOf(m.Unreadable[0]))
	case m.Unknown != nil:
		return m.Unknown.Error()
	case m.Files() == 0:
		return noJournalYet
	case m.Broken > 0:
		return fmt.Sprintf("%d files in the journal's folders are no journals", m.Broken)
	}
	return ""
}

// groupOf names the group that may read a file. journald gives its files to systemd-journal.
func groupOf(path string) string {
	stat, err := intake.StatPath(path)
	if err != nil || stat.GID == 0 {
		return journalGroup
	}
	group, err := user.LookupGroupId(strconv.Itoa(int(stat.GID)))
	if err != nil {
		return journalGroup
	}
	return group.Name
}

// follow puts what has been written since it was called last.
func (n *Native) follow(ctx context.Context, sink *journal.Sink) error {
	if !n.began {
		if err := n.begin(ctx, sink); err != nil {
			return err
		}
	}
	n.merge.Refresh()
	err := n.put(ctx, sink, true)
	sink.Flush()
	if err == nil {
		n.report(sink)
	}
	return err
}

// begin puts the newest entries that are there.
func (n *Native) begin(ctx context.Context, sink *journal.Sink) error {
	if err := n.merge.Follow(n.boot); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	err := n.merge.Back(backfillEntries)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read the journal: %w", err)
	}
	n.began = true
	n.lost = n.merge.Lost()
	all := err == io.EOF
	if err = n.put(ctx, sink, false); err != nil {
		return err
	}
	n.merge.Missed() // before we were there
	sink.Flush()
	sink.Backfilled(all)
	return nil
}

// put reads to the end of what there is. gaps says that what is missing was removed while this program read.
func (n *Native) put(ctx context.Context, sink *journal.Sink, gaps bool) error {
	for {
		err := n.merge.Next(n.entry)
		if lost := n.merge.Lost(); lost != n.lost {
			sink.Dropped(lost - n.lost)
			n.lost = lost
		}
		if gaps {
			n.gap(sink)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		n.last = n.entry.Key
		var e journal.Entry
		if !n.row.take(n.entry, &e) {
			if n.entry.Lost > 0 {
				sink.Dropped(1)
			}
			continue
		}
		if err = sink.Put(ctx, e); err != nil {
			return err
		}
	}
}

// gap says in the log what journald has removed before it could be read.
func (n *Native) gap(sink *journal.Sink) {
	missed, more := n.merge.Missed()
	if missed == 0 && !more {
		return
	}
	text := gapText
	if missed > 0 {
		sink.Dropped(missed)
		text = strconv.FormatUint(missed, 10) + " entries of the journal were rotated away before they were read"
	}
	gap(sink, text)
}

// take makes a row of what was read, and an entry of the row, whose bytes are those of what was read. It is false when
// there is no message to show.
func (f *fields) take(read *file.Entry, e *journal.Entry) bool {
	for i := range read.Values {
		v := &read.Values[i]
		f[messageField+i] = field{v.Bytes, v.Full, v.Set}
	}
	if !f[messageField].set {
		return false
	}
	f.fill(e)
	if !f[sourceTimeField].set {
		e.Time = time.UnixMicro(int64(read.Realtime))
	}
	e.Place = journal.Place{Time: int64(read.Realtime), Seq: read.Seq}
	return true
}

// cursor is where Native is, as journalctl has it; empty before the first entry.
func (n *Native) cursor() []byte {
	k := &n.last
	if k.Seq == 0 {
		return nil
	}
	return fmt.Appendf(nil, "s=%s;i=%x;b=%s;m=%x;t=%x;x=%x", k.SeqID, k.Seq, k.Boot, k.Monotonic, k.Realtime, k.Xor)
}

// bootID is the boot that this host is in, zero when the kernel does not say.
func bootID() (id file.ID) {
	text, err := os.ReadFile(bootIDPath)
	if err != nil {
		return id
	}
	id, _ = file.ParseID(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	return id
}
