package journal

import (
	"os"
	"strings"
	"testing"

	"hypervisor-tui/internal/clean"
)

// said are messages as they were printed, and what they say of themselves; SeverityCount: nothing.
var said = []struct {
	text string
	want Severity
}{
	// klog
	{`I1122 20:00:00.123456    1204 kubelet.go:2447] "SyncLoop (PLEG): event for pod"`, Info},
	{`W1122 20:00:00.123456    1204 reflector.go:547] failed to list *v1.Node`, Warning},
	{`E1122 20:00:00.123456    1204 pod_workers.go:1301] "Error syncing pod" err="level=info"`, Err},
	{`F1122 20:00:00.123456 1234567 server.go:1] cannot start`, Crit},
	{`X1122 20:00:00.123456    1204 file.go:1] no such letter`, SeverityCount},
	{`E1122 20-00:00.123456    1204 file.go:1] not its columns`, SeverityCount},
	{`E1122 20:00:00.123456`, SeverityCount},
	// logrus, slog, logfmt
	{`time="2026-11-22T20:00:00Z" level=warning msg="a"`, Warning},
	{`time="2026-11-22T20:00:00.000000000Z" level=fatal msg="level=info"`, Crit},
	{`time=2026-11-22T20:00:00.000Z level=ERROR msg=x`, Err},
	{`time=2026-11-22T20:00:00.000Z level=INFO+1 msg=x`, Info},
	{`level="debug" ts=1`, Debug},
	{`ts=1 Level=Warn`, Warning},
	{`ts=1 msg="set level=debug \" level=debug" level=error`, Err},
	{`loglevel=error is an option`, SeverityCount},
	{`level=verbose`, Debug},
	{`level=chatty`, SeverityCount},
	{`level=errors`, SeverityCount},
	{`level=`, SeverityCount},
	{`msg="never ends level=error`, SeverityCount},
	{strings.Repeat("x", fieldReach) + " level=error", SeverityCount},
	// JSON
	{`{"component":"virt-handler","level":"error","msg":"x","pos":"vm.go:1"}`, Err},
	{`{"level":"warn","ts":"2026-11-22T20:00:00.000Z","caller":"mvcc/index.go:1"}`, Warning},
	{`{"level": "info"}`, Info},
	{`{"msg":"a \"level\":\"error\" b","level":"info"}`, Info},
	{`{"msg":"x","err":"no such file"}`, Err},
	{`{"msg":"x","err":null}`, SeverityCount},
	{`{"msg":" level=error"}`, SeverityCount},
	{`{"level":30}`, Info},
	{`{"level":3}`, SeverityCount},
	{`{`, SeverityCount},
	{`{"level":`, SeverityCount},
	// prefixes
	{`<3>disk gone`, Err},
	{`<192>no priority`, SeverityCount},
	{`<3`, SeverityCount},
	{`4,339,5140900,-;NET: Registered protocol family 10`, Warning},
	{`30,340,5690716,-,caller=T1;udevd[80]: starting`, Info},
	{`192,339,5140900,-;no priority`, SeverityCount},
	{`10,11,12 apples`, SeverityCount},
	// CRI
	{`2026-11-22T20:00:00.669794202Z stderr F E1122 20:00:00.123456    1204 a.go:1] x`, Err},
	{`2026-11-22T20:00:00.669794202+01:00 stdout P {"level":"warning"}`, Warning},
	{`2026-11-22T20:00:00.669794202Z stdout F`, SeverityCount},
	{`2026-11-22T20:00:00.669794202Z stdall F <3>x`, SeverityCount},
	// heads
	{"panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:", Crit},
	{`fatal error: all goroutines are asleep - deadlock!`, Crit},
	{`goroutine 17 [running]:`, Err},
	{`goroutine leak found`, SeverityCount},
	{`ERROR: no such host`, Err},
	{`[WARN] low on disk`, Warning},
	{`INFO[0004] ready`, Info},
	{`DEBUG`, Debug},
	{`ERRORS were found`, SeverityCount},
	{`ERR_CONNECTION_RESET`, SeverityCount},
	{`Error was not capital`, SeverityCount},
	{`INFORMATIONALLY`, SeverityCount},
	{``, SeverityCount},
	{`Started Network Manager.`, SeverityCount},
}

// written is a line of testdata/severity.txt: the severity, who writes so, the line. A line end within a message is \n.
type written struct{ severity, writer, message string }

func writers(t testing.TB) (lines []written) {
	text, err := os.ReadFile("testdata/severity.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		message := part[2]
		if strings.HasPrefix(message, "Nov 28, ") {
			message = strings.Replace(message, `\n`, "\n", 1)
		}
		lines = append(lines, written{part[0], part[1], message})
	}
	return lines
}

func TestC6EveryWriter(t *testing.T) {
	for _, l := range writers(t) {
		said := "none"
		if s, ok := textSeverity(clean.AppendLines(nil, []byte(l.message))); ok {
			said = s.String()
		}
		if said != l.severity {
			t.Errorf("%s: %.90q says %s, want %s", l.writer, l.message, said, l.severity)
		}
	}
}

func TestTextSeverity(t *testing.T) {
	for _, c := range said {
		got, ok := textSeverity([]byte(c.text))
		if !ok {
			got = SeverityCount
		}
		if got != c.want {
			t.Errorf("%.60q: %v, want %v", c.text, got, c.want)
		}
	}
}

func TestTextSeverityAllocatesNothing(t *testing.T) {
	texts := make([][]byte, len(said))
	for i := range said {
		texts[i] = []byte(said[i].text)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range texts {
			textSeverity(b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzTextSeverity(f *testing.F) {
	for _, c := range said {
		f.Add([]byte(c.text))
	}
	for _, l := range writers(f) {
		f.Add([]byte(l.message))
	}
	f.Add([]byte("*** "))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := textSeverity(b)
		if s >= SeverityCount {
			t.Fatalf("severity %d", s)
		}
		// What lies beyond the reach of every layout says nothing.
		const reach = 64 + fieldReach
		if cut, cutOK := textSeverity(b[:min(len(b), reach)]); len(b) > reach && (cut != s || cutOK != ok) {
			t.Fatalf("%v %v, the first %d bytes say %v %v", s, ok, reach, cut, cutOK)
		}
	})
}

// Usual lines, for benchmarks.
const (
	klogLine   = `I1122 20:00:00.123456    1204 kubelet.go:2447] "SyncLoop (PLEG): event for pod"`
	logrusLine = `time="2026-11-22T20:00:00Z" level=warning msg="a"`
	jsonLine   = `{"component":"virt-handler","level":"error","msg":"x","pos":"vm.go:1"}`
)

func BenchmarkTextSeverity(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"klog", klogLine + strings.Repeat(" word", 30)},
		{"logrus", logrusLine + strings.Repeat(" word", 30)},
		{"json", jsonLine + strings.Repeat(" word", 30)},
		{"none", strings.Repeat("Started a thing. ", 12)},
	} {
		text := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				textSeverity(text)
			}
		})
	}
}
