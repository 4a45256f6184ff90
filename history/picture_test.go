package history

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/report"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/screens/screentest"
)

// frames are all that frametest has.
var frames = map[string]func(*frame.Frame){
	"fixed": func(*frame.Frame) {}, "healthy": frametest.Healthy, "sick": frametest.Sick, "migrating": frametest.Migrating,
	"crowded": frametest.Crowded, "API down": frametest.APIDown, "service down": frametest.ServiceDown, "forbidden": frametest.Forbidden,
	"not installed": frametest.NotInstalled, "syncing": frametest.Syncing, "expiring": frametest.Expiring,
	"large": large, "eventful": frametest.Eventful, "crashed": frametest.Crashed, "alerted": alerted, "plugins": plugins, "nothing": func(f *frame.Frame) {
		f.Host, f.Net, f.Kube, f.VMs, f.Units, f.System, f.Kernel, f.Problems = nil, nil, nil, nil, nil, nil, nil, nil
		frametest.Derive(f)
	},
}

// alerted is the fixture with an alert in each state of its life.
func alerted(f *frame.Frame) {
	for i := range f.Problems {
		a := frame.Alert{Problem: f.Problems[i], State: frame.AlertState(i % 4), Fired: f.Boot - time.Hour, Seen: f.Boot - 90*time.Second, Came: i}
		a.Hidden, a.Unsure, a.Acked = i%3 == 1, i%5 == 1, i%2 == 1
		f.Alerts = append(f.Alerts, a)
	}
	f.MoreAlerts = 7
}

// plugins is the fixture with what is wrong by the word of plugins, and alerts of that.
func plugins(f *frame.Frame) {
	frametest.Checks(f)
	frametest.Derive(f)
	alerted(f)
}

// recorded is a frame without what no record has: graphs, which are drawn of the records before, what this program costs, and
// processes.
func recorded(change func(*frame.Frame)) *frame.Frame {
	f := frametest.Fixed()
	change(f)
	f.Processes = nil
	if f.Host != nil {
		f.Host.History = sample.History{}
		for i := range f.Host.Health {
			f.Host.Health[i].Cost = 0
		}
	}
	if f.Net != nil {
		f.Net.Histories = nil
	}
	if f.VMs != nil {
		for i := range f.VMs.VMs {
			f.VMs.VMs[i].Recent = qemu.Recent{}
		}
	}
	for i := range f.Sources {
		f.Sources[i].Health.Cost = 0
	}
	f.Guests = frame.MergeGuests(nil, &f.Snapshot)
	return f
}

// back is the frame that the record of f gives.
func back(f *frame.Frame) *frame.Frame {
	c := newCodec()
	var v vector
	c.encode(&v, &f.Snapshot)
	b := &frame.Frame{Self: f.Self}
	decode(&b.Snapshot, v.cells[peakCount:], c.texts.text, f.Now, f.Boot)
	b.Settings, b.Page, b.Tick = f.Settings, f.Page, f.Tick
	b.Events, b.Watched, b.LastRun = f.Events, f.Watched, f.LastRun // records of their own
	return b
}

// round gives the figures of the struct v, whose fields these are, the steps that a record keeps.
func round(v reflect.Value, fields []field, boot time.Duration) {
	for i := range fields {
		f := &fields[i]
		p := reach(v, f.path)
		switch f.form {
		case floatForm:
			p.SetFloat(f.kind.value(f.kind.cell(p.Float())))
		case uint64Form:
			if f.kind == totalCell {
				p.SetUint(uint64(math.Round(f.kind.value(f.kind.cell(float64(p.Uint()))))))
			}
		case durationForm:
			p.SetInt(int64(time.Duration(p.Int()).Round(time.Millisecond)))
		case ageForm:
			if p.Int() != 0 {
				p.SetInt(int64(boot - max(boot-time.Duration(p.Int()), 0).Round(time.Second)))
			}
		case sliceForm:
			for i := range p.Len() {
				roundElement(p.Index(i), f, boot)
			}
		case pointerForm:
			if !p.IsNil() {
				roundElement(p.Elem(), f, boot)
			}
		}
	}
}

func roundElement(v reflect.Value, f *field, boot time.Duration) {
	if v.Kind() == reflect.Struct || len(f.fields) == 1 && f.fields[0].path == nil && f.fields[0].form == pointerForm {
		round(v, f.fields, boot)
	}
}

// views are the pages and their overlays, each as it is reached.
var views = func() (all []struct {
	page string
	keys []draw.Key
}) {
	for _, page := range pages.Names() {
		for _, k := range append([]draw.Key{'a', 'A', 'B', 'L', 'M', 'd', 'h', 'm', 'o', 'p'}, screentest.Keys...) {
			for _, keys := range [][]draw.Key{{k}, {k, draw.KeyPageDown}, {k, draw.KeyDown, draw.KeyEnter}} {
				all = append(all, struct {
					page string
					keys []draw.Key
				}{page, keys})
			}
		}
	}
	return all
}()

// drawn is a view as text and roles.
func drawn(t *testing.T, page string, keys []draw.Key, w, h int, f *frame.Frame) (text, roles string) {
	t.Helper()
	crashed := func(panel string, value any) {
		t.Errorf("%s after %q at %dx%d: %s crashed: %v", page, keys, w, h, panel, value)
	}
	s := screentest.New(page, crashed, func(ask func(journal.Query)) []screens.Screen {
		return pages.New(pages.Options{Ask: ask, Crashed: crashed})
	})
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	s.Present(canvas, w, h, f)
	for _, k := range keys {
		s.Handle(k, f)
		s.Present(canvas, w, h, f)
	}
	return string(canvas.AppendText(nil)), string(canvas.AppendRoles(nil))
}

// TestPictureOfRecord: all pages and overlays look as they did when the record was made, and the report says the same. No cell differs from the frame whose
// figures were put into the steps that a record keeps; from the frame as it was, no more than digits and what stands for them do.
func TestPictureOfRecord(t *testing.T) {
	sizes := [][2]int{{80, 24}, {132, 43}, {200, 60}}
	if testing.Short() || raced {
		sizes = sizes[:1] // a picture of each takes 30 seconds
	}
	for name, change := range frames {
		source, exact := recorded(change), recorded(change)
		record := back(source)
		round(reflect.ValueOf(&exact.Snapshot).Elem(), layout().plan, exact.Boot)
		exact.Guests = frame.MergeGuests(nil, &exact.Snapshot)
		seen, off, cells, wrong := 0, 0, 0, false
		for _, view := range views {
			if raced && len(view.keys) > 1 { // one goroutine draws: there is nothing for two to race for
				continue
			}
			for _, size := range sizes {
				w, h := size[0], size[1]
				is, roles := drawn(t, view.page, view.keys, w, h, record)
				want, wantRoles := drawn(t, view.page, view.keys, w, h, exact)
				was, _ := drawn(t, view.page, view.keys, w, h, source)
				seen++
				if is != want || roles != wantRoles {
					wrong = true
					t.Errorf("%s: %s after %q at %dx%d:\n%s", name, view.page, view.keys, w, h, difference(want+wantRoles, is+roles))
				}
				before, after := []rune(was), []rune(is)
				cells += len(before)
				for i := range before {
					if i >= len(after) || before[i] != after[i] {
						off++
					}
				}
				if a, b := withoutFigures(was), withoutFigures(is); a != b {
					wrong = true
					t.Errorf("%s: %s after %q at %dx%d is other than before in more than figures:\n%s", name, view.page, view.keys, w, h, difference(a, b))
				}
			}
			if wrong {
				break // the first says enough
			}
		}
		if is, want := reported(t, record), reported(t, exact); is != want {
			t.Errorf("%s: the report:\n%s", name, difference(want, is))
		}
		t.Logf("%s: %d pictures, %d of %d cells differ from what was before rounding", name, seen, off, cells)
	}
}

// reported is the report of f.
func reported(t *testing.T, f *frame.Frame) string {
	var b strings.Builder
	if err := report.Write(&b, f); err != nil {
		t.Error(err)
	}
	return b.String()
}

// units are those that a figure may have before it is rounded, or after.
var units = strings.NewReplacer("KiB", "B", "MiB", "B", "GiB", "B", "TiB", "B")

// withoutFigures is a picture without its digits and units, and without the bars that stand for figures.
func withoutFigures(picture string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || strings.ContainsRune(" .█▉▊▋▌▍▎▏▁▂▃▄▅▆▇░", r) {
			return -1
		}
		return r
	}, units.Replace(picture))
}

// difference shows the rows that differ.
func difference(want, is string) string {
	var b strings.Builder
	a, c := strings.Split(want, "\n"), strings.Split(is, "\n")
	for i := range max(len(a), len(c)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(c) {
			y = c[i]
		}
		if x != y {
			b.WriteString("- " + x + "\n+ " + y + "\n")
		}
	}
	return b.String()
}
