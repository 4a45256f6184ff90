package tty

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
)

// typed returns the keys that tcell makes of chunks of input that come the given time apart. Keys are 'q' for a rune,
// Up, Ctrl-C and so on; other events by their type.
func typed(apart time.Duration, chunks ...string) string {
	events := make(chan tcell.Event, 1<<16)
	keyboard := tcell.NewInputProcessor(events)
	var filter keyFilter
	now := time.Unix(1000, 0)
	for _, c := range chunks {
		b := filter.pass(nil, []byte(c), now)
		if !utf8.Valid(b) || len(b) > keyGrowth*len(c)+keyRoom {
			panic(fmt.Sprintf("%q becomes %q", c, b))
		}
		keyboard.ScanUTF8(b)
		now = now.Add(apart)
	}
	var names []string
	for len(events) > 0 {
		switch e := (<-events).(type) {
		case *tcell.EventKey:
			names = append(names, strings.NewReplacer("Rune[", "", "]", "").Replace(e.Name()))
		default:
			names = append(names, fmt.Sprintf("%T", e))
		}
	}
	return strings.Join(names, " ")
}

func TestKeysPass(t *testing.T) {
	for in, want := range map[string]string{
		"qé\r\t\x03":           "q é Enter Tab Ctrl+C",
		"\x1b[A\x1bOA\x1b[1~":  "Up Up Home",
		"\x1bOP\x1b[11~\x1b[P": "F1 F1 F1",
		"\x1b[[A\x1b[[E":       "F1 F5",
		"\x1b[1;5A\x1b[5~":     "Ctrl+Up PgUp",
		"\x1b[Z\x1bq":          "Backtab Alt+q",
		"\x1b[1;\x1b[Bx":       "Down x",
		// An application keypad, as others leave it; a BMC's function keys.
		"\x1bOp\x1bOq\x1bOy\x1bOM":             "0 1 9 Enter",
		"\x1bOj\x1bOk\x1bOl\x1bOm\x1bOn\x1bOo": "* + , - . /",
		"\x1bOX":                               "=",
		"\x1b1\x1b2\x1b3\x1b@":                 "F1 F2 F3 F12",
		"\x1b[12~\x1b[13~\x1b[24~":             "F2 F3 F12",
		"\x1bOQ\x1bOR\x1b[[B\x1b[[C":           "F2 F3 F2 F3",
	} {
		if got := typed(0, in); got != want {
			t.Errorf("%q in one piece: %s, want %s", in, got, want)
		}
		if got := typed(time.Millisecond, strings.Split(in, "")...); got != want {
			t.Errorf("%q byte by byte: %s, want %s", in, got, want)
		}
	}
}

// TestF36NothingActedOn feeds what no key sends, followed by a key.
func TestF36NothingActedOn(t *testing.T) {
	for name, in := range map[string]string{
		"Windows key, repeated":  "\x1b[65;1;65;1;0;2147483647_",
		"kitty key":              "\x1b[97;5u",
		"mouse":                  "\x1b[<0;10;10M\x1b[<0;10;10m",
		"old mouse":              "\x1b[M qq\x1b[M#qq\x1b[Mq\x1b[",
		"old mouse, far right":   "\x1b[M \xc9\xb9q\x1b[M \xe9q",
		"urxvt mouse":            "\x1b[32;113;113M",
		"paste":                  "\x1b[200~q\r\x03\x1b[Aq\x1b[201~",
		"focus":                  "\x1b[I\x1b[O",
		"cursor report":          "\x1b[24;80R",
		"device attributes":      "\x1b[?62;1;2c\x1b[>0;1c",
		"clipboard":              "\x1b]52;c;cXVpdA==\x07",
		"colour, ended by ST":    "\x1b]11;rgb:0000/0000/0000\x1b\\",
		"DCS, SOS, PM, APC":      "\x1bPq\x1b\\\x1bXq\x1b\\\x1b^q\x1b\\\x1b_q\x1b\\",
		"string with ESC inside": "\x1b]0;a\x1b[Ab\x07",
		"endless parameters":     "\x1b[" + strings.Repeat("1", 100_000) + "A",
		"intermediates":          "\x1b[1 q",
		"no UTF-8":               "\xff\xc3\xe2\x82\xf0\x9f\xc0\xaf\xed\xa0\x80\x9b",
		"runes never drawn":      "\u009b\u202e\u200b",
	} {
		if got := typed(0, in, "k"); got != "k" {
			t.Errorf("%s: %s", name, got)
		}
		if got := typed(time.Millisecond, append(strings.Split(in[:min(len(in), 200)], ""), in[min(len(in), 200):], "k")...); got != "k" {
			t.Errorf("%s, byte by byte: %s", name, got)
		}
	}
}

// TestF36HalfSequence: a second after the line broke off, keys count again.
func TestF36HalfSequence(t *testing.T) {
	for _, in := range []string{"\x1b[", "\x1b[1;", "\x1b[<", "\x1bO", "\x1b[[", "\x1b]", "\x1b]0;x\x1b", "\x1bX", "\x1b_"} {
		if got := typed(time.Second, in, "q", "1"); got != "q 1" {
			t.Errorf("%q: %s", in, got)
		}
	}
}

func FuzzInput(f *testing.F) {
	f.Add([]byte("\x1b[65;1;65;1;0;2147483647_"), 3)
	f.Add([]byte("\x1b]52;c;cXVpdA==\x07q\x1b[[A\x1bOP\x1b\x1b[1~"), 1)
	f.Add([]byte("\x1b\xdcX"), 4) // the byte vanishes, so what follows belongs to the ESC
	f.Add([]byte("\x1b[200~a\xff\xc3\x1b[201~\x9b31m"), 7)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		piece = max(piece, 1)
		var chunks []string
		for rest := string(in); rest != ""; {
			n := min(piece, len(rest))
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		if got := len(strings.Fields(typed(0, chunks...))); got > 2*len(in) {
			t.Fatalf("%d bytes made %d events", len(in), got)
		}
		if strings.HasSuffix(string(in), "\x1b") || strings.Contains(string(in), "\x1b\x1b") {
			return // the Esc key or Alt: tcell waits for its timer
		}
		if got := typed(time.Second, string(in), "q"); !strings.HasSuffix(got, "q") {
			t.Fatalf("after %q: %q", in, got)
		}
	})
}

// TestC8EscapeThenDigit: typed apart they are what they are.
func TestC8EscapeThenDigit(t *testing.T) {
	if got := typed(time.Second, "\x1b", "1"); strings.Contains(got, "F1") { // tcell tells Esc and 1 apart by its own timer
		t.Error(got)
	}
}

// TestC8Paste: pasted text is for a prompt, whole and without what is no text; a paste whose end is lost ends as well.
func TestC8Paste(t *testing.T) {
	for _, apart := range []time.Duration{0, time.Millisecond} {
		var filter keyFilter
		filter.accept = true
		var got []byte
		now := time.Unix(1000, 0)
		for _, c := range strings.Split("\x1b[200~pod-\u00e9\r\n\x1b[20 q\x1b[201~", "") {
			got = filter.pass(got, []byte(c), now)
			now = now.Add(apart)
		}
		if want := "\x1b[200\x18pod-\u00e9 q"; string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := typed(2*sequenceTime, "\x1b[200~abc", "q"); got != "q" {
		t.Errorf("after half a paste: %s", got)
	}
	if got := typed(2*sequenceTime, "\x1b[M", "q"); got != "q" {
		t.Errorf("after half a mouse report: %s", got)
	}
}
