package textfile

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/internal/exposition/oracle"
)

// texts are what files have. More of them, and what is refused, is in internal/exposition.
var texts = []string{
	"",
	"a 1\n",
	"# HELP backup_age_seconds Age of the last backup.\n# TYPE backup_age_seconds gauge\nbackup_age_seconds{host=\"a\"} 12.5\n",
	"  a{ b = \"c\" , d=\"\\\\ \\\" \\n\", }\t+Inf\na{} NaN\n",
	"# TYPE jobs_total counter\njobs_total 1e3\n# HELP jobs_total behind \\\\ its \\n samples\n",
	"a 0\n# HELP a \\n\n",
	"# HELP a \\n \\nb \na 0\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
	"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 2\ns_bucket 1\n",
	"a 1\nb 2\na{x=\"y\"} 3\n",
	"a{b=\"世界 \u202eevil\x1b[31m\"} 1\n",
}

func TestMerge(t *testing.T) {
	for _, text := range texts {
		check(t, text)
	}
}

func FuzzMerge(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { check(t, string(text)) })
}

// check holds that what is taken is what Prometheus's own parser reads there, and that what is written of it reads the same
// once more, in both formats.
func check(t *testing.T, text string) {
	t.Helper()
	all := newMerger(func(string) bool { return false })
	if err := all.add("a", []byte(text)); err != nil {
		return
	}
	want := flatten(t, text)
	plain, open := all.write()
	if got := flatten(t, string(plain)); !slices.Equal(got, want) {
		t.Fatalf("%q became %q: %q, want %q", text, plain, got, want)
	}
	again := newMerger(func(string) bool { return false })
	if err := again.add("a", plain); err != nil {
		t.Fatalf("%q became %q: %v", text, plain, err)
	}
	if twice, _ := again.write(); !bytes.Equal(twice, plain) {
		t.Fatalf("%q, then %q", plain, twice)
	}
	checkOpenMetrics(t, string(plain), string(open))
}

// flatten returns the samples of text in order, as Prometheus's own parser reads them.
func flatten(t *testing.T, text string) (all []string) {
	t.Helper()
	samples, err := oracle.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for _, s := range samples {
		all = append(all, s.String())
	}
	return all
}

// checkOpenMetrics holds of a block in OpenMetrics what its version 1.0.0 asks of the types that are used: each family once and
// in one piece, TYPE before its samples, a name that is the family's or, for a counter, with _total behind it, and no other family of
// the names that a counter takes. Its series are those of the text format.
func checkOpenMetrics(t *testing.T, plain, open string) {
	t.Helper()
	family, kind, help := "", "", ""
	seen := map[string]bool{}
	var series []string
	for line := range strings.Lines(open) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch name, said, _ := strings.Cut(rest, " "); {
		case word == "#" && name == "HELP":
			help, _, _ = strings.Cut(said, " ")
		case word == "#" && name == "TYPE":
			family, kind, _ = strings.Cut(said, " ")
			taken := []string{family}
			if kind == "counter" {
				taken = append(taken, family+"_total", family+"_created")
			}
			for _, n := range taken {
				if seen[n] {
					t.Fatalf("%q: %s is taken twice", open, n)
				}
				seen[n] = true
			}
			if !slices.Contains([]string{"counter", "gauge", "unknown"}, kind) || help != "" && help != family {
				t.Fatalf("%q: at %q", open, line)
			}
			help = ""
		default:
			series = append(series, line)
			end := strings.IndexAny(line, "{ ")
			want := family
			if kind == "counter" {
				want += "_total"
			}
			if line[:end] != want {
				t.Fatalf("%q: %q in %s", open, line, family)
			}
			value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			if err != nil || kind == "counter" && !(value >= 0) {
				t.Fatalf("%q: %q", open, line)
			}
		}
	}
	var want []string
	for line := range strings.Lines(plain) {
		if line[0] != '#' {
			want = append(want, line)
		}
	}
	slices.Sort(series)
	slices.Sort(want)
	if !slices.Equal(series, want) {
		t.Fatalf("%q in OpenMetrics is %q", plain, open)
	}
}
