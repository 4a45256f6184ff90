package poll

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

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/peer"
)

// keeper keeps the list in a file, which is read once. A disk that hangs keeps a goroutine and nothing else.
type keeper struct {
	path    string // empty: nothing is kept
	run     Run
	loaded  chan loaded
	written chan error
	due     time.Duration // before which it is not written
	dirty   bool          // there is something new
	may     bool          // it was read, or there was none: it can be replaced
	busy    bool          // it is being written
	kept    time.Time     // when it was written last; zero: never
	why     string        // it is not as it should be; empty: it is
}

// loaded is what the file had.
type loaded struct {
	peers []peer.Peer
	at    time.Time // of its last change
	may   bool      // it can be replaced
	err   error
}

// load reads the file.
func (k *keeper) load(ctx context.Context) {
	if k.path == "" {
		return
	}
	go func() {
		var l loaded
		if err := k.run(ctx, "list of peers", func(context.Context) error { l = readList(k.path); return nil }); err != nil {
			l.err = err
		}
		k.loaded <- l
	}()
}

// remember takes in what the file had, where nothing newer is known.
func (p *Poller) remember(l loaded) {
	k := &p.file
	k.may, k.kept, k.why, p.changed = l.may, l.at, "", true
	if l.err != nil {
		k.why = secret.String(l.err.Error())
	}
	for i := range l.peers {
		old := &l.peers[i]
		n := p.byName[old.Name]
		if n == nil && len(p.nodes) < peer.MaxPeers && !old.Said.At.IsZero() { // else the configuration named it before
			n = p.add(old.Name, old.Address)
		}
		switch {
		case n == nil:
			continue
		case n.Summary == nil:
			n.Summary, n.Heard, n.Offset = old.Summary, old.Heard, old.Offset
		}
		if n.Said.At.IsZero() {
			n.Said = old.Said
		}
	}
}

// ready reports whether the file is to be written when it is due.
func (k *keeper) ready() bool { return k.dirty && k.may && !k.busy && k.path != "" }

// keep writes the list when there is something new and it is time.
func (k *keeper) keep(ctx context.Context, now time.Duration, peers func() []peer.Peer) {
	if !k.ready() || now < k.due {
		return
	}
	k.dirty, k.busy, k.due = false, true, now+keeps
	all := peers()
	go func() {
		k.written <- k.run(ctx, "list of peers", func(context.Context) error { return writeList(k.path, all) })
	}()
}

// wrote takes in what came of it.
func (k *keeper) wrote(err error) {
	k.busy = false
	if err != nil {
		k.why, k.dirty = secret.String(err.Error()), true
		return
	}
	k.why, k.kept = "", time.Now()
}

// readList reads the file at path. One that is not there is no error; one that cannot be read is left as it is.
func readList(path string) (l loaded) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return loaded{may: true}
		}
		return loaded{err: bare(err)}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return loaded{err: bare(err)}
	case !info.Mode().IsRegular():
		return loaded{err: errors.New("not a regular file")}
	}
	text, err := io.ReadAll(io.LimitReader(f, peer.MaxList+1))
	if err != nil {
		return loaded{err: bare(err)}
	}
	l.peers, l.err = peer.DecodeList(text)
	if l.may = true; l.err == nil {
		l.at = info.ModTime()
	}
	return l
}

// writeList replaces the file at path by one that is whole, which nobody else may read. It changes peers: what another console
// has written there of them since stays.
func writeList(path string, peers []peer.Peer) error {
	keepNewer(peers, readList(path).peers, time.Now())
	text, err := peer.EncodeList(peers)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot be written: %w", bare(err))
	}
	pattern := "." + filepath.Base(path) + ".*"
	sweep(filepath.Join(dir, pattern))
	f, err := os.CreateTemp(dir, pattern) // of mode 0600
	if err != nil {
		return fmt.Errorf("cannot be written: %w", bare(err))
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync() // a list that is renamed before it is on the disk may be empty after a power cut
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot be written: %w", bare(err))
	}
	return nil
}

// sweep removes what a process left that ended while it wrote.
func sweep(pattern string) {
	left, _ := filepath.Glob(pattern) // a folder that cannot be read has nothing to remove
	for _, name := range left {
		if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > keeps {
			os.Remove(name)
		}
	}
}

// keepNewer gives peers, which are by name, what others know of them that is newer, and not of a time after now.
func keepNewer(peers, others []peer.Peer, now time.Time) {
	newer := func(a, b time.Time) bool { return a.After(b) && !a.After(now) }
	for i := range others {
		o := &others[i]
		at, known := slices.BinarySearchFunc(peers, o.Name, func(p peer.Peer, name string) int { return strings.Compare(p.Name, name) })
		if !known {
			continue
		}
		p := &peers[at]
		if newer(o.Heard, p.Heard) {
			p.Summary, p.Heard, p.Offset = o.Summary, o.Heard, o.Offset
		}
		if newer(o.Said.At, p.Said.At) {
			p.Said = o.Said
		}
	}
}

// bare is an error without the name of a file, which stands beside it.
func bare(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}
