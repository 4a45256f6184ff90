package journal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// printed are messages and what is shown of them. An empty want is the text itself.
var printed = []struct{ text, want string }{
	// klog
	{`I1122 20:00:00.123456    1204 reflector.go:547] failed to list *v1.Node`, `reflector.go:547] failed to list *v1.Node`},
	{`E1122 20:00:00.123456    1204 pod_workers.go:1301] "Error syncing \"a\"" err="gone" pod="ns/a"`,
		`pod_workers.go:1301] Error syncing "a" err="gone" pod="ns/a"`},
	{`I1122 20:00:00.123456    1204 a.go:1] "quoted" in prose`, `a.go:1] quoted in prose`},
	{`I1122 20:00:00.123456    1204 a.go:1] "x"y`, `a.go:1] "x"y`},
	{`I1122 20:00:00.123456 no pid`, `no pid`},
	// logrus, slog, logfmt
	{`time="2026-11-22T20:00:00Z" level=warning msg="a \"b\"\n" error="not found" id=7`, `a "b" error="not found" id=7`},
	{`time="2026-11-22T20:00:00.000000000+01:00" level=info msg=ready`, `ready`},
	{`time=2026-11-22T20:00:00.000Z level=ERROR source=a.go:7 msg="no disk" k=v`, `no disk source=a.go:7 k=v`},
	{`id=1 msg=a level=info reason="x y"`, `a reason="x y" id=1`},
	{`level=info msg="cut in the mid`, `cut in the mid`},
	{`level=info msg="first\nsecond" id=1`, "first\nsecond id=1"},
	{"level=fatal msg=x\ngoroutine 1 [running]:", "x\ngoroutine 1 [running]:"},
	{`level=info msg="took" time=5s`, `took time=5s`},
	{`level=chatty msg=x time="2026-11-22T20:00:00Z"`, `x level=chatty`},
	{`level=info msg="a"b`, ``},
	{`msg=a without a level`, ``},
	{`level=info and no more`, ``},
	// JSON
	{`{"component":"virt-handler","level":"error","msg":"cannot sync","pos":"vm.go:12","reason":"no such VM","timestamp":"2026-11-22T20:00:00.000000Z"}`,
		`cannot sync reason="no such VM" component=virt-handler pos=vm.go:12`},
	{`{"level":"warn","ts":"2026-11-22T20:00:00.000+0100","caller":"mvcc/a.go:1","msg":"slow","took":"1.2s","n":5}`,
		`slow caller=mvcc/a.go:1 took=1.2s n=5`},
	{`{"level":"info","ts":1732305600.123,"msg":"zap","error":"a \"b\""}`, `zap error="a \"b\""`},
	{`{"message":"x","a":{"b": [1, "c d"]},"ok":true,"none":null}`, `x a={"b":[1,"c d"]} ok=true none=null`},
	{`{"msg":"\u003ca\u003e\t\u001b[31m \ud83d\ude00 \u202e\/"}`, "<a>  \\u001b[31m \U0001f600 \\u202e/"},
	{`{"msg":"x","msg":"y"}`, `x msg=y`},
	{`{"msg":"x","e":""}`, `x e=""`},
	{`{"a":"b", "msg" : "blanks" }`, `blanks a=b`},
	{`{"msg":"cut","err":"in the mid`, `cut err="in the mid"`},
	{`{"msg":"cut","er`, `cut`},
	{`{"msg":"cut",`, `cut`},
	{`{"msg":"x"} tail`, ``},
	{"{\"msg\":\"x\"}\ngoroutine 1 [running]:", "x\ngoroutine 1 [running]:"},
	{`{"msg":7}`, `7`},
	{`{"no":"message","level":"info"}`, ``},
	{`{"msg":"x"`, `x`},
	{`{"msg":"x",]`, ``},
	{`{"msg":]`, ``},
	{`{not JSON}`, ``},
	// prefixes and CRI
	{`<3>disk gone`, `disk gone`},
	{`4,339,5140900,-;NET: Registered`, `NET: Registered`},
	{`2026-11-22T20:00:00.669794202Z stderr F E1122 20:00:00.123456    1204 a.go:1] x`, `a.go:1] x`},
	{`2026-11-22T20:00:00Z stdout P:x {"level":"info","msg":"y"}`, `y`},
	// other names of the level and the time
	{`{"level":40,"time":1795800000000,"pid":1,"msg":"slow"}`, `slow pid=1`},
	{`{"level":3,"msg":"x"}`, `x level=3`},
	{`{"@timestamp":"2026-11-27T20:00:00.000Z","log.level":"error","message":"boom"}`, `boom`},
	{`t=2026-11-27T20:00:00Z lvl=error msg="boom" err=x`, `boom err=x`},
	// as they are
	{`[WARN] low on disk`, ``},
	{`INFO[0004] ready`, ``},
	{"panic: x\n\ngoroutine 1 [running]:", ``},
	{`Started Network Manager.`, ``},
	{``, ``},
}

func TestAppendPayload(t *testing.T) {
	for _, c := range printed {
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := string(AppendPayload([]byte("before "), []byte(c.text))); got != "before "+want {
			t.Errorf("%s\n got %q\nwant %q", c.text, got, "before "+want)
		}
	}
}

func TestAppendPayloadAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, MaxMessage)
	texts := make([][]byte, len(printed))
	for i := range printed {
		texts[i] = []byte(printed[i].text)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range texts {
			AppendPayload(buf, b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendPayload(f *testing.F) {
	for _, c := range printed {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := bytes.TrimRight(clean.AppendLines(nil, raw), "\n")
		before := bytes.Clone(text)
		got := AppendPayload(nil, text)
		if len(got) > len(text) || !utf8.Valid(got) || !bytes.Equal(text, before) {
			t.Fatalf("%q\nbecame %q", text, got)
		}
		if again := clean.AppendLines(nil, got); !bytes.Equal(again, got) {
			t.Fatalf("%q\nbecame %q, which is not clean", text, got)
		}
		if bytes.ContainsAny(text[:min(len(text), 1)], "abcxyz ") && !bytes.Contains(text, []byte("=")) && !bytes.Equal(got, text) {
			t.Fatalf("%q\nis plain and became %q", text, got)
		}
	})
}

func BenchmarkAppendPayload(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"klog", printed[1].text},
		{"logrus", printed[5].text},
		{"json", printed[17].text},
		{"plain", strings.Repeat("Started a thing. ", 12)},
	} {
		text, buf := []byte(c.text), make([]byte, 0, MaxMessage)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				AppendPayload(buf, text)
			}
		})
	}
}
