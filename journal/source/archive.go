package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
)

// archive reads the journal's files again, with descriptors of its own that last as long as a call.
type archive struct {
	roots []file.Root
	reads *file.Fields
	boot  file.ID // this host's, zero: not known
}

// Older implements journal.Archive.
func (a *archive) Older(ctx context.Context, before journal.Place, put func(journal.Entry) bool) error {
	return a.read(ctx, before, journal.Place{}, (*file.Merge).Prev, put)
}

// Newer implements journal.Archive.
func (a *archive) Newer(ctx context.Context, from, to journal.Place, put func(journal.Entry) bool) error {
	return a.read(ctx, from, to, (*file.Merge).Next, put)
}

// read reads from a position on, up to the entry at to if there is one.
func (a *archive) read(ctx context.Context, from, to journal.Place, step func(*file.Merge, *file.Entry) error,
	put func(journal.Entry) bool) error {
	m, err := a.open()
	if err != nil {
		return err
	}
	defer m.Close()
	_, _, end := m.Locate(uint64(max(to.Time, 0)), to.Seq)
	if err = seek(m, from); err != nil {
		return err
	}
	read := a.reads.NewEntry()
	var row fields
	for ctx.Err() == nil {
		switch err = step(m, read); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read the journal: %w", err)
		case to.Seq != 0 && (m.Compare(&read.Key, &end) >= 0 || end.Seq == 0 && beyond(read, to)):
			return nil
		}
		var e journal.Entry
		if row.take(read, &e) && !put(e) {
			return nil
		}
	}
	return ctx.Err()
}

// beyond reports whether an entry comes after the place of one that is not kept any more.
func beyond(read *file.Entry, at journal.Place) bool {
	return int64(read.Realtime) > at.Time && read.Seq > at.Seq
}

// open returns a Merge of the files that there are now.
func (a *archive) open() (*file.Merge, error) {
	m := file.NewMerge(a.roots, a.reads)
	m.Boot = a.boot
	if _, err := m.Rescan(); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	if m.Files() == 0 && len(m.Unreadable) > 0 {
		return nil, errors.New(noPermission + groupOf(m.Unreadable[0]))
	}
	return m, nil
}

// seek puts m at a position: at the entry that has it, right behind the one that has the number before, or at its time.
func seek(m *file.Merge, at journal.Place) error {
	micros := uint64(max(at.Time, 0))
	if at.Seq != 0 {
		if f, _, key := m.Locate(micros, at.Seq); f != nil {
			return m.SeekKey(&key, false)
		}
		if f, _, key := m.Locate(micros, at.Seq-1); f != nil {
			return m.SeekKey(&key, true)
		}
	}
	return m.SeekTime(micros)
}

// Whole implements journal.Archive.
func (a *archive) Whole(_ context.Context, at journal.Place) (list []journal.Field, err error) {
	m, err := a.open()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	f, n, _ := m.Locate(uint64(max(at.Time, 0)), at.Seq)
	if f == nil {
		return nil, journal.ErrGone
	}
	_, err = f.All(n, func(field []byte, full int) {
		name, value, _ := bytes.Cut(field, []byte{'='})
		list = append(list, journal.Field{Name: string(name), Value: bytes.Clone(value), Full: full - len(name) - 1})
	})
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return list, nil
}

// BootStart implements journal.Archive.
func (a *archive) BootStart(_ context.Context, at journal.Place) (journal.Place, error) {
	m, err := a.open()
	if err != nil {
		return at, err
	}
	defer m.Close()
	f, _, key := m.Locate(uint64(max(at.Time, 0)), at.Seq)
	if f == nil {
		read := a.reads.NewEntry()
		if err = seek(m, at); err == nil {
			err = m.Prev(read)
		}
		if err == io.EOF {
			return at, journal.ErrGone
		}
		key = read.Key
	}
	if err == nil {
		key, err = m.SeekBoot(&key)
	}
	if err != nil {
		return at, fmt.Errorf("read the journal: %w", err)
	}
	return journal.Place{Time: int64(key.Realtime), Seq: key.Seq}, nil
}
