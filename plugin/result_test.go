package plugin

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// headers are the headers of results' files.
var headers = []Header{
	{},
	{time.Hour, 1500 * time.Millisecond, End{Exited, 2}},
	{time.Hour, time.Second, End{Exited, 255}},
	{4611686018427 * time.Millisecond, 4611686018427 * time.Millisecond, End{}}, // as far as it goes
	{time.Hour, time.Second, End{Signalled, 9}},
	{time.Hour, time.Second, End{TimedOut, 0}},
	{time.Hour, time.Second, End{Flooded, 0}},
	{time.Hour, time.Second, End{Failed, 0}},
}

func TestHeader(t *testing.T) {
	for _, h := range headers {
		file := append(h.Append(nil), "OK\n"...)
		got, rest, err := ParseHeader(file)
		if err != nil || got != h || string(rest) != "OK\n" {
			t.Errorf("%q: %v %q, %v", file, got, rest, err)
		}
	}
	for _, file := range []string{"", "\n", "hvtplugin 1 1 1 exit:0", "hvtplugin 2 1 1 exit:0\n", "hvtplugin 1 1 1 exit\n",
		"hvtplugin 1 1 1 exit:\n", "hvtplugin 1 1 1 exit:256\n", "hvtplugin 1 1 1 exit:-1\n", "hvtplugin 1 01 1 exit:0\n",
		"hvtplugin 1 1 1 exit:00\n", "hvtplugin 1 -1 1 exit:0\n", "hvtplugin 1 +1 1 exit:0\n", "hvtplugin 1 1 exit:0\n",
		"hvtplugin 1 1 1 timeout:0\n", "hvtplugin 1 1 1 timeout: \n", "hvtplugin 1 1 1 stopped\n", "hvtplugin 1 1 1 exit:0 \n",
		"hvtplugin 1 1 1 exit:0\r\n", "hvtplugin  1 1 1 exit:0\n", "hvtplugin 1 18446744073709551615 1 exit:0\n",
		"hvtplugin 1 9223372036854775807 1 exit:0\n", "hvtplugin 1 4611686018428 1 exit:0\n", "hvtplugin 1 1 9223372036854 exit:0\n", "hvtplugin 1 1 1 \n", "hvtplugin 1 1 1 exit:0:0\n"} {
		if h, _, err := ParseHeader([]byte(file)); err == nil {
			t.Errorf("%q: %v", file, h)
		}
	}
}

// TestResult: a run of each kind, as it ended.
func TestResult(t *testing.T) {
	const screen = `{"v":1,"status":"warning","title":"Ceph","summary":"1 osd down","blocks":[{"kv":[["health","HEALTH_WARN"]]}]}`
	hot := Select{Metric: "temp", Label: "sda", Unit: "C", Critical: Range{Set: true, High: 60}}
	for _, c := range []struct {
		kind    Kind
		end     string
		output  string
		status  Status
		text    string
		figures int
	}{
		{Check, "exit:0", "OK | a=1", OK, "OK", 1},
		{Check, "exit:1", "WARN", Warning, "WARN", 0},
		{Check, "exit:2", "", Critical, "", 0},
		{Check, "exit:3", "what?", Unknown, "what?", 0},
		{Check, "exit:127", "sh: not found", Unknown, "exit code 127: sh: not found", 0},
		{Check, "exit:4", "", Unknown, "exit code 4", 0},
		{Check, "signal:9", "OK | a=12", Unknown, "signal 9, killed: OK | a=12", 0},
		{Check, "signal:64", "", Unknown, "signal 64", 0},
		{Check, "timeout", "", Unknown, "killed after 1.5s, as it did not end", 0},
		{Check, "flood", "y", Unknown, "killed, as it printed more than 64 KiB: y", 0},
		{Check, "failed", "no such file", Unknown, "no such file", 0},
		{Check, "failed", "", Unknown, "it could not be run", 0},
		{Screen, "exit:0", screen, Warning, "1 osd down", 0},
		{Screen, "exit:1", screen, Unknown, "exit code 1: 1 osd down", 0},
		{Screen, "exit:1", "cannot connect", Unknown, "exit code 1: cannot connect", 0},
		{Screen, "exit:0", "{", Unknown, "screen: the JSON ends too early", 0},
		{Metrics, "exit:0", "temp 61\n", Critical, "sda 61 C, critical above 60", 1},
		{Scrape, "exit:0", "temp 41 1700000000000\n", OK, "sda 41 C", 1},
		{Scrape, "failed", "connection refused", Unknown, "connection refused", 0},
		{Metrics, "exit:1", "temp 41\n", Unknown, "exit code 1: temp 41", 0},
		{Metrics, "exit:0", "temp 61", Critical, "sda 61 C, critical above 60", 1}, // it ended by itself: no more was to come
		{Scrape, "exit:0", "temp 6", Unknown, "not Prometheus' text format: line 1: the last line has no end: the file is cut short", 0},
		{KindCount, "exit:0", "", Unknown, "of no kind that is known", 0},
	} {
		s := Spec{Name: "n", Kind: c.kind, Metrics: []Select{hot}, Interval: time.Minute, Timeout: time.Second}
		r := s.Result([]byte("hvtplugin 1 1000 1500 " + c.end + "\n" + c.output))
		if r.Status != c.status || r.Text != c.text || len(r.Figures) != c.figures || r.At != 2500*time.Millisecond ||
			r.Took != 1500*time.Millisecond || r.Name != "n" || r.Kind != c.kind || r.Interval != time.Minute || r.Timeout != time.Second {
			t.Errorf("%v %s %q: %+v", c.kind, c.end, c.output, r)
		}
	}
	// What cannot be read is shown as it came, the first of it.
	long := Spec{Name: "n", Kind: Scrape}
	if r := long.Result([]byte("hvtplugin 1 1000 1500 exit:0\n" + strings.Repeat("up 1\n", 500) + strings.Repeat("odd\n", 2000))); len(r.More) != 11 || r.More[0] != "odd" || r.More[10] != "and more lines" || !strings.Contains(r.Text, "line 501: ") {
		t.Errorf("%+v", r)
	}
	for kind, output := range map[Kind]string{Screen: "Traceback (most recent call last):\n  File\n", Metrics: "\nTraceback (most recent call last):\n  File\n"} {
		s := Spec{Name: "n", Kind: kind}
		r := s.Result([]byte("hvtplugin 1 1000 1500 exit:0\n" + output))
		if !slices.Equal(r.More, []string{"Traceback (most recent call last):", "File"}) || r.Status != Unknown || r.Text == "" {
			t.Errorf("%v: %+v", kind, r)
		}
	}
	s := Spec{Name: "n"}
	if r := s.Result([]byte("OK\n")); r.Status != Unknown || r.At != 0 || r.Text != `the result is not readable: it does not begin with "hvtplugin 1"` {
		t.Errorf("%+v", r)
	}
	file := append(Header{Took: 1e9}.Append(nil), bytes.Repeat([]byte("x"), MaxOutput)...)
	if r := s.Result(file); r.Status != OK || r.At != 1e9 {
		t.Errorf("%+v", r)
	}
	if r := s.Result(append(file, 'x')); r.Status != Unknown || r.At != 0 || r.Text != "the result is not readable: it has more than 64 KiB" {
		t.Errorf("%+v", r)
	}
}

// FuzzResult holds of each kind that no file makes a result that is not clean or not within the bounds.
func FuzzResult(f *testing.F) {
	for _, h := range headers {
		f.Add(uint8(Check), append(h.Append(nil), "OK | a=1;2;3\nmore\n"...))
		f.Add(uint8(Scrape), append(h.Append(nil), "temp{a=\"b\"} 1\n"...))
		f.Add(uint8(Screen), append(h.Append(nil), `{"v":1,"status":"ok"}`...))
	}
	f.Fuzz(func(t *testing.T, kind uint8, file []byte) {
		s := Spec{Name: "n", Kind: Kind(kind % (uint8(KindCount) + 1)), Metrics: []Select{{Metric: "temp", Warn: Range{Set: true, High: 1}}}}
		kept := bytes.Clone(file)
		r := s.Result(file)
		if !bytes.Equal(kept, file) {
			t.Fatalf("%q became %q", kept, file)
		}
		checkResult(t, &r)
		if h, _, err := ParseHeader(file); err != nil && (r.Status != Unknown || r.At != 0) || err == nil && (r.At != h.Began+h.Took || r.At < r.Took) {
			t.Fatalf("%q: %+v", file, r)
		}
	})
}

// FuzzHeader holds that what is taken is what Append writes.
func FuzzHeader(f *testing.F) {
	for _, h := range headers {
		f.Add(append(h.Append(nil), "OK\n"...))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		h, rest, err := ParseHeader(file)
		if err != nil {
			return
		}
		if again := append(h.Append(nil), rest...); !bytes.Equal(again, file) || h.Began < 0 || h.Took < 0 || h.Began+h.Took < 0 {
			t.Fatalf("%q: %+v, then %q", file, h, again)
		}
	})
}

// checkResult holds that a result is clean, within the bounds, and has ranges and shares that can be.
func checkResult(t *testing.T, r *Result) {
	t.Helper()
	text := func(s string, most int) {
		if again := string(clean.AppendLines(nil, []byte(s))); again != s || bytes.ContainsAny([]byte(s), "\n") || len(s) > most {
			t.Fatalf("%q (%d bytes)", s, len(s))
		}
	}
	name := func(s string) {
		if text(s, MaxText); clean.String(s) != s {
			t.Fatalf("%q", s)
		}
	}
	unit := func(s string) {
		if name(s); utf8.RuneCountInString(s) > MaxUnit {
			t.Fatalf("unit %q", s)
		}
	}
	if text(r.Text, MaxText); r.Status >= StatusCount || len(r.More) > MaxLines || len(r.Figures) > MaxFigures || r.Left > 0 && len(r.Figures) < MaxFigures {
		t.Fatalf("%v, %d lines, %d figures, %d left", r.Status, len(r.More), len(r.Figures), r.Left)
	}
	for _, s := range r.More {
		if text(s, MaxText); s == "" {
			t.Fatal("a line that is empty")
		}
	}
	for _, f := range r.Figures {
		name(f.Label)
		unit(f.Unit)
		if f.Label == "" || math.IsInf(f.Min, 0) || math.IsInf(f.Max, 0) {
			t.Fatalf("%+v", f)
		}
		for _, g := range []Range{f.Warn, f.Critical} {
			if !(g.Low <= g.High) || !g.Set && g != (Range{}) {
				t.Fatalf("%+v", f)
			}
		}
	}
	if r.Page != nil {
		checkPage(t, r.Page, name, unit)
	}
}

func checkPage(t *testing.T, p *Page, name, unit func(string)) {
	t.Helper()
	if name(p.Title); len(p.Blocks) > MaxBlocks {
		t.Fatalf("%d blocks", len(p.Blocks))
	}
	for _, b := range p.Blocks {
		kinds := 0
		if len(b.Pairs) > 0 {
			kinds++
		}
		for _, p := range b.Pairs {
			name(p.Name)
			name(p.Value)
		}
		if b.Table != nil {
			kinds++
			for _, c := range b.Table.Columns {
				name(c.Name)
			}
			for _, row := range b.Table.Rows {
				for _, cell := range row.Cells {
					name(cell)
				}
				if len(row.Cells) != len(b.Table.Columns) || row.Status >= StatusCount {
					t.Fatalf("%+v", row)
				}
			}
			if n := len(b.Table.Columns); n == 0 || n > MaxColumns || len(b.Table.Rows) > MaxRows {
				t.Fatalf("%d columns, %d rows", n, len(b.Table.Rows))
			}
		}
		if g := b.Gauge; g != nil {
			kinds++
			name(g.Label)
			unit(g.Unit)
			if !(g.Value >= 0 && g.Of > 0) || math.IsInf(g.Value, 0) || math.IsInf(g.Of, 0) {
				t.Fatalf("%+v", g)
			}
		}
		if s := b.Series; s != nil {
			kinds++
			name(s.Label)
			unit(s.Unit)
			if len(s.Points) > MaxPoints || slices.ContainsFunc(s.Points, func(v float64) bool { return math.IsInf(v, 0) }) {
				t.Fatalf("%+v", s)
			}
		}
		if kinds != 1 || len(b.Pairs) > MaxPairs {
			t.Fatalf("%+v", b)
		}
	}
}
