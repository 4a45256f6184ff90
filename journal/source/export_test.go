package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"hypervisor-tui/journal"
)

// The fields of one entry as journalctl 252 prints them.
const (
	k3sEntry = "__CURSOR=s=89ef;i=bb6;b=dbf0;m=7faa;t=660e;x=eedc\n__REALTIME_TIMESTAMP=1795389635334608\n" +
		"__MONOTONIC_TIMESTAMP=2141856690\n_BOOT_ID=dbf0bb0bab2748628b7ab8c26436649e\nPRIORITY=6\n" +
		"_TRANSPORT=stdout\nSYSLOG_IDENTIFIER=k3s\n_COMM=k3s-server\n_PID=1204\n_SYSTEMD_UNIT=k3s.service\n" +
		"MESSAGE=level=info msg=\"a = b\"\n\n"
	kernelEntry = "__CURSOR=s=89ef;i=bb7\n__REALTIME_TIMESTAMP=1795389635334609\nPRIORITY=3\n_TRANSPORT=kernel\n" +
		"SYSLOG_IDENTIFIER=kernel\nMESSAGE=I/O error\n\n"
	bareEntry = "__CURSOR=s=89ef;i=bb8\n__REALTIME_TIMESTAMP=1\n_COMM=cron\nSYSLOG_PID=17\nMESSAGE=x\n\n"
)

func binaryField(name, value string) string {
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(value)))
	return name + "\n" + string(size) + value + "\n"
}

// entries reads all of r, with one line of text an entry.
func entries(r io.Reader) (list []string, x *Export, err error) {
	x = NewExport(r)
	var e journal.Entry
	for {
		if err = x.Next(&e); err != nil {
			return list, x, err
		}
		list = append(list, fmt.Sprintf("%d %s[%d] %v %s", e.Time.UnixMicro(), e.Unit, e.PID, e.Severity, e.Message))
	}
}

const (
	k3sRead    = `1795389635334608 k3s[1204] info level=info msg="a = b"`
	kernelRead = `1795389635334609 kernel[0] err I/O error`
	bareRead   = `1 cron[17] info x`
)

var exports = []struct {
	name   string
	stream string
	want   []string
	damage uint64
}{
	{"text fields", k3sEntry + kernelEntry + bareEntry, []string{k3sRead, kernelRead, bareRead}, 0},
	{"binary message", "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n" + binaryField("MESSAGE", "two\n\nlines\x00") + "\n",
		[]string{"1 [0] info two\n\nlines\x00"}, 0},
	{"unknown fields", "FOO=" + strings.Repeat("x", 3*exportBuffer) + "\n" +
		binaryField("BAR", strings.Repeat("\n", 3*exportBuffer)) + k3sEntry, []string{k3sRead}, 0},
	{"source time", "_SOURCE_REALTIME_TIMESTAMP=5\n__REALTIME_TIMESTAMP=9\nMESSAGE=x\n\n", []string{"5 [0] info x"}, 0},
	{"user unit", "_SYSTEMD_UNIT=user@1000.service\n_SYSTEMD_USER_UNIT=app.service\nMESSAGE=x\n\n",
		[]string{"0 app[0] info x"}, 0},
	{"what systemd says about a unit", "_PID=1\n_SYSTEMD_UNIT=init.scope\nUNIT=k3s.service\nMESSAGE=x\n\n",
		[]string{"0 k3s[1] info x"}, 0},
	{"systemd on its own", "_PID=1\n_SYSTEMD_UNIT=init.scope\nSYSLOG_IDENTIFIER=systemd\nMESSAGE=x\n\n",
		[]string{"0 systemd[1] info x"}, 0},
	{"not everyone is believed", "_PID=7\n_SYSTEMD_UNIT=evil.service\nUNIT=k3s.service\nMESSAGE=x\n\n",
		[]string{"0 evil[7] info x"}, 0},
	{"first of two", "MESSAGE=a\nMESSAGE=b\n\n", []string{"0 [0] info a"}, 0},
	{"no message", "__CURSOR=s=1\nPRIORITY=2\n\n" + k3sEntry, []string{k3sRead}, 0},
	{"empty message", "MESSAGE=\n\n", []string{"0 [0] info "}, 0},
	{"numbers that are none", "PRIORITY=9\n_PID=x\n__REALTIME_TIMESTAMP=-1\nMESSAGE=x\n\n", []string{"0 [0] info x"}, 0},
	{"blank lines", "\n\n" + k3sEntry + "\n\n", []string{k3sRead}, 0},
	{"garbage before", "No such thing\n\n" + k3sEntry, []string{k3sRead}, 1},
	{"garbage between", k3sEntry + "\x00\x01\nfoo\n\n" + kernelEntry, []string{k3sRead, kernelRead}, 1},
	{"garbage within", "__CURSOR=s=1\nMESSAGE=lost\nnoise\n\n" + k3sEntry, []string{k3sRead}, 1},
	{"long garbage", strings.Repeat("\x00", 10<<20) + "\n\n" + k3sEntry, []string{k3sRead}, 1},
	{"a length that lies", "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff\n\n" + k3sEntry, []string{k3sRead}, 1},
	{"a value that does not end", "MESSAGE\n\x01\x00\x00\x00\x00\x00\x00\x00xx\n\n" + k3sEntry, []string{k3sRead}, 1},
	{"a name too long", strings.Repeat("A", nameMax+1) + "=1\n" + k3sEntry, []string{k3sRead}, 1},
	{"cut off", k3sEntry + kernelEntry[:len(kernelEntry)-1], []string{k3sRead}, 0},
	{"cut off in a length", k3sEntry + "MESSAGE\n\x01", []string{k3sRead}, 0},
	{"nothing", "", nil, 0},
}

func TestExport(t *testing.T) {
	for _, c := range exports {
		for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.HalfReader(strings.NewReader(c.stream))} {
			got, x, err := entries(r)
			if !slices.Equal(got, c.want) || x.Damage() != c.damage {
				t.Errorf("%s: %q, damage %d, want %q, %d", c.name, got, x.Damage(), c.want, c.damage)
			}
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

func TestExportTellsTheCursor(t *testing.T) {
	x := NewExport(strings.NewReader(k3sEntry + bareEntry))
	var e journal.Entry
	for _, want := range []string{"s=89ef;i=bb6;b=dbf0;m=7faa;t=660e;x=eedc", "s=89ef;i=bb8"} {
		if err := x.Next(&e); err != nil || string(x.Cursor()) != want {
			t.Errorf("%q, %v, want %q", x.Cursor(), err, want)
		}
	}
}

func TestExportPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	_, _, err := entries(io.MultiReader(strings.NewReader(k3sEntry+"MESSAGE=x"), iotest.ErrReader(broken)))
	if err != broken {
		t.Errorf("%v", err)
	}
}

func TestF28TenMegabyteLine(t *testing.T) {
	long := strings.Repeat("x\x00", 5<<20)
	for _, message := range []string{"MESSAGE=" + long + "\n", binaryField("MESSAGE", long)} {
		x := NewExport(strings.NewReader("__CURSOR=s=1\n" + message + "PRIORITY=4\n\n" + k3sEntry))
		var e journal.Entry
		if err := x.Next(&e); err != nil {
			t.Fatal(err)
		}
		if e.Full != len(long) || len(e.Message) != messageMax || e.Severity != journal.Warning {
			t.Errorf("%d bytes kept of %d, %v", len(e.Message), e.Full, e.Severity)
		}
		if err := x.Next(&e); err != nil || string(e.Unit) != "k3s" || x.Damage() != 0 {
			t.Errorf("after it: %q, %v, damage %d", e.Unit, err, x.Damage())
		}
	}
	if _, x, err := entries(strings.NewReader("MESSAGE=" + long)); err != io.EOF || x.Damage() != 0 {
		t.Errorf("no newline at all: %v", err)
	}
}

func TestExportAllocatesNothing(t *testing.T) {
	stream := bytes.NewReader(bytes.Repeat([]byte(k3sEntry+binaryFieldEntry), 5000))
	x := NewExport(stream)
	var e journal.Entry
	if n := testing.AllocsPerRun(5000, func() {
		if err := x.Next(&e); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations an entry", n)
	}
}

var binaryFieldEntry = "__CURSOR=s=1\n" + binaryField("MESSAGE", "two\nlines") + "\n"

func FuzzExport(f *testing.F) {
	for _, c := range exports {
		if len(c.stream) < 1<<20 {
			f.Add([]byte(c.stream))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		x := NewExport(bytes.NewReader(stream))
		var e journal.Entry
		for {
			err := x.Next(&e)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Message) > messageMax || e.Full < len(e.Message) || e.Severity > journal.Debug || e.PID < 0 {
				t.Fatalf("%+v", e)
			}
		}
		// Whatever came before, the next entry is found again, unless a length swallows it.
		list, _, _ := entries(io.MultiReader(bytes.NewReader(stream), strings.NewReader("\n\n"+k3sEntry+k3sEntry)))
		if !bytes.ContainsRune(stream, 0) && !slices.Contains(list, k3sRead) && !hasBinary(stream) {
			t.Fatalf("%q: the entry after it is lost", stream)
		}
	})
}

// hasBinary reports whether a line of stream looks like the name of a binary field.
func hasBinary(stream []byte) bool {
	for line := range bytes.Lines(stream) {
		if validName(bytes.TrimSuffix(line, []byte("\n"))) {
			return true
		}
	}
	return false
}

func BenchmarkExport(b *testing.B) {
	stream := []byte(strings.Repeat(k3sEntry, 1000))
	r := bytes.NewReader(stream)
	x := NewExport(r)
	var e journal.Entry
	b.ReportAllocs()
	b.SetBytes(int64(len(k3sEntry)))
	for b.Loop() {
		if x.Next(&e) != nil {
			r.Seek(0, io.SeekStart)
		}
	}
}
