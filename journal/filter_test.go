package journal

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// naiveFind is the slow twin of needle.find: it compares at each rune, one rune at a time.
func naiveFind(b, text string) (start, end int) {
	fold := strings.IndexFunc(text, unicode.IsUpper) < 0
	for start = 0; start <= len(b); {
		if end, ok := naiveMatch(b, start, text, fold); ok {
			return start, end
		}
		_, size := utf8.DecodeRuneInString(b[start:])
		start += max(size, 1)
	}
	return -1, -1
}

func naiveMatch(b string, at int, text string, fold bool) (end int, ok bool) {
	if !fold {
		return at + len(text), strings.HasPrefix(b[at:], text)
	}
	for _, want := range text {
		if at == len(b) {
			return at, false
		}
		got, size := utf8.DecodeRuneInString(b[at:])
		if (got < utf8.RuneSelf) != (want < utf8.RuneSelf) || !strings.EqualFold(string(got), string(want)) {
			return at, false
		}
		at += size
	}
	return at, true
}

var finds = []struct {
	message, text string
	start, end    int
}{
	{"Started Kubelet", "kubelet", 8, 15},
	{"Started kubelet", "Kubelet", -1, -1},
	{"Started Kubelet", "Kubelet", 8, 15},
	{"aab", "ab", 1, 3},
	{"eeeeeeE", "eeeee", 0, 5},
	{"x", "long text", -1, -1},
	{"Straße ÄÖÜ", "äöü", 8, 14},
	{"Straße äöü", "ÄÖÜ", -1, -1},
	{"STRASSE STRAẞE", "straße", 8, 16},
	{"ノード node1 の", "の", 16, 19},
	{"10 \u212a", "k", -1, -1}, // the Kelvin sign is not k here
	{"Σίσυφος", "σίσυφοσ", 0, 14},
	{"{[.*", "[.", 1, 3},
	{"", "a", -1, -1},
}

func TestFind(t *testing.T) {
	for _, c := range finds {
		n := newNeedle(c.text)
		start, end := n.find([]byte(c.message))
		if start != c.start || start >= 0 && end != c.end {
			t.Errorf("%q in %q: %d:%d, want %d:%d", c.text, c.message, start, end, c.start, c.end)
		}
	}
}

func FuzzFindAgainstTwin(f *testing.F) {
	for _, c := range finds {
		f.Add(c.message, c.text)
	}
	f.Fuzz(func(t *testing.T, message, text string) {
		if text == "" || !utf8.ValidString(message) || !utf8.ValidString(text) {
			return // the Sink lets nothing else in, and no key types it
		}
		n := newNeedle(text)
		start, end := n.find([]byte(message))
		wantStart, wantEnd := naiveFind(message, text)
		if start != wantStart || start >= 0 && end != wantEnd {
			t.Fatalf("%q in %q: %d:%d, want %d:%d", text, message, start, end, wantStart, wantEnd)
		}
	})
}

// filled returns a ring of n entries of several units, severities and texts.
func filled(n int) *ring {
	r := newRing(n, 1, newUnits([]Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s.service"}}, {Name: "Any"}}))
	for i := range n {
		unit := []string{"k3s", "kernel", "containerd"}[i%3]
		text := fmt.Sprintf("line %d: %s of pod Ärger-%d %s", i, []string{"Started", "stopped", "ERROR"}[i*7%3], i%50,
			strings.Repeat("and so on ", i%20))
		pushAt(r, int64(i), unit, Severity(i*5%int(SeverityCount)), text)
	}
	return r
}

func TestFilterPasses(t *testing.T) {
	r := filled(300)
	for _, f := range []Filter{
		{Least: Debug},
		{Least: Err},
		{Least: Debug, Tab: 1},
		{Least: Debug, Tab: 2},
		{Least: Warning, Tab: 1, Text: "started"},
		{Least: Debug, Text: "ärger-7"},
		{Least: Debug, Text: "ERROR", Exclude: true},
		{Least: Debug, Text: `pod.*-4\d `, Regexp: true},
		{Least: Debug, Text: `pod.*-4\d `, Regexp: true, Exclude: true},
	} {
		m, err := newMatcher(f, r.units)
		if err != "" {
			t.Fatal(err)
		}
		passed := 0
		for id := r.oldest(); id < r.next; id++ {
			e := r.at(id)
			got, want := m.match(e.severity(), e.unit(), r.message(e)), naivePasses(f, r, id)
			if got != want {
				t.Fatalf("%+v: entry %d %q is %v", f, id, r.message(e), got)
			}
			if want {
				passed++
			}
		}
		if passed == 0 || passed == r.count && f != everything && f.Tab != 2 {
			t.Errorf("%+v passes %d of %d: the test cannot fail", f, passed, r.count)
		}
	}
}

// TestFilterPassesWhatIsShown: text that is typed as it stands on the screen passes, though the message was written otherwise.
func TestFilterPassesWhatIsShown(t *testing.T) {
	for _, c := range []struct {
		message, text string
		shown, raw    bool
	}{
		{`{"level":"info","msg":"VM is up","component":"virt-handler"}`, "component=virt", true, false},
		{`{"level":"info","msg":"VM is up","component":"virt-handler"}`, "up component", true, false},
		{`{"level":"info","msg":"VM is up","component":"virt-handler"}`, `"component":"virt`, true, true},
		{`{"level":"info","msg":"VM is up","component":"virt-handler"}`, "virt-handler", true, true},
		{`{"level":"info","msg":"a \u003cb\u003e caf\u00e9 a\/b"}`, "<b> Café A/b", false, false},
		{`{"level":"info","msg":"a \u003cb\u003e caf\u00e9 a\/b"}`, "<b>", true, false},
		{`{"level":"info","msg":"a \u003cb\u003e caf\u00e9 a\/b"}`, "café", true, false},
		{`{"level":"info","msg":"a \u003cb\u003e caf\u00e9 a\/b"}`, "a/b", true, false},
		{`E1122 20:00:00.000000  1204 a.go:12] "Error syncing" pod="x"`, "syncing pod=", true, false},
		{`time="2026-11-22T20:00:00Z" level=info msg="it \"failed\""`, `it "failed"`, true, false},
		{`time="2026-11-22T20:00:00Z" level=info msg="it \"failed\""`, "level=info", true, true},
	} {
		for _, f := range []Filter{{Text: c.text}, {Text: regexp.QuoteMeta(c.text), Regexp: true}} {
			for _, f.Exclude = range []bool{false, true} {
				for _, f.Raw = range []bool{false, true} {
					want := c.shown
					if f.Raw {
						want = c.raw
					}
					f.Least = Debug
					m, _ := newMatcher(f, newUnits(nil))
					if got := m.match(Info, 0, []byte(c.message)); got != (want != f.Exclude) {
						t.Errorf("%+v: %s passes: %v", f, c.message, got)
					}
				}
			}
		}
	}
}

func naivePasses(f Filter, r *ring, id uint64) bool {
	e := r.at(id)
	if e.severity() > f.Least || f.Tab == 1 && r.units.names[e.unit()] != "k3s" {
		return false
	}
	if f.Text == "" {
		return true
	}
	found := false
	if f.Regexp {
		message := string(r.message(e))
		found = strings.Contains(message, "-4") && !strings.Contains(message, "-4 ") // -40 to -49, not -4
	} else {
		start, _ := naiveFind(string(r.message(e)), f.Text)
		found = start >= 0
	}
	return found != f.Exclude
}

func TestFilterThatCannotBeUsedPassesNothing(t *testing.T) {
	r := filled(10)
	for _, f := range []Filter{
		{Least: Debug, Text: "a(", Regexp: true},
		{Least: Debug, Text: "a(", Regexp: true, Exclude: true},
		{Least: Debug, Tab: 3},
		{Least: Debug, Tab: -1},
	} {
		m, err := newMatcher(f, r.units)
		if err == "" || m.match(Info, 0, r.message(r.at(1))) {
			t.Errorf("%+v: %q", f, err)
		}
	}
}

func TestFilterScanAllocatesNothing(t *testing.T) {
	r := filled(10000)
	for _, f := range benchFilters {
		if f.Regexp {
			continue // regexp has pools, which the race detector empties at random
		}
		m, _ := newMatcher(f, r.units)
		if n := testing.AllocsPerRun(3, func() { scan(&m, r) }); n != 0 {
			t.Errorf("%+v: %v allocations", f, n)
		}
	}
}

func scan(m *matcher, r *ring) (n int) {
	for id := r.oldest(); id < r.next; id++ {
		if e := r.at(id); m.match(e.severity(), e.unit(), r.message(e)) {
			n++
		}
	}
	return n
}

var benchFilters = []Filter{
	{Least: Err},
	{Least: Debug, Text: "STARTED OF pod"}, // case-sensitive
	{Least: Debug, Text: "stopped of nothing"},
	{Least: Debug, Text: "ärger-99"},
	{Least: Debug, Text: `pod.*-99`, Regexp: true},
}

func BenchmarkFilter(b *testing.B) {
	for _, size := range []int{10_000, 100_000} {
		r := filled(size)
		for _, f := range benchFilters {
			m, _ := newMatcher(f, r.units)
			b.Run(fmt.Sprintf("%d/%v/%s", size, f.Least, strings.ReplaceAll(f.Text, " ", "_")), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					scan(&m, r)
				}
			})
		}
	}
}
