package screens_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

// onChecks is F5 with frametest.Checks.
func onChecks(keys ...draw.Key) (*screentest.Stand, *frame.Frame) {
	f := frametest.Fixed()
	frametest.Checks(f)
	c := newConsole(frame.Checks, nil)
	c.Show(80, 24, f)
	for _, k := range keys {
		c.Handle(k, f)
		c.Show(80, 24, f)
	}
	return c, f
}

// result is that of a name.
func result(f *frame.Frame, name string) *plugin.Result {
	return &f.Checks.Results[slices.IndexFunc(f.Checks.Results, func(r plugin.Result) bool { return r.Name == name })]
}

var checkRow = regexp.MustCompile(`(?m)^[x!?·\- ] (critical|warning|unknown|silent|pending|ok) +([^ ]+)`)

// checksIn are the names of the checks in the rows of text.
func checksIn(text string) string {
	var names []string
	for _, m := range checkRow.FindAllStringSubmatch(text, -1) {
		names = append(names, m[2])
	}
	return strings.Join(names, " ")
}

// said is what stands below the list.
func said(text string) string {
	lines := strings.Split(text, "\n")
	return strings.TrimSpace(strings.Join(lines[20:23], "\n"))
}

func typed(text string) (keys []draw.Key) {
	for _, r := range text {
		keys = append(keys, draw.Key(r))
	}
	return keys
}

// TestChecksAreSorted by what is worst, then by name; by name; by age, the oldest first.
func TestChecksAreSorted(t *testing.T) {
	c, f := onChecks()
	for _, want := range []string{
		"certificates raid ceph load smart backup firewall ntp tape disk updates 门禁",
		"backup ceph certificates disk firewall load ntp raid smart tape updates 门禁",
		"firewall tape updates ntp raid backup ceph certificates disk load smart 门禁",
		"certificates raid ceph load smart backup firewall ntp tape disk updates 门禁",
	} {
		if got := checksIn(c.Show(80, 24, f)); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		c.Handle('s', f)
	}
}

// TestChosenCheckStaysChosen wherever its row goes, and whatever is not listed any more.
func TestChosenCheckStaysChosen(t *testing.T) {
	c, f := onChecks(draw.KeyEnd, 'k') // updates
	if got := said(c.Show(80, 24, f)); !strings.HasPrefix(got, "updates: 40 packages") {
		t.Fatalf("chosen is %q", got)
	}
	result(f, "updates").Status = plugin.Critical
	result(f, "certificates").Status = plugin.OK
	text := c.Show(80, 24, f)
	if !strings.HasPrefix(checksIn(text), "raid updates ") || !strings.HasPrefix(said(text), "updates: ") {
		t.Errorf("after it became critical:\n%s", text)
	}
	c.Handle(draw.KeyUp, f)
	if got := said(c.Show(80, 24, f)); !strings.HasPrefix(got, "raid: ") {
		t.Errorf("above it is %q", got)
	}
	f.Checks.Results = slices.DeleteFunc(f.Checks.Results, func(r plugin.Result) bool { return r.Name == "raid" })
	if got := said(c.Show(80, 24, f)); !strings.HasPrefix(got, "updates: ") { // the worst
		t.Errorf("after a reload without it, %q", got)
	}
	for k, want := range map[draw.Key]string{draw.KeyHome: "updates", 'g': "updates", draw.KeyEnd: "门禁", 'G': "门禁", draw.KeyDown: "updates"} {
		c, f := onChecks()
		result(f, "updates").Status, result(f, "certificates").Status, result(f, "raid").Status = plugin.Critical, plugin.OK, plugin.OK
		c.Show(80, 24, f)
		c.Handle(k, f)
		if got := said(c.Show(80, 24, f)); !strings.HasPrefix(got, want+": ") {
			t.Errorf("key %d chooses %q, want %s", k, got, want)
		}
	}
}

// TestChosenCheckIsInSight on few rows, with the keys to both ends and by pages.
func TestChosenCheckIsInSight(t *testing.T) {
	c, f := onChecks()
	for i := range 50 {
		r := *result(f, "disk")
		r.Name = fmt.Sprintf("disk%02d", i)
		f.Checks.Results = append(f.Checks.Results, r)
	}
	for _, k := range []draw.Key{draw.KeyEnd, draw.KeyPageUp, draw.KeyPageUp, draw.KeyUp, draw.KeyHome, draw.KeyPageDown, draw.KeyPageDown, 'j', 's', 's', 's', 'G'} {
		c.Handle(k, f)
		text := c.Show(100, 16, f)
		lines := strings.Split(text, "\n")
		name, _, _ := strings.Cut(strings.TrimSpace(lines[14]), ":")
		if !slices.Contains(strings.Fields(checksIn(text)), name) {
			t.Errorf("after key %d the chosen one, %s, is not listed:\n%s", k, name, text)
		}
	}
}

// TestDescribedCheckIsInSight: when the chosen one is gone, the first is described, and it is that which is on the screen.
func TestDescribedCheckIsInSight(t *testing.T) {
	c, f := onChecks()
	for i := range 50 {
		r := *result(f, "disk")
		r.Name = fmt.Sprintf("disk%02d", i)
		f.Checks.Results = append(f.Checks.Results, r)
	}
	c.Show(80, 24, f)
	c.Handle('G', f)
	c.Show(80, 24, f)
	f.Checks.Results = slices.DeleteFunc(f.Checks.Results, func(r plugin.Result) bool { return r.Name == "门禁" })
	text := c.Show(80, 24, f)
	if !strings.HasPrefix(said(text), "certificates: ") || !strings.HasPrefix(checksIn(text), "certificates ") {
		t.Errorf("%s", text)
	}
}

// TestChecksAreFiltered by name, state, and what is said, also in the lines behind.
func TestChecksAreFiltered(t *testing.T) {
	for filter, want := range map[string]string{
		"silent": "ntp", "critical": "certificates raid", "WARN": "ceph load smart", "nvme1n1p3": "raid", "restic": "backup", "pending": "tape", "user 1000": "firewall", "disk": "raid disk", "nothing has this": "",
	} {
		c, f := onChecks(append([]draw.Key{'/'}, typed(filter)...)...)
		text := c.Show(80, 24, f)
		if got := checksIn(text); got != want || !strings.Contains(text, " filter "+filter+"_") {
			t.Errorf("%q has %q, want %q:\n%s", filter, got, want, text)
		}
		if strings.Contains(text, "no check has that") != (want == "") {
			t.Errorf("%q:\n%s", filter, text)
		}
		c.Handle(draw.KeyEnter, f)
		if c.Handle(draw.KeyEnter, f); c.OverlayName() != "check" && want != "" {
			t.Errorf("%q: Enter opens %q", filter, c.OverlayName())
		}
		c.Handle(draw.KeyEsc, f)
		c.Handle(draw.KeyEsc, f)
		if got := strings.Fields(checksIn(c.Show(80, 24, f))); len(got) != 12 {
			t.Errorf("%q: Esc leaves %q", filter, got)
		}
	}
}

// TestSilentIsNotGood: nothing in the row, and nothing on the page, of what was ok has that colour.
func TestSilentIsNotGood(t *testing.T) {
	f := frametest.Fixed()
	frametest.Checks(f)
	*result(f, "disk") = func(r plugin.Result) plugin.Result { r.At -= 5 * time.Minute; return r }(*result(f, "disk"))
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	c := newConsole(frame.Checks, nil)
	show := func() (text, roles []string) {
		c.Present(canvas, 200, 60, f)
		return strings.Split(string(canvas.AppendText(nil)), "\n"), strings.Split(string(canvas.AppendRoles(nil)), "\n")
	}
	text, roles := show()
	at := slices.IndexFunc(text, func(s string) bool { return strings.HasPrefix(s, "? silent   disk") })
	if at < 0 || strings.Contains(roles[at], "+") || !strings.Contains(text[at], "5m") || !strings.Contains(text[at], "was ok") || !strings.Contains(text[at], "702 GiB") {
		t.Errorf("row %d:\n%s", at, strings.Join(text, "\n"))
	}
	for _, k := range append([]draw.Key{'/'}, append(typed("disk ok"), draw.KeyEnter, draw.KeyEnter)...) {
		c.Handle(k, f)
		show()
	}
	text, roles = show()
	first := slices.IndexFunc(text, func(s string) bool { return strings.Contains(s, "disk  silent  for 2m, was ok") })
	if first < 0 || strings.Contains(strings.Join(roles[first:50], ""), "+") {
		t.Errorf("row %d of the page:\n%s\n%s", first, strings.Join(text, "\n"), strings.Join(roles, "\n"))
	}
}

// TestWhatCannotBeReadIsNotGood: while the results are those of before, nothing of them has the colour of what is fresh, and none
// falls silent for that.
func TestWhatCannotBeReadIsNotGood(t *testing.T) {
	f := frametest.Fixed()
	frametest.Checks(f)
	f.Checks.Health.Bad(f.Boot, "not answering")
	f.Boot += time.Hour
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	c := newConsole(frame.Checks, nil)
	for _, k := range []draw.Key{draw.KeyNone, draw.KeyEnd, draw.KeyUp, draw.KeyEnter} {
		c.Handle(k, f)
		c.Present(canvas, 200, 60, f)
		text, roles := string(canvas.AppendText(nil)), strings.Split(string(canvas.AppendRoles(nil)), "\n")
		if strings.ContainsAny(strings.Join(roles[6:59], ""), "+w!") || !strings.Contains(text, " 1 silent ") || !strings.Contains(text, "results cannot be read for 1h 0m: not answering") {
			t.Errorf("after key %d:\n%s\n%s", k, text, strings.Join(roles, "\n"))
		}
	}
}

// TestEnterOnACheck shows it whole, and there goes to the log of its unit.
func TestEnterOnACheck(t *testing.T) {
	c, f := onChecks(draw.KeyDown, draw.KeyDown, draw.KeyEnter)
	text := c.Show(80, 24, f)
	for _, want := range []string{"raid  critical", "ran 48s ago  took 12ms  every 1m  timeout 10s  kind check", "md0 is degraded: 1 of 2 disks", "Personalities : [raid1]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Follow || cmd.Of != "hypervisor-tui-plugin@raid.service" || c.Active() != frame.Logs {
		t.Errorf("Enter there: %+v on %s", cmd, c.Active())
	}
	c, f = onChecks(draw.KeyEnter) // none is chosen: the worst
	if text := c.Show(80, 24, f); !strings.Contains(text, "certificates  critical") {
		t.Errorf("without a choice:\n%s", text)
	}
	f.Checks.Results = f.Checks.Results[:3]
	if text := c.Show(80, 24, f); !strings.Contains(text, "certificates  is not known here, or not any more") {
		t.Errorf("gone after a reload:\n%s", text)
	}
	f.Checks = nil
	if text := c.Show(80, 24, f); !strings.Contains(text, "certificates  is not known here") {
		t.Errorf("all gone:\n%s", text)
	}
}

// TestEnterOnTheProblemOfACheckChoosesIt, whatever was filtered there; and the page says since when it is one.
func TestEnterOnTheProblemOfACheckChoosesIt(t *testing.T) {
	c, f := onChecks('/', 'x', draw.KeyEnter, draw.KeyF1)
	f.Problems = []frame.Problem{{Kind: frame.CheckFailed, Subject: "load", Where: frame.Checks, Since: f.Boot - 14*time.Minute}}
	for _, k := range []draw.Key{'!', draw.KeyEnter} {
		c.Handle(k, f)
		c.Show(80, 24, f)
	}
	if text := c.Show(80, 24, f); c.Active() != frame.Checks || !strings.HasPrefix(said(text), "load: LOAD WARNING") {
		t.Errorf("%s:\n%s", c.Active(), text)
	}
	if text := c.Show(200, 24, f); !strings.Contains(text, "! warning  load          14m  14s") || strings.Count(text, " 14m ") != 2 { // and the verdict
		t.Errorf("since when it is not ok:\n%s", text)
	}
	c.Handle(draw.KeyEnter, f)
	if text := c.Show(80, 24, f); !strings.Contains(text, "load  warning  for 14m") {
		t.Errorf("its page:\n%s", text)
	}
}

// TestProblemOfACheckLeavesRoomForOthers: a check that says a thousand characters does not push the other problems off the list. Its
// page has them all.
func TestProblemOfACheckLeavesRoomForOthers(t *testing.T) {
	c, f := onChecks('!')
	text := c.Show(80, 24, f)
	if !strings.Contains(text, "check certificates: 2 of 31") || strings.Contains(text, "rateLimited") || strings.Count(text, "2 of 31 certificates") != 1 {
		t.Errorf("%s", text)
	}
}

// TestNoTextIsNotNothing: of a check that printed figures alone, or a screen without a summary, nobody says that it printed nothing.
func TestNoTextIsNotNothing(t *testing.T) {
	for name, want := range map[string]string{"disk": "(no text)", "ceph": "(no text)", "updates": "(no text)", "raid": "(nothing)"} {
		c, f := onChecks()
		result(f, name).Text = ""
		result(f, "raid").More = nil
		f.Checks.Results = []plugin.Result{*result(f, name)}
		page := c.Show(80, 24, f)
		c.Handle(draw.KeyEnter, f)
		if text := c.Show(80, 24, f); !strings.Contains(page, " "+want) || !strings.Contains(text, "| "+want) {
			t.Errorf("%s: no %q in\n%s\nor in\n%s", name, want, page, text)
		}
	}
}

// TestNoChecksSaysWhy: nothing is set up, nothing is known yet, rescue, a past without them. Nothing of it is a figure.
func TestNoChecksSaysWhy(t *testing.T) {
	for want, change := range map[string]func(*frame.Frame){
		"No checks are set up. They are listed in plugins.list": func(f *frame.Frame) { f.Checks = nil; f.Settings.Plugins = 0 },
		"docs/plugins.md": func(f *frame.Frame) { f.Checks = &plugin.State{}; f.Settings.Plugins = 0 },
		"\n --":           func(f *frame.Frame) { f.Checks = nil },
		"Checks ---":      func(f *frame.Frame) { f.Checks.Health = health.Health{} },
		"n/a left out of this build": func(f *frame.Frame) {
			f.Checks = new(plugin.State)
			f.Checks.Health.Gone(f.Boot, "left out of this build")
		},
		"so nobody knows which checks are set up:\n config.yaml:3: no such key": func(f *frame.Frame) {
			f.Checks, f.Settings.Plugins, f.Settings.Banner = nil, 0, "config.yaml:3: no such key"
		},
		"off in rescue":                          func(f *frame.Frame) { f.Checks = nil; f.Settings.Rescue = true },
		"no result of a check was recorded here": func(f *frame.Frame) { f.Checks = nil; yesterday(f) },
		"results cannot be read for 1m: no folder": func(f *frame.Frame) {
			f.Checks.Health = health.Health{State: health.Stale, Since: f.Boot - 90*time.Second, Err: "no folder"}
		},
		"results cannot be read: no folder": func(f *frame.Frame) {
			f.Checks.Health = health.Health{State: health.Failed, Since: f.Boot - 90*time.Second, Err: "no folder"}
		},
	} {
		f := frametest.Fixed()
		frametest.Checks(f)
		change(f)
		c := newConsole(frame.Checks, nil)
		c.Show(80, 24, f)
		for _, k := range []draw.Key{draw.KeyDown, draw.KeyEnd, 's'} {
			c.Handle(k, f)
		}
		if text := c.Show(80, 24, f); !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// TestMoreChecksThanFit: the heading says how many are above and below, and nothing where all are there.
func TestMoreChecksThanFit(t *testing.T) {
	c, f := onChecks()
	if text := c.Show(200, 60, f); strings.Contains(text, " more -") {
		t.Errorf("all fit:\n%s", text)
	}
	for key, want := range map[draw.Key]*regexp.Regexp{draw.KeyHome: regexp.MustCompile(`says-+ v \d+ more -`), draw.KeyEnd: regexp.MustCompile(`says-+ \^ \d+ more -`)} {
		c.Handle(key, f)
		if text := c.Show(80, 16, f); !want.MatchString(text) {
			t.Errorf("%v is missing:\n%s", want, text)
		}
	}
}

// TestChecksOfThePast have the ages of then.
func TestChecksOfThePast(t *testing.T) {
	f := frametest.Fixed()
	frametest.Checks(f)
	yesterday(f)
	text := shot(t, frame.Checks, 80, 24, f)
	for _, want := range []string{" PAST ", "x critical raid          48s md0 is degraded", "? silent   ntp           12m silent, was ok", "- pending  tape           -- has not run yet"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// TestChecksPageIsReadToItsEnd: on every screen all of a plugin comes into sight, and says what it lacks.
func TestChecksPageIsReadToItsEnd(t *testing.T) {
	for _, name := range []string{"ceph", "smart", "updates", "certificates"} {
		for _, size := range []struct{ w, h int }{{200, 60}, {80, 24}, {40, 10}} {
			c, f := onChecks(append([]draw.Key{'/'}, append(typed(name), draw.KeyEnter, draw.KeyEnter)...)...)
			r := result(f, name)
			r.Left = 12
			var seen strings.Builder
			for range 120 {
				seen.WriteString(letters(c.Show(size.w, size.h, f)))
				c.Handle(draw.KeyDown, f)
			}
			wanted := append([]string{name, r.Text}, r.More...)
			for i := range r.Figures {
				wanted = append(wanted, r.Figures[i].Label)
			}
			if len(r.Figures) > 0 {
				wanted = append(wanted, "and 12 more, which are left out", "above 70", "below 300")
			}
			if r.Page != nil {
				wanted = append(wanted, r.Page.Title, "1260 objects degraded (3.333%), 12 pgs", "osd.3", "9123 GB", "63.8%", "37.5%", "client iops", "last 850", "recovered")
			}
			for _, want := range wanted {
				for _, word := range strings.Fields(want) { // what is longer than the screen is never there at once
					if !strings.Contains(seen.String(), letters(word)) {
						t.Errorf("%s at %v: %q of %q was never seen", name, size, word, want)
					}
				}
			}
		}
	}
}

// TestChecksEscapeNothing: what a plugin says is clean when it comes here, and were it not, the terminal would not get it.
func TestChecksEscapeNothing(t *testing.T) {
	const raw = "a\x1b[31m\x1b]0;title\x07\u009b1m\u202egnp\x00\r\n\t\x7f\xffz"
	f := frametest.Fixed()
	frametest.Checks(f)
	for i := range f.Checks.Results {
		r := &f.Checks.Results[i]
		r.Text += raw
		r.More = append(r.More, raw)
		for i := range r.Figures {
			r.Figures[i].Label += raw
			r.Figures[i].Unit = raw
		}
		if r.Page == nil {
			continue
		}
		r.Page.Title += raw
		for i := range r.Page.Blocks {
			switch b := &r.Page.Blocks[i]; {
			case b.Table != nil:
				b.Table.Columns[0].Name, b.Table.Rows[0].Cells[1] = raw, raw
			case b.Gauge != nil:
				b.Gauge.Label, b.Gauge.Unit = raw, raw
			case b.Series != nil:
				b.Series.Label, b.Series.Unit = raw, raw
			default:
				b.Pairs[0].Name, b.Pairs[0].Value = raw, raw
			}
		}
	}
	for _, size := range []struct{ w, h int }{{200, 60}, {80, 40}, {40, 10}} {
		c := newConsole(frame.Checks, nil)
		for _, k := range []draw.Key{draw.KeyNone, draw.KeyHome, draw.KeyDown, draw.KeyDown, draw.KeyEnter, draw.KeyEnd, draw.KeyEsc, draw.KeyEnd, draw.KeyEnter} {
			c.Handle(k, f)
			text := c.Show(size.w, size.h, f)
			for _, v := range text {
				if v != '\n' && (unicode.IsControl(v) || unicode.Is(unicode.Cf, v)) {
					t.Fatalf("%v, after key %d: %U is on the screen:\n%q", size, k, v, text)
				}
			}
		}
	}
}
