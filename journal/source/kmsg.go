package source

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
)

// recordMax holds the longest record that the kernel hands out (PRINTK_MESSAGE_MAX is 2048, CONSOLE_EXT_LOG_MAX 8192);
// a read with less room fails.
const recordMax = 16 << 10

// Kmsg follows the kernel's log, one record a read, from the oldest one that the kernel still has.
//
// Kernel: Documentation/ABI/testing/dev-kmsg
type Kmsg struct {
	Path string // /dev/kmsg

	// open is openKmsg outside tests. Each Read of what it returns gives one record; idle is called before it waits.
	open  func(path string, idle func()) (io.ReadCloser, error)
	last  uint64 // sequence number of the last record that was put
	any   bool   // there was one
	read  bool   // the records that were there are put
	first uint64 // sequence number of the oldest of them
}

// Run follows until ctx ends. A host without the device has no kernel log for us.
func (k *Kmsg) Run(ctx context.Context, sink *journal.Sink) error {
	open := k.open
	if open == nil {
		open = openKmsg
	}
	r, err := open(k.Path, func() {
		sink.Flush()
		if !k.read { // all that there was
			k.read = true
			sink.Backfilled(k.first == 0)
		}
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		bad(sink, "there is no "+k.Path)
		return nil
	case errors.Is(err, fs.ErrPermission):
		return errors.New(kmsgDenied)
	case err != nil:
		return err // names the path
	}
	defer r.Close()
	defer context.AfterFunc(ctx, func() { r.Close() })()
	good(sink)
	return k.follow(ctx, r, sink)
}

const kmsgDenied = "not permitted to read the kernel log: kernel.dmesg_restrict is 1, this program needs CAP_SYSLOG"

func (k *Kmsg) follow(ctx context.Context, r io.Reader, sink *journal.Sink) error {
	buf := make([]byte, recordMax)
	for {
		n, err := r.Read(buf)
		if errors.Is(err, syscall.EPIPE) {
			continue // records were overwritten before we read them: the next sequence number says how many
		}
		if ctx.Err() != nil {
			return ctx.Err() // closed
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", k.Path, err)
		}
		rec, ok := parseRecord(buf[:n])
		if !ok {
			sink.Dropped(1)
			continue
		}
		if k.any && rec.sequence <= k.last {
			continue // read before the restart
		}
		if k.any {
			sink.Dropped(rec.sequence - k.last - 1)
		}
		if !k.any {
			k.first = rec.sequence
		}
		k.last, k.any = rec.sequence, true
		if err = sink.Put(ctx, rec.entry(time.Now(), monotonic())); err != nil {
			return err
		}
	}
}

// record is a line of /dev/kmsg; its bytes are the buffer's.
type record struct {
	priority uint64
	sequence uint64
	micros   uint64 // since boot, as printk stamps
	text     []byte // escapes undone
}

// parseRecord reads "priority,sequence,microseconds,flags[,...];text LF" and leaves out the lines " KEY=value" that
// may follow. It changes text in place, undoing its \x escapes.
func parseRecord(b []byte) (r record, ok bool) {
	head, text, found := bytes.Cut(b, []byte{';'})
	if !found {
		return r, false
	}
	for _, n := range [...]*uint64{&r.priority, &r.sequence, &r.micros} {
		var number []byte
		if number, head, found = bytes.Cut(head, []byte{','}); !found {
			return r, false
		}
		if *n, ok = decimal(number); !ok {
			return r, false
		}
	}
	text, _, _ = bytes.Cut(text, []byte{'\n'})
	r.text = unescape(text)
	return r, true
}

// unescape undoes, in place, the \xNN that the kernel writes for bytes which are not printable ASCII, and for \.
func unescape(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := [1]byte{b[i]}
		if i+3 < len(b) && b[i] == '\\' && b[i+1] == 'x' {
			if _, err := hex.Decode(c[:], b[i+2:i+4]); err == nil {
				i += 3
			} else {
				c[0] = '\\'
			}
		}
		out = append(out, c[0])
	}
	return out
}

// entry makes an entry of a record. printk's clock runs like CLOCK_MONOTONIC, which stands still in a suspend: the
// stamp is right for what was logged since the last one, and for older records off by its length.
func (r *record) entry(now time.Time, up time.Duration) journal.Entry {
	e := journal.Entry{
		Time:     now.Add(time.Duration(r.micros)*time.Microsecond - up),
		Unit:     kernelUnit,
		Severity: journal.Severity(r.priority & 7),
		Message:  r.text,
	}
	if r.priority>>3 != 0 { // written by a program, not by the kernel
		e.Unit, e.PID, e.Message = tag(r.text)
	}
	return e
}

// tag takes "name[pid]: " or "name: " off the front of text. Without one the writer is not known: "user".
func tag(text []byte) (name []byte, pid int, rest []byte) {
	head, rest, found := bytes.Cut(text, []byte(": "))
	if !found || len(head) == 0 || len(head) > fieldMax || bytes.IndexByte(head, ' ') >= 0 {
		return userUnit, 0, text
	}
	name, number, bracket := bytes.Cut(head, []byte{'['})
	if !bracket {
		return head, 0, rest
	}
	n, ok := decimal(bytes.TrimSuffix(number, []byte{']'}))
	if !ok || n > pidMax || len(name) == 0 {
		return head, 0, rest
	}
	return name, int(n), rest
}

var userUnit = []byte("user")

// openKmsg opens the device so that a Close ends a Read that waits.
func openKmsg(path string, idle func()) (io.ReadCloser, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	conn, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d := &device{File: f, conn: conn, idle: idle}
	d.try = d.read
	return d, nil
}

// device reads a file that the runtime polls, and calls idle before each wait. os.File.Read would not tell.
type device struct {
	*os.File
	conn syscall.RawConn
	idle func()
	try  func(fd uintptr) bool // d.read, bound once so that a Read does not allocate

	buf []byte // of the Read under way, with its result
	n   int
	err error
}

func (d *device) Read(p []byte) (int, error) {
	d.buf = p
	if err := d.conn.Read(d.try); err != nil {
		return 0, err
	}
	if d.n == 0 && d.err == nil {
		return 0, io.EOF
	}
	return max(d.n, 0), d.err
}

// read reports whether there is a result; if not the runtime waits until the file is readable and calls it again.
func (d *device) read(fd uintptr) bool {
	for {
		d.n, d.err = unix.Read(int(fd), d.buf)
		switch d.err {
		case unix.EINTR:
		case unix.EAGAIN:
			d.idle()
			return false
		default:
			return true
		}
	}
}
