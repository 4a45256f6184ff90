// Package textfile reads the figures that other programs leave in a directory of *.prom files, as node_exporter's textfile
// collector does. They are read off the tick, since directories lie on disks that can hang; a file with anything wrong in it
// is left out whole.
package textfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/exposition"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/reading"
)

const (
	interval   = 15 * time.Second // between two readings
	maxBytes   = 1 << 20          // of a file
	maxTotal   = 4 << 20          // of all
	maxSamples = 10_000           // of a file
	maxEntries = 1000             // of the directory, whatever their names
	suffix     = ".prom"
)

// Figures is what the files say. It is immutable.
type Figures struct {
	Health      health.Health // of the directory; Err says as well which file was left out first, and why
	Directory   string
	Failed      bool   // not everything could be read: node_textfile_scrape_error
	Files       []File // that are in the figures, by name
	Series      int
	Text        []byte // the families by name, in Prometheus's text format 0.0.4
	OpenMetrics []byte // the same in OpenMetrics 1.0.0, without its last line
}

// File is a file whose figures are taken.
type File struct {
	Path     string // clean
	Modified time.Time
}

// Options say what a Reader reads.
type Options struct {
	Directory string                 // absolute
	Reserved  func(name string) bool // reports whether no file may have a metric of that name, as the program has one itself; nil: none
}

// Reader reads a directory.
type Reader struct {
	Options
	now  func() time.Duration // CLOCK_BOOTTIME
	last *Figures             // of the reading before, nil: it failed
	seen []stamp              // what was there then
}

// New returns a Reader that has read nothing yet.
func New(o Options) *Reader {
	if o.Reserved == nil {
		o.Reserved = func(string) bool { return false }
	}
	return &Reader{Options: o, now: boottime.Now}
}

// Run reads at once and then each 15 seconds. It calls publish from its own goroutine after each reading, and each 15 seconds
// that a reading does not come back from: then the figures are those of the one before, stale. Run ends with ctx's error when ctx
// ends, and for nothing else. What panics in a reading panics again in Run.
func (r *Reader) Run(ctx context.Context, publish func(*Figures)) error {
	published := Figures{Directory: r.Directory}
	return reading.Repeat(ctx, interval, r.now, r.Read, func(a reading.Answer[*Figures]) {
		next, hangs := published, reading.Unanswered(0)
		switch {
		case errors.As(a.Err, &hangs):
			next.Failed = true
			next.Health.Bad(r.now(), hangs.Error())
		case a.Err != nil:
			next = Figures{Directory: r.Directory, Health: next.Health, Failed: true}
			next.Health.Fail(r.now(), clean.String(a.Err.Error()))
		default:
			next = *a.Value
			next.Health = published.Health
			next.Health.Good(r.now())
			next.Health.Err = a.Value.Health.Err
		}
		next.Health.Cost = a.Cost
		published = next
		publish(&next)
	})
}

// stamp changes when a file does.
type stamp struct {
	name             string
	inode            uint64
	size             int64
	mode, uid        uint32
	modified, change syscall.Timespec
}

// Read returns what the files say, with nothing in Health but Err. Files that are as they were are not read again. It waits for the
// disk. Only one goroutine at a time may call it, and none beside Run.
func (r *Reader) Read() (*Figures, error) {
	root, err := os.OpenRoot(r.Directory)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := list(root)
	if err != nil {
		return nil, err
	}
	stamps := make([]stamp, len(names))
	for i, name := range names {
		stamps[i].name = name
		if info, err := root.Stat(name); err == nil {
			s := info.Sys().(*syscall.Stat_t)
			stamps[i] = stamp{name, s.Ino, s.Size, s.Mode, s.Uid, s.Mtim, s.Ctim}
		}
	}
	if r.last != nil && slices.Equal(stamps, r.seen) {
		return r.last, nil
	}
	r.last, r.seen = r.gather(root, names), stamps
	return r.last, nil
}

// list returns the names of the files to read, in their order.
func list(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(maxEntries + 1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case len(names) > maxEntries:
		return nil, fmt.Errorf("more than %d entries are in the directory", maxEntries)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, suffix) })
	slices.Sort(names)
	return names, nil
}

// gather reads the files of those names.
func (r *Reader) gather(root *os.Root, names []string) *Figures {
	f := &Figures{Directory: r.Directory}
	all := newMerger(r.Reserved)
	total, failed, first := 0, 0, ""
	for _, name := range names {
		text, modified, err := readFile(root, name)
		if total += len(text); err == nil && total > maxTotal {
			err = fmt.Errorf("more than %d MiB in all", maxTotal>>20)
		}
		if err == nil {
			err = all.add(name, text)
		}
		if err == nil {
			f.Files = append(f.Files, File{clean.String(filepath.Join(r.Directory, name)), modified})
			continue
		}
		total -= len(text)
		if failed++; failed == 1 {
			between := ": "
			if _, isLine := err.(*exposition.LineError); isLine {
				between = ":"
			}
			first = clean.String(name + between + err.Error())
		}
	}
	if f.Failed = failed > 0; failed > 1 {
		first += fmt.Sprintf(" (%d files left out)", failed)
	}
	f.Health.Err = first
	f.Series = len(all.series)
	f.Text, f.OpenMetrics = all.write()
	return f
}

// readFile returns the text of a file that root or this process's user owns and nobody else may write to. It does not wait for a
// writer of a named pipe, and follows no link out of the directory.
func readFile(root *os.Root, name string) (text []byte, modified time.Time, err error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, modified, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, modified, reason(err)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	switch {
	case !info.Mode().IsRegular():
		err = errors.New("is no regular file")
	case owner != 0 && owner != os.Geteuid():
		err = fmt.Errorf("belongs to user %d: it must be root's", owner)
	case info.Mode().Perm()&0o022 != 0:
		err = errors.New("its group or others may write to it")
	default:
		text, err = io.ReadAll(io.LimitReader(f, maxBytes+1))
	}
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("more than %d MiB", maxBytes>>20)
	}
	if err != nil {
		return nil, modified, reason(err)
	}
	return text, info.ModTime(), nil
}

// reason is the cause of err without the path, which is said already.
func reason(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return errors.New("" + of.Err.Error())
	}
	return err
}
