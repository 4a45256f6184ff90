package plugin

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// show is a figure as its label, value and unit, the two ranges, Min and Max, with a | between; empty: not set.
func show(f *Figure) string {
	known := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%s|%v%s|%v|%v|%s|%s", f.Label, f.Value, f.Unit, f.Warn, f.Critical, known(f.Min), known(f.Max))
}

// checks are what plugins print, and what it says.
var checks = []struct {
	output  string
	text    string
	more    []string
	figures []string
}{
	// monitoring-plugins-basic 2.3.3 of Debian 12, as it ran.
	{"DISK OK - free space: / 30067MiB (32% inode=94%); /dev/shm 24105MiB (100% inode=99%);| /=66264760320B;243497277849;257024904396;0;270552530944 /dev/shm=0B;22748332032;24012128256;0;25275924480\n",
		"DISK OK - free space: / 30067MiB (32% inode=94%); /dev/shm 24105MiB (100% inode=99%);", nil,
		[]string{"/|6.626476032e+10B|243497277849|257024904396|0|2.70552530944e+11", "/dev/shm|0B|22748332032|24012128256|0|2.527592448e+10"}},
	{"LOAD WARNING - scaled load average: 4.08, 3.00 - total load average: 8.15, 5.99|load1=8.150;;;0; scaled_load1=4.075;0.010;30.000;0; load5=5.990;;;0; \n",
		"LOAD WARNING - scaled load average: 4.08, 3.00 - total load average: 8.15, 5.99", nil,
		[]string{"load1|8.15|||0|", "scaled_load1|4.075|0.01|30|0|", "load5|5.99|||0|"}},
	{"SWAP CRITICAL - 0% free (0MB out of 0MB) - Swap is either disabled, not present, or of zero size. |swap=0B;0;0;0;0\n",
		"SWAP CRITICAL - 0% free (0MB out of 0MB) - Swap is either disabled, not present, or of zero size.", nil, []string{"swap|0B|0|0|0|0"}},
	{"PROCS CRITICAL: 0 processes with command name 'cron' | procs=0;1:1;1:;0;\n",
		"PROCS CRITICAL: 0 processes with command name 'cron'", nil, []string{"procs|0|1:1|1:|0|"}},
	{"USERS OK - 0 users currently logged in |users=0;5;10;0\n", "USERS OK - 0 users currently logged in", nil, []string{"users|0|5|10|0|"}},
	{"TCP OK - 0.001 second response time on 127.0.0.1 port 18923|time=0.000900s;1.000000;2.000000;0.000000;10.000000\n",
		"TCP OK - 0.001 second response time on 127.0.0.1 port 18923", nil, []string{"time|0.0009s|1|2|0|10"}},
	{"connect to address 127.0.0.1 and port 2: Connection refused\nHTTP CRITICAL - Unable to open TCP socket\n",
		"connect to address 127.0.0.1 and port 2: Connection refused", []string{"HTTP CRITICAL - Unable to open TCP socket"}, nil},
	{"GET /nothere HTTP/1.0\r\nConnection: close\r\n\r\n\nSTATUS: HTTP/1.0 404 File not found\nHTTP WARNING: HTTP/1.0 404 File not found - 520 bytes in 0.003 second response time |time=0.002743s;;;0.000000;10.000000 size=520B;;;0;\n",
		"GET /nothere HTTP/1.0", []string{"Connection: close", "STATUS: HTTP/1.0 404 File not found",
			"HTTP WARNING: HTTP/1.0 404 File not found - 520 bytes in 0.003 second response time"},
		[]string{"time|0.002743s|||0|10", "size|520B|||0|"}},
	{"OK - 127.0.0.1: rta 0.043ms, lost 0%|rta=0.043ms;200.000;500.000;0; pl=0%;40;80;; rtmax=0.197ms;;;; rtmin=0.003ms;;;; \n",
		"OK - 127.0.0.1: rta 0.043ms, lost 0%", nil, []string{"rta|0.043ms|200|500|0|", "pl|0%|40|80||", "rtmax|0.197ms||||", "rtmin|0.003ms||||"}},
	{"CRITICAL: a|b\n", "CRITICAL: a|b", nil, nil},
	{"UNKNOWN: Status 7 is not a supported error state\n", "UNKNOWN: Status 7 is not a supported error state", nil, nil},
	{"check_mrtg: Could not parse arguments\n\nUsage:\ncheck_mrtg -F log_file -a <AVG | MAX> -v variable\n", "check_mrtg: Could not parse arguments",
		[]string{"Usage:", "check_mrtg -F log_file -a <AVG | MAX> -v variable"}, nil},
	// The example of Nagios Core's plugin API.
	{"DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n/ 15272 MB (77%);\n/boot 68 MB (69%);\n/var/log 819 MB (84%); | /boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414 \n/var/log=818MB;970;975;0;980\n",
		"DISK OK - free space: / 3326 MB (56%);", []string{"/ 15272 MB (77%);", "/boot 68 MB (69%);", "/var/log 819 MB (84%);"},
		[]string{"/|2643MB|5948|5958|0|5968", "/boot|68MB|88|93|0|98", "/home|69357MB|253404|253409|0|253414", "/var/log|818MB|970|975|0|980"}},

	// Labels.
	{"OK|'a b'=1 'it''s'=2 'c=d'=3 'e|f'=4 'g;h'=5", "OK", nil, []string{"a b|1||||", "it's|2||||", "c=d|3||||", "e|f|4||||", "g;h|5||||"}},
	{"OK|'a'=1;2;3'b'=4;5;6", "OK", nil, []string{"a|1|2|3||", "b|4|5|6||"}},
	{"OK|\ta=1\t\tb=2\t", "OK", nil, []string{"a|1||||", "b|2||||"}},
	{"OK | disk a usage=1 disk b usage=2", "OK", nil, []string{"disk a usage|1||||", "disk b usage|2||||"}},
	{"OK | a=1 | b=2", "OK", nil, []string{"a|1||||", "b|2||||"}},
	{"OK | a=1; 2; 3 b=4", "OK", []string{"not understood: 2"}, []string{"a|1||||", "3 b|4||||"}},
	{"OK|'a=1 b=2", "OK", []string{"not understood: 'a=1"}, []string{"b|2||||"}},
	{"OK|'a'b=1 c=2", "OK", []string{"not understood: 'a'b=1"}, []string{"c|2||||"}},
	{"OK|=1 ''=2 a=4 ;", "OK", []string{"not understood: =1 =2"}, []string{"a|4||||"}},
	{"OK | a\x1b[31m\u202eb=1", "OK", nil, []string{"a\ufffd\ufffdb|1||||"}},
	// Values.
	{"OK | a=U b=U;1;2 c=1e3 d=-1.5E-2KB e=+.5 f=5.%", "OK", nil, []string{"a|NaN||||", "b|NaN|1|2||", "c|1000||||", "d|-0.015KB||||", "e|0.5||||", "f|5%||||"}},
	{"OK | a=0,5 b=1.2.3 c=12:30 d=1e999 e=0x10 f=1_000 g=nan h=inf i=--1 j= k=1=2 l=5-6 o=1> p=1) q=1:2 r=1\u1100 m=7 C n=8", "OK",
		[]string{"not understood: a=0,5 b=1.2.3 c=12:30 d=1e999 e=0x10 f=1_000 h=inf i=--1 j= k=1=2 l=5-6 o=1> p=1) q=1:2 r=1\ufffd"}, []string{"g|NaN||||", "m|7||||", "C n|8||||"}},
	{"OK | it's a=1 and no more, password=hunter2secret", "OK", []string{"not understood: it's and no more, password=***"}, []string{"a|1||||"}},
	{"| nothing=,5 x=-", "not understood: nothing=,5 x=-", nil, nil},
	{"OK | a=-nan b=NAN", "OK", nil, []string{"a|NaN||||", "b|NaN||||"}},
	{"OK | a=1\x1b[0m5 b=1\u200b5 c=1\x005 d=1\xff e=2", "OK", []string{"not understood: a=15 b=15 c=1^@5 d=1\ufffd"}, []string{"e|2||||"}},
	{"OK | a=1elevenrunesx b=1°C c=5m/s d=7µs e=9c", "OK", nil, []string{"a|1||||", "b|1°C||||", "c|5m/s||||", "d|7µs||||", "e|9c||||"}},
	{"OK | a=1;80%;x;y;z b=1;5:1;@ c=1;~:10;@10:20;-5;1e2;7 d=1;;;;", "OK", nil,
		[]string{"a|1||||", "b|1||||", "c|1|~:10|@10:20|-5|100", "d|1||||"}},
	// A quote within a number is none of a label.
	{"OK|a=1'234 b=2", "OK", []string{"not understood: a=1'234"}, []string{"b|2||||"}},
	{"OK|a=1'234'567B;2 b=2 c=3'd'=4", "OK", []string{"not understood: a=1'234'567B;2"}, []string{"b|2||||", "c|3||||", "d|4||||"}},
	// Text.
	{"", "", nil, nil},
	{"\r10% |#  |\r100% |###|\rOK - done|a=1\r\r\n\r5%\rlong\r\n\x1b[K\r", "OK - done", []string{"long"}, []string{"a|1||||"}},
	{"\n\n|a=1", "", nil, []string{"a|1||||"}},
	{"|a=1\nlong", "long", nil, []string{"a|1||||"}},
	{"state | 5 | ok\nsda | 3 | state=bad\n", "state | 5 | ok", []string{"sda | 3 | state=bad"}, nil},
	{"OK\nlong |\na=1\nb=2 c=3\nwords again\n", "OK", []string{"long", "words again"}, []string{"a|1||||", "b|2||||", "c|3||||"}},
	{"OK | a=1\nb=2\n", "OK", []string{"b=2"}, []string{"a|1||||"}},
	{"OK | a=1\r\nlong\r\n", "OK", []string{"long"}, []string{"a|1||||"}},
	{"10%\r20%\r100% done\r\n", "100% done", nil, nil},
	{"\x1b[31mOK\x1b[0m\x00 \u202efine\xff\n", "OK^@ fine\ufffd", nil, nil},
	{"mysql -u root password=hunter2secret\n", "mysql -u root password=***", nil, nil},
}

func TestParseCheck(t *testing.T) {
	for _, c := range checks {
		text, more, figures, left := ParseCheck([]byte(c.output))
		var shown []string
		for i := range figures {
			shown = append(shown, show(&figures[i]))
		}
		if text != c.text || !slices.Equal(more, c.more) || !slices.Equal(shown, c.figures) || left != 0 {
			t.Errorf("%q: %q %q %q %d\nwant %q %q %q", c.output, text, more, shown, left, c.text, c.more, c.figures)
		}
		checkCheck(t, []byte(c.output))
	}
}

// TestParseCheckBounds: nothing grows beyond its bound, and what is left out is said.
func TestParseCheckBounds(t *testing.T) {
	text, _, figures, left := ParseCheck([]byte("OK|" + strings.Repeat("a=1 ", 70)))
	if text != "OK" || len(figures) != MaxFigures || left != 70-MaxFigures {
		t.Errorf("%q, %d figures, %d left", text, len(figures), left)
	}
	_, more, _, _ := ParseCheck([]byte(strings.Repeat("line\n", 1+MaxLines)))
	if len(more) != MaxLines || more[MaxLines-1] != "line" {
		t.Errorf("%d lines, the last %q", len(more), more[len(more)-1])
	}
	_, more, _, _ = ParseCheck([]byte(strings.Repeat("line\n", 1+MaxLines+5)))
	if len(more) != MaxLines || more[MaxLines-1] != "and 6 more lines" {
		t.Errorf("%d lines, the last %q", len(more), more[len(more)-1])
	}
	for _, c := range []string{"x", "世", "\x01", "\xff"} {
		text, _, _, _ := ParseCheck(bytes.Repeat([]byte(c), MaxOutput/len(c)))
		if len(text) > MaxText || len(text) < MaxText-3 || !strings.HasSuffix(text, "…") || !utf8.ValidString(text) {
			t.Errorf("%q: %d bytes, %q", c, len(text), text[len(text)-5:])
		}
	}
	if text, _, _, _ := ParseCheck(bytes.Repeat([]byte("x"), MaxText)); len(text) != MaxText || strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes", len(text))
	}
}

func TestRange(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		text  string
		want  Range
		again string // empty: the same
	}{
		{"10", Range{true, false, 0, 10}, ""},
		{"0:10", Range{true, false, 0, 10}, "10"},
		{":10", Range{true, false, 0, 10}, "10"},
		{"10:", Range{true, false, 10, inf}, ""},
		{"0:", Range{true, false, 0, inf}, ""},
		{"~:10", Range{true, false, -inf, 10}, ""},
		{"~:", Range{true, false, -inf, inf}, ""},
		{"10:20", Range{true, false, 10, 20}, ""},
		{"@10:20", Range{true, true, 10, 20}, ""},
		{"@10", Range{true, true, 0, 10}, ""},
		{"-10:-5.5", Range{true, false, -10, -5.5}, ""},
		{"1e3:1E4", Range{true, false, 1000, 10000}, "1000:10000"},
		{"5:5", Range{true, false, 5, 5}, ""},
		{"1e-300:1e300", Range{true, false, 1e-300, 1e300}, "1e-300:1e+300"},
	} {
		got, err := ParseRange(c.text)
		again := c.again
		if again == "" {
			again = c.text
		}
		if err != nil || got != c.want || got.String() != again {
			t.Errorf("%q: %+v %q, %v", c.text, got, got, err)
		}
	}
	for _, text := range []string{"", ":", "@", "@:", "~", "10:~", "20:10", "-1", "a", "10:b", "a:10", "80%", "1,5", " 10", "10 ", "1:2:3",
		"inf", "nan", "0x10", "1_0", "1e999", "@@1", "~10", "10:20\n"} {
		if got, err := ParseRange(text); err == nil || got.Set {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if got := (Range{}).String(); got != "" {
		t.Errorf("%q", got)
	}
}

// TestRangeAlerts: on the ends nobody is alerted, but within a range that alerts inside.
func TestRangeAlerts(t *testing.T) {
	for _, c := range []struct {
		text string
		v    float64
		want bool
	}{
		{"10", 10, false}, {"10", 10.1, true}, {"10", 0, false}, {"10", -0.1, true}, {"10:", 9, true}, {"10:", 10, false},
		{"~:10", -1e9, false}, {"~:10", 11, true}, {"10:20", 15, false}, {"10:20", 21, true}, {"@10:20", 10, true},
		{"@10:20", 20, true}, {"@10:20", 21, false}, {"~:", 1, false}, {"@~:", 1, true}, {"10", math.NaN(), false},
		{"@~:", math.NaN(), false}, {"10", math.Inf(1), true}, {"~:10", math.Inf(-1), false},
	} {
		r, err := ParseRange(c.text)
		if got := r.Alerts(c.v); err != nil || got != c.want {
			t.Errorf("%s of %v: %v, %v", c.text, c.v, got, err)
		}
	}
}

func FuzzParseCheck(f *testing.F) {
	for _, c := range checks {
		f.Add([]byte(c.output))
	}
	f.Fuzz(checkCheck)
}

// checkCheck holds that whatever a plugin prints becomes what a result may have.
func checkCheck(t *testing.T, output []byte) {
	kept := bytes.Clone(output)
	text, more, figures, left := ParseCheck(output)
	if !bytes.Equal(kept, output) {
		t.Fatalf("%q became %q", kept, output)
	}
	checkResult(t, &Result{Text: text, More: more, Figures: figures, Left: left})
	for _, f := range figures {
		printed := math.IsNaN(f.Value) && printedUnknown.Match(output)
		for _, m := range printedNumber.FindAllSubmatch(output, -1) {
			v, err := strconv.ParseFloat(string(m[1]), 64)
			printed = printed || err == nil && v == f.Value
		}
		if !printed {
			t.Fatalf("%q has no %v", output, f.Value)
		}
	}
}

// printedUnknown is a value that the plugin does not know, behind =.
var printedUnknown = regexp.MustCompile(`=(?:U|[-+]*(?i:nan))`)

// printedNumber is a number behind =, with nothing behind it that would be more of it.
var printedNumber = regexp.MustCompile(`=([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?:[^0-9.,]|$)`)

// FuzzFigure holds that a figure which is written as Nagios has it is read as what it was.
func FuzzFigure(f *testing.F) {
	f.Add("it's / a=b|c", 1.5, "MB", 10.0, 20.0, true, uint8(0xff))
	f.Add("load1", math.Copysign(0, -1), "", math.Inf(-1), 20.0, false, uint8(0))
	f.Fuzz(func(t *testing.T, label string, value float64, u string, low, high float64, inside bool, set uint8) {
		label, u = name(strings.NewReplacer("\n", "", "\r", "").Replace(label)), name(u)
		if label == "" || !unit(u) || utf8.RuneCountInString(u) > MaxUnit || strings.HasPrefix(strings.ToLower(u), "e") ||
			math.IsNaN(low+high) || low > high || math.IsInf(low, 1) || math.IsInf(high, -1) || math.IsInf(value, 0) {
			return
		}
		nan := math.NaN()
		want := Figure{Label: label, Value: value, Unit: u, Min: nan, Max: nan}
		written := "U"
		if math.IsNaN(value) {
			want.Unit = ""
		} else {
			written = fmt.Sprint(value) + u
		}
		if set&1 != 0 {
			want.Warn = Range{true, inside, low, high}
		}
		if set&2 != 0 {
			want.Critical = Range{true, !inside, low, high}
		}
		written += ";" + want.Warn.String() + ";" + want.Critical.String() + ";"
		if set&4 != 0 && !math.IsInf(low, 0) {
			want.Min = low
			written += fmt.Sprint(low)
		}
		if written += ";"; set&8 != 0 && !math.IsInf(high, 0) {
			want.Max = high
			written += fmt.Sprint(high)
		}
		output := "OK|a=1 '" + strings.ReplaceAll(label, "'", "''") + "'=" + written + " b=2"
		_, _, figures, _ := ParseCheck([]byte(output))
		if len(figures) != 3 || show(&figures[1]) != show(&want) || figures[0].Label != "a" || figures[2].Label != "b" {
			t.Fatalf("%q: %+v, want %+v", output, figures, want)
		}
	})
}

// FuzzRange holds that a range reads the same once it is written anew, and has ends that can be.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"10", "~:10", "@10:20", "5:", "-1e3:.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		again, err := ParseRange(r.String())
		if err != nil || again != r || !(r.Low <= r.High) || math.IsInf(r.Low, 1) || math.IsInf(r.High, -1) {
			t.Fatalf("%q: %+v, then %q, %+v, %v", s, r, r, again, err)
		}
	})
}
