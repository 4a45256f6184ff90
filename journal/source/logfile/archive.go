package logfile

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

// fileArchive reads again what a file source follows, and the files that were rotated away and not compressed. Entries
// are in the order of their time, those of one file in the file's.
type fileArchive struct {
	kept atomic.Pointer[[]keptFile] // by the source, at each rescan
}

// keep takes in the files of a rescan.
func (a *fileArchive) keep(files []*file, format Format, unit []byte) {
	kept := make([]keptFile, 0, len(files))
	for _, x := range files {
		if !x.copied {
			kept = append(kept, keptFile{*x, format, unit})
		}
	}
	a.kept.Store(&kept)
}

// fileCursor is a position in one file on the way through it, and the entry that it came to.
type fileCursor struct {
	window
	pos     int64
	entry   journal.Entry
	next    int64 // behind the entry
	message []byte
	from    int64 // offset of the message; -1: it was joined of several lines
	stream  string

	starts    []int64 // of the entries before startsEnd, as far as they are known
	startsEnd int64
}

// cursors returns one for each file that is still there, at the position.
func (a *fileArchive) cursors(at journal.Place) []*fileCursor {
	kept := a.kept.Load()
	if kept == nil {
		return nil
	}
	var list []*fileCursor
	for i := range *kept {
		if c := a.cursor(&(*kept)[i]); c != nil {
			c.pos = a.position(c, at)
			list = append(list, c)
		}
	}
	return list
}

// position returns the offset at which a file goes on from the position.
func (a *fileArchive) position(c *fileCursor, at journal.Place) int64 {
	number := at.Seq >> seqShift
	if c.k.number == number {
		return min(int64(at.Seq&offsetMask)-1, c.size)
	}
	known := slices.ContainsFunc(*a.kept.Load(), func(k keptFile) bool { return k.number == number })
	return c.outside(c.find(at.Time, known && c.k.number < number))
}

// cursor is nil for a file that is gone or no longer the same.
func (a *fileArchive) cursor(k *keptFile) *fileCursor {
	s, err := intake.StatPath(k.path)
	if err != nil || s.ID != k.id {
		return nil
	}
	c := &fileCursor{window: window{k: k, size: s.Size}}
	if k.live {
		c.size = c.lineStart(s.Size + 1) // without a line that is still being written
	}
	c.entry.Unit, c.entry.Pod = k.unit, k.pod
	return c
}

// Older is journal.Archive's.
func (a *fileArchive) Older(ctx context.Context, before journal.Place, put func(journal.Entry) bool) error {
	return merge(ctx, a.cursors(before), (*fileCursor).stepBack, later, put)
}

// Newer is journal.Archive's.
func (a *fileArchive) Newer(ctx context.Context, from, to journal.Place, put func(journal.Entry) bool) error {
	list := a.cursors(from)
	if to.Seq != 0 {
		for _, c := range list {
			c.size = a.position(c, to)
		}
	}
	return merge(ctx, list, (*fileCursor).stepOn, func(x, y *journal.Entry) bool { return later(y, x) }, put)
}

// later is the order of the archive: by time, then by file.
func later(x, y *journal.Entry) bool {
	return cmp.Or(cmp.Compare(x.Place.Time, y.Place.Time), cmp.Compare(x.Place.Seq, y.Place.Seq)) > 0
}

// merge puts what the cursors come to, the one that is first in the order first. A file that cannot be read any more
// ends there.
func merge(ctx context.Context, list []*fileCursor, step func(*fileCursor) bool,
	first func(x, y *journal.Entry) bool, put func(journal.Entry) bool) error {
	left := list[:0]
	for _, c := range list {
		if step(c) {
			left = append(left, c)
		}
	}
	for len(left) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		best := 0
		for i := range left {
			if first(&left[i].entry, &left[best].entry) {
				best = i
			}
		}
		if !put(left[best].entry) {
			return nil
		}
		if !step(left[best]) {
			left = append(left[:best], left[best+1:]...)
		}
	}
	return ctx.Err()
}

// stepOn reads the entry at pos and goes behind it. It is false at the end.
func (c *fileCursor) stepOn() bool {
	for c.pos < c.size && c.err == nil {
		at := c.pos
		c.read(at, intake.LineMax)
		c.pos = c.next
		if len(c.entry.Message) > 0 && c.err == nil {
			return true
		}
	}
	return false
}

// stepBack goes to the entry before pos and reads it. It is false at the beginning.
func (c *fileCursor) stepBack() bool {
	for c.pos > 0 && c.err == nil {
		at := c.before(c.pos)
		c.read(at, intake.LineMax)
		c.pos = at
		if len(c.entry.Message) > 0 && c.err == nil {
			return true
		}
	}
	return false
}

// read makes the entry of the line at offset at and of those that go on with it, with at most limit bytes of message.
func (c *fileCursor) read(at int64, limit int) {
	text, end := c.line(at)
	c.next, c.stream = c.after(end), ""
	line, isCRI := c.parse(text)
	t, dated := line.Time, isCRI
	stream := noStream
	switch {
	case isCRI:
		text = line.Payload
		stream = streamOf(&line)
		c.stream = [...]string{"stdout", "stderr"}[stream]
	case c.k.format == CRI:
		text = nil
	case c.k.format != Plain:
		t, dated = journal.TextTime(text, time.Unix(0, c.k.changed))
	}
	c.message = append(c.message[:0], text...) // the window moves on
	full := len(text)
	if cut := end - at - intake.LineMax; cut > 0 {
		full += int(cut)
	}
	c.from = end - int64(full)
	if line.Partial {
		full = c.join(line.Stderr, full, limit)
	} else {
		full = c.joinTrace(stream, full, limit)
	}
	if !dated {
		t = c.undated(at)
	}
	c.entry.Time, c.entry.Message, c.entry.Full, c.entry.Severity = t, c.message, full, journal.Info
	c.entry.Place = journal.Place{Time: t.UnixMicro(), Seq: c.k.seq(at)}
}

// join appends to c.message the parts that follow the first one, and returns the length of all.
func (c *fileCursor) join(stderr bool, full, limit int) int {
	c.from = -1
	for n := 0; n < partsReach && c.next < c.size; n++ {
		text, end := c.line(c.next)
		part, ok := c.parse(text)
		if !ok || part.Stderr != stderr {
			break
		}
		full += len(part.Payload)
		c.message = append(c.message, part.Payload[:min(len(part.Payload), limit-len(c.message))]...)
		c.next = c.after(end)
		if !part.Partial {
			break
		}
	}
	return full
}

// undated is the time of a line that says none: that of the nearest line before it that does, at the file's beginning
// after it, else of the file's last change.
func (c *fileCursor) undated(at int64) time.Time {
	for n := 0; n < datedReach && at > 0 && c.k.format != Plain; n++ {
		at = c.lineStart(at)
		text, _ := c.line(at)
		if t, ok := journal.TextTime(text, time.Unix(0, c.k.changed)); ok {
			return t
		}
	}
	if at == 0 {
		if t, _, ok := c.dated(0, c.size, datedReach); ok {
			return t
		}
	}
	return time.Unix(0, c.k.changed)
}

// Whole is journal.Archive's.
func (a *fileArchive) Whole(_ context.Context, at journal.Place) ([]journal.Field, error) {
	kept := a.kept.Load()
	if kept == nil {
		return nil, journal.ErrGone
	}
	i := slices.IndexFunc(*kept, func(k keptFile) bool { return k.number == at.Seq>>seqShift })
	if i < 0 {
		return nil, journal.ErrGone
	}
	offset := int64(at.Seq&offsetMask) - 1
	c := a.cursor(&(*kept)[i])
	if c == nil || offset < 0 || offset >= c.size {
		return nil, journal.ErrGone
	}
	fields, err := c.whole(offset)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errMoved) {
		err = journal.ErrGone
	}
	return fields, err
}

// whole returns the fields of the entry at offset at.
func (c *fileCursor) whole(at int64) ([]journal.Field, error) {
	c.read(at, journal.MaxField)
	if c.err != nil {
		return nil, c.err
	}
	if c.from >= 0 {
		c.rest()
	}
	fields := []journal.Field{{Name: "MESSAGE", Value: c.message, Full: c.entry.Full}}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, journal.Field{Name: name, Value: []byte(value)})
		}
	}
	if pod, container, restart, ok := podOf(c.k.base); ok {
		add("NAMESPACE", pod[0])
		add("POD", pod[1])
		add("POD_UID", pod[2])
		add("CONTAINER", container)
		add("RESTART", restart)
	}
	add("STREAM", c.stream)
	add("FILE", c.k.path)
	add("OFFSET", strconv.FormatInt(at, 10))
	return fields, nil
}

// rest brings c.message, the beginning of one long line, to MaxField.
func (c *fileCursor) rest() {
	size := min(c.entry.Full, journal.MaxField)
	for len(c.message) < size && c.err == nil {
		c.load(c.from + int64(len(c.message)))
		if len(c.buf) == 0 {
			break
		}
		c.message = append(c.message, c.buf[:min(len(c.buf), size-len(c.message))]...)
	}
}

// podOf takes the path of a pod's log apart: /var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTART.log.
//
// Kubernetes: pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory
func podOf(path string) (pod []string, container, restart string, ok bool) {
	dir, name := filepath.Split(path)
	dir, container = filepath.Split(filepath.Clean(dir))
	pod = strings.Split(filepath.Base(dir), "_")
	restart, ok = strings.CutSuffix(name, ".log")
	if _, err := strconv.Atoi(restart); err != nil || len(pod) != 3 {
		ok = false
	}
	return pod, container, restart, ok
}

// podName is the namespace and name of the pod whose log a path is, nil when it is none.
func podName(path string) []byte {
	pod, _, _, ok := podOf(path)
	if !ok {
		return nil
	}
	return []byte(pod[0] + "/" + pod[1])
}

// BootStart is journal.Archive's: a file does not say which boot wrote it.
func (a *fileArchive) BootStart(context.Context, journal.Place) (journal.Place, error) {
	return journal.Place{}, journal.ErrNoBoots
}
