package history

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/plugin"
)

// figures are n as a plugin has them, some with ranges.
func figures(n, run int) (all []plugin.Figure) {
	for i := range n {
		f := plugin.Figure{Label: fmt.Sprintf("figure-%02d", i), Unit: "MB", Value: float64(run*1000+i) + 1.0/3, Min: 0, Max: math.NaN()}
		if i%3 == 0 {
			f.Warn = plugin.Range{Set: true, Low: math.Inf(-1), High: 90}
			f.Critical = plugin.Range{Set: true, Inside: true, Low: 95, High: math.Inf(1)}
		}
		all = append(all, f)
	}
	return all
}

// screen is a page with a table of so many rows and columns, whose cells are other ones after each run.
func screen(rows, columns, run int) *plugin.Page {
	t := new(plugin.Table)
	for c := range columns {
		t.Columns = append(t.Columns, plugin.Column{Name: fmt.Sprintf("column-%d", c), Right: c > 0})
	}
	for r := range rows {
		row := plugin.Row{Status: plugin.Warning, Judged: r == 0}
		for c := range columns {
			row.Cells = append(row.Cells, fmt.Sprintf("%d-%d-%d", run, r, c))
		}
		t.Rows = append(t.Rows, row)
	}
	return &plugin.Page{Title: "Ceph", Blocks: []plugin.Block{
		{Pairs: []plugin.Pair{{Name: "health", Value: "HEALTH_WARN", Status: plugin.Warning, Judged: true}}}, {Table: t},
		{Gauge: &plugin.Gauge{Label: "used", Value: 81, Of: 100, Unit: "%"}},
		{Series: &plugin.Series{Label: "iops", Points: []float64{1, math.NaN(), float64(run)}}},
	}}
}

// usual is what twelve plugins say that run once a minute, two each ten seconds, after so many records.
func usual(boot time.Duration, records int) *plugin.State {
	s := &plugin.State{Health: frametest.OK(), Directory: plugin.Directory}
	for i := range 12 {
		run := (records + 6 - i/2) / 6
		r := plugin.Result{Name: fmt.Sprintf("check_%d", i), At: boot - time.Duration((records+6-i/2)%6)*10*time.Second, Begun: time.Minute, Took: time.Duration(100+run%50) * time.Millisecond,
			Interval: time.Minute, Timeout: 10 * time.Second, Text: fmt.Sprintf("DISK OK - free space: / %d MiB (42%%)", 3000+run), Figures: figures(3, run)}
		switch i {
		case 4:
			for l := range 20 {
				r.More = append(r.More, fmt.Sprintf("/var/lib/volume-%d is as it should be", l))
			}
		case 7:
			r.Kind, r.Status, r.Page = plugin.Screen, plugin.Warning, screen(10+run%3, 4, run)
		}
		s.Results = append(s.Results, r)
	}
	return s
}

// worst is all that plugins can say, all of it new after each run, and never of the same length.
func worst(boot time.Duration, run int) *plugin.State {
	s := &plugin.State{Health: frametest.OK(), Directory: plugin.Directory}
	for i := range plugin.MaxPlugins {
		r := plugin.Result{Name: fmt.Sprintf("check_%d", i), At: boot, Begun: time.Minute, Interval: 10 * time.Second, Timeout: 9 * time.Second,
			Text: strings.Repeat(fmt.Sprint(run, i), plugin.MaxText)[:plugin.MaxText-run%7], Figures: figures(plugin.MaxFigures-run%3, run), Page: screen(20+run%3, 8, run)}
		for l := range plugin.MaxLines - run%5 {
			r.More = append(r.More, fmt.Sprintf("%d is line %d of run %d", i, l, run))
		}
		s.Results = append(s.Results, r)
	}
	return s
}

// recalled is what a record of s gives back of it.
func recalled(t *testing.T, s *plugin.State) *plugin.State {
	t.Helper()
	f := frametest.Fixed()
	f.Checks = s
	return back(f).Checks
}

// TestChecksComeBack: what twelve plugins say comes back as it was: figures to the last digit, unknown ones and ranges without an
// end as such; ages are in seconds.
func TestChecksComeBack(t *testing.T) {
	want := usual(frametest.Boot, 9)
	want.Results[1].At, want.Results[1].Text, want.Results[1].Status = 0, "has not run since the boot", plugin.Unknown
	want.Results[2].Figures[0].Value, want.Results[2].Figures[1].Value, want.Results[2].Figures[2].Value = math.NaN(), math.Copysign(0, -1), math.Inf(1)
	got := recalled(t, want)
	if got == nil || len(got.Results) != 12 {
		t.Fatalf("%+v", got)
	}
	want.Health.Cost, want.Health.At, got.Health.At = 0, 0, 0
	if is, was := fmt.Sprintf("%+v", flat(got)), fmt.Sprintf("%+v", flat(want)); strings.ReplaceAll(is, "Value:0", "Value:-0") != strings.ReplaceAll(was, "Value:0", "Value:-0") {
		t.Errorf("\n%s\ncomes back as\n%s", was, is)
	}
	for _, at := range []time.Duration{frametest.Boot, frametest.Boot + time.Hour} {
		want.Health.At, got.Health.At = at, at
		for i := range got.Results {
			if is, was := got.Silent(&got.Results[i]), want.Silent(&want.Results[i]); is != was || was != (at > frametest.Boot && i != 1) {
				t.Errorf("%s at %v: silent %v, was %v", got.Results[i].Name, at, is, was)
			}
		}
	}
	if s := recalled(t, nil); s != nil {
		t.Errorf("without plugins: %+v", s)
	}
	if s := recalled(t, &plugin.State{Directory: "/run"}); s == nil || s.Directory != "/run" || s.Results != nil {
		t.Errorf("with none that is configured: %+v", s)
	}
}

// flat is all that s says without pointers.
func flat(s *plugin.State) (all []any) {
	all = append(all, s.Health, s.Directory)
	for _, r := range s.Results {
		page := r.Page
		r.Page = nil
		all = append(all, r)
		if page == nil {
			continue
		}
		all = append(all, page.Title)
		for _, b := range page.Blocks {
			v := reflect.ValueOf(b)
			for i := range v.NumField() {
				if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
					all = append(all, f.Elem().Interface())
				} else {
					all = append(all, f.Interface())
				}
			}
		}
	}
	return all
}

// TestWhatIsTooLargeSaysSo: of more than a record can hold the states and ages of all are there, and each says what is not.
func TestWhatIsTooLargeSaysSo(t *testing.T) {
	s := worst(frametest.Boot, 3)
	for i := range s.Results {
		s.Results[i].Status = plugin.Status(i % 4)
	}
	got := recalled(t, s)
	if len(got.Results) != plugin.MaxPlugins {
		t.Fatalf("%d results", len(got.Results))
	}
	texts := 0
	for i, r := range got.Results {
		was := &s.Results[i]
		if r.Name != was.Name || r.Status != was.Status || r.At != was.At || r.Interval != was.Interval {
			t.Errorf("%d: %s %s at %v", i, r.Name, r.Status, r.At)
		}
		if r.Text == was.Text {
			texts++
		} else if r.Text != "too large to be recorded" {
			t.Errorf("%d: %q", i, r.Text)
		}
		if whole := reflect.DeepEqual(r.More, was.More) && len(r.Figures) == len(was.Figures) && reflect.DeepEqual(r.Page, was.Page); whole == r.Cut {
			t.Errorf("%d: whole %v, cut %v", i, whole, r.Cut)
		}
		if len(r.Figures)+r.Left != len(was.Figures) {
			t.Errorf("%d: %d figures, and %d more, of %d", i, len(r.Figures), r.Left, len(was.Figures))
		}
	}
	if texts < 20 || texts == plugin.MaxPlugins {
		t.Errorf("%d texts", texts)
	}
	// One large screen costs no other plugin anything.
	few := usual(frametest.Boot, 3)
	few.Results[0].Page = screen(plugin.MaxRows, plugin.MaxColumns, 1)
	for i, r := range recalled(t, few).Results {
		if r.Cut != (i == 0) || len(r.Figures) != 3 || r.Left != 0 || r.Text != few.Results[i].Text || i == 7 && r.Page == nil {
			t.Errorf("beside a large screen: %+v", r)
		}
	}
}

// TestWhatIsTooLargeIsTold where somebody looks at it in the past.
func TestWhatIsTooLargeIsTold(t *testing.T) {
	f := frametest.Fixed()
	frametest.Checks(f)
	f.Checks = &plugin.State{Health: frametest.OK(), Results: f.Checks.Results[:1]}
	for _, rows := range []int{1, plugin.MaxRows} {
		f.Checks.Results[0].Page = screen(rows, plugin.MaxColumns, 1)
		b := back(f)
		b.Past = &frame.Past{Newest: b.Now}
		text, _ := drawn(t, frame.Checks, []draw.Key{draw.KeyEnter, draw.KeyEnd}, 200, 60, b)
		if told := strings.Contains(text, "too large to be recorded"); told != (rows > 1) {
			t.Errorf("%d rows: told %v\n%s", rows, told, text)
		}
	}
}

// TestWhatNoPluginSaysIsMended: of what a damaged record says screens get only what a plugin can have said.
func TestWhatNoPluginSaysIsMended(t *testing.T) {
	s := &plugin.State{Results: []plugin.Result{{}, {Page: &plugin.Page{Blocks: []plugin.Block{
		{Table: &plugin.Table{Columns: make([]plugin.Column, 2), Rows: []plugin.Row{{Cells: []string{"a"}}, {Cells: []string{"a", "b"}}, {Cells: []string{"a", "b", "c"}}}}},
		{Gauge: &plugin.Gauge{Of: 0}}, {Gauge: &plugin.Gauge{Of: math.NaN()}}, {Gauge: &plugin.Gauge{Of: 1}}, {},
	}}}}}
	mend(s)
	if blocks := s.Results[1].Page.Blocks; len(blocks) != 2 || len(blocks[0].Table.Rows) != 1 || len(blocks[0].Table.Rows[0].Cells) != 2 || blocks[1].Gauge.Of != 1 {
		t.Errorf("%+v", blocks)
	}
	mend(nil)
}

// TestPluginsCostTheHostNothing: whatever plugins say, however often their lists change, the host's figures are all there, in
// as many records and with the same means as without plugins.
func TestPluginsCostTheHostNothing(t *testing.T) {
	for name, say := range map[string]func(time.Duration, int) *plugin.State{"usual": usual, "worst": worst} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "flight")
			w, f := recording(t, path, firstBoot), frametest.Fixed()
			const records = 240
			for i := range records {
				s := sampled(f, 5*i, startOfTests)
				s.Host.CPU.Busy = float64(10 + i%6)
				s.Checks = say(s.Boot, i)
				if err := w.Append(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d pages of records, %d of minutes", w.tiers[0].seq, w.tiers[1].seq)
			r := reader(t, path)
			for tier, want := range []int{records, records / 6} {
				n := 0
				for p, ok := r.lastOf(tier); ok && p.tier == tier; p, ok = r.Step(p, -1) {
					var s frame.Snapshot
					if _, err := r.Load(p, &s); err != nil {
						t.Fatal(err)
					}
					n++
					if len(s.Host.Cores) != len(f.Host.Cores) || len(s.Net.Interfaces) != len(f.Net.Interfaces) || len(s.Checks.Results) != len(f.Checks.Results) {
						t.Fatalf("tier %d, %v: %d cores, %d links, %d results", tier, s.Now, len(s.Host.Cores), len(s.Net.Interfaces), len(s.Checks.Results))
					}
					if tier == 1 && n > 1 && n < want && math.Abs(s.Host.CPU.Busy-12.5) > 0.06 {
						t.Fatalf("%v: CPU %g %%, the mean is 12.5", s.Now, s.Host.CPU.Busy)
					}
				}
				if n < want {
					t.Errorf("tier %d: %d records of %d", tier, n, want)
				}
			}
		})
	}
}

// TestFiguresOfPluginsAreTheLast: a coarser record has no means of figures: two plugins that swap places keep their own.
func TestFiguresOfPluginsAreTheLast(t *testing.T) {
	f := frametest.Fixed()
	c := newCodec()
	var v vector
	var g gathered
	for i := range 6 {
		s := usual(f.Boot, i)
		s.Results = s.Results[:2]
		s.Results[0].Figures, s.Results[1].Figures = figures(2, 10+i), figures(2, 1000+i)
		if i >= 4 {
			s.Results[0], s.Results[1] = s.Results[1], s.Results[0]
		}
		f.Checks, f.Host.CPU.Busy = s, 10*float64(i)
		c.encode(&v, &f.Snapshot)
		g.add(&v)
	}
	var s frame.Snapshot
	decode(&s, g.take().cells[peakCount:], c.texts.text, f.Now, f.Boot)
	for i, want := range []string{"check_1", "check_0"} {
		r := &s.Checks.Results[i]
		if value := figures(2, []int{1005, 15}[i])[1].Value; r.Name != want || r.Figures[1].Value != value {
			t.Errorf("%s: %g, want %s: %g", r.Name, r.Figures[1].Value, want, value)
		}
	}
	if s.Host.CPU.Busy != 25 {
		t.Errorf("CPU %g %%, want the mean of all, 25", s.Host.CPU.Busy)
	}
}

// TestPluginsThatSayTooMuch: while what plugins say fills the recording, less of it is recorded; once they are quiet it is whole
// again.
func TestPluginsThatSayTooMuch(t *testing.T) {
	for name, unsteady := range map[string]int{"steady": 1, "unsteady": 2} { // lists of the host's change with each record: each is a key
		t.Run(name, func(t *testing.T) { sayTooMuch(t, unsteady) })
	}
}

func sayTooMuch(t *testing.T, lengths int) {
	w, f := recording(t, filepath.Join(t.TempDir(), "flight"), firstBoot), frametest.Fixed()
	least, i := maxChecks, 0
	add := func(n int, say func(time.Duration, int) *plugin.State) (pages uint64) {
		before := w.tiers[0].seq
		for range n {
			s := sampled(f, 5*i, startOfTests)
			wander(f, i)
			s.Checks = say(s.Boot, i)
			s.Problems = make([]frame.Problem, i%lengths)
			for k := range s.Checks.Results { // each is wrong
				r := &s.Checks.Results[k]
				s.Problems = append(s.Problems, frame.Problem{Kind: frame.CheckFailed, Subject: r.Name, Detail: r.Text[:min(len(r.Text), 100)], Reason: r.Text})
			}
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
			least = min(least, w.codec.checks.room)
			i++
		}
		return w.tiers[0].seq - before
	}
	loud := add(400, worst)
	if least > maxChecks/4 {
		t.Errorf("room for %d bytes at least in %d pages of 400 records", least, loud)
	}
	quiet, records := uint64(0), 0
	for ; w.codec.checks.room < maxChecks && records < 4000; records += 100 {
		quiet += add(100, usual)
	}
	if quiet += add(500, usual); w.codec.checks.room != maxChecks { // it stays so
		t.Errorf("room for %d bytes after %d quiet pages", w.codec.checks.room, quiet)
	}
	t.Logf("%d pages for 400 loud records, %d for %d usual ones, room for %d bytes at least", loud, quiet, records+500, least)
}
