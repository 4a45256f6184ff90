package plugin

import (
	"fmt"
	"strings"
	"testing"
)

// full is a text of nearly MaxOutput: a head, as many items as there is room for, and a tail.
func full(head string, item func(i int) string, tail string) []byte {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; ; i++ {
		next := item(i)
		if b.Len()+len(next)+len(tail) > MaxOutput {
			return []byte(b.String() + tail)
		}
		b.WriteString(next)
	}
}

// BenchmarkResult is what it costs to read a result of MaxOutput, of each kind.
func BenchmarkResult(b *testing.B) {
	row := `["osd.123","81 %","12 MiB/s","in","up","ssd"],`
	rows := `{"table":{"columns":["a","b","c","d","e","f"],"rows":[` + strings.TrimSuffix(strings.Repeat(row, 180), ",") + `]}}`
	for _, c := range []struct {
		name   string
		kind   Kind
		output []byte
	}{
		{"check", Check, full("OK|", func(i int) string { return fmt.Sprintf("'/srv/%d'=%dB;100;200;0;300 ", i, i) }, "")},
		{"check-lines", Check, full("OK\n", func(i int) string { return fmt.Sprintf("disk %d is as it was before\n", i) }, "")},
		{"metrics", Metrics, full("# TYPE temp gauge\n", func(i int) string { return fmt.Sprintf("temp{device=\"sd%d\",kind=\"current\"} %d\n", i, i) }, "")},
		{"screen", Screen, full(`{"v":1,"status":"ok","blocks":[`+rows, func(i int) string { return "," + rows }, "]}")},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := Spec{Name: "n", Kind: c.kind, Metrics: []Select{{Metric: "temp", Warn: to(50), Critical: to(1e6)}}}
			file := append(Header{}.Append(nil), c.output...)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if r := s.Result(file); r.Status == Unknown {
					b.Fatal(r)
				}
			}
		})
	}
}
