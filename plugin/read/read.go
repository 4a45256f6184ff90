// Package read reads the results of plugins, which their units leave in folders of their own, off the tick. Only what nobody but
// root, this process's user or the plugin's own user can have written is taken.
package read

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/reading"
	"hypervisor-tui/plugin"
)

const (
	interval = 2 * time.Second  // between two readings
	patience = 10 * time.Second // for one of them
	maxFile  = 100 + plugin.MaxOutput
)

// Options say what a Reader reads. Nobody changes the plugins.
type Options struct {
	Directory string // absolute
	Plugins   []plugin.Spec
}

// Reader reads the results of plugins. One goroutine at a time uses it.
type Reader struct {
	Options
	now       func() time.Duration // CLOCK_BOOTTIME
	suspended func() time.Duration // how long the host has been so since it was booted
	user      uint32               // of this process
	began     time.Duration        // CLOCK_BOOTTIME of the first reading; 0: there was none
	slept     time.Duration        // what suspended said at the reading before
	woke      time.Duration        // CLOCK_BOOTTIME at which that had grown last; 0: never
	files     []file               // of each plugin
	results   []plugin.Result      // of the reading before, which nobody changes any more
}

// file is the result of one plugin.
type file struct {
	path   string // from the directory
	folder stamp  // of its folder and
	taken  stamp  // of itself, when it was taken last; zero: it must be looked at again
	was    bool   // there has been one that was taken
}

// stamp changes when a file does; of a folder that says whose it is.
type stamp struct {
	device, inode    uint64
	size             int64
	mode, uid        uint32
	modified, change unix.Timespec
}

func stampOf(s *unix.Stat_t) stamp {
	if s.Mode&unix.S_IFMT == unix.S_IFDIR {
		return stamp{device: uint64(s.Dev), inode: s.Ino, mode: s.Mode, uid: s.Uid}
	}
	return stamp{uint64(s.Dev), s.Ino, s.Size, s.Mode, s.Uid, s.Mtim, s.Ctim}
}

// New returns a Reader that has read nothing yet.
func New(o Options) *Reader {
	r := &Reader{Options: o, now: boottime.Now, suspended: boottime.Suspended, user: uint32(unix.Geteuid())}
	r.files, r.results = make([]file, len(o.Plugins)), make([]plugin.Result, len(o.Plugins))
	for i := range o.Plugins {
		r.files[i].path = filepath.Join(o.Plugins[i].Name, plugin.File)
		r.results[i] = unknown(&o.Plugins[i], "")
	}
	return r
}

// unknown is what is known of a plugin without a result that could be taken: why, or nothing where it has not run yet.
func unknown(s *plugin.Spec, why string) plugin.Result {
	return plugin.Result{Name: s.Name, Kind: s.Kind, Status: plugin.Unknown, Interval: s.Interval, Timeout: s.Timeout, Text: why}
}

// State is what is known before the first reading.
func (r *Reader) State() *plugin.State {
	return &plugin.State{Directory: r.Directory, Results: r.results}
}

// Run reads at once and then each 2 seconds. It calls publish from its own goroutine after each reading, and while one does not come
// back for long: then, and where the directory is not as it must be, the results are those of the one before, stale. A directory
// that is not there is one in which no plugin has run since the host was booted. Run ends with ctx's error when ctx ends, and for
// nothing else. What panics in a reading panics again in Run.
func (r *Reader) Run(ctx context.Context, publish func(*plugin.State)) error {
	published := r.State()
	return reading.Repeat(ctx, interval, r.now, r.Read, func(a reading.Answer[[]plugin.Result]) {
		next := &plugin.State{Health: published.Health, Directory: r.Directory, Results: published.Results}
		hangs := reading.Unanswered(0)
		switch {
		case errors.As(a.Err, &hangs) && time.Duration(hangs) < patience:
			return
		case a.Err != nil:
			why := clean.String(a.Err.Error())
			if next.Health.At == 0 && next.Health.Err != why {
				next.Results = r.unreadable(why)
			}
			next.Health.Bad(r.now(), why)
		default:
			next.Results = a.Value
			next.Health.Good(r.now())
		}
		next.Health.Cost = a.Cost
		published = next
		publish(next)
	})
}

// unreadable is what is known while no result could be read at all.
func (r *Reader) unreadable(why string) []plugin.Result {
	results := make([]plugin.Result, len(r.Plugins))
	for i := range results {
		results[i] = unknown(&r.Plugins[i], why)
	}
	return results
}

// Read returns the results by the order of the plugins, the same slice as before where nothing has changed. Results that are as
// they were are not read again. It waits for the disk. Only one goroutine at a time may call it, and none beside Run.
func (r *Reader) Read() ([]plugin.Result, error) {
	base, err := r.open()
	if err != nil && err != errNone {
		return nil, fmt.Errorf("%s: %w", r.Directory, err)
	}
	if err == nil {
		defer unix.Close(base)
	}
	now, slept := r.now(), r.suspended()
	woke := slept-r.slept > time.Second
	if r.slept = slept; woke { // also where that was before this process began: nobody knows when
		r.woke = now
	}
	if r.began == 0 {
		r.began, woke = now, true
	}
	next, shared := r.results, true
	for i := range r.files {
		result, changed := r.results[i], false
		if err == nil {
			result, changed = r.look(base, i)
		} else {
			result, changed = r.missing(i)
		}
		if !changed && !woke {
			continue
		}
		if shared {
			next, shared = slices.Clone(next), false
		}
		if result.Begun = r.woke; result.At == 0 {
			result.Begun = max(r.began, r.woke)
		}
		next[i] = result
	}
	r.results = next
	return next, nil
}

// open returns the directory, which only root or this process's user may write to.
func (r *Reader) open() (int, error) {
	base, err := openat(unix.AT_FDCWD, r.Directory, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return -1, reason(err)
	}
	var s unix.Stat_t
	err = unix.Fstat(base, &s)
	switch {
	case err != nil:
	case s.Uid != 0 && s.Uid != r.user:
		err = fmt.Errorf("it belongs to user %d: it must be root's", s.Uid)
	case s.Mode&0o022 != 0:
		err = errWritable
	}
	if err != nil {
		unix.Close(base)
		return -1, reason(err)
	}
	return base, nil
}

// look returns the result of the plugin at i, and whether it is another one than before.
func (r *Reader) look(base, i int) (result plugin.Result, changed bool) {
	f, before := &r.files[i], &r.results[i]
	var folder, s unix.Stat_t
	if f.taken != (stamp{}) && unix.Fstatat(base, r.Plugins[i].Name, &folder, unix.AT_SYMLINK_NOFOLLOW) == nil && stampOf(&folder) == f.folder &&
		unix.Fstatat(base, f.path, &s, unix.AT_SYMLINK_NOFOLLOW) == nil && stampOf(&s) == f.taken {
		return *before, false
	}
	text, err := r.take(base, r.Plugins[i].Name, f)
	switch {
	case err == errNone:
		return r.missing(i)
	case err == errBusy:
		return *before, false
	case err == nil:
		result, err = r.parse(&r.Plugins[i], text)
	}
	if err != nil {
		// Behind the reason, which on few columns is all that is read.
		result = unknown(&r.Plugins[i], clean.String(fmt.Sprintf("%v (%s)", err, filepath.Join(r.Directory, f.path))))
		return result, result.Text != before.Text || before.At != 0
	}
	f.was = true
	return result, true
}

// missing is look for a plugin without a result. That one which was there is gone is worth a word: nobody but root and the plugin
// itself can have removed it.
func (r *Reader) missing(i int) (result plugin.Result, changed bool) {
	before, why := &r.results[i], ""
	r.files[i].taken = stamp{}
	if r.files[i].was {
		why = "its result has been removed"
	}
	return unknown(&r.Plugins[i], why), before.At != 0 || before.Text != why
}

// parse returns what a result says, an error where that cannot have been written by a run of this boot.
func (r *Reader) parse(s *plugin.Spec, text []byte) (plugin.Result, error) {
	_, output, err := plugin.ParseHeader(text)
	switch {
	case err != nil:
		return plugin.Result{}, err
	case len(output) > plugin.MaxOutput:
		return plugin.Result{}, errLarge
	}
	result := s.Result(text)
	if now := r.now(); result.At <= 0 || result.At > now {
		return plugin.Result{}, errors.New("the clock of its header is not that of this host since it was booted")
	}
	return result, nil
}
