package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

var records = []struct {
	text     string
	unit     string
	pid      int
	severity journal.Severity
	message  string
}{
	{"6,339,5140900,-;NET: Registered protocol family 10\n", "kernel", 0, journal.Info, "NET: Registered protocol family 10"},
	{"3,340,5690716,-,caller=T1;sd 0:0:0:0: [sda] gone\n SUBSYSTEM=scsi\n DEVICE=+scsi:0:0:0:0\n", "kernel", 0,
		journal.Err, "sd 0:0:0:0: [sda] gone"},
	{"30,341,5690717,-;systemd[1]: Started it.\n", "systemd", 1, journal.Info, "Started it."},
	{"12,342,5690718,-;logger: said\n", "logger", 0, journal.Warning, "said"},
	{"12,343,5690719,-;no tag at all: here\n", "user", 0, journal.Warning, "no tag at all: here"},
	{"12,344,5690720,-;odd[4194305]: here\n", "odd[4194305]", 0, journal.Warning, "here"}, // beyond all numbers of processes
	{"12,344,5690720,-;odd[x]: here\n", "odd[x]", 0, journal.Warning, "here"},
	{"4,345,5690721,c;caf\\xc3\\xa9 \\x5c \\xzz \\x1b[31m\n", "kernel", 0, journal.Warning, "café \\ \\xzz \x1b[31m"},
	{"6,346,1,-;\n", "kernel", 0, journal.Info, ""},
}

func TestParseRecord(t *testing.T) {
	for _, c := range records {
		r, ok := parseRecord([]byte(c.text))
		if !ok {
			t.Errorf("%q: not read", c.text)
			continue
		}
		up := 6 * time.Second
		e := r.entry(time.UnixMicro(1_000_000_000), up)
		if string(e.Unit) != c.unit || e.PID != c.pid || e.Severity != c.severity || string(e.Message) != c.message {
			t.Errorf("%q: %s[%d] %v %q", c.text, e.Unit, e.PID, e.Severity, e.Message)
		}
		if want := int64(1_000_000_000) - up.Microseconds() + int64(r.micros); e.Time.UnixMicro() != want {
			t.Errorf("%q: at %d, want %d", c.text, e.Time.UnixMicro(), want)
		}
	}
	for _, text := range []string{"", "x", "6,339,5140900;x", "6,339;x", "a,1,2,-;x", "6,,2,-;x", "6,1,2,-"} {
		if r, ok := parseRecord([]byte(text)); ok {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, c := range records {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := parseRecord(b); ok {
			if e := r.entry(time.Now(), time.Second); e.Severity > journal.Debug || e.PID < 0 || len(e.Unit) == 0 {
				t.Fatalf("%q: %+v", b, e)
			}
		}
	})
}

// fakeKmsg gives one record, or one error, a read, and nil before it has the next one; then it waits like the device until it is closed.
type fakeKmsg struct {
	reads  []any
	idle   func()
	closed chan struct{}
}

func (f *fakeKmsg) Read(p []byte) (int, error) {
	if len(f.reads) == 0 {
		f.idle()
		<-f.closed
		return 0, fs.ErrClosed
	}
	next := f.reads[0]
	f.reads = f.reads[1:]
	if next == nil { // there is none just now
		f.idle()
		return f.Read(p)
	}
	if err, ok := next.(error); ok {
		return 0, err
	}
	return copy(p, next.(string)), nil
}

func (f *fakeKmsg) Close() error {
	select {
	case <-f.closed:
	default:
		close(f.closed)
	}
	return nil
}

func faked(reads ...any) func(string, func()) (io.ReadCloser, error) {
	return func(_ string, idle func()) (io.ReadCloser, error) {
		return &fakeKmsg{reads: reads, idle: idle, closed: make(chan struct{})}, nil
	}
}

func seq(n int) string { return fmt.Sprintf("6,%d,%d,-;record %d\n", n, n, n) }

func TestKmsgCountsWhatWasOverwritten(t *testing.T) {
	t.Parallel()
	w := journaltest.Watch(t)
	k := &Kmsg{Path: "/dev/kmsg"}
	k.open = faked(seq(70), seq(71), error(syscall.EPIPE), seq(80), "garbage", seq(81), errors.New("broken"))
	if err := k.Run(context.Background(), w.Input); err == nil || err.Error() != "read /dev/kmsg: broken" {
		t.Errorf("%v", err)
	}
	// Started again it reads from the kernel's oldest record on: nothing comes twice.
	k.open = faked(seq(75), seq(81), seq(82))
	stop := journaltest.Run(k, w.Input)
	p := w.Await(t, "5 records", func(p *journal.Page) bool { return len(p.Rows) == 5 })
	if got := string(p.Message(&p.Rows[4])); got != "record 82" || p.Dropped != 8+1 {
		t.Errorf("last %q, %d dropped", got, p.Dropped)
	}
	if w.Input.State().Health.State != health.OK {
		t.Errorf("%+v", w.Input.State())
	}
	stop()
}

// TestKmsgSaysWhetherItLeftOlderOut: it decides for how much of the last hour the counts stand. What comes when all is read
// that was there has arrived, whatever its stamp.
func TestKmsgSaysWhetherItLeftOlderOut(t *testing.T) {
	for first, all := range map[int]bool{0: true, 70: false} {
		w := journaltest.Watch(t)
		now := int(monotonic().Microseconds())
		at := func(n, micros int) string { return fmt.Sprintf("6,%d,%d,-;record %d\n", n, micros, n) }
		stop := journaltest.Run(&Kmsg{Path: "/dev/kmsg", open: faked(at(first, now-1_000_000), nil, at(first+1, now-2_000_000))}, w.Input)
		p := w.Until(t, "both", func(p *journal.Page) bool { return p.Total == 2 })
		if p.Later != 1 || (p.Hour.Known == 60) != all {
			t.Errorf("from record %d on: %d came later, %d minutes are known", first, p.Later, p.Hour.Known)
		}
		stop()
	}
}

func TestF30KmsgSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := journaltest.Watch(t)
	k := &Kmsg{Path: "/dev/kmsg", open: func(path string, _ func()) (io.ReadCloser, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EPERM}
	}}
	err := k.Run(context.Background(), w.Input)
	if err == nil || !strings.Contains(err.Error(), "dmesg_restrict") || !strings.Contains(err.Error(), "CAP_SYSLOG") {
		t.Errorf("%v", err)
	}
	k = &Kmsg{Path: filepath.Join(t.TempDir(), "kmsg")}
	if err = k.Run(context.Background(), w.Input); err != nil || w.Input.State().Health.Err != "there is no "+k.Path {
		t.Errorf("%v, %+v", err, w.Input.State())
	}
}

// TestDevice uses a FIFO: like the device it is waited for by the runtime's poller.
func TestDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no FIFO here:", err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0) // a writer for as long as we read
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	idle := make(chan bool, 100)
	r, err := openKmsg(path, func() { idle <- true })
	if err != nil {
		t.Fatal(err)
	}
	reads := make(chan string)
	go func() {
		defer close(reads)
		for buf := make([]byte, 100); ; {
			n, err := r.Read(buf)
			if err != nil {
				return
			}
			reads <- string(buf[:n])
		}
	}()
	<-idle
	both.WriteString("a record")
	if got := <-reads; got != "a record" {
		t.Errorf("%q", got)
	}
	<-idle
	r.Close()
	if _, open := <-reads; open {
		t.Error("a read that waited gave something when the device was closed")
	}
}

func TestRealKmsg(t *testing.T) {
	t.Parallel()
	if f, err := os.Open("/dev/kmsg"); err != nil {
		t.Skip("the kernel log cannot be read here:", err)
	} else {
		f.Close()
	}
	w := journaltest.Watch(t)
	stop := journaltest.Run(&Kmsg{Path: "/dev/kmsg"}, w.Input)
	p := w.Await(t, "a record", func(p *journal.Page) bool { return len(p.Rows) > 0 })
	if age := time.Since(time.UnixMicro(p.Rows[0].Time)); age < -time.Minute {
		t.Errorf("a record %v in the future", -age)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
}

func TestParseRecordAllocatesNothing(t *testing.T) {
	buf := make([]byte, recordMax)
	if n := testing.AllocsPerRun(100, func() {
		for _, c := range records {
			r, _ := parseRecord(buf[:copy(buf, c.text)])
			r.entry(time.Time{}, 0)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
