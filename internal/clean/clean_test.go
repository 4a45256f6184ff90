package clean

import (
	"bytes"
	"cmp"
	"strings"
	"testing"
	"unicode/utf8"
)

// lines are texts, what becomes of each as a line of a log (LF written ^J), and as a name; empty: the same.
var lines = []struct{ name, in, want, marked string }{
	{"plain", "Started k3s.service - Lightweight Kubernetes.", "Started k3s.service - Lightweight Kubernetes.", ""},
	{"colour", "\x1b[1;31merror\x1b[0m", "error", "\ufffderror\ufffd"},
	{"colour with colons", "\x1b[38:2::1:2:3mx", "x", "\ufffdx"},
	{"CSI with intermediate", "\x1b[0 qx", "x", "\ufffdx"},
	{"private CSI", "\x1b[?1049hx\x1b[>4;2my", "xy", "\ufffdx\ufffdy"},
	{"CSI cut short", "a\x1b[31", "a31", "a\ufffd31"},
	{"CSI broken by a control", "a\x1b[3\n1m", "a3^J1m", "a\ufffd3^J1m"},
	{"CSI before a rune", "\x1b[é", "é", "\ufffd\u00e9"},
	{"8-bit CSI as a rune", "a\u009b31mb", "ab", "a\ufffdb"},
	{"8-bit CSI as a byte", "a\x9b31mb", "ab", "a\ufffdb"},
	{"title ended by BEL", "a\x1b]0;evil\x07b", "ab", "a\ufffdb"},
	{"title ended by ST", "a\x1b]0;evil\x1b\\b", "ab", "a\ufffdb"},
	{"title ended by 8-bit ST", "a\x1b]0;evil\u009cb\x9d0;evil\x9cc", "abc", "a\ufffdb\ufffdc"},
	{"title with a rune that has 0x9c inside", "a\x1b]0;\u251c\u031c\x07b", "ab", "a\ufffdb"},
	{"title cut short", "a\x1b]0;evil", "a0;evil", "a\ufffd0;evil"},
	{"title broken by another", "a\x1b]0;x\x1b]0;y\x07b", "a0;xb", "a\ufffd0;x\ufffdb"},
	{"title broken by an 8-bit one", "a\x1b]0;x\x9d0;y\x07b", "a0;xb", "a\ufffd0;x\ufffdb"},
	{"title that would swallow the next line", "\x1b]0;x\nnext\x07", "0;x^Jnext^G", "\ufffd0;x^Jnext^G"},
	{"hyperlink", "\x1b]8;;http://x/\x1b\\text\x1b]8;;\x1b\\", "text", "\ufffdtext\ufffd"},
	{"DCS", "a\x1bP1$qm\x1b\\b\u0090x\u009cc\x90x\x9cd", "abcd", "a\ufffdb\ufffdc\ufffdd"},
	{"DCS is not ended by BEL", "\x1bPx\x07y\x1b\\", "x^Gy^[\\", "\ufffdx^Gy^[\\"},
	{"SOS PM APC", "\x1bXa\x1b\\1\x1b^b\x1b\\2\x1b_c\x1b\\3\x98a\x9c4\x9eb\x9c5\x9fc\x9c6", "123456", "\ufffd1\ufffd2\ufffd3\ufffd4\ufffd5\ufffd6"},
	{"other escapes", "\x1bc\x1b(0\x1b7\x1b", "^[c^[(0^[7^[", ""},
	{"C0 and DEL", "\x00\x01\a\b\v\f\x0e\x0f\x1a\x7f", "^@^A^G^H^K^L^N^O^Z^?", ""},
	{"other C1", "a\u0085\u0084b\x85", "a\ufffd\ufffdb\ufffd", ""},
	{"CR", "50%\r100%\r", "50%100%", "50%^M100%^M"},
	{"LF", "a\nb", "a^Jb", ""},
	{"TAB", "a\tb", "a  b", "a^Ib"},
	{"bad UTF-8", "a\xffb\xc3(\xe2\x82c\xed\xa0\x80", "a\ufffdb\ufffd(\ufffd\ufffdc\ufffd\ufffd\ufffd", ""},
	{"lead byte at the end", "a\xc2", "a\ufffd", ""},
	{"U+FFFD itself", "a\ufffdb", "a\ufffdb", ""},
	{"bidi", "a\u202eb\u2066c\u2069\u200e\u200f\u061cd", "abcd", "a\ufffdb\ufffdc\ufffd\ufffd\ufffd\ufffdd"},
	{"separators", "a\u2028b\u2029c", "abc", "a\ufffdb\ufffdc"},
	{"zero width", "a\u200bb\u200c\u200d\u2060\ufeffc\u00add", "abcd", "a\ufffdb\ufffd\ufffd\ufffd\ufffdc\ufffdd"},
	{"tags", "a\U000e0041\U000e007fb", "ab", "a\ufffd\ufffdb"},
	{"private use", "a\ue0b0b\U000f0000\U0010fffdc", "abc", "a\ufffdb\ufffd\ufffdc"},
	{"combining marks", "e\u0301z\u0334\u0335\u0336a\ufe0f", "eza", "e\ufffdz\ufffd\ufffd\ufffda\ufffd"},
	{"family", "👨\u200d👩\u200d👧!", "👨👩👧!", "\U0001f468\ufffd\U0001f469\ufffd\U0001f467!"},
	{"skin tone", "👍\U0001f3fd!", "👍!", "\U0001f44d\ufffd!"},
	{"flag", "🇨🇭", "\ufffd\ufffd", ""},
	{"jamo", "\u1100\u1161", "\ufffd\ufffd", ""},
	{"wide", "世界 ｱ", "世界 ｱ", ""},
	{"long plain run then a control", strings.Repeat("x", 37) + "\x02" + strings.Repeat("y", 9),
		strings.Repeat("x", 37) + "^B" + strings.Repeat("y", 9), ""},
}

func TestAppend(t *testing.T) {
	for _, c := range lines {
		want := cmp.Or(c.marked, c.want)
		if got := string(Append([]byte("> "), []byte(c.in))); got != "> "+want {
			t.Errorf("%s: Append(%q) = %q, want %q", c.name, c.in, got, "> "+want)
		}
		if got := String(c.in); got != want {
			t.Errorf("%s: String(%q) = %q, want %q", c.name, c.in, got, want)
		}
		if got := string(AppendLines([]byte("> "), []byte(c.in))); strings.ReplaceAll(got, "\n", "^J") != "> "+c.want {
			t.Errorf("%s: AppendLines(%q) = %q, want %q", c.name, c.in, got, "> "+c.want)
		}
	}
}

// TestB16NamesDifferWhereTheyLookAlike: what cannot be seen in a name is marked, so that no name is drawn as nothing and
// another is not taken for it.
func TestB16NamesDifferWhereTheyLookAlike(t *testing.T) {
	for _, hidden := range []string{"\u200b", "\u200e", "\u202e", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\ufe0f", "\U000e0041", "\u0301",
		"\ue000", "\u2028", "\u00a0", "\u2003", "\u3000", "\u2800", "\x1b[0m", "\x1b]0;x\a", "\r", "\t", "\u0085"} {
		for _, name := range []string{"/mnt/a" + hidden, hidden + "/mnt/a", "/mnt" + hidden + "/a"} {
			if got := String(name); got == "/mnt/a" || len(got) <= len("/mnt/a") {
				t.Errorf("%q is drawn as %q", name, got)
			}
		}
		if got := String(hidden); strings.TrimSpace(got) == "" {
			t.Errorf("%q is drawn as nothing", hidden)
		}
	}
}

func TestAppendLines(t *testing.T) {
	in := "panic: x\r\n\ngoroutine 1:\n\tmain.go\x1b[0m\n"
	want := "panic: x\n\ngoroutine 1:\n  main.go\n"
	if got := string(AppendLines(nil, []byte(in))); got != want {
		t.Errorf("AppendLines(%q) = %q, want %q", in, got, want)
	}
}

// TestPlainRunEveryByteAtEveryPlace is the slow twin of the eight bytes at a time.
func TestPlainRunEveryByteAtEveryPlace(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			b := bytes.Repeat([]byte{'~'}, 20)
			b[at] = byte(c)
			want := at
			if c >= 0x20 && c < 0x7f {
				want = 20
			}
			if got := plainRun(b); got != want {
				t.Fatalf("byte %#x at %d: run of %d, want %d", c, at, got, want)
			}
		}
	}
}

func FuzzAppend(f *testing.F) {
	for _, c := range lines {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		one := Append(nil, in)
		check(t, in, one, false)
		if again := Append(nil, one); !bytes.Equal(again, one) {
			t.Fatalf("not idempotent: %q, then %q", one, again)
		}
		if s := String(string(in)); s != string(one) {
			t.Fatalf("String gives %q, Append %q", s, one)
		}
		many := AppendLines(nil, in)
		check(t, in, many, true)
		if again := AppendLines(nil, many); !bytes.Equal(again, many) {
			t.Fatalf("lines not idempotent: %q, then %q", many, again)
		}
	})
}

// check holds what clean text promises.
func check(t *testing.T, in, out []byte, lf bool) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Fatalf("%q became bad UTF-8 %q", in, out)
	}
	if len(out) > 3*len(in) {
		t.Fatalf("%d bytes became %d", len(in), len(out))
	}
	for _, r := range string(out) {
		if Width(r) == 0 && !(lf && r == '\n') {
			t.Fatalf("%q became %q, which has %U", in, out, r)
		}
	}
}

// TestLinear feeds what makes a scanner with a restart quadratic: a million introducers, none ended.
func TestLinear(t *testing.T) {
	for _, s := range []string{"\x1b]", "\x9d", "\u009d", "\x1b[", "\x1bPx", "\x1b"} {
		in := bytes.Repeat([]byte(s), 1<<20)
		check(t, in, Append(make([]byte, 0, 3*len(in)), in), false)
	}
}

func TestAllocations(t *testing.T) {
	dst := make([]byte, 0, 4096)
	for _, c := range lines {
		in := []byte(c.in)
		if n := testing.AllocsPerRun(100, func() { dst = Append(dst[:0], in) }); n != 0 {
			t.Errorf("%s: Append allocates %v times", c.name, n)
		}
		clean := cmp.Or(c.marked, c.want)
		if n := testing.AllocsPerRun(100, func() { String(clean) }); n != 0 {
			t.Errorf("%s: String of clean text allocates %v times", c.name, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	plain := `time="2026-11-03T10:00:00Z" level=info msg="Handling node object update" node=hypervisor-01 reason="labels changed" ` +
		strings.Repeat("k=v ", 20)
	for _, c := range []struct{ name, text string }{
		{"ascii", plain},
		{"colour", "\x1b[32m" + plain + "\x1b[0m"},
		{"latin", strings.Repeat("Größe überprüft, Gerät läuft. ", 7)},
		{"wide", strings.Repeat("世界", 33)},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, dst := []byte(c.text), make([]byte, 0, 4096)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				dst = Append(dst[:0], in)
			}
		})
	}
}
