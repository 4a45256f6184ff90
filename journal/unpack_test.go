package journal

import (
	"fmt"
	"slices"
	"testing"

	"hypervisor-tui/internal/clean"
)

func TestUnpack(t *testing.T) {
	for _, c := range []struct {
		text, says string
		own        []string
	}{
		{`E1122 20:00:00.123456    1204 pod_workers.go:1301] "Error syncing \"a\"" pod="ns/a" err="no \"b\""`, `Error syncing "a"`,
			[]string{`err: no "b"`, "pod: ns/a", "source: pod_workers.go:1301"}},
		{`I1122 20:00:00.123456    1204 reflector.go:547] failed to list`, "failed to list", []string{"source: reflector.go:547"}},
		{`I1122 20:00:00.123456    1204 a.go:1] "quoted" in prose`, "quoted in prose", []string{"source: a.go:1"}},
		{`I1122 20:00:00.123456    1204 a.go:1] "x"y`, `"x"y`, []string{"source: a.go:1"}},
		{`I1122 20:00:00.123456 no pid`, "no pid", nil},
		{"I1122 20:00:00.123456    1204 a.go:1] \"lines\" k=<\n  one\n >", "lines\n  one\n >", []string{"k: <", "source: a.go:1"}},
		{`time="2026-11-22T20:00:00Z" level=warning msg="a \"b\"" error="not found" id=7`, `a "b"`,
			[]string{"error: not found", "time: 2026-11-22T20:00:00Z", "level: warning", "id: 7"}},
		{`{"component":"virt-handler","level":"error","msg":"cannot\nsync","reason":"gone","a":{"b": [1, "c d"]}}`, "cannot\nsync",
			[]string{"reason: gone", "component: virt-handler", "level: error", `a: {"b":[1,"c d"]}`}},
		{`{"msg":"x","msg":"y"}`, "x", []string{"msg: y"}},
		{"{\"msg\":\"x\"}\ngoroutine 1 [running]:", "x\ngoroutine 1 [running]:", nil},
		{`2026-11-22T20:00:00.669794202Z stderr F level=info msg=y`, "y", []string{"level: info"}},
		{`<3>disk gone`, "disk gone", nil},
		{`prose with a=b`, "prose with a=b", nil},
		{"", "", nil},
	} {
		says, fields := Unpack([]byte(c.text))
		var own []string
		for _, f := range fields {
			own = append(own, fmt.Sprintf("%s: %s", f.Name, f.Text))
		}
		if string(says) != c.says || !slices.Equal(own, c.own) {
			t.Errorf("%q says %q with %q, want %q with %q", c.text, says, own, c.says, c.own)
		}
	}
}

// FuzzUnpack: what comes out is clean, and no longer than what went in.
func FuzzUnpack(f *testing.F) {
	for _, p := range printed {
		f.Add([]byte(p.text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := clean.AppendLines(nil, raw)
		before := string(text)
		says, own := Unpack(text)
		length := len(says)
		for _, field := range own {
			length += len(field.Text)
			if again := clean.AppendLines(nil, field.Text); string(again) != string(field.Text) {
				t.Errorf("field %q of %q is not clean: %q", field.Name, text, field.Text)
			}
		}
		if again := clean.AppendLines(nil, says); string(again) != string(says) || string(text) != before {
			t.Errorf("%q says %q, which is not clean, or was changed", before, says)
		}
		if length > len(text) {
			t.Errorf("%q is %d bytes long, its parts %d", text, len(text), length)
		}
	})
}
