package journal

import (
	"bytes"
	"testing"
	"time"
)

func TestTextTime(t *testing.T) {
	east := time.FixedZone("east", 3600)
	now := time.Date(2026, 11, 23, 1, 0, 0, 0, east)
	for _, c := range []struct{ text, want string }{
		{`2026-11-22T20:00:00.669794202+01:00 stderr F E1122 23:00:00.123456    1204 a.go:1] x`, "2026-11-22T19:00:00.669794202Z"},
		{`2026-11-22T20:00:00Z stdout F `, "2026-11-22T20:00:00Z"},
		{`I1122 20:00:00.123456    1204 a.go:1] x`, "2026-11-22T19:00:00.123456Z"},
		{`I1231 23:59:59.000001    1204 a.go:1] last year's`, "2025-12-31T22:59:59.000001Z"},
		{`I1124 00:30:00.000000    1204 a.go:1] a zone ahead`, "2026-11-23T23:30:00Z"},
		{`I1322 20:00:00.123456    1204 a.go:1] no month`, ""},
		{`time="2026-11-22T20:00:00.5-02:00" level=info msg=x`, "2026-11-22T22:00:00.5Z"},
		{`level=info ts=2026-11-22T20:00:00Z msg=x`, "2026-11-22T20:00:00Z"},
		{`{"level":"info","msg":"x","timestamp":"2026-11-22T20:00:00.000001Z"}`, "2026-11-22T20:00:00.000001Z"},
		{`{"ts":"2026-11-22T20:00:00.000+0100","level":"warn"}`, "2026-11-22T19:00:00Z"},
		{`{"ts":1795377600.25,"msg":"zap"}`, "2026-11-22T20:00:00.25Z"},
		{`{"ts":17953776,"msg":"no seconds since 1970"}`, ""},
		{`{"ts":"2026-11-22T20:00:00Z and more"}`, ""},
		{`{"ts":"2026-11-22T20:60:00Z"}`, ""},
		{`{"ts":"2026-11-22T20:00:00"}`, ""},
		{`1969-12-31T23:59:59Z stdout F before all time`, ""},
		{`took time=5s`, ""},
		{``, ""},
	} {
		at, ok := TextTime([]byte(c.text), now)
		got := ""
		if ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestStampAgreesWithTime compares with the standard library over stamps of every length of fraction and many zones.
func TestStampAgreesWithTime(t *testing.T) {
	for n := range 2000 {
		at := time.Unix(int64(n)*1_000_003, int64(n)*1_234_567%1e9).In(time.FixedZone("", (n%49-24)*1800))
		text := []byte(at.Format(time.RFC3339Nano))
		got, size := stamp(append(text, " stdout"...))
		if size != len(text) || !got.Equal(at) {
			t.Fatalf("%s: got %v and %d bytes", text, got, size)
		}
	}
}

func TestTextTimeAllocatesNothing(t *testing.T) {
	now := time.Now()
	texts := make([][]byte, len(printed))
	for i := range printed {
		texts[i] = []byte(printed[i].text)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range texts {
			TextTime(b, now)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseCRI(f *testing.F) {
	f.Add([]byte(`2026-11-22T20:00:00.669794202Z stderr F E1122 20:00:00.123456    1204 a.go:1] x`))
	f.Add([]byte(`2026-11-22T20:00:00+01:00 stdout P:x `))
	f.Add([]byte(`2026-11-22T20:00:00Z stdout F`))
	f.Fuzz(func(t *testing.T, line []byte) {
		c, ok := ParseCRI(line)
		if !ok {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, string(line[:bytes.IndexByte(line, ' ')]))
		if err == nil && !want.Equal(c.Time) {
			t.Fatalf("%q: %v, want %v", line, c.Time, want)
		}
		if len(c.Payload) > len(line)-len("2026-11-22T20:00:00Z stdout F ") {
			t.Fatalf("%q: payload %q", line, c.Payload)
		}
	})
}
