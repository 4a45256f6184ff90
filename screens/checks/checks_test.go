package checks

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens/screentest"
)

// TestStates: what one reports no more is good no longer, a critical one stays critical, and what cannot be read is not silent.
func TestStates(t *testing.T) {
	const now = time.Hour
	for name, c := range map[string]struct {
		r    plugin.Result
		want state
		old  bool
	}{
		"ok":             {plugin.Result{Status: plugin.OK, At: now - time.Minute}, fine, false},
		"warning":        {plugin.Result{Status: plugin.Warning, At: now - time.Minute}, warning, false},
		"critical":       {plugin.Result{Status: plugin.Critical, At: now - time.Minute}, critical, false},
		"unknown":        {plugin.Result{Status: plugin.Unknown, At: now - time.Minute, Text: "exit code 127"}, unknown, false},
		"at the limit":   {plugin.Result{Status: plugin.OK, At: now - 3*time.Minute - 10*time.Second}, fine, false},
		"beyond it":      {plugin.Result{Status: plugin.OK, At: now - 3*time.Minute - 11*time.Second}, silent, true},
		"was warning":    {plugin.Result{Status: plugin.Warning, At: now - 30*time.Minute}, silent, true},
		"was critical":   {plugin.Result{Status: plugin.Critical, At: now - 30*time.Minute}, critical, true},
		"was unknown":    {plugin.Result{Status: plugin.Unknown, At: now - 30*time.Minute}, silent, true},
		"not run yet":    {plugin.Result{Status: plugin.Unknown, Begun: now - time.Minute}, pending, false},
		"never ran":      {plugin.Result{Status: plugin.Unknown, Begun: now - 30*time.Minute}, silent, true},
		"refused":        {plugin.Result{Status: plugin.Unknown, Begun: now - 30*time.Minute, Text: "belongs to user 1000"}, unknown, false},
		"ok without any": {plugin.Result{Status: plugin.OK, Begun: now - time.Minute}, pending, false}, // nobody makes such a one
		"of no status":   {plugin.Result{Status: 9, At: now - time.Minute}, unknown, false},
	} {
		c.r.Interval, c.r.Timeout = time.Minute, 10*time.Second
		all := plugin.State{Health: health.Health{State: health.OK, At: now}}
		if got := stateOf(&all, &c.r); got != c.want || all.Silent(&c.r) != c.old {
			t.Errorf("%s is %s, silent: %v; want %s, %v", name, got, all.Silent(&c.r), c.want, c.old)
		}
	}
}

// TestRangesInWords: as Nagios writes them, and as people read them.
func TestRangesInWords(t *testing.T) {
	for _, c := range []struct {
		nagios, unit string
		value        float64
		want         string
	}{
		{"90", "", 1, "above 90"},
		{"90", "", -1, "outside 0 to 90"},
		{"90", "%", 1, "above 90%"},
		{"~:90", "", -1, "above 90"},
		{"10:", "", 1, "below 10"},
		{"10:20", "C", 1, "outside 10 to 20"},
		{"-2:2", "s", 0, "outside -2 to 2"},
		{"@10:20", "", 15, "from 10 to 20"},
		{"@~:20", "", 15, "up to 20"},
		{"@20:", "", 25, "at least 20"},
		{"0:1073741824", "B", 5, "above 1.0 GiB"},
		{"1073741824:", "B", 5, "below 1.0 GiB"},
		{"0.5:2.25", "", 1, "outside 0.5 to 2.25"},
		{"0.9995:", "", 1, "below 0.9995"},
		{"99.995:", "%", 1, "below 99.995%"},
		{"-0:", "", -1, "below 0"},
		{"1234.56789:", "", 1, "below 1235"},
		{"~:", "", 1, "never"},
		{"@~:", "", 1, "always"},
	} {
		r, err := plugin.ParseRange(c.nagios)
		if err != nil {
			t.Fatal(err)
		}
		if got := string((figure{&plugin.Figure{Value: c.value, Unit: c.unit}, true}).appendRange(nil, &r)); got != c.want {
			t.Errorf("%s of %v %s is %q, want %q", c.nagios, c.value, c.unit, got, c.want)
		}
	}
	if got := (figure{new(plugin.Figure), true}).appendRange(nil, new(plugin.Range)); len(got) > 0 {
		t.Errorf("a range that is not set is %q", got)
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "", "0"}, {17.34, "", "17.34"}, {1.5, "", "1.50"}, {61, "C", "61 C"}, {-0.000214, "s", "-0.000214 s"}, {0.5, "s", "0.5 s"},
		{48_211_904, "c", "48211904"}, {2643, "MB", "2643 MB"}, {1536, "B", "1.5 KiB"}, {-5, "B", "-5 B"}, {81, "%", "81.0%"}, {-3, "%", "-3 %"}, {1e6, "%", "1000000 %"},
		{12345.678, "", "12346"}, {123.456, "", "123.5"}, {1e300, "", "1e+300"}, {math.MaxFloat64, "B", "1.798e+308 B"}, {1e-9, "s", "1e-09 s"}, {math.NaN(), "B", "--"}, {math.NaN(), "", "--"},
		{0.04, "%", "0.04%"}, {0.05, "%", "0.1%"}, {99.94, "%", "99.9%"}, {99.97, "%", "99.97%"}, {99.999, "%", "99.999%"}, {99.9999999, "%", "99.9999%"}, {1e-7, "%", "1e-07%"}, {100, "%", "100%"}, {100.01, "%", "100%"},
		{math.Copysign(0, -1), "s", "0 s"}, {math.Copysign(0, -1), "%", "0.0%"}, {math.Copysign(0, -1), "B", "0 B"},
	} {
		if got := string(appendValue(nil, c.v, c.unit)); got != c.want {
			t.Errorf("%v %s is %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

// TestSharesAreOfSomething: a gauge is drawn only where it is known what is full.
func TestSharesAreOfSomething(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		perfdata string // as Nagios has it
		want     float64
	}{
		{"a=50", nan}, {"a=50;80;90", 100 * 50 / 90.}, {"a=50;80;90;0;200", 25}, {"a=50;;;0;200", 25}, {"a=50;80", nan}, {"a=150;;;100;200", 50}, {"a=50%", 50},
		{"a=50%;;;0;100", 50}, {"a=50c;;90;0;100", nan}, {"a=50;;10:", nan}, {"a=50;;@10:100", nan}, {"a=50;;40:60", nan}, {"a=50;;~:100", 50}, {"a=-5;;90", nan},
		{"a=120;;90", 100 * 120 / 90.}, {"a=U;;90", nan}, {"a=50;;0", nan}, {"a=50;;;60;60", nan},
	} {
		_, _, figures, _ := plugin.ParseCheck([]byte("ok|" + c.perfdata))
		if len(figures) != 1 {
			t.Fatalf("%q has %d figures", c.perfdata, len(figures))
		}
		if got := (figure{&figures[0], true}).share(); math.Abs(got-c.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%s is %v%% of something, want %v", c.perfdata, got, c.want)
		}
	}
}

// TestNothingIsGoodThatNobodyJudges: a figure without ranges has no colour, and one that is not known neither.
func TestNothingIsGoodThatNobodyJudges(t *testing.T) {
	for perfdata, want := range map[string]string{
		"a=5": "ok false", "a=5;10": "ok true", "a=5;;10": "ok true", "a=11;10;20": "warning true", "a=21;10;20": "critical true", "a=15;;20": "ok true", "a=21;;20": "critical true", "a=U;10;20": "ok false",
	} {
		_, _, figures, _ := plugin.ParseCheck([]byte("ok|" + perfdata))
		s, judged := figure{&figures[0], true}.status()
		if got := fmt.Sprint(s, judged); got != want {
			t.Errorf("%s is %s, want %s", perfdata, got, want)
		}
	}
}

// checkOf is what a check with that perfdata reports.
func checkOf(s plugin.Status, perfdata string) (r plugin.Result) {
	r.Status = s
	r.Text, r.More, r.Figures, r.Left = plugin.ParseCheck([]byte("text|" + perfdata))
	return r
}

// TestRangesAreBelieved where they say together what the check says, as Debian's plugins print them: check_swap has what must be
// free at least in the place of a range, and check_file_age 0 for none.
func TestRangesAreBelieved(t *testing.T) {
	for _, c := range []struct {
		status   plugin.Status
		perfdata string
		want     string // the figures that are judged
	}{
		{plugin.OK, "a=2643MB;5948;5958;0;5968", "a ok "},
		{plugin.OK, "a=1.270", ""},
		{plugin.OK, "", ""},
		{plugin.Warning, "a=1.27;1;30;0; b=0.5;1;20;0;", "a warning b ok "},
		{plugin.Critical, "a=31;1;30;0; b=0.5;1;20;0;", "a critical b ok "},
		{plugin.OK, "swap=8191MB;4095;819;0;8191", ""},
		{plugin.Warning, "swap=3000MB;4095;819;0;8191", ""},
		{plugin.Critical, "swap=100MB;4095;819;0;8191", ""},
		{plugin.OK, "age=5s;10;20 size=3B;0;0;0", "age ok "},
		{plugin.Warning, "age=15s;10;20 size=3B;0;0;0", "age warning "},
		{plugin.Critical, "age=25s;10;20 size=3B;0;0;0", "age critical "},           // the age says why it is
		{plugin.Critical, "age=5s;10;20 errors=3;0;0;0", "age ok errors critical "}, // nothing else does
		{plugin.OK, "age=5s;10;20 errors=0;0;0;0", "age ok errors ok "},
		{plugin.Unknown, "a=31;1;30;0;", ""},
		{plugin.Unknown, "a=31;1;30;0; b=1;0;0", ""},
	} {
		res, got := checkOf(c.status, c.perfdata), ""
		trust := believed(&res)
		for i := range res.Figures {
			f := trust.figure(&res.Figures[i])
			if s, judged := f.status(); judged {
				got += f.Label + " " + s.String() + " "
			}
		}
		if got != c.want {
			t.Errorf("%s with %q judges %q, want %q", c.status, c.perfdata, got, c.want)
		}
	}
	swap := checkOf(plugin.OK, "swap=8191MB;4095;819;0;8191")
	f, _ := nth(&swap, 0)
	if got := string(f.appendRange(nil, &f.Critical)); got != "819" || f.share() != 100 {
		t.Errorf("what is not believed is %q of %v%%", got, f.share())
	}
	free := checkOf(plugin.OK, "swap=8191MB;4095;819")
	if f, _ := nth(&free, 0); !math.IsNaN(f.share()) {
		t.Errorf("it is %v%% of a limit that is none", f.share())
	}
	scrape := plugin.Result{Kind: plugin.Scrape, Status: plugin.Critical, Figures: free.Figures} // of a figure that was left out
	if f := believed(&scrape).figure(&free.Figures[0]); !f.believed {
		t.Error("the ranges of the configuration are not believed")
	}
}

// TestWorstFiguresComeFirst, in their order otherwise, each once.
func TestWorstFiguresComeFirst(t *testing.T) {
	res := checkOf(plugin.Critical, "a=1 b=15;10;20 c=25;10;20 d=U;1;2 e=16;10;20")
	var got string
	for i := 0; ; i++ {
		f, there := nth(&res, i)
		if !there {
			break
		}
		got += f.Label
	}
	if got != "cbead" {
		t.Errorf("the order is %s", got)
	}
}

// TestLabelsOfPathsEnd as they do: those of two mounts below one folder are not alike.
func TestLabelsOfPathsEnd(t *testing.T) {
	for label, want := range map[string]string{"/var/lib/longhorn": "</longhorn", "/var/lib/kubelet": "<b/kubelet", "/boot": "/boot", "/abcdefghi": "/abcdefghi", "/漢字漢字漢字": "<漢字漢字", "temperature of nvme0": "temperatu>"} {
		text, _ := screentest.Row(func(p *draw.Pen) { fitLabel(p, draw.Text, label, 10) })
		if got := strings.TrimRight(text, " |\n"); got != want {
			t.Errorf("%q is %q, want %q", label, got, want)
		}
	}
}

// TestPagesOfOddNumbers: a share beyond all numbers is none, and a page of nothing is not drawn.
func TestPagesOfOddNumbers(t *testing.T) {
	for want, page := range map[string]*plugin.Page{
		"":                              {},
		"1e+308 of 1e-308, --":          {Blocks: []plugin.Block{{Gauge: &plugin.Gauge{Value: 1e308, Of: 1e-308}}}},
		"9999 of 10000, 99.99%":         {Blocks: []plugin.Block{{Gauge: &plugin.Gauge{Value: 9999, Of: 10000}}}},
		"1000000 of 1, 100000000 %":     {Blocks: []plugin.Block{{Gauge: &plugin.Gauge{Value: 1e6, Of: 1}}}},
		"-1.7e+308  max 1.7e+308  last": {Blocks: []plugin.Block{{Series: &plugin.Series{Points: []float64{-1.7e308, 1.7e308}}}}},
	} {
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		drawPage(canvas.Begin(80, 8), page)
		if got := strings.TrimSpace(string(canvas.AppendText(nil))); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%+v is %q, want %q", page, got, want)
		}
	}
}

// TestTablesFit: the widest columns are cut first, what is cut ends so, and columns that have no room are counted.
func TestTablesFit(t *testing.T) {
	table := func(n int, cell string) *plugin.Table {
		t := &plugin.Table{Rows: []plugin.Row{{}, {Status: plugin.Critical, Judged: true}}}
		for i := range n {
			t.Columns = append(t.Columns, plugin.Column{Name: fmt.Sprintf("c%d", i), Right: i%2 > 0})
			t.Rows[0].Cells = append(t.Rows[0].Cells, cell)
			t.Rows[1].Cells = append(t.Rows[1].Cells, "7")
		}
		return t
	}
	for _, c := range []struct {
		table *plugin.Table
		w     int
		want  string
	}{
		{table(3, "abc"), 40, "   c0    c1  c2|   abc  abc  abc| x 7      7  7"},
		{table(3, "abcdefghijklmnop"), 40, "   c0                  c1  c2|   abcdefghi>  abcdefghi>  abcdefghi>| x 7                    7  7"},
		{table(64, "ab"), 24, "   c0  c1  c2  c3  c4|   ab  ab  ab  ab  ab| x 7    7  7    7  7|   and 59 more columns,>"},
		{table(9, "abcdefghijklmnop"), 30, "   c0            c1  c2|   abcdef>  abcdef>  abcdef>| x 7              7  7|   and 6 more columns, for wh>"},
		{table(2, "漢字漢字漢字"), 20, "   c0            c1|   漢字漢>  漢字漢>| x 7              7"},
		{table(1, "abcdefghij"), 3, "|| x"},
		{&plugin.Table{}, 20, ""},
	} {
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		view := canvas.Begin(c.w, 6)
		drawTable(&view, c.table)
		lines := strings.Split(string(canvas.AppendText(nil)), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if got := strings.TrimRight(strings.Join(lines, "|"), "|"); got != strings.TrimRight(c.want, "|") {
			t.Errorf("%d columns on %d are\n%s\nwant\n%s", len(c.table.Columns), c.w, strings.ReplaceAll(got, "|", "\n"), strings.ReplaceAll(c.want, "|", "\n"))
		}
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration][2]string{0: {"0s", "0ms"}, 12 * time.Millisecond: {"0s", "12ms"}, 999 * time.Millisecond: {"0s", "999ms"}, time.Second: {"1s", "1s"},
		4200 * time.Millisecond: {"4s", "4.2s"}, 42 * time.Second: {"42s", "42s"}, 90 * time.Second: {"1m", "1m"}, 200 * time.Minute: {"3h", "3h"}, 50 * time.Hour: {"2d", "2d"}, -time.Second: {"0s", "0ms"}} {
		if got := [2]string{string(span{d, true, false}.append(nil)), string(span{d, true, true}.append(nil))}; got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	if got := string((span{}).append(nil)); got != "--" {
		t.Errorf("what is not known is %s", got)
	}
}
