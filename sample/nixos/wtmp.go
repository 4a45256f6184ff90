package nixos

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// layout is where the C library of an architecture puts the fields of struct utmp that matter here. Type and user are
// at the same place in all.
type layout struct {
	size int  // of a record
	at   int  // of ut_tv.tv_sec
	wide bool // tv_sec has 64 bits
}

// layoutOf returns the layout of glibc, which has no size where it is not known.
func layoutOf(arch string) layout {
	switch arch {
	case "amd64":
		return layout{size: 384, at: 340}
	case "arm64":
		return layout{size: 400, at: 344, wide: true}
	}
	return layout{}
}

// What systemd-update-utmp writes at the start and at the end of a boot.
const (
	typeAt, userAt, userSize = 0, 44, 32
	runLevel, bootTime       = 1, 2
	shutdown                 = "shutdown"
)

const (
	chunkRecords = 128
	mostRecords  = 1 << 16 // that are looked at, from the end: logins of many years
)

// ending is how the boot before the newest one in a wtmp ended.
type ending struct {
	newest time.Time // when the newest boot began; zero: none
	known  bool      // whether there was a boot before it, or its shutdown
	clean  bool      // a shutdown was recorded
	at     time.Time // of the shutdown, or of the start of the boot that has none
}

// readWtmp reads records from the end of a file of size bytes until it knows how the last boot ended. Half a record at
// the end is left out.
//
// Format: utmp(5)
func readWtmp(file io.ReaderAt, size int64, l layout) (ending, error) {
	var e ending
	count := size / int64(l.size)
	buf := make([]byte, chunkRecords*l.size)
	for seen := int64(0); seen < min(count, mostRecords); {
		n := min(count-seen, chunkRecords)
		chunk := buf[:int(n)*l.size]
		if _, err := file.ReadAt(chunk, (count-seen-n)*int64(l.size)); err != nil {
			return e, err
		}
		for i := int(n) - 1; i >= 0; i-- {
			if e.take(chunk[i*l.size:(i+1)*l.size], l) {
				return e, nil
			}
		}
		seen += n
	}
	return e, nil
}

// take looks at the record before those it has seen and reports whether all is known.
func (e *ending) take(record []byte, l layout) bool {
	user, _, _ := bytes.Cut(record[userAt:userAt+userSize], []byte{0})
	var at time.Time
	if l.wide {
		at = time.Unix(int64(binary.NativeEndian.Uint64(record[l.at:])), 0)
	} else {
		at = time.Unix(int64(binary.NativeEndian.Uint32(record[l.at:])), 0) // good until 2106
	}
	switch kind := binary.NativeEndian.Uint16(record[typeAt:]); {
	case kind == bootTime && e.newest.IsZero():
		e.newest = at
	case kind == bootTime:
		e.known, e.at = true, at
	case kind == runLevel && string(user) == shutdown && !e.newest.IsZero():
		e.known, e.clean, e.at = true, true, at
	}
	return e.known
}
