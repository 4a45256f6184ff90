package logs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/screentest"
)

// drawn draws one entry on w by h cells and returns its text and roles, without blanks at the ends of lines.
func drawn(w, h int, l *Page, now time.Time, row journal.Row, message string) (text, roles string) {
	page := &journal.Page{Text: []byte(message)}
	row.End = len(message)
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	l.entry(canvas.Begin(w, h), &row, &frame.Frame{Snapshot: frame.Snapshot{Settings: new(frame.Settings), Now: now, Page: page}})
	return string(canvas.AppendText(nil)), string(canvas.AppendRoles(nil))
}

// TestRowHasWhatFits: a narrow row has no date while it is today's, no pid and no file and line of klog; a wide one has
// them, and so has one with messages as they were written.
func TestRowHasWhatFits(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 22, 0, 30, 0, 0, zone)
	const klog = "pod_workers.go:1301] Error syncing pod"
	for _, c := range []struct {
		at      time.Time
		width   int
		message string
		raw     bool
		want    string
	}{
		{now, 99, klog, false, "00:30:00 k3s: Error syncing pod"},
		{now, 100, klog, false, "Nov 22 00:30:00 k3s[7]: " + klog},
		{now, 80, klog, true, "00:30:00 k3s: " + klog},
		{now.Add(-31 * time.Minute), 80, klog, false, "Nov 21 23:59:00 k3s: Error syncing pod"},
		{now.AddDate(-1, 0, 0), 80, "a", false, "Nov 22 00:30:00 k3s: a"},
		{now.Add(24 * time.Hour), 80, "a", false, "Nov 23 00:30:00 k3s: a"}, // a clock that was wrong
		{now, 40, klog, false, "00:30:00 k3s: Error syncing pod"},
		{now, 80, "a.go:12]b", false, "00:30:00 k3s: a.go:12]b"},
		{now, 80, "a b.go:12] c", false, "00:30:00 k3s: a b.go:12] c"},
		{now, 80, "a.go:x] c", false, "00:30:00 k3s: a.go:x] c"},
		{now, 80, "10.0.0.1:443] c", false, "00:30:00 k3s: 10.0.0.1:443] c"},
	} {
		l := New(nil)
		l.query.Filter.Raw = c.raw
		text, _ := drawn(c.width, 1, l, now, journal.Row{Time: c.at.UnixMicro(), Unit: "k3s", PID: 7, Severity: journal.Info}, c.message)
		if got := strings.TrimSpace(text); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
}

// TestMatchIsAlwaysSeen: wherever it is in a message and however narrow the row, whole where it fits, with a mark where the
// text is cut on the left; in one line and wrapped over too few rows.
func TestMatchIsAlwaysSeen(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Unix(0, 0).UTC()
	for range 20_000 {
		width, height := 24+random.IntN(120), 1
		l := New(nil)
		if l.wrap = random.IntN(2) == 0; l.wrap {
			height += random.IntN(4)
		}
		alphabet := [...]string{"a", "b", " ", "漢", "é", "\n", "."}
		piece := func(n int) string {
			var b strings.Builder
			for range random.IntN(n) {
				b.WriteString(alphabet[random.IntN(len(alphabet))])
			}
			return b.String()
		}
		before, match := piece(300), "M"+strings.Repeat("m", random.IntN(8))
		message := before + match + piece(300)
		text, roles := drawn(width, height, l, now, journal.Row{Unit: "k3s", MatchStart: len(before), MatchEnd: len(before) + len(match)}, message)
		cells := strings.Count(roles, "s")
		if room := width - len("  00:00:00 k3s: "); cells != len(match) && (cells == 0 || room > 2*len(match)+len(" +999 lines")) && (!l.wrap || cells == 0) {
			t.Fatalf("%d of %q are marked on %dx%d, wrap %v:\n%q\n%s\n%s", cells, match, width, height, l.wrap, message, text, roles)
		}
		if shown := strings.Count(strings.ReplaceAll(text, "\n", ""), "m") + strings.Count(text, "M"); shown < cells {
			t.Fatalf("what is marked of %q is something else: %q\n%s\n%s", match, message, text, roles)
		}
		first := strings.Count(before[:len(before)-len(strings.TrimLeft(before, "\n "))], "\n") == 0
		if !l.wrap && !strings.Contains(text, "«") && first && !strings.HasPrefix(message, firstShown(text)) {
			t.Fatalf("cut on the left without a mark: %q\n%s", message, text)
		}
	}
}

// firstShown is the first word of the message in the text of a row.
func firstShown(text string) string {
	_, message, _ := strings.Cut(text, "k3s: ")
	word, _, _ := strings.Cut(strings.TrimRight(message, "\n"), " ")
	return strings.TrimRight(word, "»")
}

// TestTabsWithErrorsAreSeen: on every width the chosen tab is there, and the errors of all tabs are on the screen: each
// with its tab where there is room for it, else as a sum on the side where the tabs are.
func TestTabsWithErrorsAreSeen(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		f := &frame.Frame{Snapshot: frame.Snapshot{Settings: &frame.Settings{}, Page: &journal.Page{}}}
		total := 0
		for i := range 1 + random.IntN(17) {
			f.Settings.Tabs = append(f.Settings.Tabs, fmt.Sprintf("%c%s", 'A'+i, strings.Repeat("x", random.IntN(20))))
			f.Page.Unread = append(f.Page.Unread, max(random.IntN(2000)-1000, 0))
			total += f.Page.Unread[i]
		}
		l := New(nil)
		l.query.Filter.Tab = random.IntN(len(f.Settings.Tabs))
		width := 40 + random.IntN(160)
		chosen := f.Settings.Tabs[l.query.Filter.Tab]
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		l.drawTabs(canvas.Begin(width, 1), f)
		text := string(canvas.AppendText(nil))
		sum := 0
		for i := range text {
			if text[i] != '!' {
				continue
			}
			from := i
			for from > 0 && text[from-1] >= '0' && text[from-1] <= '9' {
				from--
			}
			n := 0
			fmt.Sscanf(text[from:], "%d!", &n)
			sum += n
		}
		if sum != total || !strings.Contains(text, chosen[:min(len(chosen), width/3)]) {
			t.Fatalf("%d columns, %q is chosen, %d errors of %d are shown\n%q %v\n%s", width, chosen, sum, total, f.Settings.Tabs, f.Page.Unread, text)
		}
	}
}
