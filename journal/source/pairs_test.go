package source

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/file/jwrite"
)

// pairs is a digest over time and whole message of all entries that have one, in their order.
type pairs struct {
	hash.Hash64
	n    int
	head [16]byte
}

func newPairs() *pairs { return &pairs{Hash64: fnv.New64a()} }

func (p *pairs) add(realtime uint64, message []byte) {
	p.n++
	binary.LittleEndian.PutUint64(p.head[:], realtime)
	binary.LittleEndian.PutUint64(p.head[8:], uint64(len(message)))
	p.Write(p.head[:])
	p.Write(message)
}

func (p *pairs) same(t *testing.T, o *pairs, who string) {
	t.Helper()
	if p.n == 0 || p.n != o.n || p.Sum64() != o.Sum64() {
		t.Errorf("%d entries, digest %x; %s: %d, %x", p.n, p.Sum64(), who, o.n, o.Sum64())
	}
	t.Logf("%d entries, digest %x", p.n, p.Sum64())
}

// readPairs reads a journal's files as this program does; what is cut when it is read with the others is read again, as
// for the view of one entry.
func readPairs(t testing.TB, dir string) *pairs {
	again := &archive{roots: rootOf(dir), reads: newFields()}
	fields := file.NewFields(file.Wish{Name: "MESSAGE", Max: messageMax})
	m, e := file.NewMerge(rootOf(dir), fields), fields.NewEntry()
	if _, err := m.Rescan(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p := newPairs()
	for {
		err := m.Next(e)
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		v := &e.Values[0]
		if !v.Set {
			continue
		}
		message := v.Bytes
		if v.Full != len(message) {
			list, err := again.Whole(t.Context(), journal.Place{Time: int64(e.Realtime), Seq: e.Seq})
			if err != nil {
				t.Fatal(err)
			}
			message = fieldNamed(list, "MESSAGE").Value
		}
		p.add(e.Realtime, message)
	}
}

// exportPairs reads what journalctl -o export prints, in a way that shares nothing with Export: a field is a line
// "NAME=value", or where the value is binary a line "NAME", its length in 8 bytes, and the value.
//
// Format: systemd.io/JOURNAL_EXPORT_FORMATS
func exportPairs(t testing.TB, from io.Reader) *pairs {
	p, r := newPairs(), bufio.NewReaderSize(from, 1<<20)
	var at uint64
	var message []byte
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		name, value, text := bytes.Cut(line[:len(line)-1], []byte("="))
		switch {
		case len(name) == 0: // the entry ends
			if message != nil {
				p.add(at, message)
			}
			message = nil
			continue
		case !text:
			value = binaryValue(t, r)
		}
		switch string(name) {
		case "__REALTIME_TIMESTAMP":
			if at, err = strconv.ParseUint(string(value), 10, 64); err != nil {
				t.Fatal(err)
			}
		case "MESSAGE":
			if message == nil {
				message = append([]byte{}, value...)
			}
		}
	}
}

func binaryValue(t testing.TB, r *bufio.Reader) []byte {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, binary.LittleEndian.Uint64(size[:])+1)
	if _, err := io.ReadFull(r, value); err != nil {
		t.Fatal(err)
	}
	return value[:len(value)-1]
}

// TestNativeHasEveryTimeAndMessage compares the times and the whole messages of all entries, text and binary, with
// those of journalctl -o export: of a small journal that is made here, or of a large one in JOURNAL_DIR.
func TestNativeHasEveryTimeAndMessage(t *testing.T) {
	journalctl, err := exec.LookPath(journalctlExe)
	if err != nil {
		t.Skip("no journalctl here")
	}
	dir := journalDir(t)
	if os.Getenv("JOURNAL_DIR") == "" {
		addBinary(t, dir)
	}
	cmd := exec.Command(journalctl, "-o", "export", "--directory="+dir, "--output-fields=MESSAGE")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := exportPairs(t, out)
	if err = cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	readPairs(t, dir).same(t, want, "journalctl")
}

// addBinary adds messages that are not exported as lines, and some that are long.
func addBinary(t *testing.T, dir string) {
	t.Helper()
	w := create(t, filepath.Join(dir, "user-1000.journal"), "binary")
	for i, message := range []string{"two\nlines", "a\x00b", "\xff\xfe", "\x1b[31mred", "", "tab\tulator", "日本",
		strings.Repeat("long ", 20000), strings.Repeat("\x00\n", 60000)} {
		e := sampleEntry(3000 + i)
		e.Fields[0] = "MESSAGE=" + message
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(jwrite.Offline); err != nil {
		t.Fatal(err)
	}
}
