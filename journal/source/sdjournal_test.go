//go:build sdjournal && cgo

package source

import (
	"testing"

	"github.com/coreos/go-systemd/v22/sdjournal"
)

// These tests read the same journal through libsystemd, whose headers they need:
//
//	JOURNAL_DIR=... go test -tags sdjournal ./journal/source -run Sdjournal -bench 'Native|Sdjournal' -benchtime 1x

// overSdjournal visits all entries of a folder, or the newest ones, with go-systemd.
func overSdjournal(t testing.TB, dir string, newest uint64, visit func(realtime uint64, message string)) {
	j, err := sdjournal.NewJournalFromDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if newest > 0 {
		if err = j.SeekTail(); err == nil {
			_, err = j.PreviousSkip(newest + 1)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for {
		n, err := j.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		at, err := j.GetRealtimeUsec()
		if err != nil {
			t.Fatal(err)
		}
		if message, err := j.GetDataValue("MESSAGE"); err == nil {
			visit(at, message)
		}
	}
}

// TestSdjournalReadsTheSame compares times and whole messages.
func TestSdjournalReadsTheSame(t *testing.T) {
	dir, want := journalDir(t), newPairs()
	overSdjournal(t, dir, 0, func(at uint64, message string) { want.add(at, []byte(message)) })
	readPairs(t, dir).same(t, want, "libsystemd")
}

func benchSdjournal(b *testing.B, newest uint64) {
	dir := journalDir(b)
	before, grown, n := resident(b), 0, 0
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		n = 0
		overSdjournal(b, dir, newest, func(uint64, string) {
			if n++; n%(1<<16) == 0 {
				grown = max(grown, resident(b)-before)
			}
		})
	}
	b.ReportMetric(float64(n), "entries")
	b.ReportMetric(float64(grown)/(1<<20), "MiB-rss")
}

func BenchmarkSdjournalScan(b *testing.B) { benchSdjournal(b, 0) }
func BenchmarkSdjournalLast(b *testing.B) { benchSdjournal(b, 10000) }
