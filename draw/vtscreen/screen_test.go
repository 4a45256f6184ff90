package vtscreen

import (
	"slices"
	"testing"
)

func TestShows(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"text at an address", "\x1b[2;3Hab", "\n  ab\n\n"},
		{"wraps", "abcdefgh", "abcdef\ngh\n\n"},
		{"no wrap after the last column alone", "abcdef\x1b[1;1Hx", "xbcdef\n\n\n"},
		{"no autowrap", "\x1b[?7labcdefgh", "abcdeh\n\n\n"},
		{"scrolls", "\x1b[3;1Habcdefg", "\nabcdef\ng\n"},
		{"wide", "世界\x1b[1;2Hx", " x界\n\n\n"},
		{"wide at the edge wraps", "abcde世", "abcde\n世\n\n"},
		{"backspace", "ab\b\bx", "xb\n\n\n"},
		{"line drawing by ESC(", "\x1b(0lqk\x1b(Bq", "┌─┐q\n\n\n"},
		{"line drawing by SO", "\x1b)0\x0eq\x0fq", "─q\n\n\n"},
		{"insert", "abc\x1b[1;1H\x1b[@x", "xabc\n\n\n"},
		{"clear", "abc\x1b[H\x1b[J", "\n\n\n"},
		{"clear from here", "abc\x1b[1;2H\x1b[J", "a\n\n\n"},
		{"alternate screen", "abc\x1b[?1049hx\x1b[?1049l", "\n\n\n"},
		{"UTF-8 again", "\x1b%Gé", "é\n\n\n"},
		{"the end of no string", "a\x1b\\b", "ab\n\n\n"},
		{"a control in the middle of a sequence", "\x1b[2;\x0f3Ha\x1b[3\x0e;\x0f1\x0fHb", "\n  a\nb\n"},
		{"all rows scroll, counted from the first", "\x1b[r\x1b[4l\x1b[?5;6l\x1b[10m\x1b[3;1Habcdefg", "\nabcdef\ng\n"},
	} {
		whole, pieces := New(6, 3), New(6, 3)
		whole.Write([]byte(c.in))
		for i := range len(c.in) {
			pieces.Write([]byte(c.in[i : i+1]))
		}
		for _, s := range []*Screen{whole, pieces} {
			if got := s.String(); got != c.want || len(s.Foreign) > 0 || s.Pending() != "" {
				t.Errorf("%s: %q, want %q; foreign %q, unfinished %q", c.name, got, c.want, s.Foreign, s.Pending())
			}
		}
	}
}

func TestForeign(t *testing.T) {
	s := New(10, 2)
	s.Write([]byte("a\x07\x1b]0;t\x07b\x1b[5n\x1b[>4;2mc\x1bcd\x1b[21m\xff\u202e\x1bPx\x1b\\\x1b[1\x1b[me\x1b(U\r\n"))
	want := []string{"\a", "\x1b]0;t\a", "\x1b[5n", "\x1b[>4;2m", "\x1bc", "\x1b[21m", "\xff", "\u202e", "\x1bPx\x1b\\",
		"\x1b(U", "\r", "\n"}
	if !slices.Equal(s.Foreign, want) || s.Broken != 1 {
		t.Errorf("foreign %q, %d broken off, want %q and 1", s.Foreign, s.Broken, want)
	}
	if got := s.String(); got != "abcde\n\n" {
		t.Errorf("shows %q", got)
	}
}

// TestForeignModes: what other programs may leave behind changes what comes after.
func TestForeignModes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\x1b%@é", "Ã©\n\n\n"},
		{"\x1b[11mé", "Ã©\n\n\n"},
		{"ab\x1b[4h\x1b[1;1Hxy", "xyab\n\n\n"},
		{"a\x1b[1;2r\x1b[2;1Hb\nc", "b\n c\n\n"},
		{"a\x1b[2;3r\x1b[?6h\x1b[1;1Hb", "a\nb\n\n"},
		{"\x1b[2;3r\x1b[?6hb\x1b[9;1Hc", "\nb\nc\n"},
		{"\x1b[1;2r\x1b[3;1Hc\nd", "\n\ncd\n"},
	} {
		s := New(6, 3)
		s.Write([]byte(c.in))
		if got := s.String(); got != c.want || len(s.Foreign) == 0 {
			t.Errorf("%q shows %q, want %q; foreign %q", c.in, got, c.want, s.Foreign)
		}
	}
	s := New(1, 1)
	if s.Write([]byte("\x1b[?5h")); !s.Inverse {
		t.Error("not inverse")
	}
}

func TestAttributes(t *testing.T) {
	s := New(4, 1)
	s.Write([]byte("\x1b[1;4;7;91;44ma\x1b[38;5;200;48;5;17mb\x1b[39;49mc\x1b[md"))
	for x, want := range []Attr{
		{Fg: 9, Bg: 4, Bold: true, Underline: true, Reverse: true},
		{Fg: 200, Bg: 17, Bold: true, Underline: true, Reverse: true},
		{Fg: -1, Bg: -1, Bold: true, Underline: true, Reverse: true},
		Plain,
	} {
		if got := s.Cell(x, 0).Attr; got != want {
			t.Errorf("cell %d: %+v, want %+v", x, got, want)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x1b[2;3Hab\x1b[38;5;1m世\x1b]0;x\x07\x1b(0q\n\n\n"), 5, 3)
	f.Add([]byte("世x\x1b[J"), 1, 1)
	f.Add([]byte("\x1b[2;3r\x1b[?6h\x1b[4h世\n\n\n世x\x1b%@\xff"), 4, 4)
	f.Add([]byte("x\n\x1b[2J\x1b[@"), 0, 0)
	f.Fuzz(func(t *testing.T, in []byte, w, h int) {
		s := New(w&63, h&31)
		s.Write(in)
		s.Resize(h&31, w&63)
		s.Write(in)
		_ = s.String()
	})
}

// TestRings: a beep of ours is no foreign sequence, in whatever pieces it comes; any other bell is.
func TestRings(t *testing.T) {
	const ours = "\x1b[10;1500]\x1b[11;180]\a"
	for size := 1; size < 30; size++ {
		s := New(80, 24)
		text := "a" + ours + ours + "\x1b[10]\x1b[11]" + "\x1b[10;5Hb"
		for len(text) > 0 {
			n := min(size, len(text))
			_, _ = s.Write([]byte(text[:n]))
			text = text[n:]
		}
		if s.Rings != 2 || len(s.Foreign) != 0 {
			t.Errorf("by %d bytes: %d rings, foreign %q", size, s.Rings, s.Foreign)
		}
	}
	s := New(80, 24)
	_, _ = s.Write([]byte("\x1b[10;1500]x\a"))
	if s.Rings != 0 || len(s.Foreign) == 0 {
		t.Errorf("a foreign bell counts as %d rings, foreign %q", s.Rings, s.Foreign)
	}
}
